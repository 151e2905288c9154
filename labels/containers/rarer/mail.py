"""Mail messages: the words of the message, and each attachment as a separate file."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from email.policy import default

from ...findings import Findings
from ..documents.members import Members
from ..documents.text import decoded, read_words

_PARTS = 200


def read(data: bytes, found: Findings) -> None:
    members = Members(found)
    message = message_from_bytes(data, policy=default)
    for number, part in enumerate(message.walk()):
        if number > _PARTS:
            found.refuse("mail", f"more than {_PARTS} parts in one message")
            return
        found.step()
        if not part.is_multipart():
            _part(part, members, found)


def _part(part: Message, members: Members, found: Findings) -> None:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    name = part.get_filename()
    if name is None and part.get_content_type() == "text/plain":
        read_words(decoded(content), "mail:body", found)
    elif content:
        members.read(name or f"part of type {part.get_content_type()}", content, part.get_content_type())

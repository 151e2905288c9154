"""What an operation takes and returns: accounts, identities, content, reports, tickets, chats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from shenhe.rulebook import Service


@dataclass(frozen=True, slots=True)
class Account:
    """An account at the provider. ``credentials`` (a token, a cookie …) is secret: it has no place in ``repr`` or in
    evidence.

    ``signed_by`` is another account whose credentials sign requests in the name of this one: a forgery, used only with
    operations in :attr:`Capabilities.accounts_named`.
    """

    id: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    signed_by: Account | None = None


class IdentityMethod(StrEnum):
    """How a person or organisation says who it is. ``EMAIL`` is not one of the methods that Art. 9 lists."""

    ID_CARD = "id-card"
    USCC = "uscc"
    PHONE = "phone"
    NATIONAL_NETWORK_ID = "national-network-id"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity document as it is presented: ``number`` may be malformed on purpose."""

    method: IdentityMethod
    number: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the provider holds the account to be verified after it accepted an identity.

    ``stated`` is false where the response does not say so and ``verified`` only repeats that the request was accepted.
    """

    verified: bool
    stated: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """The person whose face or voice is edited: ``id`` names them to the provider, ``name`` to people."""

    id: str
    name: str = ""
    minor: bool = False
    #: The number of an identity document, for providers that record consent with it.
    number: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent on record: to edit the ``scope`` (``face``, ``voice``) of ``subject``, given to one account."""

    id: str
    subject: Subject
    scope: str


@dataclass(frozen=True, slots=True)
class Media:
    """Bytes with the media type that the provider gave them."""

    data: bytes = field(repr=False)
    media_type: str
    #: What else was in the archive that held the file.
    beside: tuple[bytes, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """Make something of a prompt. ``labelled=False`` asks for the copy without explicit label; ``agreed`` says whether
    the user accepted the agreement that moves the duty to label to the user. ``turns`` are earlier turns of a dialogue;
    ``dialogue`` says that the prompt is a turn of one, the first turn included.
    """

    service: Service
    media_type: str
    prompt: str
    labelled: bool = True
    agreed: bool = False
    turns: tuple[str, ...] = ()
    dialogue: bool = False
    #: Choices among :attr:`Capabilities.options`; the client adds the default of each that is not chosen.
    options: Mapping[str, bool | int | float | str] = field(default_factory=dict, hash=False)
    #: Texts for the further fields that :attr:`Capabilities.inputs` declares.
    inputs: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class EditRequest:
    """Change the face or voice of ``subject`` in ``source``. ``consent`` is the record the user relies on, if any."""

    service: Service
    source: Media
    subject: Subject
    scope: str
    prompt: str
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """Something made or uploaded: ``media`` if the response carried the bytes, else they are fetched by
    :meth:`Provider.fetch`.
    """

    id: str
    media: Media | None = None
    #: The ids of all content of the same request, if it made several.
    batch: tuple[str, ...] = ()
    #: Whether it came by a callback with the signature that the binding describes; ``None`` if there was none to check.
    signed: bool | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """What the provider's own detection says of media: ``None`` if it does not decide."""

    synthetic: bool | None
    score: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """Content made visible to the public, or an app in a store where reports and appeals are about one."""

    id: str
    about: Literal["content", "app"] = "content"


@dataclass(frozen=True, slots=True)
class View:
    """A surface (page, feed, thumbnail, download, share …) as the public sees it: its text, its bytes, and what notices
    stand there.
    """

    media: Media | None = None
    text: str = ""
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """A notice about a publication. ``kind`` is ``illegal``, ``impersonation``, ``intimate`` (TAKE IT DOWN) …; a valid
    intimate-image request carries ``signature``, ``good_faith`` and ``contact``.
    """

    target: Publication
    kind: str
    statement: str
    contact: str = ""
    signature: str = ""
    good_faith: bool = False


class TicketState(StrEnum):
    """The state of a report or appeal."""

    RECEIVED = "received"
    UPHELD = "upheld"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A report or an appeal on its way: ``receipt`` is what confirms that it arrived, ``reasons`` explain the
    decision.
    """

    id: str
    state: TicketState
    receipt: str = ""
    reasons: str = ""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The publications that a search lists."""

    publications: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A public page of the provider: ``rules``, ``complaints``, ``agreement``, ``filing`` …, with its published
    ``fields`` (``time_limit_hours``, ``filing_number``, ``link`` …) where the binding extracts any.
    """

    topic: str
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refutation:
    """A rumour refutation attached to a publication."""

    publication: str
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of the provider's own log of what it did."""

    kind: str
    at: datetime | None
    subject: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """A phrase by which a test environment recognises test content.

    ``place`` is where it is recognised: at the ``start`` of the text, at its ``end``, or ``anywhere``. ``services`` are
    the services whose prompts are looked at (``None``: the binding does not say), ``texts`` the kinds of text
    (``prompt``, ``title``, ``chat``) that are.
    """

    phrase: str
    place: Literal["start", "end", "anywhere"] = "start"
    services: tuple[Service, ...] | None = None
    texts: tuple[Literal["prompt", "title", "chat"], ...] | None = None

    def in_text(self, words: str) -> str:
        """``words`` with the phrase where it is recognised."""
        return f"{words} {self.phrase}" if self.place == "end" else f"{self.phrase} {words}"


def as_marker(marker: str | Marker) -> Marker:
    """A marker given only as its phrase."""
    return Marker(marker) if isinstance(marker, str) else marker


@dataclass(frozen=True, slots=True)
class Reading:
    """What one way of sending an operation reads from the response: ``when`` are the facets it serves, ``channels`` the
    names of the values (``notice``, ``reason``, ``receipt`` …) that the binding extracts.
    """

    when: Mapping[str, frozenset[object]]
    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation with a companion."""

    id: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Something said to a companion. ``chat`` is the conversation that it continues, ``None`` for a new one;
    ``persona`` asks for a role of :attr:`Capabilities.personas`, ``""`` for none.
    """

    text: str
    chat: Chat | None = None
    persona: str = ""


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """What a companion replied, what notices came with the reply, and whether the conversation is over."""

    chat: Chat
    text: str
    notices: tuple[str, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the history that a user can copy."""

    chat: str
    text: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What the provider's verification tool says of a file: whether its own system made it."""

    own: bool

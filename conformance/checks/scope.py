"""Which targets a check concerns, by what a provider declares.

What is optional and not declared does not concern it. What every provider of the level must have, and the
binding does not say, may be the binding's fault: that is required.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shenhe.rulebook import Service

from ..provider import Capabilities, Operation, where_to_bind
from .outcome import Absent
from .registry import Applies

#: The forms in which a copy leaves the provider for good (Labeling Measures, Art. 4, second paragraph).
EXPORTS = ("download", "copy", "export")


#: Names of formats by kind of content: a rendition with such a name is a copy in that format.
_FORMATS = {
    "text": "txt text md markdown html htm json xml csv rtf doc docx odt pdf epub",
    "image": "jpg jpeg png webp gif avif heic tiff svg",
    "audio": "mp3 wav ogg opus flac m4a aac",
    "video": "mp4 m4v mov webm avi mkv",
}


def is_export(rendition: str, media_type: str) -> bool:
    """Whether the name of a rendition shows that content of this type leaves the provider as a copy: ``download_hd``,
    ``export-pdf``, ``md``. A text that is read aloud (``mp3``) is no copy of the text.
    """
    words = set(re.split(r"[^a-z0-9]+", rendition.lower()))
    return not words.isdisjoint((*EXPORTS, *_FORMATS.get(media_type.partition("/")[0], "").split()))


def reads(operation: Operation, channel: str) -> Applies:
    """Needs a binding that reads this value from the responses of an operation: what is not read is not missing."""

    def applies(capabilities: Capabilities) -> Absent | None:
        if operation not in capabilities.operations or capabilities.reads(operation, channel):
            return None
        return Absent(f"not read from the response: bind {where_to_bind(operation, channel)}", required=True)

    return applies


def is_text(media_type: str) -> bool:
    """Whether content of this type is read as text."""
    return media_type.startswith("text/")


def media(capabilities: Capabilities) -> Iterator[tuple[Service, str]]:
    """Every declared medium with its service, in the order of declaration."""
    for service in capabilities.services:
        for media_type in capabilities.media.get(service, ()):
            yield service, media_type


def texts(capabilities: Capabilities) -> list[tuple[Service, str]]:
    """The declared media that are text."""
    return [(service, kind) for service, kind in media(capabilities) if is_text(kind)]


def files(capabilities: Capabilities) -> list[tuple[Service, str]]:
    """The declared media that are files with metadata."""
    return [(service, kind) for service, kind in media(capabilities) if not is_text(kind)]


def makes_anything(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that generates content."""
    if not capabilities.services:
        return Absent("the provider declares no service")
    if not any(media(capabilities)):
        return Absent("the binding declares services and no medium of any", required=True)
    return None


def makes_text(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that generates text."""
    return None if texts(capabilities) else Absent("the provider makes no text")


def labels_texts_themselves(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that writes the label into a text; the interface around it may say it instead."""
    return None if capabilities.text_labels == "content" else Absent("the interface around a text carries its label")


def makes_files(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that generates files: pictures, sounds, video."""
    return None if files(capabilities) else Absent("the provider makes no files with metadata")


def exports_text(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that hands out copies; of these, only text is read without looking at pictures."""
    if not any(is_export(rendition, "text/plain") for rendition in capabilities.all_renditions):
        return Absent("the provider declares no rendition to download, copy or export")
    if not texts(capabilities):
        return Absent(
            "only pictures and sounds are exported, whose visible and audible labels this check does not read",
            elsewhere=True,
        )
    return None


def gives_unlabelled_copies(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that gives out copies without explicit label, by a rendition or on request."""
    if capabilities.agreement_named:
        return None
    return gives_unlabelled_rendition(capabilities)


def gives_unlabelled_rendition(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that has what it made without explicit label too."""
    if "unlabelled" in capabilities.all_renditions:
        return None
    return Absent("the provider declares no rendition `unlabelled`")


def takes_uploads(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that accepts uploads."""
    return None if Operation.UPLOAD in capabilities.operations else Absent("the provider takes no uploads")


def returns_files(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that gives a file back as a file: to its owner, or to those who see it published."""
    if Operation.FETCH in capabilities.operations or capabilities.file_surfaces:
        return None
    reason = "no response gives an upload back: describe operations.fetch, or `media` for a surface of operations.view"
    return Absent(reason, required=True)


def edits_persons(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that lets a person's face or voice be edited."""
    return None if capabilities.edit_scopes else Absent("the provider edits neither faces nor voices")


def publishes(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that lets users publish. A provider that does not declares `surfaces: []`."""
    return None if capabilities.surfaces else Absent("the provider declares no surface for publications")


def has_renditions(capabilities: Capabilities) -> Absent | None:
    """Concerns a provider that hands out what it made in other forms than the original."""
    if any(name not in ("original", "unlabelled") for name in capabilities.all_renditions):
        return None
    return Absent("the provider declares no rendition except the original", elsewhere=True)


def accounts_can_go(capabilities: Capabilities) -> Absent | None:
    """Concerns a binding that may invent accounts: a supplied one is never deleted."""
    if capabilities.identities == "synthetic":
        return None
    return Absent("an account would be deleted, and this binding supplies its accounts", elsewhere=True)

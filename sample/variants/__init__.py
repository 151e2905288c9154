"""Lawful variants: other ways in which a provider may obey the same rules.

A suite that fails one of these holds a habit to be the law. A variant is chosen when the application is made; where
its interface has another shape, an overlay of the same name in ``overlays/`` says so to the binding.
"""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import IO, Any, Literal

import yaml

from shenhe.core.errors import ShenheError
from shenhe.labels.model import INSTALL

BINDING = "binding.yaml"


class VariantName(StrEnum):
    """The names, as a command line writes them."""

    PHONE_ONLY = "phone-only"
    OTHER_STATUSES = "other-statuses"
    ENVELOPE = "envelope"
    ASYNCHRONOUS = "asynchronous"
    FILES_BY_LINK = "files-by-link"
    SESSION_COOKIE = "session-cookie"
    PAGED_SEARCH = "paged-search"
    BUSY = "busy"
    SLOW = "slow"
    LABEL_AT_THE_END = "label-at-the-end"
    LABEL_IN_THE_INTERFACE = "label-in-the-interface"
    OTHER_WORDS = "other-words"
    LARGE_LABELS = "large-labels"
    SOURCE_TYPE_BESIDES = "source-type-besides"
    CREDENTIALS_BESIDES = "credentials-besides"
    ONE_ACCOUNT_A_PERSON = "one-account-a-person"
    TICKETS_BY_NUMBER = "tickets-by-number"
    AUTHORS_NAMED = "authors-named"
    NAMED_ACCOUNT_OVERLOOKED = "named-account-overlooked"
    STRICTER = "stricter"
    INFORMS_BEFORE = "informs-before"
    DECIDED_BY_PEOPLE = "decided-by-people"
    READY_MADE_ACCOUNTS = "ready-made-accounts"
    WRITER_ONLY = "writer-only"
    COMPANION_SPEAKS_FOR_ITSELF = "companion-speaks-for-itself"
    COMPANION_BEGINS_ANEW = "companion-begins-anew"
    CHILDREN_TURNED_AWAY = "children-turned-away"
    RPC_GATEWAY = "rpc-gateway"
    FORMS_PLATFORM = "forms-platform"
    SIGNED_GATEWAY = "signed-gateway"


@dataclass(frozen=True, slots=True)
class Variant:
    """One lawful way of doing things: its name, and in a sentence how it differs."""

    name: VariantName
    summary: str


VARIANTS: Mapping[str, Variant] = {
    name.value: Variant(name, summary)
    for name, summary in {
        VariantName.PHONE_ONLY: "Only a mobile phone number is accepted as an identity.",
        VariantName.OTHER_STATUSES: ("Other status codes: 200 for every success, 400, 403 and 404 for every refusal."),
        VariantName.ENVELOPE: "Every JSON response has status 200 and a code: 0 for success, others for a refusal.",
        VariantName.ASYNCHRONOUS: "Generating and editing return a job, which the client polls.",
        VariantName.FILES_BY_LINK: "Responses link to the generated file instead of containing it.",
        VariantName.SESSION_COOKIE: "A session cookie identifies the account.",
        VariantName.PAGED_SEARCH: "Search returns one publication per page, with a cursor to the next.",
        VariantName.BUSY: "Every twentieth request gets 429 with Retry-After.",
        VariantName.SLOW: "Every response is slow.",
        VariantName.LABEL_AT_THE_END: "Texts carry their label at the end.",
        VariantName.LABEL_IN_THE_INTERFACE: (
            "The interface says that texts are generated; only exported copies carry a label themselves."
        ),
        VariantName.OTHER_WORDS: "The label of texts uses other words for the same two elements.",
        VariantName.LARGE_LABELS: "Pictures and films show a label three times as large as required.",
        VariantName.SOURCE_TYPE_BESIDES: "Pictures carry the IPTC digital source type in addition to the AIGC field.",
        VariantName.CREDENTIALS_BESIDES: "Pictures carry content credentials (C2PA) in addition to the AIGC field.",
        VariantName.ONE_ACCOUNT_A_PERSON: (
            "An identity number verifies one account; a second is refused without revealing the owner of the first."
        ),
        VariantName.TICKETS_BY_NUMBER: (
            "Reporters without an account get a number that cannot be guessed, and need only that number."
        ),
        VariantName.AUTHORS_NAMED: "Pages show the public name that an author chose.",
        VariantName.NAMED_ACCOUNT_OVERLOOKED: "A request acts for the account of its token, whatever it names.",
        VariantName.STRICTER: ("No copy goes without a visible label, and only verified accounts can generate."),
        VariantName.INFORMS_BEFORE: (
            "Pages inform users before they talk, edit, upload or generate; the responses do not repeat it."
        ),
        VariantName.DECIDED_BY_PEOPLE: "People decide reports after six hours, within the published limit.",
        VariantName.READY_MADE_ACCOUNTS: "The sandbox supplies verified accounts for tests.",
        VariantName.COMPANION_SPEAKS_FOR_ITSELF: (
            "The companion says in its replies, not in notices, that it is AI and how long the conversation has lasted."
        ),
        VariantName.COMPANION_BEGINS_ANEW: "A message to a finished conversation starts a new one.",
        VariantName.CHILDREN_TURNED_AWAY: "Children under 14 get no account without a guardian's consent.",
        VariantName.SIGNED_GATEWAY: "Every request is signed, works come in archives, uploads go to a presigned URL.",
        VariantName.FORMS_PLATFORM: "A platform of HTML forms and pages without JSON, which generates nothing.",
        VariantName.RPC_GATEWAY: (
            "Every operation is a POST to one address that returns 200, with codes by SMS and tasks that are polled."
        ),
        VariantName.WRITER_ONLY: "A writing assistant: no pictures, no sounds, no uploads, no edits.",
    }.items()
}


class UnknownVariantError(ShenheError, ValueError):
    """A name that no variant bears. ``closest`` are the names most like it, nearest first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.closest = tuple(difflib.get_close_matches(name, VARIANTS, n=3, cutoff=0.6))
        hint = f" (closest: {', '.join(self.closest)})" if self.closest else ""
        super().__init__(f"there is no variant {name!r}{hint}")


class VariantNotInstalledError(ShenheError, ValueError):
    """A variant that needs what an extra brings."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the variant {name!r} writes content credentials: {INSTALL}")


def chosen_variants(names: Iterable[str]) -> frozenset[VariantName]:
    """The variants of those names.

    Raises:
        UnknownVariantError: no variant bears one of the names.
    """
    names = tuple(names)
    for name in names:
        if name not in VARIANTS:
            raise UnknownVariantError(name)
    return frozenset(VariantName(name) for name in names)


@dataclass(frozen=True, slots=True)
class BindingText:
    """A binding that no file holds, to be read like one."""

    name: str
    text: str

    def open(self, mode: Literal["rb"] = "rb") -> IO[bytes]:
        """The text in UTF-8."""
        return io.BytesIO(self.text.encode())

    def read_text(self, encoding: str = "utf-8") -> str:
        """The text."""
        return self.text


def sample_binding(variant: str | None = None) -> Traversable | BindingText:
    """The binding file by which the sample provider is reached: that of the variant's own style, or else the plain one
    with the variant's overlay if it has one.

    An overlay's mappings join the binding's key by key; ``null`` takes a key away, and anything else replaces it.

    Raises:
        UnknownVariantError: no variant bears the name.
    """
    plain = files("shenhe.sample").joinpath(BINDING)
    if variant is None:
        return plain
    (name,) = chosen_variants([variant])
    whole = files("shenhe.sample.styles").joinpath(f"{name.value}.yaml")
    if whole.is_file():
        return whole
    overlay = files(__package__).joinpath("overlays", f"{name.value}.yaml")
    if not overlay.is_file():
        return plain
    document = _joined(yaml.safe_load(plain.read_bytes()), yaml.safe_load(overlay.read_bytes()))
    text = yaml.dump(document, Dumper=_Written, allow_unicode=True, sort_keys=False, width=140)
    return BindingText(f"{name.value}.yaml", f"# {VARIANTS[name.value].summary}\n\n{text}")


class _Written(yaml.SafeDumper):
    """Writes every value out: a binding has no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _joined(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    joined = {key: _joined(below.get(key), value) for key, value in above.items() if value is not None}
    return {key: joined.get(key, value) for key, value in below.items() if above.get(key, "") is not None} | joined

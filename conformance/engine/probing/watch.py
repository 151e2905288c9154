"""What must hold in every response of a run, errors included, whichever check asked.

The watch learns the personal data that people gave the provider, and the credentials that it gave them. It looks for
both in every later response to another. It also compares the type that a response names with its bytes, and looks for
what was removed (:mod:`.removals`). It sends nothing: the checks of
:mod:`~shenhe.conformance.checks.responses.everywhere` judge what it saw, once all other checks have ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import RLock
from typing import Any

from shenhe.labels.containers.sniff import sniff

from ...entities import Account, Consent, Identity, ReportRequest, Subject, Ticket, Verification
from ...evidence.redaction import Redactor, long_enough
from ...exchange import Exchange, RecordedExchange
from ...provider import Accepted, Provider, Refused, Unavailable
from .removals import Removals

#: So many sightings of one kind are kept: the first explains itself, the others confirm it.
_KEPT = 3
#: Who may see more than their own data, and operations that only return to the sender what it sent.
_UNWATCHED = frozenset({"register", "records", "decide", "reset", "advance_clock"})
_PUBLIC = frozenset({"view", "search", "refutations", "disclosures", "visit"})
_PLACEHOLDER = re.compile(rb"\$\{(\w+)\}")
_TEXTUAL = re.compile(r"text/|application/(?:[\w.-]+\+)?(?:json|xml|javascript)|application/x-(?:www|ndjson)", re.I)
#: A file is read by its type and not by its bytes wherever one of these is named.
_FILES = ("image/", "audio/", "video/", "application/pdf", "text/html", "text/plain", "application/json")
#: Types that name the same bytes.
_SAME = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/apng": "image/png",
    "image/x-png": "image/png",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "audio/x-mpeg": "audio/mpeg",
    "audio/x-flac": "audio/flac",
    "video/avi": "video/x-msvideo",
    "video/vnd.avi": "video/x-msvideo",
    "video/msvideo": "video/x-msvideo",
}
#: Only types whose files begin with their own signature are distinguished; families share a box or page format.
_MARKED = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "audio/wav", "audio/mpeg", "audio/flac", "video/x-msvideo"}
)
_SHARED = {"audio/ogg": "ogg", "audio/opus": "ogg", "audio/vorbis": "ogg", "video/ogg": "ogg", "application/ogg": "ogg"}


@dataclass(frozen=True)
class Confidence:
    """A datum that one account gave the provider, or got from it: ``owner`` is the account's id."""

    what: str
    datum: str
    owner: str


@dataclass(frozen=True)
class Sighting:
    """A confidence in a response to another, with all that led to it."""

    confidence: Confidence
    exchanges: tuple[RecordedExchange, ...]
    to: str
    #: Whether a page, file or search showed it that is for everybody.
    public: bool = False


@dataclass(frozen=True)
class Mistyped:
    """A response whose type contradicts its bytes."""

    named: str
    found: str
    exchanges: tuple[RecordedExchange, ...]


class Watch:
    """Looks at every call of a run. May be used from several threads."""

    def __init__(self, provider: Provider) -> None:
        #: What an exchange has in place of a secret.
        self._hide: Callable[[str], str] | None = getattr(provider, "redacted", None)
        ready_made = getattr(provider, "ready_made", None)
        self._moderator = ready_made.accounts.get("moderator") if ready_made is not None else None
        self._redactor = Redactor({})
        self._told: dict[str, Confidence | None] = {}
        self._by_datum: dict[str, str] = {}
        self._given: dict[str, str] = {}
        self._lock = RLock()
        #: How many responses were looked at.
        self.responses = 0
        self.files = 0
        self.revealed: list[Sighting] = []
        self.mistyped: list[Mistyped] = []
        self.removals = Removals.of(getattr(provider, "capabilities", None))

    def look(
        self,
        operation: str,
        args: tuple[Any, ...],
        result: Accepted[Any] | Refused | Unavailable,
        recorded: list[RecordedExchange],
    ) -> None:
        """Look at the responses of one call, the last ones ``recorded``, and learn what it confided."""
        with self._lock:
            asker = next((each for each in args if isinstance(each, Account)), None)
            asker = asker.signed_by or asker if asker is not None else None
            if operation not in _UNWATCHED and (self._moderator is None or asker != self._moderator):
                self._look(operation, asker, result, recorded)
            if isinstance(result, Accepted):
                self._learn(asker, args, result.value)
                self.removals.learn(operation, asker, args, result.value)

    def confided_in(self, exchanges: tuple[RecordedExchange, ...]) -> dict[str, str]:
        """The personal data that people gave the provider and these exchanges contain, by a name for each."""
        whole = b"\n".join(
            part
            for taken in exchanges
            for part in (
                taken.exchange.request.url.encode(),
                taken.exchange.request.body,
                taken.exchange.response.body if taken.exchange.response is not None else b"",
            )
        )
        with self._lock:
            shown = self._redactor.data(whole)
            found = (name.decode() for name in _PLACEHOLDER.findall(shown))
            data = {name: datum for datum, name in self._by_datum.items()}
            return {f"confided_{name}": data[name] for name in dict.fromkeys(found) if name in data}

    # --- learning ---

    def _learn(self, asker: Account | None, args: tuple[Any, ...], value: Any) -> None:
        if isinstance(value, Account):
            for secret in value.credentials.values():
                shown = self._hide(secret) if self._hide is not None else ""
                if shown != secret and (name := re.fullmatch(r"\$\{(\w+)\}", shown)):
                    self._given.setdefault(name[1], value.id)
        for what, datum, owner in _confided(asker, args, value):
            self._tell(Confidence(what, datum, owner))

    def _tell(self, confidence: Confidence) -> None:
        datum = confidence.datum
        if not long_enough(datum) or len(datum.encode()) < 8:
            return
        name = self._by_datum.get(datum)
        if name is not None:
            known = self._told[name]
            if known is not None and known.owner != confidence.owner:
                # What two accounts sent identifies neither.
                self._told[name] = None
            return
        name = f"canary{len(self._by_datum) + 1}_1"
        self._by_datum[datum], self._told[name] = name, confidence
        self._redactor.learn(name.removesuffix("_1"), datum)

    # --- looking ---

    def _look(
        self,
        operation: str,
        asker: Account | None,
        result: Accepted[Any] | Refused | Unavailable,
        recorded: list[RecordedExchange],
    ) -> None:
        asked = b""
        for exchange in result.exchanges:
            asked += exchange.request.url.encode() + b"\n" + exchange.request.body
            if exchange.response is None:
                continue
            self.responses += 1
            self._look_at_type(exchange, recorded)
            if self._is_text(exchange):
                self.removals.look(operation, asker, asked, exchange, recorded)
            if len(self.revealed) < 2 * _KEPT and self._is_text(exchange):
                for confidence in self._others(exchange, asker, asked):
                    if operation in ("report", "report_status") and confidence.owner.startswith("nobody"):
                        continue
                    public = operation in _PUBLIC and bool(confidence.datum)
                    if sum(sighting.public is public for sighting in self.revealed) < _KEPT:
                        to = "another account" if asker is not None else "a request without credentials"
                        self.revealed.append(Sighting(confidence, tuple(recorded), to, public))
                    break

    @staticmethod
    def _is_text(exchange: Exchange) -> bool:
        response = exchange.response
        named = response.header("content-type") or "" if response is not None else ""
        return not named or bool(_TEXTUAL.match(named))

    def _others(self, exchange: Exchange, asker: Account | None, asked: bytes) -> Iterator[Confidence]:
        """What a response has that belongs to others than who asked, and that no request of this call said."""
        assert exchange.response is not None  # noqa: S101 - the caller looked
        response = exchange.response
        seen = b"\n".join((*(f"{name}: {value}".encode() for name, value in response.headers), response.body))
        mine = asker.id if asker is not None else ""
        for name in dict.fromkeys(_PLACEHOLDER.findall(seen)):
            owner = self._given.get(name.decode(), mine)
            if owner != mine and b"${" + name + b"}" not in asked:
                yield Confidence("credentials", "", owner)
        if not self._told:
            return
        searched = self._redactor.data(seen)
        if searched == seen:
            return
        said = self._redactor.data(asked)
        for name in dict.fromkeys(_PLACEHOLDER.findall(searched)):
            confidence = self._told.get(name.decode())
            if confidence is None or confidence.owner == mine or b"${" + name + b"}" in said:
                continue
            if not _inside_a_number(confidence.datum.encode(), seen):
                yield confidence

    def _look_at_type(self, exchange: Exchange, recorded: list[RecordedExchange]) -> None:
        response = exchange.response
        assert response is not None  # noqa: S101 - the caller looked
        named = (response.header("content-type") or "").partition(";")[0].strip().lower()
        if response.status // 100 != 2 or len(response.body) < 12 or not named.startswith(_FILES):
            return
        self.files += 1
        found = _type_of(response.body)
        if found is not None and _family(named) != _family(found) and len(self.mistyped) < _KEPT:
            self.mistyped.append(Mistyped(named, found, tuple(recorded)))


def _confided(asker: Account | None, args: tuple[Any, ...], value: Any) -> Iterator[tuple[str, str, str]]:
    """The data that the accepted call gave the provider: kind, datum and the account's id."""
    owner = asker.id if asker is not None else ""
    if isinstance(value, Account) and args and isinstance(args[0], dict):
        profile = args[0]
        for key, what in (("phone", "phone number"), ("email", "email address"), ("password", "password")):
            if isinstance(datum := profile.get(key), str):
                yield what, datum, value.id
    for each in args:
        if isinstance(each, Identity) and isinstance(value, Verification) and value.verified and owner:
            yield "identity number", each.number, owner
        elif isinstance(each, Subject) and isinstance(value, Consent) and owner:
            if not each.name.isascii():
                yield "name of the person who consented", each.name, owner
            yield "identity number of the person who consented", each.number, owner
        elif isinstance(each, ReportRequest) and isinstance(value, Ticket):
            yield "contact of the reporter", each.contact, owner or f"nobody {value.id}"
            if not each.signature.isascii():
                yield "name of the reporter", each.signature, owner or f"nobody {value.id}"


def _inside_a_number(datum: bytes, seen: bytes) -> bool:
    """Whether a number occurs in a text only as a part of longer numbers, as in a time in nanoseconds."""
    if not datum.isdigit() or datum not in seen:
        return False
    return re.search(rb"(?<!\d)(?:(?:00)?86)?" + datum + rb"(?!\d)", seen) is None


def _type_of(head: bytes) -> str | None:
    """The type of bytes with an unmistakable beginning."""
    try:
        found = sniff(head).media_type
    except Exception:  # bytes that nothing recognises
        return None
    found = _SAME.get(found, found)
    return found if found in _MARKED or found in _SHARED else None


def _family(media_type: str) -> str:
    media_type = _SAME.get(media_type, media_type)
    return _SHARED.get(media_type, media_type)

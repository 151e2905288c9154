"""What is carried from where: values that an answer gave and a later request repeats, and secrets that the environment
gave.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from shenhe.conformance.exchange import Exchange

from ..redaction import NOTHING
from .attached import BASE64, attached_media, decoded_media
from .fresh import can_change
from .request import LEARNED, PLACEHOLDER, Steps, atoms_of, basic_text, headers_to_resend, leaves_of, placeholders_of

#: Characters of a path segment that is looked for as an id.
_SHORTEST_SEGMENT = 4
_NAMING_KEY = re.compile(r"(id|token|url|href|location|key|code)$", re.I)


@dataclass(frozen=True)
class Variable:
    """A value that is not the same in every run: from the answer of step ``step`` at ``steps``, or from the environment
    (``step`` 0).
    """

    name: str
    step: int = 0
    steps: Steps = ()
    header: str = ""
    #: The name of the cookie, where the header is ``set-cookie``.
    cookie: str = ""
    #: Whether it is the last segment of the path in the header.
    last: bool = False
    #: Whether it is used as a whole path, whose slashes stay.
    path: bool = False
    #: The invented number of the first run that it replaces.
    instead_of: str = ""


@dataclass(frozen=True)
class Attached:
    """A file beside the script whose bytes are part of a request, in base64 where ``encoded``."""

    name: str
    encoded: bool = False


Piece: TypeAlias = str | Variable | Attached
#: Added to each invented word, so that no such name is taken.
FRESH = Variable("fresh")
INVENTED = re.compile(r"(\bt[0-9a-f]{10}\b)")


@dataclass(frozen=True)
class CarryPlan:
    """What is carried from where. ``values`` are server-made values by text; ``secrets`` are variables by placeholder
    name; ``numbers`` are new numbers by the invented ones of the first run; ``files`` are media by name.
    """

    values: dict[str, Variable]
    secrets: dict[str, Variable]
    numbers: dict[str, Variable] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def of_step(self, step: int) -> list[Variable]:
        """What later requests need from the answer of step ``step``, counted from 1."""
        return [variable for variable in (*self.secrets.values(), *self.values.values()) if variable.step == step]

    def pieces(self, text: str) -> list[Piece]:
        """``text`` cut at its placeholders, without the empty one."""
        cut: list[Piece] = []
        for index, part in enumerate(PLACEHOLDER.split(text)):
            if index % 2 and part != NOTHING:
                cut.append(self.secrets.get(part) or Variable(part))
                continue
            plain = "" if index % 2 else part
            for number, words in enumerate(INVENTED.split(plain)):
                for piece in self._without_numbers_and_files(words):
                    if isinstance(piece, str) and cut and isinstance(cut[-1], str):
                        cut[-1] += piece
                    elif piece:
                        cut.append(piece)
                # What was invented for the run is taken by it: the same words again need something new.
                cut += [FRESH] if number % 2 else []
        return cut or [""]

    def _without_numbers_and_files(self, text: str) -> Iterator[Piece]:
        """``text`` cut at the numbers that are made new and at the media in base64."""
        known = [*(re.escape(number) for number in self.numbers), *([BASE64.pattern] if self.files else [])]
        if not known:
            yield text
            return
        end = 0
        for match in re.finditer("|".join(known), text):
            piece = self.numbers.get(match[0]) or self._file_of(match[0])
            if piece is not None:
                yield text[end : match.start()]
                yield piece
                end = match.end()
        yield text[end:]

    def _file_of(self, encoded: str) -> Attached | None:
        data = decoded_media(encoded)
        name = next((name for name, kept in self.files.items() if kept == data), None) if data is not None else None
        return None if name is None else Attached(name, encoded=True)

    def atom(self, text: str) -> list[Piece]:
        """A whole value: carried from an answer, or cut at its placeholders."""
        carried = self.values.get(text)
        return [carried] if carried is not None else self.pieces(text)


def carry_plan_of(exchanges: Sequence[Exchange], invented: Iterable[str] = ()) -> CarryPlan:
    """Find each value of a request that an earlier answer gave and no earlier request had. ``invented`` are numbers and
    names of people who do not exist: they are made new.
    """
    plan = CarryPlan(
        {}, {}, _new_numbers(exchanges, invented), attached_media(exchange.request for exchange in exchanges)
    )
    on_offer: dict[str, Variable] = {}
    tokens: dict[str, Variable] = {}
    own: set[str] = set()
    sent: set[str] = set()
    cookies: dict[str, Variable] = {}
    for number, exchange in enumerate(exchanges, start=1):
        for atom in atoms_of(exchange.request):
            offered = on_offer.get(atom)
            if offered is None:
                own.add(atom)
            elif atom not in plan.values:
                plan.values[atom] = _named(offered, plan)
        for name, value in exchange.request.headers:
            for cookie, kept in _SENT_COOKIE.findall(value) if name.lower() == "cookie" else ():
                if LEARNED.fullmatch(kept) and cookie in cookies:
                    tokens.setdefault(kept, replace(cookies[cookie], name=kept))
        for name in placeholders_of(exchange.request):
            if name in tokens:
                plan.secrets.setdefault(name, tokens[name])
            else:
                # An answer that repeats it gives nothing: the request had it before.
                sent.add(name)
        for steps, value in _leaves(exchange):
            whole = PLACEHOLDER.fullmatch(value)
            if whole and LEARNED.fullmatch(whole[1]) and whole[1] not in sent:
                tokens.setdefault(whole[1], Variable(whole[1], number, steps))
            elif value not in own and looks_made(steps, value):
                on_offer.setdefault(value, Variable("", number, steps))
        for variable, value in _header_values(number, exchange):
            whole = PLACEHOLDER.fullmatch(value)
            if variable.cookie:
                cookies[variable.cookie] = variable
            if whole and LEARNED.fullmatch(whole[1]):
                tokens.setdefault(whole[1], replace(variable, name=whole[1]))
            elif value not in own:
                on_offer.setdefault(value, variable)
    return plan


#: Headers that say nothing of what was made.
_PLAIN_HEADERS = frozenset(
    {"date", "server", "content-type", "content-length", "content-encoding", "etag", "cache-control", "expires", "via"}
)
#: A cookie whose value was taken out when it was kept.
_SENT_COOKIE = re.compile(r"(?<![A-Za-z0-9_-])([A-Za-z0-9_-]+)=\$\{(\w+)\}")
#: Names that can be written into a script as they are.
_SAFE_NAME = re.compile(r"[A-Za-z0-9_-]+")


def _header_values(number: int, exchange: Exchange) -> Iterator[tuple[Variable, str]]:
    """What the headers of a response give: ids and tokens, the value of each cookie, and a location with the last
    segment of its path.
    """
    for name, value in exchange.response.headers if exchange.response else ():
        header = name.lower()
        if not _SAFE_NAME.fullmatch(header) or header in _PLAIN_HEADERS or not value:
            continue
        if header == "set-cookie":
            cookie, _, rest = value.partition("=")
            kept = rest.partition(";")[0].strip()
            if kept and _SAFE_NAME.fullmatch(cookie.strip()):
                yield Variable("", number, (cookie.strip(),), header, cookie=cookie.strip()), kept
        elif header in ("location", "content-location"):
            yield Variable("", number, (header,), header), value
            segment = unquote(urlsplit(value).path.rstrip("/").rpartition("/")[2])
            if len(segment) >= _SHORTEST_SEGMENT:
                yield Variable("", number, (header, "id"), header, last=True), segment
        elif PLACEHOLDER.fullmatch(value) or looks_made((header,), value):
            yield Variable("", number, (header,), header), value


def needed(plan: CarryPlan, exchanges: Sequence[Exchange]) -> set[str]:
    """The variables that no response gives: they come from the environment."""
    names: set[str] = set()
    for exchange in exchanges:
        texts = [exchange.request.url, exchange.request.body.decode("utf-8", "replace")]
        texts += [basic_text(value) for _, value in headers_to_resend(exchange.request)]
        for text in texts:
            wanted = (piece for piece in plan.pieces(text) if isinstance(piece, Variable) and piece != FRESH)
            names |= {piece.name for piece in wanted if not piece.step and not piece.instead_of}
    return names


def _new_numbers(exchanges: Sequence[Exchange], invented: Iterable[str]) -> dict[str, Variable]:
    """A variable for each invented number that a request holds, the longest first: one may be part of another."""
    requests = [exchange.request for exchange in exchanges]
    texts = [f"{unquote(request.url)}\n{request.body.decode('utf-8', 'replace')}" for request in requests]
    used = sorted({each for each in invented if can_change(each) and any(each in text for text in texts)})
    return {
        each: Variable(f"number_{count}", instead_of=each)
        for count, each in enumerate(sorted(used, key=len, reverse=True), start=1)
    }


def _named(variable: Variable, plan: CarryPlan) -> Variable:
    """With a name from the last key, numbered so that no two are equal and none is a word of the language."""
    keys = [step for step in variable.steps if isinstance(step, str)] or ["value"]
    stem = re.sub(r"\W+", "_", keys[-1], flags=re.ASCII).strip("_").lower() or "value"
    if stem == "id" and len(keys) > 1:
        stem = (re.sub(r"\W+", "_", keys[-2], flags=re.ASCII).strip("_").lower() or "value") + "_id"
    if (
        stem[0].isdigit()
        or keyword.iskeyword(stem)
        or stem in {"base", "client", "answer", "field", "headers", "default", "fresh", "files", "number", "another"}
    ):
        stem = "value_" + stem
    taken = {other.name for other in (*plan.values.values(), *plan.secrets.values())}
    count = 1
    while f"{stem}_{count}" in taken:
        count += 1
    return replace(variable, name=f"{stem}_{count}")


def looks_made(steps: Steps, value: str) -> bool:
    """Whether a value of an answer looks like something the server made up: an id, not a word of the interface."""
    named = bool(steps) and isinstance(steps[-1], str) and bool(_NAMING_KEY.search(steps[-1]))
    return named or (len(value) >= 6 and any(character.isdigit() for character in value) and " " not in value)


def _leaves(exchange: Exchange) -> Iterator[tuple[Steps, str]]:
    if exchange.response is None:
        return
    try:
        document = json.loads(exchange.response.body.decode())
    except (ValueError, RecursionError):
        return
    yield from leaves_of(document, ())


def url_pieces(url: str, plan: CarryPlan, base: str) -> list[list[Piece]]:
    """The URL as atoms, each of pieces; a variable in it is to be percent-encoded. The base is left out."""
    rest = url.removeprefix(base)
    if (whole := plan.values.get(rest)) is not None and rest.startswith("/"):
        return [[replace(whole, path=True)]]
    path, mark, query = rest.partition("?")
    atoms: list[list[Piece]] = []
    for index, segment in enumerate(path.split("/")):
        if index:
            atoms.append(["/"])
        carried = plan.values.get(unquote(segment)) if segment else None
        atoms.append([carried] if carried else plan.pieces(segment) if segment else [""])
    if mark:
        atoms.append(["?"])
        for index, pair in enumerate(query.split("&")):
            name, equals, value = pair.partition("=")
            atoms.append([("&" if index else "") + name + equals])
            parsed = parse_qsl(pair, keep_blank_values=True)
            carried = plan.values.get(parsed[0][1]) if parsed else None
            atoms.append([carried] if carried else plan.pieces(value))
    return atoms

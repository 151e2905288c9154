"""What is carried from where: values that an answer gave and a later request repeats, and secrets that the environment
gave.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from shenhe.conformance.exchange import Exchange

from ..redaction import NOTHING
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


Piece: TypeAlias = str | Variable
#: Added to each invented word, so that no such name is taken.
FRESH = Variable("fresh")
INVENTED = re.compile(r"(\bt[0-9a-f]{10}\b)")


@dataclass(frozen=True)
class CarryPlan:
    """What is carried from where. ``values`` are server-made values by text; ``secrets`` are variables by placeholder
    name.
    """

    values: dict[str, Variable]
    secrets: dict[str, Variable]

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
                if words and cut and isinstance(cut[-1], str):
                    cut[-1] += words
                elif words:
                    cut.append(words)
                # What was invented for the run is taken by it: the same words again need something new.
                cut += [FRESH] if number % 2 else []
        return cut or [""]

    def atom(self, text: str) -> list[Piece]:
        """A whole value: carried from an answer, or cut at its placeholders."""
        carried = self.values.get(text)
        return [carried] if carried is not None else self.pieces(text)


def carry_plan_of(exchanges: Sequence[Exchange]) -> CarryPlan:
    """Find each value of a request that an earlier answer gave and no earlier request had."""
    plan = CarryPlan({}, {})
    on_offer: dict[str, Variable] = {}
    tokens: dict[str, Variable] = {}
    own: set[str] = set()
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
        for steps, value in _leaves(exchange):
            whole = PLACEHOLDER.fullmatch(value)
            if whole and LEARNED.fullmatch(whole[1]):
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
            names |= {piece.name for piece in wanted if not piece.step}
    return names


def _named(variable: Variable, plan: CarryPlan) -> Variable:
    """With a name from the last key, numbered so that no two are equal and none is a word of the language."""
    keys = [step for step in variable.steps if isinstance(step, str)] or ["value"]
    stem = re.sub(r"\W+", "_", keys[-1], flags=re.ASCII).strip("_").lower() or "value"
    if stem == "id" and len(keys) > 1:
        stem = (re.sub(r"\W+", "_", keys[-2], flags=re.ASCII).strip("_").lower() or "value") + "_id"
    if (
        stem[0].isdigit()
        or keyword.iskeyword(stem)
        or stem in {"base", "client", "answer", "field", "headers", "default", "fresh"}
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

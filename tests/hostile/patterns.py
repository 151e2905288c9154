"""Find regular expressions of the project that take more than linear time on some text.

Every compiled pattern of every module, and every literal pattern in a call of ``re``, is tried on texts that are made of
the characters that it mentions: one or two of them, repeated, and then something that it does not match.
"""

from __future__ import annotations

import ast
import importlib
import re
import re._constants as codes
import re._parser as parser
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "rulebook", "labels", "conformance", "simulator", "scenarios", "reports", "cli", "sample")
#: Characters of the longest text, and the factor to the next length for lengths up to a limit. Short texts grow slowly:
#: a step too far in exponential time takes minutes.
_LONGEST = 16_000
_FACTORS = ((60, 1.15), (300, 1.35), (_LONGEST, 2.8))
#: Seconds from which on the growth of a text is measured, and seconds from which on a measurement is believed.
_COUNTS, _BELIEVED = 0.006, 0.02
#: From this length on a text that costs hardly more than in proportion to the one before is not made longer.
_TELLING, _LINEAR = 4_000, 1.3
#: What twice the length costs: in linear time 2, in quadratic time 4, and in exponential time far more.
_SUPERLINEAR, _EXPLOSIVE = 3.0, 16.0
_MEASUREMENTS = 3
#: Characters that are tried of each pattern.
_TRIED = 12
_METHODS = {"search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}


@dataclass(frozen=True)
class Used:
    """A pattern and the method by which it is used: ``search`` also stands for all others that go over a text."""

    pattern: re.Pattern[Any]
    method: str


def patterns() -> dict[str, Used]:
    """The patterns of the project by where they are."""
    found: dict[str, Used] = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            place = path.relative_to(ROOT)
            source = path.read_text(encoding="utf-8")
            for used in _literals(source):
                found[f"{place}: {used.pattern.pattern!r}"] = used
            if path.name == "__main__.py" or place.parts[:2] == ("simulator", "compiled"):
                continue
            try:
                # A package imported as its `__init__` would be a second copy of it.
                parts = [part for part in place.with_suffix("").parts if part != "__init__"]
                module = importlib.import_module(".".join(("shenhe", *parts)))
            except ImportError:
                continue
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern) and re.search(rf"^{name}\b.*=", source, re.M):
                    found[f"{place}: {value.pattern!r}"] = Used(value, _method(source, name))
    return found


def _method(source: str, name: str) -> str:
    """``match`` or ``fullmatch`` where a pattern is used by nothing else, so that it is tried at one place of a text."""
    methods = set(re.findall(rf"\b{name}\.(\w+)\(", source))
    anchored = (
        methods <= {"match", "fullmatch"}
        and len(re.findall(rf"\b{name}\b", source)) == len(re.findall(rf"\b{name}\.\w+\(", source)) + 1
    )
    return ("match" if "match" in methods else "fullmatch") if methods and anchored else "search"


def _literals(source: str) -> Iterator[Used]:
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        method = node.func.attr
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and method in _METHODS):
            continue
        try:
            pattern = re.compile(ast.literal_eval(node.args[0]))
        except (ValueError, TypeError, re.error):
            continue
        yield Used(pattern, method if method in {"match", "fullmatch"} else "search")


def characters(pattern: re.Pattern[Any]) -> list[str]:
    """Characters that a pattern treats alike or apart: those that it names, ends of its ranges, one of each class."""
    found: dict[str, None] = {}

    def visit(items: Any) -> None:
        for op, value in items:
            if op in (codes.LITERAL, codes.NOT_LITERAL):
                found[chr(value)] = None
                if op is codes.NOT_LITERAL:
                    found["a"] = None
            elif op is codes.IN:
                for kind, inner in value:
                    if kind is codes.LITERAL:
                        found[chr(inner)] = None
                    elif kind is codes.RANGE:
                        found[chr(inner[0])] = found[chr(inner[1])] = None
                    elif kind is codes.CATEGORY:
                        _category(str(inner))
                    elif kind is codes.NEGATE:
                        found["a"] = found["!"] = None
            elif op is codes.ANY:
                found["a"] = found["\n"] = None
            elif op is codes.CATEGORY:
                _category(str(value))
            elif op in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
                visit(value[2])
            elif op is codes.SUBPATTERN:
                visit(value[3])
            elif op is codes.BRANCH:
                for branch in value[1]:
                    visit(branch)
            elif op in (codes.ASSERT, codes.ASSERT_NOT):
                visit(value[1])
            elif op is codes.ATOMIC_GROUP:
                visit(value)

    def _category(name: str) -> None:
        sign = {"DIGIT": "1", "SPACE": " ", "WORD": "a"}
        found[next((char for word, char in sign.items() if name.endswith(word)), "a")] = None
        if "NOT" in name:
            found["!"] = None

    visit(
        parser.parse(
            pattern.pattern, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
        )
    )
    return list(found) or ["a"]


def example(items: Any) -> str:
    """A short text that a parsed pattern matches, or nearly."""
    text = ""
    for op, value in items:
        if op is codes.LITERAL:
            text += chr(value)
        elif op is codes.IN:
            kinds = [
                inner if kind is codes.LITERAL else inner[0]
                for kind, inner in value
                if kind in (codes.LITERAL, codes.RANGE)
            ]
            text += "a" if not kinds or value[0][0] is codes.NEGATE else chr(kinds[0])
        elif op in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            text += example(value[2]) * min(max(1, value[0]), 3)
        elif op is codes.SUBPATTERN:
            text += example(value[3])
        elif op is codes.BRANCH:
            text += example(value[1][0])
        elif op is codes.ATOMIC_GROUP:
            text += example(value)
        elif op in (codes.ANY, codes.NOT_LITERAL):
            text += "a"
    return text


def units(pattern: re.Pattern[Any]) -> list[str]:
    """Short texts to repeat: single characters, neighbours in the pattern, and literal runs of it."""
    single = characters(pattern)
    step = max(1, len(single) // _TRIED)
    few = single[::step][:_TRIED]
    parsed = parser.parse(
        pattern.pattern, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    )
    shown = [example(parsed), *(example(branch) for op, value in parsed if op is codes.BRANCH for branch in value[1])]
    runs = [each[:size] for each in shown[:6] for size in (2, 3, 4, 5, 6, 8, 12, len(each) - 1) if 1 < size < len(each)]
    runs = list(dict.fromkeys(runs))[:24]
    return [*few, *(a + b for a, b in pairwise(few)), *(b + a for a, b in pairwise(few)), *runs]


def cost(used: Used, text: str) -> float:
    """Seconds that a pattern takes for a whole text, used as it is."""
    data: Any = text.encode("utf-8", "surrogatepass") if isinstance(used.pattern.pattern, bytes) else text
    start = time.process_time()
    if used.method == "search":
        for _ in used.pattern.finditer(data):
            pass
    else:
        getattr(used.pattern, used.method)(data)
    return time.process_time() - start


def slow_text(used: Used) -> str | None:
    """What to repeat so that the pattern takes more than linear time, else ``None``."""
    for unit in units(used.pattern):
        for end in ("", "\x01"):
            size, before = 16.0, 0.0
            while size <= _LONGEST:
                spent = cost(used, _repeated(unit, int(size), end))
                if spent > _COUNTS and (slow := _growth(used, unit, size, end)):
                    return slow
                factor = next((factor for limit, factor in _FACTORS if size < limit), None)
                if factor is None or (size > _TELLING and spent < _LINEAR * factor * before):
                    break
                size, before = min(size * factor, _LONGEST), spent
    return None


def _repeated(unit: str, size: int, end: str) -> str:
    return unit * (size // len(unit)) + end


def _growth(used: Used, unit: str, size: float, end: str) -> str | None:
    """How the cost grows from half of a length to all of it, where that is more than linear.

    The lengths take turns, so that a busy machine slows both. A growth that costs little is measured again on a longer
    text.
    """
    while True:
        half, whole = (_repeated(unit, int(length), end) for length in (size / 2, size))
        pairs = [(cost(used, half), cost(used, whole)) for _ in range(_MEASUREMENTS)]
        short, long = (min(spent) for spent in zip(*pairs, strict=True))
        ratio = long / max(short, 1e-6)
        if ratio < _SUPERLINEAR:
            return None
        if long > _BELIEVED or ratio > _EXPLOSIVE:
            return f"{unit!r} x {int(size)}: {long:.3f} s, {ratio:.1f} times the cost of half the length"
        size *= 1.5

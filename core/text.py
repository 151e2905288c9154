"""Other people's text made safe to show: one definition of what is invisible, and one escaping per kind of output.

A target, the author of a binding or the author of a report chooses text that ends up in a terminal, in a log that a CI
system reads commands from, in Markdown, or in HTML. Nothing here decides what a text means. It only makes sure that the
reader sees all of it and that no program obeys it.
"""

from __future__ import annotations

import re
from typing import Final

#: Characters that are drawn as nothing, as ranges of a regular expression: format characters (bidirectional controls,
#: zero-width marks, tags), variation selectors, fillers, and all others that Unicode calls default-ignorable.
_HIDDEN_RANGES = (
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
#: Characters that a program may obey or refuse: controls, line and paragraph separators, surrogates, private use,
#: noncharacters.
_ACTIVE_RANGES = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\uf8ff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane | 0xFFFE)}{chr(plane | 0xFFFF)}" for plane in range(0x10000, 0xF0000, 0x10000))
    + "\U000f0000-\U0010ffff"
)

HIDDEN: Final = re.compile(f"[{_HIDDEN_RANGES}]")
"""Matches one character that is drawn as nothing and so can hide text, or hide inside text."""

UNSEEN: Final = re.compile(f"[{_HIDDEN_RANGES}{_ACTIVE_RANGES}]")
"""Matches one character that `visible` writes out: the hidden ones, and those that a program may obey."""

#: ASCII punctuation except the few signs that mean nothing to Markdown inside a line. A hyphen does at its start.
_MARKUP = re.compile(r"^-|[!-&(-+.:<-@\[-`{-~]")


def visible(text: str) -> str:
    """``text`` with every invisible or active character written as ``\\x1b``, ``\\u202e`` or ``\\U000e0041``. Tabs and
    line feeds stay.

    >>> print(visible("red \\x1b[31m \\u202e"))
    red \\x1b[31m \\u202e
    """
    if text.isascii() and text.isprintable():
        return text
    return UNSEEN.sub(_written_out, text)


def one_line(text: str, limit: int = 300) -> str:
    """``text`` on one line of at most ``limit`` characters, with nothing invisible in it.

    >>> one_line("a\\r\\n b", 10)
    'a b'
    """
    line = visible(" ".join(text[: 8 * limit].split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def percent(share: float) -> str:
    """A share in per cent to two significant figures, never as a power of ten.

    >>> percent(0.0314), percent(0.5), percent(0.998), percent(1.5)
    ('3.1', '50', '100', '150')
    """
    number = 100 * share
    return f"{number:.2g}" if number < 99.5 else f"{number:.0f}"


def cut(text: str, limit: int) -> str:
    """The first ``limit`` characters of ``text``, followed by the number of characters left out."""
    return text if len(text) <= limit else f"{text[:limit]}\n… {len(text) - limit} more characters"


def markdown(text: str, limit: int = 300) -> str:
    """``text`` as one line of Markdown or HTML without markup: punctuation becomes character references.

    >>> markdown("<b>|*")
    '&#60;b&#62;&#124;&#42;'
    """
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", one_line(text, limit))


def fenced(text: str, language: str = "", limit: int = 4000) -> str:
    """``text`` as a fenced code block of Markdown that nothing in ``text`` can close.

    >>> fenced("```").splitlines()
    ['````', '```', '````']
    """
    body = visible(cut(text, limit))
    longest = max((len(run) for run in re.findall(r"`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

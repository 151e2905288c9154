"""Making text inert that a provider, or whoever wrote a binding, may have chosen.

Every view of a report puts such text somewhere that gives characters a meaning: a terminal, a log that CI
systems read commands from, Markdown, HTML. Nothing here decides what a text means; it only takes away that
it could do anything.
"""

from __future__ import annotations

import re
import unicodedata

#: Controls, format characters (bidirectional overrides, zero-width), surrogates, line and paragraph
#: separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
#: Punctuation, but for the few signs that mean nothing to Markdown inside a line; a hyphen does at its
#: beginning.
_MARKUP = re.compile(r"^-|[!-&(-+.:<-@\[-`{-~]")


def visible(text: str) -> str:
    """``text`` with every character that is not seen written as ``\\\\x1b`` or ``\\\\u202e``; line feeds
    and tabs stay.

    >>> visible("red\\x1b[31m\\u202e")
    'red\\\\x1b[31m\\\\u202e'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _written(char) if unicodedata.category(char) in _INVISIBLE and char not in "\n\t" else char for char in text
    )


def one_line(text: str, limit: int = 300) -> str:
    """``text`` on one line of at most ``limit`` characters, nothing in it unseen.

    >>> one_line("a\\r\\n b", 10)
    'a b'
    """
    line = visible(" ".join(text[: 8 * limit].split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def cut(text: str, limit: int) -> str:
    """The first ``limit`` characters of ``text``, and how many more there were."""
    return text if len(text) <= limit else f"{text[:limit]}\n… {len(text) - limit} more characters"


def markdown(text: str, limit: int = 300) -> str:
    """``text`` as one line of Markdown or HTML in which no character is markup: punctuation is written as
    character references.

    >>> markdown("<b>|*")
    '&#60;b&#62;&#124;&#42;'
    """
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", one_line(text, limit))


def fenced(text: str, language: str = "", limit: int = 4000) -> str:
    """``text`` as a fenced code block of Markdown that nothing in it can close."""
    body = visible(cut(text, limit))
    longest = max((len(run) for run in re.findall(r"`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def _written(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

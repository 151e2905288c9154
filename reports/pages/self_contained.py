"""Pages of one file: style, scripts and data stand in it, it asks the network for nothing, and nothing on it runs that
is not ours.

Pages are written here and not by plotly, so that their Content-Security-Policy can name each script and style by its
SHA-256: figures are data in ``<script type="application/json">``, drawn by ``page.js`` with the vendored plotly.js.
Jinja2 escapes everything that is not markup of ours.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from shenhe.core.text import one_line

from ..figures import plotlyjs
from .language import Language, speaker

_CHINESE = re.compile("[\u4e00-\u9fff]")

#: plotly.js adds a style element without text and fills it through the object model; this is the hash of nothing.
_EMPTY = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def rendered(
    template: str,
    /,
    *,
    with_figures: bool,
    sheets: Sequence[str] = ("page.css",),
    language: Language = "en",
    **content: Any,
) -> str:
    """A template of this package filled in with ``content``, its style ``sheets`` and its scripts; with plotly.js where
    it has figures. The template writes ``policy`` before all else, and its own texts in ``language``.
    """
    style = "".join(map(_resource, sheets))
    scripts = [*([plotlyjs.source()] if with_figures else []), _resource("page.js")]
    return (
        _environment()
        .get_template(template)
        .render(
            **content,
            _=speaker(language),
            language="zh-Hans" if language == "zh" else "en",
            chinese=language == "zh",
            quoted=functools.partial(quoted, language),
            policy=_policy(style, scripts, with_figures=with_figures),
            style=Markup(style),  # noqa: S704  # files of this package
            scripts=[Markup(script) for script in scripts],  # noqa: S704
        )
    )


def quoted(language: Language, text: str) -> Markup:
    """The attribute of an element on a Chinese page whose text is quoted in English."""
    return Markup(' lang="en"') if language == "zh" and not _CHINESE.search(text) else Markup("")


def _policy(style: str, scripts: Sequence[str], *, with_figures: bool) -> str:
    sheets = f"'{_sha256(style)}'"
    parts = [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "img-src data:",
        "script-src " + " ".join(f"'{_sha256(script)}'" for script in scripts),
    ]
    if with_figures:
        # plotly.js sets style attributes on what it draws; nothing else on the page has any.
        parts += [f"style-src-elem {sheets} '{_EMPTY}'", "style-src-attr 'unsafe-inline'"]
    else:
        parts.append(f"style-src {sheets}")
    return "; ".join(parts)


def _sha256(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@functools.cache
def _resource(name: str) -> str:
    return (files("shenhe.reports") / "templates" / name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data"] = _data
    environment.filters["tight"] = _tight
    environment.filters["line"] = one_line
    return environment


def _data(text: str) -> Markup:
    """JSON that cannot end the script element around it, whatever its strings contain."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  # no character of markup is left


def _tight(text: str) -> str:
    """Keep a per cent sign on the line of its number."""
    return text.replace(" %", "\u00a0%")

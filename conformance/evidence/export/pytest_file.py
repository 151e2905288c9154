"""A sequence of exchanges as one self-contained pytest."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from shenhe.conformance.exchange import Exchange, SentRequest

from .attached import FormField, form_parts
from .fresh import RARE, needs_code, source
from .plan import FRESH, Attached, CarryPlan, Piece, Variable, carry_plan_of, url_pieces
from .request import basic_text, headers_to_resend, is_form, is_text_body, is_whole, json_of, origin_text, title_of


def as_pytest(exchanges: Sequence[Exchange], name: str = "replay", invented: Iterable[str] = ()) -> str:
    """A Python file with one test that sends the sequence again and expects each answer's status to be as it was
    recorded.

    It passes for as long as the provider behaves as it did. It needs pytest and httpx; variables taken from the
    environment are listed in its docstring.
    """
    plan = carry_plan_of(exchanges, invented)
    base = origin_text(exchanges[0].request.url) if exchanges else "http://127.0.0.1"
    body: list[str] = []
    for number, exchange in enumerate(exchanges, start=1):
        body += ["", *_step(number, exchange, plan, base)]
    code = "\n".join(body)
    stem = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower() or "replay"
    wanted = sorted(set(re.findall(r'os\.environ\["(\w+)"\]', code)))
    needs = "".join(f"\n    {item}" for item in ("SHENHE_BASE_URL (default: the one that was probed)", *wanted))
    if plan.files:
        needs += f"\n\nNeeds, in the folder of this file or in $SHENHE_FILES: {', '.join(plan.files)}"
    lines = [
        f'"""Replays {len(exchanges)} recorded requests and expects the recorded statuses.',
        "",
        f"Environment:{needs}",
        '"""',
        "",
        *(f"import {module}" for module in ("base64", "os") if f"{module}." in code or module == "os"),
        *(["import secrets"] if "FRESH" in code or plan.numbers else []),
        *(["from pathlib import Path"] if plan.files else []),
        *(["from urllib.parse import " + ", ".join(used)] if (used := _used_quotes(code)) else []),
        "",
        "import httpx",
        *(["import pytest"] if "pytest." in code else []),
        "",
        f'BASE = os.environ.get("SHENHE_BASE_URL", {base!r}).rstrip("/")',
        *(
            ["#: Added to each invented name, so that it belongs to no real person.", "FRESH = secrets.token_hex(4)"]
            if "FRESH" in code
            else []
        ),
        *(['FILES = Path(os.environ.get("SHENHE_FILES", Path(__file__).parent))'] if plan.files else []),
        *(["", "", *source().splitlines()] if any(map(needs_code, plan.numbers)) else []),
        "",
        "",
        f"def test_{stem}():",
        *(f"    {variable.name} = {_made_new(number)}" for number, variable in plan.numbers.items()),
        "    with httpx.Client(trust_env=False, timeout=30) as client:",
        textwrap.indent(code.lstrip("\n") or "pass", " " * 8),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _made_new(number: str) -> str:
    """Code that gives an invented number or name in the place of ``number``."""
    name, at, host = number.partition("@")
    if needs_code(number):
        return f"another({number!r})"
    if number[0] in RARE[0]:
        return f'{number[:2]!r} + "".join(secrets.choice({RARE[1]!r}) for _ in range(2))'
    return f'{name[:-8]!r} + f"{{secrets.randbelow(10**8):08d}}" + {(at + host)!r}'


def _used_quotes(code: str) -> list[str]:
    return [function for function in ("quote", "quote_plus") if re.search(rf"\b{function}\(", code)]


def _step(number: int, exchange: Exchange, plan: CarryPlan, base: str) -> list[str]:
    request = exchange.request
    lines = [f"# {number}. {title_of(exchange)}"]
    if not is_whole(request):
        return [*lines, f'pytest.skip("the body of request {number} ({request.body_size} bytes) was not kept whole")']
    arguments = [repr(request.method), _url(request.url, plan, base)]
    headers = headers_to_resend(request)
    document, parts = json_of(request), form_parts(request)
    if document is not None or parts is not None:
        headers = [(key, value) for key, value in headers if key.lower() != "content-type"]
    if headers:
        shown = ", ".join(f"{key!r}: {_header(key, value, plan)}" for key, value in headers)
        arguments.append(f"headers={{{shown}}}")
    if document is not None:
        arguments.append(f"json={_json(document, plan)}")
    elif parts is not None:
        arguments.append(f"files=[{', '.join(_form_field(part, plan) for part in parts)}]")
    elif request.body:
        arguments.append(f"content={_bytes(request, plan)}")
    call = f"client.request({', '.join(arguments)})"
    if len(call) > 100:
        call = "client.request(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"
    if exchange.response is None:
        return [*lines, "with pytest.raises(httpx.HTTPError):", textwrap.indent(call, "    ")]
    lines += [
        f"answer_{number} = {call}",
        f"assert answer_{number}.status_code == {exchange.response.status}, answer_{number}.text[:500]",
    ]
    for variable in plan.of_step(number):
        if variable.cookie:
            lines.append(f"{variable.name} = answer_{number}.cookies[{variable.cookie!r}]")
        elif variable.last:
            path = f'answer_{number}.headers[{variable.header!r}].partition("?")[0].rstrip("/")'
            lines.append(f'{variable.name} = {path}.rpartition("/")[2]')
        elif variable.header:
            lines.append(f"{variable.name} = answer_{number}.headers[{variable.header!r}]")
        else:
            path = "".join(f"[{step!r}]" for step in variable.steps)
            lines.append(f"{variable.name} = answer_{number}.json(){path}")
    return lines


def _name(variable: Variable) -> str:
    if variable == FRESH:
        return "FRESH"
    return variable.name if variable.step or variable.instead_of else f'os.environ["{variable.name}"]'


def _joined(parts: list[str]) -> str:
    return " + ".join(part for part in parts if part not in {"''", "b''"}) or "''"


def _text(pieces: list[Piece]) -> str:
    return _joined([_code(piece) for piece in pieces])


def _code(piece: Piece) -> str:
    if isinstance(piece, str):
        return repr(piece)
    if isinstance(piece, Attached):
        return f"base64.b64encode((FILES / {piece.name!r}).read_bytes()).decode()"
    return _name(piece)


def _file(data: bytes, plan: CarryPlan) -> str:
    name = next(name for name, kept in plan.files.items() if kept == data)
    return f"(FILES / {name!r}).read_bytes()"


def _form_field(part: FormField, plan: CarryPlan) -> str:
    """One field of a multipart form, as httpx takes it."""
    if not part.filename:
        return f"({part.name!r}, (None, {_text(plan.atom(part.data.decode()))}))"
    kind = f", {part.media_type!r}" if part.media_type else ""
    return f"({part.name!r}, ({part.filename!r}, {_file(part.data, plan)}{kind}))"


def _url(url: str, plan: CarryPlan, base: str) -> str:
    whole = plan.values.get(url)
    if whole is not None:
        return _name(whole)
    parts: list[str] = [] if url.startswith(base) else [repr(origin_text(url))]
    text = ""
    for atom in url_pieces(url, plan, base if url.startswith(base) else origin_text(url)):
        for piece in atom:
            if isinstance(piece, str):
                text += piece
            else:
                safe = "/?=&%" if isinstance(piece, Variable) and piece.path else ""
                parts += [repr(text), f'quote(str({_code(piece)}), safe="{safe}")']
                text = ""
    return _joined([*(["BASE"] if url.startswith(base) else []), *parts, repr(text)])


def _header(name: str, value: str, plan: CarryPlan) -> str:
    plain = basic_text(value)
    if name.lower() == "authorization" and plain != value:
        return f'"Basic " + base64.b64encode(({_text(plan.pieces(plain))}).encode()).decode()'
    if not value.isascii():
        return f"({_text(plan.pieces(value))}).encode()"
    return _text(plan.atom(value))


def _json(value: Any, plan: CarryPlan) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_json(inner, plan)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_json(inner, plan) for inner in value) + "]"
    if isinstance(value, str):
        return _text(plan.atom(value))
    if isinstance(value, int) and not isinstance(value, bool) and str(value) in plan.values:
        return _name(plan.values[str(value)])
    return repr(value).replace("inf", 'float("inf")') if isinstance(value, float) else repr(value)


def _bytes(request: SentRequest, plan: CarryPlan) -> str:
    body = request.body
    if not is_text_body(body):
        return _file(body, plan)
    text = body.decode()
    if not is_form(request):
        return f"({_text(plan.pieces(text))}).encode()"
    parts: list[str] = []
    for index, pair in enumerate(text.split("&")):
        key, equals, value = pair.partition("=")
        parts.append(repr(("&" if index else "") + key + equals))
        parsed = parse_qsl(pair, keep_blank_values=True)
        pieces = plan.atom(parsed[0][1]) if parsed else plan.pieces(value)
        if all(isinstance(piece, str) for piece in pieces):
            parts.append(repr(value))
        else:
            parts += [
                repr(quote_plus(piece)) if isinstance(piece, str) else f"quote_plus(str({_code(piece)}))"
                for piece in pieces
            ]
    return f"({_joined(parts)}).encode()"

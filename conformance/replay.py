"""A sequence of exchanges as something to run again: curl commands for a shell, or one self-contained pytest.

Evidence is redacted and ids made by a server differ from run to run. So a token or id that a later request repeats is taken from the answer
that first gave it; what the binding took from the environment is taken from the environment; and the base URL is ``SHENHE_BASE_URL``, by
default the one that was probed.
"""

from __future__ import annotations

import base64
import binascii
import json
import keyword
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote_plus, unquote, urlsplit

from .exchange import KEPT_REQUEST, Exchange, SentRequest, visible

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAMING_KEY = re.compile(r"(id|token|url|href|location|key|code)$", re.I)
_UNSENT = frozenset({"host", "content-length", "accept-encoding", "connection", "transfer-encoding"})
_LONG_ARGUMENT = 50_000

Steps: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Variable:
    """A value that is not the same in every run: from the answer of step ``step`` at ``steps``, or from the environment (``step`` 0)."""

    name: str
    step: int = 0
    steps: Steps = ()
    header: str = ""


Piece: TypeAlias = str | Variable


@dataclass(frozen=True)
class Plan:
    """What is carried from where. ``values`` are server-made values by text; ``secrets`` are variables by placeholder name."""

    values: dict[str, Variable]
    secrets: dict[str, Variable]

    def of_step(self, step: int) -> list[Variable]:
        return [variable for variable in (*self.secrets.values(), *self.values.values()) if variable.step == step]

    def pieces(self, text: str) -> list[Piece]:
        """``text`` cut at its placeholders."""
        cut: list[Piece] = []
        for index, part in enumerate(_PLACEHOLDER.split(text)):
            if index % 2:
                cut.append(self.secrets.get(part) or Variable(part))
            elif part:
                cut.append(part)
        return cut or [""]

    def atom(self, text: str) -> list[Piece]:
        """A whole value: carried from an answer, or cut at its placeholders."""
        carried = self.values.get(text)
        return [carried] if carried is not None else self.pieces(text)


def plan_of(exchanges: Sequence[Exchange]) -> Plan:
    """Find each value of a request that an earlier answer gave and no earlier request had."""
    plan = Plan({}, {})
    on_offer: dict[str, Variable] = {}
    tokens: dict[str, Variable] = {}
    own: set[str] = set()
    for number, exchange in enumerate(exchanges, start=1):
        for atom in _atoms(exchange.request):
            offered = on_offer.get(atom)
            if offered is None:
                own.add(atom)
            elif atom not in plan.values:
                plan.values[atom] = _named(offered, plan)
        for name in _placeholders(exchange.request):
            if name in tokens:
                plan.secrets.setdefault(name, tokens[name])
        for steps, value in _leaves(exchange):
            whole = _PLACEHOLDER.fullmatch(value)
            if whole:
                tokens.setdefault(whole[1], Variable(whole[1], number, steps))
            elif value not in own and looks_made(steps, value):
                on_offer.setdefault(value, Variable("", number, steps))
        location = exchange.response.header("location") if exchange.response else None
        if location and location not in own:
            on_offer.setdefault(location, Variable("", number, ("location",), "location"))
    return plan


def _named(variable: Variable, plan: Plan) -> Variable:
    """With a name from the last key, numbered so that no two are equal and none is a word of the language."""
    keys = [step for step in variable.steps if isinstance(step, str)] or ["value"]
    stem = re.sub(r"\W+", "_", keys[-1], flags=re.ASCII).strip("_").lower() or "value"
    if stem == "id" and len(keys) > 1:
        stem = (re.sub(r"\W+", "_", keys[-2], flags=re.ASCII).strip("_").lower() or "value") + "_id"
    if stem[0].isdigit() or keyword.iskeyword(stem) or stem in {"base", "client", "answer", "field"}:
        stem = "value_" + stem
    taken = {other.name for other in (*plan.values.values(), *plan.secrets.values())}
    count = 1
    while f"{stem}_{count}" in taken:
        count += 1
    return Variable(f"{stem}_{count}", variable.step, variable.steps, variable.header)


def looks_made(steps: Steps, value: str) -> bool:
    """Whether a value of an answer looks like something the server made up: an id, not a word of the interface."""
    named = bool(steps) and isinstance(steps[-1], str) and bool(_NAMING_KEY.search(steps[-1]))
    return named or (len(value) >= 6 and any(character.isdigit() for character in value) and " " not in value)


def _leaves(exchange: Exchange) -> Iterator[tuple[Steps, str]]:
    if exchange.response is None:
        return
    try:
        document = json.loads(exchange.response.body)
    except (ValueError, RecursionError):
        return
    yield from _walk(document, ())


def _walk(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if len(steps) > 20:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*steps, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:200]):
            yield from _walk(inner, (*steps, index))
    elif isinstance(value, str) and 0 < len(value) <= 2000:
        yield steps, value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield steps, str(value)


def _atoms(request: SentRequest) -> Iterator[str]:
    yield request.url
    parts = urlsplit(request.url)
    yield from (unquote(segment) for segment in parts.path.split("/") if segment)
    yield from (value for _, value in parse_qsl(parts.query, keep_blank_values=True))
    for _, value in _walk(json_body(request), ()):
        yield value
    if is_form(request):
        yield from (value for _, value in parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _placeholders(request: SentRequest) -> Iterator[str]:
    texts = [request.url, request.body.decode("utf-8", "replace")]
    for name, value in request.headers:
        texts.append(basic_text(value) if name.lower() == "authorization" else value)
    for text in texts:
        yield from _PLACEHOLDER.findall(text)


def basic_text(value: str) -> str:
    """``user:password`` of a Basic header whose secrets are placeholders; any other value as it is."""
    if value[:6].lower() != "basic ":
        return value
    try:
        plain = base64.b64decode(value[6:], validate=True).decode()
    except (binascii.Error, ValueError):
        return value
    return plain if _PLACEHOLDER.search(plain) else value


def _content_type(request: SentRequest) -> str:
    return next((value for name, value in request.headers if name.lower() == "content-type"), "").partition(";")[0].strip().lower()


def json_body(request: SentRequest) -> Any:
    if _content_type(request) != "application/json" or not _whole(request):
        return None
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None


def is_form(request: SentRequest) -> bool:
    return _content_type(request) == "application/x-www-form-urlencoded"


def _whole(request: SentRequest) -> bool:
    """Whether the body was kept whole. Placeholders change its length, so only one cut at the limit of capture counts as cut."""
    return len(request.body) < KEPT_REQUEST or request.body_size <= len(request.body)


def _is_text(body: bytes) -> bool:
    try:
        return "\0" not in body.decode("utf-8")
    except UnicodeDecodeError:
        return False


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def url_pieces(url: str, plan: Plan, base: str) -> list[list[Piece]]:
    """The URL as atoms, each of pieces; a variable in it is to be percent-encoded. The base is left out."""
    rest = url.removeprefix(base)
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


def headers_of(request: SentRequest) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in request.headers if name.lower() not in _UNSENT]
    return [(name, value) for name, value in kept if (name.lower(), value) != ("accept", "*/*")]


# --- pytest ----------------------------------------------------------------------------------------------------------------------


def as_pytest(exchanges: Sequence[Exchange], name: str = "replay") -> str:
    """A Python file with one test that sends the sequence again and expects each answer's status to be as it was recorded.

    It passes for as long as the provider behaves as it did. It needs pytest and httpx; variables taken from the environment are listed in
    its docstring.
    """
    plan = plan_of(exchanges)
    base = origin_of(exchanges[0].request.url) if exchanges else "http://127.0.0.1"
    body: list[str] = []
    for number, exchange in enumerate(exchanges, start=1):
        body += ["", *_python_step(number, exchange, plan, base)]
    code = "\n".join(body)
    stem = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower() or "replay"
    wanted = sorted(set(re.findall(r'os\.environ\["(\w+)"\]', code)))
    needs = "".join(f"\n    {item}" for item in ("SHENHE_BASE_URL (default: the one that was probed)", *wanted))
    lines = [
        f'"""Replays {len(exchanges)} recorded requests and expects the recorded statuses.',
        "",
        f"Environment:{needs}",
        '"""',
        "",
        *(f"import {module}" for module in ("base64", "os") if f"{module}." in code or module == "os"),
        *(["from urllib.parse import " + ", ".join(used)] if (used := _used_quotes(code)) else []),
        "",
        "import httpx",
        *(["import pytest"] if "pytest." in code else []),
        "",
        f'BASE = os.environ.get("SHENHE_BASE_URL", {base!r}).rstrip("/")',
        "",
        "",
        f"def test_{stem}():",
        "    with httpx.Client(trust_env=False, timeout=30) as client:",
        textwrap.indent(code.lstrip("\n") or "pass", " " * 8),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _used_quotes(code: str) -> list[str]:
    return [function for function in ("quote", "quote_plus") if re.search(rf"\b{function}\(", code)]


def _python_step(number: int, exchange: Exchange, plan: Plan, base: str) -> list[str]:
    request = exchange.request
    lines = [f"# {number}. {_comment(exchange)}"]
    if not _whole(request):
        return [*lines, f'pytest.skip("the body of request {number} ({request.body_size} bytes) was not kept whole")']
    arguments = [repr(request.method), _python_url(request.url, plan, base)]
    headers = headers_of(request)
    document = json_body(request)
    if document is not None:
        headers = [(key, value) for key, value in headers if key.lower() != "content-type"]
    if headers:
        shown = ", ".join(f"{key!r}: {_python_header(key, value, plan)}" for key, value in headers)
        arguments.append(f"headers={{{shown}}}")
    if document is not None:
        arguments.append(f"json={_python_json(document, plan)}")
    elif request.body:
        arguments.append(f"content={_python_bytes(request, plan)}")
    call = f"client.request({', '.join(arguments)})"
    if len(call) > 100:
        call = "client.request(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"
    if exchange.response is None:
        return [*lines, "with pytest.raises(httpx.HTTPError):", textwrap.indent(call, "    ")]
    lines += [f"answer_{number} = {call}", f"assert answer_{number}.status_code == {exchange.response.status}, answer_{number}.text[:500]"]
    for variable in plan.of_step(number):
        if variable.header:
            lines.append(f"{variable.name} = answer_{number}.headers[{variable.header!r}]")
        else:
            path = "".join(f"[{step!r}]" for step in variable.steps)
            lines.append(f"{variable.name} = answer_{number}.json(){path}")
    return lines


def _comment(exchange: Exchange) -> str:
    origin = f" ({visible(exchange.origin)})" if exchange.origin else ""
    answered = f"answered {exchange.response.status}" if exchange.response else "had no answer"
    return f"{visible(exchange.operation)}{origin} {answered}".replace("\n", " ")


def _python_name(variable: Variable) -> str:
    return variable.name if variable.step else f'os.environ["{variable.name}"]'


def _python_joined(parts: list[str]) -> str:
    return " + ".join(part for part in parts if part not in {"''", "b''"}) or "''"


def _python_text(pieces: list[Piece]) -> str:
    return _python_joined([repr(piece) if isinstance(piece, str) else _python_name(piece) for piece in pieces])


def _python_url(url: str, plan: Plan, base: str) -> str:
    whole = plan.values.get(url)
    if whole is not None:
        return _python_name(whole)
    parts: list[str] = [] if url.startswith(base) else [repr(origin_of(url))]
    text = ""
    for atom in url_pieces(url, plan, base if url.startswith(base) else origin_of(url)):
        for piece in atom:
            if isinstance(piece, str):
                text += piece
            else:
                parts += [repr(text), f'quote(str({_python_name(piece)}), safe="")']
                text = ""
    return _python_joined([*(["BASE"] if url.startswith(base) else []), *parts, repr(text)])


def _python_header(name: str, value: str, plan: Plan) -> str:
    plain = basic_text(value)
    if name.lower() == "authorization" and plain != value:
        return f'"Basic " + base64.b64encode(({_python_text(plan.pieces(plain))}).encode()).decode()'
    if not value.isascii():
        return f"({_python_text(plan.pieces(value))}).encode()"
    return _python_text(plan.pieces(value))


def _python_json(value: Any, plan: Plan) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_python_json(inner, plan)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_python_json(inner, plan) for inner in value) + "]"
    if isinstance(value, str):
        return _python_text(plan.atom(value))
    if isinstance(value, int) and not isinstance(value, bool) and str(value) in plan.values:
        return _python_name(plan.values[str(value)])
    return repr(value).replace("inf", 'float("inf")') if isinstance(value, float) else repr(value)


def _python_bytes(request: SentRequest, plan: Plan) -> str:
    body = request.body
    if not _is_text(body):
        rows = textwrap.wrap(base64.b64encode(body).decode(), 88)
        return "base64.b64decode(\n" + "".join(f'        "{row}"\n' for row in rows) + "    )"
    text = body.decode()
    if not is_form(request):
        return f"({_python_text(plan.pieces(text))}).encode()"
    parts: list[str] = []
    for index, pair in enumerate(text.split("&")):
        key, equals, value = pair.partition("=")
        parts.append(repr(("&" if index else "") + key + equals))
        parsed = parse_qsl(pair, keep_blank_values=True)
        pieces = plan.atom(parsed[0][1]) if parsed else plan.pieces(value)
        if all(isinstance(piece, str) for piece in pieces):
            parts.append(repr(value))
        else:
            parts += [repr(quote_plus(piece)) if isinstance(piece, str) else f"quote_plus(str({_python_name(piece)}))" for piece in pieces]
    return f"({_python_joined(parts)}).encode()"


# --- curl ------------------------------------------------------------------------------------------------------------------------

_FIELD = """\
field() { python3 -c 'import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]:
    value = value[int(key)] if isinstance(value, list) else value[key]
print(value)' "$@"; }
"""


def as_curl(exchanges: Sequence[Exchange]) -> str:
    """The sequence as commands for bash: one curl a request, ids and tokens carried over in variables."""
    if not exchanges:
        return ""
    plan = plan_of(exchanges)
    base = origin_of(exchanges[0].request.url)
    blocks = [f"base=${{SHENHE_BASE_URL:-{base}}}\n"]
    if any(variable.step and not variable.header for variable in (*plan.values.values(), *plan.secrets.values())):
        blocks.append(_FIELD)
    for number, exchange in enumerate(exchanges, start=1):
        blocks.append("\n".join([f"# {number}. {_comment(exchange)}", *_shell_step(number, exchange, plan, base)]) + "\n")
    return "\n".join(blocks)


def _shell_step(number: int, exchange: Exchange, plan: Plan, base: str) -> list[str]:
    request = exchange.request
    carried = plan.of_step(number)
    words = ["curl", "-sS", "-g", "--path-as-is", "--noproxy", "'*'", "-X", request.method, _shell_url(request.url, plan, base)]
    for name, value in headers_of(request):
        plain = basic_text(value)
        if name.lower() == "authorization" and plain != value:
            words += ["-u", _shell(plan.pieces(plain))]
        else:
            words += ["-H", _shell([f"{name}: ", *plan.pieces(value)])]
    before = ""
    if request.body:
        if not _whole(request):
            return [f"echo 'the body of request {number} ({request.body_size} bytes) was not kept whole' >&2"]
        if not _is_text(request.body):
            before = f"printf %s {base64.b64encode(request.body).decode()} | base64 -d | "
            words += ["--data-binary", "@-"]
        else:
            text = _shell(_body_pieces(request, plan))
            if len(text) > _LONG_ARGUMENT:
                before = f"printf %s {text} | "
                words += ["--data-binary", "@-"]
            else:
                words += ["--data-binary", text]
    headers = [variable for variable in carried if variable.header]
    if headers:
        words += ["-D", f'"$headers_{number}"']
    response = exchange.response
    binary = response is not None and not _is_text(response.body)
    if not carried:
        words += ["-o", "/dev/null"] if binary else []
        words += ["-w", r"'\n%{http_code}\n'"]
    command = before + " ".join(words)
    if not carried:
        return [command]
    lines = [f"headers_{number}=$(mktemp)"] if headers else []
    lines.append(f"answer_{number}=$({command})")
    for variable in carried:
        if variable.header:
            lines.append(
                f"{variable.name}=$(tr -d '\\r' < \"$headers_{number}\" | sed -n 's/^{variable.header}: //Ip' | head -n 1)"
            )
        else:
            path = " ".join(_shell([str(step)]) for step in variable.steps)
            lines.append(f'{variable.name}=$(printf %s "$answer_{number}" | field {path})')
    return lines


def _body_pieces(request: SentRequest, plan: Plan) -> list[Piece]:
    """A text body cut at its placeholders and at the values carried over, where they stand as whole JSON or form values."""
    cut = plan.pieces(request.body.decode())
    for value, variable in plan.values.items():
        if is_form(request):
            pattern = rf"(?<==){re.escape(quote_plus(value))}(?=&|$)"
        else:
            number = rf"|(?<=[:\[,\s]){re.escape(value)}(?=[,\]}}\s])" if value.isdigit() else ""
            inside = {re.escape(json.dumps(value, ensure_ascii=ascii_only)[1:-1]) for ascii_only in (True, False)}
            pattern = rf'(?<=")(?:{"|".join(sorted(inside))})(?="){number}'
        compiled = re.compile(pattern)
        again: list[Piece] = []
        for piece in cut:
            if isinstance(piece, str):
                parts = compiled.split(piece)
                again += [item for part in parts for item in (variable, part)][1:]
            else:
                again.append(piece)
        cut = again
    return cut


def _shell_url(url: str, plan: Plan, base: str) -> str:
    whole = plan.values.get(url)
    if whole is not None:
        return _shell([whole])
    own = url.startswith(base)
    atoms = url_pieces(url, plan, base if own else origin_of(url))
    pieces = [piece for atom in atoms for piece in atom]
    return '"$base"' + _shell(pieces) if own else _shell([origin_of(url), *pieces])


def _shell(pieces: list[Piece]) -> str:
    """One word of bash."""
    text = ""
    word = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
        else:
            word += _shell_literal(text) + f'"${{{piece.name}}}"'
            text = ""
    return word + _shell_literal(text) if text or not word else word


def _shell_literal(text: str) -> str:
    if not text:
        return ""
    if visible(text) != text or "\r" in text:
        return "$'" + "".join(map(_shell_character, text)) + "'"
    if re.fullmatch(r"[A-Za-z0-9_./:=@%+,-]+", text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def _shell_character(character: str) -> str:
    """A character inside ``$'…'``."""
    code = ord(character)
    if code > 0x7F:
        return f"\\u{code:04x}" if visible(character) != character else character
    if code < 32 or code == 0x7F:
        return f"\\x{code:02x}"
    return "\\" + character if character in "'\\" else character


__all__ = ["Plan", "Variable", "as_curl", "as_pytest", "plan_of"]

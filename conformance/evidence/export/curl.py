"""A sequence of exchanges as curl commands for a shell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote_plus

from shenhe.conformance.exchange import Exchange, SentRequest
from shenhe.core.text import visible

from .attached import FormField, form_parts
from .fresh import RARE, needs_code, source
from .plan import INVENTED, Attached, CarryPlan, Piece, Variable, carry_plan_of, needed, url_pieces
from .request import basic_text, headers_to_resend, is_form, is_text_body, is_whole, origin_text, title_of

_LONG_ARGUMENT = 50_000
_FIELD = """\
field() { python3 -c 'import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]:
    value = value[int(key)] if isinstance(value, list) else value[key]
print(value)' "$@"; }
"""


_FILES = """\
# Needs, in the folder of this script or in $SHENHE_FILES: {names}
files=${{SHENHE_FILES:-$(dirname -- "${{BASH_SOURCE[0]:-.}}")}}
"""


def as_curl(exchanges: Sequence[Exchange], invented: Iterable[str] = ()) -> str:
    """The sequence as commands for bash: one curl per request, ids and tokens carried over in variables. ``invented``
    are numbers and names that are made new.
    """
    if not exchanges:
        return ""
    plan = carry_plan_of(exchanges, invented)
    base = origin_text(exchanges[0].request.url)
    blocks = [f"default={_literal(base)}\nbase=${{SHENHE_BASE_URL:-$default}}\n"]
    wanted = sorted(needed(plan, exchanges))
    if wanted:
        # Without them bash would send empty values, and the refusal of those would look like an answer.
        blocks.append("".join(f': "${{{name}:?set it in the environment}}"\n' for name in wanted))
    if plan.files:
        blocks.append(_FILES.format(names=", ".join(plan.files)))
    if plan.numbers:
        blocks.append(_new_numbers(plan))
    if any(INVENTED.search(text) for text in _texts(exchanges)):
        blocks.append("fresh=${SHENHE_FRESH:-$(od -An -N4 -tx1 /dev/urandom | tr -d ' ')}\n")
    if any(variable.step and not variable.header for variable in (*plan.values.values(), *plan.secrets.values())):
        blocks.append(_FIELD)
    for number, exchange in enumerate(exchanges, start=1):
        blocks.append("\n".join([f"# {number}. {title_of(exchange)}", *_step(number, exchange, plan, base)]) + "\n")
    return "\n".join(blocks)


def _step(number: int, exchange: Exchange, plan: CarryPlan, base: str) -> list[str]:
    request = exchange.request
    carried = plan.of_step(number)
    words = [
        "curl",
        "-sS",
        "-g",
        "--path-as-is",
        "--noproxy",
        "'*'",
        "-X",
        _literal(request.method),
        _url(request.url, plan, base),
    ]
    parts = form_parts(request)
    for name, value in headers_to_resend(request):
        if parts is not None and name.lower() == "content-type":
            continue
        plain = basic_text(value)
        if name.lower() == "authorization" and plain != value:
            words += ["-u", _word(plan.pieces(plain))]
        else:
            words += ["-H", _word([f"{name}: ", *plan.atom(value)])]
    before = ""
    if request.body:
        if not is_whole(request):
            return [f"echo 'the body of request {number} ({request.body_size} bytes) was not kept whole' >&2"]
        if parts is not None:
            words += [word for part in parts for word in _form_field(part, plan)]
        elif not is_text_body(request.body):
            words += ["--data-binary", f'@"$files"/{_file_name(request.body, plan)}']
        else:
            pieces = _body_pieces(request, plan)
            text = _word(pieces)
            if len(text) > _LONG_ARGUMENT or any(isinstance(piece, Attached) for piece in pieces):
                before = f"printf %s {text} | "
                words += ["--data-binary", "@-"]
            else:
                # A body that begins with @ would be read from a file by any other option.
                words += ["--data-raw", text]
    headers = [variable for variable in carried if variable.header]
    if headers:
        words += ["-D", f'"$headers_{number}"']
    response = exchange.response
    binary = response is not None and not is_text_body(response.body)
    if not carried and binary:
        return [f"{before}{' '.join(words)} -w '%{{stderr}}%{{http_code}}\\n' | shenhe label read - || true"]
    if not carried:
        words += ["-w", r"'\n%{http_code}\n'"]
    command = before + " ".join(words)
    if not carried:
        return [command]
    lines = [f"headers_{number}=$(mktemp)"] if headers else []
    lines.append(f"answer_{number}=$({command})")
    for variable in carried:
        if variable.header:
            lines.append(
                f"{variable.name}=$(tr -d '\\r' < \"$headers_{number}\" | sed -n '{_picking(variable)}' | head -n 1)"
            )
        else:
            path = " ".join(_word([str(step)]) for step in variable.steps)
            lines.append(f'{variable.name}=$(printf %s "$answer_{number}" | field {path})')
    return lines


def _texts(exchanges: Sequence[Exchange]) -> Iterator[str]:
    """What the requests say, in which invented words may be."""
    for exchange in exchanges:
        request = exchange.request
        yield from (request.url, request.body.decode("utf-8", "replace"), *(value for _, value in request.headers))


def _picking(variable: Variable) -> str:
    """The sed command that takes a value from the lines of headers."""
    if variable.cookie:
        return rf"s/^set-cookie: *{variable.cookie}=\([^;]*\).*/\1/Ip"
    if variable.last:
        return rf"s|^{variable.header}: *\([^?#]*/\)\?\([^/?#]*\)/*\([?#].*\)\?$|\2|Ip"
    return f"s/^{variable.header}: *//Ip"


def _body_pieces(request: SentRequest, plan: CarryPlan) -> list[Piece]:
    """A text body cut at its placeholders and at the values carried over, where they stand as whole JSON or form
    values.
    """
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


def _url(url: str, plan: CarryPlan, base: str) -> str:
    whole = plan.values.get(url)
    if whole is not None:
        return _word([whole])
    own = url.startswith(base)
    atoms = url_pieces(url, plan, base if own else origin_text(url))
    pieces = [piece for atom in atoms for piece in atom]
    return '"$base"' + _word(pieces) if own else _word([origin_text(url), *pieces])


def _word(pieces: list[Piece]) -> str:
    """One word of bash."""
    text = ""
    word = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        inserted = f"${{{piece.name}}}" if isinstance(piece, Variable) else _in_base64(piece)
        word += f'{_literal(text)}"{inserted}"'
        text = ""
    return word + _literal(text) if text or not word else word


def _in_base64(file: Attached) -> str:
    return f'$(base64 < "$files/{file.name}" | tr -d "\\n")'


def _file_name(data: bytes, plan: CarryPlan) -> str:
    return next(name for name, kept in plan.files.items() if kept == data)


def _form_field(part: FormField, plan: CarryPlan) -> list[str]:
    """One field of a multipart form."""
    if not part.filename:
        return ["--form-string", _word([f"{part.name}=", *plan.atom(part.data.decode())])]
    kind = f";type={part.media_type}" if part.media_type else ""
    place = f'/{_file_name(part.data, plan)}";filename={part.filename}{kind}'
    return ["-F", _quoted(f'{part.name}=@"') + '"$files"' + _quoted(place)]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _made_new(number: str) -> str:
    """A word of bash that gives an invented number or name in the place of ``number``."""
    name, at, host = number.partition("@")
    if needs_code(number):
        return f"$(another {_literal(number)})"
    if number[0] in RARE[0]:
        character = f"${{RARE:RANDOM%{len(RARE[1])}:1}}"
        return f"{number[:2]}{character}{character}"
    return f"{name[:-8]}$((10000000 + (RANDOM * 32768 + RANDOM) % 90000000)){at}{host}"


def _new_numbers(plan: CarryPlan) -> str:
    """Commands that set the numbers of people who do not exist: those of the first run are taken."""
    lines = []
    if any(map(needs_code, plan.numbers)):
        lines += ["another() { python3 -c '" + source(), 'import sys; print(another(sys.argv[1]))\' "$1"; }']
    for number, variable in plan.numbers.items():
        lines += [f"RARE={RARE[1]}"] if number[0] in RARE[0] else []
        lines.append(f"{variable.name}=${{SHENHE_{variable.name.upper()}:-{_made_new(number)}}}")
    return "\n".join(lines) + "\n"


def _literal(text: str) -> str:
    if not text:
        return ""
    if visible(text) != text or "\r" in text:
        return "$'" + "".join(map(_character, text)) + "'"
    if re.fullmatch(r"[A-Za-z0-9_./:=@%+,-]+", text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def _character(character: str) -> str:
    """A character inside ``$'…'``."""
    code = ord(character)
    if code > 0x7F:
        return f"\\u{code:04x}" if visible(character) != character else character
    if code < 32 or code == 0x7F:
        return f"\\x{code:02x}"
    return "\\" + character if character in "'\\" else character

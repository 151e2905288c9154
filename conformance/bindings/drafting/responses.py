"""What an OpenAPI document shows of answers: where ids, states, texts and bytes are, and how it says yes and no."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from shenhe.conformance.provider import Operation

from ..language.shapes import LOGIN, SHAPES
from .blanks import Blanks, can_stand
from .choosing.matching import service_of
from .fields import Leaf, last, leaves, named, plain, quoted
from .openapi import Endpoint
from .vocabulary import IDS, ITEMS, MESSAGE, expression_of


def keys_of_answer(name: str, endpoint: Endpoint, blanks: Blanks, *, with_token: bool) -> dict[str, Any]:
    """``extract`` and ``media`` for the answer of an endpoint that serves operation ``name``.

    ``with_token``: requests carry a token of the account, so that registration has to give one.
    """
    keys: dict[str, Any] = {}
    shape = SHAPES[Operation(name)] if name != LOGIN else None
    places = list(leaves(endpoint.answer))
    extract: dict[str, Any] = {}
    if name == LOGIN or (name == "register" and with_token):
        token = named(places, "token accesstoken sessiontoken jwt sessionid")
        if name == LOGIN and endpoint.session_cookie:
            extract["credentials"] = {"token": {"cookie": endpoint.session_cookie}}
        elif name == LOGIN:
            extract["credentials"] = {
                "token": token or blanks("login token", "JMESPath expression of the token in the response")
            }
        elif token:
            extract["credentials"] = {"token": token}
    for wanted in shape.required if shape else ():
        place: Any = place_of(name, wanted, places)
        if place is None and wanted == "id" and not endpoint.answer_type.endswith("json") and endpoint.answer_type:
            place = {"value": f"{name}-{{{{ nonce }}}}"}
        extract[wanted] = place or blanks(f"{name} {wanted}", f"JMESPath expression of {wanted} in the response")
    if name in {"report", "report_status", "appeal"}:
        # What the request said comes back in the response: it is no decision.
        echoed = {plain(each.name) for each in endpoint.body if "statement" in (expression_of(name, each.name) or "")}
        for wanted, names in (
            ("state", "state status result"),
            ("receipt", "receipt"),
            ("reasons", "reasons reason decision explanation"),
        ):
            place = named([each for each in places if last(each[0]) not in echoed], names)
            if place and wanted not in extract:
                extract[wanted] = place
    if name in {"report", "report_status", "decide", "appeal"} and "state" in extract:
        keys |= _states(places, extract["state"])
    if name == "view" and (notice := named(places, _NOTICES)):
        extract["notices"] = notice
    if name == "verify_identity" and (verified := _verified(places)):
        extract["verified"] = verified
    if name == "view" and (title := named(places, "content text body title caption")):
        extract["text"] = title
    if name in ITEMS:
        extract |= _of_items(places, ITEMS[name])
    if extract:
        keys["extract"] = {key: extract[key] for key in ("id", *extract) if key in extract}
    if shape is not None and (shape.media_required or name in {"generate"}):
        keys["media"] = _media(name, endpoint, places, blanks)
    return keys


#: What the words beside a publication may be called that say how it was made.
_NOTICES = "notice notices aigclabel aigcnotice ailabel ainotice labeltext disclaimer aigenerated isai 标识 提示"
#: What states of a ticket may be called.
_STATES = {
    "received": "received open opened new pending submitted inreview underreview reviewing queued processing"
    " 已受理 处理中",
    "upheld": "upheld removed actioned accepted sustained resolvedremoved takendown confirmed 已下架 成立 已处置",
    "rejected": "rejected dismissed kept notactioned noaction declined overruled unfounded 不成立 驳回 已驳回",
}
_VERIFIED = "verified approved passed success succeeded certified 已认证 通过"


def _states(places: Sequence[Leaf], place: Any) -> dict[str, Any]:
    """The words of an enumeration by the states that they mean; none where one of them is not known."""
    values = next((schema.get("enum") for path, schema in places if path == place), None)
    if not isinstance(values, list):
        return {}
    found = {
        state: [each for each in values if isinstance(each, str) and plain(each) in words.split()]
        for state, words in _STATES.items()
    }
    named = {state: words for state, words in found.items() if words and words != [state]}
    return {"states": named} if named else {}


def _verified(places: Sequence[Leaf]) -> str:
    """Where an accepted identity says that it verified the account; empty where nothing shows it."""
    for path, schema in places:
        if schema.get("type") == "boolean" and last(path) in _VERIFIED.split():
            return path
        values = schema.get("enum")
        good = [each for each in values if plain(str(each)) in _VERIFIED.split()] if isinstance(values, list) else []
        if len(good) == 1 and isinstance(good[0], str) and can_stand(good[0]):
            return f"{path} == '{good[0]}'"
    return ""


#: Ids of what something is like: of its state or kind, not of itself.
_OF_A_STATE = re.compile(r"(?:^|\.)(state|status|role|type|category|privacy|language|licence|license)\.id$", re.I)


def place_of(name: str, wanted: str, places: Sequence[Leaf]) -> str | None:
    """Where among ``places`` an answer has what operation ``name`` needs, or ``None``."""
    if wanted == "id":
        kind = SHAPES[Operation(name)].makes
        places = [(path, schema) for path, schema in places if not _OF_A_STATE.search(path)]
        known = named(places, f"{IDS.get(kind, '')} id")
        if known is not None:
            return known
        ids = [path for path, _ in places if last(path).endswith("id")]
        return ids[0] if len(ids) == 1 else None
    if wanted == "publications":
        lists = [
            path
            for path, _ in places
            if re.search(r"\[0\]\.(?:node\.)?\w+$", path) and last(path) in {"id", "slug", *IDS["publication"].split()}
        ]
        return lists[0].replace("[0]", "[]") if lists else None
    return named(places, "state status")


def _media(name: str, endpoint: Endpoint, places: Sequence[Leaf], blanks: Blanks) -> Any:
    service, kind = service_of(endpoint) if name == "generate" else ("", "")
    if endpoint.answer_type and not endpoint.answer_type.endswith("json"):
        return "body"
    if service == "text":
        place = named(places, "content text answer reply output result message response completion")
        return {"text": place or blanks(f"{name} text", "JMESPath expression of the text in the response")}
    for way, names in (
        ("base64", "b64json base64 imagebase64 audiobase64 data imagedata audiodata"),
        ("url", "url imageurl audiourl videourl downloadurl fileurl mediaurl link"),
    ):
        place = named(places, names)
        if place:
            return {way: place, **({"media_type": kind} if kind and way == "base64" else {})}
    if name == "fetch" and not endpoint.answer_type:
        return "body"
    return {
        "url": blanks(
            f"{name} url", "JMESPath expression of the URL of the media in the response; or use base64, or media: body"
        )
    }


def _of_items(places: Sequence[Leaf], names: Mapping[str, str]) -> dict[str, Any]:
    """The first list of an answer, and what each of its items has."""
    first = next((path for path, _ in places if "[0]" in path), None)
    if first is None:
        return {}
    within = first.partition("[0]")[0]
    inside = [
        (path.removeprefix(f"{within}[0]."), schema) for path, schema in places if path.startswith(f"{within}[0].")
    ]
    found = {key: named(inside, wanted) for key, wanted in names.items()}
    return {"items": within or "@", **{key: place for key, place in found.items() if place}}


def envelope(endpoint: Endpoint) -> dict[str, Any]:
    """How the document says yes and no: a code in every answer, or an error body."""
    properties = endpoint.answer.get("properties")
    keys: dict[str, Any] = {}
    names = {plain(name): name for name in properties} if isinstance(properties, dict) else {}
    code = next(
        (names[each] for each in ("code", "errcode", "ret", "retcode", "errno", "statuscode") if each in names), None
    )
    if (
        code is not None
        and isinstance(properties, dict)
        and ({"data", "result"} & set(names) or {"msg", "message", "errmsg"} & set(names))
    ):
        schema = properties[code] if isinstance(properties[code], dict) else {}
        options = [schema.get("const"), schema.get("example"), schema.get("default"), *(schema.get("enum") or [])[:1]]
        given = next((each for each in options if isinstance(each, int | str) and not isinstance(each, bool)), None)
        good = given if given is not None else "0" if schema.get("type") == "string" else 0
        if can_stand(good):
            keys["accept_when"] = f"{quoted(code)} == `{json.dumps(good)}`"
            keys["reason"] = quoted(code)
            message = next(
                (names[each] for each in ("msg", "message", "errmsg", "errormessage") if each in names), None
            )
            if message:
                keys["notice"] = quoted(message)
            return keys
    places = list(leaves(endpoint.refusal))
    reason, notice = named(places, "code errorcode errcode error type"), named(places, MESSAGE)
    return {**({"reason": reason} if reason else {}), **({"notice": notice} if notice else {})}

"""Mistakes of a binding that would load as something else: a misspelt name, a callback that no request asks for, a word
that is no boolean, a template where none is filled in, a value that nothing uses.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from shenhe.conformance.apps import Measure
from shenhe.conformance.entities import IdentityMethod
from shenhe.conformance.operations import Operation
from shenhe.core.document import Locate, Steps, shown
from shenhe.core.hosts import is_named
from shenhe.rulebook import Service

from .auth import all_auth
from .format import Auth, BindingFile, OAuth2Auth, RequestSection
from .inheritance import with_defaults
from .shapes import SHAPES, Shape
from .template import VARIABLE, expand, mentions

#: Names that checks look for, where a binding may use its own names too.
KNOWN: Mapping[str, frozenset[str]] = {
    "accounts": frozenset({
        "verified_adult", "unverified", "reporter", "moderator", "developer", "other_developer", "authority",
        "namesake",
    }),
    "subjects": frozenset({"subject", "minor"}),
    "filings": frozenset({"valid", "other_entity", "expired", "cancelled"}),
    "markers": frozenset({
        "unlawful", "prohibited", "mistaken", "rumour", "intimate", "fake_news", "output_only", "crisis", "exit",
    }),
    "report_kinds": frozenset({
        "illegal", "impersonation", "infringement", "intimate", "order", "rumour", "spam",
    }),
    "edit_scopes": frozenset({"face", "voice"}),
    "personas": frozenset({"kin", "partner"}),
    "disclosure_topics": frozenset({
        "agreement", "complaints", "conversation", "detection-tool", "editing", "filing", "marking", "rules", "upload",
        "uses",
    }),
}  # fmt: skip
_ALIKE = 0.8


Found = Iterator[tuple[Steps, str]]
"""Places of a file, each with what is wrong there."""

#: Facets that are true or false.
_SWITCHES = frozenset({"labelled", "agreed", "declared", "upheld", "update", "generative"})
#: Facets whose values shenhe gives, by name.
_ENUMERATED: Mapping[str, tuple[str, ...]] = {
    "service": tuple(Service),
    "method": tuple(IdentityMethod),
    "measure": tuple(Measure),
    "about": ("content", "app"),
}
#: What declares the values of a facet, in ``target`` and in its services.
_DECLARED_BY: Mapping[str, tuple[str, ...]] = {
    "service": ("services",),
    "method": ("identity_methods",),
    "measure": ("orders",),
    "scope": ("edit_scopes",),
    "rendition": ("renditions",),
    "surface": ("surfaces", "listing_surfaces"),
    "topic": ("disclosure_topics",),
    "kind": ("report_kinds", "record_kinds"),
    "way": ("publish_ways",),
    "persona": ("personas",),
    "storefront": ("storefronts",),
}
#: What of ``target`` only one operation can use.
_USED_BY: Mapping[str, Operation] = {
    "edit_scopes": Operation.EDIT,
    "personas": Operation.CHAT,
    "disclosure_topics": Operation.DISCLOSURES,
    "record_kinds": Operation.RECORDS,
    "publish_ways": Operation.PUBLISH,
    "uploads": Operation.UPLOAD,
    "orders": Operation.ORDER_APP,
    "identity_methods": Operation.VERIFY_IDENTITY,
}
#: What acts on the whole target, or as its operator.
_TEST_ONLY = (Operation.RESET, Operation.ADVANCE_CLOCK, Operation.DECIDE)
#: Sections of the file in which no template is filled in.
_PLAIN_SECTIONS = frozenset({
    "target", "environments", "accounts", "identities", "subjects", "consents", "filings", "limits", "tls", "proxy",
})  # fmt: skip
#: Keys of sources and conditions in which none is.
_PLAIN_KEYS = frozenset({
    "header", "cookie", "css", "attribute", "form", "is", "in", "contains", "starts_with", "ends_with", "media_type",
})  # fmt: skip
#: Keys that hold sources and conditions.
_OF_RESPONSES = frozenset({
    "extract", "reason", "notice", "accept_when", "refuse_when", "unavailable_when", "absent_when", "expired_when",
    "until", "failed", "refused", "more", "location", "next", "cursor",
})  # fmt: skip
_TEMPLATE = re.compile(r"\{\{|\{%")
_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_HEADER = re.compile(r"""http\.headers\[\s*["']([^"'\]]{1,200})["']\s*\]""")
#: Headers that a request has without the binding.
_OWN_HEADERS = frozenset({"accept", "accept-encoding", "authorization", "content-type", "cookie"})


def mistakes(file: BindingFile) -> Found:
    """What of a file is not meant as it stands, each with its place."""
    yield from _misspelt_names(file)
    yield from _facets(file)
    yield from _signed_headers(file)
    for role, consent in file.consents.items():
        scopes = file.target.edit_scopes
        if scopes and consent.scope not in scopes:
            yield ("consents", role, "scope"), f"found {consent.scope!r}, expected one of: {', '.join(scopes)}"
    for operation, section in file.operations.items():
        for steps, each in _requests(("operations", operation.value), section):
            yield from _unheard_callbacks(file, steps, each)
            yield from _unnamed_events(steps, each)


def doubts(file: BindingFile) -> Found:
    """What of a file is lawful and has no effect: values that no operation of it can use."""
    target = file.target
    yield from _environments(file)
    if Operation.DECIDE in file.operations and "moderator" not in file.accounts:
        yield (
            ("operations", Operation.DECIDE.value),
            "found decide without accounts.moderator, the account that decides reports: no check can use it",
        )
    for key, operation in _USED_BY.items():
        if getattr(target, key) and key in target.model_fields_set and operation not in file.operations:
            yield ("target", key), f"found {key} without the operation {operation.value}: no check can use them"
    for steps, name, value in _variant_values(file):
        declared = _declared(file, name)
        if declared and value not in declared:
            where = " or ".join(f"target.{key}" for key in _DECLARED_BY[name])
            yield steps, f"found {value!r}, which {where} does not declare: this variant is not used for it"
    for role, identity in file.identities.items():
        methods = target.identity_methods
        if methods and identity.method not in methods:
            yield (
                ("identities", role, "method"),
                f"found {identity.method.value!r}, which target.identity_methods lacks: no check presents it",
            )


def mistakes_as_written(data: Any, locate: Locate) -> Found:
    """What the text of a file says that its values do not: words that YAML 1.1 reads as booleans, and templates where
    none is filled in.
    """
    for steps, word in locate.words:
        if any(key in _OF_RESPONSES or key == "states" for key in steps[2:]) and not {"is", "in"} & set(steps):
            continue  # a name or a word of the provider's, such as `id: no` or `upheld: [yes]`
        meant = _WORDS[word.lower()]
        yield steps, f"found {word} without quotes, which is a text here; write {meant}, or '{word}' in quotes"
    for steps, text in _texts(data, ()):
        if _TEMPLATE.search(text) and _is_plain(steps):
            yield steps, f"found the template {shown(text)}, expected a plain value: no template is filled in here"


def _texts(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, (*steps, key))


def _is_plain(steps: Steps) -> bool:
    """Whether no template is filled in there."""
    if steps[:1] and steps[0] in _PLAIN_SECTIONS:
        # The name is shown, and nothing else.
        return steps != ("target", "name")
    if "states" in steps[2:-1] or "when" in steps[2:-1]:
        return not any(key in steps for key in ("json", "form", "query", "variables", "multipart", "body"))
    for place, key in enumerate(steps):
        if key in _OF_RESPONSES and (steps[0] != "operations" or place >= 2):
            inner = [each for each in steps[place + 1 :] if isinstance(each, str)]
            return bool(inner) and inner[-1] in _PLAIN_KEYS and (key != "extract" or len(inner) > 1)
    return False


def _variant_values(file: BindingFile) -> Iterator[tuple[Steps, str, Any]]:
    """Every value of a facet in ``when``: its place, the facet and the value."""
    for operation, section in file.operations.items():
        for index, variant in enumerate(section.variants):
            for name, value in variant.when.items():
                steps: Steps = ("operations", operation.value, "variants", index, "when", name)
                if isinstance(value, list):
                    yield from (((*steps, number), name, each) for number, each in enumerate(value))
                else:
                    yield steps, name, value


def _declared(file: BindingFile, name: str) -> set[str]:
    keys = _DECLARED_BY.get(name, ())
    sections = (file.target, *file.target.services.values())
    return {str(each) for key in keys for section in sections for each in getattr(section, key, None) or ()}


def _facets(file: BindingFile) -> Found:
    for steps, name, value in _variant_values(file):
        if name in _SWITCHES and not isinstance(value, bool):
            yield steps, f"found {shown(value)}, expected true or false"
        elif name not in _SWITCHES and isinstance(value, bool):
            yield steps, f"found {str(value).lower()}, expected a name"
        elif name in _ENUMERATED and value not in _ENUMERATED[name]:
            expected = _ENUMERATED[name]
            yield steps, f"found {shown(value)}, expected one of: {', '.join(expected)}{suggestion(value, expected)}"
        elif (
            name in _DECLARED_BY
            and value not in (declared := _declared(file, name))
            and (hint := suggestion(value, declared))
        ):
            yield steps, f"found {shown(value)}, expected one of: {', '.join(sorted(declared))}{hint}"


def suggestion(value: Any, known: Collection[str]) -> str:
    """What a message ends with where one of the known names is nearly the value; empty otherwise."""
    close = difflib.get_close_matches(str(value), known, n=1, cutoff=0.7)
    return f" (did you mean {str(close[0])!r}?)" if close else ""


def _environments(file: BindingFile) -> Found:
    """Operations for test environments only, where the file says that there is none."""
    target = file.target
    if target.environment != "production" or "environment" not in target.model_fields_set:
        return
    if any(each.environment == "test" for each in file.environments.values()):
        return
    for operation in _TEST_ONLY:
        if operation in file.operations:
            yield (
                ("target", "environment"),
                f"found production with the operation {operation.value}, which is for tests only: write test if it is",
            )


def _signed_headers(file: BindingFile) -> Found:
    """Headers that a signature covers and that no request has."""
    requests = [each for operation in file.operations.values() for each in (operation, *operation.variants)]
    requests += [step for each in requests for step in each.steps]
    auths: list[tuple[Steps, Auth | None]] = [(("auth",), file.auth)]
    for operation, section in file.operations.items():
        auths.append((("operations", operation.value, "auth"), section.auth))
        variants = enumerate(section.variants)
        auths += [(("operations", operation.value, "variants", index, "auth"), each.auth) for index, each in variants]
    written = [*requests, file.defaults, file.login, *(each for _, auth in auths if auth for each in all_auth(auth))]
    known = {name.lower() for each in written if each is not None for name in getattr(each, "headers", {})}
    known |= {auth.name.lower() for _, each in auths if each for auth in all_auth(each) if auth.type == "header"}
    known |= _OWN_HEADERS
    for steps, auth in auths:
        for index, each in enumerate(all_auth(auth) if auth else ()):
            string = getattr(each, "string", "")
            for name in _HEADER.findall(string):
                at: Steps = (*steps, *((index,) if isinstance(auth, tuple) else ()), "string")
                found = f"found http.headers[{name!r}]"
                if name != name.lower():
                    yield at, f"{found}, expected http.headers[{name.lower()!r}]: names are in lower case"
                elif name not in known:
                    yield at, f"{found}, which no request has, expected one of: {', '.join(sorted(known))}"


def addresses_elsewhere(file: BindingFile, environ: Mapping[str, str]) -> Found:
    """Addresses that can be known before anything is sent, and that are not where the file says that it goes."""
    target = file.target
    own = []
    for url in (target.base_url, *target.hosts.values()):
        text = _expanded(url, environ)
        if text is None:
            return
        own.append(_origin(text))
    for steps, auth in _oauth(file):
        token_url = _expanded(auth.token_url, environ)
        if token_url is None or token_url.startswith("/") or _origin(token_url) in own:
            continue
        if not is_named(token_url, {host.lower() for host in target.auth_hosts}):
            host = urlsplit(token_url).netloc.rpartition("@")[2]
            yield (
                (*steps, "token_url"),
                f"found the host {host!r}, expected the provider's own or {host} under target.auth_hosts",
            )


def _oauth(file: BindingFile) -> Iterator[tuple[Steps, OAuth2Auth]]:
    given: list[tuple[Steps, Auth | None]] = [
        (("auth",), file.auth),
        (("login", "auth"), None if file.login is None else file.login.auth),
    ]
    for operation, section in file.operations.items():
        steps: Steps = ("operations", operation.value)
        given.append(((*steps, "auth"), section.auth))
        given += [((*steps, "variants", index, "auth"), each.auth) for index, each in enumerate(section.variants)]
        given += [((*steps, "steps", index, "auth"), each.auth) for index, each in enumerate(section.steps)]
    for steps, auth in given:
        for index, each in enumerate(all_auth(auth) if auth is not None else ()):
            if isinstance(each, OAuth2Auth):
                yield (*steps, index) if isinstance(auth, tuple) else steps, each


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def _expanded(text: str, environ: Mapping[str, str]) -> str | None:
    """``text`` with its variables; ``None`` if one is not set."""
    if any(match[2] and not environ.get(match[2]) and match[3] is None for match in VARIABLE.finditer(text)):
        return None
    return expand(text, environ)


def declared_names(file: BindingFile) -> Mapping[str, frozenset[str]]:
    """The names that templates may use because the file declares them."""
    target = file.target
    services = target.services.values()
    marked = [target.markers, *(each.markers for each in services)]
    marked += [each.markers for each in file.environments.values() if each.markers is not None]
    return {
        "constants": frozenset(file.constants),
        "markers": frozenset(name for each in marked for name in each),
        "request.options": frozenset(name for each in services for name in each.options),
        "request.inputs": frozenset(name for each in services for name in each.inputs),
    }


def _requests(steps: Steps, section: Any) -> Iterator[tuple[Steps, RequestSection]]:
    if not section.variants or section.addressed:
        yield steps, section
    for index, variant in enumerate(section.variants):
        yield (*steps, "variants", index), section.with_variant(variant)


def _misspelt_names(file: BindingFile) -> Found:
    target = file.target
    groups: list[tuple[str, Steps, Iterable[str]]] = [
        ("accounts", ("accounts",), file.accounts),
        ("subjects", ("subjects",), file.subjects),
        ("filings", ("filings",), file.filings),
        ("markers", ("target", "markers"), target.markers),
    ]
    lists = ("report_kinds", "edit_scopes", "personas", "disclosure_topics")
    groups.extend((name, ("target", name), getattr(target, name)) for name in lists)
    for group, steps, names in groups:
        listed = isinstance(names, tuple)
        for index, name in enumerate(names):
            close = difflib.get_close_matches(name, KNOWN[group], n=1, cutoff=_ALIKE)
            if close and close[0] != name:
                at: Steps = (*steps, index if listed else name)
                yield at, f"found {name!r}, which no check looks for, expected {close[0]!r}"


def _unnamed_events(steps: Steps, section: RequestSection) -> Found:
    """An end by the name of an event, where what comes has no names."""
    stream = section.stream
    if stream is None or not stream.done_event or (section.websocket is None and stream.format == "events"):
        return
    what = "format: lines" if section.websocket is None else "websocket"
    yield (*steps, "stream", "done_event"), f"found done_event with {what}, expected done or done_when: it has no names"


def _unheard_callbacks(file: BindingFile, steps: Steps, section: RequestSection) -> Found:
    """A provider that is not told where to call back will not call."""
    whole, _ = with_defaults(section, file.defaults)
    if whole.poll is None or not whole.poll.callback:
        return
    given = [whole.path, whole.url, whole.query, whole.headers, *whole.bodies]
    given += [part for step in whole.steps for part in (step.path, step.url, step.query, step.headers, *step.bodies)]
    if not mentions([each for each in given if each is not None], "callback"):
        yield (
            (*steps, "poll", "callback"),
            "found a callback that the request does not ask for, expected {{ callback.url }} in it",
        )


def wrong_with_list(shape: Shape, section: RequestSection) -> Iterator[tuple[str, str]]:
    """What is wrong with a response that is a list: the key, and a sentence."""
    views = shape is SHAPES[Operation.VIEW]
    listed = bool(shape.items) and not (views and "items" not in section.extract)
    if section.pages is not None and not listed:
        why = "but the response is no list without extract.items" if views else "which this operation does not give"
        yield "pages", f"found pages, {why}"
    if not views or not listed:
        return
    items = section.extract["items"]
    if "id" not in section.extract and not (isinstance(items, dict) and "id" in (items.get("each") or {})):
        yield "extract", "found extract.items without extract.id, by which the publication is found in the list"
    if section.media is not None:
        yield "media", "found media, but the items of a list are read as text; view another surface for the file"

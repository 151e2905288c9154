"""A binding's operations, compiled: templates and paths are read once, and everything that can be wrong with them is found then."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shenhe.rulebook.document import Fault, Locate, Steps, dotted, shown

from ..provider import Operation, TicketState
from .extraction import Extraction, Query, compile_source
from .format import (
    BODIES,
    Auth,
    BasicAuth,
    BearerAuth,
    BindingFile,
    CookieAuth,
    HeaderAuth,
    NoAuth,
    OAuth2Auth,
    OperationSection,
    PagesSection,
    PollSection,
    RequestSection,
)
from .stream import BoundStream
from .template import Fill, TemplateError, compile_template, expand, mentions, missing


@dataclass(frozen=True)
class Shape:
    """What an operation gives to templates, tells variants apart by, and needs from an answer."""

    values: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    extracts: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    media: bool = False
    media_required: bool = False
    states: bool = False
    #: What the operation makes, to which further values may be attached.
    makes: str = ""
    pages: bool = False


SHAPES: Mapping[Operation, Shape] = {
    Operation.REGISTER: Shape(values=("profile",), extracts=("id", "credentials.*"), required=("id",), makes="account"),
    Operation.VERIFY_IDENTITY: Shape(values=("identity",), facets=("method",), extracts=("verified",)),
    Operation.DELETE_ACCOUNT: Shape(),
    Operation.GRANT_CONSENT: Shape(
        values=("subject", "scope", "statement", "days"), facets=("scope",), extracts=("id",), required=("id",), makes="consent"
    ),
    Operation.REVOKE_CONSENT: Shape(values=("consent",), facets=("scope",)),
    Operation.GENERATE: Shape(
        values=("request",),
        facets=("service", "media_type", "labelled", "agreed"),
        extracts=("id",),
        required=("id",),
        media=True,
        makes="content",
    ),
    Operation.EDIT: Shape(
        values=("request",),
        facets=("service", "media_type", "scope"),
        extracts=("id",),
        required=("id",),
        media=True,
        makes="content",
    ),
    Operation.FETCH: Shape(values=("content", "rendition"), facets=("rendition",), media=True, media_required=True),
    Operation.PUBLISH: Shape(values=("content", "title"), extracts=("id",), required=("id",), makes="publication"),
    Operation.VIEW: Shape(
        values=("publication", "surface"), facets=("surface",), extracts=("text", "notices"), media=True
    ),
    Operation.UPLOAD: Shape(
        values=("media", "declared"),
        facets=("media_type", "declared"),
        extracts=("id",),
        required=("id",),
        media=True,
        makes="content",
    ),
    Operation.SEARCH: Shape(values=("query",), extracts=("publications",), required=("publications",), pages=True),
    Operation.REPORT: Shape(
        values=("request",),
        facets=("kind",),
        extracts=("id", "state", "receipt", "reasons"),
        required=("id",),
        states=True,
        makes="ticket",
    ),
    Operation.REPORT_STATUS: Shape(
        values=("ticket",), extracts=("id", "state", "receipt", "reasons"), required=("state",), states=True
    ),
    Operation.APPEAL: Shape(
        values=("publication", "statement"),
        extracts=("id", "state", "receipt", "reasons"),
        required=("id",),
        states=True,
        makes="ticket",
    ),
    Operation.REFUTATIONS: Shape(values=("publication",), extracts=("items", "publication", "text"), pages=True),
    Operation.DISCLOSURES: Shape(values=("topic",), facets=("topic",), extracts=("text", "fields.*")),
    Operation.RECORDS: Shape(values=("kind",), facets=("kind",), extracts=("items", "kind", "at", "subject", "text"), pages=True),
    Operation.ADVANCE_CLOCK: Shape(values=("hours",)),
    Operation.RESET: Shape(),
}


@dataclass(frozen=True)
class BoundPart:
    """One part of a multipart form; ``filename`` is ``None`` for an ordinary field."""

    name: str
    data: Fill
    filename: Fill | None = None
    type: Fill | None = None


@dataclass(frozen=True)
class BoundTokens:
    """Where an access token is fetched, and with what (RFC 6749, section 4.4)."""

    token_url: str
    client_id: Fill
    client_secret: Fill
    in_form: bool
    extra: Mapping[str, Fill]


@dataclass(frozen=True)
class BoundAuth:
    """How a request says who asks: one header, sent only when somebody is signed in if it speaks of the account."""

    header: str
    value: Fill
    of_account: bool
    bearer: bool = False
    basic: tuple[Fill, Fill] | None = None
    cookies: Mapping[str, Fill] = field(default_factory=dict)
    tokens: BoundTokens | None = None


@dataclass(frozen=True)
class BoundMedia:
    """Where the bytes of an answer are."""

    kind: str
    at: Query | None = None
    type: Query | None = None
    media_type: Fill | None = None


@dataclass(frozen=True)
class BoundPoll:
    """How to ask again until an answer is ready."""

    method: str
    path: Fill | None
    location: Extraction | None
    query: Fill
    headers: Fill
    pending: frozenset[int]
    until: Query | None
    failed: Query | None
    refused: Query | None
    every: float
    timeout: float


@dataclass(frozen=True)
class BoundPages:
    """How the next page of a list is had, and how many there may be."""

    next: Extraction | None
    cursor: Query | None
    number: int | None
    more: Query | None
    most: int


@dataclass(frozen=True)
class BoundRequest:
    """One way to ask for an operation. ``place`` gives ``binding.yaml:41: operations.x.path`` for a key of it."""

    operation: str
    origin: str
    place: Callable[..., str]
    when: Mapping[str, frozenset[Any]]
    method: str
    path: Fill
    query: Fill
    headers: Fill
    json: Fill | None
    form: Fill | None
    multipart: tuple[BoundPart, ...] | None
    body: Fill | None
    accepts: frozenset[int]
    refuses: frozenset[int]
    accept_when: Query | None
    refuse_when: Query | None
    extract: Mapping[str, Extraction]
    states: Mapping[str, TicketState]
    reason: Query | None
    notice: Query | None
    auth: BoundAuth | None
    media: BoundMedia | None
    poll: BoundPoll | None
    unavailable_when: Query | None = None
    pages: BoundPages | None = None
    stream: BoundStream | None = None
    #: The credentials of an account that the request speaks of, in its auth or anywhere else.
    needs: frozenset[str] = frozenset()
    follow_redirects: bool = False
    groups: Mapping[str, Mapping[str, Extraction]] = field(default_factory=dict)

    def matches(self, facets: Mapping[str, Any]) -> bool:
        """Whether this way serves a request with these ``facets``; a facet that is not known is taken to match."""
        return all(facets[name] in wanted for name, wanted in self.when.items() if name in facets)


@dataclass(frozen=True)
class BoundLogin:
    """How an account gets a session, what it then has, and by what an answer shows that the session is over."""

    way: BoundRequest
    gives: frozenset[str]
    expired: frozenset[int]
    expired_when: Query | None


LOGIN = "login"
_LOGIN_SHAPE = Shape(extracts=("credentials.*",))


class Compiler:
    """Compiles a validated :class:`BindingFile`; what is wrong is gathered in ``faults``."""

    def __init__(self, file: BindingFile, locate: Locate, environ: Mapping[str, str]) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self._locate = locate
        self._environ = environ
        self._carried = {
            (SHAPES[operation].makes, name)
            for operation, section in file.operations.items()
            for each in (section, *section.variants)
            for name in _names(each.extract.get("carry"))
        }

    def login(self) -> BoundLogin | None:
        """How an account signs in, where the file says so."""
        section = self.file.login
        if section is None:
            return None
        way = self._request(LOGIN, section, section.written, (LOGIN,), {}, _LOGIN_SHAPE)
        gives = frozenset(way.groups.get("credentials", {}))
        if not gives:
            self._fault((LOGIN,), "found no extract.credentials, expected what an account has once it is signed in, by name")
        expired_when = None if section.expired_when is None else self._query(section.expired_when, (LOGIN, "expired_when"))
        return BoundLogin(way, gives, _statuses(section.expired_status), expired_when)

    def operations(self) -> dict[Operation, tuple[BoundRequest, ...]]:
        """Each bound operation with its ways of asking, the most particular first."""
        bound: dict[Operation, tuple[BoundRequest, ...]] = {}
        for operation, section in self.file.operations.items():
            steps: Steps = ("operations", operation.value)
            ways = [
                self._request(
                    operation,
                    merged(section, variant),
                    variant.written,
                    (*steps, "variants", index),
                    {str(key): value for key, value in variant.when.items()},
                )
                for index, variant in enumerate(section.variants)
            ]
            if section.path is not None or not section.variants:
                ways.append(self._request(operation, section, frozenset(), steps, {}))
            bound[operation] = tuple(ways)
            self._check_covered(operation, bound[operation], steps)
        return bound

    def _fault(self, steps: Steps, message: str) -> None:
        self.faults.append(Fault(self._locate.source_name, self._locate(steps, key=True), self._locate.known(steps), message))

    def _request(
        self,
        operation: str,
        section: RequestSection,
        own: frozenset[str],
        steps: Steps,
        when: Mapping[str, Any],
        shape: Shape | None = None,
    ) -> BoundRequest:
        shape = shape or SHAPES[Operation(operation)]
        base: Steps = ("operations", str(operation))

        def at(key: str, *inner: str | int) -> Steps:
            return (*(steps if key in own else base), key, *inner)

        def place(key: str = "", *inner: str | int) -> str:
            where = at(key, *inner) if key else steps
            if key == "auth" and section.auth is None:
                where = ("auth", *inner)
            return f"{self._locate.source_name}:{self._locate(where, key=True).line}: {dotted(self._locate.known(where))}"

        known = frozenset({"account", "carried", *shape.values, *(["page"] if section.pages is not None else [])})

        def fill(key: str, value: Any, *inner: str | int, path: bool = False, names: frozenset[str] = known) -> Fill:
            return self._fill(value, at(key, *inner), names, path=path)

        def query(key: str, value: str | None, *inner: str | int) -> Query | None:
            return None if value is None else self._query(value, at(key, *inner))

        if section.path is None:
            self._fault(steps, "found no path, expected one such as /v1/items")
        for facet in when:
            if facet not in shape.facets:
                expected = ", ".join(shape.facets) or "no variants for this operation"
                self._fault((*steps, "when", facet), f"found {facet!r}, expected one of: {expected}")
        if section.pages is not None and not shape.pages:
            self._fault(at("pages"), "found pages, which this operation does not give")
        extract, groups = self._extractions(shape, section, at, operation, known | {"answer"})
        body_given = any(_body(section, name) is not None for name in BODIES)
        return BoundRequest(
            operation=operation,
            origin=f"{self._locate.source_name}:{self._locate(steps, key=True).line}",
            place=place,
            when={name: frozenset(value if isinstance(value, list) else [value]) for name, value in when.items()},
            method=section.method or ("POST" if body_given else "GET"),
            path=fill("path", section.path or "/", path=True),
            query=fill("query", section.query),
            headers=fill("headers", section.headers),
            json=None if section.json_ is None else fill("json", section.json_),
            form=None if section.form is None else fill("form", section.form),
            multipart=None if section.multipart is None else tuple(self._parts(section.multipart, at, known)),
            body=None if section.body is None else fill("body", section.body),
            accepts=_statuses(section.accept_status),
            refuses=_statuses(section.refuse_status) - _statuses(section.accept_status),
            accept_when=query("accept_when", section.accept_when),
            refuse_when=query("refuse_when", section.refuse_when),
            extract=extract,
            groups=groups,
            states=self._states(section, at),
            reason=query("reason", section.reason),
            notice=query("notice", section.notice),
            auth=self._auth(section, at, known),
            media=self._media(shape, section, at, known),
            poll=None if section.poll is None else self._poll(section.poll, lambda *inner: at("poll", *inner), known | {"answer"}),
            unavailable_when=query("unavailable_when", section.unavailable_when),
            pages=None if section.pages is None else self._pages(section.pages, lambda *inner: at("pages", *inner), known | {"answer"}),
            stream=None
            if section.stream is None
            else BoundStream(query("stream", section.stream.text, "text"), section.stream.done),
            needs=frozenset(_credentials([*_templates(section), *auth_texts(section.auth or self.file.auth).values()])),
            follow_redirects=section.follow_redirects,
        )

    def _poll(self, poll: PollSection, at: Callable[..., Steps], known: frozenset[str]) -> BoundPoll:
        def query(key: str, value: str | None) -> Query | None:
            return None if value is None else self._query(value, at(key))

        return BoundPoll(
            method=poll.method,
            path=None if poll.path is None else self._fill(poll.path, at("path"), known, path=True),
            location=None if poll.location is None else self._source(_as_written(poll.location), at("location"), known),
            query=self._fill(poll.query, at("query"), known),
            headers=self._fill(poll.headers, at("headers"), known),
            pending=_statuses(poll.pending_status),
            until=query("until", poll.until),
            failed=query("failed", poll.failed),
            refused=query("refused", poll.refused),
            every=poll.every,
            timeout=poll.timeout,
        )

    def _pages(self, pages: PagesSection, at: Callable[..., Steps], known: frozenset[str]) -> BoundPages:
        return BoundPages(
            next=None if pages.next is None else self._source(_as_written(pages.next), at("next"), known),
            cursor=None if pages.cursor is None else self._query(pages.cursor, at("cursor")),
            number=pages.number,
            more=None if pages.more is None else self._query(pages.more, at("more")),
            most=pages.most,
        )

    def _fill(self, value: Any, steps: Steps, known: frozenset[str], *, path: bool = False) -> Fill:
        """Compile leaf by leaf, so that a fault is found at its own line."""
        if isinstance(value, Mapping):
            for key, inner in value.items():
                self._fill(inner, (*steps, key), known)
        elif isinstance(value, list | tuple):
            for index, inner in enumerate(value):
                self._fill(inner, (*steps, index), known)
        for kind, name in _CARRIED.findall(value) if isinstance(value, str) else ():
            if (kind, name) not in self._carried:
                offered = ", ".join(f"carried.{one}.{other}" for one, other in sorted(self._carried)) or "no operation extracts carry"
                self._fault(steps, f"found carried.{kind}.{name}, expected one of: {offered}")
        try:
            return compile_template(value, environ=self._environ, known=known, path=path)
        except TemplateError as error:
            if isinstance(value, str):
                self._fault(steps, str(error))
            return lambda values: None

    def _query(self, expression: str, steps: Steps) -> Query:
        try:
            return Query(expression)
        except ValueError as error:
            self._fault(steps, str(error))
            return Query("@")

    def _source(self, value: Any, steps: Steps, known: frozenset[str]) -> Extraction:
        try:
            return compile_source(value, lambda text: self._fill(text, (*steps, "value"), known))
        except ValueError as error:
            self._fault(steps, str(error))
            return Query("@")

    def _extractions(
        self, shape: Shape, section: RequestSection, at: Callable[..., Steps], operation: str, known: frozenset[str]
    ) -> tuple[dict[str, Extraction], dict[str, dict[str, Extraction]]]:
        single: dict[str, Extraction] = {}
        groups: dict[str, dict[str, Extraction]] = {}
        offered = (*shape.extracts, *(["carry.*"] if shape.makes else []))
        for name, value in section.extract.items():
            if f"{name}.*" in offered:
                if not isinstance(value, dict):
                    self._fault(at("extract", name), f"found {shown(value)}, expected names with JMESPath expressions")
                    continue
                groups[name] = {key: self._source(item, at("extract", name, key), known) for key, item in value.items()}
            elif name in offered:
                single[name] = self._source(value, at("extract", name), known)
            else:
                expected = ", ".join(item.removesuffix(".*") for item in offered)
                hint = f"expected one of: {expected}" if expected else f"{operation} needs nothing from the answer"
                self._fault(at("extract", name), f"found {name!r}, {hint}")
        for name in shape.required:
            if name not in single:
                self._fault(at("extract"), f"found no extract.{name}, expected where the answer says it")
        return single, groups

    def _parts(self, parts: Mapping[str, Any], at: Callable[..., Steps], known: frozenset[str]) -> Iterator[BoundPart]:
        for name, value in parts.items():
            steps = at("multipart", name)
            if not isinstance(value, dict):
                yield BoundPart(name, self._fill(value, steps, known))
                continue
            unknown = sorted(set(value) - {"data", "filename", "type"})
            if unknown or "data" not in value:
                found = repr(unknown[0]) if unknown else "no data"
                self._fault(steps, f"found {found}, expected data, and filename and type if need be")
                continue
            yield BoundPart(
                name,
                self._fill(value["data"], (*steps, "data"), known),
                self._fill(value.get("filename", name), (*steps, "filename"), known),
                self._fill(value.get("type", "application/octet-stream"), (*steps, "type"), known),
            )

    def _states(self, section: RequestSection, at: Callable[..., Steps]) -> dict[str, TicketState]:
        words = {state.value: state for state in TicketState}
        for state, names in section.states.items():
            for name in names:
                if words.get(name, state) is not state and name not in {item.value for item in TicketState}:
                    self._fault(at("states", state.value), f"found {name!r} under two states, expected it under one")
                words[name] = state
        return words

    def _auth(self, section: RequestSection, at: Callable[..., Steps], known: frozenset[str]) -> BoundAuth | None:
        own = section.auth is not None
        auth = section.auth if section.auth is not None else self.file.auth

        base: Steps = at("auth") if own else ("auth",)

        def fill(value: str, *inner: str) -> Fill:
            return self._fill(value, (*base, *inner), known if own else frozenset({"account", "carried"}))

        return _bound_auth(auth, fill, self._environ, lambda key, why: self._fault((*base, key), why))

    def _media(
        self, shape: Shape, section: RequestSection, at: Callable[..., Steps], known: frozenset[str]
    ) -> BoundMedia | None:
        media = section.media
        if media is None:
            if shape.media_required:
                self._fault(at("media"), "found no media, expected where the bytes are, such as media: body")
            return None
        if not shape.media:
            self._fault(at("media"), "found media, which this operation does not give")
            return None
        if isinstance(media, str):
            return BoundMedia("body")
        kind = next(name for name in ("body", "base64", "url", "text") if getattr(media, name) is not None)
        expression = getattr(media, kind)
        return BoundMedia(
            kind,
            None if kind == "body" else self._query(expression, at("media", kind)),
            None if media.type is None else self._query(media.type, at("media", "type")),
            None if media.media_type is None else self._fill(media.media_type, at("media", "media_type"), known),
        )

    def _check_covered(self, operation: Operation, ways: tuple[BoundRequest, ...], steps: Steps) -> None:
        target = self.file.target
        declared: dict[str, list[dict[str, Any]]] = {
            Operation.GENERATE: [
                {"service": service, "media_type": kind} for service, kinds in target.services.items() for kind in kinds
            ],
            Operation.EDIT: [{"scope": scope} for scope in target.edit_scopes],
            Operation.FETCH: [{"rendition": name} for name in target.renditions],
            Operation.VIEW: [{"surface": name} for name in target.surfaces],
            Operation.DISCLOSURES: [{"topic": name} for name in target.disclosure_topics],
            Operation.VERIFY_IDENTITY: [{"method": name} for name in target.identity_methods],
            Operation.REPORT: [{"kind": name} for name in target.report_kinds],
        }
        for facets in declared.get(operation, []):
            if not any(way.matches(facets) for way in ways):
                wanted = ", ".join(f"{name} {value}" for name, value in facets.items())
                self._fault(steps, f"found no variant for {wanted}, which target declares; expected one, or a path for all others")


_CREDENTIAL = re.compile(r"account\.credentials\.(\w+)")
_CARRIED = re.compile(r"\bcarried\.(\w+)\.(\w+)")


def _bound_auth(auth: Auth, fill: Callable[..., Fill], environ: Mapping[str, str], fault: Callable[[str, str], None]) -> BoundAuth | None:
    of_account = mentions(list(auth_texts(auth).values()), "account")
    match auth:
        case NoAuth():
            return None
        case BearerAuth():
            return BoundAuth("Authorization", fill(auth.token, "token"), of_account, bearer=True)
        case HeaderAuth():
            return BoundAuth(auth.name, fill(auth.value, "value"), of_account)
        case BasicAuth():
            pair = (fill(auth.username, "username"), fill(auth.password, "password"))
            return BoundAuth("Authorization", pair[0], of_account, basic=pair)
        case CookieAuth():
            cookies = {name: fill(value, "cookies", name) for name, value in auth.cookies.items()}
            return BoundAuth("Cookie", fill(""), of_account, cookies=cookies)
        case OAuth2Auth():
            try:
                url = expand(auth.token_url, environ)
            except KeyError as error:
                fault("token_url", missing(error.args[0]))
                url = "/"
            extra = {name: fill(value, "extra", name) for name, value in auth.extra.items()}
            if auth.scope is not None:
                extra["scope"] = fill(auth.scope, "scope")
            tokens = BoundTokens(
                url, fill(auth.client_id, "client_id"), fill(auth.client_secret, "client_secret"), auth.client_auth == "form", extra
            )
            return BoundAuth("Authorization", fill(""), of_account, bearer=True, tokens=tokens)


def auth_texts(auth: Auth) -> dict[str, str]:
    """The texts of ``auth`` that may be secret or speak of an account, by key."""
    match auth:
        case CookieAuth():
            return {f"cookies.{name}": value for name, value in auth.cookies.items()}
        case OAuth2Auth():
            return {"client_id": auth.client_id, "client_secret": auth.client_secret}
        case BearerAuth():
            return {"token": auth.token}
        case HeaderAuth():
            return {"value": auth.value}
        case BasicAuth():
            return {"username": auth.username, "password": auth.password}
        case NoAuth():
            return {}


def _templates(section: RequestSection) -> list[Any]:
    """Everything in a section that is filled in when a request is written, auth excepted."""
    given = [section.path, section.query, section.headers, *(_body(section, name) for name in BODIES)]
    return [*given, *([section.poll.path, section.poll.query, section.poll.headers] if section.poll else [])]


def _credentials(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _CREDENTIAL.findall(value)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for each in inner:
        yield from _credentials(each)


def _names(mapping: Any) -> Iterator[str]:
    yield from mapping if isinstance(mapping, dict) else ()


def _as_written(source: Any) -> Any:
    """A source as the file has it, from what pydantic made of it."""
    return source if isinstance(source, str) else source.model_dump()


def missing_credentials(file: BindingFile) -> Iterator[tuple[Steps, str]]:
    """Credentials that ``auth`` relies on and ``register`` does not extract."""
    register = file.operations.get(Operation.REGISTER)
    if register is None or isinstance(file.auth, NoAuth) or register.variants:
        return
    given = register.extract.get("credentials", {})
    from_login = file.login.extract.get("credentials", {}) if file.login else {}
    for key, text in auth_texts(file.auth).items():
        for name in _CREDENTIAL.findall(text):
            if isinstance(given, dict) and name not in given and name not in from_login:
                yield (
                    ("auth", *key.split(".")),
                    f"found account.credentials.{name}, expected operations.register.extract.credentials (or login) to say where {name} is",
                )


def _body(section: RequestSection, name: str) -> Any:
    return getattr(section, "json_" if name == "json" else name)


def merged(section: OperationSection, variant: RequestSection) -> RequestSection:
    """The operation's keys with the variant's own in place of them; a body of the variant's replaces the operation's whole."""
    update: dict[str, Any] = {name: getattr(variant, name) for name in variant.model_fields_set if name != "when"}
    if any(name in variant.written for name in BODIES):
        update = {**{"json_" if name == "json" else name: None for name in BODIES}, **update}
    return section.model_copy(update=update)


def _statuses(given: tuple[int | str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for item in given:
        if isinstance(item, int):
            found.add(item)
        else:
            found.update(range(int(item[0]) * 100, int(item[0]) * 100 + 100))
            found -= {408, 425, 429} - {other for other in given if isinstance(other, int)}
    return frozenset(found)

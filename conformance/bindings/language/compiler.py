"""A binding's operations, compiled: templates, sources and conditions are read once, and their errors found then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shenhe.conformance.apps import ListingState
from shenhe.conformance.entities import TicketState
from shenhe.conformance.operations import Operation, TargetRole
from shenhe.conformance.roles import operations_of
from shenhe.core.document import Fault, Locate, Steps, dotted, shown

from .auth import (
    all_auth,
    auth_texts,
    bound_auth,
    callback_signature,
    credentials_named,
    names_account,
    names_age,
    names_agreement,
    names_holder,
    names_producer,
)
from .bound import (
    BoundAuth,
    BoundLogin,
    BoundMedia,
    BoundPages,
    BoundPart,
    BoundPoll,
    BoundRequest,
    BoundStep,
    BoundWebsocket,
)
from .expressions import Expressions, statuses
from .format import MEDIA_KINDS, BindingFile, PagesSection, PollSection, RequestSection
from .format import Condition as WrittenCondition
from .format.auth import CallbackSignature
from .graphql import as_json_request
from .inheritance import addresses, has_address, with_defaults
from .mistakes import declared_names, suggestion, wrong_with_list
from .responses.conditions import Condition
from .responses.sources import Query, Source
from .responses.stream import BoundStream
from .shapes import LOGIN, LOGIN_SHAPE, SHAPES, STEP_SHAPE, Shape
from .template import Fill


class Compiler:
    """Compiles a validated :class:`~.format.BindingFile`; what is wrong is gathered in ``faults``."""

    def __init__(self, file: BindingFile, locate: Locate, environ: Mapping[str, str]) -> None:
        self.file = file
        self._locate = locate
        self._environ = environ
        carried = {
            (SHAPES[operation].makes, name)
            for operation, section in file.operations.items()
            for each in (section, *section.variants)
            for name in _names(each.extract.get("carry"))
        }
        self.expressions = Expressions(locate, environ, frozenset(carried), declared_names(file))
        self._in_login = False
        #: The names that the templates of a step have from the operation around it.
        self._names_around: frozenset[str] = frozenset()

    @property
    def faults(self) -> list[Fault]:
        """What was found wrong so far, in the order in which it was found."""
        return self.expressions.faults

    def login(self) -> BoundLogin | None:
        """How an account signs in, where the file says so."""
        section = self.file.login
        if section is None:
            return None
        self._in_login = True
        request = self._request(LOGIN, section, section.written, (LOGIN,), {}, LOGIN_SHAPE)
        self._in_login = False
        gives = frozenset(request.groups.get("credentials", {}))
        if not gives:
            self.expressions.fault(
                (LOGIN,),
                "found no extract.credentials, expected the names and values of an account's credentials after sign-in",
            )
        expired_when = (
            None
            if section.expired_when is None
            else self.expressions.condition(section.expired_when, (LOGIN, "expired_when"))
        )
        return BoundLogin(request, gives, statuses(section.expired_status), expired_when)

    def operations(self) -> dict[Operation, tuple[BoundRequest, ...]]:
        """Each bound operation with its requests, the most particular first."""
        bound: dict[Operation, tuple[BoundRequest, ...]] = {}
        for operation, section in self.file.operations.items():
            steps: Steps = ("operations", operation.value)
            requests = [
                self._request(
                    operation,
                    section.with_variant(variant),
                    variant.written,
                    (*steps, "variants", index),
                    {str(key): value for key, value in variant.when.items()},
                )
                for index, variant in enumerate(section.variants)
            ]
            if section.held or not section.variants or has_address(section, self.file.defaults):
                requests.append(self._request(operation, section, frozenset(), steps, {}))
            bound[operation] = tuple(requests)
            self._check_role(operation, steps)
            self._check_covered(operation, bound[operation], steps)
        return bound

    def _request(
        self,
        operation: str,
        section: RequestSection,
        own: frozenset[str],
        steps: Steps,
        when: Mapping[str, Any],
        shape: Shape | None = None,
        base: Steps | None = None,
    ) -> BoundRequest:
        """One request compiled. The keys in ``own`` are at ``steps``, the others at ``base`` or under ``defaults``."""
        shape = shape or SHAPES[Operation(operation)]
        base = base if base is not None else ("operations", str(operation))
        section, inherited = with_defaults(section, None if section.held else self.file.defaults)
        section = as_json_request(section)

        def at(key: str, *inner: str | int) -> Steps:
            if key in inherited:
                return ("defaults", key, *inner)
            if inner and inner[0] in inherited.get(f"{key}.", ()):
                return ("defaults", key, *inner)
            return (*(steps if key in own else base), key, *inner)

        def place(key: str = "", *inner: str | int) -> str:
            where = at(key, *inner) if key else steps
            if key == "auth" and section.auth is None:
                where = ("auth", *inner)
            line = self._locate(where, key=True).line
            return f"{self._locate.source_name}:{line}: {dotted(self._locate.known(where))}"

        names = {"account", "carried", "constants", "markers", "clock", *shape.values}
        if section.pages is not None:
            names.add("page")
        if section.poll is not None and section.poll.callback:
            names.add("callback")
        if section.steps or shape is STEP_SHAPE:
            names.add("steps")
        known = frozenset(names) | self._names_around
        outer_values, outer_names = self.expressions.step_values, self._names_around
        bound_steps = tuple(self._steps(operation, section, at, known))
        bound = self._compiled(operation, section, steps, when, shape, at, place, known, bound_steps)
        self.expressions.step_values, self._names_around = outer_values, outer_names
        return bound

    def _steps(
        self, operation: str, section: RequestSection, at: Callable[..., Steps], known: frozenset[str]
    ) -> Iterator[BoundStep]:
        """The steps of an operation in order; the values of each are known to those after it."""
        self._names_around = known
        for index, step in enumerate(section.steps):
            steps = at("steps", index)
            condition = None if step.if_ is None else self.expressions.fill(step.if_, (*steps, "if"), known)
            request = self._request(operation, step, step.written, steps, {}, STEP_SHAPE, steps)
            if step.name in self.expressions.step_values:
                self.expressions.fault((*steps, "name"), f"found {step.name!r} twice, expected a name for each step")
            values = frozenset(request.extract) | frozenset(request.groups.get("credentials", {}))
            self.expressions.step_values = {**self.expressions.step_values, step.name: values}
            yield BoundStep(step.name, request, condition)

    def _compiled(
        self,
        operation: str,
        section: RequestSection,
        steps: Steps,
        when: Mapping[str, Any],
        shape: Shape,
        at: Callable[..., Steps],
        place: Callable[..., str],
        known: frozenset[str],
        bound_steps: tuple[BoundStep, ...],
    ) -> BoundRequest:
        in_response = known | {"answer", "response"} | ({"first"} if section.poll is not None else frozenset())

        def fill(key: str, value: Any, *inner: str | int, path: bool = False) -> Fill:
            return self.expressions.fill(value, at(key, *inner), known, path=path)

        def source(key: str, value: Any) -> Source | None:
            return None if value is None else self.expressions.source(value, at(key), in_response)

        def condition(key: str, value: WrittenCondition | None) -> Condition | None:
            return None if value is None else self.expressions.condition(value, at(key))

        self._check_request(section, steps, when, shape, at)
        extract, groups = self._extractions(shape, section, at, operation, in_response)
        auth = tuple(self._auth(section, at, known, place))
        websocket, poll, pages, stream = section.websocket, section.poll, section.pages, section.stream
        return BoundRequest(
            operation=operation,
            origin=f"{self._locate.source_name}:{self._locate(steps, key=True).line}",
            place=place,
            when={name: frozenset(value if isinstance(value, list) else [value]) for name, value in when.items()},
            # A WebSocket is opened by a GET: a signature over the request line is one over that.
            method=section.method or ("POST" if section.bodies and websocket is None else "GET"),
            steps=bound_steps,
            host=section.host or "",
            path=fill("path", section.path or "/", path=True),
            url=None if section.url is None else fill("url", section.url),
            query=fill("query", section.query),
            headers=fill("headers", section.headers),
            json=None if section.json_ is None else fill("json", section.json_),
            form=None if section.form is None else fill("form", section.form),
            multipart=None if section.multipart is None else tuple(self._parts(section.multipart, at, known)),
            body=None if section.body is None else fill("body", section.body),
            websocket=None
            if websocket is None
            else BoundWebsocket(
                tuple(fill("websocket", each, "send", index) for index, each in enumerate(websocket.send))
            ),
            accepts=statuses(section.accept_status),
            refuses=statuses(section.refuse_status) - statuses(section.accept_status),
            accept_when=condition("accept_when", section.accept_when),
            refuse_when=condition("refuse_when", section.refuse_when),
            unavailable_when=condition("unavailable_when", section.unavailable_when),
            absent_when=condition("absent_when", section.absent_when),
            extract=extract,
            groups=groups,
            states=self._states(section, shape, at),
            reason=source("reason", section.reason),
            notice=source("notice", section.notice),
            auth=auth,
            media=self._media(shape, section, at, known),
            poll=None if poll is None else self._poll(poll, lambda *inner: at("poll", *inner), in_response),
            pages=None if pages is None else self._pages(pages, lambda *inner: at("pages", *inner), in_response),
            stream=None
            if stream is None
            else BoundStream(
                self._query(stream.text, at("stream", "text")),
                stream.done,
                self._query(stream.done_when, at("stream", "done_when")),
                stream.format == "lines" or websocket is not None,
                stream.done_event,
            ),
            needs=frozenset(
                credentials_named([*_templates(section), *auth_texts(section.auth or self.file.auth).values()])
            ),
            names_account=(any(each.of_account for each in auth) or any(credentials_named(_all_templates(section))))
            and names_account(_all_templates(section)),
            names_holder=names_holder(_all_templates(section)),
            names_age=names_age(_all_templates(section)),
            names_producer=names_producer(_all_templates(section)),
            names_agreement=names_agreement(_all_templates(section)),
            follow_redirects=section.follow_redirects,
            held=section.held,
            keep_cookies=section.keep_cookies,
        )

    def _check_request(
        self, section: RequestSection, steps: Steps, when: Mapping[str, Any], shape: Shape, at: Callable[..., Steps]
    ) -> None:
        """Add the errors that concern a request as a whole."""
        if section.held and shape is not SHAPES[Operation.UPLOAD]:
            self.expressions.fault(at("held"), "found held, which only upload can be; expected a path")
        elif not section.addressed and not section.held:
            self.expressions.fault(steps, "found no path, expected one such as /v1/items")
        if section.host is not None and section.host not in self.file.target.hosts:
            expected = ", ".join(self.file.target.hosts) or "names of base URLs under target.hosts"
            self.expressions.fault(at("host"), f"found {section.host!r}, expected one of: {expected}")
        for facet in when:
            if facet not in shape.facets:
                expected = ", ".join(shape.facets) or "no variants for this operation"
                self.expressions.fault((*steps, "when", facet), f"found {facet!r}, expected one of: {expected}")
        for key, why in wrong_with_list(shape, section):
            self.expressions.fault(at(key), why)

    def _query(self, expression: str | None, steps: Steps) -> Query | None:
        return None if expression is None else self.expressions.query(expression, steps)

    def _poll(self, poll: PollSection, at: Callable[..., Steps], known: frozenset[str]) -> BoundPoll:
        def condition(key: str, value: WrittenCondition | None) -> Condition | None:
            return None if value is None else self.expressions.condition(value, at(key))

        has_body = poll.json_ is not None or poll.form is not None
        return BoundPoll(
            method=poll.method or ("POST" if has_body else "GET"),
            path=None if poll.path is None else self.expressions.fill(poll.path, at("path"), known, path=True),
            location=None if poll.location is None else self.expressions.source(poll.location, at("location"), known),
            callback=poll.callback,
            query=self.expressions.fill(poll.query, at("query"), known),
            headers=self.expressions.fill(poll.headers, at("headers"), known),
            json=None if poll.json_ is None else self.expressions.fill(poll.json_, at("json"), known),
            form=None if poll.form is None else self.expressions.fill(poll.form, at("form"), known),
            pending=statuses(poll.pending_status),
            until=condition("until", poll.until),
            failed=condition("failed", poll.failed),
            refused=condition("refused", poll.refused),
            every=poll.every,
            timeout=poll.timeout,
            signature=None if poll.signature is None else self._callback_signature(poll.signature, at, known),
        )

    def _callback_signature(
        self, recipe: CallbackSignature, at: Callable[..., Steps], known: frozenset[str]
    ) -> BoundAuth:
        def fill(value: Any, *keys: str | int, more: frozenset[str] = frozenset()) -> Fill:
            return self.expressions.fill(value, (*at("signature"), *keys), known | more)

        def place(*keys: str) -> str:
            where = (*at("signature"), *keys)
            line = self._locate(where, key=True).line
            return f"{self._locate.source_name}:{line}: {dotted(self._locate.known(where))}"

        return callback_signature(recipe, fill, place)

    def _pages(self, pages: PagesSection, at: Callable[..., Steps], known: frozenset[str]) -> BoundPages:
        return BoundPages(
            next=None if pages.next is None else self.expressions.source(pages.next, at("next"), known),
            cursor=None if pages.cursor is None else self.expressions.source(pages.cursor, at("cursor"), known),
            number=pages.number,
            more=None if pages.more is None else self.expressions.condition(pages.more, at("more")),
            most=pages.most,
        )

    def _extractions(
        self, shape: Shape, section: RequestSection, at: Callable[..., Steps], operation: str, known: frozenset[str]
    ) -> tuple[dict[str, Source], dict[str, dict[str, Source]]]:
        single: dict[str, Source] = {}
        groups: dict[str, dict[str, Source]] = {}
        offered = (*shape.extracts, *(["carry.*"] if shape.makes else []))
        for name, value in section.extract.items():
            if f"{name}.*" in offered:
                if not isinstance(value, dict):
                    self.expressions.fault(
                        at("extract", name), f"found {shown(value)}, expected names with JMESPath expressions"
                    )
                    continue
                groups[name] = {
                    key: self.expressions.source(item, at("extract", name, key), known) for key, item in value.items()
                }
            elif name in offered or "*" in offered:
                single[name] = self.expressions.source(value, at("extract", name), known)
            else:
                expected = ", ".join(item.removesuffix(".*") for item in offered)
                hint = f"expected one of: {expected}" if expected else f"{operation} needs no value from the response"
                self.expressions.fault(at("extract", name), f"found {name!r}, {hint}")
        for name in shape.required:
            if name not in single and not section.held:
                self.expressions.fault(at("extract"), f"found no extract.{name}, expected its JMESPath expression")
        return single, groups

    def _parts(self, parts: Mapping[str, Any], at: Callable[..., Steps], known: frozenset[str]) -> Iterator[BoundPart]:
        for name, value in parts.items():
            steps = at("multipart", name)
            if not isinstance(value, dict):
                yield BoundPart(name, self.expressions.fill(value, steps, known))
                continue
            unknown = sorted(set(value) - {"data", "filename", "type"})
            if unknown or "data" not in value:
                found = repr(unknown[0]) if unknown else "no data"
                self.expressions.fault(steps, f"found {found}, expected data, and filename and type if need be")
                continue
            for key in ("filename", "type"):
                if key in value and not isinstance(value[key], str):
                    self.expressions.fault((*steps, key), f"found {shown(value[key])}, expected a text")
            yield BoundPart(
                name,
                self.expressions.fill(value["data"], (*steps, "data"), known),
                self.expressions.fill(value.get("filename", name), (*steps, "filename"), known),
                self.expressions.fill(value.get("type", "application/octet-stream"), (*steps, "type"), known),
            )

    def _states(
        self, section: RequestSection, shape: Shape, at: Callable[..., Steps]
    ) -> dict[str, TicketState | ListingState]:
        own = {state.value: state for state in shape.states or ()}
        words: dict[str, TicketState | ListingState] = dict(own)
        for key, names in section.states.items():
            state = own.get(key)
            if state is None:
                expected = f"one of: {', '.join(own)}{suggestion(key, own)}" if own else "no states for this operation"
                self.expressions.fault(at("states", key), f"found {key!r}, expected {expected}")
                continue
            for name in names:
                if words.get(name, state) is not state and name not in own:
                    self.expressions.fault(at("states", key), f"found {name!r} under two states, expected it under one")
                words[name] = state
        return words

    def _auth(
        self, section: RequestSection, at: Callable[..., Steps], known: frozenset[str], place: Callable[..., str]
    ) -> Iterator[BoundAuth]:
        own = section.auth is not None
        if self._in_login and not own:
            # No account is signed in yet.
            return
        auth = section.auth if section.auth is not None else self.file.auth
        base: Steps = at("auth") if own else ("auth",)
        names = known if own else frozenset({"account", "carried", "constants", "markers", "clock"})
        for index, each in enumerate(all_auth(auth)):
            inner: Steps = (index,) if isinstance(auth, tuple) else ()

            def fill(value: Any, *keys: str | int, more: frozenset[str] = frozenset(), inner: Steps = inner) -> Fill:
                return self.expressions.fill(value, (*base, *inner, *keys), names | more)

            def fault(key: str, why: str, inner: Steps = inner) -> None:
                self.expressions.fault((*base, *inner, key), why)

            def at_key(*keys: str, inner: Steps = inner) -> str:
                return place("auth", *inner, *keys)

            bound = bound_auth(each, fill, self._environ, fault, at_key)
            if bound is not None:
                yield bound

    def _media(
        self, shape: Shape, section: RequestSection, at: Callable[..., Steps], known: frozenset[str]
    ) -> BoundMedia | None:
        media = section.media
        if media is None:
            if shape.media_required:
                self.expressions.fault(at("media"), "found no media, expected where the bytes are, such as media: body")
            return None
        if not shape.media:
            self.expressions.fault(at("media"), "found media, which this operation does not give")
            return None
        if isinstance(media, str):
            return BoundMedia("body")
        kind = next(name for name in MEDIA_KINDS if getattr(media, name) is not None)
        given = getattr(media, kind)
        in_response = known | {"answer", "response"}
        named = kind in {"zip", "part"}
        return BoundMedia(
            kind,
            None if kind == "body" or named else self.expressions.source(given, at("media", kind), in_response),
            None if media.type is None else self.expressions.source(media.type, at("media", "type"), in_response),
            given if named else "",
            None
            if media.media_type is None
            else self.expressions.fill(media.media_type, at("media", "media_type"), known),
        )

    def _check_role(self, operation: Operation, steps: Steps) -> None:
        roles = self.file.target.roles
        if operation not in operations_of(roles):
            of = " or ".join(role.value for role in TargetRole if operation in operations_of([role]))
            found = f"found {operation.value}, an operation of a {of}"
            self.expressions.fault(steps, f"{found}; expected that role in target.roles, which has {', '.join(roles)}")

    def _check_covered(self, operation: Operation, requests: tuple[BoundRequest, ...], steps: Steps) -> None:
        target = self.file.target
        declared: dict[str, list[dict[str, Any]]] = {
            Operation.GENERATE: [
                {"service": service, "media_type": kind}
                for service, offered in target.services.items()
                for kind in offered.media
            ],
            Operation.EDIT: [{"scope": scope} for scope in target.edit_scopes],
            Operation.FETCH: [{"rendition": name} for name in target.renditions],
            Operation.VIEW: [{"surface": name} for name in target.surfaces],
            Operation.DISCLOSURES: [{"topic": name} for name in target.disclosure_topics],
            Operation.VERIFY_IDENTITY: [{"method": name} for name in target.identity_methods],
            Operation.REPORT: [{"kind": name} for name in target.report_kinds],
            Operation.PUBLISH: [{"way": name} for name in target.publish_ways],
            Operation.UPLOAD: [{"media_type": name} for name in target.uploads],
            Operation.APP_STATUS: [{"storefront": name} for name in target.storefronts],
            Operation.VIEW_APP: [
                {"storefront": storefront, "surface": name}
                for storefront in target.storefronts
                for name in target.listing_surfaces
            ],
            Operation.SEARCH_APPS: [{"storefront": name} for name in target.storefronts],
            Operation.ORDER_APP: [{"measure": name} for name in target.orders],
        }
        for facets in declared.get(operation, []):
            if not any(each.matches(facets) for each in requests):
                wanted = ", ".join(f"{name} {value}" for name, value in facets.items())
                found = f"found no variant for {wanted}, which target declares"
                other = "a body, query or method" if addresses(self.file.defaults) else "a path"
                self.expressions.fault(steps, f"{found}; expected one, or {other} for all others")


def _templates(section: RequestSection) -> list[Any]:
    """Everything in a section that is filled in when its request is built, except auth and steps."""
    poll = section.poll
    given = [section.path, section.url, section.query, section.headers, *section.bodies]
    return [*given, *([poll.path, poll.query, poll.headers, poll.json_, poll.form] if poll else [])]


def _all_templates(section: RequestSection) -> list[Any]:
    """The templates of a section and of its steps."""
    return [*_templates(section), *(each for step in section.steps for each in _templates(step))]


def _names(mapping: Any) -> Iterator[str]:
    yield from mapping if isinstance(mapping, dict) else ()

"""A binding's operations, compiled: templates and paths are read once, and everything that can be wrong with them is
found then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shenhe.conformance.provider import Operation, TicketState
from shenhe.core.document import Fault, Locate, Steps, dotted, shown

from .auth import auth_texts, bound_auth, credentials_named, names_account, names_holder
from .bound import BoundAuth, BoundLogin, BoundMedia, BoundPages, BoundPart, BoundPoll, BoundRequest
from .expressions import Expressions
from .extraction import Extraction, Query
from .format import BindingFile, PagesSection, PollSection, RequestSection
from .shapes import LOGIN, LOGIN_SHAPE, SHAPES, Shape
from .stream import BoundStream
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
        self.expressions = Expressions(locate, environ, frozenset(carried))

    @property
    def faults(self) -> list[Fault]:
        """What was found wrong so far, in the order in which it was found."""
        return self.expressions.faults

    def login(self) -> BoundLogin | None:
        """How an account signs in, where the file says so."""
        section = self.file.login
        if section is None:
            return None
        way = self._request(LOGIN, section, section.written, (LOGIN,), {}, LOGIN_SHAPE)
        gives = frozenset(way.groups.get("credentials", {}))
        if not gives:
            self.expressions.fault(
                (LOGIN,), "found no extract.credentials, expected what an account has once it is signed in, by name"
            )
        expired_when = (
            None
            if section.expired_when is None
            else self.expressions.query(section.expired_when, (LOGIN, "expired_when"))
        )
        return BoundLogin(way, gives, _statuses(section.expired_status), expired_when)

    def operations(self) -> dict[Operation, tuple[BoundRequest, ...]]:
        """Each bound operation with its ways of asking, the most particular first."""
        bound: dict[Operation, tuple[BoundRequest, ...]] = {}
        for operation, section in self.file.operations.items():
            steps: Steps = ("operations", operation.value)
            ways = [
                self._request(
                    operation,
                    section.with_variant(variant),
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
            return (
                f"{self._locate.source_name}:{self._locate(where, key=True).line}: {dotted(self._locate.known(where))}"
            )

        known = frozenset({"account", "carried", *shape.values, *(["page"] if section.pages is not None else [])})

        def fill(key: str, value: Any, *inner: str | int, path: bool = False, names: frozenset[str] = known) -> Fill:
            return self.expressions.fill(value, at(key, *inner), names, path=path)

        def query(key: str, value: str | None, *inner: str | int) -> Query | None:
            return None if value is None else self.expressions.query(value, at(key, *inner))

        if section.path is None:
            self.expressions.fault(steps, "found no path, expected one such as /v1/items")
        for facet in when:
            if facet not in shape.facets:
                expected = ", ".join(shape.facets) or "no variants for this operation"
                self.expressions.fault((*steps, "when", facet), f"found {facet!r}, expected one of: {expected}")
        if section.pages is not None and not shape.items:
            self.expressions.fault(at("pages"), "found pages, which this operation does not give")
        extract, groups = self._extractions(shape, section, at, operation, known | {"answer"})
        auth = self._auth(section, at, known)
        return BoundRequest(
            operation=operation,
            origin=f"{self._locate.source_name}:{self._locate(steps, key=True).line}",
            place=place,
            when={name: frozenset(value if isinstance(value, list) else [value]) for name, value in when.items()},
            method=section.method or ("POST" if section.bodies else "GET"),
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
            auth=auth,
            media=self._media(shape, section, at, known),
            poll=None
            if section.poll is None
            else self._poll(section.poll, lambda *inner: at("poll", *inner), known | {"answer"}),
            unavailable_when=query("unavailable_when", section.unavailable_when),
            pages=None
            if section.pages is None
            else self._pages(section.pages, lambda *inner: at("pages", *inner), known | {"answer"}),
            stream=None
            if section.stream is None
            else BoundStream(query("stream", section.stream.text, "text"), section.stream.done),
            needs=frozenset(
                credentials_named([*_templates(section), *auth_texts(section.auth or self.file.auth).values()])
            ),
            names_account=auth is not None and auth.of_account and names_account(_templates(section)),
            names_holder=names_holder(_templates(section)),
            follow_redirects=section.follow_redirects,
        )

    def _poll(self, poll: PollSection, at: Callable[..., Steps], known: frozenset[str]) -> BoundPoll:
        def query(key: str, value: str | None) -> Query | None:
            return None if value is None else self.expressions.query(value, at(key))

        return BoundPoll(
            method=poll.method,
            path=None if poll.path is None else self.expressions.fill(poll.path, at("path"), known, path=True),
            location=None
            if poll.location is None
            else self.expressions.source(_as_written(poll.location), at("location"), known),
            query=self.expressions.fill(poll.query, at("query"), known),
            headers=self.expressions.fill(poll.headers, at("headers"), known),
            pending=_statuses(poll.pending_status),
            until=query("until", poll.until),
            failed=query("failed", poll.failed),
            refused=query("refused", poll.refused),
            every=poll.every,
            timeout=poll.timeout,
        )

    def _pages(self, pages: PagesSection, at: Callable[..., Steps], known: frozenset[str]) -> BoundPages:
        return BoundPages(
            next=None if pages.next is None else self.expressions.source(_as_written(pages.next), at("next"), known),
            cursor=None if pages.cursor is None else self.expressions.query(pages.cursor, at("cursor")),
            number=pages.number,
            more=None if pages.more is None else self.expressions.query(pages.more, at("more")),
            most=pages.most,
        )

    def _extractions(
        self, shape: Shape, section: RequestSection, at: Callable[..., Steps], operation: str, known: frozenset[str]
    ) -> tuple[dict[str, Extraction], dict[str, dict[str, Extraction]]]:
        single: dict[str, Extraction] = {}
        groups: dict[str, dict[str, Extraction]] = {}
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
            elif name in offered:
                single[name] = self.expressions.source(value, at("extract", name), known)
            else:
                expected = ", ".join(item.removesuffix(".*") for item in offered)
                hint = f"expected one of: {expected}" if expected else f"{operation} needs nothing from the answer"
                self.expressions.fault(at("extract", name), f"found {name!r}, {hint}")
        for name in shape.required:
            if name not in single:
                self.expressions.fault(at("extract"), f"found no extract.{name}, expected where the answer says it")
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
            yield BoundPart(
                name,
                self.expressions.fill(value["data"], (*steps, "data"), known),
                self.expressions.fill(value.get("filename", name), (*steps, "filename"), known),
                self.expressions.fill(value.get("type", "application/octet-stream"), (*steps, "type"), known),
            )

    def _states(self, section: RequestSection, at: Callable[..., Steps]) -> dict[str, TicketState]:
        words = {state.value: state for state in TicketState}
        for state, names in section.states.items():
            for name in names:
                if words.get(name, state) is not state and name not in {item.value for item in TicketState}:
                    self.expressions.fault(
                        at("states", state.value), f"found {name!r} under two states, expected it under one"
                    )
                words[name] = state
        return words

    def _auth(self, section: RequestSection, at: Callable[..., Steps], known: frozenset[str]) -> BoundAuth | None:
        own = section.auth is not None
        auth = section.auth if section.auth is not None else self.file.auth

        base: Steps = at("auth") if own else ("auth",)

        def fill(value: str, *inner: str) -> Fill:
            return self.expressions.fill(value, (*base, *inner), known if own else frozenset({"account", "carried"}))

        return bound_auth(auth, fill, self._environ, lambda key, why: self.expressions.fault((*base, key), why))

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
        kind = next(name for name in ("body", "base64", "url", "text") if getattr(media, name) is not None)
        expression = getattr(media, kind)
        return BoundMedia(
            kind,
            None if kind == "body" else self.expressions.query(expression, at("media", kind)),
            None if media.type is None else self.expressions.query(media.type, at("media", "type")),
            None
            if media.media_type is None
            else self.expressions.fill(media.media_type, at("media", "media_type"), known),
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
                found = f"found no variant for {wanted}, which target declares"
                self.expressions.fault(steps, f"{found}; expected one, or a path for all others")


def _templates(section: RequestSection) -> list[Any]:
    """Everything in a section that is filled in when a request is written, auth excepted."""
    given = [section.path, section.query, section.headers, *section.bodies]
    return [*given, *([section.poll.path, section.poll.query, section.poll.headers] if section.poll else [])]


def _names(mapping: Any) -> Iterator[str]:
    yield from mapping if isinstance(mapping, dict) else ()


def _as_written(source: Any) -> Any:
    """A source as the file has it, from what pydantic made of it."""
    return source if isinstance(source, str) else source.model_dump()


def _statuses(given: tuple[int | str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for item in given:
        if isinstance(item, int):
            found.add(item)
        else:
            found.update(range(int(item[0]) * 100, int(item[0]) * 100 + 100))
            found -= {408, 425, 429} - {other for other in given if isinstance(other, int)}
    return frozenset(found)

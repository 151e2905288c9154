"""Sending the requests of an account: signed by its session, and once more with a renewed session if it was over."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from shenhe.conformance.entities import Account
from shenhe.conformance.provider import Operation

from ..language.bound import BoundPoll, BoundRequest, BoundWebsocket
from ..language.responses.response import Response, ResponseError
from ..language.responses.stream import ends_stream
from ..language.template import Fill
from .http.body import ENCODINGS
from .http.connection import Connection, ExchangeLog, Headers, Learn, Request
from .http.named_secrets import learn_named_secrets
from .http.receiver import Inbox
from .requests import (
    Additions,
    Previewed,
    build_request,
    form_body,
    headers_of,
    json_body,
    pairs_of,
    render,
    request_values,
    with_cookies,
    with_query,
)
from .sessions import Authorization, Sessions, SignInError, learn_credentials
from .signatures import is_signed, signed


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation: for whom, with which values for the templates, and what has been exchanged so far.

    ``cookies`` are those that its responses have set, for requests with ``keep_cookies``. ``begun_by`` is another
    account that sends the steps, and ``paused`` is called after the first of them. ``with_code`` makes other codes of
    the one that a step extracts: one for the last request, and one more for each time that it is refused. Of an
    ``unfinished`` call only the steps are sent.
    """

    account: Account | None
    values: dict[str, Any]
    log: ExchangeLog
    cookies: dict[str, str] = field(default_factory=dict)
    begun_by: Account | None = None
    paused: Callable[[], None] | None = None
    with_code: tuple[Callable[[str], str], ...] = ()
    unfinished: bool = False


class Requester:
    """Sends requests over ``connection``, authorised by ``sessions``."""

    #: Whether it writes requests and sends none.
    writes_only = False

    def __init__(self, connection: Connection, sessions: Sessions) -> None:
        self.connection = connection
        self._sessions = sessions
        self._extra_headers: Headers = ()
        self._extra_query: Headers = ()
        self._extra_fields: Mapping[str, Any] = {}

    def with_extra(
        self, headers: Mapping[str, str], query: Mapping[str, str], fields: Mapping[str, Any] | None = None
    ) -> Requester:
        """A requester with the same connection and sessions that adds these to every request."""
        other = copy.copy(self)
        other._extra_headers = (*self._extra_headers, *headers.items())
        other._extra_query = (*self._extra_query, *query.items())
        other._extra_fields = {**self._extra_fields, **(fields or {})}
        return other

    def previewing(self) -> Requester:
        """A requester that raises the requests of an operation as :class:`~.requests.Previewed` instead of sending
        them.
        """
        other = _Previewing(self.connection, self._sessions)
        other._extra_headers, other._extra_query = self._extra_headers, self._extra_query
        other._extra_fields = self._extra_fields
        return other

    def send(self, bound: BoundRequest, call: Call, url: str = "") -> Response | None:
        """The response, or ``None`` with ``call.log.failure`` set. ``url`` replaces the one that ``bound`` describes.

        Raises :class:`~.sessions.SignInError`, :class:`ResponseError` for a URL that may not be requested, and
        :class:`~..language.template.TemplateError`.
        """
        if bound.poll is not None and bound.poll.callback and "callback" not in call.values:
            call.values["callback"] = self.connection.open_inbox(call.account.id if call.account else "")
        authorization = self._sessions.authorize(bound, call.account, call.values, call.log)
        response = self._send_as(authorization, bound, call, url)
        renewable = authorization.renewable and not authorization.fresh
        if response is not None and renewable and self._sessions.expired(response):
            try:
                renewed = self._sessions.authorize(bound, call.account, call.values, call.log, stale=authorization)
            except SignInError:
                return response
            return self._send_as(renewed, bound, call, url)
        return response

    def write_step(self, bound: BoundRequest, call: Call) -> bool:
        """Write the request of a step instead of sending it, if this requester only writes."""
        return False

    def poll(self, bound: BoundRequest, poll: BoundPoll, call: Call, url: str) -> Response | None:
        """The state of a job at ``poll.path``, else at ``url``. ``None`` and errors as in :meth:`send`."""
        authorization = self._sessions.authorize(bound, call.account, call.values, call.log)
        values = request_values({**call.values, "account": authorization.account})
        if poll.path is not None:
            url = self.base_url(bound) + render(bound, "poll", poll.path, values, "path")
        pairs = [
            *pairs_of(render(bound, "poll", poll.query, values, "query")),
            *authorization.query,
            *self._extra_query,
        ]
        own = tuple(pairs_of(render(bound, "poll", poll.headers, values, "headers")))
        content_type, body = "", b""
        if poll.json is not None:
            content_type, body = json_body(bound, "poll", render(bound, "poll", poll.json, values, "json"))
        elif poll.form is not None:
            content_type, body = form_body(render(bound, "poll", poll.form, values, "form"))
        auth = with_cookies(authorization.headers, call.cookies if bound.keep_cookies else {})
        more = (("Content-Type", content_type),) if content_type else ()
        headers = headers_of(own, auth=auth, more=more, extra=self._extra_headers)
        # A finished job may redirect (303) to its result.
        follow = bound.follow_redirects or poll.location is not None
        request = Request(
            str(bound.operation), poll.method, with_query(url, pairs), headers, body, bound.origin, follow, values
        )
        for signature in authorization.signatures:
            request = signed(request, signature, values)
        return self._exchanged(request, authorization, call)

    def await_callback(self, bound: BoundRequest, call: Call, seconds: float) -> Response | None:
        """The callback of a job, or ``None`` if none comes within ``seconds``."""
        inbox = call.values["callback"]
        request = Request(str(bound.operation), "CALL", inbox.url, (), b"", bound.origin, values=call.values)
        response = self.connection.receive_callback(request, inbox, seconds, call.log)
        signature = bound.poll.signature if bound.poll is not None else None
        if response is not None and signature is not None:
            call.values["callback_signed"] = is_signed(signature, response, call.values)
        return response

    def late_callbacks(self, owner: str, log: ExchangeLog) -> list[Response]:
        """What arrived at the addresses of an account without a call that waits for it."""
        late = []
        for inbox in self.connection.late_inboxes(owner):
            request = Request("generate", "CALL", inbox.url, (), b"", "callback")
            response = self.connection.receive_callback(request, inbox, 0.0, log)
            late += [response] if response is not None else []
        return late

    def download(self, bound: BoundRequest | None, call: Call, url: str) -> Response | None:
        """The file at an absolute URL from a response; without credentials where nothing is ``bound``. ``None`` and
        errors as in :meth:`send`.
        """
        headers: Headers = (("Accept", "*/*"), ("Accept-Encoding", ENCODINGS))
        if bound is None:
            return self.connection.send(Request("address", "GET", url, headers, follow_redirects=True), call.log)
        # Credentials are sent to the provider only, never to a host of media.
        own = self.connection.own(url)
        authorization = (
            self._sessions.authorize(bound, call.account, call.values, call.log) if own else Authorization(None, None)
        )
        headers = (*headers, *authorization.headers)
        request = Request(str(bound.operation), "GET", url, headers, b"", bound.origin, bound.follow_redirects)
        return self._exchanged(request, authorization, call)

    def base_url(self, bound: BoundRequest) -> str:
        """The base URL of the host that a request goes to."""
        return self.connection.hosts[bound.host] if bound.host else self.connection.base_url

    def _send_as(self, authorization: Authorization, bound: BoundRequest, call: Call, url: str) -> Response | None:
        values = request_values({**call.values, "account": authorization.account})
        additions = Additions(
            headers=authorization.headers,
            query=authorization.query,
            signatures=authorization.signatures,
            extra_headers=self._extra_headers,
            extra_query=self._extra_query,
            extra_fields=self._extra_fields,
            cookies=call.cookies if bound.keep_cookies else {},
        )
        if bound.url is not None:
            additions = self._for_url(bound, bound.url, values, additions)
        request = build_request(bound, self.base_url(bound), values, additions)
        if url:
            request = replace(request, url=url)
        if bound.websocket is not None:
            return self._converse(bound, bound.websocket, request, values, call)

        def learn(response: Response) -> None:
            if bound.operation == Operation.REGISTER or "credentials" in bound.groups:
                learn_credentials(self.connection, bound, response)
            learn_named_secrets(self.connection, request, response)
            self._sessions.keep_cookies(bound, authorization.signer, response)
            if bound.keep_cookies:
                self._keep_cookies(call, response)

        sent_as = authorization if self.connection.own(request.url) else Authorization(None, None)
        return self._exchanged(request, sent_as, call, learn)

    def _exchanged(
        self, request: Request, authorization: Authorization, call: Call, learn: Learn | None = None
    ) -> Response | None:
        """The response to a request; to the one after it that takes up a challenge, where a digest is asked for."""
        digest = authorization.digest
        if digest is None:
            return self.connection.send(request, call.log, learn=learn)
        response = self.connection.send(digest.signed(request), call.log, learn=learn)
        if response is None or not digest.challenged(request, response):
            return response
        return self.connection.send(digest.signed(request), call.log, learn=learn)

    def _converse(
        self, bound: BoundRequest, websocket: BoundWebsocket, request: Request, values: dict[str, Any], call: Call
    ) -> Response | None:
        """The messages that come back over a WebSocket."""
        sent = [render(bound, "websocket", fill, values, "send") for fill in websocket.send]
        texts = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in sent]
        stream = bound.stream

        def finished(text: str) -> bool:
            return stream is not None and ends_stream(stream, text)

        return self.connection.converse(request, texts, finished, call.log)

    def _for_url(self, bound: BoundRequest, fill: Fill, values: Mapping[str, Any], additions: Additions) -> Additions:
        """``additions`` for a whole URL of the binding or of a response: credentials go to the provider only."""
        url, why = self.connection.resolved(self.base_url(bound) + "/", str(render(bound, "url", fill, values)))
        if why:
            raise ResponseError(f"{bound.place('url')}: found a URL that is not requested: {why}")
        return additions if self.connection.own(url) else Additions()

    def _keep_cookies(self, call: Call, response: Response) -> None:
        for name, value in response.cookies.items():
            if value:
                self.connection.redactor.learn(name, value)
                call.cookies[name] = value
            else:
                call.cookies.pop(name, None)


class _Previewing(Requester):
    """Writes requests and sends none."""

    writes_only = True

    def __init__(self, connection: Connection, sessions: Sessions) -> None:
        super().__init__(connection, sessions)
        self._written: tuple[Request, ...] = ()

    def write_step(self, bound: BoundRequest, call: Call) -> bool:
        self._written = (*self._written, self._request(bound, call))
        return True

    def send(self, bound: BoundRequest, call: Call, url: str = "") -> Response | None:
        raise Previewed((*self._written, self._request(bound, call)))

    def _request(self, bound: BoundRequest, call: Call) -> Request:
        # Signing may take a separate request: use the id of the account that would sign instead.
        account = call.account
        signer = account.signed_by or account if account is not None else None
        signs = signer is not None and any(auth.of_account for auth in bound.auth)
        additions = Additions(
            headers=(("Account", signer.id),) if signs and signer is not None else (),
            extra_headers=self._extra_headers,
            extra_query=self._extra_query,
            extra_fields=self._extra_fields,
        )
        # Equal requests are to be equal bytes: the times and the nonce are those of no request.
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        values = {**call.values, "now": moment, "clock": moment, "nonce": "0" * 16}
        if account is not None and signer is not None and signer is not account:
            # As a sent request has it: the id of the one, the credentials of the other.
            values["account"] = Account(account.id, signer.credentials)
        if bound.poll is not None and bound.poll.callback:
            values.setdefault("callback", Inbox("http://127.0.0.1/callback"))
        return build_request(bound, self.base_url(bound), values, additions)

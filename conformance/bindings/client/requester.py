"""Sending the requests of an account: signed by its session, and once more with a renewed session if it was over."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shenhe.conformance.provider import Account, Operation

from ..language.bound import BoundPoll, BoundRequest
from ..language.response import Response
from .http.body import ENCODINGS
from .http.connection import Connection, ExchangeLog, Headers, Request
from .requests import build_request, headers_of, pairs_of, render, with_query
from .sessions import Authorization, Sessions, SignInError, learn_credentials


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation: for whom, with which values for the templates, and the exchanges so far."""

    account: Account | None
    values: dict[str, Any]
    log: ExchangeLog


class Requester:
    """Sends requests over ``connection``, authorised by ``sessions``."""

    def __init__(self, connection: Connection, sessions: Sessions) -> None:
        self.connection = connection
        self._sessions = sessions
        self._extra_headers: Headers = ()
        self._extra_query: tuple[tuple[str, str], ...] = ()

    def with_extra(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Requester:
        """A requester with the same connection and sessions that adds these to every request."""
        other = copy.copy(self)
        other._extra_headers = (*self._extra_headers, *headers.items())
        other._extra_query = (*self._extra_query, *query.items())
        return other

    def send(self, bound: BoundRequest, call: Call, url: str = "") -> Response | None:
        """The response, or ``None`` with ``call.log.failure`` set. ``url`` replaces the one that ``bound`` describes.

        Raises :class:`~.sessions.SignInError` and :class:`~..language.template.TemplateError`.
        """
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

    def poll(self, bound: BoundRequest, poll: BoundPoll, call: Call, url: str) -> Response | None:
        """The state of a job at ``poll.path``, else at ``url``. ``None`` and errors as in :meth:`send`."""
        authorization = self._sessions.authorize(bound, call.account, call.values, call.log)
        values = {**call.values, "account": authorization.account}
        if poll.path is not None:
            url = self.connection.base_url + render(bound, "poll", poll.path, values, "path")
        pairs = [*pairs_of(render(bound, "poll", poll.query, values, "query")), *self._extra_query]
        own = tuple(pairs_of(render(bound, "poll", poll.headers, values, "headers")))
        headers = headers_of(own, auth=authorization.headers, extra=self._extra_headers)
        # A finished job may redirect (303) to its result.
        follow = bound.follow_redirects or poll.location is not None
        request = Request(
            str(bound.operation), poll.method, with_query(url, pairs), headers, b"", bound.origin, follow, values
        )
        return self.connection.send(request, call.log)

    def download(self, bound: BoundRequest, call: Call, url: str) -> Response | None:
        """The file at an absolute URL from a response. ``None`` and errors as in :meth:`send`."""
        # Credentials are sent to the provider only, never to a host of media.
        own = self.connection.own(url)
        auth = self._sessions.authorize(bound, call.account, call.values, call.log).headers if own else ()
        headers = (("Accept", "*/*"), ("Accept-Encoding", ENCODINGS), *auth)
        request = Request(str(bound.operation), "GET", url, headers, b"", bound.origin, bound.follow_redirects)
        return self.connection.send(request, call.log)

    def _send_as(self, authorization: Authorization, bound: BoundRequest, call: Call, url: str) -> Response | None:
        request = build_request(
            bound,
            self.connection.base_url,
            {**call.values, "account": authorization.account},
            auth=authorization.headers,
            extra_headers=self._extra_headers,
            extra_query=self._extra_query,
        )
        if url:
            request = replace(request, url=url)

        def learn(response: Response) -> None:
            if bound.operation is Operation.REGISTER:
                learn_credentials(self.connection, bound, response)
            self._sessions.keep_cookies(bound, authorization.signer, response)

        watched = "credentials" in bound.groups or (bound.auth is not None and bool(bound.auth.cookies))
        return self.connection.send(request, call.log, learn=learn if watched else None)

"""Sending for an account: signed in, with what every request carries besides, and once more where the session was
over.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shenhe.conformance.provider import Account, Operation

from ..language.bound import BoundPoll, BoundRequest
from ..language.extraction import Answer
from .body import ENCODINGS
from .sending import filled_in, headers_of, pairs_of, with_query, written
from .sessions import Sessions, Signed, SignInError, learn_credentials
from .wire import Headers, Sending, Trip, Wire


class Caller:
    """Sends requests over ``wire``, each signed by ``sessions`` for the account that asks."""

    def __init__(self, wire: Wire, sessions: Sessions) -> None:
        self.wire = wire
        self._sessions = sessions
        self._extra_headers: Headers = ()
        self._extra_query: tuple[tuple[str, str], ...] = ()

    def with_extra(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Caller:
        """A caller on the same wire with the same sessions whose every request carries these besides its own."""
        other = copy.copy(self)
        other._extra_headers = (*self._extra_headers, *headers.items())
        other._extra_query = (*self._extra_query, *query.items())
        return other

    def send(
        self, way: BoundRequest, account: Account | None, values: dict[str, Any], trip: Trip, url: str
    ) -> tuple[Sending, Answer] | None:
        """What was sent and its answer, or ``None`` with ``trip.trouble`` set; sent once more where the session was
        over.

        ``url``, unless it is empty, takes the place of the one that ``way`` describes. Raises
        :class:`~.sessions.SignInError` and :class:`~..language.template.TemplateError`.
        """
        signed = self._sessions.signed(way, account, values, trip)
        sending, answer = self._send(way, signed, values, trip, url)
        if answer is not None and signed.renewable and not signed.fresh and self._sessions.expired(answer):
            try:
                signed = self._sessions.signed(way, account, values, trip, stale=signed)
            except SignInError:
                return sending, answer
            sending, answer = self._send(way, signed, values, trip, url)
        return None if answer is None else (sending, answer)

    def send_poll(
        self, way: BoundRequest, poll: BoundPoll, account: Account | None, values: dict[str, Any], trip: Trip, url: str
    ) -> Answer | None:
        """Ask for a job at ``poll.path``, else at ``url``; ``None`` with ``trip.trouble`` set for no answer. Raises as
        :meth:`send`.
        """
        signed = self._sessions.signed(way, account, values, trip)
        values = {**values, "account": signed.account}
        if poll.path is not None:
            url = self.wire.base_url + filled_in(way, "poll", poll.path, values, "path")
        pairs = [*pairs_of(filled_in(way, "poll", poll.query, values, "query")), *self._extra_query]
        own = tuple(pairs_of(filled_in(way, "poll", poll.headers, values, "headers")))
        headers = headers_of(own, auth=signed.headers, extra=self._extra_headers)
        # A job that is done may answer 303 with the place of its result.
        follow = way.follow_redirects or poll.location is not None
        sending = Sending(
            str(way.operation), poll.method, with_query(url, pairs), headers, b"", way.origin, follow, values
        )
        return self.wire.send(sending, trip)

    def fetch(
        self, way: BoundRequest, account: Account | None, values: dict[str, Any], trip: Trip, url: str
    ) -> Answer | None:
        """What lies at an absolute URL that an answer gave; ``None`` with ``trip.trouble`` set for no answer. Raises as
        :meth:`send`.
        """
        # Credentials go to the provider alone, never to where its media lie.
        auth = self._sessions.signed(way, account, values, trip).headers if self.wire.own(url) else ()
        headers = (("Accept", "*/*"), ("Accept-Encoding", ENCODINGS), *auth)
        return self.wire.send(
            Sending(str(way.operation), "GET", url, headers, b"", way.origin, way.follow_redirects), trip
        )

    def _send(
        self, way: BoundRequest, signed: Signed, values: dict[str, Any], trip: Trip, url: str
    ) -> tuple[Sending, Answer | None]:
        values = {**values, "account": signed.account}
        sending = written(
            way,
            self.wire.base_url,
            values,
            auth=signed.headers,
            extra_headers=self._extra_headers,
            extra_query=self._extra_query,
        )
        if url:
            sending = replace(sending, url=url)

        def learn(answer: Answer) -> None:
            if way.operation is Operation.REGISTER:
                learn_credentials(self.wire, way, answer)
            self._sessions.see(way, signed.signer, answer)

        watched = "credentials" in way.groups or (way.auth is not None and bool(way.auth.cookies))
        return sending, self.wire.send(sending, trip, learn=learn if watched else None)

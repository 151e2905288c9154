"""Signing an account in as the binding's ``login`` says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shenhe.conformance.entities import Account
from shenhe.conformance.provider import Unavailable

from ..language.bound import BoundLogin
from ..language.responses.conditions import met
from ..language.responses.response import Response, ResponseError
from ..language.template import TemplateError
from .http.connection import ExchangeLog
from .requester import Call, Requester
from .results.responses import complete
from .sessions import SignInError, credentials_of


@dataclass(frozen=True)
class LoginFlow:
    """Runs ``login`` over a requester whose own sessions have no login."""

    requester: Requester
    login: BoundLogin
    #: Values that every template has.
    fixed: Mapping[str, Any]

    @property
    def gives(self) -> frozenset[str]:
        """The names of the credentials that a session adds to an account."""
        return self.login.gives

    def credentials_of(self, account: Account, log: ExchangeLog) -> dict[str, str]:
        """The credentials of a new session. Raises :class:`SignInError`."""
        bound = self.login.request
        call = Call(account, {**self.fixed, "account": account, "carried": {}}, log)
        try:
            outcome = complete(self.requester, bound, call)
            if isinstance(outcome, Response):
                return credentials_of(bound, outcome)
        except (ResponseError, TemplateError) as error:
            raise SignInError(Unavailable(str(error), tuple(log.exchanges), log.status)) from None
        raise SignInError(replace(outcome, reason=f"login: {outcome.reason}".rstrip(": ")))

    def is_over(self, response: Response) -> bool:
        """Whether a response says that the session has ended."""
        return response.status in self.login.expired or met(self.login.expired_when, response)

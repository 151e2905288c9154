"""Sessions of accounts: sign-in, access tokens and cookies, each for one account only, and renewed once when over."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from shenhe.conformance.entities import Account
from shenhe.conformance.provider import Refused, Unavailable

from ..language.bound import BoundAuth, BoundRequest, BoundTokens
from ..language.responses.response import Response, ResponseError
from ..language.responses.sources import TemplateValue, describe, value_of
from .http.body import ENCODINGS
from .http.connection import Connection, ExchangeLog, Headers, Request
from .http.digest import PasswordDigest
from .requests import render

MARGIN = 30.0
"""A token is taken to be over so many seconds before it is, or a tenth of its time before, whichever is less."""

_Key = tuple[Any, ...]


class SignInError(Exception):
    """No account could be signed in; ``result`` is the consequence for the operation that needed it."""

    def __init__(self, result: Refused | Unavailable) -> None:
        super().__init__(result.reason)
        self.result = result


@dataclass(frozen=True)
class Authorization:
    """What a request carries to say who asks.

    ``account`` is what its templates see, ``signer`` the account that signs it: the same unless it is forged.
    ``fresh``: obtained for this very request.
    """

    account: Account | None
    signer: Account | None
    headers: Headers = ()
    renewable: bool = False
    fresh: bool = False
    #: The login or token it rests on, to distinguish it from another thread's newer one.
    rests_on: object = None
    query: Headers = ()
    signatures: tuple[BoundAuth, ...] = ()
    digest: PasswordDigest | None = None


@dataclass
class _Token:
    value: str
    ends: float
    refresh: str = ""


class SignIn(Protocol):
    """How an account gets a session."""

    @property
    def gives(self) -> frozenset[str]:
        """The names of the credentials that a session adds to an account."""
        ...

    def credentials_of(self, account: Account, log: ExchangeLog) -> dict[str, str]:
        """The credentials of a new session. Raises :class:`SignInError`."""
        ...

    def is_over(self, response: Response) -> bool:
        """Whether a response says that the session has ended."""
        ...


@dataclass
class Sessions:
    """What accounts acquire after registration."""

    connection: Connection
    login: SignIn | None = None
    _logins: dict[_Key, dict[str, str]] = field(default_factory=dict, repr=False)
    _tokens: dict[_Key, _Token] = field(default_factory=dict, repr=False)
    _cookies: dict[_Key, dict[str, str]] = field(default_factory=dict, repr=False)
    _digests: dict[tuple[str, str], PasswordDigest] = field(default_factory=dict, repr=False)
    _lock: RLock = field(default_factory=RLock, repr=False)

    def authorize(
        self,
        bound: BoundRequest,
        account: Account | None,
        values: Mapping[str, Any],
        log: ExchangeLog,
        *,
        stale: Authorization | None = None,
    ) -> Authorization:
        """What a request of ``account`` carries; with a new session or token if what is held is still ``stale``'s.

        Raises :class:`SignInError` for a login or token that is not had, and :class:`TemplateError`.
        """
        if account is not None and account.signed_by is not None:
            forged = self.authorize(bound, account.signed_by, values, log, stale=stale)
            credentials = forged.signer.credentials if forged.signer is not None else {}
            return replace(forged, account=Account(account.id, credentials))
        fresh = False
        held: dict[str, str] | None = None
        login = self.login
        by_login = (
            account is not None and login is not None and bool(bound.needs & login.gives - set(account.credentials))
        )
        if account is not None and login is not None and by_login:
            with self._lock:
                held = self._logins.get(_key(account))
                if held is None or (stale is not None and held is stale.rests_on):
                    held = self._logins[_key(account)] = login.credentials_of(account, log)
                    self._cookies.pop(_key(account), None)
                    fresh = True
            account = Account(account.id, {**account.credentials, **held})
        values = {**values, "account": account}
        authorization = Authorization(account, account, renewable=by_login, fresh=fresh, rests_on=held)
        for auth in bound.auth:
            if auth.of_account and account is None:
                continue
            authorization = self._added(authorization, bound, auth, values, log, stale)
        return authorization

    def _added(
        self,
        authorization: Authorization,
        bound: BoundRequest,
        auth: BoundAuth,
        values: Mapping[str, Any],
        log: ExchangeLog,
        stale: Authorization | None,
    ) -> Authorization:
        """``authorization`` with one more way to say who asks."""
        headers = authorization.headers
        if auth.signature is not None:
            return replace(authorization, signatures=(*authorization.signatures, auth))
        if auth.digest is not None:
            user, password = (str(render(bound, "auth", fill, values)) for fill in auth.digest)
            return replace(
                authorization, digest=self._digests.setdefault((user, password), PasswordDigest(user, password))
            )
        if auth.query_name is not None:
            pair = (auth.query_name, str(render(bound, "auth", auth.value, values)))
            return replace(authorization, query=(*authorization.query, pair))
        if auth.tokens is not None:
            with self._lock:
                token, fetched = self._token(bound, auth, auth.tokens, values, log, stale)
            return replace(
                authorization,
                headers=(*headers, (auth.header, f"Bearer {token.value}")),
                renewable=True,
                fresh=authorization.fresh or fetched,
                rests_on=token,
            )
        return replace(authorization, headers=(*headers, *self._headers(bound, auth, authorization.account, values)))

    def expired(self, response: Response) -> bool:
        """Whether a response says that the session or token is over."""
        return response.status == 401 if self.login is None else self.login.is_over(response)

    def keep_cookies(self, bound: BoundRequest, account: Account | None, response: Response) -> None:
        """Keep the session cookies that a response sets, for the account that asked."""
        names = {name for auth in bound.auth if auth.of_account for name in auth.cookies}
        if account is None:
            return
        for name in names & response.cookies.keys():
            value = response.cookies[name]
            if value:
                self.connection.redactor.learn(name, value)
                self._cookies.setdefault(_key(account), {})[name] = value

    def _headers(
        self, bound: BoundRequest, auth: BoundAuth, account: Account | None, values: Mapping[str, Any]
    ) -> Headers:
        if auth.basic is not None:
            user, password = (str(render(bound, "auth", fill, values)) for fill in auth.basic)
            return (("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()),)
        if auth.cookies:
            renewed = self._cookies.get(_key(account), {}) if account else {}
            pairs = [
                (name, renewed.get(name) or str(render(bound, "auth", fill, values)))
                for name, fill in auth.cookies.items()
            ]
            return (("Cookie", "; ".join(f"{name}={value}" for name, value in pairs)),)
        value = str(render(bound, "auth", auth.value, values))
        return ((auth.header, f"Bearer {value}" if auth.bearer else value),)

    def _token(
        self,
        bound: BoundRequest,
        auth: BoundAuth,
        tokens: BoundTokens,
        values: Mapping[str, Any],
        log: ExchangeLog,
        stale: Authorization | None,
    ) -> tuple[_Token, bool]:
        """The access token and whether it was fetched just now."""
        client = str(render(bound, "auth", tokens.client_id, values))
        secret = str(render(bound, "auth", tokens.client_secret, values))
        proof = {name: str(render(bound, "auth", fill, values)) for name, fill in tokens.proof.items()}
        extra = {name: str(render(bound, "auth", fill, values)) for name, fill in tokens.extra.items()}
        key = (tokens.token_url, client, secret, *sorted(proof.items()), *sorted(extra.items()))
        held = self._tokens.get(key)
        renew = stale is not None and held is stale.rests_on
        if held is not None and not renew and self.connection.clock() < held.ends:
            return held, False
        self._tokens.pop(key, None)
        place = auth.place("token_url")
        own = tokens.token_url.startswith("/")
        url = self.connection.base_url + tokens.token_url if own else tokens.token_url
        why = self.connection.token_url_problem(url)
        if why:
            raise SignInError(
                Unavailable(f"{place}: found a token URL that is not requested: {why}", tuple(log.exchanges))
            )
        grant: dict[str, str] = {"grant_type": tokens.grant, **proof}
        if held is not None and held.refresh:
            grant = {"grant_type": "refresh_token", "refresh_token": held.refresh}
        origin = place.partition(": ")[0]
        request = _token_request(tokens, url, client, secret, {**grant, **extra}, origin)
        response = self.connection.send(request, log, learn=self._learn_token)
        if response is not None and response.status // 100 == 4 and held is not None and held.refresh:
            # The refresh token is used up or was revoked: begin again with the grant itself.
            grant = {"grant_type": tokens.grant, **proof}
            request = _token_request(tokens, url, client, secret, {**grant, **extra}, origin)
            response = self.connection.send(request, log, learn=self._learn_token)
        if response is None:
            raise SignInError(Unavailable(f"{place}: {log.failure}", tuple(log.exchanges), log.status))
        if response.status // 100 != 2:
            why = f"{place}: the token was not given (status {response.status})"
            raise SignInError(Unavailable(why, tuple(log.exchanges), response.status))
        document = response.json if response.is_json and isinstance(response.json, dict) else {}
        token = document.get("access_token")
        if not isinstance(token, str) or not token:
            why = f"{place}: found an answer without access_token, expected one"
            raise SignInError(Unavailable(why, tuple(log.exchanges), response.status))
        refresh = document.get("refresh_token")
        ends = self.connection.clock() + _lifetime(document.get("expires_in"))
        self._tokens[key] = fetched = _Token(token, ends, refresh if isinstance(refresh, str) else "")
        return fetched, True

    def _learn_token(self, response: Response) -> None:
        document = response.json if response.is_json else None
        for name in ("access_token", "refresh_token", "id_token"):
            value = document.get(name) if isinstance(document, dict) else None
            if isinstance(value, str):
                self.connection.redactor.learn(name, value)


def _token_request(
    tokens: BoundTokens, url: str, client: str, secret: str, grant: Mapping[str, str], origin: str
) -> Request:
    fields = dict(grant)
    headers = [
        ("Accept", "application/json"),
        ("Accept-Encoding", ENCODINGS),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ]
    if tokens.in_form:
        fields |= {"client_id": client, "client_secret": secret}
    else:
        # RFC 6749, section 2.3.1: each is form-encoded before they are joined.
        pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
        headers.append(("Authorization", "Basic " + base64.b64encode(pair.encode()).decode()))
    return Request("token", "POST", url, tuple(headers), urlencode(fields).encode(), origin)


def _lifetime(expires_in: Any) -> float:
    """Seconds for which a token is used; for ever if the response gives none: then a 401 ends it."""
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError, OverflowError):
        return float("inf")
    return seconds - min(MARGIN, seconds / 10) if seconds > 0 else float("inf")


def _key(account: Account) -> _Key:
    return (account.id, *sorted(account.credentials.items()))


def credentials_of(bound: BoundRequest, response: Response) -> dict[str, str]:
    """The credentials that an answer gives an account. Raises :class:`ResponseError` naming the line of one that is not
    there.
    """
    found = {}
    for name, source in bound.groups.get("credentials", {}).items():
        place = bound.place("extract", "credentials", name)
        try:
            value = value_of(source, response)
        except ResponseError as error:
            raise ResponseError(f"{place}: {error}") from None
        if not isinstance(value, str) or not value:
            raise ResponseError(f"{place}: found {describe(source, value, response)}, expected text")
        found[name] = value
    return found


def learn_credentials(connection: Connection, bound: BoundRequest, response: Response) -> None:
    """Tell the redactor of the credentials in an response, before it is kept. What the binding itself gave is not from
    the response.
    """
    for name, source in bound.groups.get("credentials", {}).items():
        if isinstance(source, TemplateValue):
            continue
        try:
            secret = value_of(source, response)
        except ResponseError:
            continue
        if isinstance(secret, str):
            connection.redactor.learn(name, secret)

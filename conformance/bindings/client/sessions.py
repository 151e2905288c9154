"""Who is asking: signing in, access tokens, session cookies; each kept for one account alone, and had anew once when it
has expired.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any
from urllib.parse import quote, urlencode

from shenhe.conformance.provider import Account, Refused, Unavailable

from ..language.bound import BoundAuth, BoundLogin, BoundRequest, BoundTokens
from ..language.extraction import Answer, AnswerError, Given, describe, text_of, truth, value_of
from .body import ENCODINGS
from .sending import filled_in, written
from .wire import Headers, Sending, Trip, Wire

MARGIN = 30.0
"""A token is taken to be over so many seconds before it is, or a tenth of its time before, whichever is less."""

_Key = tuple[Any, ...]


class SignInError(Exception):
    """Nobody could be signed in; ``result`` is what that makes of the operation that needed it."""

    def __init__(self, result: Refused | Unavailable) -> None:
        super().__init__(result.reason)
        self.result = result


@dataclass(frozen=True)
class Signed:
    """The account as the templates of a request see it, the ``signer`` that it is unless it is forged, and the headers
    that say who asks. ``fresh``: got for this very request.
    """

    account: Account | None
    signer: Account | None
    headers: Headers
    renewable: bool
    fresh: bool
    #: The login or token it rests on, by which another thread's newer one is told from it.
    rests_on: object = None


@dataclass
class _Token:
    value: str
    ends: float


@dataclass
class Sessions:
    """What accounts hold besides what they came with."""

    wire: Wire
    login: BoundLogin | None = None
    _logins: dict[_Key, dict[str, str]] = field(default_factory=dict, repr=False)
    _tokens: dict[_Key, _Token] = field(default_factory=dict, repr=False)
    _cookies: dict[_Key, dict[str, str]] = field(default_factory=dict, repr=False)
    _lock: RLock = field(default_factory=RLock, repr=False)

    def signed(
        self,
        way: BoundRequest,
        account: Account | None,
        values: Mapping[str, Any],
        trip: Trip,
        *,
        stale: Signed | None = None,
    ) -> Signed:
        """Sign ``account`` in for ``way`` where that is needed; anew, where what is held is still that of ``stale``.

        Raises :class:`SignInError` for a login or token that is not had, and :class:`TemplateError`.
        """
        if account is not None and account.signed_by is not None:
            forged = self.signed(way, account.signed_by, values, trip, stale=stale)
            credentials = forged.signer.credentials if forged.signer is not None else {}
            return replace(forged, account=Account(account.id, credentials))
        auth = way.auth
        fresh = False
        held: dict[str, str] | None = None
        by_login = (
            account is not None
            and self.login is not None
            and bool(way.needs & self.login.gives - set(account.credentials))
        )
        if account is not None and self.login is not None and by_login:
            with self._lock:
                held = self._logins.get(_key(account))
                if held is None or (stale is not None and held is stale.rests_on):
                    held = self._logins[_key(account)] = self._logged_in(self.login, account, trip)
                    self._cookies.pop(_key(account), None)
                    fresh = True
            account = Account(account.id, {**account.credentials, **held})
        for secret in account.credentials.values() if account else ():
            self.wire.redactor.use(secret)
        values = {**values, "account": account}
        if auth is None or (auth.of_account and account is None):
            return Signed(account, account, (), renewable=by_login, fresh=fresh, rests_on=held)
        if auth.tokens is not None:
            with self._lock:
                token, fetched = self._token(way, auth.tokens, values, trip, stale)
            bearer = ((auth.header, f"Bearer {token.value}"),)
            return Signed(account, account, bearer, renewable=True, fresh=fresh or fetched, rests_on=token)
        return Signed(
            account, account, self._headers(way, auth, account, values), renewable=by_login, fresh=fresh, rests_on=held
        )

    def expired(self, answer: Answer) -> bool:
        """Whether an answer says that the session or token is over."""
        if self.login is None:
            return answer.status == 401
        if answer.status in self.login.expired:
            return True
        query = self.login.expired_when
        try:
            return query is not None and answer.is_json and truth(query.search(answer.json))
        except AnswerError:
            return False

    def see(self, way: BoundRequest, account: Account | None, answer: Answer) -> None:
        """Keep the session cookies that an answer sets anew, for the account that asked."""
        if way.auth is None or account is None or not way.auth.of_account:
            return
        for name in way.auth.cookies.keys() & answer.cookies.keys():
            value = answer.cookies[name]
            if value:
                self.wire.redactor.learn(name, value)
                self._cookies.setdefault(_key(account), {})[name] = value

    def _headers(
        self, way: BoundRequest, auth: BoundAuth, account: Account | None, values: Mapping[str, Any]
    ) -> Headers:
        if auth.basic is not None:
            user, password = (str(filled_in(way, "auth", fill, values)) for fill in auth.basic)
            return (("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()),)
        if auth.cookies:
            renewed = self._cookies.get(_key(account), {}) if account else {}
            pairs = [
                (name, renewed.get(name) or str(filled_in(way, "auth", fill, values)))
                for name, fill in auth.cookies.items()
            ]
            return (("Cookie", "; ".join(f"{name}={value}" for name, value in pairs)),)
        value = str(filled_in(way, "auth", auth.value, values))
        return ((auth.header, f"Bearer {value}" if auth.bearer else value),)

    def _logged_in(self, login: BoundLogin, account: Account, trip: Trip) -> dict[str, str]:
        way = login.way
        sending = written(way, self.wire.base_url, {"account": account, "carried": {}})
        answer = self.wire.send(sending, trip, learn=lambda given: learn_credentials(self.wire, way, given))
        if answer is None:
            raise SignInError(Unavailable(f"login: {trip.trouble}", tuple(trip.exchanges), trip.status))
        refused = answer.status in way.refuses
        if answer.status in way.accepts:
            refused = (
                way.refuse_when is not None and answer.is_json and truth(way.refuse_when.search(answer.json))
            ) or (way.accept_when is not None and not (answer.is_json and truth(way.accept_when.search(answer.json))))
        if refused:
            reason = f"login: {text_of(way.reason, answer)}".rstrip(": ")
            raise SignInError(Refused(answer.status, reason, tuple(trip.exchanges), text_of(way.notice, answer)))
        if answer.status not in way.accepts:
            raise SignInError(
                Unavailable(f"login: answered with status {answer.status}", tuple(trip.exchanges), answer.status)
            )
        try:
            return credentials_of(way, answer)
        except AnswerError as error:
            raise SignInError(Unavailable(str(error), tuple(trip.exchanges), answer.status)) from None

    def _token(
        self, way: BoundRequest, tokens: BoundTokens, values: Mapping[str, Any], trip: Trip, stale: Signed | None
    ) -> tuple[_Token, bool]:
        """The access token and whether it was fetched just now."""
        client = str(filled_in(way, "auth", tokens.client_id, values))
        secret = str(filled_in(way, "auth", tokens.client_secret, values))
        extra = {name: str(filled_in(way, "auth", fill, values)) for name, fill in tokens.extra.items()}
        key = (tokens.token_url, client, secret, *sorted(extra.items()))
        held = self._tokens.get(key)
        renew = stale is not None and held is stale.rests_on
        if held is not None and not renew and self.wire.clock() < held.ends:
            self.wire.redactor.use(held.value)
            return held, False
        self._tokens.pop(key, None)
        place = way.place("auth", "token_url")
        own = tokens.token_url.startswith("/")
        url = self.wire.base_url + tokens.token_url if own else tokens.token_url
        why = self.wire.for_tokens(url)
        if why:
            raise SignInError(
                Unavailable(f"{place}: found a URL that no token is fetched from: {why}", tuple(trip.exchanges))
            )
        answer = self.wire.send(
            _token_request(tokens, url, client, secret, extra, place.partition(": ")[0]), trip, learn=self._learn_token
        )
        if answer is None:
            raise SignInError(Unavailable(f"{place}: {trip.trouble}", tuple(trip.exchanges), trip.status))
        if answer.status // 100 != 2:
            raise SignInError(
                Unavailable(
                    f"{place}: the token was not given (status {answer.status})", tuple(trip.exchanges), answer.status
                )
            )
        document = answer.json if answer.is_json and isinstance(answer.json, dict) else {}
        token = document.get("access_token")
        if not isinstance(token, str) or not token:
            raise SignInError(
                Unavailable(
                    f"{place}: found an answer without access_token, expected one", tuple(trip.exchanges), answer.status
                )
            )
        self._tokens[key] = fetched = _Token(token, self.wire.clock() + _lifetime(document.get("expires_in")))
        return fetched, True

    def _learn_token(self, answer: Answer) -> None:
        document = answer.json if answer.is_json else None
        for name in ("access_token", "refresh_token", "id_token"):
            value = document.get(name) if isinstance(document, dict) else None
            if isinstance(value, str):
                self.wire.redactor.learn(name, value)


def _token_request(
    tokens: BoundTokens, url: str, client: str, secret: str, extra: Mapping[str, str], origin: str
) -> Sending:
    fields = {"grant_type": "client_credentials", **extra}
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
    return Sending("token", "POST", url, tuple(headers), urlencode(fields).encode(), origin)


def _lifetime(expires_in: Any) -> float:
    """Seconds for which a token is used; for ever where the answer does not say, for then 401 tells."""
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError):
        return float("inf")
    return seconds - min(MARGIN, seconds / 10) if seconds > 0 else float("inf")


def _key(account: Account) -> _Key:
    return (account.id, *sorted(account.credentials.items()))


def credentials_of(way: BoundRequest, answer: Answer) -> dict[str, str]:
    """The credentials that an answer gives an account. Raises :class:`AnswerError` naming the line of one that is not
    there.
    """
    found = {}
    for name, source in way.groups.get("credentials", {}).items():
        place = way.place("extract", "credentials", name)
        try:
            value = value_of(source, answer)
        except AnswerError as error:
            raise AnswerError(f"{place}: {error}") from None
        if not isinstance(value, str) or not value:
            raise AnswerError(f"{place}: found {describe(source, value, answer)}, expected text")
        found[name] = value
    return found


def learn_credentials(wire: Wire, way: BoundRequest, answer: Answer) -> None:
    """Tell the redactor of the credentials in an answer, before it is kept. What the binding itself gave is not from
    the answer.
    """
    for name, source in way.groups.get("credentials", {}).items():
        if isinstance(source, Given):
            continue
        try:
            secret = value_of(source, answer)
        except AnswerError:
            continue
        if isinstance(secret, str):
            wire.redactor.learn(name, secret)

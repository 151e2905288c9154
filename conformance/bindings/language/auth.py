"""How a request says who asks, and which credentials of an account that needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shenhe.conformance.provider import Operation
from shenhe.core.document import Steps

from .bound import BoundAuth, BoundTokens
from .format import Auth, BasicAuth, BearerAuth, BindingFile, CookieAuth, HeaderAuth, NoAuth, OAuth2Auth
from .template import Fill, expand, mentions, missing

_CREDENTIAL = re.compile(r"account\.credentials\.(\w+)")
_ACCOUNT_ID = re.compile(r"\baccount\.id\b")
_HOLDER = re.compile(r"\bidentity\.name\b")


def bound_auth(
    auth: Auth, fill: Callable[..., Fill], environ: Mapping[str, str], fault: Callable[[str, str], None]
) -> BoundAuth | None:
    """``auth`` compiled; ``None`` for none.

    ``fill`` compiles a text of it that stands at the keys given after the text; ``fault`` is told what is wrong at a
    key.
    """
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
                url,
                fill(auth.client_id, "client_id"),
                fill(auth.client_secret, "client_secret"),
                auth.client_auth == "form",
                extra,
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


def credentials_named(value: Any) -> Iterator[str]:
    """The credentials of an account that templates anywhere in ``value`` speak of."""
    if isinstance(value, str):
        yield from _CREDENTIAL.findall(value)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for each in inner:
        yield from credentials_named(each)


def names_account(value: Any) -> bool:
    """Whether a template anywhere in ``value`` speaks of an account by its id."""
    return _speaks_of(_ACCOUNT_ID, value)


def names_holder(value: Any) -> bool:
    """Whether a template anywhere in ``value`` speaks of the name of whoever an identity is of."""
    return _speaks_of(_HOLDER, value)


def _speaks_of(what: re.Pattern[str], value: Any) -> bool:
    if isinstance(value, str):
        return what.search(value) is not None
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any(_speaks_of(what, each) for each in inner)


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
                    (
                        f"found account.credentials.{name}, expected operations.register.extract.credentials (or login)"
                        f" to say where {name} is"
                    ),
                )

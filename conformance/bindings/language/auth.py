"""How a request says who asks, and which credentials of an account that needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shenhe.conformance.provider import Operation
from shenhe.core.document import Steps

from .bound import BoundAuth, BoundSignature, BoundTokens
from .format import (
    Auth,
    BasicAuth,
    BearerAuth,
    BindingFile,
    CookieAuth,
    DigestAuth,
    HeaderAuth,
    NoAuth,
    OAuth2Auth,
    OneAuth,
    QueryAuth,
    SignatureAuth,
)
from .format.auth import CallbackSignature, Recipe
from .template import Fill, expand, mentions, missing

_CREDENTIAL = re.compile(r"account\.credentials\.(\w+)")
_ACCOUNT_ID = re.compile(r"\baccount\.id\b")
_HOLDER = re.compile(r"\bidentity\.name\b")
_PRODUCER_CODE = re.compile(r"\bprofile\.producer_code\b")
_AGREED = re.compile(r"request\.agreed\b")
_BIRTH_DATE = re.compile(r"\bprofile\.birth_date\b")


def all_auth(auth: Auth) -> tuple[OneAuth, ...]:
    """The ways to say who asks that ``auth`` joins."""
    return auth if isinstance(auth, tuple) else (auth,)


def bound_auth(
    auth: OneAuth,
    fill: Callable[..., Fill],
    environ: Mapping[str, str],
    fault: Callable[[str, str], None],
    place: Callable[..., str],
) -> BoundAuth | None:
    """``auth`` compiled; ``None`` for none.

    ``fill`` compiles a template at the given keys, ``fault`` takes an error at a key, and ``place``
    names the line of a key.
    """
    of_account = mentions(list(auth_texts(auth).values()), "account")
    nothing = fill("")
    match auth:
        case NoAuth():
            return None
        case BearerAuth():
            return BoundAuth("Authorization", fill(auth.token, "token"), of_account, bearer=True, place=place)
        case HeaderAuth():
            return BoundAuth(auth.name, fill(auth.value, "value"), of_account, place=place)
        case QueryAuth():
            return BoundAuth("", fill(auth.value, "value"), of_account, query_name=auth.name, place=place)
        case BasicAuth():
            pair = (fill(auth.username, "username"), fill(auth.password, "password"))
            return BoundAuth("Authorization", pair[0], of_account, basic=pair, place=place)
        case DigestAuth():
            pair = (fill(auth.username, "username"), fill(auth.password, "password"))
            return BoundAuth("Authorization", pair[0], of_account, digest=pair, place=place)
        case CookieAuth():
            cookies = {name: fill(value, "cookies", name) for name, value in auth.cookies.items()}
            return BoundAuth("Cookie", nothing, of_account, cookies=cookies, place=place)
        case SignatureAuth():
            return BoundAuth("", nothing, of_account, signature=_signature(auth, fill), place=place)
        case OAuth2Auth():
            return BoundAuth(
                "Authorization",
                nothing,
                of_account,
                bearer=True,
                tokens=_tokens(auth, fill, environ, fault),
                place=place,
            )


def callback_signature(recipe: CallbackSignature, fill: Callable[..., Fill], place: Callable[..., str]) -> BoundAuth:
    """How a provider signs callbacks, compiled."""
    nothing = fill({})
    signature = BoundSignature(
        **_recipe(recipe, fill),
        headers=nothing,
        query=nothing,
        fields=nothing,
        header=recipe.header,
        query_name=None,
        field=None,
    )
    return BoundAuth("", fill(""), of_account=True, signature=signature, place=place)


def _recipe(auth: Recipe, fill: Callable[..., Fill]) -> dict[str, Any]:
    return {
        "string": fill(auth.string, "string", more=SIGNED),
        "key": fill(auth.key, "key", more=SIGNED),
        "derive": tuple(fill(each, "derive", index, more=SIGNED) for index, each in enumerate(auth.derive)),
        "algorithm": auth.algorithm,
        "keyed": auth.keyed,
        "encoding": auth.encoding,
        "value": fill(auth.value, "value", more=SIGNED | {"signature"}),
    }


def _signature(auth: SignatureAuth, fill: Callable[..., Fill]) -> BoundSignature:
    return BoundSignature(
        **_recipe(auth, fill),
        headers=fill(auth.headers, "headers", more=SIGNED),
        query=fill(auth.query, "query", more=SIGNED),
        fields=fill(auth.fields, "fields"),
        header=auth.header,
        query_name=auth.query_name,
        field=auth.field,
    )


def _tokens(
    auth: OAuth2Auth, fill: Callable[..., Fill], environ: Mapping[str, str], fault: Callable[[str, str], None]
) -> BoundTokens:
    try:
        url = expand(auth.token_url, environ)
    except KeyError as error:
        fault("token_url", missing(error.args[0]))
        url = "/"
    extra = {name: fill(value, "extra", name) for name, value in auth.extra.items()}
    if auth.scope is not None:
        extra["scope"] = fill(auth.scope, "scope")
    needed = {"password": ("username", "password"), "refresh_token": ("refresh_token",)}.get(auth.grant, ())
    return BoundTokens(
        url,
        fill(auth.client_id, "client_id"),
        fill(auth.client_secret, "client_secret"),
        auth.client_auth == "form",
        extra,
        auth.grant,
        {name: fill(getattr(auth, name), name) for name in needed},
    )


def auth_texts(auth: Auth) -> dict[str, str]:
    """The texts of ``auth`` that may be secret or mention an account, by key."""
    if isinstance(auth, tuple):
        return {f"{number}.{key}": text for number, each in enumerate(auth) for key, text in auth_texts(each).items()}
    match auth:
        case CookieAuth():
            return {f"cookies.{name}": value for name, value in auth.cookies.items()}
        case OAuth2Auth():
            texts = {name: getattr(auth, name) for name in ("client_id", "client_secret", *_PROOFS)}
            return {name: text for name, text in texts.items() if text is not None}
        case BearerAuth():
            return {"token": auth.token}
        case HeaderAuth() | QueryAuth():
            return {"value": auth.value}
        case BasicAuth() | DigestAuth():
            return {"username": auth.username, "password": auth.password}
        case SignatureAuth():
            added = {**auth.headers, **auth.query, **auth.fields}
            return {"key": auth.key, "value": auth.value, **{f"added.{name}": text for name, text in added.items()}}
        case NoAuth():
            return {}


_PROOFS = ("username", "password", "refresh_token")
SIGNED = frozenset({"http"})
"""The values that templates of a signature have in addition to those of the operation."""


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
    """Whether a template anywhere in ``value`` names the holder of an identity."""
    return _speaks_of(_HOLDER, value)


def names_age(value: Any) -> bool:
    """Whether a template anywhere in ``value`` names the birth date of the person who registers."""
    return _speaks_of(_BIRTH_DATE, value)


def names_producer(value: Any) -> bool:
    """Whether a template anywhere in ``value`` sends the producer code of a tenant that registers."""
    return _speaks_of(_PRODUCER_CODE, value)


def names_agreement(value: Any) -> bool:
    """Whether a template anywhere in ``value`` sends whether the user agreed to the duty to label."""
    return _speaks_of(_AGREED, value)


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
                steps = tuple(int(step) if step.isdigit() else step for step in key.split("."))
                yield (
                    ("auth", *steps),
                    (
                        f"found account.credentials.{name}, expected operations.register.extract.credentials (or login)"
                        f" to say where {name} is"
                    ),
                )

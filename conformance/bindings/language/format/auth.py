"""The section ``auth``: how a request says who asks."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from .common import BY_REFERENCE, HeaderName, Name, Section, one_or_several


class NoAuth(Section):
    """Nothing is sent."""

    type: Literal["none"]


class BearerAuth(Section):
    """``Authorization: Bearer <token>``."""

    type: Literal["bearer"]
    token: str = Field(min_length=1)


class HeaderAuth(Section):
    """One header of any name."""

    type: Literal["header"]
    name: HeaderName
    value: str = Field(min_length=1)


class BasicAuth(Section):
    """``Authorization: Basic <base64 of username:password>``."""

    type: Literal["basic"]
    username: str = Field(min_length=1)
    password: str


class DigestAuth(Section):
    """``Authorization: Digest …`` (RFC 7616): the provider answers 401 with a challenge, and the request is sent again
    with a digest of the password. Later requests use the same challenge until the provider gives another one.
    """

    type: Literal["digest"]
    username: str = Field(min_length=1)
    password: str


class CookieAuth(Section):
    """``Cookie: name=value; …``. A cookie of these names that a response renews is used from then on, for that
    account alone.
    """

    type: Literal["cookie"]
    cookies: dict[HeaderName, str] = Field(min_length=1)


class QueryAuth(Section):
    """One query value of any name, such as an API key."""

    type: Literal["query"]
    name: str = Field(min_length=1, max_length=200)
    value: str = Field(min_length=1)


class Recipe(Section):
    """How a signature is made; see :class:`SignatureAuth`."""

    key: str = Field(min_length=1)
    string: str = Field(min_length=1)
    algorithm: Literal["md5", "sha1", "sha256", "sha512"] = "sha256"
    keyed: Literal["hmac", "none"] = "hmac"
    derive: tuple[str, ...] = ()
    encoding: Literal["hex", "HEX", "base64", "base64url"] = "hex"
    value: str = "{{ signature }}"


class CallbackSignature(Recipe):
    """The signature that the provider puts into the ``header`` of a callback: ``http`` has its ``headers``, ``body``,
    ``body_bytes``, ``body_sha256`` and ``body_md5``.
    """

    header: HeaderName


class SignatureAuth(Recipe):
    """A signature over the request, by a recipe.

    ``string`` is the text that is signed: a template over ``http`` (``method``, ``path``, ``query`` (sorted),
    ``host``, ``headers``, ``body``, ``body_sha256``, ``body_md5``, ``fields`` (sorted ``name=value`` pairs of query and
    body)), ``now`` and ``nonce``. ``headers`` and ``query`` are added before the signature is made, and their templates
    know ``http`` as it was without them. ``derive`` makes
    the signing key from ``key`` by one more HMAC per item. The signature goes into one ``header``, ``query_name`` or
    ``field`` of the body; ``value`` is its text there, a template over ``signature``.
    """

    type: Literal["signature"]
    headers: dict[HeaderName, str] = {}
    query: dict[str, str] = {}
    fields: dict[str, str] = {}
    header: HeaderName | None = None
    query_name: str | None = None
    field: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> SignatureAuth:
        places = [name for name in ("header", "query_name", "field") if getattr(self, name) is not None]
        if len(places) != 1:
            found = " and ".join(places) or "none of them"
            raise ValueError(f"found {found}, expected exactly one of header, query_name, field")
        return self


class OAuth2Auth(Section):
    """A grant of RFC 6749: a token is fetched, used until it expires, and renewed once on 401.

    ``grant: password`` needs ``username`` and ``password``, ``grant: refresh_token`` needs ``refresh_token``. A refresh
    token in a response is used for the next renewal.

    ``token_url`` is a path at the provider, or a URL whose host is in ``target.auth_hosts``.
    """

    type: Literal["oauth2"]
    token_url: str = Field(pattern=r"^(/|https?://)", max_length=2000)
    client_id: str = Field(min_length=1)
    client_secret: str = Field(pattern=BY_REFERENCE)
    grant: Literal["client_credentials", "password", "refresh_token"] = "client_credentials"
    username: str | None = None
    password: str | None = Field(default=None, pattern=BY_REFERENCE)
    refresh_token: str | None = Field(default=None, pattern=BY_REFERENCE)
    client_auth: Literal["basic", "form"] = "basic"
    scope: str | None = None
    extra: dict[Name, str] = {}

    @model_validator(mode="after")
    def _grant_is_complete(self) -> OAuth2Auth:
        needed = {"password": ("username", "password"), "refresh_token": ("refresh_token",)}.get(self.grant, ())
        missing = [name for name in needed if getattr(self, name) is None]
        if missing:
            raise ValueError(f"found no {missing[0]}, which the grant {self.grant} needs")
        return self


OneAuth: TypeAlias = Annotated[
    NoAuth | BearerAuth | HeaderAuth | QueryAuth | BasicAuth | DigestAuth | CookieAuth | SignatureAuth | OAuth2Auth,
    Field(discriminator="type"),
]
Auth: TypeAlias = Annotated[
    Annotated[OneAuth, Tag("no list")] | Annotated[tuple[OneAuth, ...], Field(min_length=1), Tag("a list")],
    Discriminator(one_or_several),
]
"""One way to say who asks, or several that every request carries together."""

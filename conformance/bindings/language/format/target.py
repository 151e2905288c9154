"""The sections about the target: what it offers, where it runs, and how its hosts are reached."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from shenhe.conformance.apps import Measure
from shenhe.conformance.entities import IdentityMethod
from shenhe.conformance.operations import Operation, TargetRole
from shenhe.rulebook import Market, Service, Trait

from .common import BY_REFERENCE, Flag, Host, MediaType, Name, Number, Section


class MarkerEntry(Section):
    """A phrase by which the test environment recognises test content, and where it recognises it."""

    phrase: str = Field(min_length=1, max_length=200)
    place: Literal["start", "end", "anywhere"] = "start"
    services: tuple[Service, ...] | None = None
    texts: tuple[Literal["prompt", "title", "chat"], ...] | None = Field(default=None, alias="in")


MarkerText: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]


class ServiceSection(Section):
    """What one service offers: its media types, and what a request may choose.

    The first value of an option is its default. ``inputs`` are text fields in addition to the prompt. ``surfaces``,
    ``renditions`` and ``report_kinds`` replace those of the target for this service.
    """

    media: Annotated[tuple[MediaType, ...], Field(min_length=1)]
    options: dict[Name, Annotated[tuple[bool | int | float | str, ...], Field(min_length=1)]] = {}
    inputs: tuple[Name, ...] = ()
    surfaces: tuple[Name, ...] | None = None
    renditions: tuple[Name, ...] | None = None
    report_kinds: tuple[Name, ...] | None = None
    markers: dict[Name, MarkerText | MarkerEntry] = {}


#: Money or seconds, per call.
Amount: TypeAlias = Annotated[Number, Field(ge=0, le=1_000_000)]


class TargetSection(Section):
    """Who is probed, and what it declares it offers."""

    name: str = Field(min_length=1, max_length=200)
    base_url: str = Field(min_length=1, max_length=2000)
    environment: Literal["test", "production"] = "production"
    markets: tuple[Market, ...] = Field(default=(Market.CN,), min_length=1)
    roles: tuple[TargetRole, ...] = Field(default=(TargetRole.PROVIDER,), min_length=1)
    identities: Literal["synthetic", "supplied"] = "supplied"
    services: dict[Service, ServiceSection] = {}
    surfaces: tuple[Name, ...] = ("page",)
    renditions: tuple[Name, ...] = ("original",)
    edit_scopes: tuple[Name, ...] = ()
    identity_methods: tuple[IdentityMethod, ...] = ()
    report_kinds: tuple[Name, ...] = ("illegal",)
    disclosure_topics: tuple[Name, ...] = ()
    record_kinds: tuple[Name, ...] | None = None
    consents_expire: Flag = False
    traits: dict[Trait, Flag] = {}
    personas: tuple[Name, ...] = ()
    text_labels: Literal["content", "interface"] = "content"
    dialogue: Flag | None = None
    settling_seconds: Number = Field(default=5.0, ge=0, le=600)
    markers: dict[Name, MarkerText | MarkerEntry] = {}
    media_hosts: tuple[Host, ...] = ()
    auth_hosts: tuple[Host, ...] = ()
    hosts: dict[Name, Annotated[str, Field(min_length=1, max_length=2000)]] = {}
    uploads: tuple[MediaType, ...] = ()
    publish_ways: tuple[Name, ...] = ()
    storefronts: tuple[Name, ...] = Field(default=("cn",), min_length=1)
    listing_surfaces: tuple[Name, ...] = ("page",)
    orders: tuple[Measure, ...] = ()
    price: Amount | dict[Literal["generate", "edit"], Amount] | None = None
    seconds: Amount | dict[Operation, Amount] | None = None

    @field_validator("services", mode="before")
    @classmethod
    def _media_only(cls, value: object) -> object:
        """``text: [text/plain]`` is short for ``text: {media: [text/plain]}``."""
        if not isinstance(value, dict):
            return value
        return {name: {"media": each} if isinstance(each, list | tuple) else each for name, each in value.items()}


class TlsSection(Section):
    """Whom to trust, and who we are. Files are found from the folder of the binding. ``verify: false`` is for this
    machine alone.
    """

    ca: str | None = Field(default=None, min_length=1)
    certificate: str | None = Field(default=None, min_length=1)
    key: str | None = Field(default=None, min_length=1)
    key_password: str | None = Field(default=None, pattern=BY_REFERENCE)
    verify: Flag = True

    @model_validator(mode="after")
    def _key_of_certificate(self) -> TlsSection:
        if self.certificate is None and (self.key is not None or self.key_password is not None):
            raise ValueError(
                "found a key without a certificate, expected both, or only the certificate if its file holds both"
            )
        return self


class ProxySection(Section):
    """The proxy that every request goes through. Without this section there is none, whatever the environment says."""

    url: str = Field(pattern=r"^https?://[^/@?#]+/?$")
    username: str = ""
    password: str = Field(default="", pattern=f"^$|{BY_REFERENCE}")


class EnvironmentSection(Section):
    """Another place where the same provider runs. Its keys replace the same keys of ``target``."""

    base_url: str = Field(min_length=1, max_length=2000)
    environment: Literal["test", "production"] | None = None
    identities: Literal["synthetic", "supplied"] | None = None
    markers: dict[Name, MarkerText | MarkerEntry] | None = None
    hosts: dict[Name, Annotated[str, Field(min_length=1, max_length=2000)]] | None = None
    media_hosts: tuple[Host, ...] | None = None
    auth_hosts: tuple[Host, ...] | None = None
    tls: TlsSection | None = None
    proxy: ProxySection | None = None

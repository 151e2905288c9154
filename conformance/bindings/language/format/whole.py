"""A whole binding file."""

from __future__ import annotations

from typing import Annotated, TypeAlias, get_args

from pydantic import Discriminator, Field, Tag, model_validator

from shenhe.conformance.provider import Operation

from .auth import Auth, NoAuth
from .common import FacetName, Name, Role, Section, one_or_several, text_or_mapping
from .people import AccountEntry, ConsentEntry, FilingEntry, IdentityEntry, SubjectEntry
from .requests import DefaultsSection, LimitsSection, LoginSection, OperationSection
from .target import EnvironmentSection, ProxySection, TargetSection, TlsSection


class ConstantSection(Section):
    """Bytes for templates: in base64, in hexadecimal, or the content of a file beside the binding."""

    base64: str | None = None
    hex: str | None = None
    file: str | None = Field(default=None, min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _one_form(self) -> ConstantSection:
        if sum(each is not None for each in (self.base64, self.hex, self.file)) != 1:
            raise ValueError("found none or several of base64, hex, file, expected exactly one")
        return self


Accounts: TypeAlias = Annotated[
    Annotated[AccountEntry, Tag("no list")] | Annotated[tuple[AccountEntry, ...], Field(min_length=1), Tag("a list")],
    Discriminator(one_or_several),
]
"""One account of a role, or several."""
Filings: TypeAlias = Annotated[
    Annotated[FilingEntry, Tag("no list")] | Annotated[tuple[FilingEntry, ...], Field(min_length=1), Tag("a list")],
    Discriminator(one_or_several),
]
"""One filing of a kind, or several."""
Constant: TypeAlias = Annotated[
    Annotated[ConstantSection, Tag("a section")] | Annotated[bool | int | float | str, Tag("a path")],
    Discriminator(text_or_mapping),
]


class BindingFile(Section):
    """A whole binding file."""

    target: TargetSection
    constants: dict[Role, Constant] = {}
    defaults: DefaultsSection | None = None
    environments: dict[Name, EnvironmentSection] = {}
    auth: Auth = NoAuth(type="none")
    login: LoginSection | None = None
    tls: TlsSection | None = None
    proxy: ProxySection | None = None
    accounts: dict[Role, Accounts] = {}
    identities: dict[Role, IdentityEntry] = {}
    filings: dict[Role, Filings] = {}
    subjects: dict[Role, SubjectEntry] = {}
    consents: dict[Role, ConsentEntry] = {}
    limits: LimitsSection = LimitsSection()
    operations: dict[Operation, OperationSection] = Field(min_length=1)


FACETS: frozenset[str] = frozenset(get_args(FacetName))

"""What a binding supplies ready-made: accounts, identities, filings, subjects and consents."""

from __future__ import annotations

from pydantic import Field, field_validator

from shenhe.conformance.entities import IdentityMethod

from .common import Flag, Name, Role, Section


class AccountEntry(Section):
    """A ready-made account. ``profile`` is personal data that its holder gave the provider (``phone``,
    ``email`` …) and that no other account may see.
    """

    id: str = Field(min_length=1)
    credentials: dict[str, str] = {}
    profile: dict[str, str] = {}

    @field_validator("id", mode="before")
    @classmethod
    def _number_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class IdentityEntry(Section):
    """A ready-made identity document."""

    method: IdentityMethod
    number: str = Field(min_length=1)
    name: str = ""

    @field_validator("number", mode="before")
    @classmethod
    def _number_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class FilingEntry(Section):
    """What a developer presents as the filing of a service: its number, the code and name of the entity it is of, and
    the number of the security assessment.
    """

    number: str = Field(min_length=1)
    entity: str = ""
    holder: str = ""
    assessment: str = ""


class SubjectEntry(Section):
    """A person whose face or voice may be edited."""

    id: str = Field(min_length=1)
    name: str = ""
    minor: Flag = False
    number: str = ""

    @field_validator("number", mode="before")
    @classmethod
    def _number_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class ConsentEntry(Section):
    """A consent on record: ``subject`` is a role of ``subjects``."""

    id: str = Field(min_length=1)
    subject: Role
    scope: Name

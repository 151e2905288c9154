"""What requests may say, and how much of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue

from .domain.consent import Scope
from .domain.identity import DocumentType
from .domain.moderation import Kind

SURFACES = ("page", "feed", "thumbnail", "download", "share")

Line = Annotated[str, Field(max_length=400)]
Prompt = Annotated[str, Field(min_length=1, max_length=20_000)]
Statement = Annotated[str, Field(max_length=8_000)]


class Said(BaseModel):
    """Something said to the companion."""

    text: Prompt
    chat: str | None = None
    persona: Literal["", "partner", "kin"] = ""


class Registration(BaseModel):
    """A new account. Whatever else an applicant says is heard and not believed."""

    display_name: Line = ""
    particulars: dict[str, JsonValue] = {}
    born: Annotated[str, Field(pattern=r"^(\d{4}-\d\d-\d\d)?$")] = ""
    guardian: Line = ""


class NewSession(BaseModel):
    """A further session for the holder of the refresh token of an account."""

    refresh_token: Line


class Document(BaseModel):
    """An identity document as it is presented."""

    type: DocumentType
    number: Line = ""
    holder: Line = ""


class IdentityCheck(BaseModel):
    document: Document


class Person(BaseModel):
    """The person whose face or voice it is."""

    id: Annotated[str, Field(min_length=1, max_length=400)]
    name: Line = ""
    minor: bool = False


class ConsentGrant(BaseModel):
    subject: Person
    scope: Scope
    statement: Statement = ""
    days: Annotated[int, Field(ge=1, le=3650)] = 365


class Generation(BaseModel):
    kind: Literal["text", "speech", "image", "video", "scene", "restoration", "sound"]
    format: Line
    prompt: Prompt
    history: Annotated[list[Annotated[str, Field(max_length=20_000)]], Field(max_length=100)] = []
    conversation: bool = False
    quality: Literal["standard", "draft"] = "standard"
    visible_label: bool = True
    label_duty_accepted: bool = False
    #: What responses say of a work; a request that says otherwise changes nothing.
    watermarked: JsonValue = None


class Edit(BaseModel):
    """``source`` is a file in Base64; ``consent`` the record the user relies on; ``account`` the author, who must
    be the user.
    """

    source: str
    subject: Line
    scope: Scope
    prompt: Annotated[str, Field(max_length=20_000)] = ""
    consent: Line | None = None
    account: Line | None = None


class NewPublication(BaseModel):
    """``account`` is the author, who must be the user."""

    asset: Line
    title: Line = ""
    account: Line | None = None
    #: A self-declared claim, which is ignored.
    verified: JsonValue = None
    verified_by: JsonValue = None


class Report(BaseModel):
    kind: Kind
    statement: Statement = ""
    contact: Line = ""
    signature: Line = ""
    good_faith: bool = False


class Appeal(BaseModel):
    statement: Statement = ""


class ClockAdvance(BaseModel):
    hours: Annotated[float, Field(ge=0, le=1_000_000)]

"""``vocabulary.yaml``: the words by which `shenhe init` reads documents of others."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from shenhe.rulebook import Service
from shenhe.rulebook.document import read_yaml, validate


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Entry):
    """What an operation is called. ``alone`` name it by themselves; a noun does only together with a verb; ``never`` rule it out."""

    method: str = "POST"
    alone: str = ""
    nouns: str = ""
    verbs: str = ""
    never: str = ""


class ServiceWords(_Entry):
    """A service that an endpoint may be for, with its usual media type."""

    service: Service
    media_type: str
    words: str


class FieldNames(_Entry):
    """A value of an operation, and the names that a document may call it by."""

    value: str
    names: str


class Deferral(_Entry):
    """What documents call things about answers that come later, in pieces or page by page; plain names, in order of preference."""

    state: str
    pending: str
    done: str
    failed: str
    refused: str
    location: str
    job_url: str
    job_id: str
    job: str
    pieces: str
    next_url: str
    cursor: str
    next_cursor: str
    number: str
    offset: str
    size: str
    more: str


class Vocabulary(_Entry):
    """``vocabulary.yaml``."""

    operations: dict[str, Words]
    deferral: Deferral
    services: tuple[ServiceWords, ...]
    fields: dict[str, tuple[FieldNames, ...]]


@cache
def vocabulary() -> Vocabulary:
    """The words that come with shenhe."""
    data, locate = read_yaml(files(__package__) / "vocabulary.yaml", "vocabulary.yaml")
    return validate(Vocabulary, data, locate)

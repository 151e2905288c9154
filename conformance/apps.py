"""What the operations of an app store take and return: submissions, listings, orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from shenhe.rulebook import Service

from .entities import Media


@dataclass(frozen=True, slots=True)
class App:
    """An app at the store, listed or not."""

    id: str


@dataclass(frozen=True, slots=True)
class Filing:
    """What a developer presents as the filing of an algorithm or service: its ``number``, the ``entity`` (unified
    social credit code) and ``holder`` (name) that it is of, and the number of the security ``assessment``.

    Every field may be empty or wrong on purpose.
    """

    number: str = ""
    entity: str = ""
    holder: str = ""
    assessment: str = ""


@dataclass(frozen=True, slots=True)
class AppSubmission:
    """An app, or an update of one, as a developer submits it for listing, with its declarations and material.

    ``app`` is the app that is updated, ``None`` for a new one. ``generative`` declares whether it offers AI generation,
    ``services`` which; ``companion`` whether it simulates a person, ``minors_mode`` whether it has a mode for minors.
    ``label_material`` describes how its content is labelled, and ``label_sample`` is a labelled file.
    """

    name: str
    package: str
    version: str
    description: str
    generative: bool = False
    services: tuple[Service, ...] = ()
    filing: Filing = field(default_factory=Filing)
    label_material: str = ""
    label_sample: Media | None = None
    companion: bool = False
    minors_mode: bool = False
    storefronts: tuple[str, ...] = ()
    app: App | None = None


class ListingState(StrEnum):
    """The state of an app in one storefront. An app that was warned, or may not be updated, is still listed."""

    IN_REVIEW = "in-review"
    LISTED = "listed"
    REJECTED = "not-listed"
    SUSPENDED = "suspended"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Listing:
    """The status of an app as its developer sees it: state, the reasons given for it, and the listed version."""

    state: ListingState
    reasons: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class AppView:
    """An app as the public sees it on one surface of a storefront."""

    text: str = ""
    version: str = ""
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AppPage:
    """The apps that a search lists, by id."""

    apps: tuple[str, ...]


class Measure(StrEnum):
    """What an authority can order a store to do about an app; ``LIFT`` ends every earlier order."""

    WARN = "warn"
    SUSPEND_UPDATES = "suspend-updates"
    SUSPEND_LISTING = "suspend-listing"
    REMOVE = "remove"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class AppOrder:
    """An order of an authority: ``reasons`` are its grounds, ``hours`` the time within which it is to be executed, in
    all ``storefronts`` if none is named.
    """

    app: App
    measure: Measure
    reasons: str
    number: str
    hours: float = 24.0
    storefronts: tuple[str, ...] = ()

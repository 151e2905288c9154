"""A target as checks see it: what it declares it offers, what its binding supplies, and its operations.

Every operation is optional: a target is any object with some of the methods of :class:`Provider`, which are grouped by
role in :mod:`.roles`. Results are data. A target that says no is an answer like any other (:class:`Refused`), and one
that could not answer is one too (:class:`Unavailable`); no operation raises for either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, Protocol

from shenhe.rulebook import Service

from .apps import Filing, Measure
from .entities import Account, Consent, Identity, IdentityMethod, Marker, Reading, Subject, as_marker
from .operations import Operation, TargetRole, where_to_bind
from .results import NO_SUCH_THING, Accepted, Refused, Result, Unavailable
from .roles import (
    Companionship,
    Distribution,
    Making,
    Members,
    Openness,
    Publishing,
    Takedown,
    TestEnvironment,
)

__all__ = [
    "NO_SUCH_THING",
    "Accepted",
    "Capabilities",
    "Operation",
    "Provider",
    "ReadyMade",
    "Refused",
    "Result",
    "Unavailable",
    "where_to_bind",
]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider declares it offers. What is not declared is not failed; what is declared and absent is.

    ``media`` gives the media types each service makes; ``surfaces`` the places a publication can be seen on;
    ``renditions`` the forms a piece of content can be fetched in (``original``, ``download``, ``export``, ``thumbnail``
    …); ``record_kinds`` the kinds of record that it lists (``None``: not declared); ``edit_scopes`` what can be edited
    of a person (``face``, ``voice``). ``markers`` names the phrases by which the provider's test environment knows test
    content that it must treat as ``unlawful`` or ``intimate``. ``identities`` is ``synthetic`` where invented persons
    may be registered, else ``supplied``. ``consents_expire`` says that a consent can be given for a number of days.
    ``text_labels`` is ``interface`` where the notice beside a text says what it is and the text itself does not, but
    for copies that are taken away. ``accounts_named`` are the operations whose requests name the account by its id, in
    addition to being signed by it. ``holders_named`` says that the holder's name is presented with
    it. ``dialogue`` says whether the text service is a dialogue (``None``: not declared). ``settling_seconds`` is how
    long a decision may take to show its effect on every surface. ``readings`` say what is read from the responses; an
    operation without an entry reads everything. ``traits`` are facts that decide which rules reach the provider, such
    as ``companion``. ``personas`` are the intimate roles in which it can be asked to speak (``partner``, ``kin``), and
    ``ages_named`` says that the birth date of the registering person is sent.
    """

    operations: frozenset[Operation]
    services: tuple[Service, ...] = ()
    media: Mapping[Service, tuple[str, ...]] = field(default_factory=dict)
    surfaces: tuple[str, ...] = ("page",)
    renditions: tuple[str, ...] = ("original",)
    edit_scopes: tuple[str, ...] = ()
    identity_methods: tuple[IdentityMethod, ...] = ()
    report_kinds: tuple[str, ...] = ("illegal",)
    disclosure_topics: tuple[str, ...] = ()
    record_kinds: tuple[str, ...] | None = None
    markers: Mapping[str, str | Marker] = field(default_factory=dict)
    markets: tuple[str, ...] = ("cn",)
    roles: tuple[TargetRole | str, ...] = (TargetRole.PROVIDER,)
    identities: Literal["synthetic", "supplied"] = "supplied"
    consents_expire: bool = False
    text_labels: Literal["content", "interface"] = "content"
    accounts_named: frozenset[Operation] = frozenset()
    holders_named: bool = False
    dialogue: bool | None = None
    settling_seconds: float = 5.0
    readings: Mapping[Operation, tuple[Reading, ...]] = field(default_factory=dict)

    def reads(self, operation: Operation, channel: str, **facets: object) -> bool:
        """Whether a response of this operation is looked through for ``channel``: what is not read is never missing.

        A facet that is not named may be of any value.
        """
        if operation not in self.readings:
            return True
        serving = [
            reading
            for reading in self.readings[operation]
            if all(facets[name] in wanted for name, wanted in reading.when.items() if name in facets)
        ]
        certain = set(facets) >= {name for reading in serving[:1] for name in reading.when}
        return any(channel in reading.channels for reading in (serving[:1] if certain else serving))

    @property
    def all_renditions(self) -> tuple[str, ...]:
        """The renditions of the whole provider, and those that its services name for themselves."""
        return tuple(dict.fromkeys((*self.renditions, *chain.from_iterable(self.renditions_of.values()))))

    @property
    def file_surfaces(self) -> list[str]:
        """The surfaces that give a published file as it is, a download first. A thumbnail is another file."""
        if not {Operation.PUBLISH, Operation.VIEW} <= self.operations:
            return []
        surfaces = [each for each in self.surfaces if each != "thumbnail"]
        surfaces.sort(key=lambda name: name != "download")
        return [each for each in surfaces if self.reads(Operation.VIEW, "media", surface=each)]

    def marker(self, name: str, service: Service | None = None) -> Marker | None:
        """The marker of that name, where the binding declares one; ``service`` may have its own."""
        own = self.markers_of.get(service, {}) if service is not None else {}
        marker = own.get(name) or self.markers.get(name)
        return None if not marker else as_marker(marker)

    @property
    def usual_report_kind(self) -> str:
        """The kind under which unlawful content is reported."""
        kinds = self.report_kinds
        return "illegal" if "illegal" in kinds or not kinds else kinds[0]

    traits: Mapping[str, bool] = field(default_factory=dict)
    #: The choices that requests for a service have, by name; the first value is the default.
    options: Mapping[Service, Mapping[str, tuple[bool | int | float | str, ...]]] = field(default_factory=dict)
    #: The text fields of requests for a service in addition to the prompt.
    inputs: Mapping[Service, tuple[str, ...]] = field(default_factory=dict)
    #: The media types that can be uploaded; empty if the binding does not say.
    uploads: tuple[str, ...] = ()
    #: The named ways of publishing (``feed``, ``story`` …); empty if there is only one.
    publish_ways: tuple[str, ...] = ()
    #: Surfaces, renditions, report kinds and markers of a service where they differ from those of the whole provider.
    surfaces_of: Mapping[Service, tuple[str, ...]] = field(default_factory=dict)
    renditions_of: Mapping[Service, tuple[str, ...]] = field(default_factory=dict)
    report_kinds_of: Mapping[Service, tuple[str, ...]] = field(default_factory=dict)
    markers_of: Mapping[Service, Mapping[str, str | Marker]] = field(default_factory=dict)
    personas: tuple[str, ...] = ()
    ages_named: bool = False
    #: Whether tenants say at registration which producer code labels what is made for them.
    producers_named: bool = False
    #: The operations of which a step extracts a ``code``, such as one that comes by SMS.
    codes: frozenset[Operation] = frozenset()
    #: Whether a consent has its id before the last request of ``grant_consent``, which confirms it.
    consents_confirmed: bool = False
    #: Whether a request for content says that its user agreed to the duty to label it.
    agreement_named: bool = False
    #: So many requests come before the one that ends an upload.
    upload_steps: int = 0
    #: What is generated and comes in an archive, by a callback, and by one that is signed.
    archived: tuple[tuple[Service, str], ...] = ()
    called_back: tuple[tuple[Service, str], ...] = ()
    signed_back: tuple[tuple[Service, str], ...] = ()
    #: So many values of different factors are combined by the listed cases; a run sets it, a binding does not.
    strength: int = 2
    #: Of a store: its storefronts, the surfaces of each that show an app, and the orders that can be given in a test.
    storefronts: tuple[str, ...] = ("cn",)
    listing_surfaces: tuple[str, ...] = ("page",)
    orders: tuple[Measure, ...] = ()
    #: Whether orders are given with the credentials of an account, so that others can try.
    orders_signed: bool = False


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """Members, identities and consents that a binding supplies by role (``verified_adult``, ``unverified``, ``minor``,
    ``subject``, ``reporter``), for gateways that refuse invented people. ``profiles`` are what the holders of the
    accounts gave the provider.
    """

    accounts: Mapping[str, Account] = field(default_factory=dict)
    identities: Mapping[str, Identity] = field(default_factory=dict)
    subjects: Mapping[str, Subject] = field(default_factory=dict)
    consents: Mapping[str, Consent] = field(default_factory=dict)
    profiles: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    #: All accounts of a role that has several; ``accounts`` holds the first.
    further_accounts: Mapping[str, tuple[Account, ...]] = field(default_factory=dict)
    #: Filings by what is true of them at the store: ``valid`` (of the developer), ``other_entity``, ``cancelled``,
    #: ``expired`` (its assessment).
    filings: Mapping[str, tuple[Filing, ...]] = field(default_factory=dict)


class Provider(
    Members,
    Making,
    Publishing,
    Companionship,
    Distribution,
    Takedown,
    Openness,
    TestEnvironment,
    Protocol,
):
    """The operations of every role. Implement any subset and say which in ``capabilities.operations``.

    An ``account`` of ``None`` means a request without a signed-in user.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def ready_made(self) -> ReadyMade: ...

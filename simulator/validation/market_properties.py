"""Metamorphic properties of levers of providers, the public, stores, platforms and reforms."""

from __future__ import annotations

from .lever_markets import (
    AUDITED,
    CLAIMED,
    COPIED,
    GRAVE,
    MISUSED,
    ONLY_A,
    SEEN,
    STEADILY,
    SWEPT,
    TRACED,
    UNFILED,
    campaign,
    in_platforms,
    shares_of,
    spread_of_compliance,
)
from .metamorphic import (
    CLOSURE,
    FINE,
    OFF,
    STORES,
    SUSPENSION,
    Property,
    each,
    events,
    falls,
    log_of,
    obeying,
    outcome,
    step,
)
from .properties import AT_RANDOM, CEILING, FINED, ORDER, REMOVALS, UNAFRAID, V

MARKET_PROPERTIES: tuple[Property, ...] = (
    # behaviour of providers
    Property(
        "Fines on paper deter for ever only in the model `fixed`",
        outcome("violations", -1),
        {"response.model": "fixed"},
        {"response.model": "adaptive"},
        {**OFF, **FINED, "response.initial_belief": 0.5},
    ),
    falls(
        "Sanctions for other behaviours teach too",
        V,
        "response.generalises",
        0.0,
        1.0,
        **FINED,
        **{"response.impunity_seen": 0.0, "response.peer_weight": 1.0, "response.initial_belief": 0.0},
        **{"policy.detection.complaints_taken_up": 1.0, "public.audience": 10.0},
    ),
    falls("Filters cost more fear", outcome("lawful_blocked"), "response.strictness_scale", 1e3, 1e7),
    falls(
        "Measures against users",
        outcome("account_measures", -1),
        "response.account_measures",
        0.0,
        1.0,
        **{"behaviours.labeling.misused": 0.5, **SEEN},
    ),
    falls(
        "Back soon under another name",
        outcome("reentries", -1),
        "response.reentry_days",
        2000.0,
        10.0,
        **{"policy.ladder": [CLOSURE], **each("population.classes.*.reenters", 1.0), **UNAFRAID},
    ),
    falls(
        "Looking ahead to the bad group",
        V,
        "response.foresight",
        0.0,
        3650.0,
        **{**AT_RANDOM, **ORDER, CEILING: 40.0, "policy.targeting.group_weight": 20.0, "response.initial_belief": 0.0},
        **each("population.classes.*.gain", 1e3),
    ),
    # the public
    falls("Complaints that come soon", outcome("complaints", -1), "public.complaint_delay", 600.0, 1.0, **OFF, **SEEN),
    falls(
        "Users who leave for several providers",
        events("users-moved", -1),
        "public.destinations",
        1,
        6,
        **{"policy.ladder": [SUSPENSION], **UNAFRAID},
    ),
    falls(
        "Users who come back",
        events("users-moved", -1),
        "public.returns",
        0.0,
        1.0,
        **{"policy.ladder": [SUSPENSION], **UNAFRAID, **SEEN},
    ),
    falls(
        "Rumours that reach more users",
        log_of("harm", -1),
        "public.rumour_reach",
        1e-4,
        0.5,
        **OFF,
        **{"public.rumours": 40.0, "public.reach_spread": 0.0},
    ),
    falls("Courts that decide soon", outcome("claims", -1), "public.claim_days", 5000.0, 10.0, **CLAIMED),
    falls(
        "The same reach in a few large breaches", outcome("complaints"), "public.reach_spread", 0.0, 2.5, **OFF, **SEEN
    ),
    falls(
        "Audiences that complain in proportion",
        outcome("complaints", -1),
        "public.audience_exponent",
        0.01,
        0.5,
        **OFF,
        **{"public.audience": 1.0},
    ),
    # stores and platforms
    Property(
        "Stores with more users: removals bite",
        log_of("harm"),
        each("stores.*.share", 0.05, STORES),
        each("stores.*.share", 0.45, STORES),
        {**UNAFRAID, **REMOVALS, "policy.ladder": [step("app-removal", removal_days=600.0)], **SEEN},
    ),
    Property(
        "Slow listing reviews",
        events("listed"),
        each("stores.*.review_days", 1.0, STORES),
        each("stores.*.review_days", 2000.0, STORES),
    ),
    Property(
        "Stores that watch",
        outcome("store_reports", -1),
        each("stores.*.monitors", 0.0, STORES),
        each("stores.*.monitors", 1.0, STORES),
        UNAFRAID,
    ),
    Property(
        "Stores that watch closely",
        outcome("store_reports", -1),
        each("stores.*.monitor_delay", 2000.0, STORES),
        each("stores.*.monitor_delay", 1.0, STORES),
        UNAFRAID,
    ),
    Property(
        "Stores that obey at once",
        obeying,
        each("stores.*.obeys_after", 60.0, STORES),
        each("stores.*.obeys_after", 1.0, STORES),
        {**REMOVALS, **UNAFRAID, **each("stores.*.hurry_cost", 0.0, STORES)},
    ),
    Property(
        "Stores that relist soon",
        outcome("relistings", -1),
        each("stores.*.relisting_days", 2000.0, STORES),
        each("stores.*.relisting_days", 1.0, STORES),
        {**REMOVALS, **UNAFRAID},
    ),
    Property(
        "Stores that relist willingly",
        outcome("relisting_refusals"),
        each("stores.*.relists", 0.1, STORES),
        each("stores.*.relists", 1.0, STORES),
        {**REMOVALS, **UNAFRAID},
    ),
    Property(
        "Diligent stores",
        events("listing-refused", -1),
        each("stores.*.diligence", 0.0, STORES),
        each("stores.*.diligence", 1.0, STORES),
        {"policy.stores.checks_filing": 1.0},
    ),
    falls(
        "Unfiled apps stay out of stores",
        outcome("relisting_refusals", -1),
        "policy.stores.removes_unfiled",
        False,
        True,
        **{**REMOVALS, **UNAFRAID, **UNFILED},
    ),
    falls("Sweeps of the stores", outcome("removal_orders", -1), "policy.stores.sweep_days", 0.0, 60.0, **SWEPT),
    falls("Sweeps that find more", outcome("removal_orders", -1), "policy.stores.sweep_finds", 0.1, 1.0, **SWEPT),
    falls(
        "Sweeps that remove for long", outcome("relistings"), "policy.stores.sweep_removal_days", 1.0, 800.0, **SWEPT
    ),
    Property(
        "Staff of stores for many orders at once",
        obeying,
        each("stores.*.removals_per_day", 0.05, STORES),
        each("stores.*.removals_per_day", 50.0, STORES),
        SWEPT,
    ),
    falls(
        "Stores that learn from fines",
        events("listing-refused", -1),
        "policy.stores.learns",
        0.0,
        1.0,
        **{**AUDITED, **STEADILY, **each("stores.*.diligence", 0.1, STORES)},
    ),
    falls(
        "Higher fines on platforms",
        outcome("platform_fines", -1),
        "policy.platforms.fine",
        1e3,
        1e6,
        **{**COPIED, "policy.platforms.found": 1.0},
    ),
    falls(
        "Platforms that learn from fines",
        outcome("platform_fines"),
        "policy.platforms.learns",
        0.0,
        1.0,
        **{**COPIED, "policy.platforms.found": 1.0},
    ),
    Property(
        "Copies where they are taken down", outcome("copies_removed", -1), shares_of(0.01), shares_of(0.99), ONLY_A
    ),
    Property(
        "Platforms that are quick",
        events("copies-faded"),
        in_platforms("takedown_lag", 60.0),
        in_platforms("takedown_lag", 0.1),
        {**COPIED, **in_platforms("misses", 0.0)},
    ),
    Property(
        "Copies that last",
        log_of("harm", -1),
        in_platforms("fades_after", 1.0),
        in_platforms("fades_after", 200.0),
        COPIED,
    ),
    # supporters
    falls(
        "More providers on supporters",
        outcome("collateral_downtime", -1),
        "supporters.used_by",
        0.05,
        1.0,
        **{"supporters.traced": 0.2, **UNAFRAID},
    ),
    falls(
        "Supporters suspended longer",
        outcome("collateral_downtime", -1),
        "supporters.service_days",
        1.0,
        100.0,
        **TRACED,
    ),
    falls(
        "Few supporters, many providers each", outcome("collateral_downtime"), "supporters.count", 40, 7000, **TRACED
    ),
    # who is there, and what they do
    Property(
        "Everybody there from the first day",
        outcome("occasions", -1),
        STEADILY,
        {"population.arrivals": [[0, 1.0]]},
        OFF,
    ),
    falls("Providers that differ", spread_of_compliance, "population.compliance_spread", 0.0, 0.4, **OFF),
    falls("More occasions", outcome("occasions", -1), "behaviours.labeling.rate", 1.0, 16.0, **OFF),
    *(
        falls(f"Graver breaches: {words}", log_of("harm", -1), f"behaviours.labeling.{path}", low, high, **GRAVE)
        for words, path, low, high in (
            ("severity", "severity", 0.001, 1.0),
            ("serious ones", "serious_factor", 1.0, 100.0),
            ("lifetime", "lifetime", 1.0, 300.0),
        )
    ),
    falls("Breaches that spread", events("copies-spread", -1), "behaviours.labeling.spreads", 0.0, 0.9, **OFF),
    falls(
        "Breaches that stores see", outcome("store_reports", -1), "behaviours.labeling.seen_in_store", 0.0, 1.0, **OFF
    ),
    falls("Misuse by users", outcome("account_measures", -1), "behaviours.labeling.misused", 0.0, 0.9, **MISUSED),
    falls("Persons who sue", outcome("claims", -1), "behaviours.labeling.claimed", 0.0, 0.9, **CLAIMED),
    falls("Higher awards", outcome("claims_awarded", -1), "behaviours.labeling.award", 1e3, 1e6, **CLAIMED),
    Property(
        "A ladder of its own",
        outcome("fines_imposed", -1),
        {"behaviours.labeling.ladder": None},
        {"behaviours.labeling.ladder": "strict"},
        {**UNAFRAID, "policy.ladders": [{"name": "strict", "steps": [FINE]}]},
    ),
    # reforms and campaigns
    Property("A campaign of two years instead of one month", V, campaign(30.0), campaign(730.0), FINED),
    Property("A campaign that takes up more", V, campaign(taken_up=0.0), campaign(taken_up=1.0), FINED),
    Property(
        "A reform that comes early",
        V,
        {"changes": [{"title": "x", "day": 800.0, "set": {"policy.detection.complaints_taken_up": 1.0}}]},
        {"changes": [{"title": "x", "day": 10.0, "set": {"policy.detection.complaints_taken_up": 1.0}}]},
        {**FINED, "policy.detection.complaints_taken_up": 0.0},
    ),
)

"""The metamorphic properties of the model, lever by lever. What they mean: :mod:`.metamorphic`."""

from __future__ import annotations

from ..scenario.loading import load_scenario
from .metamorphic import (
    CLOSURE,
    FINE,
    OFF,
    STORES,
    SUSPENSION,
    WARNING,
    Changes,
    Property,
    each,
    events,
    falls,
    labels_missing,
    late_fear,
    late_temptations,
    log_of,
    obeying,
    outcome,
    step,
    untouched,
)


def split_small() -> Changes:
    """Changes by dotted path that replace the small class of ``cn-2023`` by two classes of half its share each."""
    rules = load_scenario("cn-2023")
    classes = [item.model_dump(mode="json") for item in rules.population.classes]
    halves = [{**classes[0], "name": f"small-{k}", "share": classes[0]["share"] / 2} for k in (1, 2)]
    weights = dict(rules.policy.targeting.classes)
    weights |= {"small-1": weights["small"], "small-2": weights.pop("small")}
    return {"population.classes": [*halves, *classes[1:]], "policy.targeting.classes": weights}


V, REMOVALS = outcome("violations"), {"policy.ladder": [step("app-removal", removal_days=30.0)]}
UNAFRAID = {"response.model": "fixed", "response.initial_belief": 0.0, "response.own_weight": 0.0}
UNAFRAID |= {"response.peer_weight": 0.0}
FINES = {"policy.ladder": [WARNING, FINE]}

RATIONAL = {"response.model": "rational", "policy.ladder": [FINE]}
ALONE = {"response.peer_weight": 0.0, "policy.ladder": [FINE], "policy.detection.complaints_taken_up": 1.0}
ALONE |= {"public.audience": 10.0, "response.initial_belief": 0.0}
RECTIFIES = "population.classes.*.rectifies"
HUGE = step("fine", low=1e7, high=1e7)
ORDER = {"policy.ladder": [step("order-to-rectify", deadline=10.0), HUGE]}
STEEP = {"policy.ladder": [WARNING, HUGE]}
RARE = {**UNAFRAID, **STEEP, "policy.strikes.memory_days": 1.0}
RATE, CEILING = "policy.detection.inspection_rate", "policy.detection.inspection_ceiling"
AT_RANDOM = {RATE: 1.0, CEILING: 1.0, "policy.targeting.per_strike": 0.0, "policy.targeting.classes": {}}
VISITS, COMPLIES = outcome("inspections", -1), "population.classes.*.compliance.labeling"
COST, CAPITAL = "population.classes.*.compliance_cost", "population.classes.*.capital"
NO_FEAR = {**UNAFRAID, "response.review_days": 0.0}
MILD_FEAR = {**NO_FEAR, "response.initial_belief": 0.02}
NEXT = {"response.model": "fixed", "response.initial_belief": 0.5}
FINED = {"policy.ladder": [FINE]}
TURNOVER = {"policy.ladder": [{**FINE, "fine": {"low": 5e4, "high": 2e5, "turnover_share": 1.0}}]}
NARROW = {"policy.ladder": [step("fine", low=1e3, high=1e3)]}
WIDE = {"policy.ladder": [step("fine", low=1e3, high=1e7)]}
CASE_COST = {"policy.staff.case_cost": 1e5}


def budget(yearly: float | None) -> Changes:
    """Changes by dotted path that give one authority ``yearly`` RMB per year to spend; ``None`` sets no limit."""
    return {"policy.authorities": [{"name": "all", "tier": "national", "share": 1.0, "budget": yearly}]}


PROPERTIES: tuple[Property, ...] = (
    # fear and belief
    Property(
        "Impunity does not deter", late_fear, {**OFF, "response.initial_belief": 0.0}, OFF, moves=False, tolerance=0.02
    ),
    Property(
        "Fines on paper do not deter",
        lambda run: -late_fear(run),
        {"policy.ladder": [FINE]},
        {"policy.ladder": [WARNING]},
        OFF,
        moves=False,
        tolerance=0.02,
    ),
    Property(
        "Enforcement deters those it does not touch",
        late_temptations,
        OFF,
        {"policy.detection.complaints_taken_up": 1.0},
        {"policy.ladder": [FINE]},
    ),
    Property("Closure frightens", untouched, {"policy.ladder": [WARNING]}, {"policy.ladder": [CLOSURE]}),
    Property(
        "Closure frightens at least as much as suspension",
        untouched,
        {"policy.ladder": [SUSPENSION]},
        {"policy.ladder": [CLOSURE]},
        moves=False,
    ),
    Property("Suspension frightens", untouched, {"policy.ladder": [WARNING]}, {"policy.ladder": [SUSPENSION]}),
    Property(
        "A fine behind warnings frightens",
        untouched,
        {"policy.ladder": [WARNING, WARNING, WARNING]},
        {"policy.ladder": [WARNING, WARNING, step("fine", low=1e6, high=1e6)]},
    ),
    Property(
        "A ladder without its warning is no milder",
        V,
        FINES,
        {"policy.ladder": [FINE]},
        moves=False,
    ),
    Property("Higher fines", V, FINES, {"policy.ladder": [WARNING, step("fine", low=500_000.0, high=2e6)]}),
    Property(
        "A share of turnover in fines",
        outcome("violations"),
        FINES,
        {"policy.ladder": [WARNING, {**FINE, "fine": {"low": 50_000.0, "high": 200_000.0, "turnover_share": 1.0}}]},
    ),
    Property(
        "A fine for each violation",
        outcome("fines", -1),
        {"policy.ladder": [FINE]},
        {"policy.ladder": [{**FINE, "fine": {"low": 50_000.0, "high": 200_000.0, "per_violation": 1e6}}]},
        UNAFRAID,
    ),
    falls("Years that closure costs", untouched, "response.closure_years", 0.2, 20.0, **{"policy.ladder": [CLOSURE]}),
    falls(
        "Fear of suspended updates",
        untouched,
        "response.updates_loss",
        0.0,
        1.0,
        **{"policy.ladder": [step("suspend-updates", updates_days=180.0)]},
    ),
    falls(
        "Fear of suspended registration",
        untouched,
        "response.registration_loss",
        0.0,
        1.0,
        **{"policy.ladder": [step("suspend-registration", registration_days=180.0)]},
    ),
    falls("A higher belief at first", V, "response.initial_belief", 0.0, 0.5),
    falls("Forgetting one's own sanctions", V, "response.memory", 20.0, 5000.0, **{"response.model": "salience"}),
    falls(
        "Learning from one's own sanctions",
        V,
        "response.own_weight",
        0.0,
        1.0,
        **{"response.model": "salience", **FINES},
    ),
    falls(
        "Learning from those of peers", untouched, "response.peer_weight", 0.0, 1.0, **{"response.model": "salience"}
    ),
    falls("Publicity", untouched, "policy.publicity", 0.0, 5.0),
    falls("Impunity that peers see", lambda run: -untouched(run), "response.impunity_seen", 0.0, 1.0),
    falls(
        "Prosecution of serious breaches",
        untouched,
        "policy.referral",
        0.0,
        1.0,
        **{"behaviours.labeling.serious": 0.5},
    ),
    Property("Compliance that costs less", V, each(COST, 1e9), each(COST, 20_000.0)),
    falls("Reviews of effort", V, "response.review_days", 0.0, 30.0),
    # how breaches come to light
    falls("Inspections", V, RATE, 0.0, 0.4, **{CEILING: 10.0, "policy.ladder": [FINE]}),
    *(
        Property(
            f"A higher ceiling: no {word} inspections",
            outcome("inspections", sign),
            {},
            {CEILING: 9.0},
            AT_RANDOM,
            moves=False,
        )
        for word, sign in (("more", 1), ("fewer", -1))
    ),
    falls("Complaints taken up", V, "policy.detection.complaints_taken_up", 0.0, 1.0, **FINES),
    falls("Store reports taken up", outcome("cases_opened", -1), "policy.detection.store_reports_taken_up", 0.0, 1.0),
    falls(
        "Cases merged",
        outcome("cases_opened"),
        "policy.detection.merge_open_cases",
        False,
        True,
        **UNAFRAID,
        **{"policy.staff.investigation_days": 200.0, "policy.detection.complaints_taken_up": 1.0},
    ),
    falls(
        "Repeat offenders inspected more",
        VISITS,
        "policy.targeting.per_strike",
        0.0,
        3.0,
        **{CEILING: 10.0, RATE: 0.25},
    ),
    falls(
        "The giants inspected more",
        outcome("inspections", -1),
        "policy.targeting.classes.small",
        0.0,
        2.0,
        **{"policy.detection.inspection_ceiling": 10.0},
    ),
    falls(
        "Complaints draw inspections",
        outcome("inspections", -1),
        "policy.targeting.per_complaint",
        0.0,
        3.0,
        **{"policy.targeting.complaint_cap": 3, "policy.detection.inspection_ceiling": 40.0},
    ),
    falls(
        "The bad group inspected more",
        outcome("inspections", -1),
        "policy.targeting.group_weight",
        1.0,
        5.0,
        **{"policy.detection.inspection_ceiling": 20.0},
    ),
    falls(
        "Inspections concentrated",
        outcome("inspections", -1),
        "policy.targeting.focus_weight",
        1.0,
        8.0,
        **{"policy.detection.inspection_ceiling": 40.0, "policy.targeting.lots": 4},
    ),
    Property(
        "Twice the users at half the revenue: harm",
        lambda run: abs(run.outcomes["harm"].to_numpy()),
        {**each("population.classes.*.users", 2e5), **each("population.classes.*.revenue_per_user", 1.0)},
        {**each("population.classes.*.users", 1e5), **each("population.classes.*.revenue_per_user", 2.0)},
        OFF,
    ),
    Property(
        "Twice the audience: complaints",
        outcome("complaints", -1),
        each("population.classes.*.users", 3e4),
        each("population.classes.*.users", 6e4),
        {**OFF, "public.false_complaints": 0.0},
    ),
    falls("Breaches that reach more users: harm", log_of("harm", -1), "behaviours.labeling.reach", 0.01, 0.2, **OFF),
    falls(
        "Breaches that reach more users: complaints",
        outcome("complaints", -1),
        "behaviours.labeling.reach",
        0.01,
        0.2,
        **OFF,
    ),
    falls("An audience too small to complain", outcome("complaints"), "public.audience", 1e3, 1e6, **OFF),
    Property(
        "Complaints without an audience: the same for all",
        outcome("complaints", -1),
        {"public.audience": 0.0, "behaviours.labeling.complained": 0.0},
        {"public.audience": 0.0, "behaviours.labeling.complained": 0.5},
        OFF,
    ),
    # verdicts and what follows
    falls("Evidence that convicts", V, "policy.evidence.sensitivity", 0.2, 1.0, **FINES),
    falls(
        "Evidence that acquits",
        outcome("wrongful_sanctions"),
        "policy.evidence.specificity",
        0.2,
        1.0,
        **{"public.false_complaints": 5.0},
    ),
    falls(
        "Unfounded complaints",
        outcome("wrongful_sanctions", -1),
        "public.false_complaints",
        0.1,
        5.0,
        **{"policy.evidence.specificity": 0.5},
    ),
    Property(
        "Records kept",
        outcome("cases_sanctioned", -1),
        each("population.classes.*.keeps_records", 0.0),
        each("population.classes.*.keeps_records", 1.0),
        {"policy.evidence.without_records": 0.0, **UNAFRAID},
    ),
    falls("Inspectors", outcome("backlog_mean"), "policy.staff.inspectors", 1, 2000),
    falls("Quick investigations", outcome("action_p50"), "policy.staff.investigation_days", 60.0, 5.0),
    Property(
        "Orders obeyed",
        outcome("not_rectified"),
        each("population.classes.*.rectifies", 0.0),
        each("population.classes.*.rectifies", 1.0),
        UNAFRAID,
    ),
    falls("Rectification that lasts", V, "response.rectification_gain", 0.0, 1.0, **UNAFRAID),
    falls(
        "Suspended updates stop breaches",
        V,
        "response.updates_factor",
        1.0,
        0.0,
        **UNAFRAID,
        **{"policy.ladder": [step("suspend-updates", updates_days=180.0)]},
    ),
    falls(
        "Suspended registration stops breaches",
        V,
        "response.registration_factor",
        1.0,
        0.0,
        **UNAFRAID,
        **{"policy.ladder": [step("suspend-registration", registration_days=180.0)]},
    ),
    falls(
        "A long memory for strikes",
        outcome("fines_imposed", -1),
        "policy.strikes.memory_days",
        5.0,
        5000.0,
        **FINES,
        **UNAFRAID,
    ),
    falls(
        "Strikes forgiven",
        outcome("fines_imposed"),
        "policy.strikes.forgiveness",
        0.0,
        1.0,
        **FINES,
        **UNAFRAID,
        **{"public.false_complaints": 5.0, "policy.evidence.specificity": 1.0},
    ),
    falls(
        "The first breach is fined",
        outcome("fines_imposed", -1),
        "policy.fine_on",
        "refusal-or-serious",
        "first-violation",
        **{"policy.ladder": [FINE]},
        **UNAFRAID,
    ),
    falls(
        "Appeals of the innocent",
        outcome("overturned_share", -1),
        "policy.appeals.overturned_innocent",
        0.0,
        1.0,
        **{
            "policy.ladder": [{**FINE, "appealable": True}],
            "policy.evidence.specificity": 0.2,
            "public.false_complaints": 5.0,
            "policy.appeals.innocent_appeal": 1.0,
        },
    ),
    falls(
        "Appeals suspend",
        outcome("downtime"),
        "policy.appeals.suspensive",
        False,
        True,
        **UNAFRAID,
        **{
            "policy.ladder": [{**SUSPENSION, "appealable": True}],
            "policy.appeals.guilty_appeal": 1.0,
            "policy.appeals.days": 400.0,
        },
    ),
    falls("Self-reports", outcome("self_reports", -1), "policy.self_report.probability", 0.0, 0.5),
    falls(
        "The discount for self-reports",
        outcome("fines"),
        "policy.self_report.discount",
        0.0,
        1.0,
        **UNAFRAID,
        **{"policy.self_report.probability": 1.0, "policy.ladder": [FINE]},
    ),
    falls("The safe harbour helps", V, "policy.safe_harbour.gain", 0.0, 1.0, **{"policy.safe_harbour.offered": True}),
    falls(
        "The safe harbour spares inspections",
        outcome("inspections"),
        "policy.safe_harbour.inspection_factor",
        1.0,
        0.0,
        **{"policy.safe_harbour.offered": True},
    ),
    # stores, platforms, users
    falls("A tighter limit for stores", obeying, "policy.stores.limit_days", 30.0, 0.5, **REMOVALS, **UNAFRAID),
    falls("A higher fine for late stores", obeying, "policy.stores.neglect_fine", 1.0, 1e7, **REMOVALS, **UNAFRAID),
    Property(
        "Stores that hurry cheaply",
        obeying,
        each("stores.*.hurry_cost", 1e8, STORES),
        each("stores.*.hurry_cost", 100.0, STORES),
        {**REMOVALS, **UNAFRAID},
    ),
    falls("Listing reviews that check filings", events("listing-refused", -1), "policy.stores.checks_filing", 0.0, 1.0),
    falls(
        "Audits of stores",
        outcome("store_fines", -1),
        "policy.stores.audit_days",
        0.0,
        10.0,
        **{"policy.stores.checks_filing": 0.0, "policy.stores.limit_days": 0.0},
    ),
    Property(
        "Removals on unfounded complaints",
        outcome("over_removals", -1),
        each("stores.*.over_removes", 0.0, STORES),
        each("stores.*.over_removes", 0.5, STORES),
    ),
    Property(
        "Platforms that miss nothing",
        outcome("copies_removed", -1),
        {f"platforms.platform-{x}.misses": 1.0 for x in "ab"},
        {f"platforms.platform-{x}.misses": 0.0 for x in "ab"},
        OFF,
    ),
    falls("Platforms fined for ignoring copies", outcome("platform_fines", -1), "policy.platforms.found", 0.0, 1.0),
    falls("Providers that take down", outcome("takedowns", -1), "response.handles", 0.0, 1.0, **OFF),
    falls(
        "Quick takedowns",
        outcome("takedown_p50"),
        "response.handling_days",
        60.0,
        0.5,
        **{"response.handles": 1.0, "behaviours.labeling.complained": 0.5},
    ),
    falls("Real names", V, "public.anonymity", 1.0, 5.0, **OFF),
    falls("Rumours", outcome("rumours_unrefuted", -1), "public.rumours", 1.0, 40.0),
    falls("Filters", outcome("lawful_blocked", -1), "response.lawful_blocked", 0.01, 0.5),
    # who is there
    falls("Reviewers of filings", outcome("filing_days"), "registry.reviewers", 1, 2000),
    falls("Supplements required", outcome("filing_days", -1), "registry.supplement_probability", 0.0, 0.9),
    Property(
        "Exempt providers",
        events("exempt", -1),
        each("population.classes.*.exempt", 0.0),
        each("population.classes.*.exempt", 0.5),
    ),
    Property(
        "Providers that hide",
        outcome("cases_sanctioned"),
        each("population.classes.*.hides", 0.0),
        each("population.classes.*.hides", 1.0),
        {
            **UNAFRAID,
            "policy.detection.complaints_taken_up": 0.0,
            "policy.detection.inspection_rate": 2.0,
            "policy.detection.inspection_ceiling": 40.0,
        },
    ),
    Property("Thin capital", outcome("insolvencies", -1), each(CAPITAL, 1e12), each(CAPITAL, 1e3), FINED),
    falls("Exits", outcome("exits", -1), "population.exit_rate", 0.0, 0.3),
    falls("Supporters traced", outcome("collateral_downtime", -1), "supporters.traced", 0.0, 0.2),
    Property(
        "A failing supporter",
        outcome("violations", -1),
        {},
        {"failures": [{"day": 0.0, "days": 900.0, "supporter": 0, "compliance_factor": 0.0}]},
    ),
    # what is feared and believed, in other models and at other steps
    falls("The share acted on, known (rational)", V, "policy.detection.complaints_taken_up", 0.0, 1.0, **RATIONAL),
    falls("Learning only from one's own sanctions", V, "response.own_weight", 0.0, 1.0, **ALONE),
    Property("Refusals that lead to a fine frighten", untouched, each(RECTIFIES, 1.0), each(RECTIFIES, 0.0), ORDER),
    falls("Remembered strikes frighten", V, "policy.strikes.memory_days", 1.0, 5000.0, **STEEP),
    Property(
        "A fine behind warnings that are forgotten does not frighten",
        lambda run: -untouched(run),
        {"policy.ladder": [WARNING] * 3},
        {"policy.ladder": [WARNING, WARNING, HUGE]},
        {"policy.strikes.memory_days": 0.01},
        moves=False,
        tolerance=0.01,
    ),
    falls("The next step frightens", V, "policy.strikes.memory_days", 1.0, 5000.0, **STEEP, **NEXT),
    Property("Fear beside compliance", labels_missing, NO_FEAR, MILD_FEAR, {**FINED, **each(COMPLIES, 0.8)}),
    Property("Compliance", V, each(COMPLIES, 0.2), each(COMPLIES, 0.8), UNAFRAID),
    falls("Gravity is a step up", outcome("fines_imposed", -1), "behaviours.complaints.serious", 0.0, 1.0, **RARE),
    Property("A share of turnover is fined", outcome("fines", -1), FINED, TURNOVER, UNAFRAID),
    Property("A wider range raises the mean fine", outcome("fine_mean", -1), NARROW, WIDE, UNAFRAID),
    Property("A small budget", outcome("cases_sanctioned"), budget(None), budget(2e5), {**UNAFRAID, **CASE_COST}),
    falls("Filings in rare batches", outcome("filed"), "registry.publication_interval", 10.0, 600.0),
    falls("Users who leave", events("users-moved", -1), "public.migrates", 0.0, 1.0, **{"policy.ladder": [SUSPENSION]}),
    falls("Staff costs", outcome("regulator_cost", -1), "policy.staff.cost", 0.0, 1e6),
    falls("Effort where it costs most of the rest", labels_missing, "behaviours.labeling.effort_weight", 1.0, 0.001),
    # symmetry and scale
    *(
        Property(
            f"A class split in two halves: no {word} {metric}", outcome(metric, sign), {}, split_small, moves=False
        )
        for metric in ("violations", "cases_opened", "complaints")
        for word, sign in (("more", 1), ("fewer", -1))
    ),
)

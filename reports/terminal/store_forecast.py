"""The forecast of an app store or a platform as tables, for a terminal and for a page."""

from __future__ import annotations

import math

from shenhe.simulator.estimation.actors import ActorForecast
from shenhe.simulator.estimation.forecast import TYPICAL
from shenhe.simulator.estimation.measured import INDEPENDENT

from ..figures.drawing import Numbers
from ..quantities import interval, quantity


def days_parameter(found: ActorForecast) -> str:
    """The measured parameter that is a number of days; all others are shares."""
    return "takedown_lag" if "takedown_lag" in found.titles else "obeys_after"


def parameter_rows(found: ActorForecast) -> Numbers:
    """One row per parameter: its mean and 95 % interval under the chosen link, and the value of the scenario."""
    rows = []
    for name, (title, _) in found.titles.items():
        measured = found.parameters[found.link].get(name)
        value, scale = found.usual(name)
        unit = "" if name == days_parameter(found) else "share"
        cells = ("not measured", "")
        if measured is not None:
            mean, low, high = (each * scale for each in measured)
            cells = quantity(mean, unit), interval(low, high, unit)
        rows.append((title, *cells, quantity(value * scale, unit)))
    return Numbers(("parameter", "measured", "95 % interval", "in the scenario"), tuple(rows))


def outcome_rows(found: ActorForecast) -> Numbers:
    """One row per outcome: mean and 95 % interval under the chosen link, under the others, and as in the scenario."""
    main = next(each for each in found.futures if each.name == found.link)
    others = [each for each in found.futures if each.name not in (found.link, TYPICAL)]
    typical = next(each for each in found.futures if each.name == TYPICAL)
    rows = []
    for outcome, (title, unit) in found.outcomes.items():
        mean, low, high = main.mean(outcome, found.kind(outcome))
        elsewhere = [each.mean(outcome)[0] for each in others]
        cells = ("none", "", "")
        if not math.isnan(mean):
            between = interval(min(elsewhere), max(elsewhere), unit) if not any(map(math.isnan, elsewhere)) else ""
            cells = quantity(mean, unit), interval(low, high, unit), between
        usual = typical.mean(outcome)[0]
        rows.append((title, *cells, "none" if math.isnan(usual) else quantity(usual, unit)))
    return Numbers(("Outcome", found.link, "95 % interval", "otherwise assumed", "as in the scenario"), tuple(rows))


def forecast_notes(found: ActorForecast) -> list[str]:
    """What a reader must know before using the figures."""
    notes = ["Probes do not show how often something fails in the field: each link is an assumption."]
    if found.unmeasured:
        titles = ", ".join(found.titles[name][0] for name in found.unmeasured)
        notes.append(f"Not measured, so as in the scenario: {titles}.")
    used = {check for _, checks in found.titles.values() for check in checks}
    unsampled = [each.check for each in found.measured.evidence if each.check in used and not each.independent]
    if unsampled:
        notes.append(
            f"Checks without a sample count at most {INDEPENDENT} passed cases, or a single failure:"
            f" {', '.join(unsampled)}. “shenhe check --sample 60” draws independent cases."
        )
    return notes

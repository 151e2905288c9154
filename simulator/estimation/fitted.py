"""A fit as a scenario file."""

from __future__ import annotations

import json
import math

import numpy as np

from ..scenario.loading import load_scenario
from .calibration import INSPECTORS, PARAMETERS, Calibration, RungFit, overrides_for
from .filings import CURVES, FilingFit


def fitted_scenario(found: Calibration) -> str:
    """The middle prior's fit as a scenario file that extends the one it was fitted to; each change says what it rests
    on.

    Entry follows the shape that fits all batches better. What the data did not move is left as it was.
    """
    fit = found.rungs[len(found.rungs) // 2]
    scenario = load_scenario(found.scenario)
    moved = {word for word, (_, _, learned) in fit.parameters.items() if learned > LEARNED}
    theta = [math.log(fit.parameters[word][0]) if word in moved else 0.0 for word in PARAMETERS]
    changes = overrides_for(scenario, theta)
    best = min(found.filings.whole, key=lambda each: each.dispersion)
    document = {
        "extends": found.scenario,
        "name": f"{scenario.name}-fitted"[:40],
        "title": f"{scenario.title}, fitted to published figures",
        "story": (
            f"The scenario {scenario.name} with entry fitted to the published filing batches and sanctions to the"
            f" yearly ratios between rungs of 2022 to 2024, if {fit.share:.0%} of all interviews concern deep"
            " synthesis, which is not known."
        ),
        "sources": [*scenario.sources, f"shenhe calibrate {found.scenario} --seed {found.seed}"],
        "population": {
            "arrivals": _arrivals(best, scenario.horizon),
            "classes": [
                {"name": item.name, "rectifies": _rounded(changes[f"population.classes.{item.name}.rectifies"])}
                for item in scenario.population.classes
            ],
        },
        "behaviours": [
            {"name": str(risk.name), "serious": _rounded(changes[f"behaviours.{risk.name}.serious"])}
            for risk in scenario.behaviours
        ],
        "policy": {
            "detection": {
                key: _rounded(changes[f"policy.detection.{key}"])
                for key in ("inspection_rate", "inspection_ceiling", "complaints_taken_up")
            },
            "strikes": {"memory_days": _rounded(changes["policy.strikes.memory_days"])},
            "staff": {"inspectors": changes[INSPECTORS]},
        },
        "basis": {
            "population.arrivals": {
                "kind": "datum",
                "source": "fitted to the batches of deep_synthesis_filings.csv; delays simulated",
            },
            "population.classes.*.rectifies": _basis("rectify", fit, moved),
            "behaviours.*.serious": _basis("serious", fit, moved),
            "policy.strikes.memory_days": _basis("memory", fit, moved),
            "policy.detection.complaints_taken_up": _basis("detect", fit, moved),
            "policy.detection.inspection_rate": _basis("detect", fit, moved),
            INSPECTORS: _basis("staff", fit, moved),
        },
    }
    # JSON is YAML: quoted and escaped by the same rules.
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


LEARNED = 0.2
"""Share of the prior's variance that data must take away before a parameter counts as identified."""


def _basis(word: str, fit: RungFit, moved: set[str]) -> dict[str, str]:
    _, deviation, learned = fit.parameters[word]
    if word not in moved:
        source = f"not identified by cac_enforcement.csv ({learned:.0%} of the prior’s variance gone): left as it was"
    else:
        source = (
            "fitted to ratios of cac_enforcement.csv with a prior; standard deviation of its logarithm"
            f" {deviation:.2f}; share {fit.share:.0%} assumed"
        )
    return {"kind": "assumption", "source": source}


def _arrivals(fit: FilingFit, horizon: float) -> list[list[float]]:
    days = np.linspace(0.0, horizon, 25)
    entered = CURVES[fit.curve][0](
        days, *[value for value, _ in fit.parameters.values()], *([0.0] if len(fit.parameters) < 3 else [])
    )
    shares = [
        [float(round(day, 1)), float(round(share, 5))] for day, share in zip(days, entered / entered[-1], strict=True)
    ]
    return [[day, share] for day, share in shares[:-1]] + [[shares[-1][0], 1.0]]


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")

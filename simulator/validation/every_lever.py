"""All metamorphic properties, and the levers that have none, each with the reason.

``tests/simulator/test_properties.py`` walks the schema: a lever without a property needs a reason in
:data:`WITHOUT_PROPERTY`.
"""

from __future__ import annotations

from collections.abc import Mapping

from .lever_properties import POLICY_PROPERTIES
from .market_properties import MARKET_PROPERTIES
from .properties import PROPERTIES

ALL_PROPERTIES = (*PROPERTIES, *POLICY_PROPERTIES, *MARKET_PROPERTIES)
"""What ``shenhe validate`` checks of every lever."""

WITHOUT_PROPERTY: Mapping[str, str] = {
    "*.name": "a name",
    "behaviours.*.rule": "names the rule in the log",
    "changes.*.title": "a title",
    "start": "the date of the first day; `policy.ladder: {from: rulebook}` reads laws by it",
    "horizon": "a longer run begins with the shorter one: tests/simulator/test_research.py",
    "clock": "rounds moments; rates stay: tests/simulator/model/test_model.py",
    "population.providers": "rates stay at every scale: suite.same_rates_at_scale",
    "population.scale": "rates stay at every scale: suite.same_rates_at_scale",
    "policy.targeting.focus_days": "moves the focus from lot to lot; how many inspections there are does not follow",
    "public.false_complaint_ceiling": "the rate of the stream that is thinned: draws stay, whatever it is",
}
"""Levers that change no outcome in one direction, each with the reason; ``*`` matches any step or prefix."""

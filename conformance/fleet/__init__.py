"""Many providers: a folder of bindings, each judged by a separate process, to one report each and one ``fleet.json``.

The owner of many bindings (an app store, a regulator) did not write them all. So each provider is asked by a process
that has a bound on time and memory, knows only the variables that its binding names, and can fail, hang or die without
the others noticing::

    out/
      fleet.json                      the whole, ranked: :class:`Fleet`
      providers/NAME/report.json      what `shenhe check` would have written
      providers/NAME/outcome.json     what makes a second run pass over a provider that is done
"""

from .members import FleetError, Member, members, read_variables, shared_secrets
from .ranking import gravest, ranked
from .results import BaselineCounts, Fleet, FleetRow, Options, Result, fleet_schema
from .running import run_fleet

__all__ = [
    "BaselineCounts",
    "Fleet",
    "FleetError",
    "FleetRow",
    "Member",
    "Options",
    "Result",
    "fleet_schema",
    "gravest",
    "members",
    "ranked",
    "read_variables",
    "run_fleet",
    "shared_secrets",
]

"""Many providers: a folder of bindings, each judged by a separate process, to one report each and one ``fleet.json``.

The owner of many bindings (an app store, a regulator) did not write them all. So a separate process checks each
provider, within limits of time and memory and with only the variables that its binding names. It can fail, hang or die
without affecting the others::

    out/
      fleet.json                      the whole, ranked: :class:`Fleet`
      providers/NAME/report.json      as `shenhe check` writes it
      providers/NAME/outcome.json     what lets a second run skip a finished provider
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

"""The ranking of a fleet's providers, and the one exit code of many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..verdict import ExitCode
from .results import FleetRow


def gravest(codes: Iterable[int]) -> ExitCode:
    """The exit code of many: a failure before a mistake, a mistake before what is not verified."""
    order = (ExitCode.FAILED, ExitCode.USAGE, ExitCode.NOT_VERIFIED, ExitCode.PASSED)
    return min((ExitCode(code) for code in codes), key=order.index, default=ExitCode.PASSED)


def ranked(providers: Sequence[FleetRow]) -> list[FleetRow]:
    """Best first: passed, not verified, failed; then by rules failed and rules not verified. Equals share a rank and
    are sorted by name.

    Providers of which no rule was decided, or whose process was ended, follow without a rank, so that it does not pay
    to hang or to hide.
    """

    def place(provider: FleetRow) -> tuple[int, int, int]:
        return [0, 3, 1, 2].index(provider.exit_code), len(provider.failed), len(provider.unverified)

    judged = sorted((each for each in providers if _has_rank(each)), key=lambda each: (place(each), each.name))
    first = [next(number for number, other in enumerate(judged, 1) if place(other) == place(each)) for each in judged]
    others = sorted((each for each in providers if not _has_rank(each)), key=lambda each: each.name)
    return [
        *(each.model_copy(update={"rank": rank}) for each, rank in zip(judged, first, strict=True)),
        *(each.model_copy(update={"rank": None}) for each in others),
    ]


def _has_rank(provider: FleetRow) -> bool:
    return bool(provider.judged and provider.decided) and provider.outcome not in {"stopped", "broken", "not run"}

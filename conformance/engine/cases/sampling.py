"""Independent draws: what a run without a failure excludes.

Hypothesis looks for failures: its examples follow from one another, and the search ends early. They say nothing
about how often something fails. So a separate sample of fixed size is drawn, each case from random bytes of its
own, judged to its end, and bounded by Clopper and Pearson (Biometrika 26, 1934).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

#: Random bytes for one case: many times what the largest case of any check reads.
_BYTES = 4096
#: After so many byte strings that give no case, a strategy is given up.
_MOST_MISSES = 50
CONFIDENCE = 0.95


def independent(strategy: SearchStrategy[T], *, seed: str, count: int) -> Iterator[T]:
    """``count`` cases drawn independently of one another, the same for the same ``seed``.

    What byte string gives what case is Hypothesis's affair; each string is fresh, so that the cases are
    independent and alike in distribution. Fewer come from a strategy that rejects nearly everything.
    """
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings

    drawn: list[T] = []

    @settings(
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def keep(case: T) -> None:
        drawn.append(case)

    draw: Callable[[bytes], object] = keep.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    misses = 0
    number = 0
    made = 0
    while made < count and misses < _MOST_MISSES:
        draw(Random(f"{seed}/{number}").randbytes(_BYTES))
        number += 1
        if not drawn:
            misses += 1
            continue
        misses = 0
        made += 1
        yield drawn.pop()


def upper_bound(failures: int, judged: int, confidence: float = CONFIDENCE) -> float:
    """The Clopper–Pearson upper bound on a rate: the largest one that still gives ``failures`` or fewer among
    ``judged`` independent cases with probability ``1 - confidence``. 1 where nothing was judged.

    Raises ``ValueError`` unless ``0 <= failures <= judged``.
    """
    if not 0 <= failures <= judged:
        raise ValueError(f"{failures} failures among {judged} cases")
    if failures == judged:
        return 1.0
    if failures == 0:
        return -math.expm1(math.log1p(-confidence) / judged)
    low, high = failures / judged, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        if _at_most(failures, judged, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(failures: int, judged: int, rate: float) -> float:
    """The probability of that many failures or fewer, summed by logarithms so that no term overflows."""
    if rate in (0.0, 1.0):
        return float(rate == 0.0)
    terms = (
        math.lgamma(judged + 1)
        - math.lgamma(k + 1)
        - math.lgamma(judged - k + 1)
        + k * math.log(rate)
        + (judged - k) * math.log1p(-rate)
        for k in range(failures + 1)
    )
    return math.fsum(map(math.exp, terms))

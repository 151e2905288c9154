"""Numbers as people read them, with their units and intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

#: What pages say of the intervals that :func:`shown_interval` marks.
OF_MEDIANS = (
    "Intervals marked (median) are those of the median over replications. The mean of these outcomes rests on events"
    " too rare or too large for an interval from so few replications."
)

#: From here on, numbers are written without a power of ten.
_SMALLEST = 1e-6


def quantity(value: float, unit: str = "") -> str:
    """A number to three or four significant figures; a share becomes a percentage; what is not finite a dash.

    >>> quantity(1284000.0), quantity(0.0421), quantity(0.873, "share"), quantity(float("nan"))
    ('1.28 million', '0.042', '87.3 %', '–')
    """
    if not math.isfinite(value):
        return "–"
    if unit == "share":
        return f"{_figures(100 * value)} %"
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return f"{_figures(value / size)} {word}"
    return _figures(value)


def change(value: float, unit: str = "") -> str:
    """A difference of two quantities, signed; of two shares it is in points of a per cent.

    >>> change(-256.4), change(0.0342, "share"), change(0.0)
    ('−256', '+3.42 points', '0')
    """
    if not math.isfinite(value):
        return "–"
    text = f"{_figures(100 * value)} points" if unit == "share" else quantity(value, unit)
    return f"+{text}" if value > 0 else text


def change_interval(low: float, high: float, unit: str = "") -> str:
    """Both ends of the interval of a difference, in the unit that :func:`change` gives beside it.

    >>> change_interval(-0.0684, 0.0026, "share"), change_interval(-5.2e6, -4.1e6, "RMB")
    ('−6.84 to +0.260', '−5.20 to −4.10 million')
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return "–"
    if unit == "share":
        return f"{change(100 * low)} to {change(100 * high)}"
    return _joined(change(low, unit), change(high, unit))


def interval(low: float, high: float, unit: str = "") -> str:
    """Both ends of an interval; a dash where there is none.

    >>> interval(0.1, 0.25, "share"), interval(float("nan"), float("nan"))
    ('10 to 25 %', '–')
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return "–"
    return _joined(quantity(low, unit), quantity(high, unit))


def shown_interval(row: Mapping[Any, Any], median: str = "median") -> str:
    """The interval of an outcome, a row of ``Run.summary``: that of the mean, or of the median where only it has one.

    >>> shown_interval({"interval_of": "median", "median_lo95": 2.0, "median_hi95": 3.0, "unit": ""})
    '2 to 3 (median)'
    """
    unit = str(row["unit"])
    if row.get("interval_of") == "median":
        return f"{interval(row['median_lo95'], row['median_hi95'], unit)} ({median})"
    return interval(row["lo95"], row["hi95"], unit)


def shown_change(row: Mapping[Any, Any], ends: str = "95", median: str = "median") -> str:
    """As :func:`shown_interval`, of a difference: a row of ``Comparison.table``. ``ends``: ``95`` or ``_all``."""
    unit = str(row["unit"])
    if row.get("interval_of") == "median":
        return f"{change_interval(row['median_lo95'], row['median_hi95'], unit)} ({median})"
    return change_interval(row[f"lo{ends}"], row[f"hi{ends}"], unit)


def _joined(first: str, last: str) -> str:
    """``first to last``, a word that both end in said once."""
    stem, _, tail = first.rpartition(" ")
    return f"{stem if stem and tail == last.rpartition(' ')[2] else first} to {last}"


def _figures(value: float) -> str:
    value += 0.0  # no negative zero
    size = abs(value)
    if size >= 100 or value == int(value):
        text = f"{value:,.0f}"
    else:
        text = f"{value:,.{1 if size >= 10 else 2 if size >= 1 else 3}f}"
        if float(text.replace(",", "")) == 0:
            text = f"{value:.{1 - math.floor(math.log10(size))}f}" if size >= _SMALLEST else f"{value:.1e}"
    return text.replace("-", "−")


def in_words(count: int) -> str:
    """A small number as a word, any other in figures.

    >>> in_words(0), in_words(2), in_words(12)
    ('no', 'two', '12')
    """
    words = ("no", "one", "two", "three", "four", "five", "six")
    return words[count] if count < len(words) else str(count)

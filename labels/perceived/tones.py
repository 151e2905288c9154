"""The rhythm of the audible label as sound, without numpy (GB 45438-2025, 5.3 c)."""

from __future__ import annotations

from math import pi, sin


def rhythm_samples(rate: float, *, unit: float = 0.12, frequency: float = 900.0, level: float = 0.4) -> list[float]:
    """Samples in [-1, 1]: 0.4 s of silence, ``·– ··``, 0.2 s of silence. Each edge rises or falls within 5 ms."""

    def sound(units: float) -> list[float]:
        count = int(units * unit * rate)
        edge = max(1.0, 0.005 * rate)
        return [
            level * min(1.0, at / edge, (count - 1 - at) / edge) * sin(2 * pi * frequency * at / rate)
            for at in range(count)
        ]

    def silence(seconds: float) -> list[float]:
        return [0.0] * int(seconds * rate)

    gap = silence(unit)
    return [*silence(0.4), *sound(1), *gap, *sound(3), *silence(3 * unit), *sound(1), *gap, *sound(1), *silence(0.2)]

"""Spoken notices (GB 45438-2025, 5.3 b), through a recogniser that the user brings: none is part of this.

No freely shipped model recognises Chinese speech well enough offline, so without one a spoken notice is not
checked, never passed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..containers.sniff import sniff
from ..findings import Findings
from ..meaning.wording import has_elements
from ..model import Deviation, Label, Limits
from . import pcm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Samples of one channel in [-1, 1] and their rate in Hz, to the words that were said.
Recogniser = Callable[["NDArray[np.float32]", float], str]

_PART_SECONDS = 10.0


def read_spoken_notice(data: bytes, recogniser: Recogniser, *, limits: Limits | None = None) -> tuple[Label, ...]:
    """The spoken labels at the start, end or middle of a WAV file, as ``recogniser`` hears them.

    The first and last ten seconds are heard first, the rest only where neither holds a label. Raises
    ValueError for anything but PCM or float WAV; what the recogniser raises goes through.
    """
    limits = limits or Limits()
    if sniff(data).name != "wav":
        raise ValueError("only WAV files can be heard here; decode other sounds first")
    shape = pcm.layout(data, Findings(limits))
    mono = pcm.samples(data, shape, limits.audio_seconds)
    part = int(_PART_SECONDS * shape.rate)
    pieces = [("start", mono[:part])]
    if len(mono) > part:
        pieces.append(("end", mono[-part:]))
    if len(mono) > 2 * part:
        pieces.append(("middle", mono[part:-part]))
    for position, piece in pieces:
        words = recogniser(piece, shape.rate)
        if has_elements(words):
            return (_label(words, position, (), shape),)
        if "AI" in words.upper() and "GENERATED" in words.upper():
            return (_label(words, position, (Deviation.GENERATION_ELEMENT_MISSING,), shape),)
    return ()


def _label(words: str, position: str, deviations: tuple[Deviation, ...], shape: pcm.WavLayout) -> Label:
    detail = " ".join([f"A spoken notice at the {position}.", *(d.sentence for d in deviations)])
    fields = {"text": words[:400], "position": position}
    return Label("spoken", "explicit", "wav:samples", fields, deviations, (shape.start, shape.end), words[:400], detail)

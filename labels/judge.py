"""The verdict on one file under one scheme: does it carry the marks that the scheme asks for, and who can verify them?

A file shows its marks and nothing else. Whether a duty applies (whether the content is a deepfake, who the provider is)
is not in it. Such conditions are named, not decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from .data import load_data
from .model import Deviation, Label, Labels


class Verdict(StrEnum):
    """What is known of one file under one scheme or rule."""

    CONFORMS = "conforms"
    DOES_NOT_CONFORM = "does not conform"
    NONE = "none"
    INCONCLUSIVE = "inconclusive"


class Verifier(StrEnum):
    """Who can verify that a mark is genuine and belongs to this content. Reading it is another matter."""

    ANYONE = "anyone"
    DETECTOR = "holder of a detector"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict under one rule."""

    rule: str
    needs: str
    verdict: Verdict
    reason: str
    verifiable_by: Verifier | None = None
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict under one scheme, with one finding for each of its rules that concerns such a file."""

    scheme: str
    verdict: Verdict
    findings: tuple[Finding, ...]


#: What makes a content credential worthless as a mark.
_BROKEN = {Deviation.TAMPERED, Deviation.REVOKED_SIGNER, Deviation.INVALID_CREDENTIAL}
_Outcome = tuple[Verdict, str, Label | None]


@cache
def schemes() -> dict[str, tuple[dict[str, Any], ...]]:
    """What each scheme asks of a file (``schemes.yaml``), by the name of its pack."""
    return {name: tuple(rows) for name, rows in load_data("schemes.yaml").items()}


def judge_file(reading: Labels, scheme: str) -> Judgement:
    """The verdict on a file, from its reading at the depth ``all``. Raises KeyError for a scheme that is not known."""
    main = reading.media_type.partition("/")[0]
    findings = []
    for row in schemes()[scheme]:
        if main not in row.get("media", (main,)):
            continue
        verdict, reason, label = _NEEDS[row["needs"]](reading)
        verifier = _verifier(label) if label is not None else None
        findings.append(Finding(row["rule"], row["needs"], verdict, reason, verifier, row.get("when", "")))
    return Judgement(scheme, _overall(findings, reading), tuple(findings))


def _overall(findings: list[Finding], reading: Labels) -> Verdict:
    """The verdict of the rules without a condition, where there are any."""
    counted = [finding for finding in findings if not finding.condition] or findings
    seen = {finding.verdict for finding in counted}
    if not seen:
        return Verdict.INCONCLUSIVE if _unread(reading) else Verdict.CONFORMS
    if Verdict.DOES_NOT_CONFORM in seen or (Verdict.NONE in seen and len(seen) > 1):
        return Verdict.DOES_NOT_CONFORM
    return next(verdict for verdict in (Verdict.INCONCLUSIVE, Verdict.NONE, Verdict.CONFORMS) if verdict in seen)


def _unread(reading: Labels) -> str:
    """Why the absence of a mark says nothing; empty where the whole file was read."""
    if reading.refused:
        refusal = reading.refused[0]
        return f"not everything could be read: {refusal.what}: {refusal.why}"
    if reading.cut_short:
        return "the file is cut short"
    return ""


def _absent(reading: Labels, what: str) -> _Outcome:
    unread = _unread(reading)
    if unread:
        return Verdict.INCONCLUSIVE, f"{what} was found, but {unread}", None
    return Verdict.NONE, f"{what} was found", None


def _one_of(labels: Iterable[Label], reading: Labels, absent: str) -> _Outcome:
    """The best of some labels: one that conforms, else one that cannot be decided, else one that does not."""
    kept = list(labels)
    if not kept:
        return _absent(reading, absent)
    good = next((label for label in kept if label.conformant), None)
    if good is not None:
        return Verdict.CONFORMS, f"{good.scheme} at {good.carrier}", good
    open_one = next((label for label in kept if label.undecided), None)
    if open_one is not None:
        return Verdict.INCONCLUSIVE, f"{open_one.scheme} at {open_one.carrier}: {open_one.detail}", open_one
    broken = " ".join(d.sentence for d in kept[0].deviations if d.weight == "must")
    return Verdict.DOES_NOT_CONFORM, f"{kept[0].scheme} at {kept[0].carrier}: {broken}", kept[0]


def _field(reading: Labels) -> _Outcome:
    return _one_of(reading.aigc, reading, "no AIGC field")


def _explicit(reading: Labels) -> _Outcome:
    outcome = _one_of(reading.explicit, reading, "no explicit label")
    if outcome[0] is not Verdict.NONE:
        return outcome
    if reading.media_type.startswith("audio/"):
        return Verdict.INCONCLUSIVE, "no rhythm was found; a spoken notice was not listened for", None
    if reading.statements:
        label = reading.statements[0]
        return Verdict.DOES_NOT_CONFORM, f"{label.raw[:60]!r} is in other words than the standard's", label
    return outcome


def _perceivable(reading: Labels) -> _Outcome:
    every = (*reading.explicit, *reading.statements)
    if every:
        label = next((each for each in every if each.conformant), every[0])
        return Verdict.CONFORMS, f"{label.scheme} at {label.carrier}: {label.raw[:60]!r}", label
    if reading.media_type.startswith("audio/"):
        return Verdict.INCONCLUSIVE, "no rhythm was found; a spoken notice was not listened for", None
    return _absent(reading, "no statement that people perceive")


def _credential(reading: Labels) -> _Outcome:
    found = [label for label in reading.labels if label.scheme == "c2pa"]
    intact = next((label for label in found if not _BROKEN & set(label.deviations)), None)
    if intact is not None:
        return (
            Verdict.CONFORMS,
            f"a content credential by {intact.fields.get('generator') or 'an unnamed maker'}",
            intact,
        )
    if found:
        return Verdict.DOES_NOT_CONFORM, " ".join(d.sentence for d in found[0].deviations), found[0]
    return _absent(reading, "no content credential that speaks of AI")


def _machine(reading: Labels) -> _Outcome:
    readable = next((label for label in reading.labels if label.scheme in ("gb45438", "iptc")), None)
    credential = _credential(reading)
    if credential[0] is Verdict.CONFORMS or readable is None:
        return credential if credential[0] is not Verdict.NONE else _absent(reading, "no machine-readable mark")
    return Verdict.CONFORMS, f"{readable.scheme} at {readable.carrier}", readable


def _either(reading: Labels) -> _Outcome:
    machine, perceivable = _machine(reading), _perceivable(reading)
    return machine if machine[0] is Verdict.CONFORMS or perceivable[0] is not Verdict.CONFORMS else perceivable


def _identifier(reading: Labels) -> _Outcome:
    named = next((label for label in reading.aigc if label.fields.get("ProduceID")), None)
    credential = _credential(reading)
    if credential[0] is Verdict.CONFORMS or named is None:
        return credential if credential[0] is not Verdict.NONE else _absent(reading, "no metadata with an identifier")
    return Verdict.CONFORMS, f"ProduceID {str(named.fields['ProduceID'])[:60]!r} at {named.carrier}", named


def _two_layers(reading: Labels) -> _Outcome:
    verdict, reason, label = _credential(reading)
    if verdict is not Verdict.CONFORMS:
        return verdict, reason, label
    return Verdict.INCONCLUSIVE, f"{reason}; only the holder of its detector finds an imperceptible watermark", label


_NEEDS: dict[str, Callable[[Labels], _Outcome]] = {
    "field": _field,
    "explicit": _explicit,
    "perceivable": _perceivable,
    "machine": _machine,
    "either": _either,
    "identifier": _identifier,
    "credential": _credential,
    "two-layers": _two_layers,
}


def _verifier(label: Label) -> Verifier:
    """Anyone can copy words and fields; no one can copy a signature. Only the provider can check its own code."""
    if label.scheme == "c2pa":
        return Verifier.NOBODY if _BROKEN & set(label.deviations) else Verifier.ANYONE
    if label.scheme == "gb45438" and str(label.fields.get("ReservedCode1") or label.fields.get("ReservedCode2") or ""):
        return Verifier.DETECTOR
    return Verifier.NOBODY

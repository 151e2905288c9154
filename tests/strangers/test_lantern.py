"""A foreign gallery of AI portraits and voices, written from the law and from how services behave."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report

from ..labels.lettering import FACES
from ..sampling import drawn
from .lantern import Lantern
from .lantern_desk import desk
from .lantern_faults import FAULTS, VARIANTS
from .lantern_files import FFMPEG
from .running import ON, asked, failures
from .styles import HERE

pytestmark = pytest.mark.skipif(not FACES, reason="no font has Chinese letters")

#: What a person is asked of the lawful gallery, too: checks, and how their reasons begin.
ASKED = {
    "detection_tool_is_offered": "detection tool:",
    "identity_card_is_one_persons": "under another name:",
    "intended_use_is_published": "occasions:",
    "marking_has_two_layers": "image/jpeg:",
    "removed_file_does_not_return": "uploaded again",
}
#: Faults of which a person is asked: a ground other than consent or a time to think it over may remain, a duty may bind
#: large services only, and words may say what no pattern knows.
REVIEWED = {
    "agreement-silent-on-labels",
    "deleted-still-signed-in",
    "limit-unpublished",
    "origin-any-label",
    "rhythm-mixed-in",
    "works-outlive-consent",
}
#: Faults that no check sees, and why.
UNSEEN = {
    "ai-notice-first-only": "the text service is no dialogue, so that no rule asks for the notice",
    "consent-prompt-absent": "the page before an edit prompts for consent",
}


def _nap(seconds: float) -> None:
    """Jobs are ready after some looks, however soon these come: what ``Retry-After`` asks for need not pass."""
    time.sleep(min(seconds, 0.01))


def run(
    folder: Path, faults: Iterable[str] = (), variants: Iterable[str] = (), rules: Iterable[str] | None = None
) -> Report:
    """One run. Without ffmpeg the binding declares no MP3."""
    binding = (HERE / "lantern.yaml").read_text(encoding="utf-8")
    if not FFMPEG:
        binding = binding.replace("audio/wav, audio/mpeg", "audio/wav")
    (folder / "lantern.yaml").write_text(binding, encoding="utf-8")
    lantern = Lantern(frozenset(faults), frozenset(variants))
    loaded = load_binding(folder / "lantern.yaml", environ={})
    with loaded.connect(transport=AsgiTransport(desk(lantern)), sleep=_nap) as provider:
        return run_checks(provider, on=ON, level="full", examples=0, rules=None if rules is None else list(rules))


@pytest.mark.parametrize("fault", drawn(1, sorted(FAULTS.keys() - UNSEEN)))
@pytest.mark.costly
def test_each_fault_of_a_foreign_gallery_is_found(fault: str, tmp_path: Path) -> None:
    if fault.startswith("mp3-") and not FFMPEG:
        pytest.skip("ffmpeg is not installed")
    report = run(tmp_path, [fault], rules={rule.partition("@")[0] for rule in FAULTS[fault][1]})
    if fault in REVIEWED:
        assert not failures(report)
        assert asked(report, ASKED)
    else:
        assert failures(report)


@pytest.mark.parametrize("variant", drawn(1, sorted(VARIANTS)))
@pytest.mark.costly
def test_lawful_ways_of_a_foreign_gallery_fail_nothing(variant: str, tmp_path: Path) -> None:
    assert failures(run(tmp_path, variants=[variant])) == {}


@pytest.mark.costly
def test_a_lawful_gallery_fails_nothing(tmp_path: Path) -> None:
    report = run(tmp_path)
    assert failures(report) == {}
    assert asked(report, ASKED) == {}
    assert report.summary.counts["pass"] >= 75

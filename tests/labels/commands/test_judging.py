"""Verdicts on files: which marks each scheme asks for, and who can verify them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shenhe.labels import Label, Labels, Refusal, read_labels, write_label
from shenhe.labels.judge import Judgement, Verdict, Verifier, judge_file, schemes
from shenhe.labels.model import Deviation

from ... import command_line
from ...command_line import Done
from .. import media

FIELD = Label("gb45438", "implicit", "png:iTXt/xmp", {"Label": "1", "ProduceID": "a-1"})
PROTECTED = Label("gb45438", "implicit", "png:iTXt/xmp", {"Label": "1", "ProduceID": "a-1", "ReservedCode1": "x"})
SEEN = Label("visible", "explicit", "png:pixels", {"text": "AI生成"}, raw="AI生成")
SMALL = Label("visible", "explicit", "png:pixels", {}, (Deviation.TOO_SMALL,), raw="AI生成")
UNDECIDED = Label("visible", "explicit", "png:pixels", {}, (Deviation.SIZE_UNDECIDED,), raw="AI生成", undecided=True)
ENGLISH = Label("visible", "explicit", "png:pixels", {}, (Deviation.GENERATION_ELEMENT_MISSING,), raw="Made with AI")
CREDENTIAL = Label("c2pa", "implicit", "c2pa:manifest", {"generator": "maker"}, (Deviation.EXPIRED_SIGNER,))
TAMPERED = Label("c2pa", "implicit", "c2pa:manifest", {}, (Deviation.TAMPERED,))


def reading(*labels: Label, media_type: str = "image/png", **more: object) -> Labels:
    return Labels(media_type, labels, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scheme", "found", "verdict"),
    [
        ("cn-labeling-2025", reading(FIELD, SEEN), Verdict.CONFORMS),
        ("cn-labeling-2025", reading(SEEN), Verdict.DOES_NOT_CONFORM),
        ("cn-labeling-2025", reading(FIELD, SMALL), Verdict.DOES_NOT_CONFORM),
        ("cn-labeling-2025", reading(FIELD, UNDECIDED), Verdict.INCONCLUSIVE),
        ("cn-labeling-2025", reading(), Verdict.NONE),
        ("cn-labeling-2025", reading(FIELD, statements=(ENGLISH,)), Verdict.DOES_NOT_CONFORM),
        (
            "cn-labeling-2025",
            reading(refused=(Refusal("visible", "the picture is not decoded"),)),
            Verdict.INCONCLUSIVE,
        ),
        ("cn-labeling-2025", reading(cut_short=True), Verdict.INCONCLUSIVE),
        ("eu-ai-act-50", reading(FIELD), Verdict.CONFORMS),
        ("eu-ai-act-50", reading(CREDENTIAL), Verdict.CONFORMS),
        ("eu-ai-act-50", reading(TAMPERED), Verdict.DOES_NOT_CONFORM),
        ("eu-ai-act-50", reading(TAMPERED, FIELD), Verdict.CONFORMS),
        ("eu-ai-act-50", reading(SEEN), Verdict.NONE),
        ("in-2026", reading(FIELD), Verdict.CONFORMS),
        ("us-states", reading(FIELD), Verdict.NONE),
        ("us-states", reading(CREDENTIAL), Verdict.CONFORMS),
        ("kr-2026", reading(statements=(ENGLISH,)), Verdict.CONFORMS),
        ("us-states", reading(media_type="text/plain"), Verdict.CONFORMS),
    ],
)
def test_each_scheme_has_its_verdict(scheme: str, found: Labels, verdict: Verdict) -> None:
    assert judge_file(found, scheme).verdict is verdict


def by_rule(judgement: Judgement, rule: str) -> Verifier | None:
    return next(finding.verifiable_by for finding in judgement.findings if finding.rule == rule)


def test_marks_state_who_can_verify_them() -> None:
    rule = "cn-labeling-2025/5.1"
    assert by_rule(judge_file(reading(FIELD), "cn-labeling-2025"), rule) is Verifier.NOBODY
    assert by_rule(judge_file(reading(PROTECTED), "cn-labeling-2025"), rule) is Verifier.DETECTOR
    assert by_rule(judge_file(reading(CREDENTIAL), "us-states"), "us-states/wa-1170") is Verifier.ANYONE
    assert by_rule(judge_file(reading(TAMPERED), "us-states"), "us-states/wa-1170") is Verifier.NOBODY
    assert by_rule(judge_file(reading(), "cn-labeling-2025"), rule) is None


def test_an_imperceptible_watermark_is_never_taken_for_found() -> None:
    finding = next(f for f in judge_file(reading(CREDENTIAL), "eu-ai-act-50").findings if f.needs == "two-layers")
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "watermark" in finding.reason


def test_every_rule_is_in_the_rulebook() -> None:
    from shenhe.rulebook import load_rulebook

    rules = {name.partition("@")[0] for name in load_rulebook().rules}
    for name, rows in schemes().items():
        for row in rows:
            assert row["rule"] in rules, row
            assert row["rule"].startswith(name)


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_file_cut_short_is_inconclusive(keep: float) -> None:
    whole = media.picture("PNG", (200, 150))
    labels = read_labels(whole[: int(len(whole) * keep)])
    assert labels.cut_short
    assert judge_file(labels, "cn-labeling-2025").verdict is Verdict.INCONCLUSIVE
    assert not read_labels(whole).cut_short


def shenhe(*arguments: str | Path) -> Done:
    return command_line.shenhe("label", "judge", *arguments)


def test_the_command_prints_verdicts_and_sets_the_exit_code(tmp_path: Path) -> None:
    labelled, plain, empty = tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "c.png"
    labelled.write_bytes(write_label("天气很好。".encode(), media.FIELDS, media_type="text/plain", explicit=True))
    plain.write_text("天气很好。", encoding="utf-8")
    empty.write_bytes(b"")
    good = shenhe(labelled, "--rules", "cn-labeling-2025,eu-ai-act-50")
    assert good.exit_code == 0, good.stdout + good.stderr
    assert good.stdout.count(": conforms") >= 3
    assert shenhe(plain).exit_code == 1
    assert shenhe(empty).exit_code == 3
    unknown = shenhe(plain, "--rules", "no-such-pack")
    assert unknown.exit_code == 2
    assert "cn-labeling-2025" in unknown.stderr
    printed = json.loads(shenhe(labelled, "--json").stdout)
    assert printed[0]["judgements"][0]["verdict"] == "conforms"

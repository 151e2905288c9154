"""Random changes to what others write: reports, attestations and media files, given to every command that reads them.

A command refuses the file in words or works: no internal error, and no character that a terminal obeys.
"""

from __future__ import annotations

import base64
import io
import json
import random
import wave
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shenhe.conformance.evidence.attestation import NotAttestedError, sign, verify
from shenhe.conformance.evidence.consistency import InconsistentReport
from shenhe.conformance.report import ReportError
from shenhe.core.text import UNSEEN
from shenhe.labels import read_labels

from ..command_line import shenhe
from ..factories import check, finding, report, rule
from .consistent import consistent
from .mutation import bytes_changed, changed, texts
from .test_attestation import PRIVATE, PUBLIC, written

RULE = "cn-dsp-2023/9.2"


def _report(draw: random.Random) -> bytes:
    document = report([rule(RULE, "fail", "c")], [check("c", "fail", RULE, finding=finding())]).model_dump(mode="json")
    document = changed(texts(document, draw, draw.choice((0, 0.05, 0.4))), draw, draw.choice((0, 1, 1, 3)))
    return json.dumps(document, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")


def _commands(folder: Path) -> list[list[str | Path]]:
    path, key = folder / "report.json", folder / "key.pem"
    return [
        *(["export", name, path] for name in ("sarif", "junit", "gitlab", "github-annotations", "github-summary")),
        *(["export", name, path] for name in ("har", "oscal")),
        ["export", "scripts", "--out", folder / "scripts", path],
        ["report", "--out", folder / "page.html", path],
        ["report", "--out", folder / "page.md", "--lang", "zh", path],
        ["replay", "--rule", RULE, "--base-url", "http://127.0.0.1:9", path],
        ["attest", "--key", key, "--out", folder / "attestation.json", path],
        ["baseline", "write", "--out", folder / "baseline.yaml", path],
    ]


def _unseen(text: str) -> set[str]:
    return {char for char in UNSEEN.findall(text) if char not in "\n\t"}


def _try_reports(folder: Path, seed: int, count: int) -> None:
    draw = random.Random(seed)
    (folder / "key.pem").write_bytes(PRIVATE)
    for _ in range(count):
        (folder / "report.json").write_bytes(_report(draw))
        done = shenhe(*draw.choice(_commands(folder)))
        assert done.exit_code in {0, 1, 2, 3}
        assert not _unseen(done.output), ascii(done.output)


def test_a_changed_report_is_refused_in_words_or_read(tmp_path: Path) -> None:
    _try_reports(tmp_path, seed=3, count=12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_many_changed_reports_are_refused_in_words_or_read(tmp_path: Path, seed: int) -> None:
    _try_reports(tmp_path, seed, count=150)


# --- attestations --------------------------------------------------------------------------------------------


def test_a_changed_attestation_never_says_anything_else() -> None:
    draw = random.Random(4)
    data = written(consistent())
    envelope = sign(data, PRIVATE)
    stated = verify(envelope, PUBLIC, report_bytes=data)
    for _ in range(300):
        forged = bytes_changed(envelope, draw, draw.choice((1, 1, 2, 5)))
        try:
            assert verify(forged, PUBLIC) == stated
        except NotAttestedError:
            continue


def test_a_changed_statement_is_not_covered_by_the_signature() -> None:
    draw = random.Random(5)
    envelope = json.loads(sign(written(consistent()), PRIVATE))
    payload = base64.b64decode(envelope["payload"])
    for number in range(300):
        if number % 2:
            made = json.dumps(changed(json.loads(payload), draw, 1)).encode("utf-8", "surrogatepass")
        else:
            bit = draw.randrange(8 * len(payload))
            made = bytearray(payload)
            made[bit // 8] ^= 1 << bit % 8
        if bytes(made) == payload:
            continue
        forged = envelope | {"payload": base64.b64encode(made).decode()}
        with pytest.raises(NotAttestedError):
            verify(json.dumps(forged).encode(), PUBLIC)


def _forged(document: dict[str, Any], draw: random.Random) -> str | None:
    """Change what a report concludes in one place, and say which; ``None`` where nothing was changed."""
    verdicts = ["pass", "fail", "review", "inconclusive", "error", "not applicable"]
    kind = draw.choice(("rule", "check", "rule left out", "check left out", "summary"))
    rules, checks = document["rules"], document["checks"]
    holder = draw.choice(rules if "rule" in kind else checks)
    if kind in {"rule", "check"}:
        verdict = draw.choice(verdicts)
        if verdict == holder["verdict"] or (kind == "check" and not holder["rules"]):
            return None
        if (
            kind == "check"
            and (holder["verdict"], verdict) == ("pass", "not applicable")
            and _passes_anyway(holder, checks)
        ):
            return None
        holder["verdict"] = verdict
    elif kind == "summary":
        numbers = [key for key, value in document["summary"].items() if type(value) is int and key != "requests"]
        key = draw.choice(numbers)
        document["summary"][key] += draw.choice((-1, 1, 7))
        return f"summary: {key}"
    else:
        (rules if "rule" in kind else checks).remove(holder)
    return f"{kind}: {holder.get('rule') or holder.get('name')}"


def _passes_anyway(check: dict[str, Any], checks: list[dict[str, Any]]) -> bool:
    """Whether every rule of a check is passed by others, too: then nothing is concluded from its pass alone."""
    others = [each for each in checks if each is not check and each["verdict"] == "pass"]
    return all(any(rule in each["rules"] for each in others) for rule in check["rules"])


def test_a_changed_conclusion_is_not_signed() -> None:
    draw = random.Random(6)
    original = consistent().model_dump(mode="json")
    signed = []
    for _ in range(24):
        document = json.loads(json.dumps(original))
        what = _forged(document, draw)
        if what is None:
            continue
        try:
            sign(json.dumps(document).encode(), PRIVATE)
        except (InconsistentReport, ReportError):
            continue
        signed.append(what)
    assert signed == []


# --- media files ---------------------------------------------------------------------------------------------


def _files() -> dict[str, bytes]:
    made = {}
    for suffix, kind in ((".png", "PNG"), (".jpg", "JPEG"), (".webp", "WEBP"), (".gif", "GIF"), (".tiff", "TIFF")):
        buffer = io.BytesIO()
        Image.new("RGB", (20, 16), (9, 80, 200)).save(buffer, kind)
        made[suffix] = buffer.getvalue()
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\1" * 200)
    made[".wav"] = buffer.getvalue()
    made[".svg"] = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><metadata/><text>AI</text></svg>'
    made[".html"] = b'<!doctype html><head><meta name="author" content="{}"><title>x</title></head><body>AI</body>'
    made[".md"] = b"---\ntitle: x\n---\n# x\n```\ncode\n```\n"
    made[".json"] = b'{"title":"x"}'
    return made


@pytest.mark.slow
def test_a_changed_media_file_is_refused_in_words_or_labelled(tmp_path: Path) -> None:
    draw, files = random.Random(7), _files()
    for suffix, data in files.items():
        path, out = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
        path.write_bytes(data)
        assert shenhe("label", "write", path, "--out", out, "--producer", "x", "--id", "1").exit_code == 0
        labelled = out.read_bytes()
        for number in range(4):
            path.write_bytes(bytes_changed(labelled, draw, draw.choice((1, 2, 8))))
            read = shenhe("label", "read", path)
            wrote = shenhe("label", "write", path, "--out", out, "--force", "--producer", "x", "--id", "2")
            for done in (read, wrote):
                assert done.exit_code in {0, 1, 2, 3}
                assert not _unseen(done.output), ascii(done.output)
            if number == 0 and wrote.exit_code == 0:
                assert read_labels(out.read_bytes()).labels


def test_names_inside_a_file_are_written_out(tmp_path: Path) -> None:
    """A chunk of a WAV file whose name clears the screen, in a file whose name does so too."""
    path = tmp_path / "a\u202e\x1b[2J.wav"
    path.write_bytes(b"RIFF\x24\0\0\0WAVE\x1b[2J\xff\0\0\0" + bytes(20))
    done = shenhe("label", "read", path)
    assert "\\x1b[2J chunk is cut short" in done.stdout
    for words in (("label", "read"), ("label", "read", "--json"), ("label", "judge"), ("label", "judge", "--json")):
        assert not _unseen(shenhe(*words, path).output), words

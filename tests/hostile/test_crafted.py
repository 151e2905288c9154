"""Reports made to harm their reader: too large, no JSON, read in two ways, with words that command in every field."""

from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path

import pytest

from shenhe.conformance import report as reports
from shenhe.conformance.report import ReportError, parse_report
from shenhe.core.strict_json import MAX_VALUES, parse_json
from shenhe.core.text import UNSEEN
from shenhe.simulator.estimation import measured

from ..command_line import shenhe
from . import crafted

#: Words of the language that shenhe is written in, which say nothing to a user.
_PYTHON = re.compile(
    r"Traceback|codec|NoneType|object has no|<class|\bdict\b|dictionary or instance|Value error|[a-z]Error\b|sys\.|Errno"
)
_READERS = ("export sarif", "report md", "attest", "verify", "replay", "baseline write", "baseline apply", "forecast")


@pytest.mark.parametrize("kind", crafted.broken())
def test_a_file_that_is_no_report_is_refused_in_one_sentence(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(crafted.broken()[kind])
    for name, words in crafted.commands(path, tmp_path).items():
        # A forecast reads only what it needs.
        if name not in _READERS or (name == "forecast" and kind in {"a long key", "a key that commands"}):
            continue
        done = shenhe(*words)
        said = done.stderr.partition("see: ")[0]
        assert done.exit_code == (1 if name == "verify" else 2), (name, done.output[:500])
        assert done.stdout == ""
        assert str(path) in said
        assert len(said) < len(str(path)) * 6 + 1200
        assert not _PYTHON.search(said.replace(str(path), "")), said
        assert not [char for char in UNSEEN.findall(said) if char != "\n"], ascii(said)


@pytest.mark.parametrize("words", crafted.WORDS)
@pytest.mark.costly
def test_words_in_every_field_stay_words(words: str, tmp_path: Path) -> None:
    path, out = tmp_path / "report.json", tmp_path / "out"
    out.mkdir()
    path.write_bytes(crafted.everywhere(crafted.WORDS[words]))
    before = sorted(tmp_path.iterdir())
    for name, command in crafted.commands(path, out, json.loads(path.read_bytes())["rules"][0]["rule"]).items():
        if name in {"forecast", "report zh"}:
            continue
        done = shenhe(*command)
        assert done.exit_code in {0, 1, 2, 3}
        assert not [char for char in UNSEEN.findall(done.output) if char not in "\n\t"], (
            name,
            ascii(done.output[:900]),
        )
        assert len(done.stderr) < 4000, name
    assert sorted(tmp_path.iterdir()) == before
    assert not Path("/tmp/shenhe-escaped").exists()
    # `export scripts` keeps what was sent; everything else escapes what it shows.
    for file in out.glob("*.*"):
        text = file.read_text(encoding="utf-8")
        # A code block of Markdown shows what is in it.
        text = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", text) if file.suffix == ".md" else text
        assert not re.search(r"(?<!\\)<img src=x", text) or file.suffix not in {".html", ".md", ".xml"}, file.name
        assert not [char for char in UNSEEN.findall(text) if char not in "\n\t"], file.name


def test_a_comment_in_a_baseline_ends_with_its_line(tmp_path: Path) -> None:
    """A rule id of two lines wrote an entry that accepted failures not seen before."""
    made = crafted.small()
    made["checks"][0]["rules"] = [
        "x\n  - rule: cn-dsp-2023/9.2\n    verdict: fail\n    reason: fine\n    expires: 2099-01-01"
    ]
    path, out = tmp_path / "report.json", tmp_path / "accepted.yaml"
    path.write_text(json.dumps(made))
    assert (
        shenhe("baseline", "write", path, "--reason", "known", "--expires", "2099-01-01", "--out", out).exit_code == 0
    )
    entries = [line for line in out.read_text().splitlines() if line.startswith("  - ")]
    assert entries == ["  - check: unverified_cannot_publish"]


def test_a_mark_of_the_byte_order_is_read_over(tmp_path: Path) -> None:
    data = json.dumps(crafted.document()).encode()
    assert parse_report(b"\xef\xbb\xbf" + data, "report.json") == parse_report(data, "report.json")


@pytest.mark.parametrize("name", _READERS)
def test_a_pipe_or_a_folder_in_place_of_a_report_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    for kind, words in (("folder", "Is a directory"), ("pipe", "no program writes to this pipe, expected a file")):
        path = tmp_path / f"{kind}.json"
        done = shenhe(*crafted.commands(path, tmp_path)[name])
        assert done.exit_code == 2
        assert f"{path}: " in done.stderr
        assert words in done.stderr or (name == "report md" and kind == "folder"), done.stderr


def test_a_pipe_with_a_writer_and_a_link_are_read(tmp_path: Path) -> None:
    data = json.dumps(crafted.document()).encode()
    pipe, link, real = tmp_path / "pipe", tmp_path / "link.json", tmp_path / "real.json"
    real.write_bytes(data)
    link.symlink_to(real)
    assert reports.read_report_bytes(link) == data
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer = threading.Thread(target=lambda: pipe.write_bytes(data))
    writer.start()
    try:
        # The second reader does not wait; both read the same data.
        while not (found := _read(pipe)):
            continue
    finally:
        os.close(reader)
        writer.join()
    assert found == data


def _read(pipe: Path) -> bytes:
    try:
        return reports.read_report_bytes(pipe)
    except OSError:
        return b""


# --- memory --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["checks", "rules", "undecided", "findings", "steps", "evidence", "files", "headers", "nothing"]
)
@pytest.mark.costly
def test_more_than_any_report_holds_is_refused_by_its_limit(kind: str) -> None:
    data = dict(crafted.large(50_000, 1000, f"many {kind}"))[f"many {kind}"]
    with pytest.raises(ReportError) as caught:
        parse_report(data, "report.json")
    assert re.search(r"expected at most [\d,]+|more than 400,000 values", str(caught.value))
    assert "\n" not in str(caught.value)


def test_values_are_counted_outside_of_texts() -> None:
    assert parse_json(json.dumps(["[,{" * MAX_VALUES, '\\"' * MAX_VALUES]).encode())
    with pytest.raises(ValueError, match="more than 400,000 values"):
        parse_json(b"[" + b"[]," * MAX_VALUES + b"1]")


def test_a_forecast_has_the_limits_of_a_report() -> None:
    assert (measured.MAX_REPORT_BYTES, measured.MOST_CHECKS) == (reports.MAX_REPORT_BYTES, reports.MOST_CHECKS)


def test_silence_then_and_now_repeats_no_failure(tmp_path: Path) -> None:
    """A report without responses was confirmed by a host where nothing listens."""
    path = tmp_path / "report.json"
    path.write_text(json.dumps(crafted.document()))
    done = shenhe(*crafted.commands(path, tmp_path)["replay"])
    assert done.exit_code == 3
    assert "cannot tell: no request got a response" in done.stdout


def test_requests_longer_than_evidence_are_not_taken_apart(tmp_path: Path) -> None:
    """A URL of 20 MB took 1.7 GB and 18 seconds."""
    path = tmp_path / "report.json"
    for kind in ("url", "request"):
        path.write_bytes(dict(crafted.large(10, 5_000_000, f"long {kind}"))[f"long {kind}"])
        done = shenhe(*crafted.commands(path, tmp_path)["replay"])
        assert done.exit_code == 2
        assert re.search(r"has \d+,[\d,]+ characters, expected at most|have \d+,[\d,]+ characters", done.stderr)


@pytest.mark.costly
@pytest.mark.parametrize("kind", ["checks", "rules", "findings", "steps"])
def test_the_largest_report_that_is_read_costs_bounded_memory(kind: str, tmp_path: Path) -> None:
    """A list of 100,000 checks took 1.6 GB as OSCAL."""
    path = tmp_path / "report.json"
    path.write_bytes(dict(crafted.large(4_500, 1000, f"many {kind}"))[f"many {kind}"])
    every = crafted.commands(path, tmp_path)
    for name in ("export oscal", "export har", "report"):
        code, memory, _, said = crafted.cost(every[name])
        assert code == 0, said
        assert memory < 400, (name, memory)

"""`shenhe label read` and `write`, and the published schema of what `--json` prints."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest
from PIL import Image

from shenhe.labels import record
from shenhe.labels.drawing.glyphs import words
from shenhe.labels.model import Deviation, Weight

from ... import command_line
from ...command_line import Done
from .. import media
from ..signing import credentials, signed


def shenhe(*arguments: str | Path) -> Done:
    return command_line.shenhe("label", *arguments)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(media.png_itxt(media.xmp_element()))
    return path


def published() -> dict[str, object]:
    path = Path(record.__file__).parent / "schema" / "labels.json"
    schema: dict[str, object] = json.loads(path.read_text())
    return schema


def test_the_published_schema_equals_the_model() -> None:
    assert published() == record.json_schema()


def test_reading_as_json_keeps_to_the_schema(labelled: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.txt"
    other.write_text("正文\n（本内容由AI生成）")
    done = shenhe("read", labelled, other, "--json", "--metadata")
    assert done.exit_code == 0, done.stderr
    records = json.loads(done.stdout)
    jsonschema.validate(records, published())
    assert [Path(each["file"]).name for each in records] == ["a.png", "b.txt"]
    assert [label["scheme"] for each in records for label in each["labels"]] == ["gb45438", "text"]
    assert records[0]["labels"][0]["fields"]["ContentProducer"] == media.CODE
    assert len(records[0]["sha256"]) == 64


def test_readings_are_the_same_whatever_the_number_of_processes(labelled: Path) -> None:
    def without_times(text: str) -> list[dict[str, object]]:
        return [{k: v for k, v in each.items() if k != "elapsed_ms"} for each in json.loads(text)]

    one = shenhe("read", *[labelled] * 20, "--json", "--metadata")
    two = shenhe("read", *[labelled] * 20, "--json", "--metadata", "--workers", "2")
    assert without_times(one.stdout) == without_times(two.stdout)


def test_a_refusal_exits_with_3_and_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    for content, why in ((b"\0\1\2\3", "the format is not one"), (b"", "the file is empty")):
        path.write_bytes(content)
        done = shenhe("read", path, "--metadata")
        assert done.exit_code == 3
        assert why in done.stdout


@pytest.mark.skipif(find_spec("rapidocr") is None, reason="the media extra is not installed")
def test_an_undecided_file_exits_with_3(tmp_path: Path) -> None:
    """A label of 5 % ink lies where the measurement cannot decide."""
    picture = Image.new("RGB", (1000, 1000), (30, 60, 90))
    mask = words(48)
    picture.paste((255, 255, 255), (970 - mask.width, 970 - mask.height), mask)
    path = tmp_path / "a.png"
    picture.save(path)
    done = shenhe("read", path, "--json")
    (label,) = json.loads(done.stdout)[0]["labels"]
    assert label["undecided"], label
    assert not label["conformant"]
    assert done.exit_code == 3


@pytest.mark.skipif(find_spec("c2pa") is None, reason="the media extra is not installed")
def test_trust_anchors_are_read_from_a_file(tmp_path: Path) -> None:
    path, anchors, empty = tmp_path / "a.jpg", tmp_path / "anchors.pem", tmp_path / "empty.pem"
    path.write_bytes(signed(media.picture("JPEG"), "image/jpeg", "trainedAlgorithmicMedia"))
    anchors.write_bytes(credentials()[2])
    empty.write_text("nothing")

    def deviations(*more: str | Path) -> list[str]:
        done = shenhe("read", path, "--json", *more)
        found: list[str] = next(
            label["deviations"] for label in json.loads(done.stdout)[0]["labels"] if label["scheme"] == "c2pa"
        )
        return found

    assert deviations() == ["untrusted-signer"]
    assert deviations("--trust-anchors", anchors) == []
    done = shenhe("read", path, "--trust-anchors", empty)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "BEGIN CERTIFICATE" in done.stderr


def test_wrong_usage_exits_with_2(tmp_path: Path, labelled: Path) -> None:
    missing = shenhe("read", tmp_path / "none.png")
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "no such file" in missing.stderr
    again = shenhe("write", labelled, "--out", tmp_path / "b.png", "--producer", "x", "--id", "1")
    assert again.exit_code == 2
    assert "only one" in again.stderr
    assert not (tmp_path / "b.png").exists()
    space = shenhe("write", labelled, "--out", tmp_path / "b.png", "--producer", "a b", "--id", "1")
    assert space.exit_code == 2
    assert "permitted are the characters" in space.stderr
    kept = shenhe("write", labelled, "--out", labelled, "--producer", "x", "--id", "1")
    assert "--force" in kept.stderr


def test_missing_files_are_reported_before_reading(tmp_path: Path, labelled: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, why in ((".", "is a directory"), ("pipe", "no regular file"), ("none", "no such file")):
        for command in (("read", labelled, tmp_path / name), ("write", tmp_path / name, "--out", tmp_path / "out")):
            done = shenhe(*command)
            assert (done.exit_code, done.stdout) == (2, "")
            assert why in done.stderr
            assert "Traceback" not in done.stderr


def test_a_file_beyond_the_limit_is_neither_read_nor_loaded(tmp_path: Path) -> None:
    path = tmp_path / "huge.wav"
    with path.open("wb") as out:
        out.write(b"RIFF\0\0\0\0WAVE")
        out.truncate(3 << 30)
    done = shenhe("read", path, "--json")
    assert done.exit_code == 3
    (found,) = json.loads(done.stdout)
    assert "3,221,225,472 bytes are more than" in found["refused"][0]["why"]
    assert found["sha256"] == ""
    done = shenhe("write", path, "--out", tmp_path / "out.wav", "--producer", media.CODE, "--id", "1")
    assert done.exit_code == 2
    assert "are allowed" in done.stderr


def test_a_file_that_goes_away_meanwhile_is_refused_and_the_others_are_read(labelled: Path, tmp_path: Path) -> None:
    found = [each for each, _ in record.read_files([tmp_path / "gone", labelled], depth="metadata")]
    assert [each.decided for each in found] == [False, True]
    assert "No such file" in found[0].refused[0].why


def test_an_unwritable_folder_is_reported(labelled: Path, tmp_path: Path) -> None:
    plain = tmp_path / "a.wav"
    plain.write_bytes(media.sound())
    done = shenhe("write", plain, "--out", tmp_path / "none" / "b.wav", "--producer", media.CODE, "--id", "1")
    assert done.exit_code == 2
    assert "cannot be written: No such file" in done.stderr


def test_written_labels_are_read(tmp_path: Path) -> None:
    plain, out = tmp_path / "a.wav", tmp_path / "b.wav"
    plain.write_bytes(media.sound())
    done = shenhe("write", plain, "--out", out, "--producer", media.CODE, "--id", "a-1", "--explicit")
    assert done.exit_code == 0, done.stderr
    read = shenhe("read", out, "--json", "--evidence", tmp_path / "evidence")
    schemes = {label["scheme"]: label["conformant"] for label in json.loads(read.stdout)[0]["labels"]}
    assert schemes == {"gb45438": True, "rhythm": True}
    assert len(list((tmp_path / "evidence").glob("*-rhythm.png"))) == 1
    assert shenhe("read", out).stdout.count("conforms") == 2


def test_every_deviation_names_a_rule_of_the_rulebook_and_says_a_sentence() -> None:
    from shenhe.rulebook import load_rulebook

    rules = load_rulebook().rules
    for deviation in Deviation:
        assert deviation.sentence.endswith(".")
        assert deviation.weight in Weight
        if deviation.rule:
            name = deviation.rule
            assert f"cn-labeling-2025/{name}" in rules, deviation


IDENTITY = ("--producer", media.CODE, "--id", "a-1")


@pytest.mark.parametrize("ending", [".yaml", ".py", ".csv", ".srt", ".toml"])
def test_text_with_meaningful_lines_is_not_written_into(tmp_path: Path, ending: str) -> None:
    path, out = tmp_path / f"a{ending}", tmp_path / f"b{ending}"
    path.write_text("a: 1\n", encoding="utf-8")
    done = shenhe("write", path, "--out", out, *IDENTITY)
    assert done.exit_code == 2
    assert not out.exists()
    assert "JSON" in done.stderr


def test_a_credential_beside_the_file_is_not_broken_silently(tmp_path: Path) -> None:
    path, out = tmp_path / "a.jpg", tmp_path / "b.jpg"
    path.write_bytes(media.picture("JPEG"))
    path.with_suffix(".c2pa").write_bytes((Path(__file__).parents[1] / "cases" / "sidecar.c2pa").read_bytes())
    done = shenhe("write", path, "--out", out, *IDENTITY)
    assert done.exit_code == 2
    assert "a.c2pa" in done.stderr
    done = shenhe("write", path, "--out", out, *IDENTITY, "--break-credentials")
    assert done.exit_code == 0, done.stderr
    assert "no longer matches" in done.stderr


@pytest.mark.skipif(find_spec("c2pa") is None, reason="the media extra is not installed")
def test_a_signed_file_is_signed_again_with_a_key(tmp_path: Path) -> None:
    chain, private, _ = credentials()
    (tmp_path / "chain.pem").write_bytes(chain)
    (tmp_path / "key.pem").write_bytes(private)
    path, out = tmp_path / "a.png", tmp_path / "b.png"
    path.write_bytes(signed(media.picture("PNG"), "image/png", "trainedAlgorithmicMedia"))
    assert shenhe("write", path, "--out", out, *IDENTITY).exit_code == 2
    keys = ("--sign-cert", tmp_path / "chain.pem", "--sign-key", tmp_path / "key.pem")
    done = shenhe("write", path, "--out", out, *IDENTITY, *keys)
    assert done.exit_code == 0, done.stderr
    assert "signed again" in done.stderr
    done = shenhe("write", path, "--out", tmp_path / "c.png", *IDENTITY, "--sign-cert", tmp_path / "chain.pem")
    assert done.exit_code == 2
    assert "--sign-key" in done.stderr
    done = shenhe("write", path, "--out", tmp_path / "c.png", *IDENTITY, *keys[:3], tmp_path / "chain.pem")
    assert done.exit_code == 2
    assert "private key" in done.stderr


def test_a_sidecar_that_lies_elsewhere_is_named(tmp_path: Path) -> None:
    picture, other = tmp_path / "a.png", tmp_path / "elsewhere" / "packet.xmp"
    other.parent.mkdir()
    picture.write_bytes(media.picture("PNG"))
    other.write_bytes(media.xmp_packet(media.xmp_element()))
    done = shenhe("read", str(picture), "--metadata", "--sidecar", str(other), "--json")
    assert [label["carrier"] for label in json.loads(done.stdout)[0]["labels"]] == ["sidecar packet.xmp: xmp/xmp"]
    assert shenhe("read", str(picture), "--sidecar", str(picture)).exit_code == 2
    assert shenhe("read", str(picture), str(picture), "--sidecar", str(other)).exit_code == 2

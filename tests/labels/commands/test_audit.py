"""`label audit` and `label diff`: many files, continued audits, and what a pipeline does to labels."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from shenhe.labels import write_label
from shenhe.labels.audit import UNREAD_CREDENTIAL, AuditError, audit, read_results
from shenhe.labels.survival import compare, pairs, survival
from shenhe.reports.pages.audit import render_audit_page
from tests.chinese import english_left

from .. import media
from .test_command import shenhe

PLAIN = media.picture("PNG")
LABELLED = write_label(PLAIN, media.FIELDS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "照片"
    (root / "sub").mkdir(parents=True)
    (root / "labelled.png").write_bytes(LABELLED)
    (root / "plain.png").write_bytes(PLAIN)
    (root / "sub" / "words.txt").write_text("正文\n（本内容由AI生成）", encoding="utf-8")
    (root / "other.jpg").write_bytes(
        media.jpeg_xmp(
            media.xmp_packet(
                "<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
                "</Iptc4xmpExt:DigitalSourceType>"
            )
        )
    )
    (root / "departing.mp3").write_bytes(media.id3_tag(media.text_frame("AIGC", '{"Label":"9"}')) + media.MP3_FRAME)
    (root / "empty.jpg").write_bytes(b"")
    (root / "inner.zip").write_bytes(media.zipped({"a.png": LABELLED, "b/c.png": PLAIN}))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        info = tarfile.TarInfo("d.png")
        info.size = len(LABELLED)
        archive.addfile(info, io.BytesIO(LABELLED))
    (root / "old.tar.gz").write_bytes(stream.getvalue())
    (root / "report.docx").write_bytes(media.ooxml())
    return root


EXPECTED = {
    "departing.mp3": "departing",
    "empty.jpg": "inconclusive",
    "inner.zip!a.png": "conforming",
    "inner.zip!b/c.png": "unlabelled",
    "labelled.png": "conforming",
    "old.tar.gz!d.png": "conforming",
    "other.jpg": "other",
    "plain.png": "unlabelled",
    "report.docx": "unlabelled",
    "sub/words.txt": "conforming",
}


@pytest.mark.parametrize("workers", [1, 2])
def test_every_file_and_member_has_a_status(folder: Path, tmp_path: Path, workers: int) -> None:
    for number in range(40 if workers == 2 else 0):
        (folder / f"more-{number}.png").write_bytes(PLAIN)
    rows = audit(folder, tmp_path / "out.jsonl", workers=workers)
    found = {row.file: row.status for row in rows if not row.file.startswith("more-")}
    assert found == EXPECTED
    assert [row.file for row in rows] == sorted(row.file for row in rows)


def test_an_audit_continues_where_it_was_cut_off(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    whole = audit(folder, out)
    text = out.read_bytes()
    read: list[int] = []
    for cut in (len(text) // 3, len(text) // 2, len(text) - 20):
        out.write_bytes(text[:cut])
        again = audit(folder, out, progress=lambda done, total: read.append(done))
        assert again == whole
    assert 0 < len(read) < 3 * len(list(folder.rglob("*.*")))


def test_only_changed_files_are_read_again(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    audit(folder, out)
    (folder / "plain.png").write_bytes(LABELLED + b"\0")
    (folder / "other.jpg").unlink()
    read: list[tuple[int, int]] = []
    rows = audit(folder, out, progress=lambda done, total: read.append((done, total)))
    assert len(read) == 1
    assert {row.file: row.status for row in rows}["plain.png"] == "conforming"
    assert "other.jpg" not in {row.file for row in rows}
    assert audit(folder, out) == rows


def test_results_of_another_kind_or_depth_are_refused(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text('{"a": 1}\n', encoding="utf-8")
    with pytest.raises(AuditError, match="not the result"):
        audit(folder, out)
    out.unlink()
    audit(folder, out)
    with pytest.raises(AuditError, match="depth"):
        audit(folder, out, depth="all")
    assert read_results(out)


def test_the_page_escapes_names_and_counts_every_file(folder: Path, tmp_path: Path) -> None:
    (folder / "<img src=x onerror=alert(1)>.png").write_bytes(PLAIN)
    page = render_audit_page(str(folder), audit(folder, tmp_path / "out.jsonl"))
    assert "<img src=x" not in page
    assert "11 files" in page
    chinese = render_audit_page(str(folder), audit(folder, tmp_path / "out.jsonl"), "zh")
    assert "共 11 个文件" in chinese
    reasons = [reason for row in audit(folder, tmp_path / "out.jsonl") for reason in (*row.reasons, row.file)]
    assert english_left(chinese, *reasons) == []
    assert "3 without a label" not in page
    assert "4 without a label" in page


def test_the_command_prints_a_table_names_and_json(folder: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "out.jsonl", tmp_path / "page.html"
    done = shenhe("audit", folder, "--out", out, "--page", page)
    assert done.exit_code == 3, done.stderr
    assert "unlabelled" in done.stdout
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    names = shenhe("audit", folder, "--out", out, "--list", "unlabelled").stdout.split()
    assert names == ["inner.zip!b/c.png", "plain.png", "report.docx"]
    totals = json.loads(shenhe("audit", folder, "--out", out, "--json").stdout)["totals"]
    assert totals == {status: Counter(EXPECTED.values())[status] for status in totals}
    assert shenhe("audit", folder, "--list", "good").exit_code == 2
    assert shenhe("audit", folder / "plain.png").exit_code == 2


def jpeg_of(data: bytes, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(stream, "JPEG", **options)  # type: ignore[arg-type]
    return stream.getvalue()


def test_a_converter_that_drops_metadata_loses_the_label(tmp_path: Path) -> None:
    before, after = tmp_path / "a.png", tmp_path / "b.jpg"
    before.write_bytes(LABELLED)
    after.write_bytes(jpeg_of(LABELLED))
    found = survival(before, after, depth="metadata")
    assert [mark.fate for mark in found.marks] == ["lost"]
    after.write_bytes(write_label(jpeg_of(LABELLED), media.FIELDS))
    assert [mark.fate for mark in survival(before, after, depth="metadata").marks] == ["kept"]


def test_a_label_with_other_values_is_changed_and_a_new_one_added() -> None:
    from shenhe.labels import ImplicitFields, read_labels

    old = read_labels(LABELLED)
    new = read_labels(write_label(PLAIN, ImplicitFields(media.CODE, "b-2")))
    marks = compare(old, new)
    assert [mark.fate for mark in marks] == ["changed"]
    assert "a-1 became b-2" in marks[0].detail
    assert [mark.fate for mark in compare(read_labels(PLAIN), old)] == ["added"]


def test_an_unreadable_file_is_unknown_not_lost() -> None:
    from shenhe.labels import read_labels

    assert [mark.fate for mark in compare(read_labels(LABELLED), read_labels(b""))] == ["unknown"]


def test_folders_are_paired_by_path_whatever_the_ending(tmp_path: Path) -> None:
    for name, data in (("old/a.png", LABELLED), ("old/sub/b.png", PLAIN), ("old/gone.png", LABELLED)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    for name, data in (("new/a.jpg", jpeg_of(LABELLED)), ("new/sub/b.png", PLAIN)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    found = {a.name: b.name if b else None for a, b in pairs(tmp_path / "old", tmp_path / "new")}
    assert found == {"a.png": "a.jpg", "b.png": "b.png", "gone.png": None}
    done = shenhe("diff", tmp_path / "old", tmp_path / "new", "--metadata")
    assert done.exit_code == 1
    assert done.stdout.count("lost") == 2
    same = shenhe("diff", tmp_path / "old", tmp_path / "old", "--metadata", "--json")
    assert same.exit_code == 0, same.stderr
    assert {mark["fate"] for each in json.loads(same.stdout) for mark in each["marks"]} == {"kept"}
    assert shenhe("diff", tmp_path / "old", tmp_path / "old" / "a.png").exit_code == 2


def test_a_credential_that_was_not_read_is_not_unlabelled(tmp_path: Path) -> None:
    root = tmp_path / "files"
    root.mkdir()
    signed = (Path(__file__).parents[1] / "cases" / "c2pa_ai_valid.jpg").read_bytes()
    (root / "signed.jpg").write_bytes(signed)
    (root / "inner.zip").write_bytes(media.zipped({"signed.jpg": signed, "plain.png": PLAIN}))
    # Behind two megabytes, as a film has it that was signed after it was cut.
    (root / "late.jpg").write_bytes(media.picture("JPEG") + bytes(2 << 20) + signed[2:])
    found = {row.file: (row.status, row.reasons) for row in audit(root, tmp_path / "audit.jsonl")}
    unread = ("inconclusive", (UNREAD_CREDENTIAL,))
    assert found == {
        "signed.jpg": unread,
        "inner.zip!signed.jpg": unread,
        "inner.zip!plain.png": ("unlabelled", ()),
        "late.jpg": unread,
    }


def test_the_page_of_the_current_folder_names_it(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    shenhe("audit", ".", "--out", str(tmp_path / "a.jsonl"), "--page", str(tmp_path / "a.html"), "--lang", "zh")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert f"{folder} 中共" in page
    assert "空文件" in page


def test_names_and_archives_of_strangers_are_audited(tmp_path: Path) -> None:
    root = tmp_path / "files"
    root.mkdir()
    names = [b"\xff\xfe.png", b"new\nline.png", b"\x1b[31m.png", b"-rf.png", b"n" * 251 + b".png"]
    for name in names:
        Path(os.fsdecode(bytes(root) + b"/" + name)).write_bytes(PLAIN)
    (root / "loop").symlink_to("..")
    (root / "gone.png").symlink_to("nowhere")
    (root / "empty.png").write_bytes(b"")
    (root / "torn.png").write_bytes(PLAIN[: len(PLAIN) // 2])
    os.mkfifo(root / "pipe.png")
    nested = PLAIN
    for number in range(6):
        nested = media.zipped({f"{number}.zip" if number else "a.png": nested})
    (root / "nested.zip").write_bytes(nested)
    damaged = bytearray(media.zipped({"good.png": PLAIN, "bad.txt": "x" * 4000}))
    at = damaged.find(b"bad.txt") + 12
    damaged[at : at + 4] = b"\xff\xff\xff\xff"
    (root / "damaged.zip").write_bytes(damaged)
    out = tmp_path / "audit.jsonl"
    rows = audit(root, out)
    assert sum(row.status == "unlabelled" for row in rows) == len(names) + 1
    inconclusive = {row.file: row.reasons for row in rows if row.status == "inconclusive"}
    assert set(inconclusive) == {"empty.png", "torn.png", "nested.zip!5.zip", "damaged.zip!bad.txt"}
    assert audit(root, out) == rows
    assert json.loads(out.read_text(encoding="utf-8").splitlines()[1])["file"]
    done = shenhe("audit", str(root), "--out", str(out), "--list", "inconclusive", "--page", str(tmp_path / "a.html"))
    assert done.exit_code == 3
    assert done.stdout.splitlines() == sorted(inconclusive)
    assert "new line.png" in (tmp_path / "a.html").read_text(encoding="utf-8")

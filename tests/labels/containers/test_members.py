"""Labels beside a file and inside archives and messages."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from shenhe.labels import Deviation, Limits, read_labels, write_label
from shenhe.labels.record import read_file

from .. import media
from ..perceived.stamps import needs_credentials

LABELLED = write_label(media.picture("PNG"), media.FIELDS)


@pytest.mark.parametrize("name", ["a.xmp", "a.png.xmp"])
def test_an_xmp_sidecar_is_read_with_its_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.png").write_bytes(media.picture("PNG"))
    (tmp_path / name).write_bytes(media.xmp_element())
    _, labels = read_file(tmp_path / "a.png", depth="metadata")
    assert [label.carrier for label in labels.aigc] == [f"sidecar {name}: xmp/xmp"]
    assert Deviation.UNUSUAL_PLACE in labels.aigc[0].deviations


def test_a_sidecar_is_no_second_label_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(LABELLED)
    (tmp_path / "a.xmp").write_bytes(media.xmp_element())
    _, labels = read_file(tmp_path / "a.png", depth="metadata")
    assert len(labels.aigc) == 2
    assert all(Deviation.TWO_LABELS not in label.deviations for label in labels.aigc)


@needs_credentials
def test_a_manifest_store_beside_a_file_is_read_with_it() -> None:
    _, labels = read_file(Path(__file__).parents[1] / "cases" / "sidecar.jpg")
    assert any("sidecar.c2pa" in label.carrier for label in labels.labels) or any(
        "sidecar.c2pa" in note for note in labels.notes
    )


def test_a_member_of_an_archive_is_a_separate_file() -> None:
    data = media.zipped(
        {"a/picture.png": LABELLED, "b.txt": "x", "c.jpg": write_label(media.picture("JPEG"), media.FIELDS)}
    )
    labels = read_labels(data)
    assert [label.carrier.partition(":")[0] for label in labels.aigc] == ["member a/picture.png", "member c.jpg"]
    assert all(label.strict for label in labels.aigc)
    assert labels.refused == ()


def test_archives_inside_archives_end_somewhere() -> None:
    data = LABELLED
    for number in range(8):
        data = media.zipped({f"{number}.zip": data})
    labels = read_labels(data)
    assert labels.labels == ()
    assert any("nested deeper" in refusal.why for refusal in labels.refused)


def test_a_bomb_among_members_is_refused_and_the_others_are_read() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("bomb.bin", b"\0" * 50_000_000)
        package.writestr("a.png", LABELLED)
    labels = read_labels(stream.getvalue())
    assert "unpacks to more" in labels.refused[0].why
    assert len(labels.aigc) == 1


def test_members_are_bounded_together() -> None:
    data = media.zipped({f"{number}.bin": b"\1" * 900_000 for number in range(100)})
    labels = read_labels(data, limits=Limits(inflated_bytes=1 << 20))
    assert any("in all" in refusal.why or "more than" in refusal.why for refusal in labels.refused)


def test_attachments_and_words_of_a_message_are_read() -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "x"
    message.set_content("正文。\n（本内容由AI生成）\n")
    message.add_attachment(LABELLED, maintype="image", subtype="png", filename="图.png")
    labels = read_labels(bytes(message))
    assert labels.media_type == "message/rfc822"
    assert [label.carrier for label in labels.aigc] == ["member 图.png: png:iTXt/xmp"]
    assert [label.scheme for label in labels.explicit] == ["text"]

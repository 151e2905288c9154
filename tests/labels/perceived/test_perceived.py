"""What is seen and heard through decoders: pictures, films, compressed sound, credentials; and the worker
they run in.
"""

from __future__ import annotations

import datetime
import functools
import io
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from shenhe.labels import Deviation, Label, Labels, LabelWriteError, Limits, read_labels, write_label
from shenhe.labels.bytes import sandbox as sandbox_module
from shenhe.labels.drawing.glyphs import draw_label, words
from shenhe.labels.findings import Findings
from shenhe.labels.perceived.dialogue import Turn, disclosure_in_dialogue, disclosure_in_scene
from shenhe.labels.perceived.lines import Line
from shenhe.labels.perceived.measure import measured, size_deviation
from shenhe.labels.perceived.rhythm import find, tones

from .. import media, perceivable
from ..perceivable import encoded

D = Deviation


def ground(kind: str, size: tuple[int, int] = (640, 480)) -> Image.Image:
    return perceivable.ground(kind, np.random.default_rng(1), size)


def stamped(image: Image.Image, share: float, place: str = "lower right", *, plain: bool = True) -> Image.Image:
    """The words at ``share`` of the shortest side, white with a dark rim where ``plain``."""
    mask = words(max(8, round(min(image.size) * share)))
    width, height = image.size
    margin = round(min(image.size) * 0.03)
    left = {"right": width - mask.width - margin, "left": margin, "middle": (width - mask.width) // 2}[place.split()[1]]
    top = {"lower": height - mask.height - margin, "upper": margin, "inner": (height - mask.height) // 2}[
        place.split()[0]
    ]
    if not plain:
        return draw_label(image, share=share)
    image = image.copy()
    rim = 2
    for dx in (-rim, 0, rim):
        for dy in (-rim, 0, rim):
            image.paste((20, 20, 20), (left + dx, top + dy), mask)
    image.paste((255, 255, 255), (left, top), mask)
    return image


needs_recogniser = pytest.mark.skipif(
    __import__("importlib.util").util.find_spec("rapidocr") is None, reason="the media extra is not installed"
)
needs_films = pytest.mark.skipif(
    __import__("importlib.util").util.find_spec("av") is None, reason="the media extra is not installed"
)
needs_credentials = pytest.mark.skipif(
    __import__("importlib.util").util.find_spec("c2pa") is None, reason="the media extra is not installed"
)


def seen(data: bytes, **options: object) -> Labels:
    return read_labels(data, depth="all", **options)  # type: ignore[arg-type]


@needs_recogniser
@pytest.mark.parametrize("kind", ["gradient", "photo", "noise"])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_label_we_draw_is_seen_measured_and_kept(kind: str, form: str) -> None:
    labelled = write_label(encoded(ground(kind), form), media.FIELDS, explicit=True)
    reading = seen(labelled)
    assert reading.decided
    visible = [label for label in reading.explicit if label.scheme == "visible"]
    assert len(visible) == 1
    assert visible[0].conformant, visible[0].detail
    assert visible[0].fields["position"] == "lower right corner"
    assert 0.065 <= visible[0].fields["ink_height"] <= 0.095
    assert visible[0].fields["contrast"] > 4
    assert Image.open(io.BytesIO(visible[0].evidence or b"")).width > 40


@needs_recogniser
@pytest.mark.parametrize(
    ("share", "place", "expected"),
    [
        (0.10, "lower left", set()),
        (0.10, "upper right", set()),
        (0.10, "upper middle", set()),
        (0.10, "inner left", set()),
        (0.10, "inner middle", {D.NOT_AT_EDGE}),
        (0.03, "lower right", {D.TOO_SMALL}),
        (0.048, "lower right", {D.SIZE_UNDECIDED}),
    ],
)
def test_place_and_height_are_judged(share: float, place: str, expected: set[Deviation]) -> None:
    reading = seen(encoded(stamped(ground("gradient", (1024, 768)), share, place)))
    assert len(reading.explicit) == 1, reading
    assert set(reading.explicit[0].deviations) == expected, reading.explicit[0].detail
    assert reading.decided is (D.SIZE_UNDECIDED not in expected)


@needs_recogniser
@pytest.mark.skipif(perceivable.FONT is None, reason="no font with Chinese letters is installed")
@pytest.mark.parametrize("around", [0.08, 0.25, 0.6])
def test_a_plate_behind_a_small_label_is_not_measured_with_it(around: float) -> None:
    """Letters of 3 to 4.7 % on a black plate that would measure 5 to 10 % with it, in pictures as small as films may
    be.
    """
    for share, size in ((0.03, (320, 568)), (0.042, (568, 320)), (0.042, (320, 568)), (0.042, (480, 854))):
        for text in ("AI生成", "本视频由AI生成"):
            image, true = perceivable.stamped(ground("photo", size), text, share, "light", "br", plate=(255, around))
            assert true < 0.05
            for label in seen(encoded(image)).explicit:
                assert {D.TOO_SMALL, D.SIZE_UNDECIDED} & set(label.deviations), (size, text, label.detail)
                assert not label.conformant


@needs_recogniser
def test_pictures_without_a_label_have_none() -> None:
    image = ground("photo")
    ImageDraw.Draw(image).text((20, 20), "AI STUDIO", fill=(255, 255, 255), font_size=48)
    reading = seen(encoded(image))
    assert reading.explicit == ()
    assert reading.decided
    assert "lacks the generation element" in " ".join(reading.notes)
    assert seen(encoded(ground("noise"))).explicit == ()


@needs_recogniser
def test_pictures_beyond_the_limits_are_refused_before_they_are_decoded() -> None:
    huge = encoded(Image.new("1", (9000, 9000)))
    assert "more than" in seen(huge).refused[0].why
    assert "not decoded" in seen(media.picture("PNG")[:60]).refused[0].why
    narrow = seen(encoded(Image.new("RGB", (300, 12_000), "white")))
    assert narrow.decided


@needs_recogniser
def test_a_second_visible_label_is_refused_where_pixels_are_looked_at() -> None:
    labelled = write_label(encoded(ground("gradient")), None, explicit=True)
    with pytest.raises(LabelWriteError, match="already holds an explicit label"):
        write_label(labelled, None, explicit=True, look_first=True)


@functools.cache
def clip(
    codec: str, container: str, *, labelled: tuple[float, float], seconds: float = 2.75, share: float = 0.1
) -> bytes:
    """A film of 8 frames a second that shows the words between two times."""
    import av

    try:
        av.Codec(codec, "w")
    except Exception:
        pytest.skip(f"PyAV has no encoder {codec}")
    plain = ground("gradient", (640, 360))
    marked = stamped(plain, share)
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as out:
        track = out.add_stream(codec, rate=8)
        track.width, track.height, track.pix_fmt, track.bit_rate = 640, 360, "yuv420p", 2_000_000
        if codec == "libx265":
            track.options = {"x265-params": "log-level=none"}
        for number in range(int(seconds * 8)):
            image = marked if labelled[0] <= number / 8 < labelled[1] else plain
            out.mux(track.encode(av.VideoFrame.from_image(image)))
        out.mux(track.encode(None))
    return stream.getvalue()


@needs_films
@needs_recogniser
@pytest.mark.parametrize(
    ("codec", "container", "labelled", "expected"),
    [
        ("libx264", "mp4", (0, 9), set()),
        ("libx265", "mp4", (0, 2.25), set()),
        ("libvpx-vp9", "webm", (0, 9), set()),
        ("mpeg4", "avi", (0, 1.0), {D.TOO_SHORT}),
        ("mpeg4", "matroska", (0.75, 9), {D.NOT_IN_START_FRAME}),
    ],
)
def test_films_are_judged_by_their_first_frames(
    codec: str, container: str, labelled: tuple[float, float], expected: set[Deviation]
) -> None:
    reading = seen(clip(codec, container, labelled=labelled))
    assert reading.refused == ()
    assert len(reading.explicit) == 1, reading
    assert set(reading.explicit[0].deviations) == expected, reading.explicit[0].detail
    assert reading.explicit[0].fields["first_seen"] == pytest.approx(labelled[0], abs=0.26)


@needs_films
@needs_recogniser
@pytest.mark.parametrize(("codec", "container"), [("libx264", "mp4"), ("mpeg4", "matroska"), ("mpeg4", "avi")])
@pytest.mark.parametrize(("labelled", "shown"), [((0, 60), (0, 12)), ((0, 5), (0, 5)), ((6, 60), (6, 12))])
def test_the_duration_of_a_film_label_is_reported(
    codec: str, container: str, labelled: tuple[float, float], shown: tuple[float, float]
) -> None:
    reading = seen(clip(codec, container, labelled=labelled, seconds=12))
    assert len(reading.explicit) == 1, reading
    spans = reading.explicit[0].fields["shown"]
    # Later frames are sampled a second apart, or as far apart as the film's key frames.
    assert spans[0][0] == pytest.approx(shown[0], abs=2.6)
    assert spans[-1][1] == pytest.approx(shown[1], abs=2.6)
    assert (D.NOT_IN_START_FRAME in reading.explicit[0].deviations) is (labelled[0] > 0)
    assert any("film: looked at" in note and "12.0 s" in note for note in reading.notes), reading.notes


@needs_films
@needs_recogniser
@pytest.mark.parametrize(("codec", "container"), [("libx264", "mp4"), ("mpeg4", "matroska"), ("libvpx-vp9", "webm")])
def test_a_label_drawn_into_a_film_is_seen_and_its_metadata_kept(codec: str, container: str) -> None:
    original = clip(codec, container, labelled=(9, 9))
    both = write_label(original, media.FIELDS, explicit=True)
    later = write_label(write_label(original, media.FIELDS), None, explicit=True)
    for labelled in (both, later):
        reading = seen(labelled)
        assert [label.scheme for label in reading.labels] == ["gb45438", "visible"], reading
        assert all(label.conformant for label in reading.labels), reading


def decoded(data: bytes, container: str) -> list[bytes]:
    """The samples of a sound, a chunk a frame."""
    import av

    with av.open(io.BytesIO(data), format=container) as source:
        return [frame.to_ndarray().tobytes() for frame in source.decode(audio=0)]


def packets(data: bytes, container: str) -> list[bytes]:
    import av

    with av.open(io.BytesIO(data), format=container) as source:
        return [bytes(packet) for packet in source.demux(audio=0) if packet.size]


@needs_films
@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize(
    ("container", "codec", "sample"),
    [
        ("mp3", "libmp3lame", None),
        ("flac", "flac", "s16"),
        ("flac", "flac", "s32"),
        ("ipod", "aac", None),
        ("ogg", "libopus", None),
    ],
)
def test_the_rhythm_is_put_behind_compressed_sound_and_nothing_else_changes(
    container: str, codec: str, sample: str | None, layout: str
) -> None:
    demuxer = {"ipod": "mov"}.get(container, container)
    original = write_label(media.track(container, codec, seconds=3.0, layout=layout, sample=sample), media.FIELDS)
    labelled = write_label(original, None, explicit=True)
    reading = read_labels(labelled, depth="sound")
    assert [(label.scheme, label.conformant) for label in reading.labels] == [
        ("gb45438", True),
        ("rhythm", True),
    ], reading
    assert reading.explicit[0].fields["position"] == "end"
    assert not reading.refused
    if container == "flac":
        before, after = decoded(original, demuxer), decoded(labelled, demuxer)
        assert len(b"".join(after)) > len(b"".join(before))
        assert b"".join(after).startswith(b"".join(before)), "FLAC is encoded again without loss"
    else:
        before, after = packets(original, demuxer), packets(labelled, demuxer)
        assert len(after) > len(before) > 50
        assert after[: len(before)] == before, "nothing is encoded again"
    with pytest.raises(LabelWriteError, match="already holds an explicit label"):
        write_label(labelled, None, explicit=True)


@needs_films
@pytest.mark.parametrize(
    ("name", "container", "codec"), [("a.m4a", "ipod", "aac"), ("a.opus", "ogg", "libopus"), ("a.flac", "flac", "flac")]
)
def test_another_decoder_plays_the_rhythm_to_its_end(name: str, container: str, codec: str, tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    path = tmp_path / name
    path.write_bytes(write_label(media.track(container, codec, seconds=3.0), None, explicit=True))
    command = ["ffmpeg", "-v", "warning", "-i", str(path), "-f", "s16le", "-ac", "1", "-ar", "48000", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    seconds = len(done.stdout) / 2 / 48_000
    assert seconds == pytest.approx(3 + len(tones(48_000)) / 48_000, abs=0.06)
    (rhythm,) = find(np.frombuffer(done.stdout, "<i2").astype(np.float32) / 32768, 48_000)
    assert rhythm.end == pytest.approx(seconds - 0.2, abs=0.08)


@needs_films
def test_sound_that_cannot_be_lengthened_is_refused_in_words() -> None:
    sound = media.track("ipod", "aac")
    at = sound.index(b"esds")
    assert sound.index(b"\x05", at) > at
    place = sound.index(b"\x05", sound.index(b"\x04", at) + 14) + 1
    while sound[place] & 0x80:
        place += 1
    cases = {
        "another kind of AAC": sound[: place + 1] + b"\x2b" + sound[place + 2 :],
        "0 sound tracks": sound.replace(b"soun", b"text"),
        "iTunSMPB": sound.replace(b"Lavf", b"\0\0\0\0").replace(b"SoundHandler", b"iTunSMPB\0\0\0\0"),
        "the table of chunks": sound[: sound.index(b"stco") + 11] + b"\x7f" + sound[sound.index(b"stco") + 12 :],
    }
    for why, data in cases.items():
        with pytest.raises(LabelWriteError, match=why):
            write_label(data, None, explicit=True)
    opus = media.track("ogg", "libopus")
    for why, data in {"one Opus stream": opus.replace(b"OpusHead", b"Opus\0\0\0\0"), "cut short": opus[:-40]}.items():
        with pytest.raises(LabelWriteError, match=why):
            write_label(data, None, explicit=True)


@needs_films
@needs_recogniser
def test_the_sound_track_of_a_film_is_listened_to() -> None:
    reading = seen(perceivable.film_with_sound())
    assert reading.media_type == "video/mp4"
    assert [label.scheme for label in reading.explicit] == ["rhythm"], reading


@needs_films
@needs_recogniser
def test_a_film_without_a_label_has_none() -> None:
    reading = seen(clip("mpeg4", "mp4", labelled=(9, 9)))
    assert (reading.explicit, reading.refused) == ((), ())


@needs_films
@pytest.mark.parametrize(
    ("container", "codec"), [("mp3", "libmp3lame"), ("flac", "flac"), ("ogg", "libopus"), ("ipod", "aac")]
)
def test_the_rhythm_is_found_in_compressed_sound(container: str, codec: str) -> None:
    import av

    rate = 48_000
    samples = np.concatenate([0.1 * np.random.default_rng(1).normal(size=4 * rate), tones(rate)]).clip(-1, 1)
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as out:
        track = out.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        fifo = av.AudioFifo()
        for each in av.AudioResampler(track.format.name, "mono", rate).resample(frame):
            fifo.write(each)
        while part := fifo.read(track.codec_context.frame_size or 4096, partial=True):
            out.mux(track.encode(part))
        out.mux(track.encode(None))
    reading = read_labels(stream.getvalue(), depth="sound")
    assert [(label.scheme, label.fields["position"]) for label in reading.explicit] == [("rhythm", "end")], reading


@needs_films
def test_a_playlist_served_as_a_film_opens_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("x")
    found = Findings(Limits())
    playlist = f"ffconcat version 1.0\nfile '{secret}'\n".encode()
    sandbox_module.ask("film", "video/mp4", "mov", playlist, found)
    assert found.labels == []
    assert "cannot be decoded" in found.refused[0].why


# Credentials.


@functools.cache
def credentials(valid: datetime.timedelta = datetime.timedelta(days=30), /) -> tuple[bytes, bytes, bytes]:
    """(certificate chain, key, certificate of the authority), made for this test run; the signer's is ``valid`` for
    so long.
    """
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.datetime.now(datetime.UTC)

    def name(text: str) -> object:
        return x509.Name(
            [
                x509.NameAttribute(x509.NameOID.COMMON_NAME, text),
                x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Test"),
            ]
        )

    authority_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def begin(subject: str, key: ec.EllipticCurvePrivateKey) -> object:
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=20))
            .not_valid_after(now + (valid if subject == "leaf" else datetime.timedelta(days=30)))
        )

    usage = {
        "digital_signature": True,
        "content_commitment": False,
        "key_encipherment": False,
        "data_encipherment": False,
        "key_agreement": False,
        "key_cert_sign": False,
        "crl_sign": False,
        "encipher_only": False,
        "decipher_only": False,
    }
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    authority = (
        begin("authority", authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{**usage, "key_cert_sign": True, "crl_sign": True}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    leaf = (
        begin("leaf", leaf_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(leaf_key.public_key()), critical=False)
        .add_extension(identifier, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return leaf.public_bytes(pem) + authority.public_bytes(pem), key, authority.public_bytes(pem)


def signed(
    data: bytes,
    media_type: str,
    source_type: str,
    *,
    certificates: tuple[bytes, bytes, bytes] | None = None,
    parent: bytes | None = None,
) -> bytes:
    """``data`` with a content credential; ``parent`` is a file it was made of, with a credential of its own."""
    c2pa = pytest.importorskip("c2pa")
    chain, key, _ = certificates or credentials()
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
    action: dict[str, object] = {
        "action": "c2pa.created" if parent is None else "c2pa.opened",
        "digitalSourceType": f"http://cv.iptc.org/newscodes/digitalsourcetype/{source_type}",
    }
    if parent is not None:
        action = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
    manifest = {
        "claim_generator_info": [{"name": "test", "version": "1"}],
        "title": "t",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    out = io.BytesIO()
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(manifest)) as builder:
        if parent is not None:
            ingredient = {"title": "parent", "relationship": "parentOf", "label": "parent"}
            builder.add_ingredient(json.dumps(ingredient), media_type, io.BytesIO(parent))
        builder.sign(signer, media_type, io.BytesIO(data), out)
    return out.getvalue()


@needs_credentials
@pytest.mark.parametrize(("form", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_credentials_tell_an_unknown_signer_from_tampering(form: str, media_type: str) -> None:
    data = signed(encoded(ground("gradient", (96, 64)), form), media_type, "trainedAlgorithmicMedia")
    found = Findings(Limits())
    sandbox_module.ask("c2pa", media_type, "", data, found)
    assert [label.scheme for label in found.labels] == ["c2pa"], found.refused
    label = found.labels[0]
    assert label.deviations == (D.UNTRUSTED_SIGNER,)
    assert label.conformant
    assert label.fields["stands_in"] == "active manifest"
    changed = bytearray(data)
    changed[-20] ^= 1
    found = Findings(Limits())
    sandbox_module.ask("c2pa", media_type, "", bytes(changed), found)
    assert D.TAMPERED in found.labels[0].deviations
    assert not found.labels[0].conformant


def credential(data: bytes, media_type: str = "image/png", *, trust_anchors: str = "") -> Label:
    """The one credential of ``data``, read in the worker."""
    found = Findings(Limits(), trust_anchors)
    sandbox_module.ask("c2pa", media_type, "", data, found)
    assert [label.scheme for label in found.labels] == ["c2pa"], (found.refused, found.notes)
    return found.labels[0]


@needs_credentials
def test_a_signer_that_the_caller_vouches_for_is_trusted() -> None:
    data = signed(encoded(ground("gradient", (96, 64))), "image/png", "trainedAlgorithmicMedia")
    assert credential(data).deviations == (D.UNTRUSTED_SIGNER,)
    label = credential(data, trust_anchors=credentials()[2].decode())
    assert label.deviations == ()
    assert label.fields["validation_state"] == "Trusted"


@needs_credentials
def test_an_expired_signer_is_no_tampering() -> None:
    # Nobody can sign with a certificate that has expired: this one does so while the test waits.
    lifetime = datetime.timedelta(seconds=4)
    made = time.monotonic()
    data = signed(
        encoded(ground("gradient", (96, 64))),
        "image/png",
        "trainedAlgorithmicMedia",
        certificates=credentials(lifetime),
    )
    time.sleep(max(0.0, made + lifetime.total_seconds() + 1.5 - time.monotonic()))
    label = credential(data)
    assert D.EXPIRED_SIGNER in label.deviations
    assert D.TAMPERED not in label.deviations
    assert label.conformant


@needs_credentials
def test_an_origin_is_found_down_the_chain_of_ingredients() -> None:
    picture = encoded(ground("gradient", (96, 64)))
    first = signed(picture, "image/png", "trainedAlgorithmicMedia")
    second = signed(picture, "image/png", "", parent=first)
    third = signed(picture, "image/png", "", parent=second)
    for data in (second, third):
        label = credential(data)
        assert label.fields["stands_in"] == "parent manifest"
        assert label.fields["digital_source_type"] == ["trainedAlgorithmicMedia"]
        assert D.TAMPERED not in label.deviations


@needs_credentials
def test_a_changed_file_is_detected_in_any_manifest() -> None:
    picture = encoded(ground("gradient", (96, 64)))
    first = bytearray(signed(picture, "image/png", "trainedAlgorithmicMedia"))
    first[-20] ^= 1
    assert D.TAMPERED in credential(bytes(first)).deviations
    label = credential(signed(picture, "image/png", "", parent=bytes(first)))
    assert label.deviations == (D.UNTRUSTED_SIGNER, D.INGREDIENT_CHANGED), "the parent was changed before it was used"
    assert label.conformant
    assert not label.strict


@needs_credentials
def test_credentials_of_a_camera_are_a_note() -> None:
    data = signed(encoded(ground("gradient", (96, 64))), "image/png", "digitalCapture")
    found = Findings(Limits())
    sandbox_module.ask("c2pa", "image/png", "", data, found)
    assert found.labels == []
    assert "does not speak of AI" in found.notes[0]


# The worker.


def test_without_the_media_extra_a_message_appears_and_no_file_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    from shenhe.labels.bytes import worker

    def absent(name: str, package: str | None = None) -> object:
        raise ModuleNotFoundError("No module named 'rapidocr'", name="rapidocr")

    monkeypatch.setattr(worker, "import_module", absent)
    request = {"task": "visible", "media_type": "image/png", "demuxer": "", "limits": _plain(Limits())}
    answer = worker.run(request, b"")
    assert answer["labels"] == []
    assert answer["refused"] == [
        {"what": "visible: not checked", "why": "rapidocr is not installed; python -m pip install 'shenhe[media]'"}
    ]


def _plain(limits: Limits) -> dict[str, object]:
    import dataclasses

    return dataclasses.asdict(limits)


def test_a_worker_that_is_killed_is_a_refusal_and_is_replaced() -> None:
    worker = sandbox_module.Worker()
    try:
        found = Findings(Limits())
        worker.ask("visible", "image/png", "", b"nothing", Limits(), found)
        assert found.refused, "bytes that are no picture are refused by the decoder"
        process = worker._process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        began = time.monotonic()
        stopped = Findings(Limits())
        worker.ask("visible", "image/png", "", b"nothing", Limits(worker_wall_seconds=0.3), stopped)
        assert "stopped after 0.3 s" in stopped.refused[0].why
        assert time.monotonic() - began < 20
        again = Findings(Limits())
        worker.ask("visible", "image/png", "", b"nothing", Limits(), again)
        assert again.refused[0].why == found.refused[0].why
    finally:
        worker.close()


def test_the_worker_has_no_sockets_and_no_children() -> None:
    import subprocess
    import sys

    program = (
        "import socket, subprocess\n"
        "from shenhe.labels.bytes.worker import confine\n"
        "confine(1 << 30)\n"
        "for attempt in (lambda: socket.create_connection(('127.0.0.1', 9)), lambda: subprocess.Popen(['true'])):\n"
        "    try:\n"
        "        attempt()\n"
        "    except PermissionError as error:\n"
        "        print(error)\n"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.count("is not allowed while reading a file") == 2


# Dialogues and scenes.


def test_dialogues_are_judged_from_the_exchange() -> None:
    notice = "本服务的内容由AI生成"
    plain, told = Turn("你好！", 0.0), Turn("你好！\n（本内容由AI生成）", 0.0)
    assert disclosure_in_dialogue([plain], notice=notice).outcome == "disclosed"
    assert disclosure_in_dialogue([told, plain]).outcome == "disclosed"
    assert disclosure_in_dialogue([plain, told]).outcome == "not disclosed"
    assert disclosure_in_dialogue([]).outcome == "inconclusive"
    late = Turn("再见", 4 * 3600.0)
    assert disclosure_in_dialogue([told, late], every_seconds=3 * 3600).outcome == "not disclosed"
    assert disclosure_in_dialogue([told, Turn("再见", 3600.0)], every_seconds=3 * 3600).outcome == "disclosed"
    assert disclosure_in_dialogue([told, Turn("再见")], every_seconds=3 * 3600).outcome == "inconclusive"


@needs_recogniser
def test_scenes_are_judged_by_their_start_frame() -> None:
    assert disclosure_in_scene(None).outcome == "inconclusive"
    assert disclosure_in_scene(b"\x89PNG\r\n\x1a\n").outcome == "inconclusive"
    frame = ground("gradient")
    assert disclosure_in_scene(encoded(frame)).outcome == "not disclosed"
    assert disclosure_in_scene(encoded(draw_label(frame))).outcome == "disclosed"


def test_letters_of_a_third_of_their_box_are_measured_and_not_the_plate() -> None:
    """The recogniser's box may be more than three times as high as letters on a plate with wide margins."""
    pixels = np.full((568, 320, 3), 150, np.uint8)
    pixels[510:556, 235:320] = 0  # the plate reaches the edge of the picture
    for left in (252, 266, 280, 294):
        pixels[526:539, left : left + 9] = 255
        pixels[529:536, left + 3 : left + 6] = 0
    corners = np.array([[246, 512], [310, 512], [310, 553], [246, 553]], np.float64)
    sighting = measured(Line("AI生成", corners, 0.99, 41.0, "across"), pixels)
    assert sighting.ink * 320 == 13
    assert size_deviation(sighting, D.TOO_SMALL, D.SIZE_UNDECIDED) is not None

"""Traces of generation: explicit labels and other marks of uploads whose metadata field says nothing."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from shenhe.labels import LabelWriteError, write_label
from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Media
from ...provider import Accepted, Capabilities, Operation
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, NotJudged, Violation
from ..own_files import own_file, uploadable
from ..prompted import decoded, excerpt, words_on_page
from ..registry import check
from ..requests import picture, tone
from ..scope import is_text, publishes, takes_uploads
from .propagation import SUSPECTED, Journey, first_notice, notices_are_read, propagates, twin_is_not_told


def _takes_texts(capabilities: Capabilities) -> Absent | None:
    """Concerns a platform on which texts are uploaded as files are."""
    return None if "text/plain" in capabilities.uploads else Absent("no text/plain in target.uploads", elsewhere=True)


@check(
    rules=("cn-labeling-2025/6.1.3",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.UPLOAD, Operation.PUBLISH, Operation.VIEW),
    applies=(propagates, publishes, takes_uploads),
    cases=lambda capabilities: [Case("traces")],
)
def upload_with_traces_is_called_suspected(probe: Probe, case: Case) -> None:
    """An upload with a visible or audible label, or other traces of generation, is shown as suspected."""
    found = traced(probe)
    if any(each.notice_tier == SUSPECTED for each in found):
        twin_is_not_told(probe, SUSPECTED)
        _are_seen_in_every_form(found)
        return
    notices_are_read(probe)
    seen = "; ".join(
        f"{each.trace} ({each.where}): {each.words[:120]!r}"
        if each.words
        else f"{each.trace} ({each.where}): no notice"
        for each in found
    )
    raise Violation(f"none of {len(found)} files with traces of generation is shown as suspected ({seen})")


def _are_seen_in_every_form(found: list[Traced]) -> None:
    """Raise :class:`NeedsReview` if the same sign is noticed in one format or place, and not in another."""
    seen = {each.trace for each in found if each.notice_tier == SUSPECTED}
    if missed := [each for each in found if each.trace in seen and each.notice_tier is None]:
        files = "; ".join(f"{each.trace} ({each.where})" for each in missed)
        raise NeedsReview(
            f"these signs lead to no notice, although the same signs do in other files: {files}. A person has to say"
            " whether the platform looks for them"
        )


@dataclass(frozen=True)
class Traced:
    """An uploaded file with a sign of generation other than the field, where the sign is, and the notice that the
    public got.
    """

    trace: str
    where: str
    journey: Journey
    notice_tier: str | None
    words: str


def traced(probe: Probe) -> list[Traced]:
    """Every file with traces that the platform took in. Raises :class:`NotJudged` where it took none."""

    def uploaded() -> list[Traced]:
        account, seen = probe.account(), []
        for trace, where, file in _with_traces(probe.capabilities):
            answer = probe.attempt(probe.provider.upload, account, file, False)
            if isinstance(answer, Accepted):
                journey = Journey(file, None, account, answer.value, answer.notice)
                notice_tier, words = first_notice(probe, journey)
                seen.append(Traced(trace, where, journey, notice_tier, words))
        return seen

    found = probe.once("files with traces", uploaded)
    if not found:
        raise NotJudged("no file with traces was accepted")
    return found


_IN_TEXT = "a label in the text"
_GREY = (120, 130, 140)
_SAID, _LAST_WORDS = "湖水在清晨很安静。", "（本内容由AI生成）"


@check(
    rules=("cn-labeling-2025/10.2", "cn-dsp-2023/18"),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.UPLOAD, Operation.PUBLISH, Operation.VIEW),
    applies=(propagates, publishes, takes_uploads, _takes_texts),
    cases=lambda capabilities: [Case("text")],
)
def label_of_a_text_outlives_publication(probe: Probe, case: Case) -> None:
    """A text that is published keeps the labels that its author wrote at its beginning and its end."""
    journey = next((each.journey for each in traced(probe) if each.trace == _IN_TEXT), None)
    if journey is None:
        raise NotJudged("the text was not accepted")
    shown = 0
    for face, view in journey.seen.items():
        words = words_on_page(view.text)
        if _SAID not in words and view.media is not None and is_text(view.media.media_type):
            words = decoded(view.media)
        if _SAID not in words:
            continue
        shown += 1
        if "AI生成" not in words.partition(_SAID)[0] or _LAST_WORDS not in words.partition(_SAID)[2]:
            journey.judged(probe, face)
            raise Violation(f"a label of the text as it was uploaded is gone ({face})", excerpt(words))
    if not shown:
        raise NotJudged("no surface shows the text")
    probe.counts.shared += 1


_VISIBLE, _AUDIBLE = "a visible label", "an audible label"


def _with_traces(capabilities: Capabilities) -> Iterator[tuple[str, str, Media]]:
    """Files with other signs of generation than the metadata field: what the sign is, where it is, and the file. Each
    sign is tried in one format, and labels that people perceive also in the other formats that the platform takes.
    """
    drawn = picture(480, 320)
    yield "a source type of IPTC", drawn.media_type, Media(_with_source_type(drawn.data), drawn.media_type)
    for kind, trace, tried in (("image/", _VISIBLE, drawn), ("audio/", _AUDIBLE, tone(2.0))):
        others = [name for name in uploadable(capabilities) if name.startswith(kind) and name != tried.media_type]
        for file in (tried, *(own_file(name, _GREY, large=kind == "image/") for name in others)):
            with suppress(LabelWriteError):
                labelled = write_label(file.data, None, media_type=file.media_type, explicit=True)
                yield trace, file.media_type, Media(labelled, file.media_type)
    with suppress(LabelWriteError):
        yield _AUDIBLE, "audio/wav, at its beginning", _with_label_at_the_beginning()
    yield _IN_TEXT, "text/plain", Media(f"【AI生成】\n{_SAID}\n{_LAST_WORDS}".encode(), "text/plain")


def _with_label_at_the_beginning() -> Media:
    """A WAV whose audible label comes before two seconds of a tone."""
    after, before, stream = tone(2.0), tone(0.1, 330.0), io.BytesIO()
    labelled = write_label(before.data, None, media_type=before.media_type, explicit=True)
    with wave.open(io.BytesIO(labelled)) as first, wave.open(io.BytesIO(after.data)) as last:
        frames = first.readframes(first.getnframes()) + last.readframes(last.getnframes())
        form = first.getparams()
    with wave.open(stream, "wb") as joined:
        joined.setparams(form)
        joined.writeframes(frames)
    return Media(stream.getvalue(), after.media_type)


def _with_source_type(png: bytes) -> bytes:
    """A PNG whose XMP says ``trainedAlgorithmicMedia`` (IPTC digital source type) and nothing else."""
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        ' Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/>'
        "</rdf:RDF></x:xmpmeta>"
    )
    body = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp.encode()
    chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
    header = png.index(b"IHDR") + 4 + 13 + 4
    return png[:header] + chunk + png[header:]

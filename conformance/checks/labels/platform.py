"""Platforms: what the public is told about content that others bring, and what the platform adds to its metadata.

Art. 6 of the Labeling Measures knows three cases: the metadata say that content is generated ("is"), the user
declares it ("may be"), or other traces are found ("suspected"). The control of each is an upload without any
of these: a platform that says the same of everything has shown nothing by saying it.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shenhe.labels import ImplicitFields, LabelWriteError, read_labels, write_label
from shenhe.rulebook import Behaviour

from ...engine.probing.probe import Probe
from ...entities import Account, Content, Media
from ...operations import TargetRole
from ...provider import Accepted, Capabilities, Operation, Refused
from ...report import Evidence
from ...verdict import Level
from ..beforehand import Moment, informed_before, notice_before, uninformed
from ..outcome import Absent, Case, NotJudged, Undecided, Violation
from ..people import uscc
from ..registry import check
from ..requests import picture, pictures, tone, tones
from ..scope import files, publishes, returns_files, takes_uploads
from .exposure import names_ai_and_generation

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: A producer that does not exist: a code of the prescribed form for a company that does not exist.
ELSEWHERE = f"0011{uscc('310101', 'MA0000025')}10001"
_IS, _MAY_BE, _SUSPECTED = "1", "2", "3"
_WORDS = {_IS: "is generated", _MAY_BE: "may be generated", _SUSPECTED: "is suspected to be generated"}


@dataclass(frozen=True)
class Brought(Case):
    """A file that somebody brings."""

    file: Media

    def __str__(self) -> str:
        return f"{self.facet}, {len(self.file.data)} bytes"


def propagates(capabilities: Capabilities) -> Absent | None:
    """Concerns a platform that distributes users' uploads."""
    if TargetRole.PLATFORM in capabilities.roles:
        return None
    return Absent("the binding does not list `platform` in target.roles")


def _brought(capabilities: Capabilities) -> Iterator[Brought]:
    made = {media_type for _, media_type in files(capabilities)}
    yield Brought("image/png", picture(160, 120))
    if "audio/wav" in made:
        yield Brought("audio/wav", tone())


def _drawn(capabilities: Capabilities) -> SearchStrategy[Brought]:
    from hypothesis import strategies as st

    drawn = [pictures().map(lambda file: Brought("image/png", file))]
    if any(case.facet == "audio/wav" for case in _brought(capabilities)):
        drawn.append(tones().map(lambda file: Brought("audio/wav", file)))
    return st.one_of(drawn)


#: A check of the notice that the public sees next to an upload.
notice_check = partial(
    check,
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.UPLOAD, Operation.PUBLISH, Operation.VIEW),
    applies=(propagates, publishes, takes_uploads),
)


# --- the three cases -----------------------------------------------------------------------------------------


def tier(words: str) -> str | None:
    """Which of the three cases a notice tells of (``"1"`` is, ``"2"`` may be, ``"3"`` suspected), if any."""
    if not names_ai_and_generation(words):
        return None
    if re.search(r"疑似|suspect", words, re.IGNORECASE):
        return _SUSPECTED
    return _MAY_BE if re.search(r"可能|\bmay\b|\bmight\b|possibly", words, re.IGNORECASE) else _IS


def _told(probe: Probe, account: Account, content: Content) -> tuple[str | None, str]:
    """What the public is told of an upload on the first surface that has notices, and in which words."""
    publication = probe.setup(probe.provider.publish, account, content, f"a lake {probe.names.token()}")
    said = ""
    for surface in probe.capabilities.surfaces:
        answer = probe.observe(probe.provider.view, None, publication, surface)
        if isinstance(answer, Accepted):
            said = " ".join(answer.value.notices)
            if told := tier(said):
                return told, said
    return None, said


def _uploaded(probe: Probe, account: Account, file: Media, declared: bool) -> Accepted[Content]:
    answer = probe.attempt(probe.provider.upload, account, file, declared)
    if isinstance(answer, Refused):
        raise NotJudged(f"the upload was refused: {answer.status} {answer.reason}")
    return answer


def _must_be_told(probe: Probe, account: Account, content: Content, wanted: str, why: str) -> None:
    told, said = _told(probe, account, content)
    if told == wanted:
        _twin_is_not_told(probe, account, wanted)
        return
    _notices_are_read(probe)
    shown = f"the notice {said[:160]!r}" if said else "no notice"
    raise Violation(f"{why}, and the public sees {shown}, not that it {_WORDS[wanted]}")


def _notices_are_read(probe: Probe) -> None:
    """Raise :class:`Undecided` where the binding reads the notices of no surface."""
    surfaces = probe.capabilities.surfaces
    if not any(probe.capabilities.reads(Operation.VIEW, "notices", surface=name) for name in surfaces):
        probe.must_read(Operation.VIEW, "notices", "the notice next to a publication")


def _can_declare(probe: Probe, file: Media) -> None:
    """Raise :class:`Undecided` where the binding cannot say that an upload is declared to be generated."""
    probe.must_differ(
        lambda provider: provider.upload(None, file, True),
        lambda provider: provider.upload(None, file, False),
        "that an upload is declared to be generated",
        write="`{{ declared }}` under operations.upload",
    )


def _twin_is_not_told(probe: Probe, account: Account, wanted: str) -> None:
    """The same notice must not stand by a file that is neither marked nor declared nor shows traces."""

    def plain() -> str | None:
        blank = picture(160, 120, (30, 90, 30))
        return _told(probe, account, probe.setup(probe.provider.upload, account, blank, False))[0]

    if probe.once("the notice on an unmarked upload", plain) == wanted:
        raise Undecided("a file without any mark gets the same notice, so the notice proves nothing")
    probe.counts.controls += 1


def _marked(file: Media, number: str) -> Media:
    return Media(write_label(file.data, ImplicitFields(ELSEWHERE, number), media_type=file.media_type), file.media_type)


@notice_check(rules=("cn-labeling-2025/6.1.1",), cases=_brought, strategy=_drawn)
def upload_with_metadata_is_called_generated(probe: Probe, case: Brought) -> None:
    """An upload whose metadata declares it AI-generated is shown as AI-generated."""
    account = probe.account()
    content = _uploaded(probe, account, _marked(case.file, f"E{probe.names.token()}"), False).value
    _must_be_told(probe, account, content, _IS, "the metadata say that the file is generated")


@notice_check(rules=("cn-labeling-2025/6.1.2",), cases=_brought, strategy=_drawn)
def declared_upload_is_called_possible(probe: Probe, case: Brought) -> None:
    """An upload without metadata that its user declares is shown as possibly AI-generated."""
    account = probe.account()
    _can_declare(probe, case.file)
    content = _uploaded(probe, account, case.file, True).value
    _must_be_told(probe, account, content, _MAY_BE, "the user declares the file to be generated")


@notice_check(rules=("cn-labeling-2025/6.1.3",), cases=lambda capabilities: [Case("traces")])
def upload_with_traces_is_called_suspected(probe: Probe, case: Case) -> None:
    """An upload with a visible or audible label, or other traces of generation, is shown as suspected."""
    account = probe.account()
    seen = []
    for trace, file in _with_traces():
        answer = probe.attempt(probe.provider.upload, account, file, False)
        if isinstance(answer, Refused):
            continue
        told, said = _told(probe, account, answer.value)
        if told == _SUSPECTED:
            _twin_is_not_told(probe, account, _SUSPECTED)
            return
        seen.append(f"{trace}: {said[:120]!r}" if said else f"{trace}: no notice")
    if not seen:
        raise NotJudged("no file with traces was accepted")
    _notices_are_read(probe)
    raise Violation(f"none of {len(seen)} files with traces of generation is shown as suspected ({'; '.join(seen)})")


def _with_traces() -> Iterator[tuple[str, Media]]:
    """Files that say in other ways than the metadata field that they are generated."""
    large = picture(480, 320)
    yield "a source type of IPTC", Media(_with_source_type(large.data), "image/png")
    for kind, file in (("a visible label", large), ("an audible label", tone(2.0))):
        try:
            yield kind, Media(write_label(file.data, None, media_type=file.media_type, explicit=True), file.media_type)
        except LabelWriteError:
            continue
    yield "a label in the text", Media("【AI生成】湖水在清晨很安静。".encode(), "text/plain")


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


# --- what it offers and adds ---------------------------------------------------------------------------------


@check(
    rules=("cn-labeling-2025/6.1.4",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.UPLOAD,),
    applies=(propagates, takes_uploads),
    cases=_brought,
)
def uploader_is_reminded_to_declare(probe: Probe, case: Brought) -> None:
    """Uploaders can declare generated content and are reminded to do so."""
    account = probe.account()
    _can_declare(probe, case.file)
    reminded = informed_before(probe, Moment.UPLOAD, _reminds)
    notice = _uploaded(probe, account, case.file, False).notice
    if not reminded and not _reminds(notice):
        if notice_before(probe, Moment.UPLOAD) is None:
            probe.must_read(Operation.UPLOAD, "notice", "the notice to an uploader", media_type=case.file.media_type)
        shown = f"sees the notice {notice[:160]!r}" if notice else "gets no notice"
        reason = f"an uploader {shown}, which is no reminder to declare generated content"
        raise uninformed(probe, Moment.UPLOAD, reason)
    probe.control(probe.provider.upload, account, case.file, True)


def _reminds(words: str) -> bool:
    return bool(re.search(r"声明|申报|declare|disclose", words, re.IGNORECASE))


def _three_cases(capabilities: Capabilities) -> Iterator[Brought]:
    for case in _brought(capabilities):
        yield Brought(f"{case.facet} with metadata", case.file)
        yield Brought(f"{case.facet} declared", case.file)


@check(
    rules=("cn-labeling-2025/6.2",),
    behaviour=Behaviour.LABELING,
    level=Level.EXTENDED,
    needs=(Operation.UPLOAD,),
    applies=(propagates, takes_uploads, returns_files),
    cases=_three_cases,
)
def platform_adds_itself_to_metadata(probe: Probe, case: Brought) -> None:
    """The platform adds the category, its own name or code and a content number to the metadata of labelled and
    declared uploads.
    """
    account, number = probe.account(), f"E{probe.names.token()}"
    declared = case.facet.endswith("declared")
    if declared:
        _can_declare(probe, case.file)
    content = _uploaded(probe, account, case.file if declared else _marked(case.file, number), declared).value
    returned = probe.returned(account, content)
    labels = read_labels(returned.data, media_type=returned.media_type)
    if not labels.aigc:
        if labels.refused:
            raise Undecided(f"the file could not be read to its end: {labels.refused[0].what}: {labels.refused[0].why}")
        if declared:
            raise Violation("the file was declared AI-generated, but its metadata do not say so")
        raise NotJudged("the file has lost its metadata")
    field = labels.aigc[0].fields
    raw = Evidence(title=f"The field as found ({labels.aigc[0].carrier})", data=labels.aigc[0].raw)
    wanted = _MAY_BE if declared else _IS
    if field.get("Label") != wanted:
        raise Violation(f"Label is {field.get('Label')!r} in a file that {_WORDS[wanted]}", raw)
    if not field.get("ContentPropagator", "").strip() or not field.get("PropagateID", "").strip():
        raise Violation("the metadata lack the propagator's name or content number", raw)
    if field["ContentPropagator"] == ELSEWHERE or field["PropagateID"] == number:
        raise Violation("the platform did not replace the propagator of the uploaded file", raw)

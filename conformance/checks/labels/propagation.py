"""The journey of an uploaded file through a platform: uploaded, published, reposted, reposted again, downloaded.

Container, place of the label, what it says, declaration and size are crossed so that every pair is there. Each
combination travels once per run, and several checks judge what was seen of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from shenhe.labels import ImplicitFields, Labels, read_labels

from ...engine.probing.probe import Probe
from ...entities import Account, Content, Media, Publication, View
from ...exchange import Exchange
from ...operations import TargetRole
from ...provider import Accepted, Capabilities, Operation, Refused
from ..faces import is_small
from ..outcome import Absent, Case, NotJudged, Undecided, Violation
from ..own_files import labelled, own_file, places, uploadable
from ..people import uscc
from ..reposts import reposted
from ..responses.visible import is_hidden
from .exposure import names_ai_and_generation

#: A producer that does not exist: a code of the prescribed form for a company that does not exist.
ELSEWHERE = f"0011{uscc('310101', 'MA0000025')}10001"
IS, MAY_BE, SUSPECTED = "1", "2", "3"
#: What the public has to read for each value of Label.
WORDS = {IS: "is generated", MAY_BE: "may be generated", SUSPECTED: "is suspected to be generated"}
_TEXT = "text/plain"
#: The step of a journey at which the first post is looked at again.
ONCE_MORE = "the first post, looked at once more"
#: What leaves no room for a notice where a card has little.
_LONG_TITLE = "It lies between two hills and is quiet at dawn. " * 3


def propagates(capabilities: Capabilities) -> Absent | None:
    """Concerns a platform that distributes users' uploads."""
    if TargetRole.PLATFORM in capabilities.roles:
        return None
    return Absent("the binding does not list `platform` in target.roles")


@dataclass(frozen=True)
class Brought(Case):
    """An uploaded file: its type, where it carries a label (``""``: nowhere) and of which value, whether
    its user declares it, and whether it is large.
    """

    media_type: str
    place: str
    value: str
    declared: bool
    large: bool

    def __str__(self) -> str:
        says = f"Label {self.value} in {self.place}" if self.value else "no label"
        size = ", large" if self.large else ""
        return f"{self.media_type} with {says}, {'declared' if self.declared else 'not declared'}{size}"


#: What an upload says of itself: the value of its label, and whether it is declared.
_CLAIMS = ((IS, False), ("", True), (MAY_BE, False), (SUSPECTED, False), (IS, True))


def brought(capabilities: Capabilities) -> Iterator[Brought]:
    """Every kind of file with every claim. Sizes alternate, and labelled files with ``Label`` 1 come in both sizes."""
    kinds = [(media_type, place) for media_type in uploadable(capabilities) for place in places(media_type)]
    if _TEXT in capabilities.uploads:
        kinds.append((_TEXT, ""))
    seen = set()
    for number, (media_type, place) in enumerate(kinds):
        for value, declared in _CLAIMS:
            if value and not place:
                continue
            # A platform that reads only the first bytes of a file misses a label at the end of a large one.
            large = not declared if value == IS else (number % 2 == 0) == (value == MAY_BE)
            case = Brought(media_type, media_type, place if value else "", value, declared, large)
            if case not in seen:
                seen.add(case)
                yield case


@dataclass(frozen=True)
class Face:
    """Where a file is seen: on which publication (``""``: the first), on which surface, and by whom."""

    step: str
    surface: str
    signed_in: bool

    def __str__(self) -> str:
        where = f"on the surface {self.surface}" + (f" of {self.step}" if self.step else "")
        return f"{where}, seen {'with' if self.signed_in else 'without'} an account"


@dataclass
class Journey:
    """What became of one file."""

    sent: Media
    before: ImplicitFields | None
    account: Account
    content: Content
    notice: str
    seen: dict[Face, View] = field(default_factory=dict)
    #: Its first publication, where there is one.
    publication: Publication | None = None
    #: The exchange that showed each face.
    shown_by: dict[Face, Exchange] = field(default_factory=dict)
    #: The exchange that answered with its page, where the file itself came by another.
    pages: dict[Face, Exchange] = field(default_factory=dict)

    def files(self, probe: Probe) -> Iterable[tuple[Face, Media]]:
        """The files that were had, those of the same kind as the upload and small pictures of it, to be judged one
        after another.
        """
        for face, view in self.seen.items():
            self.judged(probe, face)
            if view.media is not None and (is_small(face.surface) or _alike(view.media, self.sent)):
                yield face, view.media

    def notices(self, probe: Probe) -> Iterable[tuple[Face, str]]:
        """What is read beside the file, wherever the binding reads notices."""
        for face, view in self.seen.items():
            if probe.capabilities.reads(Operation.VIEW, "notices", surface=face.surface):
                yield face, " ".join(view.notices)

    def judged(self, probe: Probe, face: Face) -> None:
        """What is judged next is what that face showed."""
        if face in self.shown_by:
            probe.judges(self.shown_by[face])


def _alike(one: Media, other: Media) -> bool:
    return one.media_type.partition("/")[0] == other.media_type.partition("/")[0]


def journey_of(probe: Probe, case: Brought) -> Journey:
    """What became of a file, once per run. Raises :class:`NotJudged` where the platform refuses it."""
    journey = probe.once(("journey of a file", case), lambda: _travelled(probe, case))
    if journey is None:
        raise NotJudged("the upload was refused")
    probe.counts.sent += 1
    return journey


def _travelled(probe: Probe, case: Brought) -> Journey | None:
    account, token = probe.account(), probe.names.token()
    before = None
    if case.media_type == _TEXT:
        sent = Media(f"湖水在清晨很安静。 The lake is quiet at dawn, {token}.".encode(), _TEXT)
    else:
        sent = own_file(case.media_type, probe.names.colour(), large=case.large)
    if case.value:
        before = ImplicitFields(ELSEWHERE, f"E{token}", label=case.value, reserved_code1=f"R{token}")
        sent = labelled(sent, before, case.place)
    answer = probe.attempt(probe.provider.upload, account, sent, case.declared)
    if isinstance(answer, Refused):
        return None
    journey = Journey(sent, before, account, answer.value, answer.notice)
    first = journey.publication = probe.setup(probe.provider.publish, account, answer.value, f"a lake {token}")
    surfaces = probe.capabilities.surfaces
    for surface in surfaces:
        _look(probe, journey, Face("", surface, False), first)
    for surface in _telling(probe.capabilities):
        _look(probe, journey, Face("", surface, True), first)
    for step, publication in reposted(probe, account, first):
        for surface in _telling(probe.capabilities):
            _look(probe, journey, Face(step, surface, False), publication)
    if case.value or case.declared:
        probe.once("a file that is posted twice", lambda: _post_again(probe, journey, token))
    for way in probe.capabilities.publish_ways[1:] if case.value == IS or (case.declared and not case.value) else ():
        probe.once(("posted by", way, case.value), lambda way=way: _post_by(probe, journey, token, way))  # type: ignore[misc]
    return journey


def _post_again(probe: Probe, journey: Journey, token: str) -> None:
    """Publish the file a second time, under a long title, and see what is said beside it, and look at the first once
    more; once per run.
    """
    titles = (f"a lake again {token} {_LONG_TITLE}", f"a lake again {token}")
    for title in titles:
        answer = probe.observe(probe.provider.publish, journey.account, journey.content, title)
        if isinstance(answer, Accepted):
            for surface in _surfaces_with_notices(probe.capabilities):
                _look(probe, journey, Face("a second post", surface, False), answer.value)
            break
    for surface in probe.capabilities.file_surfaces[:1]:
        assert journey.publication is not None  # noqa: S101 - it was published before
        _look(probe, journey, Face(ONCE_MORE, surface, False), journey.publication)


def _post_by(probe: Probe, journey: Journey, token: str, way: str) -> None:
    """Publish the file in another of the ways that the platform has."""
    answer = probe.observe(probe.provider.publish, journey.account, journey.content, f"a lake {way} {token}", way)
    if isinstance(answer, Accepted):
        for surface in _telling(probe.capabilities):
            _look(probe, journey, Face(f"a post by {way}", surface, False), answer.value)


def _surfaces_with_notices(capabilities: Capabilities) -> list[str]:
    return [name for name in capabilities.surfaces if capabilities.reads(Operation.VIEW, "notices", surface=name)]


def _telling(capabilities: Capabilities) -> list[str]:
    """The first surface with notices, and the first with the file."""
    return list(dict.fromkeys([*_surfaces_with_notices(capabilities)[:1], *capabilities.file_surfaces[:1]]))


def _look(probe: Probe, journey: Journey, face: Face, publication: Publication) -> None:
    viewer = probe.account() if face.signed_in else None
    answer = probe.observe(probe.provider.view, viewer, publication, face.surface)
    if isinstance(answer, Accepted):
        journey.seen[face] = answer.value
        if answer.exchanges:
            journey.shown_by[face] = answer.exchanges[-1]
            journey.pages[face] = answer.exchanges[0]


def passed_on(probe: Probe, journey: Journey) -> tuple[Media, Labels]:
    """The file as the platform passes it on, and the labels in it."""
    file = next((media for face, media in journey.files(probe) if not is_small(face.surface)), None)
    returned = file or probe.returned(journey.account, journey.content)
    labels = read_labels(returned.data, media_type=returned.media_type)
    if not labels.aigc and labels.refused:
        raise Undecided(f"the file could not be read to its end: {labels.refused[0].what}: {labels.refused[0].why}")
    return returned, labels


# --- what the public reads -----------------------------------------------------------------------------------


def tier(words: str) -> str | None:
    """Which of the three cases a notice names (``"1"`` is, ``"2"`` may be, ``"3"`` suspected), if any."""
    if not names_ai_and_generation(words):
        return None
    if re.search(r"疑似|suspect", words, re.IGNORECASE):
        return SUSPECTED
    return MAY_BE if re.search(r"可能|\bmay\b|\bmight\b|possibly", words, re.IGNORECASE) else IS


def _quoted(words: str) -> str:
    return repr(words if len(words) <= 160 else f"{words[:160]}…")


def must_be_told(probe: Probe, journey: Journey, wanted: tuple[str, ...], why: str) -> None:
    """Every surface with notices says publicly what the file is, and does not say the same of every file."""
    notices = list(journey.notices(probe))
    if not notices:
        notices_are_read(probe)
        raise Undecided("no surface shows the upload")
    for face, words in notices:
        if tier(words) not in wanted:
            journey.judged(probe, face)
            must = " or ".join(WORDS[each] for each in wanted)
            shown = f"reads {_quoted(words)}, which does not say" if words else "sees no notice that says"
            raise Violation(f"{why}, and the public {shown} that it {must} ({face})")
        if _is_hidden(journey, face):
            journey.judged(probe, face)
            raise Violation(f"{why}, and the notice {_quoted(words)} is hidden from who reads the page ({face})")
    for each in wanted:
        twin_is_not_told(probe, each)


def _is_hidden(journey: Journey, face: Face) -> bool:
    """Whether the notices stand on a page of HTML in hidden elements alone."""
    exchange = journey.pages.get(face)
    response = exchange.response if exchange is not None else None
    if response is None or "html" not in (response.header("content-type") or ""):
        return False
    page = response.body.decode("utf-8", "replace")
    notices = [notice for notice in journey.seen[face].notices if tier(notice)]
    return bool(notices) and all(is_hidden(page, notice) for notice in notices)


def notices_are_read(probe: Probe) -> None:
    """Raise :class:`Undecided` where the binding reads the notices of no surface."""
    surfaces = probe.capabilities.surfaces
    if not any(probe.capabilities.reads(Operation.VIEW, "notices", surface=name) for name in surfaces):
        probe.must_read(Operation.VIEW, "notices", "the notice next to a publication")


def first_notice(probe: Probe, journey: Journey) -> tuple[str | None, str]:
    """The notices about an upload on the first surface that has notices, and in which words. The journey holds what was
    seen until then, and the first surface with the file.

    Raises :class:`Undecided` where no surface whose notices are read shows the upload: then nothing is missing.
    """
    publication = probe.setup(probe.provider.publish, journey.account, journey.content, f"a lake {probe.names.token()}")
    found, notice, shown = None, "", False
    for surface in probe.capabilities.surfaces:
        face = Face("", surface, False)
        _look(probe, journey, face, publication)
        if face in journey.seen:
            shown |= probe.capabilities.reads(Operation.VIEW, "notices", surface=surface)
            notice = " ".join(journey.seen[face].notices)
            if found := tier(notice):
                break
    for surface in probe.capabilities.file_surfaces[:1]:
        if Face("", surface, False) not in journey.seen:
            _look(probe, journey, Face("", surface, False), publication)
    if found:
        return found, notice
    if not shown:
        notices_are_read(probe)
        raise Undecided("no surface shows the upload")
    return None, notice


def twin_is_not_told(probe: Probe, wanted: str) -> None:
    """The same notice must not accompany a file that is neither marked nor declared nor shows traces."""

    def plain() -> str | None:
        account = probe.account()
        blank = own_file(uploadable(probe.capabilities)[0], probe.names.colour())
        content = probe.setup(probe.provider.upload, account, blank, False)
        return first_notice(probe, Journey(blank, None, account, content, ""))[0]

    if probe.once("the notice on an unmarked upload", plain) == wanted:
        raise Undecided("a file without any mark gets the same notice, so the notice proves nothing")
    probe.counts.controls += 1

"""Faces: every way in which one thing that a provider made is handed out. What holds of it holds of all of them.

A label that the first response carries may be lost when the file is fetched again, in a rendition, on a surface, in the
second item of a batch, or after an edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from shenhe.labels import Labels, read_labels
from shenhe.rulebook import Service

from ..engine.probing.probe import Probe
from ..entities import Account, Content, Media, Publication, View
from ..provider import Accepted, Capabilities, Operation, Refused
from .identity.consent import Edit, edit_request
from .outcome import NotJudged, Undecided
from .own_files import own_file
from .prompted import EDITED, Prompted, decoded
from .requests import PROMPTS, picture, tone

AGAIN = "fetched again"
ON, ITEM = "published on ", "item "
#: Words in the name of a rendition or a surface that shows a small picture of something.
_SMALL = ("thumb", "preview", "cover", "poster", "icon")
#: What an account is asked for explicitly without its label is judged by separate checks.
_OTHERWISE = ("original", "unlabelled")
#: Items of a batch that are looked at.
_ITEMS = (2, 3, 4)


def is_small(face: str) -> bool:
    """Whether a face is a small picture that represents the thing itself."""
    return any(word in face.lower() for word in _SMALL)


def renditions(capabilities: Capabilities, service: Service) -> tuple[str, ...]:
    """The renditions of what a service makes, except the original and the copy without label."""
    declared = capabilities.renditions_of.get(service, capabilities.renditions)
    return tuple(name for name in declared if name not in _OTHERWISE)


def surfaces_with_media(capabilities: Capabilities, service: Service) -> tuple[str, ...]:
    """The surfaces on which the bytes of what a service makes are seen."""
    if not {Operation.PUBLISH, Operation.VIEW} <= capabilities.operations:
        return ()
    declared = capabilities.surfaces_of.get(service, capabilities.surfaces)
    return tuple(name for name in declared if capabilities.reads(Operation.VIEW, "media", surface=name))


def edit_scope(capabilities: Capabilities, service: Service, media_type: str) -> str | None:
    """What can be edited of a person in a file of this kind."""
    scope = "voice" if service is Service.VOICE else "face"
    fits = service is Service.VOICE or (service is Service.BIOMETRIC_IMAGE_VIDEO and media_type.startswith("image/"))
    return scope if fits and scope in capabilities.edit_scopes and Operation.EDIT in capabilities.operations else None


def faces(capabilities: Capabilities, service: Service, media_type: str) -> Iterator[str]:
    """The faces of one medium, except the response that it is made by."""
    if edit_scope(capabilities, service, media_type) is not None:
        yield EDITED
    if Operation.FETCH in capabilities.operations:
        yield AGAIN
        yield from renditions(capabilities, service)
    for surface in surfaces_with_media(capabilities, service):
        yield f"{ON}{surface}"
    yield from items(capabilities, service)


def items(capabilities: Capabilities, service: Service) -> Iterator[str]:
    """The further works of a batch, where the binding reads several from one response and fetches them."""
    fetches = Operation.FETCH in capabilities.operations
    reads = Operation.GENERATE in capabilities.readings
    if fetches and reads and capabilities.reads(Operation.GENERATE, "batch", service=service):
        for number in _ITEMS:
            yield f"{ITEM}{number} of a batch"


def number_of(face: str) -> int | None:
    """The place of a work in its batch, if a face is one."""
    return int(face.split()[1]) if face.startswith(ITEM) else None


def channels(capabilities: Capabilities) -> Iterator[tuple[str, str]]:
    """Every channel by which content of each declared format can be seen."""
    for service, kinds in capabilities.media.items():
        for kind in kinds:
            yield "response", kind
            yield from ((face, kind) for face in faces(capabilities, service, kind))


def with_faces(capabilities: Capabilities, case: Prompted) -> Iterator[Prompted]:
    """The same case for every face of what is made. Works of a batch are asked for with every option away from its
    default, as another case asks already: one of them may be their number.
    """
    options = capabilities.options.get(case.service, {})
    chosen = tuple((name, values[-1]) for name, values in options.items() if len(values) > 1)
    for face in faces(capabilities, case.service, case.media_type):
        among = chosen if number_of(face) is not None else ()
        yield replace(case, prompt=PROMPTS[0], face=face, options=among)


def media_on_face(probe: Probe, case: Prompted) -> Media:
    """The bytes of what was made, by the face that the case names.

    Raises :class:`NotJudged` where this face cannot be had: whether it must be there is for other checks.
    """
    if not case.face:
        return probe.generated(case.service, case.media_type, case.prompt, dict(case.options))[1]
    try:
        seen = probe.once(
            ("face", case.service, case.media_type, case.prompt, case.face, case.options), lambda: _seen(probe, case)
        )
    except Undecided as undecided:
        raise NotJudged(f"{case.face}: {undecided.reason}") from None
    if seen is None or not seen.data:
        raise NotJudged(f"there is nothing {case.face}")
    if case.face == AGAIN or number_of(case.face) is not None:
        probe.counts.shared += 1
    kind = case.media_type.partition("/")[0]
    # A small picture may represent a film, and no sound.
    if seen.media_type.partition("/")[0] != kind and (kind == "audio" or not is_small(case.face)):
        raise NotJudged(f"{case.face}, it is of type {seen.media_type}")
    return seen


def _seen(probe: Probe, case: Prompted) -> Media | None:
    if case.face == EDITED:
        scope = edit_scope(probe.capabilities, case.service, case.media_type)
        assert scope is not None  # noqa: S101 - otherwise there is no such face
        return edited(probe, scope, case.media_type)
    account = probe.account()
    content, _ = probe.generated(case.service, case.media_type, case.prompt, dict(case.options))
    if case.face.startswith(ON):
        view = _view(probe, account, content, case)
        return view.media if view is not None else None
    if (number := number_of(case.face)) is not None:
        if len(content.batch) < number:
            return None
        return _fetched(probe, account, Content(content.batch[number - 1]))
    if case.face == AGAIN:
        return _fetched(probe, account, content)
    answer = rendition_of(probe, case, case.face)
    return answer.value if isinstance(answer, Accepted) else None


def rendition_of(probe: Probe, case: Prompted, rendition: str) -> Accepted[Media] | Refused:
    """The response to a request for a rendition of what was made, asked for once per run."""

    def fetched() -> Accepted[Media] | Refused:
        content, _ = probe.generated(case.service, case.media_type, case.prompt, dict(case.options))
        return probe.attempt(probe.provider.fetch, probe.account(), content, rendition)

    return probe.once(("rendition", case.service, case.media_type, case.prompt, case.options, rendition), fetched)


def _fetched(probe: Probe, account: Account, content: Content) -> Media | None:
    """The second of two fetches."""
    answers = [probe.observe(probe.provider.fetch, account, content, "original") for _ in range(2)]
    return answers[-1].value if isinstance(answers[-1], Accepted) else None


def publication_of(probe: Probe, case: Prompted) -> Publication:
    """What was made, published once per run by the account that made it."""

    def published() -> Publication:
        content, _ = probe.generated(case.service, case.media_type, case.prompt, dict(case.options))
        return probe.setup(probe.provider.publish, probe.account(), content, f"a lake {probe.names.token()}")

    return probe.once(("published", case.service, case.media_type, case.prompt, case.options), published)


def _view(probe: Probe, account: Account, content: Content, case: Prompted) -> View | None:
    answer = probe.attempt(probe.provider.view, None, publication_of(probe, case), case.face.removeprefix(ON))
    return answer.value if isinstance(answer, Accepted) else None


def edited(probe: Probe, scope: str, media_type: str = "image/png") -> Media:
    """What an edit of a face or voice makes, paid for once per run and format of the source. A provider that declines a
    format gets the plainest one. Raises :class:`Undecided` where that is declined.
    """
    plainest = "audio/wav" if scope == "voice" else "image/png"
    source_type = media_type if scope != "voice" and media_type in ("image/jpeg", "image/webp") else plainest

    # Large and long enough for a label that people perceive.
    if source_type != plainest:
        source = own_file(source_type, (96, 128, 160), large=True)
    else:
        source = tone(2.0) if scope == "voice" else picture(480, 320)
    made = _edited(probe, scope, source_type, source)
    if isinstance(made, Media):
        return made
    if source_type != plainest:
        return edited(probe, scope)
    raise Undecided(f"the provider declined the edit: {made.status} {made.reason}")


def edited_again(probe: Probe, scope: str) -> Media:
    """What an edit of an edited file makes, paid for once per run. Raises :class:`NotJudged` where that is declined."""
    made = _edited(probe, scope, "what an edit made", edited(probe, scope))
    if isinstance(made, Media):
        return made
    raise NotJudged(f"the provider declined to edit what it made: {made.status} {made.reason}")


def _edited(probe: Probe, scope: str, what: str, source: Media) -> Media | Refused:
    def made() -> Media | Refused:
        account, subject = probe.account(), probe.subject()
        request = edit_request(
            Edit(scope, scope, "让这个人微笑", None, source), subject, probe.consent(account, subject, scope)
        )
        answer = probe.attempt(probe.provider.edit, account, request)
        return answer if isinstance(answer, Refused) else probe.bytes_of(account, answer.value)

    return probe.once(("edited", scope, what), made)


def generated_text(probe: Probe, case: Prompted) -> str:
    """The text that was made, by the face that the case names."""
    return decoded(media_on_face(probe, case))


def generated_file(probe: Probe, case: Prompted) -> tuple[Media, Labels]:
    """The file that was made, by the face that the case names, and the labels in it."""
    made = media_on_face(probe, case)
    return made, read_labels(made.data, media_type=made.media_type)


def labels_on(made: Media) -> Labels:
    """Every label of a file, those that people see and hear too."""
    return _looked_at(made.data, made.media_type)


@lru_cache(maxsize=32)
def _looked_at(data: bytes, media_type: str) -> Labels:
    """Looking costs a quarter of a second and more: once for all checks that judge the same file."""
    return read_labels(data, media_type=media_type, depth="all")

"""A file that lost its label on the way: what its maker's verification tool still says of it, and what a platform that
finds this out tells the public.
"""

from __future__ import annotations

from ..checks.labels.origin import PILLOW_NAMES, recognises, without_metadata
from ..checks.labels.propagation import SUSPECTED, WORDS, Journey, first_notice, notices_are_read, twin_is_not_told
from ..checks.outcome import NeedsReview, NotJudged, Violation
from ..checks.requests import picture
from ..entities import Media
from ..evidence import exhibits
from ..operations import TargetRole
from ..provider import Operation
from ..verdict import Verdict
from . import passage
from .document import Chain, Station
from .trail import Trail, label_of

TOOL, NOTICE, OWN = "us-states/ca-sb942.detection-tool", "cn-labeling-2025/6.1.3", "cn-labeling-2025/6.2"


def makers_with_a_tool(chain: Chain) -> list[Station]:
    """The targets that make pictures and whose verification tool can be asked, providers first."""
    able = [each for each in chain.path if each.offers(Operation.GENERATE, Operation.VERIFY_ORIGIN)]
    return sorted(able, key=lambda each: each.role is not TargetRole.PROVIDER)


def follow_traces(chain: Chain, trail: Trail, platforms: list[Station]) -> None:
    """Take the metadata off a picture, ask its maker's tool about it, and bring it to each platform undeclared."""
    maker = makers_with_a_tool(chain)[0]
    bare = None
    with trail.hop(maker, "its tool is asked about the file without its metadata", TOOL) as draft:
        _, made = passage.generated(passage.beginning_with(maker, chain))
        if made.media_type not in PILLOW_NAMES:
            raise NotJudged(f"files of type {made.media_type} are not saved again without their metadata")
        draft.media = without_metadata(made)
        if recognises(maker.probe, picture()):
            raise Violation("the tool also recognises a picture that was not generated")
        if not recognises(maker.probe, draft.media):
            raise NotJudged("the tool does not recognise the file once its metadata is gone")
        bare = draft.media
        draft.seen = "the tool recognises the file, and no picture of others"
    if bare is None or draft.verdict is not Verdict.PASS:
        return
    noticed = [_brought_bare(platform, bare, trail) for platform in platforms]
    if not any(noticed):
        # What the tool knows shows nothing of platforms that did not find it out.
        draft.verdict, draft.seen = Verdict.NOT_APPLICABLE, "the tool recognises the file, but no platform notices it"


def _brought_bare(platform: Station, bare: Media, trail: Trail) -> bool:
    """Whether the platform noticed, or could not be judged."""
    probe, held = platform.probe, None
    with trail.hop(platform, "uploaded without its metadata", NOTICE) as draft:
        held, _ = passage.taken_in(platform, bare)
        draft.media = bare
        found, draft.notice = first_notice(probe, Journey(bare, None, held.account, held.content, ""))
        if found is None:
            notices_are_read(probe)
            raise NotJudged("the platform does not notice that the file is generated, and no rule says how it must")
        if found != SUSPECTED:
            raise NeedsReview(
                f"neither metadata nor a declaration says so, and the public reads that the file {WORDS[found]}; a"
                " person has to say whether this is what the platform found"
            )
        twin_is_not_told(probe, SUSPECTED)
        draft.seen = "the public reads that it is suspected to be generated, and does not read it of another file"
    if held is None or draft.verdict is not Verdict.PASS:
        return draft.verdict is not Verdict.NOT_APPLICABLE
    with trail.hop(platform, "downloaded with the notice that it is suspected", OWN) as draft:
        publication = passage.published(held)
        draft.media = passage.public_file(platform, publication)
        label = label_of(draft.media)
        if label is None:
            raise Violation("the file is shown as suspected, and it is passed on without an AIGC field")
        if not label.fields.get("ContentPropagator", "").strip() or not label.fields.get("PropagateID", "").strip():
            raise Violation("the field names neither the platform nor its content number", exhibits.field(label))
        draft.seen = f"the platform adds a field with Label {label.fields.get('Label', '')}"
    return True

"""Verification at listing: filing, assessment, label material, declarations, and the mode for minors of companions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from shenhe.rulebook import Behaviour

from ...apps import AppSubmission
from ...engine.probing.probe import Probe
from ...provider import Capabilities, Operation
from ...verdict import Level
from ..outcome import Absent, Case, NeedsReview, NotJudged, Undecided, Violation
from ..registry import check
from ..requests import picture
from ..submissions import GENERATES
from .listed import (
    is_store,
    lawful_app,
    lawful_twin,
    listed_app,
    must_show_versions,
    new_name,
    new_version,
    published_update,
    stays_unlisted,
    supplied_filing,
    update_stays_unlisted,
)

SEES_LISTINGS = (Operation.SUBMIT_APP, Operation.VIEW_APP)


@dataclass(frozen=True)
class Flaw(Case):
    """What is wrong with a submission: ``facet`` is the wrong part, ``flaw`` says how. ``only`` is the one storefront
    that it is submitted for, where it is not for all.
    """

    flaw: str = ""
    only: str = ""

    def __str__(self) -> str:
        return f"{self.facet} {self.flaw}" + (f", for {self.only}" if self.only else "")


def _filing_flaws(capabilities: Capabilities) -> Iterator[Flaw]:
    yield from (Flaw("filing", flaw) for flaw in ("missing", "malformed", "too short", "unregistered", "foreign"))
    yield Flaw("filing of another entity", "")
    yield Flaw("filing and name of another entity", "")
    yield Flaw("cancelled filing", "")
    yield from (Flaw("assessment", flaw) for flaw in ("missing", "unknown"))
    yield Flaw("assessment of another entity", "")
    yield Flaw("expired assessment", "")
    for storefront in capabilities.storefronts if len(capabilities.storefronts) > 1 else ():
        yield Flaw("filing", "missing", storefront)


def _flawed(probe: Probe, submission: AppSubmission, case: Flaw) -> AppSubmission:
    """The submission with its one flaw."""
    presented = submission.filing
    digits = presented.number
    match case.facet, case.flaw:
        case "filing", "missing":
            presented = replace(presented, number="")
        case "filing", "malformed":
            presented = replace(presented, number=f"已备案 {probe.names.token()}")
        case "filing", "too short":
            presented = replace(presented, number=_without_digits(digits, 3))
        case "filing", "unregistered":
            presented = replace(presented, number=_other_digits(digits, probe.names.token()))
        case "filing", "foreign":
            presented = replace(presented, number=f"京ICP备{int(probe.names.token()[1:8], 16) % 10**8:08d}号-1")
        case "filing of another entity", _:
            presented = replace(presented, number=supplied_filing(probe, "other_entity").number)
        case "filing and name of another entity", _:
            other = supplied_filing(probe, "other_entity")
            if not other.entity:
                raise NotJudged("the filing of another entity in the binding names no entity")
            presented = replace(presented, number=other.number, entity=other.entity)
        case "cancelled filing", _:
            presented = replace(presented, number=supplied_filing(probe, "cancelled").number)
        case "assessment", "missing":
            presented = replace(presented, assessment="")
        case "assessment", "unknown":
            presented = replace(presented, assessment=_other_digits(presented.assessment, probe.names.token()))
        case "assessment of another entity", _:
            presented = replace(presented, assessment=supplied_filing(probe, "other_entity").assessment)
        case _:
            presented = replace(presented, assessment=supplied_filing(probe, "expired").assessment)
    return replace(submission, filing=presented, storefronts=(case.only,) if case.only else submission.storefronts)


def _other_digits(number: str, token: str) -> str:
    """A number of the same form with other digits."""
    drawn = iter(str(int(token[1:], 16)) * (len(number) // 8 + 2))
    return "".join(next(drawn) if letter.isdigit() else letter for letter in number) or token


def _without_digits(number: str, count: int) -> str:
    """A number with its last digits missing."""
    kept = list(number)
    for at in [at for at, letter in enumerate(kept) if letter.isdigit()][-count:][::-1]:
        del kept[at]
    return "".join(kept)


def _must_send(probe: Probe, one: AppSubmission, other: AppSubmission, what: str, write: str) -> None:
    """Raise :class:`Undecided` where the binding writes two submissions alike that differ in one detail."""
    account = probe.provider.ready_made.accounts.get("developer")
    if account is None:
        return
    same_name = replace(other, name=one.name, package=one.package, version=one.version)
    probe.must_differ(
        lambda store: store.submit_app(account, one),
        lambda store: store.submit_app(account, same_name),
        what,
        write=f"`{{{{ {write} }}}}` under operations.submit_app",
    )


def _verified(probe: Probe, kind: str, case: Flaw) -> None:
    good = lawful_app(probe, kind)
    if case.facet.endswith("assessment") or case.facet.startswith("assessment"):
        what, write = "the number of the security assessment", "submission.filing.assessment"
        if not good.filing.assessment:
            raise Undecided("the valid filing has no assessment: write `filings.valid.assessment`", lasting=True)
    else:
        what, write = "the filing number", "submission.filing.number"
    bad = _flawed(probe, good, case)
    _must_send(probe, replace(good, storefronts=bad.storefronts), bad, what, write)
    if case.only:
        try:
            _must_send(probe, replace(bad, storefronts=good.storefronts), bad, "where it is submitted", "")
        except Undecided:
            raise NotJudged("the binding submits every app for all storefronts") from None
    lawful_twin(probe, kind)
    stays_unlisted(probe, bad, f"with {_words(case)}", again=case.flaw == "missing")


def _words(case: Flaw) -> str:
    words = {
        "missing": f"no {case.facet}",
        "malformed": "a malformed filing number",
        "too short": "a filing number that is too short",
        "unregistered": "a filing number that the list does not hold",
        "foreign": "the number of another kind of registration in place of a filing",
        "unknown": "an assessment that does not exist",
    }
    articles = {
        "expired assessment": "an expired assessment",
        "filing and name of another entity": "the filing and the name of another entity",
        "assessment of another entity": "an assessment of another entity",
    }
    found = words.get(case.flaw) or articles.get(case.facet) or f"a {case.facet}"
    return f"{found}, submitted for {case.only} only," if case.only else found


def _drawn_flaws(capabilities: Capabilities) -> SearchStrategy[Flaw]:
    return st.sampled_from(list(_filing_flaws(capabilities)))


@check(
    rules=("cn-dsp-2023/13.1",),
    behaviour=Behaviour.FILING,
    needs=SEES_LISTINGS,
    applies=(is_store,),
    cases=_filing_flaws,
    strategy=_drawn_flaws,
    waits=True,
)
def apps_are_listed_with_valid_filing_and_assessment(probe: Probe, case: Flaw) -> None:
    """An app that generates content is listed only with a valid filing and security assessment of its developer."""
    _verified(probe, "generating", case)


def _lists_companions(capabilities: Capabilities) -> Absent | None:
    """Concerns a store that says that it lists companion apps."""
    return None if capabilities.traits.get("companion") else Absent("the store declares no companion apps")


def _companion_flaws(capabilities: Capabilities) -> Iterator[Flaw]:
    yield from _filing_flaws(capabilities)
    yield Flaw("minors' mode", "missing")


@check(
    rules=("cn-anthropomorphic-2026/25",),
    behaviour=Behaviour.FILING,
    needs=SEES_LISTINGS,
    applies=(is_store, _lists_companions),
    cases=_companion_flaws,
    waits=True,
)
def companion_apps_are_verified(probe: Probe, case: Flaw) -> None:
    """A companion app is listed only with a valid filing and assessment and a mode for minors."""
    if case.facet != "minors' mode":
        _verified(probe, "companion", case)
        return
    good = lawful_app(probe, "companion")
    bad = replace(good, minors_mode=False)
    _must_send(probe, good, bad, "whether there is a mode for minors", "submission.minors_mode")
    lawful_twin(probe, "companion")
    stays_unlisted(probe, bad, "of the companion kind without a mode for minors")


def _without_labels(submission: AppSubmission, case: Flaw) -> AppSubmission:
    return replace(submission, label_material="" if case.flaw == "missing" else " \n ", label_sample=None)


def _label_flaws(capabilities: Capabilities) -> Iterator[Flaw]:
    yield Flaw("label material", "missing")
    yield Flaw("label material", "blank")
    yield Flaw("label material", "without labels")
    yield Flaw("undeclared generation", "")


@check(
    rules=("cn-labeling-2025/7",),
    behaviour=Behaviour.FILING,
    needs=SEES_LISTINGS,
    applies=(is_store,),
    cases=_label_flaws,
    waits=True,
)
def label_material_and_declarations_are_verified(probe: Probe, case: Flaw) -> None:
    """An app that generates content is listed only if it declares this and submits material on its labels."""
    if case.facet == "undeclared generation":
        good = lawful_app(probe, "plain")
        bad = replace(good, name=new_name(probe), description=GENERATES)
        _must_send(probe, good, bad, "the description", "submission.description")
        declared = replace(lawful_app(probe, "generating"), description=GENERATES)
        _must_send(probe, declared, replace(declared, generative=False), "the declaration", "submission.generative")
        lawful_twin(probe, "plain")
        lawful_twin(probe, "generating")
        stays_unlisted(probe, bad, "that declares no AI generation and describes it")
        return
    good = lawful_app(probe, "generating")
    if case.flaw == "without labels":
        _sample_is_read(probe, good)
        return
    bad = _without_labels(good, case)
    _must_send(probe, good, bad, "the material on labels", "submission.label_material")
    lawful_twin(probe, "generating")
    stays_unlisted(probe, bad, f"with {'no' if case.flaw == 'missing' else 'blank'} material on its labels")


def _sample_is_read(probe: Probe, good: AppSubmission) -> None:
    """An app whose sample file has no label is not listed. How material is verified, the law does not say."""
    bad = replace(good, name=new_name(probe), label_sample=picture(480, 320))
    try:
        _must_send(probe, good, bad, "a file as the app makes it", "submission.label_sample")
    except Undecided:
        raise NotJudged("the binding submits no sample of labels") from None
    lawful_twin(probe, "generating")
    try:
        stays_unlisted(probe, bad, "with a sample file that has no label")
    except Violation as listed:
        raise NeedsReview(listed.seen) from None


# --- updates -----------------------------------------------------------------------------------------------

Change = Callable[[Probe, AppSubmission], AppSubmission]


def _updated_badly(probe: Probe, begun: str, bad: AppSubmission, flaw: str) -> None:
    """A listed app is updated lawfully, then with a flaw that must not be listed."""
    must_show_versions(probe)
    made = listed_app(probe, lawful_app(probe, begun))
    ahead = replace(bad, name=made.submission.name, package=made.submission.package, app=made.app)
    update_stays_unlisted(probe, made, replace(ahead, version=new_version(probe)), flaw)


def _updated_labels(capabilities: Capabilities) -> Iterator[Flaw]:
    return (flaw for flaw in _label_flaws(capabilities) if flaw.flaw != "without labels")


def _update_flaws(capabilities: Capabilities) -> Iterator[Flaw]:
    yield Flaw("filing", "missing")
    yield Flaw("filing", "unregistered")
    yield Flaw("assessment", "missing")


@check(
    rules=("cn-dsp-2023/13.1",),
    behaviour=Behaviour.FILING,
    level=Level.EXTENDED,
    needs=SEES_LISTINGS,
    applies=(is_store,),
    cases=_update_flaws,
    waits=True,
)
def updates_are_verified_like_new_apps(probe: Probe, case: Flaw) -> None:
    """An update that adds generation is listed only with a valid filing and assessment."""
    _control_update(probe)
    bad = _flawed(probe, lawful_app(probe, "generating"), case)
    _updated_badly(probe, "plain", bad, f"that adds generation with {_words(case)}")


@check(
    rules=("cn-labeling-2025/7",),
    behaviour=Behaviour.FILING,
    level=Level.EXTENDED,
    needs=SEES_LISTINGS,
    applies=(is_store,),
    cases=_updated_labels,
    waits=True,
)
def updates_declare_generation_and_labels(probe: Probe, case: Flaw) -> None:
    """An update that adds generation is listed only if it declares this and submits material on its labels."""
    _control_update(probe)
    if case.facet == "undeclared generation":
        bad = replace(lawful_app(probe, "plain"), description=GENERATES)
        _updated_badly(probe, "plain", bad, "that describes AI generation and declares none")
        return
    bad = replace(
        lawful_app(probe, "generating"),
        label_material="" if case.flaw == "missing" else " \n ",
        label_sample=None,
    )
    _updated_badly(probe, "plain", bad, "that adds generation without material on labels")


def _minors(capabilities: Capabilities) -> Iterator[Flaw]:
    yield Flaw("minors' mode", "dropped")


@check(
    rules=("cn-anthropomorphic-2026/25",),
    behaviour=Behaviour.FILING,
    level=Level.EXTENDED,
    needs=SEES_LISTINGS,
    applies=(is_store, _lists_companions),
    cases=_minors,
    waits=True,
)
def updates_keep_the_mode_for_minors(probe: Probe, case: Flaw) -> None:
    """An update of a companion app that drops the mode for minors is not listed."""
    _control_update(probe)
    bad = replace(lawful_app(probe, "companion"), minors_mode=False)
    _updated_badly(probe, "companion", bad, "that drops the mode for minors")


def _control_update(probe: Probe) -> None:
    """A lawful update that adds generation is listed, once per run."""
    must_show_versions(probe)

    def update() -> bool:
        made = listed_app(probe, lawful_app(probe, "plain"))
        richer = replace(
            lawful_app(probe, "generating"),
            name=made.submission.name,
            package=made.submission.package,
            app=made.app,
        )
        published_update(probe, replace(made, submission=richer), new_version(probe))
        return True

    probe.once("a lawful update that adds generation", update)

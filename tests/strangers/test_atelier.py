"""A foreign community of makers whose faults were written from the law alone: each is found, and the lawful one fails
nothing.
"""

from __future__ import annotations

import pytest

from shenhe.conformance.bindings import AsgiTransport, load_binding
from shenhe.conformance.engine.runner import run_checks
from shenhe.conformance.report import Report

from ..sampling import drawn
from .atelier import FAULTS, Atelier
from .atelier_desk import desk
from .running import ON, check, failures
from .styles import HERE

TEXTS, PICTURES, FIELD = "cn-labeling-2025/4.1.1", "cn-labeling-2025/4.1.3", "cn-labeling-2025/5.1"
CONSENT, PUBLISHING, IDENTITY = "cn-dsp-2023/14.2", "cn-dsp-2023/9.2", "cn-dsp-2023/9.1"
REMOVAL, DECISION, REVIEW, OTHERS = "cn-dsp-2023/10.4", "cn-dsp-2023/12.3", "cn-dsp-2023/10.1", "cn-pipl/51"
#: The rule that each fault breaks.
BREAKS = {
    **dict.fromkeys(("long-texts-bare", "foreign-texts-bare", "texts-obey", "texts-bare-in-feed"), TEXTS),
    "texts-hidden-on-pages": TEXTS,
    **dict.fromkeys(("portraits-unseen", "pictures-unseen"), PICTURES),
    **dict.fromkeys(("downloads-bare", "previews-bare", "portraits-bare", "voices-bare", "regenerated-bare"), FIELD),
    "value-suspected": "cn-labeling-2025/gb-e.c",
    "number-constant": "cn-labeling-2025/gb-e.produce-id",
    "uploads-stripped": "cn-labeling-2025/10.2",
    "uploads-untold": "cn-labeling-2025/6.1.1",
    "declared-untold": "cn-labeling-2025/6.1.2",
    **{name: CONSENT for name in FAULTS if name.startswith("release-")},
    **dict.fromkeys(("anyone-publishes", "second-work-unasked", "closed-publishes", "attribute-believed"), PUBLISHING),
    **dict.fromkeys(("checksum-ignored", "dates-ignored"), IDENTITY),
    **{name: REMOVAL for name in FAULTS if name.startswith("gone-")},
    **dict.fromkeys(("complaints-undecided", "complaints-late", "appeals-unanswered"), DECISION),
    "complaints-of-members": "cn-dsp-2023/12.1",
    "complaints-in-silence": "eu-dsa/17",
    "any-complaint-removes": "eu-dsa/16.6",
    "appeals-in-words": "eu-dsa/20",
    "rumours-unrefuted": "cn-dsp-2023/11",
    **dict.fromkeys(("prompts-unreviewed", "wishes-unreviewed"), REVIEW),
    "captions-unreviewed": "cn-dsp-2023/6.1",
    "no-measures": "cn-dsp-2023/10.5",
    **dict.fromkeys(("complaints-read-by-all", "complainants-on-pages", "journal-of-others"), OTHERS),
    "agreement-silent": "cn-labeling-2025/8",
    "no-filing-number": "cn-dsp-2023/19.3",
    "no-rules": "cn-dsp-2023/8.1",
}
#: Faults of which a person is asked: a small picture may be part of its page, a page may say it in other words, and a
#: work that was removed may be published again by somebody who has the right to.
REVIEWED = {"previews-bare", "agreement-silent", "gone-and-back"}
#: What no check sees: a name may be the one under which its holder wants to be known.
UNSEEN = {"names-on-pages"}


def run(*faults: str, rules: list[str] | None = None) -> Report:
    loaded = load_binding(HERE / "atelier.yaml", environ={})
    with loaded.connect(transport=AsgiTransport(desk(Atelier(frozenset(faults))))) as provider:
        return run_checks(provider, on=ON, level="full", examples=0, rules=rules)


def test_every_fault_has_its_rule() -> None:
    assert BREAKS.keys() == FAULTS.keys() - UNSEEN


def test_a_label_between_the_tags_of_a_page_is_seen() -> None:
    """Pages are read with their tags where the binding names no part of them."""
    result = check(run(rules=[TEXTS]), "published_text_is_labelled")
    assert result.verdict == "pass", result.reason


def test_a_receipt_lasts_where_the_status_does_not_repeat_it() -> None:
    report = run(rules=[DECISION])
    assert {each.verdict for each in report.rules} == {"pass"}


#: Found only since a check, a step or a reading was added for what they show.
ALWAYS = (
    "texts-hidden-on-pages",
    "release-unconfirmed",
    "second-work-unasked",
    "journal-of-others",
    "regenerated-bare",
)


@pytest.mark.parametrize("fault", drawn(1, BREAKS, always=ALWAYS))
@pytest.mark.costly
def test_each_fault_of_a_foreign_community_is_found(fault: str) -> None:
    report = run(fault, rules=[BREAKS[fault]])
    if fault in REVIEWED:
        assert {rule.verdict for rule in report.rules} == {"review"}
    else:
        assert failures(report)


@pytest.mark.costly
def test_a_lawful_atelier_fails_nothing() -> None:
    report = run()
    assert failures(report) == {}
    assert report.summary.counts["pass"] >= 50

"""`shenhe explain` says what a rule, a check or a deviation means."""

from __future__ import annotations

import json

import pytest

from shenhe.cli.explain import explanation
from shenhe.conformance.checks import all_checks
from shenhe.labels.model import Deviation
from shenhe.rulebook import load_rulebook
from tests.command_line import shenhe
from tests.docs.desk import parse


def test_a_rule_names_its_text_checks_and_a_fault_that_breaks_it() -> None:
    done = shenhe("explain", "cn-dsp-2023/9.2")
    assert done.exit_code == 0
    rule = load_rulebook().rule("cn-dsp-2023/9.2")
    text = " ".join(done.stdout.split())
    assert rule.text.en in text
    assert "".join(rule.text.zh.split()) in "".join(done.stdout.split())
    assert "unverified_cannot_publish" in text
    assert "shenhe check sample --fault" in text


def test_a_rule_names_its_source_penalties_and_page(monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(shenhe("explain", "cn-dsp-2023/17.2", "--json").stdout)
    assert document["sources"] == ["Art. 17(2)"]
    assert document["penalties"] == ["cn-dsp-2023/penalty-22"]
    assert document["in_force"] == "from 2023-01-10"
    assert document["docs"] == "reference/rules/cn-dsp-2023.html#rule-cn-dsp-2023-17-2"
    monkeypatch.setenv("SHENHE_DOCS_URL", "https://docs.example/shenhe/")
    printed = "".join(shenhe("explain", "cn-dsp-2023/17.2").stdout.split())
    assert f"https://docs.example/shenhe/{document['docs']}" in printed


def test_a_check_names_its_rules() -> None:
    document = json.loads(shenhe("explain", "unverified_cannot_publish", "--json").stdout)
    assert document["kind"] == "check"
    assert "cn-dsp-2023/9.2" in document["rules"]
    assert "publish" in document["operations"]


def test_a_deviation_names_its_weight() -> None:
    done = shenhe("explain", Deviation.MISSING_KEY.value)
    assert Deviation.MISSING_KEY.sentence in " ".join(done.stdout.split())
    assert Deviation.MISSING_KEY.weight.value in done.stdout


def test_an_unknown_name_gets_similar_ones() -> None:
    done = shenhe("explain", "cn-dsp-2023/9.22")
    assert done.exit_code == 2
    assert "cn-dsp-2023/9.2" in " ".join(done.stderr.replace("│", " ").split())


@pytest.mark.parametrize("kind", ["rules", "checks", "deviations"])
def test_everything_a_report_names_can_be_explained(kind: str) -> None:
    names = {
        "rules": list(load_rulebook().rules),
        "checks": [check.name for check in all_checks()],
        "deviations": [each.value for each in Deviation],
    }[kind]
    assert len(names) > 30
    documents = [explanation(name) for name in names]
    assert all(document["title"] for document in documents)
    # Parsing is slow: one command of each form.
    forms = {
        " ".join(word for word in command.split() if not set(word) & set("/_")): command
        for document in documents
        for command in document["next"]
    }
    for command in list(forms.values())[:6]:
        parse(tuple(command.split()[1:]))

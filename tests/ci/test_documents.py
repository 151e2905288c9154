from __future__ import annotations

import hashlib
import os
from datetime import date
from pathlib import Path

import pytest

from shenhe.conformance.evidence.documents import (
    Document,
    DocumentRow,
    EvidenceFile,
    document_rows,
    not_asked_for,
    read_evidence,
)
from shenhe.core.document import DocumentError
from shenhe.reports.terminal.documents import documents_json, documents_text

from ..factories import HOSTILE, mixed, undecided

TODAY = date(2026, 1, 15)
ASKED = mixed().undecided


def evidence(folder: Path, *rules: str, **given: str) -> Path:
    """An ``evidence.yaml`` with one document for the rules."""
    fields = {
        "document": "Assessment",
        "owner": "Security office",
        "date": "2025-11-01",
        "expires": "2026-11-01",
        "sha256": "0" * 64,
    }
    fields |= given
    lines = ["documents:", f"  - rules: [{', '.join(rules) or 'cn-dsp-2023/15.1'}]"]
    lines += [f"    {name}: '{value}'" for name, value in fields.items() if value]
    path = folder / "evidence.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def state(path: Path, name: str = "cn-dsp-2023/15.1", today: date = TODAY) -> tuple[str, str]:
    row = next(row for row in document_rows(ASKED, read_evidence(path), today) if row.rule == name)
    return row.state, row.reason


def test_every_rule_for_documents_has_a_row_and_no_other_rule(tmp_path: Path) -> None:
    rows = document_rows(ASKED, read_evidence(evidence(tmp_path)), TODAY)
    assert [row.rule for row in rows] == ["cn-dsp-2023/7", "cn-dsp-2023/14.1", "cn-dsp-2023/15.1"]
    assert [row.state for row in rows] == ["missing", "missing", "evidence offered"]


def test_supplied_documents_never_pass_a_rule() -> None:
    assert set(DocumentRow.model_json_schema()["properties"]["state"]["enum"]) == {
        "evidence offered",
        "expired",
        "missing",
    }


def test_a_document_holds_to_its_last_day(tmp_path: Path) -> None:
    path = evidence(tmp_path)
    assert state(path, today=date(2026, 11, 1))[0] == "evidence offered"
    assert state(path, today=date(2026, 11, 2)) == ("expired", "the document expired on 2026-11-01")


def test_a_document_of_tomorrow_is_not_offered_yet(tmp_path: Path) -> None:
    assert state(evidence(tmp_path, date="2026-01-16"))[0] == "missing"


def test_a_file_that_lies_beside_must_be_the_one_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    paper = tmp_path / "papers" / "a.pdf"
    paper.write_bytes(b"%PDF assessment")
    digest = hashlib.sha256(b"%PDF assessment").hexdigest()
    path = evidence(tmp_path, file="papers/a.pdf", sha256=digest)
    assert state(path) == ("evidence offered", "")
    paper.write_bytes(b"%PDF another one")
    assert state(path) == ("missing", "the file a.pdf is not the one whose sha256 is given")
    paper.unlink()
    assert state(path)[0] == "missing"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of POSIX")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert state(evidence(tmp_path, file="pipe"))[0] == "missing"


def test_a_document_that_holds_outweighs_one_that_expired(tmp_path: Path) -> None:
    path = evidence(tmp_path, document="Old", expires="2025-12-01")
    newer = evidence(tmp_path, document="New").read_text().replace("documents:\n", "")
    evidence(tmp_path, document="Old", expires="2025-12-01")
    path.write_text(path.read_text() + newer)
    row = document_rows(ASKED, read_evidence(path), TODAY)[2]
    assert (row.state, row.documents) == ("evidence offered", ("New",))


def test_documents_do_not_speak_to_rules_that_probes_decide(tmp_path: Path) -> None:
    found = read_evidence(evidence(tmp_path, "cn-dsp-2023/16.2", "cn-dsp-2023/71"))
    assert not_asked_for(ASKED, found) == ["cn-dsp-2023/16.2", "cn-dsp-2023/71"]
    assert {row.state for row in document_rows(ASKED, found, TODAY)} == {"missing"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"expires": "2025-10-01"}, "expected a later day"),
        ({"expires": "never"}, "'never'"),
        ({"sha256": "abc"}, "sha256"),
        ({"owner": ""}, "owner"),
        ({"file": "/etc/hostname"}, "below the folder"),
        ({"file": "../secret"}, "below the folder"),
        ({"file": "a\\\\b"}, "below the folder"),
    ],
)
def test_faulty_evidence_is_reported_by_line(tmp_path: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_evidence(evidence(tmp_path, **given))
    assert str(caught.value).startswith(str(tmp_path / "evidence.yaml:"))
    assert message in str(caught.value)


def test_an_empty_file_offers_nothing(tmp_path: Path) -> None:
    path = tmp_path / "evidence.yaml"
    path.write_text("")
    assert {row.state for row in document_rows(ASKED, read_evidence(path), TODAY)} == {"missing"}


def test_the_rows_on_a_terminal(tmp_path: Path) -> None:
    found = read_evidence(evidence(tmp_path, "cn-dsp-2023/15.1", "cn-dsp-2023/16.2"))
    text = documents_text(document_rows(ASKED, found, TODAY), not_asked_for(ASKED, found))
    assert text.splitlines() == [
        "✗ missing          cn-dsp-2023/7     no document names this rule",
        "✗ missing          cn-dsp-2023/14.1  no document names this rule",
        "▤ evidence offered cn-dsp-2023/15.1  Assessment",
        "! cn-dsp-2023/16.2: documents are offered for it, but this run has no such rule for documents",
        (
            "Rules that only documents show: 1 evidence offered, 2 missing. Documents are not read here: none of these"
            " passes."
        ),
    ]
    assert documents_json(document_rows(ASKED, found, TODAY))["counts"] == {"missing": 2, "evidence offered": 1}


def test_names_of_documents_cannot_speak_to_the_terminal() -> None:
    document = Document(
        document=HOSTILE[:400],
        owner="x",
        date=date(2025, 1, 1),
        expires=date(2027, 1, 1),
        sha256="0" * 64,
        rules=("a/1",),
    )
    row = document_rows([undecided("a/1", "document")], EvidenceFile(documents=(document,)), TODAY)[0]
    text = documents_text([row])
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2

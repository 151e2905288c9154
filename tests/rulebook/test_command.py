"""``shenhe rules`` as a person and as a program meets it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shenhe.cli.law_text import money, money_zh
from shenhe.cli.rules import app
from shenhe.rulebook import (
    Behaviour,
    Fine,
    Market,
    Obligor,
    RulebookError,
    SeenBy,
    Service,
    load_rulebook,
    pack_schema,
)


@dataclass(frozen=True)
class Said:
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def rules(*words: str) -> Said:
    result = CliRunner().invoke(app, list(words))
    if result.exception:
        raise result.exception
    return Said(result.stdout, result.stderr)


def refused(*words: str) -> str:
    """The message of a refusal. ``shenhe`` itself turns it into one line on stderr and exit code 2."""
    with pytest.raises(RulebookError) as caught:
        rules(*words)
    return str(caught.value)


def ids(said: Said) -> list[str]:
    return re.findall(r"^((?:cn|eu|us|in|kr|vn)-[a-z0-9-]+/\S+)", said.out, re.MULTILINE)


def test_the_default_is_law_in_force_today_without_drafts() -> None:
    in_force = [rule.id for rule in load_rulebook().rules_in_force(date.today())]
    assert ids(rules("list")) == in_force
    assert ids(rules("matrix")) == in_force
    assert not any(rule_id.startswith("cn-dsp-2022-draft/") for rule_id in in_force)


def test_a_draft_by_name() -> None:
    said = rules("list", "--packs", "cn-dsp-2022-draft")
    assert len(ids(said)) == len(load_rulebook().packs["cn-dsp-2022-draft"].rules)
    assert "(draft of 2022-01-28)" in said.out
    assert said.err == ""


def test_the_day_decides() -> None:
    before = rules("list", "--market", "cn", "--on", "2025-08-31")
    after = rules("list", "--market", "cn", "--on", "2025-09-01")
    assert not any(rule_id.startswith("cn-labeling-2025/") for rule_id in ids(before))
    assert "cn-labeling-2025/4.1.3" in ids(after)


def test_a_pack_named_before_its_day_says_so() -> None:
    said = rules("list", "--packs", "cn-labeling-2025", "--on", "2025-08-31")
    assert said.out == ""
    count = len(load_rulebook().packs["cn-labeling-2025"].rules)
    assert f"cn-labeling-2025: {count} of {count} rules are not in force on 2025-08-31" in said.err
    assert "no rule in force on 2025-08-31 passes these filters" in said.err


def test_filters_narrow_together() -> None:
    book = load_rulebook()
    words = ["--on", "2026-11-01", "--market", "cn,eu", "--behaviour", "labeling", "--behaviour", "consent"]
    words += ["--seen-by", "probe", "--service", "voice"]
    found = ids(rules("list", *words))
    assert found == ids(rules("matrix", *words))
    expected = [
        rule.id
        for rule in book.rules_in_force(date(2026, 11, 1), ["cn", "eu"], services=["voice"])
        if rule.behaviour in {"labeling", "consent"} and rule.seen_by == "probe"
    ]
    assert sorted(found) == sorted(expected)
    assert "cn-dsp-2023/14.2" in found
    assert "cn-dsp-2023/17.1.1" not in found


def test_list_as_json_holds_whole_rules() -> None:
    data = rules("list", "--packs", "cn-dsp-2023,eu-dsa", "--on", "2026-11-01", "--json").json
    assert data["on"] == "2026-11-01"
    assert data["rulebook_sha256"] == load_rulebook().hash
    assert [pack["id"] for pack in data["packs"]] == ["cn-dsp-2023", "eu-dsa"]
    rule = next(rule for rule in data["packs"][0]["rules"] if rule["id"] == "cn-dsp-2023/16.1")
    assert rule == load_rulebook().rule("cn-dsp-2023/16.1").model_dump(mode="json")


def test_matrix_as_json_names_the_version_of_that_day() -> None:
    def caps(day: str) -> dict[str, list[str]]:
        rows = rules("matrix", "--packs", "cn-dsp-2023", "--on", day, "--json").json["rows"]
        (row,) = [row for row in rows if row["id"] == "cn-dsp-2023/10.4"]
        return {penalty["penalty"]: penalty["fines"] for penalty in row["penalties"]}

    assert caps("2025-12-31")["cn-penalties/csl-69@2017"] == ["refusal-or-serious: 100,000–500,000 RMB"]
    assert caps("2026-01-01")["cn-penalties/csl-69@2026"][-1] == ("especially-serious: 2,000,000–10,000,000 RMB")


def test_matrix_marks_unverified_links() -> None:
    said = rules("matrix", "--packs", "cn-dsp-2023,cn-pipl", "--on", "2026-11-01")
    lines = {line.split()[0]: line for line in said.out.splitlines()}
    assert lines["cn-dsp-2023/14.2"].endswith("penalty-22* cn-penalties/pipl-66*")
    assert lines["cn-pipl/47"].endswith("  cn-penalties/pipl-66")
    assert "* the link from rule to penalty is inferred or from memory" in said.err


def test_in_a_pipe_it_is_plain() -> None:
    for words in (["list"], ["matrix"], ["show", "cn-dsp-2023/16.1"]):
        out = rules(*words).out
        assert "\x1b" not in out
        assert not re.search("[\u2500-\u257f]", out)


def test_show_a_rule() -> None:
    out = rules("show", "us-take-it-down/3.b", "--on", "2026-11-01").out
    assert "within 48 hours, counted from receipt of a valid request" in out
    assert "paraphrase by this project" in out
    assert "up to 53,088 USD per violation" in out
    assert "四十八小时" in out


def test_show_a_penalty_in_all_versions_or_that_of_a_day() -> None:
    both = rules("show", "cn-penalties/csl-69").out
    assert "csl-69@2017" in both
    assert "csl-69@2026" in both
    one = rules("show", "cn-penalties/csl-69", "--on", "2025-12-31").out
    assert "csl-69@2017" in one
    assert "csl-69@2026" not in one
    assert "from 2017-06-01 to 2025-12-31" in one


def test_show_a_pack_and_several_at_once() -> None:
    data = rules("show", "eu-dsa", "eu-dsa/17", "eu-dsa/penalty-52", "--json").json
    assert [entry["id"] for entry in data] == ["eu-dsa", "eu-dsa/17", "eu-dsa/penalty-52"]
    pack = load_rulebook().pack("eu-dsa")
    assert f"{len(pack.rules)} rules, {len(pack.penalties)} penalties" in rules("show", "eu-dsa").out


def test_titles_in_chinese() -> None:
    assert "显著标识：人脸与人物图像视频" in rules("list", "--packs", "cn-dsp-2023", "--lang", "zh").out


def test_schema() -> None:
    assert rules("schema").json == pack_schema()


def test_packs_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("id: my\ntitel: x\n", encoding="utf-8")
    assert f"{tmp_path / 'my.yaml'}:2:1: titel: found a field 'titel' that does not exist here" in refused(
        "list", "--pack-dir", str(tmp_path)
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["show", "cn-dsp-2023/14.9"],
            "found no rule, penalty or pack 'cn-dsp-2023/14.9', closest: cn-dsp-2023/14",
        ),
        (["list", "--packs", "cn-dsp-2024"], "found no pack 'cn-dsp-2024', closest: cn-dsp-2023"),
        (["list", "--on", "2025-13-01"], "--on: found '2025-13-01', expected a day such as 2025-09-01"),
        (["matrix", "--on", "tomorrow"], "--on: found 'tomorrow', expected a day"),
        (["list", "--market", "uk"], "--market: found 'uk', expected one of: cn, eu, us, in, kr, vn"),
        (["list", "--behaviour", "labelling"], "(did you mean 'labeling'?)"),
        (["matrix", "--seen-by", "probes"], "(did you mean 'probe'?)"),
        (["list", "--service", "voices"], "(did you mean 'voice'?)"),
        (["list", "--lang", "de"], "--lang: found 'de', expected en or zh"),
    ],
)
def test_unknown_names_are_reported_with_known_ones(words: list[str], message: str) -> None:
    assert message in refused(*words)


def test_exit_codes_of_the_command() -> None:
    command = [sys.executable, "-P", "-c", "from shenhe.cli.main import run; run()", "rules"]
    done = subprocess.run([*command, "show", "cn-dsp-2023/99"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("shenhe: found no rule, penalty or pack 'cn-dsp-2023/99', closest: ")
    assert "Traceback" not in done.stderr
    done = subprocess.run([*command, "show", "eu-dsa/17"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith("eu-dsa/17  Statement of reasons")


@pytest.mark.parametrize("command", ["list", "matrix", "show", "diff", "calendar", "schema"])
def test_every_help_has_an_example(command: str) -> None:
    assert f"shenhe rules {command}" in rules(command, "--help").out


def test_help_names_every_value() -> None:
    words = set(re.findall(r"[a-z-]+", rules("list", "--help").out))
    for kind in (Behaviour, Market, Obligor, SeenBy, Service):
        assert {member.value for member in kind} <= words, kind


@pytest.mark.parametrize(
    ("fine", "text"),
    [
        ({"minimum": 50000, "maximum": 500000, "optional": True}, "50,000–500,000 RMB (optional)"),
        (
            {"minimum": 1000, "maximum": 1000, "currency": "USD", "per": "violation"},
            "1,000 USD per violation",
        ),
        ({"minimum": 1000}, "from 1,000 RMB"),
        ({"turnover_share": 0.06, "turnover_base": "turnover"}, "up to 6 % of turnover"),
        (
            {"maximum": 9, "turnover_share": 0.03, "turnover_base": "turnover", "combine": "higher"},
            "up to 9 RMB or 3 % of turnover, the higher",
        ),
        ({"maximum": 5, "per": "violation-and-day"}, "up to 5 RMB per violation and day"),
    ],
)
def test_money_in_words(fine: dict[str, object], text: str) -> None:
    assert money(Fine.model_validate(fine)) == text


def test_money_in_chinese() -> None:
    fine = Fine.model_validate({"minimum": 50000, "maximum": 500000, "optional": True})
    assert money_zh(fine) == "50,000元以上500,000元以下（可以并处）"
    share = {"currency": "EUR", "maximum": 9, "turnover_share": 0.03, "turnover_base": "turnover", "combine": "lower"}
    assert money_zh(Fine.model_validate(share)) == "9欧元以下或者营业额3%以下，以较低者为准"


def test_show_names_the_checks_that_decide_a_rule() -> None:
    assert re.search(r"Decided by +.*edit_needs_consent", rules("show", "cn-dsp-2023/14.2").out)
    assert "Decided by" not in rules("show", "cn-dsp-2023/7").out


def test_show_in_chinese_has_chinese_names_and_texts() -> None:
    out = rules("show", "cn-penalties/csl-69", "--on", "2026-01-01", "--lang", "zh").out
    assert "初次: 责令改正、警告、通报批评、罚款50,000元以上500,000元以下（可以并处）" in out
    assert "Failing to stop" not in out


def test_show_lists_readings_and_the_option_takes_another() -> None:
    name = "cn-dsp-2022-draft/penalty-22.1"
    assert f"--reading {name}=press" in rules("show", name).out
    assert "first: warning, order to rectify, suspend business\n" in rules("show", name).out
    assert "first: warning, order to rectify, fine 10,000" in rules("show", name, "--reading", f"{name}=press").out


def test_a_struck_down_rule_says_so() -> None:
    out = rules("show", "us-states/ca-ab2655", "--on", "2025-07-31").out
    assert "2025-08-01: blocked, US District Court" in out
    assert "us-states/ca-ab2655" not in ids(rules("list", "--market", "us", "--on", "2026-11-01"))


def test_role_narrows_the_list() -> None:
    found = ids(rules("list", "--role", "app-store", "--on", "2026-11-01"))
    assert {"cn-dsp-2023/13.1", "cn-labeling-2025/7", "cn-anthropomorphic-2026/25"} <= set(found)
    assert all(Obligor.APP_STORE in load_rulebook().rule(name).obligors for name in found)


def test_diff_lists_new_ended_and_amended_rules() -> None:
    data = rules("diff", "--from", "2026-09-29", "--to", "2026-09-30", "--json").json
    found = {change["id"]: change for change in data["changes"]}
    assert found["us-states/ca-sb942.manifest"]["change"] == "ended"
    latent = found["us-states/ca-sb942.latent"]
    assert latent["change"] == "amended"
    assert "created or altered" in latent["fields"]["text"]["to"]["en"]
    assert latent["fields"]["applies"]["from"]["users_over"] == 1_000_000
    assert {change["id"].partition("/")[0] for change in data["changes"]} == {"us-states"}


def test_diff_says_what_an_amendment_imposes_in_words() -> None:
    out = rules("diff", "--from", "2025-12-31", "--to", "2026-01-01", "--market", "cn").out
    assert "{" not in out
    assert "+ first: order to rectify, warning, public notice, fine 50,000–500,000 RMB (optional); refusal" in out
    chinese = rules("diff", "--from", "2025-12-31", "--to", "2026-01-01", "--market", "cn", "--lang", "zh").out
    assert "罚款50,000元以上500,000元以下" in chinese
    assert "{" not in chinese


def test_diff_backwards_turns_beginnings_into_endings() -> None:
    forth = rules("diff", "--from", "2026-07-14", "--to", "2026-07-15", "--json").json["changes"]
    back = rules("diff", "--from", "2026-07-15", "--to", "2026-07-14", "--json").json["changes"]
    assert {(change["id"], "ended") for change in forth} == {(change["id"], change["change"]) for change in back}
    assert {change["change"] for change in forth} == {"began"}


def test_diff_mentions_a_blocked_rule() -> None:
    out = rules("diff", "--from", "2025-07-31", "--to", "2025-08-01", "--market", "us").out
    assert re.search(r"^blocked +rule +us-states/ca-ab2655 ", out, re.MULTILINE)


def test_diff_of_a_quiet_day_is_empty() -> None:
    said = rules("diff", "--from", "2026-10-01", "--to", "2026-10-02")
    assert said.out == ""
    assert "nothing changed between 2026-10-01 and 2026-10-02" in said.err


def test_calendar_lists_only_future_dates() -> None:
    rows = rules("calendar", "--on", "2026-11-29", "--days", "90", "--json").json
    found = {(row["date"], row["occasion"], row["pack"]) for row in rows}
    assert ("2026-12-02", "begins", "eu-ai-act-50") in found
    assert ("2026-12-02", "transition ends", "eu-ai-act-50") in found
    assert ("2027-02-01", "begins", "us-states") in found
    assert all("2026-11-29" <= row["date"] <= "2027-02-27" for row in rows)
    later = rules("calendar", "--on", "2026-12-03", "--days", "30", "--json").json
    assert not any(row["pack"] == "eu-ai-act-50" for row in later)


def test_calendar_as_ics_is_well_formed(tmp_path: Path) -> None:
    words = ("calendar", "--on", "2026-11-29", "--days", "400")
    rules(*words, "--lang", "zh", "--ics", str(tmp_path / "law.ics"))
    data = (tmp_path / "law.ics").read_bytes()
    assert data.startswith(b"BEGIN:VCALENDAR\r\n")
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    lines = data.decode().replace("\r\n ", "").split("\r\n")
    events = lines.count("BEGIN:VEVENT")
    assert events == lines.count("END:VEVENT") == len(rules(*words, "--json").json)
    assert len({line for line in lines if line.startswith("UID:")}) == events
    assert any(line.startswith("SUMMARY:") and "禁止" in line for line in lines)
    assert not any(re.search(r"(?<!\\)[;,]", line) for line in lines if line.startswith("SUMMARY:"))


@pytest.mark.parametrize("value", ["cn-dsp-2023/14.2", "=x", "cn-dsp-2023/14.2="])
def test_reading_without_both_parts_is_refused(value: str) -> None:
    assert "expected ID=READING" in refused("show", "cn-dsp-2023/14.2", "--reading", value)


def test_check_uses_the_requested_reading(tmp_path: Path) -> None:
    """A recommendation becomes a duty under another reading, and the report names the rulebook that it went by."""
    from shenhe.cli.main import app as shenhe

    name, report = "cn-labeling-2025/gb-e.propagator", tmp_path / "report.json"
    words = [
        "check",
        "sample",
        "--fault",
        "propagator-differs",
        "--rules",
        name,
        "--examples",
        "0",
        "--level",
        "extended",
    ]
    keywords = {}
    for reading in ("recommended", "required"):
        result = CliRunner().invoke(shenhe, [*words, "--reading", f"{name}={reading}", "--report", str(report)])
        assert report.exists(), result.output
        data = json.loads(report.read_text(encoding="utf-8"))
        keywords[reading] = (data["rules"][0]["keyword"], data["rulebook_sha256"])
        report.unlink()
    assert keywords["recommended"] == ("should", load_rulebook().hash)
    assert keywords["required"][0] == "must"
    assert keywords["required"][1] != load_rulebook().hash

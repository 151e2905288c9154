from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from rich.text import Text

from shenhe.conformance.report import Report
from shenhe.reports.terminal.outcomes import print_comparison, print_run_summary
from shenhe.reports.terminal.summary import CURL_LINES, FULL_FINDINGS, print_check_summary
from shenhe.simulator import compare, load_scenario, simulate

from ..factories import LABELLED, check, finding, hostile, mixed, passing, report, rule, run


def told(made: Report, *, terminal: bool = False, columns: int = 100, verbose: bool = True) -> str:
    out = io.StringIO()
    print_check_summary(
        made,
        Console(
            file=out,
            width=columns,
            force_terminal=terminal,
            highlight=False,
            color_system="standard" if terminal else None,
        ),
        verbose=verbose,
    )
    return out.getvalue()


def test_a_good_run_fits_on_a_screen() -> None:
    lines = told(passing(), columns=80).splitlines()
    assert len(lines) <= 24
    assert "1 pass" in lines[1]
    assert "exit code 0: all decided and passed" in " ".join(lines)


def test_a_failure_explains_itself_and_the_open_checks_follow() -> None:
    text = told(mixed())
    assert (
        text.index("3 fail")
        < text.index(f"Text of {LABELLED[0]}.")
        < text.index("a text without a label")
        < text.index("curl -X POST")
    )
    assert text.index("curl -X POST") < text.index("the control was refused")
    assert "48 hours would have to pass" in text
    assert "3 need a document" in text
    assert "exit code 1: something failed" in " ".join(text.split())


def test_the_expectation_is_not_repeated() -> None:
    title = "Each text is labelled."
    made = report(
        [rule("p/1", "fail", "x")],
        [check("x", "fail", "p/1", title=title, finding=finding(expected=title))],
    )
    assert told(made).count(title) == 1


def test_many_or_long_failures_are_cut() -> None:
    count = FULL_FINDINGS + 3
    long = finding(curl="\n".join(f"curl line {number}" for number in range(CURL_LINES + 5)))
    made = report(
        [rule(f"p/{number}", "fail", f"c{number}") for number in range(count)],
        [check(f"c{number}", "fail", f"p/{number}", finding=long) for number in range(count)],
    )
    text = told(made)
    assert "3 more checks failed" in text
    assert text.count("5 more lines in the report") == FULL_FINDINGS
    assert f"What c{count - 1} expects" in text


def failing(count: int, *, seen: str = "") -> Report:
    """A report of so many failed checks, each with its own cause unless ``seen`` is given."""
    return report(
        [rule(f"p/{number}", "fail", f"c{number}") for number in range(count)],
        [
            check(f"c{number}", "fail", f"p/{number}", finding=finding(seen=seen or f"cause {number}" + " x" * 99))
            for number in range(count)
        ],
    )


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_any_number_of_failures_fits_on_a_screen(columns: int) -> None:
    coloured = told(failing(60), terminal=True, columns=columns, verbose=False)
    lines = Text.from_ansi(coloured).plain.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= columns
    text = " ".join(lines)
    assert "60 fail" in text
    assert "53 more: -v" in text


def test_failures_with_one_cause_are_one_entry() -> None:
    text = told(failing(60, seen="the login endpoint returns 500"), verbose=False)
    assert text.count("the login endpoint returns 500") == 1
    assert "and 59 more checks" in text


def test_the_summary_names_the_next_command() -> None:
    assert "shenhe explain CHECK" in told(failing(1), verbose=False)
    assert "shenhe explain" not in told(passing(), verbose=False)


def test_failures_come_before_unverified_rules() -> None:
    text = told(mixed(), verbose=False)
    assert text.index("a text without a label") < text.index("the control was refused")


def test_colour_is_for_terminals_only() -> None:
    assert "\x1b" not in told(mixed())
    assert "\x1b[" in told(mixed(), terminal=True)


def test_a_provider_cannot_steer_the_terminal() -> None:
    text = told(hostile(), terminal=True)
    assert set(re.findall("\x1b[^m]*m", text)) == set(re.findall(r"\x1b\[[0-9;]*m", text))
    assert not re.search("[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202e\u2066]", text)
    assert "[red]x[/red]" in re.sub(r"\x1b\[[0-9;]*m|\n *", "", text)


def test_a_huge_answer_is_bounded() -> None:
    assert len(told(hostile("A" * 2_000_000))) < 60_000


@pytest.mark.parametrize("width", [60, 120])
def test_a_run_is_reported_with_intervals(width: int) -> None:
    out = io.StringIO()
    print_run_summary(run(), Console(file=out, width=width))
    # Three replications of 10, 11 and 12: 11 ± 4.303 / √3.
    assert re.search(r"Cases opened\s+11\s+8\.52 to 13\.5", out.getvalue())
    # A market that begins with few providers: no interval of the mean, and three have none of the median.
    assert re.search(r"Violations\s+11\s+–", out.getvalue())
    assert "too few replications for an interval of the mean of: " in " ".join(out.getvalue().split())
    assert "3 replications; seed 1" in " ".join(out.getvalue().split())


def test_one_replication_has_no_interval() -> None:
    out = io.StringIO()
    print_run_summary(run(replications=1), Console(file=out, width=100))
    assert "one replication has no interval" in out.getvalue()


def test_a_comparison_shows_the_paired_difference() -> None:
    out = io.StringIO()
    print_comparison(compare(run(), run(name="cn-2022-draft", factor=2.0)), Console(file=out, width=100))
    # Pairs (10, 20), (11, 22), (12, 24): differences 10, 11, 12.
    assert re.search(r"Violations\s+11\s+22\s+\+11\s+\+8\.52 to \+13\.5", out.getvalue())
    assert "3 pairs of replications" in out.getvalue()


def test_a_change_without_effect_is_exactly_zero() -> None:
    out = io.StringIO()
    print_comparison(compare(run(), run()), Console(file=out, width=100), metrics=["violations"])
    assert re.search(r"Violations\s+11\s+11\s+0\s+0 to 0", out.getvalue())


@pytest.mark.parametrize("width", [60, 80, 160])
def test_levers_that_differ_are_read_whole(width: int) -> None:
    small = {"population.providers": 10, "horizon": 60.0, "population.arrivals": [[0, 1.0]]}
    a, b = (simulate(load_scenario(name, small), 2, 1, engine="simpy") for name in ("cn-2022-draft", "cn-2023"))
    comparison = compare(a, b)
    text = io.StringIO()
    print_comparison(comparison, Console(file=text, width=width))
    table = text.getvalue().partition("parameters differ:")[2].partition("and 1 more")[0]
    lines = table.splitlines()
    start = lines[1].index("parameter")
    end = lines[1].index("A", start)
    names = "".join(line[start:end].strip() for line in lines[2:])
    first = sorted(comparison.differences, key=lambda each: each.path.endswith((".rule", ".penalty")))
    assert names.startswith("".join(each.path for each in first[:10]))
    assert "…" not in table
    assert "['" not in table
    assert "10,000 " in table
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("terminal", [True, False])
def test_a_line_is_cut_on_a_terminal_only(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file the cause of a failure was lost at the 80th column."""
    monkeypatch.delenv("COLUMNS", raising=False)
    cause = "the number 000121200007259749 verified an account: the code of no province begins with 0"
    failed = check("identity", "fail", "cn-dsp-2023/9.1", finding=finding(seen=cause), reason=cause)
    made = report([rule("cn-dsp-2023/9.1", "fail", "identity")], [failed])
    shown = told(made, terminal=terminal, columns=60, verbose=False)
    assert (cause in shown) is not terminal

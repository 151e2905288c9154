"""A fleet of lawful, faulty, hanging, crashing and hostile providers: each to its own outcome, none to another's
harm.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.fleet import (
    Fleet,
    FleetError,
    FleetRow,
    Options,
    Result,
    fleet_schema,
    gravest,
    members,
    ranked,
    read_variables,
    run_fleet,
    shared_secrets,
)
from shenhe.conformance.report import read_report
from shenhe.rulebook import RulebookError
from shenhe.sample import SampleServer

from .providers import (
    FEW,
    RULE,
    TWO,
    drip,
    echo,
    flood,
    garbage,
    hang,
    labelled,
    of_process,
    of_sample,
    reset,
    serving,
    small,
    unlabelled,
    wait_for,
    workers,
)


def run(folder: Path, out: Path, **changes: Any) -> tuple[Fleet, list[str]]:
    """The fleet of a folder, and the names of those that were asked rather than kept from before."""
    asked: list[str] = []

    def told(name: str, result: Result, done: int, total: int, kept: bool) -> None:
        if not kept:
            asked.append(name)

    given: dict[str, Any] = {"environ": {}, "options": FEW, "at_once": 4, "progress": told}
    return run_fleet(members(folder), out, **(given | changes)), asked


def by_name(fleet: Fleet) -> dict[str, FleetRow]:
    return {provider.name: provider for provider in fleet.providers}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fleet, Path]]:
    """One fleet with a provider of every kind."""
    folder, out = tmp_path_factory.mktemp("bindings"), tmp_path_factory.mktemp("out")
    with ExitStack() as stack:
        for name, faults in (
            ("lawful", ()),
            ("faulty", ("text-unlabelled",)),
            ("worse", ("text-unlabelled", "publish-anonymous")),
        ):
            of_sample(folder, name, stack.enter_context(SampleServer(faults)).url, name.title())
        for name, handle in (
            ("hanging", hang),
            ("resetting", reset),
            ("garbage", garbage),
            ("flooding", flood),
            ("dripping", drip),
        ):
            small(folder, name, stack.enter_context(serving(handle)), timeout=0.4)
        of_sample(folder, "absent", "http://127.0.0.1:9", "Absent")
        (folder / "unreadable.yaml").write_bytes(b"target: [\xff\n")
        (folder / "misspelt.yaml").write_text("target: {nme: x}\n")
        small(folder, "production", "https://provider.invalid").write_text(
            (folder / "production.yaml").read_text().replace("environment: test", "environment: production")
        )
        (folder / "evidence.yaml").write_text("format: shenhe-evidence\ndocuments: []\n")
        (folder / ".hidden.yaml").write_text("target: {}\n")
        (folder / "notes.txt").write_text("not a binding")
        yield run(folder, out, options=TWO)[0], out


def test_every_provider_gets_a_separate_outcome(mixed: tuple[Fleet, Path]) -> None:
    found = {
        name: (provider.outcome, provider.exit_code, provider.judged > 0)
        for name, provider in by_name(mixed[0]).items()
    }
    assert found == {
        "lawful": ("checked", 0, True),
        "faulty": ("checked", 1, True),
        "worse": ("checked", 1, True),
        "hanging": ("checked", 3, False),
        "resetting": ("checked", 3, False),
        "garbage": ("checked", 3, False),
        "dripping": ("checked", 3, False),
        "flooding": ("checked", 3, False),
        "absent": ("gone", 3, False),
        "unreadable": ("not usable", 2, False),
        "misspelt": ("not usable", 2, False),
        "production": ("not usable", 2, False),
    }
    assert {name for name, provider in by_name(mixed[0]).items() if not provider.detail} == {
        "lawful",
        "faulty",
        "worse",
    }


def test_the_gravest_decides_the_exit_code(mixed: tuple[Fleet, Path]) -> None:
    assert mixed[0].exit_code == 1
    assert gravest([0, 3, 2]) == 2
    assert gravest([0, 3]) == 3
    assert gravest([0, 2, 1, 3]) == 1
    assert gravest([]) == 0


def test_ranks_go_by_result_and_then_by_rules_broken(mixed: tuple[Fleet, Path]) -> None:
    fleet, _ = mixed
    assert [(provider.name, provider.rank) for provider in fleet.providers[:3]] == [
        ("lawful", 1),
        ("faulty", 2),
        ("worse", 3),
    ]
    assert {provider.rank for provider in fleet.providers[3:]} == {None}, (
        "whoever hangs is not ranked above whoever answers"
    )
    assert by_name(fleet)["faulty"].failed == [RULE]


def test_an_unusable_provider_has_a_reason(mixed: tuple[Fleet, Path]) -> None:
    found = by_name(mixed[0])
    assert "misspelt.yaml:1" in found["misspelt"].detail
    assert "nme" in found["misspelt"].detail
    assert "environment: test" in found["production"].detail
    assert found["production"].requests == 0
    assert found["misspelt"].report is None


def test_reports_are_at_their_documented_paths(mixed: tuple[Fleet, Path]) -> None:
    fleet, out = mixed
    for provider in fleet.providers:
        if provider.report is not None:
            report = read_report(out / provider.report)
            assert report.summary.exit_code == provider.report_exit_code
            assert report.target == provider.target
            assert sum(sum(tally.values()) for tally in provider.behaviours.values()) == len(report.rules)
            assert report.target.binding_sha256 == provider.binding_sha256
    assert Fleet.model_validate_json((out / "fleet.json").read_text(encoding="utf-8")) == fleet
    assert not list(out.rglob("*.part"))


def test_the_published_schema_is_that_of_the_code() -> None:
    published = Path(__file__).parents[2] / "conformance" / "fleet.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == fleet_schema()


# --- again -------------------------------------------------------------------------------------------------------


def test_a_second_run_asks_only_those_that_were_not_finished(tmp_path: Path) -> None:
    folder, out = tmp_path / "b", tmp_path / "out"
    folder.mkdir()
    with serving(labelled) as lawful, serving(reset) as gone:
        small(folder, "lawful", lawful)
        small(folder, "gone", gone)
        first, asked = run(folder, out)
        assert sorted(asked) == ["gone", "lawful"]
        second, asked = run(folder, out)
        assert asked == ["gone"]
        assert by_name(second)["lawful"] == by_name(first)["lawful"]
        assert sorted(run(folder, out, fresh=True)[1]) == ["gone", "lawful"]


def test_parallelism_does_not_change_results(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    folder.mkdir()
    with serving(labelled) as lawful, serving(unlabelled) as faulty:
        for number in range(2):
            small(folder, f"lawful-{number}", lawful)
            small(folder, f"faulty-{number}", faulty)
        several = [run(folder, tmp_path / f"out-{at_once}", at_once=at_once)[0] for at_once in (1, 4)]
    one, four = (
        fleet.model_copy(
            update={
                "providers": [each.model_copy(update={"timing": None, "report_sha256": ""}) for each in fleet.providers]
            }
        )
        for fleet in several
    )
    assert one.model_dump_json() == four.model_dump_json()
    assert [provider.rank for provider in one.providers] == [1, 1, 3, 3]


@pytest.mark.parametrize("what", ["binding", "options", "report", "outcome", "place"])
def test_a_change_of_any_input_repeats_the_provider(tmp_path: Path, what: str) -> None:
    folder, out = tmp_path / "b", tmp_path / "out"
    folder.mkdir()
    options, environ = FEW, {}
    with serving(labelled) as url, serving(unlabelled) as other:
        path = small(folder, "one", "${PLACE}")
        environ = {"PLACE": url}
        assert by_name(run(folder, out, environ=environ)[0])["one"].exit_code == 0
        assert run(folder, out, environ=environ)[1] == []
        if what == "binding":
            path.write_text(path.read_text() + "# the same, and yet another file\n")
        elif what == "options":
            options = FEW.model_copy(update={"seed": 7})
        elif what == "report":
            report = out / "providers" / "one" / "report.json"
            report.write_text(report.read_text().replace('"pass"', '"fail"', 1))
        elif what == "outcome":
            (out / "providers" / "one" / "outcome.json").write_text('{"key": ')
        else:
            environ = {"PLACE": other}
        again, asked = run(folder, out, environ=environ, options=options)
        assert asked == ["one"]
        assert by_name(again)["one"].exit_code == (1 if what == "place" else 0)


def test_a_later_day_under_the_same_law_repeats_nothing(tmp_path: Path) -> None:
    from datetime import date

    folder, out = tmp_path / "b", tmp_path / "out"
    folder.mkdir()
    undated = FEW.model_copy(update={"on": None})
    with serving(labelled) as url:
        small(folder, "one", url)
        run(folder, out, options=undated, today=date(2026, 9, 1))
        later, asked = run(folder, out, options=undated, today=date(2026, 9, 2))
        assert asked == []
        assert (later.on, later.providers[0].on) == ("2026-09-02", "2026-09-01")
        _, asked = run(folder, out, options=undated, today=date(2025, 9, 2))
        assert asked == ["one"], "before 2026 other rules were in force"


# --- bounds ------------------------------------------------------------------------------------------------------


def test_a_hanging_provider_is_ended(tmp_path: Path) -> None:
    with serving(hang) as url, serving(labelled) as lawful:
        small(tmp_path, "hanging", url, timeout=300)
        small(tmp_path, "lawful", lawful)
        options = FEW.model_copy(update={"max_seconds": 4.0})
        fleet, _ = run(tmp_path, tmp_path / "out", options=options, last_words=2.0, at_once=1)
    found = by_name(fleet)
    # The run ends a request that is under way at its limit, so that its process need not be killed.
    assert found["hanging"].outcome == "cut short"
    assert (found["hanging"].exit_code, found["hanging"].rank) == (3, None)
    assert found["lawful"].exit_code == 0
    assert workers() == set()


def test_a_process_that_outlives_its_limit_is_killed(tmp_path: Path) -> None:
    with serving(hang) as url:
        small(tmp_path, "hanging", url, timeout=300)
        # The run may take 300 seconds, and its process four: as if it did not end by itself.
        options = FEW.model_copy(update={"max_seconds": 300.0})
        fleet, _ = run(tmp_path, tmp_path / "out", options=options, last_words=-296.0, at_once=1)
    found = by_name(fleet)["hanging"]
    assert (found.outcome, found.exit_code, found.rank) == ("stopped", 3, None)
    assert workers() == set()


def test_a_slow_provider_is_cut_short_with_its_findings(tmp_path: Path) -> None:
    def slowly(connection: Any, request: bytes) -> None:
        time.sleep(0.3)
        unlabelled(connection, request)

    with serving(slowly) as url:
        small(tmp_path, "slow", url)
        options = Options.model_validate({"on": "2026-09-01", "examples": 5, "max_seconds": 3.0})
        provider = run(tmp_path, tmp_path / "out", options=options)[0].providers[0]
    assert provider.outcome == "cut short"
    assert provider.exit_code == 1
    assert RULE in provider.failed
    assert provider.unverified


def test_a_process_beyond_its_memory_ends_alone(tmp_path: Path) -> None:
    with serving(labelled) as url:
        small(tmp_path, "one", url)
        starved, _ = run(tmp_path, tmp_path / "out", memory=64 << 20)
        assert starved.providers[0].outcome == "broken"
        assert starved.providers[0].exit_code == 3
        fed, asked = run(tmp_path, tmp_path / "out")
        assert (fed.providers[0].exit_code, asked) == (0, ["one"])


def test_an_interrupted_fleet_ends_its_processes_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from shenhe.conformance.fleet import running as module

    folder, out = tmp_path / "b", tmp_path / "out"
    folder.mkdir()
    real, calls = module.wait, []

    def interrupted(*args: Any, **keywords: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args, **keywords)

    monkeypatch.setattr(module, "wait", interrupted)
    with serving(labelled) as lawful, serving(hang) as url:
        small(folder, "a-lawful", lawful)
        small(folder, "b-hanging", url, timeout=300)
        small(folder, "c-lawful", lawful)
        fleet, _ = run(folder, out, at_once=1)
        assert {name: provider.outcome for name, provider in by_name(fleet).items()} == {
            "a-lawful": "checked",
            "b-hanging": "not run",
            "c-lawful": "not run",
        }
        assert workers() == set()
        monkeypatch.setattr(module, "wait", real)
        (folder / "b-hanging.yaml").unlink()
        fleet, asked = run(folder, out, at_once=1)
    assert asked == ["c-lawful"]
    assert fleet.exit_code == 0


def test_two_fleets_do_not_write_to_one_folder(tmp_path: Path) -> None:
    with serving(hang) as url:
        small(tmp_path, "one", url, timeout=3)
        options = FEW.model_copy(update={"max_seconds": 3.0})
        first = threading.Thread(target=run, args=(tmp_path, tmp_path / "out"), kwargs={"options": options})
        first.start()
        try:
            wait_for(lambda: (tmp_path / "out" / "providers" / "one").exists())
            with pytest.raises(FleetError, match="another fleet"):
                run(tmp_path, tmp_path / "out")
        finally:
            first.join()


# --- secrets -----------------------------------------------------------------------------------------------------

A_KEY, B_KEY = "canary-of-a-5d81c3", "canary-of-b-90fe27"
KEYS = {"A_KEY": A_KEY, "B_KEY": B_KEY, "OTHER": "canary-of-nobody-113"}


def auth(name: str) -> str:
    return f'{{type: header, name: X-Key, value: "${{{name}}}"}}'


def test_a_secret_reaches_only_its_provider_and_no_output(tmp_path: Path) -> None:
    folder, out = tmp_path / "b", tmp_path / "out"
    folder.mkdir()
    heard: dict[str, bytes] = {"a": b"", "b": b""}

    def listening(name: str) -> Any:
        def handle(connection: Any, request: bytes) -> None:
            heard[name] += request
            echo(connection, request)

        return handle

    with serving(listening("a")) as a, serving(listening("b")) as b:
        small(folder, "a", a, auth=auth("A_KEY"))
        small(folder, "b", b, auth=auth("B_KEY"))
        fleet, _ = run(folder, out, environ=KEYS)
    assert fleet.exit_code == 1, "both echo, and neither labels"
    assert A_KEY.encode() in heard["a"]
    assert B_KEY.encode() in heard["b"]
    assert B_KEY.encode() not in heard["a"]
    assert A_KEY.encode() not in heard["b"]
    written = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert b"You said" in written
    assert b"canary" not in written


def test_no_process_has_the_secrets_in_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    seen: list[bytes] = []
    with serving(hang) as url:
        small(tmp_path, "a", url, auth=auth("A_KEY"), timeout=3)
        options = FEW.model_copy(update={"max_seconds": 2.0})
        thread = threading.Thread(
            target=run, args=(tmp_path, tmp_path / "out"), kwargs={"environ": os.environ, "options": options}
        )
        thread.start()
        try:
            wait_for(lambda: bool(workers()))
            time.sleep(0.3)
            seen = [
                part for child in workers() for name in ("environ", "cmdline") for part in [of_process(child, name)]
            ]
        finally:
            thread.join()
    assert any(b"fleet.worker" in part for part in seen)
    assert b"canary" not in b"".join(seen)


def test_with_a_folder_of_variables_no_binding_can_name_anothers(tmp_path: Path) -> None:
    folder, secrets = tmp_path / "b", tmp_path / "secrets"
    folder.mkdir()
    secrets.mkdir()
    (secrets / "honest.env").write_text(f"# ours\n\nB_KEY={B_KEY}\n")
    (secrets / "thief.env").write_text("A_KEY=own\n")
    heard = []

    def handle(connection: Any, request: bytes) -> None:
        heard.append(request)
        labelled(connection, request)

    with serving(labelled) as url, serving(handle) as thief:
        small(folder, "honest", url, auth=auth("B_KEY"))
        small(folder, "thief", thief, auth=auth("B_KEY"))
        chosen = members(folder)
        assert shared_secrets(chosen) == {"B_KEY": ["honest.yaml", "thief.yaml"]}
        own = read_variables(secrets, chosen)
        found = by_name(run(folder, tmp_path / "out", environ=KEYS, own_environ=own)[0])
    assert found["honest"].exit_code == 0
    assert found["thief"].outcome == "not usable"
    assert "B_KEY" in found["thief"].detail
    assert heard == []


def test_a_variables_file_is_reported_by_line_without_values(tmp_path: Path) -> None:
    small(tmp_path, "one", "http://127.0.0.1:9")
    (tmp_path / "one.env").write_text(f"A_KEY=fine\n{A_KEY}\n")
    with pytest.raises(FleetError, match=r"one\.env:2: ") as told:
        read_variables(tmp_path, members(tmp_path))
    assert A_KEY not in str(told.value)


# --- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["<b>x", "a b", "résumé", "x" * 200, "a;rm", "-rf", "..x", "\x1b[31m", "$(id)", "con fig'\""]
)
def test_no_name_of_a_file_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    if name.startswith("."):
        name = "a" + name
    (tmp_path / f"{name}.yaml").write_text("target: {}\n")
    (member,) = members(tmp_path)
    assert set(member.name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert not member.name.startswith((".", "-"))
    assert len(member.name) <= 80


def test_an_unreadable_file_does_not_affect_others(tmp_path: Path) -> None:
    (tmp_path / "dangling.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.yaml").mkdir()
    with serving(labelled) as url:
        small(tmp_path, "lawful", url)
        small(tmp_path, "ill\udcff", url)
        small(tmp_path, "badly-set", url, auth=auth("A_KEY"))
        fleet, _ = run(tmp_path, tmp_path / "out", environ={"A_KEY": "not-\udcff-text"})
    found = {provider.binding: (provider.outcome, provider.exit_code) for provider in fleet.providers}
    assert found == {
        "lawful.yaml": ("checked", 0),
        "dangling.yaml": ("not usable", 2),
        "ill\\udcff.yaml": ("not usable", 2),
        "badly-set.yaml": ("not usable", 2),
    }
    assert "cannot be read" in by_name(fleet)["dangling"].detail


def test_two_files_do_not_share_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a b.yaml").write_text("target: {}\n")
    (member,) = members(tmp_path)
    (tmp_path / f"{member.name}.yaml").write_text("target: {}\n")
    with pytest.raises(FleetError, match="rename one"):
        members(tmp_path)


def test_a_folder_without_bindings_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="holds no binding"):
        members(tmp_path)
    with pytest.raises(FleetError, match="is not a folder"):
        members(tmp_path / "nowhere")


def test_impossible_options_are_reported_before_any_request(tmp_path: Path) -> None:
    small(tmp_path, "one", "http://127.0.0.1:9")
    for change in ({"packs": ("cn-dsp-2024",)}, {"rules": ("nothing/*",)}):
        with pytest.raises(RulebookError):
            run(tmp_path, tmp_path / "out", options=FEW.model_copy(update=change))
    assert not (tmp_path / "out").exists()


def test_equals_share_a_rank() -> None:
    def provider(
        name: str, code: int, failed: int = 0, unverified: int = 0, judged: int = 9, passed: int = 5
    ) -> FleetRow:
        return FleetRow(
            outcome="checked",
            name=name,
            binding=f"{name}.yaml",
            binding_sha256="",
            key="",
            rank=None,
            exit_code=code,
            failed=["r"] * failed,
            unverified=["r"] * unverified,
            judged=judged,
            counts={"pass": passed, "fail": failed, "inconclusive": unverified},
        )

    given = [
        provider("f", 1, 2),
        provider("e", 1, 1),
        provider("d", 3, 0, 2),
        provider("c", 3, 0, 1),
        provider("b", 0),
        provider("a", 0),
    ]
    table = ranked([provider("open", 3, 0, 9, passed=0), provider("hidden", 3, judged=0), *given])
    assert [(each.name, each.rank) for each in table] == [
        ("a", 1),
        ("b", 1),
        ("c", 3),
        ("d", 4),
        ("e", 5),
        ("f", 6),
        ("hidden", None),
        ("open", None),
    ]

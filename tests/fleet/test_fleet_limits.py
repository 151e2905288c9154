"""A fleet that is interrupted, resumed or limited: what is repeated, what is ended, and what is kept."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.fleet import (
    FleetError,
    Options,
)

from .providers import (
    FEW,
    RULE,
    hang,
    labelled,
    reset,
    serving,
    small,
    unlabelled,
    wait_for,
    workers,
)
from .runs import by_name, run


@pytest.mark.costly
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


@pytest.mark.costly
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
@pytest.mark.costly
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


@pytest.mark.costly
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


@pytest.mark.costly
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


@pytest.mark.costly
def test_a_process_that_outlives_its_limit_is_killed(tmp_path: Path) -> None:
    with serving(hang) as url:
        small(tmp_path, "hanging", url, timeout=300)
        # The run may take 300 seconds, and its process four: as if it did not end by itself.
        options = FEW.model_copy(update={"max_seconds": 300.0})
        fleet, _ = run(tmp_path, tmp_path / "out", options=options, last_words=-296.0, at_once=1)
    found = by_name(fleet)["hanging"]
    assert (found.outcome, found.exit_code, found.rank) == ("stopped", 3, None)
    assert workers() == set()


@pytest.mark.costly
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


@pytest.mark.costly
def test_a_process_beyond_its_memory_ends_alone(tmp_path: Path) -> None:
    with serving(labelled) as url:
        small(tmp_path, "one", url)
        starved, _ = run(tmp_path, tmp_path / "out", memory=64 << 20)
        assert starved.providers[0].outcome == "broken"
        assert starved.providers[0].exit_code == 3
        fed, asked = run(tmp_path, tmp_path / "out")
        assert (fed.providers[0].exit_code, asked) == (0, ["one"])


@pytest.mark.costly
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


@pytest.mark.costly
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

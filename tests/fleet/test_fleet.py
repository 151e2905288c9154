"""A fleet of lawful, faulty, hanging, crashing and hostile providers: each to its own outcome, none to another's
harm.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from shenhe.conformance.fleet import (
    Fleet,
    FleetError,
    FleetRow,
    fleet_schema,
    gravest,
    members,
    ranked,
)
from shenhe.conformance.report import read_report
from shenhe.rulebook import RulebookError
from shenhe.sample import SampleServer

from .providers import (
    FEW,
    RULE,
    TWO,
    drip,
    flood,
    garbage,
    hang,
    labelled,
    of_sample,
    reset,
    serving,
    small,
)
from .runs import auth, by_name, run


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


@pytest.mark.costly
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

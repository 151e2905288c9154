"""Each fault changes what the sample provider does, and nothing it says gives the fault away."""

from __future__ import annotations

import ast
import functools
from collections import Counter
from pathlib import Path

import pytest

from shenhe.rulebook import load_rulebook
from shenhe.sample import FAULTS, VARIANTS, FaultName, UnknownFaultError, VariantName, create_app

from ..sampling import drawn
from .of_platforms import OF_CODES, OF_PLATFORMS, OF_SUPPORTERS
from .one_of_several import ONE_OF_SEVERAL
from .tour import tour
from .visitor import Answer

ROOT = Path(__file__).parents[2]


@functools.cache
def lawful() -> list[Answer]:
    return tour(create_app())


def test_the_lawful_provider_answers_the_same_every_time() -> None:
    assert tour(create_app()) == lawful()


def test_every_name_is_a_fault_with_rules_of_the_rulebook() -> None:
    rules = load_rulebook().rules
    assert set(FAULTS) == {name.value for name in FaultName}
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert fault.rules, name
        assert not fault.rules - rules.keys(), name
        assert fault.summary.endswith(".")


def named_in(folder: Path, enum: str = "FaultName") -> Counter[str]:
    """The members of an enum that the code below a folder refers to, as ``FaultName.…``."""
    return Counter(
        node.attr
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == enum
        if not node.attr.startswith("_")
    )


def test_code_and_file_name_the_same_faults() -> None:
    """A misspelt name in the code would be a fault that can never be switched on."""
    assert set(named_in(ROOT / "sample")) == set(FaultName.__members__)
    assert set(named_in(ROOT / "tests")) <= set(FaultName.__members__)


def test_code_and_file_name_the_same_variants() -> None:
    """A variant is carried out by code, by an overlay of the binding, or by an application in its own style."""
    named = set(named_in(ROOT / "sample", "VariantName")) | set(named_in(ROOT / "tests", "VariantName"))
    assert named <= set(VariantName.__members__)
    bound = {
        path.stem for folder in ("variants/overlays", "styles") for path in (ROOT / "sample" / folder).glob("*.yaml")
    }
    assert bound <= set(VARIANTS)
    assert {VariantName[name].value for name in named_in(ROOT / "sample", "VariantName")} | bound == set(VARIANTS)


@pytest.mark.parametrize(("names", "wrong"), [(FaultName, "TEXT_UNLABELED"), (VariantName, "PHONES_ONLY")])
def test_a_misspelt_name_is_refused_in_code(names: type, wrong: str) -> None:
    with pytest.raises(AttributeError, match=wrong.lower().replace("_", "-")):
        getattr(names, wrong)


def test_the_four_behaviours_of_the_core_all_have_faults() -> None:
    assert len(FAULTS) >= 40
    assert {fault.behaviour for fault in FAULTS.values()} >= {"labeling", "consent", "real-name", "takedown"}


#: Seen in a header only, which the tour does not keep; `tests/power/test_matrix.py` tries it.
IN_A_HEADER = frozenset({"exported-sounds-mistyped"})
#: Faults of the companion service, of deletion on withdrawal, of marks of origin and of platforms: the tour does not
#: reach them. `tests/conformance/checks/test_new_law.py` and `tests/power/test_roles.py` show that each breaks exactly
#: its rules.
NOT_ON_THE_TOUR = frozenset(
    {
        "companion-button-dead",
        "companion-child-alone",
        "companion-crisis-played-down",
        "companion-goes-on-after-goodbye",
        "companion-holds-back",
        "companion-kin-of-minors",
        "companion-knows-one-word",
        "companion-never-reminds",
        "companion-partner-of-minors",
        "companion-passes-for-a-person",
        "companion-reminds-once",
        "companion-says-so-once",
        "companion-unreviewed",
        "history-survives-deletion",
        "history-without-own-words",
        "origin-claims-everything",
        "origin-claims-others",
        "origin-denies-own-sounds",
        "second-layer-missing",
        "uses-unpublished",
        "withdrawal-deletes-nothing",
        *IN_A_HEADER,
        *ONE_OF_SEVERAL,
        *OF_PLATFORMS,
        *OF_SUPPORTERS,
        *OF_CODES,
    }
)


@pytest.mark.parametrize("name", drawn(20, sorted(FAULTS.keys() - NOT_ON_THE_TOUR)))
def test_a_fault_changes_behaviour_and_its_name_never_crosses_the_wire(name: str) -> None:
    answers = tour(create_app([name]))
    assert [(answer.status, answer.body) for answer in answers] != [(answer.status, answer.body) for answer in lawful()]
    for answer in answers:
        said = answer.body + repr(answer.headers).encode()
        for fault in FAULTS:
            assert fault.encode() not in said, answer.step
        assert b"fault" not in said.lower(), answer.step


def test_no_request_switches_a_fault() -> None:
    """Every header, query and body of the tour naming every fault: the answers stay the lawful ones."""
    app = create_app()
    names = ",".join(FAULTS)

    async def naming(scope: dict[str, object], receive: object, send: object) -> None:
        if scope["type"] == "http":
            headers = [*scope["headers"], (b"x-fault", names.encode()), (b"x-faults", names.encode())]  # type: ignore[misc]
            query = bytes(scope["query_string"])  # type: ignore[call-overload]
            scope = {**scope, "headers": headers, "query_string": query + b"&fault=" + names.encode()}
        await app(scope, receive, send)  # type: ignore[arg-type]

    assert tour(naming) == lawful()  # type: ignore[arg-type]


def test_faults_add_up() -> None:
    both = tour(create_app(["text-unlabelled", "page-survives"]))
    changed = {answer.step for answer, same in zip(both, lawful(), strict=True) if answer != same}
    assert {"dialogue", "illegal after page"} <= changed


@pytest.mark.parametrize(
    ("name", "closest"), [("text-unlabeled", "text-unlabelled"), ("page survives", "page-survives")]
)
def test_an_unknown_fault_is_reported_with_the_closest(name: str, closest: str) -> None:
    with pytest.raises(UnknownFaultError, match=closest) as caught:
        create_app([name])
    assert caught.value.closest[0] == closest

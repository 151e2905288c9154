"""Every lever of the schema has a metamorphic property that `shenhe validate` checks, or a reason why it has none."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

import pytest

from shenhe.simulator.levers import described_levers
from shenhe.simulator.runs.comparison import scenario_differences
from shenhe.simulator.validation.every_lever import ALL_PROPERTIES, WITHOUT_PROPERTY
from shenhe.simulator.validation.metamorphic import Property, market


def both_sides(prop: Property) -> Iterator[object]:
    for changes in (prop.before, prop.after):
        yield market({**prop.common, **(changes() if callable(changes) else changes)})


def moved(prop: Property) -> set[str]:
    """The paths in which the two sides of a property differ."""
    return {each.path for each in scenario_differences(*both_sides(prop))}  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def moved_paths() -> set[str]:
    return set().union(*map(moved, ALL_PROPERTIES))


def covers(path: str, lever: str) -> bool:
    steps = path.split(".")
    return fnmatch.fnmatchcase(".".join(steps[: lever.count(".") + 1]), lever)


def test_every_lever_has_a_property_or_a_reason(moved_paths: set[str]) -> None:
    levers = list(described_levers())
    assert len(levers) > 150
    uncovered = {lever for lever in levers if not any(covers(path, lever) for path in moved_paths)}
    unexplained = {
        lever for lever in uncovered if not any(fnmatch.fnmatchcase(lever, reason) for reason in WITHOUT_PROPERTY)
    }
    assert unexplained == set()


def test_every_reason_is_needed(moved_paths: set[str]) -> None:
    levers = list(described_levers())
    for reason in WITHOUT_PROPERTY:
        matching = [lever for lever in levers if fnmatch.fnmatchcase(lever, reason)]
        assert matching, f"{reason} names no lever"
        assert any(not any(covers(path, lever) for path in moved_paths) for lever in matching), reason


def test_properties_have_names_of_their_own() -> None:
    names = [prop.name for prop in ALL_PROPERTIES]
    assert len(set(names)) == len(names)

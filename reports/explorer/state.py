"""What the explorer shows, as one value: the scenario, up to four policies, and how they are run.

A link holds the whole state: compressed JSON in the fragment of its address. It is read within limits, since anyone
may have made it, and it never names a file: a scenario is one of those that ship, one that was named when the explorer
started, or a whole document inside the link.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import shlex
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from shenhe import scenarios
from shenhe.core.errors import ShenheError
from shenhe.simulator import Scenario, ScenarioError, load_scenario
from shenhe.simulator.scenario.values import faults_of

LETTERS = "ABCD"
"""The policies compared; A is what the others are compared with."""
MAX_LINK, MAX_DOCUMENT = 64_000, 400_000
"""Characters of a link, and bytes of what it holds."""
MAX_SET = 200
"""Levers that one policy may move."""
MAX_REPLICATIONS = 200
MAX_OCCASIONS = 60e6
"""Occasions of one run, all policies and replications together: about a minute of computing."""
SIZES = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Sizes of the simulated market."""


class StateError(ShenheError, ValueError):
    """A state that cannot be; the text says why."""


@dataclass(frozen=True)
class Policy:
    """One policy: levers moved away from the scenario, by path."""

    scenario: str
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class State:
    """All of the explorer that a link carries. ``documents`` holds scenarios that do not ship, by name."""

    policies: tuple[Policy, ...]
    size: float = 0.1
    replications: int = 20
    seed: int = 1
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= len(self.policies) <= len(LETTERS):
            raise StateError(f"found {len(self.policies)} policies, expected 1 to {len(LETTERS)}")
        if self.size not in SIZES:
            raise StateError(f"found a market of size {self.size}, expected one of {', '.join(map(str, SIZES))}")
        if not 2 <= self.replications <= MAX_REPLICATIONS:
            raise StateError(f"found {self.replications} replications, expected 2 to {MAX_REPLICATIONS}")
        if not 0 <= self.seed < 2**31:
            raise StateError(f"found seed {self.seed}, expected 0 to 2,147,483,647")
        for policy in self.policies:
            if policy.scenario not in scenarios.names() and policy.scenario not in self.documents:
                raise StateError(f"found the scenario {policy.scenario!r}, which is neither shipped nor opened")
            if len(policy.changes) > MAX_SET:
                raise StateError(f"found {len(policy.changes)} levers moved, expected at most {MAX_SET}")

    def base(self, place: int) -> Scenario:
        """The scenario that a policy starts from, at the size of the simulated market."""
        return self._scenario(self.policies[place].scenario, {})

    def scenario(self, place: int) -> Scenario:
        """The scenario of one policy. Raises :class:`ScenarioError` for levers that cannot be where they are."""
        policy = self.policies[place]
        return self._scenario(policy.scenario, policy.changes)

    def _scenario(self, name: str, changes: Mapping[str, Any]) -> Scenario:
        found = _loaded(name, json.dumps(self.documents.get(name)), self.size, json.dumps(changes, sort_keys=True))
        if isinstance(found, str):
            raise ScenarioError(found)
        return found

    def checked(self) -> tuple[Scenario, ...]:
        """The scenarios of all policies, refused where together they would run for too long."""
        found = tuple(self.scenario(place) for place in range(len(self.policies)))
        occasions = sum(each.expected_occasions for each in found) * self.replications
        if occasions > MAX_OCCASIONS:
            raise StateError(
                f"this would simulate {occasions:,.0f} occasions, more than the explorer runs ({MAX_OCCASIONS:,.0f});"
                " choose a smaller market or fewer replications, or use the command line"
            )
        return found

    def changed(self, place: int, path: str, value: Any) -> State:
        """This state with one lever of a policy moved; a value like the scenario's own moves it back."""
        policy = self.policies[place]
        changes = {key: other for key, other in policy.changes.items() if key != path}
        own = dict(self.base(place).parameters()).get(path)
        if value != own:
            changes[path] = value
        return self.with_policy(place, replace(policy, changes=changes))

    def with_policy(self, place: int, policy: Policy) -> State:
        policies = list(self.policies)
        policies[place] = policy
        return replace(self, policies=tuple(policies))

    def with_one_more(self, place: int) -> State:
        """This state with a copy of a policy at the end."""
        return replace(self, policies=(*self.policies, self.policies[place]))

    def without(self, place: int) -> State:
        return replace(self, policies=tuple(p for number, p in enumerate(self.policies) if number != place))

    def to_json(self) -> dict[str, Any]:
        used = {policy.scenario for policy in self.policies}
        return {
            "policies": [{"scenario": each.scenario, "set": dict(each.changes)} for each in self.policies],
            "size": self.size,
            "replications": self.replications,
            "seed": self.seed,
            "documents": {name: document for name, document in self.documents.items() if name in used},
            "hashes": {name: scenario_hash(name) for name in sorted(used) if name in scenarios.names()},
        }

    def link(self) -> str:
        """The state as text for the fragment of an address."""
        packed = zlib.compress(json.dumps(self.to_json(), separators=(",", ":")).encode(), 9)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def commands(self) -> list[str]:
        """The command of each comparison with A, or of the one policy there is."""
        start = [("--set", "population.scale", self.size)] if self.size != 1.0 else []
        end = ["--replications", str(self.replications), "--seed", str(self.seed)]

        def options(name: str, place: int) -> list[str]:
            return [
                part
                for path, value in self.policies[place].changes.items()
                for part in (name, f"{path}={json.dumps(value, ensure_ascii=False)}")
            ]

        common = [part for name, path, value in start for part in (name, f"{path}={value}")]
        names = [
            policy.scenario if policy.scenario in scenarios.names() else f"{policy.scenario}.yaml"
            for policy in self.policies
        ]
        if len(self.policies) == 1:
            return [shlex.join(["shenhe", "simulate", names[0], *common, *options("--set", 0), *end])]
        return [
            shlex.join(
                ["shenhe", "compare", names[0], names[k], *common, *options("--set-a", 0), *options("--set-b", k), *end]
            )
            for k in range(1, len(self.policies))
        ]


def from_json(data: Any, opened: Mapping[str, Mapping[str, Any]] | None = None) -> State:
    """A state from what :meth:`State.to_json` made. Raises :class:`StateError` for anything else."""
    try:
        policies = tuple(
            Policy(_text(each["scenario"]), {_text(path): _value(value) for path, value in each["set"].items()})
            for each in data["policies"]
        )
        documents = {**{_text(k): dict(v) for k, v in data.get("documents", {}).items()}, **(opened or {})}
        return State(
            policies,
            float(data.get("size", 0.1)),
            int(data.get("replications", 20)),
            int(data.get("seed", 1)),
            documents,
            {_text(name): _text(value) for name, value in data.get("hashes", {}).items()},
        )
    except StateError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise StateError(f"found {type(error).__name__} while reading it, expected a state of the explorer") from None


def from_link(text: str, opened: Mapping[str, Mapping[str, Any]] | None = None) -> State:
    """The state of a link. Raises :class:`StateError` for one that is no state, or too large."""
    if len(text) > MAX_LINK:
        raise StateError(f"found {len(text):,} characters, expected at most {MAX_LINK:,}")
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, MAX_DOCUMENT)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise StateError(f"expected at most {MAX_DOCUMENT:,} bytes")
        return from_json(json.loads(data), opened)
    except (binascii.Error, zlib.error, UnicodeError, ValueError, RecursionError) as error:
        if isinstance(error, StateError):
            raise
        raise StateError("it is cut off or damaged") from None


def changed_scenarios(state: State) -> list[str]:
    """Shipped scenarios of a link that were different where it was made."""
    return [name for name, value in state.hashes.items() if name in scenarios.names() and scenario_hash(name) != value]


@functools.cache
def scenario_hash(name: str) -> str:
    return load_scenario(name).hash[:12]


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise StateError("found no short text where a name belongs")
    return value


def _value(value: Any) -> Any:
    """A value of a lever: one number, word or switch, or a short list of words."""
    plain = isinstance(value, bool | int | float | str) or value is None
    listed = isinstance(value, list) and len(value) <= 32 and all(isinstance(each, str | int | float) for each in value)
    if not (plain or listed) or (isinstance(value, str) and len(value) > 200):
        raise StateError("found a value of a lever that is neither a number, a word nor a short list")
    return value


@functools.lru_cache(maxsize=256)
def _loaded(name: str, document: str, size: float, changes: str) -> Scenario | str:
    """The scenario, or why it cannot be: kept, since every view of the explorer asks again."""
    overrides: dict[str, Any] = json.loads(changes)
    if size != 1.0:
        overrides = {"population.scale": size, **overrides}
    try:
        whole = json.loads(document)
        if whole is None:
            return load_scenario(name, overrides, exact=True)
        return Scenario.model_validate(whole).changed(overrides)
    except ValidationError as error:
        return faults_of(error, Scenario)
    except ShenheError as error:
        return str(error)


__all__ = ["LETTERS", "Policy", "State", "StateError", "changed_scenarios", "from_json", "from_link"]

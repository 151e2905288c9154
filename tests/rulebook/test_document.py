"""The YAML reader: bounded, plain, and exact about where a fault is."""

from __future__ import annotations

import doctest
import importlib
import json
import math
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from shenhe.core.document import DocumentError, Fault, Json, Limits, Mark, dotted, read_yaml, shown, validate


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid")

    method: Literal["GET", "POST"]
    seconds: float = 1.0
    api_key: int = 0


class Binding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    steps: list[Step] = []
    other: Step | int = 0


def fault(text: str | Path, **limits: int) -> str:
    with pytest.raises(DocumentError) as caught:
        read_yaml(text, "f.yaml", limits=Limits(**limits))
    return str(caught.value)


def invalid(text: str) -> list[str]:
    data, locate = read_yaml(text, "f.yaml")
    with pytest.raises(DocumentError) as caught:
        validate(Binding, data, locate)
    return [str(found) for found in caught.value.faults]


def test_doctest() -> None:
    assert doctest.testmod(importlib.import_module("shenhe.core.document")).failed == 0


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("on", "on"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("12:30", "12:30"),
        ("2023-01-10", "2023-01-10"),
        ("1e-3", 0.001),
        ("1.", 1.0),
        (".5", 0.5),
        ("-12", -12),
        ("+7", 7),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("007", "007"),
        ("0", 0),
        ("1.2.3", "1.2.3"),
        ("-", [None]),
        ("-x", "-x"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("|\n  5", "5"),
        ("标识", "标识"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_a_plain_value_means_what_it_looks_like(written: str, meant: Json) -> None:
    data, _ = read_yaml(written)
    assert data == meant
    assert type(data) is type(meant)


def test_nan_is_a_number_that_models_refuse() -> None:
    data, _ = read_yaml("a: .nan")
    assert isinstance(data, dict)
    assert math.isnan(data["a"])  # type: ignore[arg-type]


def test_keys_are_text() -> None:
    data, _ = read_yaml("{200: ok, true: x, null: y, 1.0: z}")
    assert data == {"200": "ok", "true": "x", "null": "y", "1.0": "z"}


# What JSON writes as escapes that YAML knows too: no surrogate pairs, no raw control characters.
WORDS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cc"]), max_size=8)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
        max_leaves=12,
    )
)
def test_any_json_is_read_back_and_located(value: object) -> None:
    data, locate = read_yaml(json.dumps(value))
    assert data == value
    assert locate(()) == Mark(1, 1)


def test_places_of_values_and_keys() -> None:
    _, locate = read_yaml("name: x\nsteps:\n  - method: GET\n    seconds: 2\n", "f.yaml")
    assert locate(("steps", 0, "seconds")) == Mark(4, 14)
    assert locate(("steps", 0, "seconds"), key=True) == Mark(4, 5)
    assert locate(("steps", 0)) == Mark(3, 5)
    assert locate(("steps", 0, "missing")) == Mark(3, 5), "a missing field is placed at what should hold it"
    assert locate(("steps", 0, "Step", "seconds")) == Mark(4, 14), "the name of a union member is passed over"
    assert locate.source_name == "f.yaml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2\nb: 3\n", "f.yaml:2:2: not well-formed YAML"),
        ("a: b: c\n", "f.yaml:1:5: not well-formed YAML"),
        ("a: 1\n\tb: 2\n", "f.yaml:2:1: not well-formed YAML"),
        ("a: 'x\n", "f.yaml:2:1: not well-formed YAML"),
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: a: found the key a second time (first on line 1)"),
        ("a: &x 1\n", "f.yaml:1:4: a: found an anchor (&)"),
        ("a: 1\nb: *x\n", "f.yaml:2:4: b: found an alias (*)"),
        ("&k a: 1\n", "f.yaml:1:1: found a key that is not plain text"),
        ("a:\n  <<: {b: 1}\n", "f.yaml:2:3: a: found a merge key (<<)"),
        ("a: !!python/object/apply:os.system ['true']\n", "f.yaml:1:4: a: found the tag"),
        ("a: !!binary aGk=\n", "f.yaml:1:4: a: found the tag"),
        ("? [1, 2]\n: x\n", "f.yaml:1:3: found a key that is not plain text"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: found a second document"),
        ("a: \x01\n", "f.yaml:1:4: found a character that YAML does not allow"),
        ("a: \ud800\n", "f.yaml:1:4: found byte 0xed, expected text in UTF-8"),
    ],
)
def test_yaml_beyond_the_plain_dialect_is_refused_with_its_place(text: str, message: str) -> None:
    assert fault(text).startswith(message)


def test_bombs_are_refused() -> None:
    doubled = "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    laughs = "a: &a [x, x]\n" + doubled
    assert "expected the value written out" in fault(laughs)
    assert "found more than 40 levels" in fault("[" * 100_000)
    assert "found more than 40 levels" in fault("".join(" " * depth + "a:\n" for depth in range(200)))
    assert "found more than 100 values" in fault("[" + "x," * 1000 + "]", values=100)
    assert "found more than 2,097,152 bytes" in fault("a: " + "x" * 3_000_000)
    assert "found a number of 5,000 characters" in fault("a: " + "9" * 5_000)


def test_a_file_is_read_no_further_than_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_bytes(b"# " + b"x" * 200 + b"\na: 1\n")
    assert "long.yaml" in str(path)
    assert "found more than 100 bytes" in fault(path, size=100)
    assert read_yaml(path)[0] == {"a": 1}


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("a: 1\nname: Zoë\n".encode("latin-1"))
    assert fault(path).startswith("f.yaml:2:9: found byte 0xeb, expected text in UTF-8")


def test_a_missing_file_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_yaml(tmp_path / "absent.yaml")


def test_empty_documents_are_null() -> None:
    assert read_yaml("")[0] is None
    assert read_yaml("# only a comment\n")[0] is None


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    faults: tuple[Fault, ...] = ()
    try:
        read_yaml(text, "f.yaml")
    except DocumentError as error:
        faults = error.faults
    assert all(found.source == "f.yaml" and found.mark >= (1, 1) for found in faults)


def test_each_invalid_value_has_its_line() -> None:
    assert invalid("name: 5\nsteps:\n  - method: PUT\n    seconds: [1]\n  - seconds: 1\n") == [
        "f.yaml:1:7: name: found 5, expected a valid string",
        "f.yaml:3:13: steps[0].method: found 'PUT', expected 'GET' or 'POST'",
        "f.yaml:4:14: steps[0].seconds: found a list of 1, expected a valid number",
        "f.yaml:5:5: steps[1].method: found no value, expected one for 'method'",
    ]


def test_an_unknown_field_is_answered_with_the_nearest() -> None:
    assert invalid("name: x\nsteps:\n  - {method: GET, secnds: 1}\n") == [
        "f.yaml:3:19: steps[0].secnds: found a field 'secnds' that does not exist here, expected 'seconds'"
    ]
    assert invalid("name: x\nzzz: 1\n") == [
        "f.yaml:2:1: zzz: found a field 'zzz' that does not exist here, expected one of: name, other, steps"
    ]


def test_the_wrong_kind_of_document() -> None:
    assert invalid("- a\n")[0].startswith("f.yaml:1:1: found a list of 1, expected a mapping")
    assert invalid("")[0].startswith("f.yaml:1:1: found nothing, expected a mapping")


def test_a_secret_is_not_repeated() -> None:
    (message,) = invalid("name: x\nsteps: [{method: GET, api_key: hunter2}]\n")
    assert "hunter2" not in message
    assert "steps[0].api_key: found a value (not shown)" in message


def test_names_of_union_members_stay_out_of_the_path() -> None:
    messages = invalid("name: x\nother: {method: PUT}\n")
    assert "f.yaml:2:17: other.method: found 'PUT', expected 'GET' or 'POST'" in messages


def test_values_are_shown_short_and_on_one_line() -> None:
    assert shown("a\nb") == r"'a\nb'"
    assert len(shown("x" * 500)) == 60
    assert dotted(("rules", 3, "id")) == "rules[3].id"

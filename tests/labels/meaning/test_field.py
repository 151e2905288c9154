"""The AIGC field, parsed from every form that real writers give it."""

from __future__ import annotations

import base64
import json

import pytest

from shenhe.labels import Deviation, ImplicitFields
from shenhe.labels.meaning.aigc import code_deviations, parse, uscc_is_valid

D = Deviation
CODE = "001191110102MACQD9K64010000"
GOOD = ImplicitFields(CODE, "a-1").json()


def deviations(value: str | bytes, name: str | None = "AIGC") -> set[Deviation]:
    parsed = parse(value, name=name)
    assert parsed is not None
    return set(parsed.deviations)


def with_key(**changes: object) -> str:
    return json.dumps({**json.loads(GOOD), **changes})


def without(*keys: str) -> str:
    return json.dumps({k: v for k, v in json.loads(GOOD).items() if k not in keys})


def test_written_labels_have_no_deviation() -> None:
    assert deviations(GOOD) == set()
    parsed = parse(GOOD, name="AIGC")
    assert parsed is not None
    assert parsed.fields["ContentPropagator"] == CODE, "on first writing the propagator is the producer"


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (f'{{"AIGC":{GOOD}}}', "AIGC", {D.WRAPPED}),
        (f'{{"AIGC":{GOOD}}}', None, set()),
        (GOOD, None, {D.NOT_WRAPPED}),
        (GOOD, "aigc", {D.FIELD_NAME_CASE}),
        (GOOD, "X-AIGC-Info", {D.FIELD_NAME_LONGER}),
        (f'{{"aigc":{GOOD}}}', "AIGC", {D.WRAPPED, D.FIELD_NAME_CASE}),
        (base64.b64encode(GOOD.encode()).decode(), "AIGC", {D.BASE64}),
        (
            base64.urlsafe_b64encode(b"AIGC=" + GOOD.encode()).decode().rstrip("="),
            "AIGC",
            {D.BASE64, D.PREFIXED},
        ),
        ("AIGC=" + GOOD, "AIGC", {D.PREFIXED}),
        (json.dumps(GOOD), "AIGC", {D.JSON_IN_STRING}),
        (json.dumps({"AIGC": GOOD}), "AIGC", {D.JSON_IN_STRING, D.WRAPPED}),
        (GOOD.replace('"', "&quot;"), "AIGC", {D.DOUBLE_ESCAPED}),
        (GOOD.replace('"', '\\"'), "AIGC", {D.DOUBLE_ESCAPED}),
        (with_key(Label=1), "AIGC", {D.NUMBER_FOR_STRING}),
        (with_key(ReservedCode1=12), "AIGC", {D.NUMBER_FOR_STRING}),
        (with_key(ReservedCode1=None), "AIGC", {D.WRONG_TYPE}),
        (with_key(ReservedCode1={"a": 1}), "AIGC", {D.WRONG_TYPE, D.ILLEGAL_CHARACTER}),
        (with_key(Label="4"), "AIGC", {D.LABEL_VALUE}),
        (with_key(Label=""), "AIGC", {D.LABEL_MISSING}),
        (without("Label"), "AIGC", {D.LABEL_MISSING}),
        (without("ContentProducer"), "AIGC", {D.PRODUCER_MISSING}),
        (without("ProduceID"), "AIGC", {D.PRODUCE_ID_MISSING}),
        (without("ContentPropagator"), "AIGC", {D.PROPAGATOR_MISSING}),
        (with_key(ContentPropagator="", PropagateID=""), "AIGC", {D.PROPAGATOR_EMPTY}),
        (without("ReservedCode2"), "AIGC", {D.MISSING_KEY}),
        (with_key(Other="x"), "AIGC", {D.UNKNOWN_KEY}),
        (GOOD.replace("ReservedCode1", "ReserveCode1"), "AIGC", {D.MISSPELT_KEY}),
        (GOOD.replace("ContentProducer", "contentproducer"), "AIGC", {D.KEY_CASE}),
        (GOOD.replace("{", '{"Label":"2",', 1), "AIGC", {D.DUPLICATE_KEY}),
        (with_key(ContentProducer="某公司", ContentPropagator="x"), "AIGC", {D.ILLEGAL_CHARACTER}),
        (with_key(ProduceID="a b"), "AIGC", {D.ILLEGAL_CHARACTER}),
        (with_key(ContentProducer=CODE[:-1]), "AIGC", {D.CODE_MALFORMED}),
        (with_key(ContentProducer=CODE.replace("64010000", "65010000")), "AIGC", {D.CODE_CHECKSUM}),
        (with_key(ContentProducer="doubao"), "AIGC", set()),
        (GOOD[:-1], "AIGC", {D.MALFORMED_JSON}),
        (GOOD.replace('"', "'"), "AIGC", {D.MALFORMED_JSON}),
        (GOOD.encode("utf-16"), "AIGC", set()),
        (b"ASCII\0\0\0" + f'{{"AIGC":{GOOD}}}'.encode(), None, set()),
        (b"UNICODE\0" + f'{{"AIGC":{GOOD}}}'.encode("utf-16-le"), None, set()),
        (b"UNICODE\0" + f'{{"AIGC":{GOOD}}}'.encode("utf-16-be"), None, set()),
        (b"UNICODE\0" + f'{{"AIGC":{GOOD}}}'.encode(), None, {D.TEXT_ENCODING}),
        (b"\0" * 8 + f'{{"AIGC":{GOOD}}}'.encode(), None, set()),
        (b"\xef\xbb\xbf" + GOOD.encode() + b"\0\0", "AIGC", {D.PADDED}),
        ("  " + GOOD, "AIGC", {D.PADDED}),
    ],
)
def test_each_departure_is_named(value: str | bytes, name: str | None, expected: set[Deviation]) -> None:
    found = deviations(value, name)
    assert found == expected
    parsed = parse(value, name=name)
    assert parsed is not None
    if not expected - {
        D.BASE64,
        D.WRAPPED,
        D.PADDED,
        D.MALFORMED_JSON,
        D.DOUBLE_ESCAPED,
        D.PREFIXED,
        D.JSON_IN_STRING,
    }:
        assert parsed.fields["Label"] == "1"
        assert parsed.fields["ProduceID"] == "a-1"


def test_the_vocabulary_of_other_vendors_is_distinguished() -> None:
    value = json.dumps({"Label": "1", "ServiceProvider": "x", "ServiceUser": "u", "Time": "t", "ContentId": "c"})
    found = deviations(value, None)
    assert D.OTHER_VOCABULARY in found
    assert D.PRODUCER_MISSING in found


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ('{"steps": 20}', None),
        ('{"aigc_label_type": 1}', "aigc_label_type"),
        ("1", "aigc_label_type"),
        ("Steps: 20, Sampler: Euler", None),
        ("AI播客", None),
        ("", None),
        ("[" * 100_000, None),
    ],
)
def test_near_misses_are_no_label(value: str, name: str | None) -> None:
    assert parse(value, name=name) is None


def test_deep_json_under_the_name_is_a_broken_label() -> None:
    assert D.MALFORMED_JSON in deviations("[" * 200_000)
    assert D.MALFORMED_JSON in deviations("9" * 10_000)


def test_provider_codes_met_in_real_files_pass_their_checksum() -> None:
    for code in (
        CODE,
        "001191330106MA2CFLDG4R10001",
        "001191440300708461136T1308L",
        "00119144030008867405X210002",
    ):
        assert code_deviations(code) == ()
        assert uscc_is_valid(code[4:22])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ContentProducer": "a b", "ProduceID": "1"}, "ContentProducer holds ' '"),
        ({"ContentProducer": "a"}, "must not be empty"),
        ({"ContentProducer": "a", "ProduceID": "1", "Label": "9"}, "Label is '9'"),
        ({"ContentProducer": "a", "ProduceID": "1", "Lable": "1"}, "unknown key 'Lable'"),
        ({"ContentProducer": "a", "ProduceID": 1}, "ProduceID must be a string"),
    ],
)
def test_fields_that_the_annex_excludes_cannot_be_made(values: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ImplicitFields.from_mapping(values)

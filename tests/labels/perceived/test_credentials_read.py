"""Content credentials: the signer, the chain of ingredients, and changes after signing."""

from __future__ import annotations

import datetime
import time

import pytest

from shenhe.labels import Deviation, Label, Limits
from shenhe.labels.bytes import sandbox
from shenhe.labels.findings import Findings

from ..perceivable import encoded
from ..signing import credentials, signed
from .stamps import ground, needs_credentials

D = Deviation


@needs_credentials
@pytest.mark.parametrize(("form", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_credentials_tell_an_unknown_signer_from_tampering(form: str, media_type: str) -> None:
    data = signed(encoded(ground("gradient", (96, 64)), form), media_type, "trainedAlgorithmicMedia")
    found = Findings(Limits())
    sandbox.ask("c2pa", media_type, "", data, found)
    assert [label.scheme for label in found.labels] == ["c2pa"], found.refused
    label = found.labels[0]
    assert label.deviations == (D.UNTRUSTED_SIGNER,)
    assert label.conformant
    assert label.fields["stands_in"] == "active manifest"
    changed = bytearray(data)
    changed[-20] ^= 1
    found = Findings(Limits())
    sandbox.ask("c2pa", media_type, "", bytes(changed), found)
    assert D.TAMPERED in found.labels[0].deviations
    assert not found.labels[0].conformant


def credential(data: bytes, media_type: str = "image/png", *, trust_anchors: str = "") -> Label:
    """The one credential of ``data``, read in the worker."""
    found = Findings(Limits(), trust_anchors)
    sandbox.ask("c2pa", media_type, "", data, found)
    assert [label.scheme for label in found.labels] == ["c2pa"], (found.refused, found.notes)
    return found.labels[0]


@needs_credentials
def test_a_signer_that_the_caller_vouches_for_is_trusted() -> None:
    data = signed(encoded(ground("gradient", (96, 64))), "image/png", "trainedAlgorithmicMedia")
    assert credential(data).deviations == (D.UNTRUSTED_SIGNER,)
    label = credential(data, trust_anchors=credentials()[2].decode())
    assert label.deviations == ()
    assert label.fields["validation_state"] == "Trusted"


@needs_credentials
@pytest.mark.costly
def test_an_expired_signer_is_no_tampering() -> None:
    # Nobody can sign with a certificate that has expired: this one does so while the test waits.
    lifetime = datetime.timedelta(seconds=4)
    made = time.monotonic()
    data = signed(
        encoded(ground("gradient", (96, 64))),
        "image/png",
        "trainedAlgorithmicMedia",
        certificates=credentials(lifetime),
    )
    time.sleep(max(0.0, made + lifetime.total_seconds() + 1.5 - time.monotonic()))
    label = credential(data)
    assert D.EXPIRED_SIGNER in label.deviations
    assert D.TAMPERED not in label.deviations
    assert label.conformant


@needs_credentials
def test_an_origin_is_found_down_the_chain_of_ingredients() -> None:
    picture = encoded(ground("gradient", (96, 64)))
    first = signed(picture, "image/png", "trainedAlgorithmicMedia")
    second = signed(picture, "image/png", "", parent=first)
    third = signed(picture, "image/png", "", parent=second)
    for data in (second, third):
        label = credential(data)
        assert label.fields["stands_in"] == "parent manifest"
        assert label.fields["digital_source_type"] == ["trainedAlgorithmicMedia"]
        assert D.TAMPERED not in label.deviations


@needs_credentials
def test_a_changed_file_is_detected_in_any_manifest() -> None:
    picture = encoded(ground("gradient", (96, 64)))
    first = bytearray(signed(picture, "image/png", "trainedAlgorithmicMedia"))
    first[-20] ^= 1
    assert D.TAMPERED in credential(bytes(first)).deviations
    label = credential(signed(picture, "image/png", "", parent=bytes(first)))
    assert label.deviations == (D.UNTRUSTED_SIGNER, D.INGREDIENT_CHANGED), "the parent was changed before it was used"
    assert label.conformant
    assert not label.strict


@needs_credentials
def test_credentials_of_a_camera_are_a_note() -> None:
    data = signed(encoded(ground("gradient", (96, 64))), "image/png", "digitalCapture")
    found = Findings(Limits())
    sandbox.ask("c2pa", "image/png", "", data, found)
    assert found.labels == []
    assert "does not speak of AI" in found.notes[0]

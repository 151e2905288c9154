"""C2PA content credentials: what their manifests say of AI, and whether they still match the file.

Judged by validation codes, never by the summary: credentials of large generators come out "invalid" merely
because a certificate has expired. Nothing is fetched: manifests kept elsewhere and revocation lists stay
unread.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import c2pa

from ..findings import AI_SOURCE_TYPES, Findings, without_addresses
from ..model import Deviation, Label

_SETTINGS: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
_MATCHING_FAILED = (
    "assertion.dataHash.mismatch",
    "assertion.bmffHash.mismatch",
    "assertion.boxesHash.mismatch",
    "assertion.hashedURI.mismatch",
    "assertion.collectionHash.mismatch",
    "claimSignature.mismatch",
    "claim.malformed",
)
_DEPTH = 32


def read(data: bytes, media_type: str, _demuxer: str, found: Findings) -> None:
    """Adds one label for a file whose active manifest or any of its ingredients was made by AI; notes
    credentials of others.
    """
    trust = {"trust": {"trust_anchors": found.trust_anchors}} if found.trust_anchors else {}
    settings = c2pa.Settings.from_dict(_SETTINGS | trust)
    context = c2pa.Context(settings=settings)
    try:
        with c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader:
            store = json.loads(reader.json())
            remote = reader.get_remote_url()
    except c2pa.C2paError as error:
        if "ManifestNotFound" not in f"{type(error).__name__} {error}":
            found.refuse("c2pa", f"the content credential cannot be read: {without_addresses(error)}")
        return
    if remote:
        found.note("c2pa: the file names a manifest kept elsewhere; it was not fetched")
    manifests = store.get("manifests", {})
    active = store.get("active_manifest", "")
    origins = [(name, source) for name, manifest in manifests.items() for source in _source_types(manifest, 0)]
    codes = sorted(set(_failures(store)))
    of_ingredients = sorted({code for manifest in manifests.values() for code in _ingredient_failures(manifest)})
    machine = [(name, source) for name, source in origins if source.rpartition("/")[2].casefold() in AI_SOURCE_TYPES]
    generator = _generator(manifests.get(active, {}))
    if not machine:
        found.note(f"c2pa: a content credential by {generator[:80]!r} that does not speak of AI")
        return
    deviations = _deviations(codes, of_ingredients)
    where = "active manifest" if any(name == active for name, _ in machine) else "parent manifest"
    signature = manifests.get(active, {}).get("signature_info", {})
    fields = {
        "digital_source_type": sorted({source.rpartition("/")[2] for _, source in machine}),
        "stands_in": where,
        "generator": generator[:200],
        "issuer": str(signature.get("issuer", ""))[:200],
        "validation_state": str(store.get("validation_state", "")),
        "failure_codes": codes[:32],
        "ingredient_failure_codes": of_ingredients[:32],
    }
    sentences = " ".join([f"Content credential, AI origin in the {where}.", *(d.sentence for d in deviations)])
    found.add(Label("c2pa", "implicit", "c2pa:manifest", fields, deviations, None, machine[0][1][:400], sentences))


def _deviations(codes: list[str], of_ingredients: list[str]) -> tuple[Deviation, ...]:
    seen = set()
    for code in codes:
        if code == "signingCredential.untrusted":
            seen.add(Deviation.UNTRUSTED_SIGNER)
        elif code in ("signingCredential.expired", "timeStamp.outsideValidity"):
            seen.add(Deviation.EXPIRED_SIGNER)
        elif _is_mismatch(code):
            seen.add(Deviation.TAMPERED)
    if any(map(_is_mismatch, of_ingredients)):
        seen.add(Deviation.INGREDIENT_CHANGED)
    return tuple(d for d in Deviation if d in seen)


def _is_mismatch(code: str) -> bool:
    return code in _MATCHING_FAILED or code.endswith(".mismatch")


def _source_types(node: Any, depth: int) -> Iterator[str]:
    """Every digital source type in a manifest, wherever an assertion keeps it."""
    if depth > _DEPTH:
        return
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("digitalSourceType", "digital_source_type", "Iptc4xmpExt:DigitalSourceType") and isinstance(
                value, str
            ):
                yield value
            else:
                yield from _source_types(value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            yield from _source_types(value, depth + 1)


def _failures(store: dict[str, Any]) -> Iterator[str]:
    """Failure codes of the active manifest, and those that ingredients have gained since they were used."""
    for status in store.get("validation_status") or []:
        yield str(status.get("code", ""))
    results = store.get("validation_results") or {}
    for part in [
        results.get("activeManifest") or {},
        *(d.get("validationDeltas") or {} for d in results.get("ingredientDeltas") or []),
    ]:
        yield from _codes(part)


def _ingredient_failures(manifest: dict[str, Any]) -> Iterator[str]:
    """Failure codes that were recorded of a manifest's ingredients when they were used."""
    for ingredient in manifest.get("ingredients") or []:
        yield from _codes((ingredient.get("validation_results") or {}).get("activeManifest") or {})


def _codes(results: dict[str, Any]) -> Iterator[str]:
    for status in results.get("failure") or []:
        yield str(status.get("code", ""))


def _generator(manifest: dict[str, Any]) -> str:
    named = manifest.get("claim_generator_info") or []
    if named and isinstance(named[0], dict):
        return str(named[0].get("name", ""))
    return str(manifest.get("claim_generator", ""))

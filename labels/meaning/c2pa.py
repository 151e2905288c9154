"""C2PA content credentials: what their manifests say of AI, and whether they still match the file.

Every credential is judged, whether it speaks of AI or not, and by validation codes, never by the summary: credentials
of large generators come out "invalid" merely because a certificate has expired. What an ingredient says counts by its
relationship: a parent is what the content was made from, a component is a part of it, an input (a reference picture, a
prompt) is neither. Nothing is fetched: manifests kept elsewhere and revocation lists stay unread.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import c2pa

from ..findings import Findings, library_words
from ..model import Deviation, Label
from .source_types import SourceType, source_type

_SETTINGS: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
#: Failure codes by what they amount to; a code of none of these groups makes the credential invalid.
_UNTRUSTED = {"signingCredential.untrusted"}
_EXPIRED = {"signingCredential.expired", "timeStamp.outsideValidity", "claimSignature.outsideValidity"}
_REVOKED = {"signingCredential.revoked", "signingCredential.ocsp.revoked"}
#: Not known offline; says nothing of the credential.
_UNKNOWN = {
    *("signingCredential.ocsp.unknown", "signingCredential.ocsp.inaccessible", "signingCredential.ocsp.skipped"),
    *("timeStamp.untrusted", "timeStamp.unknownProvider", "ingredient.unknownProvenance", "manifest.inaccessible"),
}
_DEPTH = 32
_MOST_MANIFESTS = 256

#: How a manifest belongs to the content: the content's own, or by the relationships that lead to it.
OWN, PARENT, COMPONENT, INPUT = "active manifest", "parent manifest", "component manifest", "input manifest"
_BY_RELATIONSHIP = {"parentOf": PARENT, "componentOf": COMPONENT, "inputTo": INPUT}
_STRENGTH = {OWN: 0, PARENT: 1, COMPONENT: 2, INPUT: 3}


@dataclass(frozen=True, slots=True)
class _Origin:
    """A digital source type that a manifest states."""

    where: str
    value: str
    kind: SourceType


def read(data: bytes, media_type: str, _demuxer: str, found: Findings) -> None:
    """Adds a label for a file whose credential says that it, its parent or a part of it was made by AI. Notes other
    credentials, with what is wrong with them.
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
            found.refuse("c2pa", f"the content credential cannot be read: {library_words(error)}")
        return
    if remote:
        found.note("c2pa: the file names a manifest kept elsewhere; it was not fetched")
    report(store, found)


def report(store: dict[str, Any], found: Findings) -> None:
    """What a manifest store amounts to."""
    manifests = store.get("manifests") or {}
    active = store.get("active_manifest", "")
    places = _places(manifests, active)
    origins = [
        _Origin(where, value, kind)
        for name, where in places.items()
        for value in _source_types({k: v for k, v in manifests[name].items() if k != "ingredients"}, 0)
        if (kind := source_type(value)) is not None
    ]
    codes = sorted(set(_failures(store)))
    of_ingredients = sorted({code for manifest in manifests.values() for code in _ingredient_failures(manifest)})
    deviations = _deviations(codes, of_ingredients)
    generator = _generator(manifests.get(active) or {})
    found.origins += [(f"content credential ({each.where})", each.kind.term) for each in origins if each.where == OWN]
    machine = sorted(
        (each for each in origins if each.kind.is_ai and each.where != INPUT), key=lambda each: _STRENGTH[each.where]
    )
    inputs = [each for each in origins if each.kind.is_ai and each.where == INPUT]
    if inputs:
        found.note(f"c2pa: a file that was only an input was {inputs[0].kind.meaning}; it is no part of this one")
    if not machine:
        words = f"c2pa: a content credential by {generator[:80]!r} that does not speak of AI"
        meanings = sorted({each.kind.meaning for each in origins if each.where == OWN})
        words += f" ({'; '.join(meanings)})" if meanings else ""
        found.note(" ".join([f"{words}.", *(deviation.sentence for deviation in deviations)]))
        return
    where = machine[0].where
    partly = where == COMPONENT or all(each.kind.says == "partly" for each in machine)
    signature = (manifests.get(active) or {}).get("signature_info") or {}
    fields = {
        "digital_source_type": sorted({each.kind.term for each in machine}),
        "says": "partly" if partly else "generated",
        "stands_in": where,
        "generator": generator[:200],
        "issuer": str(signature.get("issuer", ""))[:200],
        "validation_state": str(store.get("validation_state", "")),
        "failure_codes": codes[:32],
        "ingredient_failure_codes": of_ingredients[:32],
    }
    sentences = " ".join([f"Content credential, AI origin in the {where}.", *(d.sentence for d in deviations)])
    found.add(Label("c2pa", "implicit", "c2pa:manifest", fields, deviations, None, machine[0].value[:400], sentences))


def _places(manifests: dict[str, Any], active: str) -> dict[str, str]:
    """How each manifest that the active one leads to belongs to the content: by the weakest relationship on the
    strongest way to it.
    """
    places: dict[str, str] = {}
    waiting = [(active, OWN)]
    while waiting and len(places) < _MOST_MANIFESTS:
        waiting.sort(key=lambda each: _STRENGTH[each[1]])
        name, where = waiting.pop(0)
        if name in places or not isinstance(manifests.get(name), dict):
            continue
        places[name] = where
        for ingredient in manifests[name].get("ingredients") or []:
            # Older credentials name no relationship; theirs are parents or components, and both count.
            related = _BY_RELATIONSHIP.get(str(ingredient.get("relationship")), COMPONENT)
            weaker = max(where, related, key=lambda each: _STRENGTH[each])
            waiting.append((str(ingredient.get("active_manifest")), weaker))
    return places


def _deviations(codes: list[str], of_ingredients: list[str]) -> tuple[Deviation, ...]:
    seen = {_amounts_to(code) for code in codes}
    if any(_is_mismatch(code) for code in of_ingredients):
        seen.add(Deviation.INGREDIENT_CHANGED)
    return tuple(d for d in Deviation if d in seen)


def _amounts_to(code: str) -> Deviation | None:
    if code in _UNTRUSTED:
        return Deviation.UNTRUSTED_SIGNER
    if code in _EXPIRED:
        return Deviation.EXPIRED_SIGNER
    if code in _REVOKED:
        return Deviation.REVOKED_SIGNER
    if code in _UNKNOWN:
        return None
    return Deviation.TAMPERED if _is_mismatch(code) else Deviation.INVALID_CREDENTIAL


def _is_mismatch(code: str) -> bool:
    """Whether something no longer is as it was signed."""
    return code.endswith(".mismatch") or code in ("assertion.missing", "assertion.boxesHash.unknownBox")


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

"""Signatures that a label would break: content credentials (C2PA) and signed documents; and signing a file again."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass
from typing import Any

from .containers.table import Container
from .findings import UnsuitableFileError

#: The identifier of a C2PA manifest store: the letters and the tail of an ISO identifier (ISO/IEC 19566-5).
_MANIFEST_STORE = b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"
_ELSEWHERE = re.compile(rb"""\bprovenance(?:\s*=\s*["']|[^<>]{0,400}>)\s*(https?://[^"'<\s]{1,400})""")
_IN_SVG = re.compile(rb"<(?:\w{1,20}:)?manifest\b[^<>]{0,400}>")
_IN_PACKAGES = {
    "META-INF/content_credential.c2pa": "a content credential (C2PA)",
    "META-INF/documentsignatures.xml": "a digital signature (ODF)",
    "META-INF/signatures.xml": "a digital signature (EPUB)",
}


def signature_of(kind: Container, data: bytes) -> str:
    """What signs the file, such as "a content credential (C2PA)"; empty where nothing does.

    Bytes are searched, nothing is verified: a signature that is broken already is found, too.
    """
    if kind.name == "package":
        return _of_package(data)
    if _MANIFEST_STORE in data or (kind.name == "svg" and b"c2pa.org/manifest" in data and _IN_SVG.search(data)):
        return "a content credential (C2PA)"
    elsewhere = _ELSEWHERE.search(data) if kind.name != "pdf" and b"provenance" in data else None
    if elsewhere is not None:
        return f"a content credential (C2PA) kept at {elsewhere[1].decode('ascii', 'replace')[:80]}"
    if kind.name == "pdf" and b"/ByteRange" in data and b"/Sig" in data:
        return "a digital signature (PDF)"
    if kind.text and b"http://www.w3.org/2000/09/xmldsig#" in data and b"SignatureValue" in data:
        return "a digital signature (XML)"
    return ""


def _of_package(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = package.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return ""
    found = next((_IN_PACKAGES[name] for name in names if name in _IN_PACKAGES), "")
    return found or ("a digital signature (OOXML)" if any(n.startswith("_xmlsignatures/") for n in names) else "")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A certificate chain and its private key, both in PEM, and the algorithm that C2PA names (``es256``, ``ps256`` …).

    ``time_stamps`` is the address of a time-stamp authority; without one no time stamp is requested.
    """

    certificates: bytes
    private_key: bytes
    algorithm: str = "es256"
    time_stamps: str = ""


def signed(
    original: bytes, labelled: bytes, media_type: str, key: SigningKey, *, implicit: bool, explicit: bool
) -> bytes:
    """``labelled`` with a content credential: ``original`` is its parent, the labels are what was done to it.

    Raises UnsuitableFileError where the format or the key cannot be used, or the credential would not be valid.
    """
    import c2pa

    actions: list[dict[str, Any]] = [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}]
    if implicit:
        actions.append({"action": "c2pa.edited.metadata", "description": "AIGC label written (GB 45438-2025)"})
    if explicit:
        actions.append({"action": "c2pa.edited", "description": "label drawn that people perceive (GB 45438-2025)"})
    manifest = {
        "claim_generator_info": [{"name": "shenhe"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }
    parent = {"title": "the file without the label", "relationship": "parentOf", "label": "parent"}
    info = c2pa.C2paSignerInfo(
        alg=key.algorithm.encode(),
        sign_cert=key.certificates,
        private_key=key.private_key,
        ta_url=key.time_stamps.encode() or None,
    )
    out = io.BytesIO()
    try:
        with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(manifest)) as builder:
            builder.add_ingredient(json.dumps(parent), media_type, io.BytesIO(original))
            builder.sign(signer, media_type, io.BytesIO(labelled), out)
        wrong = _failures(out.getvalue(), media_type)
    except (c2pa.C2paError, ValueError) as error:
        raise UnsuitableFileError(f"the file cannot be signed ({_reason(error)})") from error
    if wrong:
        raise UnsuitableFileError(f"the new content credential would not be valid ({', '.join(wrong)})")
    return out.getvalue()


def _reason(error: Exception) -> str:
    """The library's own words, without the name of its exception."""
    return re.sub(r"^(?:\w*Error|Other|\w+):\s*", "", str(error)).strip()[:120] or "the library gives no reason"


def _failures(data: bytes, media_type: str) -> list[str]:
    """Codes of failure of the active manifest; a signer on no trust list is none."""
    import c2pa

    settings = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
    context = c2pa.Context(settings=c2pa.Settings.from_dict(settings))
    with c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader:
        store = json.loads(reader.json())
    results = (store.get("validation_results") or {}).get("activeManifest") or {}
    codes = {str(status.get("code", "")) for status in results.get("failure") or []}
    return sorted(codes - {"signingCredential.untrusted"})

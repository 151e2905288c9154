"""Content credentials (C2PA) beside the field that the law prescribes, as providers write them that serve several
markets.

Signed with a key made for this process, by an authority without trust: that is enough to show that two marks
can stand in one file.
"""

from __future__ import annotations

import datetime
import io
import json
from functools import cache
from importlib.util import find_spec

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_NAME = "shenhe sample provider"
_MADE_BY_AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_VALID = datetime.timedelta(days=1)


def writable() -> bool:
    """Whether what writes credentials is installed."""
    return find_spec("c2pa") is not None


def with_credential(data: bytes, media_type: str) -> bytes:
    """A picture with a credential that says that an algorithm made it. Nothing may be changed in it afterwards."""
    import c2pa

    chain, key = _signer()
    manifest = {
        "claim_generator_info": [{"name": _NAME, "version": "1"}],
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": _MADE_BY_AI}]},
            },
        ],
    }
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
    signed = io.BytesIO()
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(manifest)) as builder:
        builder.sign(signer, media_type, io.BytesIO(data), signed)
    return signed.getvalue()


@cache
def _signer() -> tuple[bytes, bytes]:
    """A chain of certificates and the key of its first, in PEM: C2PA takes none that signed itself."""
    now = datetime.datetime.now(datetime.UTC)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def certificate(name: str, of: ec.EllipticCurvePrivateKey, *, signs: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named("authority"))
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _VALID)
            .not_valid_after(now + _VALID)
            .add_extension(x509.BasicConstraints(ca=signs, path_length=None), critical=True)
            .add_extension(_usage(signs=signs), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(of.public_key()), critical=False)
        )

    authority = certificate("authority", authority_key, signs=True).sign(authority_key, hashes.SHA256())
    leaf = (
        certificate("provider", key, signs=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    written = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return leaf.public_bytes(pem) + authority.public_bytes(pem), written


def _named(name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, _NAME)]
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )

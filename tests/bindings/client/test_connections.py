"""Where a provider is and how it is reached: environments, TLS, proxies."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shenhe.conformance.bindings import BindingError, load_binding
from shenhe.conformance.entities import GenerationRequest
from shenhe.conformance.provider import Accepted, Unavailable
from shenhe.rulebook import Service

from ..apps import TARGET, bind, raw_server

REQUEST = GenerationRequest(Service.TEXT, "text/plain", "x")
GENERATE = "operations:\n  generate: {path: /g, extract: {id: id}}\n"
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"id": "1"}'

# --- environments
# ----------------------------------------------------------------------------------------------------

ENVIRONMENTS = """\
  media_hosts: [cdn.example]
environments:
  staging: {base_url: 'http://127.0.0.1:7', media_hosts: [cdn.staging.example], environment: test}
  live: {base_url: '${LIVE_URL}', environment: production}
"""


def in_environment(tmp_path: Path, name: str | None, environ: dict[str, str] | None = None) -> object:
    path = tmp_path / "binding.yaml"
    path.write_text(TARGET + ENVIRONMENTS + GENERATE, encoding="utf-8")
    return load_binding(path, environ=environ or {}, environment=name)


def test_an_environment_takes_the_place_of_the_target(tmp_path: Path) -> None:
    assert in_environment(tmp_path, None).base_url() == "http://127.0.0.1:9"  # type: ignore[attr-defined]
    staging = in_environment(tmp_path, "staging")
    assert staging.base_url() == "http://127.0.0.1:7"  # type: ignore[attr-defined]
    assert staging.file.target.media_hosts == ("cdn.staging.example",)  # type: ignore[attr-defined]
    assert staging.file.target.name == "Test"  # type: ignore[attr-defined]
    live = in_environment(tmp_path, "live", {"LIVE_URL": "https://live.example"})
    with live.connect() as provider:  # type: ignore[attr-defined]
        assert provider.target.environment == "production"
        assert not provider.loopback


def test_variables_of_other_environments_are_not_required(tmp_path: Path) -> None:
    in_environment(tmp_path, "staging")
    with pytest.raises(BindingError, match=r"binding\.yaml:10.*environments\.live\.base_url.*LIVE_URL"):
        in_environment(tmp_path, "live").base_url()  # type: ignore[attr-defined]


def test_an_unknown_environment_is_reported_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BindingError, match=r"found no environment 'stagin', expected one of: staging, live"):
        in_environment(tmp_path, "stagin")


# --- TLS
# ----------------------------------------------------------------------------------------------------


class Authority:
    """Signs certificates for 127.0.0.1 and writes them to files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
        self.certificate = self._signed(self.name, self.key.public_key(), authority=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _signed(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        authority: bool,
        host: str = "127.0.0.1",
        ended: bool = False,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=3))
            .not_valid_after(now + datetime.timedelta(days=-1 if ended else 1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if authority:
            usage = x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            )
            builder = builder.add_extension(usage, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def pair(self, name: str, password: bytes | None = None, **wrong: Any) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        certificate = self._signed(subject, key.public_key(), authority=False, **wrong)
        encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        paths = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        )
        return paths

    def server(self, *, clients: bool = False, **wrong: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair("server", **wrong))
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.file)
        return context


def answering(connection: socket.socket) -> None:
    connection.sendall(ANSWER)


def test_the_authority_of_the_binding_is_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with raw_server(answering, authority.server()) as port:
        with bind(tmp_path, GENERATE).connect(f"https://127.0.0.1:{port}") as provider:
            result = provider.generate(None, REQUEST)
            assert isinstance(result, Unavailable)
            assert "not trusted" in result.reason
        with bind(tmp_path, "tls: {ca: ca.pem}\n" + GENERATE).connect(f"https://127.0.0.1:{port}") as provider:
            assert isinstance(provider.generate(None, REQUEST), Accepted)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"host": "127.0.0.2"}, "TLS failed: the certificate is not trusted (IP address mismatch"),
        ({"ended": True}, "TLS failed: the certificate is not trusted (certificate has expired"),
    ],
)
def test_a_foreign_or_expired_certificate_is_rejected(tmp_path: Path, wrong: dict[str, Any], words: str) -> None:
    authority = Authority(tmp_path)
    with (
        raw_server(answering, authority.server(**wrong)) as port,
        bind(tmp_path, "tls: {ca: ca.pem}\n" + GENERATE).connect(f"https://127.0.0.1:{port}") as provider,
    ):
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Unavailable)
    assert words in result.reason
    assert result.exchanges[0].response is None


@pytest.mark.parametrize("kept", [0, 1, 5, 40, 200, 600])
def test_a_handshake_that_breaks_off_is_no_crash(tmp_path: Path, kept: int) -> None:
    """The server's side of a handshake, cut after so many bytes."""
    context = Authority(tmp_path).server()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            spoken = context.wrap_bio(incoming, outgoing, server_side=True)
            incoming.write(connection.recv(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                spoken.do_handshake()
            connection.sendall(outgoing.read()[:kept])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        with bind(tmp_path, "tls: {ca: ca.pem}\nlimits: {timeout: 2}\n" + GENERATE).connect(
            f"https://127.0.0.1:{port}"
        ) as provider:
            result = provider.generate(None, REQUEST)
        thread.join(timeout=10)
    assert isinstance(result, Unavailable)
    assert "TLS failed" in result.reason or "connect" in result.reason


def test_a_client_certificate_is_shown(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.pair("client", b"key-password")
    with raw_server(answering, authority.server(clients=True)) as port:
        with bind(tmp_path, "tls: {ca: ca.pem}\n" + GENERATE).connect(f"https://127.0.0.1:{port}") as provider:
            assert isinstance(provider.generate(None, REQUEST), Unavailable)
        text = (
            "tls: {ca: ca.pem, certificate: client.crt, key: client.key, key_password: '${KEY_PASSWORD}'}\n" + GENERATE
        )
        binding = bind(tmp_path, text, environ={"KEY_PASSWORD": "key-password"})
        with binding.connect(f"https://127.0.0.1:{port}") as provider:
            assert isinstance(provider.generate(None, REQUEST), Accepted)


def test_a_key_that_does_not_open_names_its_line(tmp_path: Path) -> None:
    Authority(tmp_path).pair("client", b"key-password")
    text = "tls:\n  certificate: client.crt\n  key: client.key\n  key_password: ${KEY_PASSWORD}\n" + GENERATE
    with pytest.raises(BindingError) as caught:
        bind(tmp_path, text, environ={"KEY_PASSWORD": "wrong-password"}).connect("https://127.0.0.1:1")
    assert "binding.yaml:8" in str(caught.value)
    assert "wrong-password" not in str(caught.value)


@pytest.mark.parametrize(
    ("tls", "words"),
    [
        ("{ca: absent.pem}", "the file cannot be read"),
        ("{ca: binding.yaml}", "expected PEM"),
        ("{key: client.key}", "found a key without a certificate"),
        ("{certificate: a, key: b, key_password: in-the-clear}", "key_password"),
    ],
)
def test_a_file_that_cannot_be_used_names_its_line(tmp_path: Path, tls: str, words: str) -> None:
    with pytest.raises(BindingError) as caught:
        bind(tmp_path, f"tls: {tls}\n" + GENERATE).connect("https://127.0.0.1:1")
    assert "binding.yaml:7" in str(caught.value)
    assert words in str(caught.value)
    assert "in-the-clear" not in str(caught.value)


def test_unverified_certificates_are_accepted_only_on_loopback(tmp_path: Path) -> None:
    text = "tls: {verify: false}\n" + GENERATE
    with (
        raw_server(answering, Authority(tmp_path).server()) as port,
        bind(tmp_path, text).connect(f"https://127.0.0.1:{port}") as provider,
    ):
        assert isinstance(provider.generate(None, REQUEST), Accepted)
    with pytest.raises(
        BindingError, match=r"binding\.yaml:7.*tls\.verify: found verify: false for a host that is not this machine"
    ):
        bind(tmp_path, text).connect("https://api.example.org")
    with pytest.raises(BindingError, match="verify: false"):
        bind(tmp_path, text, target=TARGET + "  media_hosts: [cdn.example]\n").connect("https://127.0.0.1:1")


# --- proxies
# ----------------------------------------------------------------------------------------------------


def test_no_proxy_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with raw_server(answering) as port, bind(tmp_path, GENERATE).connect(f"http://127.0.0.1:{port}") as provider:
        assert isinstance(provider.generate(None, REQUEST), Accepted)


def test_a_proxy_is_used_where_the_binding_names_it(tmp_path: Path) -> None:
    seen: list[bytes] = []
    with raw_server(answering, seen=seen) as port:
        text = f"proxy: {{url: 'http://127.0.0.1:{port}', username: us, password: '${{PROXY_PASSWORD}}'}}\n" + GENERATE
        binding = bind(tmp_path, text, environ={"PROXY_PASSWORD": "proxy-password"})
        with binding.connect("http://api.example.org/v1") as provider:
            assert isinstance(provider.generate(None, REQUEST), Accepted)
            assert "proxy-password" not in repr(provider.log) + repr(binding)
    assert seen[0].startswith(b"GET http://api.example.org/v1/g HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic " in seen[0]


def test_a_proxy_with_a_password_in_its_url_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BindingError) as caught:
        bind(tmp_path, "proxy: {url: 'http://us:pw@proxy.example:3128'}\n" + GENERATE)
    assert "binding.yaml:7" in str(caught.value)

"""Providers that misbehave on the wire: every one ends in a result, within bounds of bytes and time, without a traceback."""

from __future__ import annotations

import datetime
import gzip
import ipaddress
import json
import socket
import ssl
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from shenhe.conformance.bindings import HttpProvider
from shenhe.conformance.provider import Accepted, GenerationRequest, Unavailable
from shenhe.rulebook import Service

from .apps import bind, raw_server

REQUEST = GenerationRequest(Service.TEXT, "text/plain", "x")
TEXT = """\
limits: {timeout: 0.5, total_timeout: 1.5, max_body: 1000000, retries: 1, max_retry_after: 0.1}
operations:
  generate: {path: /g, extract: {id: id}}
"""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def ask(tmp_path: Path, handle: Callable[[socket.socket], None], text: str = TEXT, **server: object) -> tuple[object, HttpProvider]:
    binding = bind(tmp_path, text)
    with raw_server(handle, **server) as port, binding.connect(f"http://127.0.0.1:{port}") as provider:  # type: ignore[arg-type]
        return provider.generate(None, REQUEST), provider


def saying(data: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(data)


def drip(data: bytes, each: float, times: int) -> Callable[[socket.socket], None]:
    def handle(connection: socket.socket) -> None:
        for _ in range(times):
            connection.sendall(data)
            time.sleep(each)

    return handle


def stream(head: bytes, chunk: bytes, times: int = 100_000) -> Callable[[socket.socket], None]:
    def handle(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(times):
            connection.sendall(chunk)

    return handle


def with_length(body: bytes, head: bytes = HEAD) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


BOMB = zlib.compressobj(9, zlib.DEFLATED, 31)
BOMB_BYTES = b"".join([BOMB.compress(b"\0" * 1_000_000) for _ in range(200)]) + BOMB.flush()


@pytest.mark.parametrize(
    ("handle", "words"),
    [
        pytest.param(saying(b""), "broke off", id="nothing"),
        pytest.param(saying(b"SSH-2.0-OpenSSH_9.6\r\n"), "not HTTP", id="not http"),
        pytest.param(saying(HEAD + b"Content-Length: 100\r\n\r\n{"), "broke off", id="truncated"),
        pytest.param(saying(HEAD + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"id"\r\n'), "broke off", id="truncated chunks"),
        pytest.param(saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "not HTTP", id="chunks of no size"),
        pytest.param(saying(HEAD + b"Content-Length: 10000000000\r\n\r\n{}"), "Content-Length 10000000000", id="10 GB promised"),
        pytest.param(saying(HEAD + b"Content-Length: -5\r\n\r\n{}"), "not HTTP", id="negative length"),
        pytest.param(saying(HEAD + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\n{}"), "not HTTP", id="two lengths"),
        pytest.param(stream(HEAD + b"\r\n", b"x" * 65536), "more than 1,000,000 bytes", id="endless"),
        pytest.param(stream(HEAD, b"X-Filler: " + b"y" * 1000 + b"\r\n", 1000), "not HTTP", id="endless headers"),
        pytest.param(stream(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 10**8), "the whole request", id="flood of 1xx"),
        pytest.param(drip(b"x", 0.2, 40), "time", id="slow head"),
        pytest.param(saying(with_length(b"<html>hello</html>")), "that is not JSON", id="html"),
        pytest.param(saying(with_length(b'{"id": "\xff\xfe"}')), "that is not JSON", id="invalid utf-8"),
        pytest.param(saying(with_length(b'{"id": ' + b"9" * 10_000 + b"}")), "that is not JSON", id="a number of 10,000 digits"),
        pytest.param(saying(with_length(b"[" * 200_000)), "nested too deeply", id="deep json"),
        pytest.param(saying(with_length(b"")), "that is not JSON", id="empty"),
        pytest.param(saying(with_length(b'{"id": null}')), "found nothing at 'id'", id="null id"),
        pytest.param(saying(with_length(BOMB_BYTES, HEAD + b"Content-Encoding: gzip\r\n")), "more than 1,000,000 bytes", id="gzip bomb"),
        pytest.param(saying(with_length(b"plain", HEAD + b"Content-Encoding: gzip\r\n")), "not gzip", id="no gzip"),
        pytest.param(
            saying(with_length(gzip.compress(b'{"id": "1"}')[:-9], HEAD + b"Content-Encoding: gzip\r\n")), "breaks off", id="half gzip"
        ),
        pytest.param(saying(with_length(b"xx", HEAD + b"Content-Encoding: br\r\n")), "not asked for", id="brotli"),
        pytest.param(
            saying(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"), "status 302", id="redirect"
        ),
        pytest.param(saying(b"HTTP/1.1 429 No\r\nRetry-After: \xff\xff\r\nContent-Length: 0\r\n\r\n"), "status 429", id="odd retry-after"),
        pytest.param(saying(b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"), "", id="status 999"),
    ],
)
def test_a_misbehaving_server_ends_in_unavailable(tmp_path: Path, handle: Callable[[socket.socket], None], words: str) -> None:
    started = time.monotonic()
    result, provider = ask(tmp_path, handle)
    assert isinstance(result, Unavailable), result
    assert words in result.reason
    assert "Traceback" not in result.reason
    assert len(result.exchanges) == len(provider.log) >= 1
    assert time.monotonic() - started < 15  # not a measure: without bounds some of these never end


def test_a_slow_body_ends_with_the_time_for_the_whole_request(tmp_path: Path) -> None:
    def handle(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        drip(b" ", 0.2, 100)(connection)

    result, provider = ask(tmp_path, handle)
    assert isinstance(result, Unavailable)
    assert "the time for the whole request" in result.reason
    assert provider.log[0].error == result.reason


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        ask(tmp_path, saying(with_length(BOMB_BYTES, HEAD + b"Content-Encoding: gzip\r\n")))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(BOMB_BYTES) < 300_000
    assert peak < 20_000_000


def test_gzip_is_read(tmp_path: Path) -> None:
    body = gzip.compress(json.dumps({"id": "1", "filler": "x" * 200_000}).encode())
    result, _ = ask(tmp_path, saying(with_length(body, HEAD + b"Content-Encoding: gzip\r\n")))
    assert isinstance(result, Accepted)


def test_a_cut_at_each_byte_of_an_answer_is_no_crash(tmp_path: Path) -> None:
    whole = with_length(b'{"id": "1"}')
    binding = bind(tmp_path, TEXT)
    for end in range(len(whole)):
        with raw_server(saying(whole[:end])) as port, binding.connect(f"http://127.0.0.1:{port}") as provider:
            assert isinstance(provider.generate(None, REQUEST), Unavailable), whole[:end]


def test_nobody_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with bind(tmp_path, TEXT).connect(f"http://127.0.0.1:{port}") as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Unavailable)
    assert result.reason == "could not connect: connection refused"
    assert result.exchanges[0].response is None


def test_a_host_that_does_not_exist(tmp_path: Path) -> None:
    with bind(tmp_path, TEXT).connect("http://no-such-host.invalid") as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Unavailable)
    assert result.reason.startswith("could not connect")


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, self_signed: ssl.SSLContext) -> None:
    with raw_server(saying(b""), self_signed) as port, bind(tmp_path, TEXT).connect(f"https://127.0.0.1:{port}") as provider:
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Unavailable)
    assert result.reason.startswith("TLS failed: the certificate is not trusted (self")


def test_tls_asked_of_a_server_without(tmp_path: Path) -> None:
    with raw_server(saying(b"")) as port, bind(tmp_path, TEXT).connect(f"https://127.0.0.1:{port}") as provider:
        # The hello of TLS has no empty line, so the server waits and the client's bound ends it.
        result = provider.generate(None, REQUEST)
    assert isinstance(result, Unavailable)


@pytest.mark.parametrize("header", ["X-Line: a\r\nX-Injected: yes", "X-Line: 猫", "X-Line: \0"])
def test_a_value_that_a_header_cannot_carry_never_splits_a_request(tmp_path: Path, header: str) -> None:
    name, _, value = header.partition(": ")
    seen: list[str] = []

    def handle(connection: socket.socket) -> None:
        seen.append("answered")
        connection.sendall(with_length(b'{"id": "1"}'))

    binding = bind(tmp_path, TEXT)
    with raw_server(handle) as port, binding.connect(f"http://127.0.0.1:{port}") as provider:
        result = provider.with_extra({name: value}).generate(None, REQUEST)
    assert isinstance(result, Accepted if "猫" in header else Unavailable), result

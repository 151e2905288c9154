"""Pages, archives and callbacks that mean harm: they are read within bounds, or refused with a sentence."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest

from shenhe.conformance.bindings.client import archives
from shenhe.conformance.bindings.client.http.receiver import Receiver
from shenhe.conformance.bindings.language.responses.markup import document_of, fields_of_form, text_of_element
from shenhe.conformance.bindings.language.responses.response import Response, ResponseError
from shenhe.conformance.bindings.language.responses.selectors import Selector
from shenhe.conformance.bindings.language.responses.sources import compile_source, value_of
from shenhe.conformance.entities import Publication
from shenhe.conformance.provider import Accepted, Operation, Unavailable

from ..apps import Recorder, bind, talking


def page(body: bytes, media_type: str = "text/html; charset=utf-8") -> Response:
    return Response(200, {"content-type": media_type}, body)


def find(source: object, response: Response) -> object:
    return value_of(compile_source(source, lambda text: lambda values: text), response)


HOSTILE = {
    "deep": b"<div>" * 300_000 + b"x",
    "wide": b"<p>x</p>" * 200_000,
    "attributes": b"<p " + b"a=1 " * 200_000 + b">",
    "unclosed": b"<" * 1_000_000,
    "comments": b"<!--" * 200_000,
    "entities": b"&" * 1_000_000,
    "nul": b"\0" * 100_000,
    "binary": bytes(range(256)) * 4_000,
    "long": b"x" * 5_000_000,
    "empty": b"   ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_read_or_refused_in_time(name: str) -> None:
    started = time.process_time()
    messages: list[str] = []
    for source in (
        {"css": "p"},
        {"css": "div div > p ~ p", "all": True},
        {"form": "form"},
        {"css": "p", "each": {"a": "b"}},
    ):
        try:
            find(source, page(HOSTILE[name]))
        except ResponseError as error:
            messages.append(str(error))
    assert time.process_time() - started < 20
    assert all(len(message) < 500 for message in messages)


def test_xml_entities_are_neither_expanded_nor_fetched() -> None:
    laughs = (
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "'
        + b"&a;" * 100
        + b'"><!ENTITY c "'
        + b"&b;" * 100
        + b'">]><x><id>&c;</id></x>'
    )
    text = find({"css": "id"}, page(laughs, "application/xml"))
    assert len(str(text)) < 1_000
    external = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x><id>&a;</id></x>'
    assert "root:" not in str(find({"css": "id"}, page(external, "text/xml")))


def test_names_spaces_of_xml_do_not_hide_elements() -> None:
    body = b'<?xml version="1.0" encoding="UTF-8"?><r xmlns="urn:x"><Key>k1</Key></r>'
    assert find({"css": "Key"}, page(body, "application/xml")) == "k1"


def test_the_text_of_a_page_is_its_visible_text() -> None:
    labelled = document_of(page("<p>AI<b>生成</b>的<span>内容</span></p>".encode()))
    assert text_of_element(Selector("p").select(labelled)[0]) == "AI生成的内容"
    body = "<div><style>p{}</style>春<script>no</script> 天<p>来 <b>了</b></p><template>no</template>!</div>".encode()
    root = document_of(page(body))
    assert text_of_element(Selector("div").select(root)[0]) == "春 天 来 了 !"


def test_the_fields_of_a_form_are_those_that_a_browser_sends() -> None:
    body = b"""<form><input name=a value=1><input name=b type=checkbox><input name=c type=checkbox checked>
    <input name=d type=radio value=x><input name=d type=radio value=y checked><input type=submit name=e value=Go>
    <input name=f disabled value=1><select name=g><option value=1>one<option selected>two</select>
    <textarea name=h>text</textarea><input value=nameless><input type=file name=i></form>"""
    root = document_of(page(body))
    assert fields_of_form(Selector("form").select(root)[0]) == {"a": "1", "c": "on", "d": "y", "g": "two", "h": "text"}


@pytest.mark.parametrize("selector", ["", "p >", "p:unknown", "[", "a" * 5_000, ":not(" * 500])
def test_a_selector_that_is_none_is_named(selector: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        compile_source({"css": selector}, lambda text: lambda values: text)


def test_an_archive_is_unpacked_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 1_000_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", b"\0" * 50_000_000)
    with pytest.raises(ResponseError, match="more than 1,000,000 bytes"):
        archives.zip_entry(page(packed.getvalue()), "*.png")
    for body in (b"", b"PK", packed.getvalue()[:200], b"PK\x05\x06" + b"\xff" * 18, b"x" * 1000):
        with pytest.raises(ResponseError):
            archives.zip_entry(page(body), "*.png")
    with pytest.raises(ResponseError, match="no entry"):
        archives.zip_entry(page(packed.getvalue()), "*.jpg")


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("multipart/mixed", b"--b\r\n"),
        ("multipart/mixed; boundary=b", b""),
        ("multipart/mixed; boundary=b", b"--b" * 5_000),
        ("text/plain; boundary=b", b"--b\r\n\r\nx\r\n--b--"),
        ("multipart/mixed; boundary=b", b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"),
    ],
)
def test_a_multipart_body_without_the_part_is_named(media_type: str, body: bytes) -> None:
    with pytest.raises(ResponseError, match="found"):
        archives.part_of(page(body, media_type), "image/*")


def test_a_receiver_accepts_only_its_own_callbacks() -> None:
    import http.client

    receiver = Receiver(limit=100)
    try:
        inbox = receiver.open()
        host = inbox.url.split("/")[2]
        path = "/" + inbox.url.rpartition("/")[2]

        def send(method: str, where: str, body: bytes, **headers: str) -> int:
            connection = http.client.HTTPConnection(host, timeout=5)
            connection.request(method, where, body, headers)
            return connection.getresponse().status

        assert send("GET", path, b"") == 501
        assert send("POST", "/other", b"x") == 404
        assert send("POST", path, b"x" * 101) == 404
        assert inbox.wait(0) is None
        assert send("PUT", path, b'{"a": 1}') == 204
        received = inbox.wait(1)
        assert received is not None
        assert received.json == {"a": 1}
    finally:
        receiver.close()


def test_a_link_on_a_page_is_followed_to_named_hosts_only(tmp_path: Path) -> None:
    text = "operations:\n  view:\n    path: /p/{{ publication.id }}\n    media: {url: {css: img, attribute: src}}\n"
    for link in (
        "//evil.example/1.png",
        "http://evil.example/1.png",
        "file:///etc/passwd",
        "javascript:1",
        "http://[x",
    ):
        app = Recorder({("GET", "/p/1"): (200, {"content-type": "text/html"}, f'<img src="{link}">'.encode())})
        with talking(bind(tmp_path, text), app) as provider:
            result = provider.view(None, Publication("1"))
        assert isinstance(result, Unavailable), link
        assert len(app.asked) == 1


@pytest.mark.parametrize("repeated", ["", "      kind: kind\n      at: at\n      text: text\n"])
def test_lists_of_a_page_are_items_with_fields(tmp_path: Path, repeated: str) -> None:
    text = f"""\
operations:
  records:
    path: /log
    extract:
      items: {{css: tr.entry, each: {{kind: td.kind, at: {{css: time, attribute: datetime}}, text: td.text}}}}
{repeated}
  verify_identity:
    path: /me
    extract: {{verified: {{when: {{css: .badge, contains: 已认证}}}}}}
"""
    table = "<table><tr class=entry><td class=kind>publish<td><time datetime=2026-01-02T03:04:05>x</time><td class=text>t</table>"
    app = Recorder(
        {
            ("GET", "/log"): (200, {"content-type": "text/html"}, table.encode()),
            ("GET", "/me"): (200, {"content-type": "text/html"}, "<p class=badge>已认证</p>".encode()),
        }
    )
    from shenhe.conformance.entities import Identity, IdentityMethod

    with talking(bind(tmp_path, text), app) as provider:
        records = provider.records(None, "publish")
        assert isinstance(records, Accepted), records
        (record,) = records.value
        assert (record.kind, str(record.at), record.text) == ("publish", "2026-01-02 03:04:05", "t")
        reads = provider.capabilities.reads
        assert [reads(Operation.RECORDS, name) for name in ("at", "text", "subject")] == [True, True, False]
        verified = provider.verify_identity(None, Identity(IdentityMethod.ID_CARD, "1"))
        assert isinstance(verified, Accepted), verified
        assert verified.value.verified

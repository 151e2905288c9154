"""The sample provider over real HTTP: it starts, answers, says nothing by itself, and gives its port back."""

from __future__ import annotations

import socket
import threading

import httpx
import pytest

from shenhe.sample import SampleServer


def greeting(url: str) -> int:
    return httpx.get(f"{url}/about/rules", trust_env=False).status_code


def serving() -> set[threading.Thread]:
    """The threads of sample providers in this process; other tests may keep theirs."""
    return {thread for thread in threading.enumerate() if thread.name == "sample-provider"}


def test_it_serves_and_stops(capfd: pytest.CaptureFixture[str]) -> None:
    before = serving()
    with SampleServer() as server:
        host, port = server.url.removeprefix("http://").split(":")
        assert host == "127.0.0.1"
        assert greeting(server.url) == 200
    with pytest.raises(httpx.ConnectError):
        greeting(server.url)
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((host, int(port)))
    assert not serving() - before
    assert capfd.readouterr() == ("", "")


def test_two_servers_share_no_state() -> None:
    with SampleServer() as lawful, SampleServer(["agreement-silent"]) as silent:
        texts = [httpx.get(f"{server.url}/about/agreement", trust_env=False).text for server in (lawful, silent)]
        assert "标识" in texts[0]
        assert "标识" not in texts[1]
        token = httpx.post(f"{lawful.url}/v1/accounts", json={}, trust_env=False).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        statuses = [
            httpx.get(f"{server.url}/v1/records", headers=headers, trust_env=False).status_code
            for server in (lawful, silent)
        ]
        assert statuses == [200, 401]


def test_it_stops_although_a_client_keeps_its_connection() -> None:
    before = serving()
    with httpx.Client(trust_env=False) as client:
        with SampleServer() as server:
            client.get(f"{server.url}/about/rules")
        assert not serving() - before


def test_an_error_inside_the_block_still_stops_it() -> None:
    with pytest.raises(RuntimeError, match="inside"), SampleServer() as server:
        raise RuntimeError("inside")
    with pytest.raises(httpx.ConnectError):
        greeting(server.url)


def test_a_taken_port_is_an_error_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            SampleServer(port=taken.getsockname()[1])

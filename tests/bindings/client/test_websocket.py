"""WebSockets of an application in this process, without a socket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from shenhe.conformance.bindings import AsgiTransport
from shenhe.conformance.entities import GenerationRequest, Media
from shenhe.conformance.provider import Accepted, Unavailable
from shenhe.rulebook import Service

from ..language.recipes import recipe


def websocket_app(manner: str) -> Any:
    """An application that streams a text over a WebSocket, or does not."""

    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            raise RuntimeError("only WebSockets are spoken here")
        assert (await receive())["type"] == "websocket.connect"
        if manner == "refuses":
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        asked = await receive()
        assert json.loads(asked["text"]) == {"type": "start", "prompt": "春天"}
        if manner == "raises":
            raise ValueError("broken")
        for message in ({"id": "w1", "delta": "春"}, {"delta": "天"}, {"type": "end"}):
            if manner == "hangs":
                await receive()
            await send({"type": "websocket.send", "text": json.dumps(message)})
        while manner == "floods":
            await send({"type": "websocket.send", "bytes": b"x" * 1000})
        assert (await receive())["type"] == "websocket.disconnect"

    return answer


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        ("streams", ""),
        ("refuses", "the WebSocket was refused"),
        ("raises", "the application raised"),
        ("hangs", "did not end in the time"),
    ],
)
def test_a_websocket_of_an_application_in_this_process(manner: str, why: str, tmp_path: Path) -> None:
    binding = recipe(tmp_path, "Lines of JSON, and WebSockets", STREAM_URL="http://in-process")
    limits = binding.file.limits.model_copy(update={"total_timeout": 0.3, "retries": 0})
    with binding.connect(transport=AsgiTransport(websocket_app(manner))) as provider:
        provider._connection.limits = limits
        result = provider.generate(None, GenerationRequest(Service.TEXT, "text/markdown", "春天"))
    if why:
        assert isinstance(result, Unavailable)
        assert why in result.reason
    else:
        assert isinstance(result, Accepted), result
        assert (result.value.id, result.value.media) == ("w1", Media("春天".encode(), "text/plain"))


def test_a_websocket_needs_an_application_that_takes_one(tmp_path: Path) -> None:
    binding = recipe(tmp_path, "Lines of JSON, and WebSockets", STREAM_URL="http://in-process")
    with binding.connect(transport=httpx.WSGITransport(lambda environ, start: [])) as provider:
        result = provider.generate(None, GenerationRequest(Service.TEXT, "text/markdown", "春天"))
    assert isinstance(result, Unavailable)
    assert "it has to be ASGI" in result.reason

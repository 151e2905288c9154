"""One conversation over a WebSocket: messages are sent, and those that come back are collected within bounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from ssl import SSLContext

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

MOST_MESSAGES = 20_000


class WebsocketError(Exception):
    """A conversation that failed; the text says how."""


def converse(
    url: str,
    headers: Sequence[tuple[str, str]],
    messages: Sequence[str | bytes],
    finished: Callable[[str], bool],
    *,
    seconds: float,
    limit: int,
    context: SSLContext | None = None,
) -> list[str]:
    """The text messages up to the one that is ``finished``, or until the other side closes.

    Raises :class:`WebsocketError` for a connection that fails, more than ``limit`` bytes or ``seconds``.
    """
    deadline = time.monotonic() + seconds
    received: list[str] = []
    size = 0
    try:
        with connect(
            url,
            additional_headers=list(headers),
            ssl=context if url.startswith("wss:") else None,
            open_timeout=seconds,
            close_timeout=1,
            max_size=limit,
            compression=None,
            proxy=None,
        ) as socket:
            for message in messages:
                socket.send(message)
            while len(received) < MOST_MESSAGES:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise WebsocketError("the conversation did not end in the time for the whole request")
                message = socket.recv(timeout=left)
                text = message if isinstance(message, str) else message.decode("utf-8", "replace")
                size += len(message)
                if size > limit:
                    raise WebsocketError(f"found messages of more than {limit:,} bytes, expected less")
                received.append(text)
                if finished(text):
                    return received
    except TimeoutError:
        raise WebsocketError("timed out") from None
    except WebSocketException as error:
        if received:
            return received
        raise WebsocketError(f"the WebSocket failed ({type(error).__name__})") from None
    except OSError as error:
        raise WebsocketError(f"could not connect ({type(error).__name__})") from None
    raise WebsocketError(f"found more than {MOST_MESSAGES:,} messages, expected less")

"""The sample provider over real HTTP, in a thread of this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from .clock import Clock
from .samples import PROVIDER, Sample

LONGEST_START = 15.0


class SampleServer:
    """A context manager that serves a sample target on a loopback port and stops it cleanly.

    ``faults``, ``variants``, ``seed`` and ``clock`` are passed to ``sample.create``; ``port`` 0 takes a free one.
    ``app`` is served in place of a new target, such as one behind something that delays it. ``url`` is where it
    answers, without a final slash.

    Raises:
        UnknownFaultError: no fault has this name.
        UnknownVariantError: no variant has this name.
        OSError: the port is taken.
    """

    def __init__(
        self,
        faults: Iterable[str] = (),
        *,
        variants: Iterable[str] = (),
        seed: int = 0,
        clock: Clock | None = None,
        port: int = 0,
        sample: Sample = PROVIDER,
        app: ASGIApp | None = None,
    ) -> None:
        config = uvicorn.Config(
            app or sample.create(faults, seed, clock, variants),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        # Bound here, so that the address is known, and owned, before anything starts.
        # The protocol is named because asyncio turns Nagle's algorithm off only where it is (40 ms an answer
        # otherwise).
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
        except OSError:
            self._socket.close()
            raise
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="sample-provider", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + LONGEST_START
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("the sample provider did not start")
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def wait(self) -> None:
        """Serve until the server is stopped."""
        self._thread.join()

    def stop(self) -> None:
        """Stop serving and give the port back."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._socket.close()

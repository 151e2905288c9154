"""One generation against a small application, as the tests of the client send it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shenhe.conformance.entities import (
    Account,
    GenerationRequest,
)
from shenhe.rulebook import Service

from ..apps import Recorder, bind, talking

REQUEST = GenerationRequest(Service.TEXT, "text/plain", "春 & 秋?", turns=("a", "b"))


ANN = Account("ann", {"token": "token-of-ann-123"})


def generate(
    tmp_path: Path, text: str, answer: Any = None, account: Account | None = ANN, **options: Any
) -> tuple[Any, Recorder, Any]:
    """The result of one generation, the application that was asked, and the provider."""
    app = Recorder({("POST", "/g"): {"id": "1"} if answer is None else answer})
    head, _, rest = text.partition("---\n")
    body = "operations:\n  generate:\n    method: POST\n    path: /g\n    extract: {id: id}\n" + rest
    with talking(bind(tmp_path, head + body, **options), app) as provider:
        return provider.generate(account, REQUEST), app, provider

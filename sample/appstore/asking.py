"""What the store asks a developer's service over HTTP: whether it shows a filing number and says how it labels."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from .registry import WELL_FORMED

WITHIN = 5.0
LARGEST = 1_000_000


def faults_of_service(url: str) -> Iterator[str]:
    """What is wrong with the public pages of a service, in words for its developer."""
    filing = _page(url, "filing")
    if not WELL_FORMED.fullmatch(str(filing.get("filing_number", ""))):
        yield "服务未公示算法备案编号。The service does not show the number of its filing."
    if "AIGC" not in str(_page(url, "agreement").get("text", "")):
        yield "服务协议未说明标识方法。The agreement of the service does not say how content is labelled."


def _page(url: str, topic: str) -> dict[str, Any]:
    """A public page of a service on this machine; empty if there is none."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname != "127.0.0.1":
        return {}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/about/{topic}", timeout=WITHIN) as response:
            page = json.loads(response.read(LARGEST)).get("page")
    except (OSError, ValueError, AttributeError):
        return {}
    return page if isinstance(page, dict) else {}

"""The verification tool: whether this provider made a file, by its labels or by the grain of a picture. A platform asks
the tool of another producer over HTTP.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from shenhe.labels import read_labels

from ..faults.fault import FaultName
from ..media import pictures
from ..media.files import Media, sniffed
from ..media.marking import PRODUCER_CODE
from .refusal import Refusal
from .state import House

#: How long a platform waits for another producer, in seconds, and the longest answer that it reads, in bytes.
WITHIN, LARGEST = 5.0, 10_000


def detect_origin(house: House, data: bytes, media_type: str) -> dict[str, Any]:
    """What the tool says of a file."""
    labels = read_labels(data, media_type=media_type).aigc
    own = any(_is_own(house, label.fields) for label in labels)
    own = own or (media_type.startswith("image/") and _has_own_grain(house, data))
    if FaultName.ORIGIN_CLAIMS_OTHERS in house.faults:
        own = own or bool(labels)
    if FaultName.ORIGIN_CLAIMS_EVERYTHING in house.faults:
        own = True
    if FaultName.ORIGIN_DENIES_OWN_SOUNDS in house.faults and media_type.startswith("audio/"):
        own = False
    return {"own": own}


def _is_own(house: House, fields: Mapping[str, str]) -> bool:
    """Whether a label is one of this provider: in its own name, or in that of the tenant that the work was made for."""
    producer = fields.get("ContentProducer", "")
    if producer == PRODUCER_CODE:
        return True
    row = house.store.row("SELECT origin, provenance FROM asset WHERE id = ?", str(fields.get("ProduceID", "")))
    if row is None or row["origin"] == "uploaded":
        return False
    return bool(json.loads(row["provenance"]).get("ContentProducer") == producer)


def _has_own_grain(house: House, data: bytes) -> bool:
    """Whether a picture shows the grain of one that was made here: a mark that survives the loss of metadata."""
    if FaultName.SECOND_LAYER_MISSING in house.faults:
        return False
    try:
        seen = pictures.grain_in(pictures.opened(data)[0])
    except Refusal:
        return False
    made = house.store.rows("SELECT id FROM asset WHERE origin != 'uploaded' AND media_type LIKE 'image/%'")
    return any(pictures.grain(row["id"]) == seen for row in made)


def made_elsewhere(url: str, media: Media) -> bool:
    """Whether the verification tool of the producer at ``url`` recognises a file; no if it does not answer.

    Only a producer on this machine is asked.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname != "127.0.0.1":
        return False
    kind = {"Content-Type": sniffed(media.data) or media.media_type}
    request = urllib.request.Request(f"{url}/v1/origin", media.data, kind)  # noqa: S310 -- loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=WITHIN) as response:
            return json.loads(response.read(LARGEST)).get("own") is True
    except (OSError, ValueError, AttributeError):
        return False

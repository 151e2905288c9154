"""The verification tool: whether a file was made by this provider, by the labels in it."""

from __future__ import annotations

from typing import Any

from shenhe.labels import read_labels

from ..faults.fault import FaultName
from ..media.marking import PRODUCER_CODE
from .state import House


def examine(house: House, data: bytes, media_type: str) -> dict[str, Any]:
    """What the tool says of a file."""
    labels = read_labels(data, media_type=media_type).aigc
    own = any(label.fields.get("ContentProducer") == PRODUCER_CODE for label in labels)
    if FaultName.ORIGIN_CLAIMS_OTHERS in house.faults:
        own = bool(labels)
    if FaultName.ORIGIN_CLAIMS_EVERYTHING in house.faults:
        own = True
    if FaultName.ORIGIN_DENIES_OWN_SOUNDS in house.faults and media_type.startswith("audio/"):
        own = False
    return {"own": own}

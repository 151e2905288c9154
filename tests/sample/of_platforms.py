"""The faults of a platform: the section of `faults.yaml` on uploads, reposts and removal."""

from __future__ import annotations

from shenhe.sample import FAULTS

_NAMES = list(FAULTS)
OF_PLATFORMS = _NAMES[_NAMES.index("jpeg-uploads-stripped") : _NAMES.index("reporter-told-to-sharers") + 1]

"""The faults of a platform, of a supporter and of codes: the last sections of `faults.yaml`."""

from __future__ import annotations

from shenhe.sample import FAULTS

_NAMES = list(FAULTS)
OF_PLATFORMS = _NAMES[_NAMES.index("jpeg-uploads-stripped") : _NAMES.index("reporter-told-to-sharers") + 1]
OF_SUPPORTERS = _NAMES[_NAMES.index("tenants-share-a-code") : _NAMES.index("upload-urls-never-expire") + 1]
#: What only the gateway that sends codes by SMS, and asks persons to confirm consents, can show.
OF_CODES = _NAMES[_NAMES.index("wrong-codes-count") :]

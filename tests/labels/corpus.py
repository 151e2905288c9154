"""The small files of the tests, by name: every carrier, right and wrong, and one unlabelled file of each
format.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from shenhe.labels import write_label

from . import media, perceivable
from .containers.test_containers import FILES, NEAR_MISSES, READINGS
from .perceived.test_pictures_and_sounds import CASES

Entry = tuple[bytes, str | None]


@cache
def files() -> dict[str, Entry]:
    """Name to (bytes, declared media type); needs no optional library."""
    found: dict[str, Entry] = {name: (data, media_type) for name, (data, media_type, _, _) in READINGS.items()}
    found.update({name: (data, None) for name, (data, _) in CASES.items()})
    found.update({f"near miss: {name}": (data, None) for name, data in NEAR_MISSES.items()})
    plain = {kind.lower(): media.picture(kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "AVIF")}
    plain |= {
        # Boxes alone: what they call a picture is none.
        "heic": media.heif(
            [media.Coded(b"\1" * 23, b"picture", (48, 32))] * 4, grid=(2, 2, 90, 60), turned=[media.box(b"irot", b"\1")]
        ),
        "wav": media.sound(),
        "mp3": media.MP3_FRAME * 8,
        "docx": media.ooxml(),
        "odt": media.odf(),
        "epub": media.epub(),
        "svg": media.SVG,
        "html": media.PAGE,
        "flv": b"FLV\x01\x05\0\0\0\x09\0\0\0\0" + b"\x09\0\0\x02" + b"\0" * 7 + b"\x17\0" + b"\0\0\0\x0d",
        "flac": b"fLaC\x80\0\0\x22" + b"\0" * 34 + b"\xff\xf8" + b"\0" * 20,
    }
    for name, data in plain.items():
        found[f"plain {name}"] = (data, None)
        found[f"labelled {name}"] = (write_label(data, media.FIELDS), None)
    return found


@cache
def decoded() -> dict[str, Entry]:
    """Name to (bytes, None) of small files whose pixels, frames, sound, credentials or objects a library decodes: as
    far as the writers of the `media` extra are installed, each with a label that is seen or heard where it may hold
    one.
    """
    from .signing import signed

    found: dict[str, Entry] = {}
    others = (".md", ".json", ".txt", ".html", ".svg", ".docx", ".odt", ".epub")
    for name, (make, _, _) in FILES.items():
        if not name.endswith(others):
            try:
                found[name] = (make(), None)
            except pytest.skip.Exception:
                continue
    draws = np.random.default_rng(1)
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "AVIF"):
        picture, _ = perceivable.stamped(
            perceivable.ground("gradient", draws, (192, 128)), "AI生成", 0.2, "light", "br"
        )
        found[f"seen {kind.lower()}"] = (perceivable.encoded(picture, kind), None)
    picture, _ = perceivable.stamped(perceivable.ground("gradient", draws, (192, 128)), "AI生成", 0.2, "light", "br")
    found["seen heic"] = (media.heif([media.coded(picture)], turned=[media.box(b"imir", b"\1")] * 2), None)
    found["seen heic of tiles"] = (media.heif(media.tiles(picture, 64), grid=(2, 3, 192, 128)), None)
    for container, codec in (("mp3", "libmp3lame"), ("flac", "flac"), ("ipod", "aac"), ("ogg", "libopus")):
        found[f"heard {container}"] = (
            write_label(media.track(container, codec, rate=48_000), None, explicit=True),
            None,
        )
    found["film with sound"] = (perceivable.film_with_sound(), None)
    found["signed"] = (signed(media.picture("JPEG"), "image/jpeg", "trainedAlgorithmicMedia"), None)
    return found

"""Opening a picture to draw on it, upright as it is shown and not as it is stored."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from ..findings import Findings, UnsuitableFileError

_ORIENTATION = 0x0112
# EXIF orientation -> (operation that shows the picture upright, the one that turns it back), by Pillow's names.
_TURNS = {
    2: ("FLIP_LEFT_RIGHT", "FLIP_LEFT_RIGHT"),
    3: ("ROTATE_180", "ROTATE_180"),
    4: ("FLIP_TOP_BOTTOM", "FLIP_TOP_BOTTOM"),
    5: ("TRANSPOSE", "TRANSPOSE"),
    6: ("ROTATE_270", "ROTATE_90"),
    7: ("TRANSVERSE", "TRANSVERSE"),
    8: ("ROTATE_90", "ROTATE_270"),
}


def open_picture(form: str, data: bytes, found: Findings) -> Any:
    """The picture, decoded by Pillow as one of the format ``form``. Raises UnsuitableFileError where that cannot be."""
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(data), formats=[form])
        frames = getattr(image, "n_frames", 1)
        if image.width * image.height * frames > found.limits.pixels:
            size = f"{frames} frames of " if frames > 1 else ""
            most = found.limits.pixels
            raise UnsuitableFileError(f"{size}{image.width}x{image.height} pixels are more than the {most:,} allowed")
        image.load()
    except UnsuitableFileError:
        raise
    # Pillow raises whatever a broken file leads it to.
    except Exception as error:
        raise UnsuitableFileError("the picture cannot be decoded") from error
    return image


def orientation_of(image: Any) -> int:
    """The EXIF orientation of a picture that Pillow opened; 1 where it names none."""
    # Broken EXIF is no reason not to draw.
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:
        return 1
    return found if isinstance(found, int) else 1


def drawn_upright(image: Any, orientation: int, draw: Callable[[Any], Any]) -> Any:
    """``draw`` applied to the picture as it is shown, and turned back to how it is stored."""
    from PIL import Image

    if orientation not in _TURNS:
        return draw(image)
    there, back = (getattr(Image.Transpose, name) for name in _TURNS[orientation])
    return draw(image.transpose(there)).transpose(back)

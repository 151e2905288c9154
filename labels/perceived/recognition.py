"""Text found and recognised in pixels, by the models of PP-OCR that the package ``rapidocr`` carries.

Only its model files are used. Its own pipeline takes a second to import and set up, blows narrow pictures up to
gigabytes, and reads vertical text in one direction only. Models are loaded once per process and run on one thread, so
that the same pixels give the same text on any machine, however busy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]

#: A pixel of the map belongs to text from this value on; a box does from this mean; and the box is grown by this share
#: of its area over its circumference, because the map shows the cores of lines only (the models' own settings).
_IS_TEXT, _IS_LINE, _GROWTH = 0.3, 0.5, 1.6
_LEAST_SIDE = 3
_MOST_BOXES = 400
_REC_HEIGHT, _REC_WIDEST = 48, 1280
#: Reading a line takes as long as this many columns, beside its own.
_REC_START = 24


@dataclass(frozen=True, slots=True, eq=False)
class TextBox:
    """A turned rectangle around one line of text: centre, the unit vector along its long side, and half its sides.

    ``along`` points right, or down where it is steeper than 45 degrees. Boxes are equal only if they are the same
    object: arrays have no truth value by which a list could compare them.
    """

    centre: Points
    along: Points
    half_length: float
    half_depth: float

    @property
    def is_steep(self) -> bool:
        return bool(abs(self.along[1]) > abs(self.along[0]))

    def moved(self, x: float, y: float, scale: float) -> TextBox:
        return TextBox(self.centre * scale + (x, y), self.along, self.half_length * scale, self.half_depth * scale)


@cache
def _detector() -> Any:
    """Finds lines of text. Raises ImportError where a library of the extra is missing."""
    return _session("det")


@cache
def _recogniser() -> tuple[Any, list[str]]:
    """(the model that reads one line, its characters). Loaded for the first line only: most pictures have none, and it
    takes an eighth of the time that one of them takes.
    """
    model = _session("rec")
    characters = model.get_modelmeta().custom_metadata_map["character"].splitlines()
    return model, ["", *characters, " "]


def _session(kind: str) -> Any:
    import onnxruntime

    spec = find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("rapidocr is not installed", name="rapidocr")
    models = sorted((Path(spec.submodule_search_locations[0]) / "models").glob(f"*_{kind}_*.onnx"))
    if not models:
        raise ImportError("this release of rapidocr carries no models", name="rapidocr")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # All optimisations and an arena search a picture a quarter faster and read a line a fifth faster than basic ones
    # without an arena. Loading takes a third longer.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(models[-1]), options, providers=["CPUExecutionProvider"])


def detect(pixels: Pixels) -> list[TextBox]:
    """Boxes around lines of text in ``pixels`` (height, width, RGB), which are taken as large as they are."""
    height, width = pixels.shape[:2]
    rows, columns = max(32, round(height / 32) * 32), max(32, round(width / 32) * 32)
    resized = cv2.resize(pixels, (columns, rows)) if (rows, columns) != (height, width) else pixels
    detector = _detector()
    prepared = (resized[None, :, :, ::-1].astype(np.float32) / 127.5 - 1).transpose(0, 3, 1, 2)
    likely = detector.run(None, {detector.get_inputs()[0].name: np.ascontiguousarray(prepared)})[0][0, 0]
    mask = cv2.dilate((likely > _IS_TEXT).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    scale = np.array([width / columns, height / rows])
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:_MOST_BOXES]:
        rectangle = cv2.minAreaRect(contour)
        if min(rectangle[1]) < _LEAST_SIDE or _mean_inside(likely, contour) < _IS_LINE:
            continue
        boxes.append(_grown(rectangle, scale))
    return boxes


def _mean_inside(likely: NDArray[np.float32], contour: Any) -> float:
    left, top, width, height = cv2.boundingRect(contour)
    corners = cv2.boxPoints(cv2.minAreaRect(contour)) - (left, top)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1)
    return float(cv2.mean(likely[top : top + height, left : left + width], mask)[0])


def _grown(rectangle: Any, scale: Points) -> TextBox:
    (x, y), (width, height), angle = rectangle
    growth = width * height * _GROWTH / (2 * (width + height))
    turn = np.deg2rad(angle)
    along, length, depth = np.array([np.cos(turn), np.sin(turn)]), width, height
    # The long side is the line's; of what is nearly a square, the side that is nearer to level.
    if (height > 1.25 * width) or (height > width / 1.25 and abs(along[1]) > abs(along[0])):
        along, length, depth = np.array([-along[1], along[0]]), height, width
    if along[0] < 0 or abs(along[1]) > abs(along[0]):
        along = along * (np.sign(along[0]) if abs(along[0]) >= abs(along[1]) else np.sign(along[1]))
    factor = float(scale.mean())
    return TextBox(np.array([x, y]) * scale, along, (length / 2 + growth) * factor, (depth / 2 + growth) * factor)


def recognise(crop: Pixels) -> tuple[str, float]:
    """(text, mean certainty) of one line that reads from left to right in ``crop``."""
    height, width = crop.shape[:2]
    if height < 2 or width < 2:
        return "", 0.0
    reach = _reach(crop)
    resized = cv2.resize(crop, (reach, _REC_HEIGHT))
    padded = np.zeros((1, 3, _REC_HEIGHT, _padded(reach)), np.float32)
    padded[0, :, :, :reach] = (resized[:, :, ::-1].astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)
    recogniser, characters = _recogniser()
    chances = recogniser.run(None, {recogniser.get_inputs()[0].name: padded})[0][0]
    best = chances.argmax(axis=1)
    # Repeats of one character without a blank between them are one (connectionist temporal classification).
    kept = (best != 0) & np.concatenate([[True], best[1:] != best[:-1]])
    if not kept.any():
        return "", 0.0
    return "".join(characters[i] for i in best[kept]), float(chances.max(axis=1)[kept].mean())


def _reach(crop: Pixels) -> int:
    height, width = crop.shape[:2]
    return int(min(max(_REC_HEIGHT // 2, round(width * _REC_HEIGHT / height)), _REC_WIDEST))


def _padded(reach: int) -> int:
    return -(-reach // 32) * 32


def columns_of(crop: Pixels) -> int:
    """The cost of reading ``crop``, in columns of the model."""
    return _REC_START + _padded(_reach(crop))

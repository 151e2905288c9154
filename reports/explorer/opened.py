"""Results named when the explorer starts: reports, fleets, chains, studies and runs. Pages are made when asked for.

Only what is found here can be shown. Nothing that a browser sends names a file: it sends the place in this list.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError

from shenhe.core.document import worded
from shenhe.core.errors import ShenheError
from shenhe.core.files import read_up_to
from shenhe.core.strict_json import parse_json, place_of

from ..pages.language import Language

What = Literal["report", "fleet", "chain", "study", "run"]
MAX_OPENED = 200
MAX_RESULT_BYTES = 64 * 1024 * 1024
M = TypeVar("M", bound=BaseModel)


class OpenError(ShenheError, ValueError):
    """A path that holds nothing the explorer can show."""


@dataclass(frozen=True)
class Opened:
    """One result on disk: what it is, and what it is called in the list."""

    what: What
    name: str
    path: Path


def find(places: Sequence[Path]) -> list[Opened]:
    """The results at these paths: files, folders, and folders of such folders one level down.

    Raises :class:`OpenError` for a path that is missing or holds none.
    """
    found: list[Opened] = []
    for place in places:
        if not place.exists():
            raise OpenError(f"{place}: no such file or folder")
        here = list(_at(place))
        if not here and place.is_dir():
            here = [each for inner in sorted(place.iterdir()) for each in _at(inner)]
        if not here:
            raise OpenError(
                f"{place}: found no report.json, fleet.json, chain.json or run.json, expected results of shenhe"
            )
        found += here
    if len(found) > MAX_OPENED:
        raise OpenError(f"found {len(found)} results, expected at most {MAX_OPENED}; name fewer folders")
    return found


def _at(place: Path) -> Iterator[Opened]:
    if place.is_file():
        if place.suffix == ".json":
            yield Opened("chain" if place.name == "chain.json" else "report", str(place), place)
        return
    if (place / "fleet.json").is_file():
        yield Opened("fleet", str(place), place)
    elif (place / "chain.json").is_file():
        yield Opened("chain", str(place), place / "chain.json")
    elif (place / "report.json").is_file():
        yield Opened("report", str(place), place / "report.json")
    elif (place / "run.json").is_file():
        yield Opened("study" if _is_study(place) else "run", str(place), place)


def _is_study(place: Path) -> bool:
    try:
        return "study_hash" in json.loads(read_up_to(place / "run.json", MAX_RESULT_BYTES))
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _read(path: Path, model: type[M], what: str) -> M:
    """A result of this kind. Raises :class:`OpenError` for a file that is none, ``OSError`` for one that cannot be
    read.
    """
    data = read_up_to(path, MAX_RESULT_BYTES)
    if len(data) > MAX_RESULT_BYTES:
        raise OpenError(f"{path}: found more than {MAX_RESULT_BYTES:,} bytes, expected a {what}")
    try:
        return model.model_validate(parse_json(data))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise OpenError(
            f"{path}: {place_of(first['loc'])}: {worded(first)}; expected a {what} of this version"
        ) from None
    except ValueError as error:
        raise OpenError(f"{path}: cannot be read as JSON: {error}; expected a {what}") from None


@functools.lru_cache(maxsize=32)
def page_of(opened: Opened, language: Language = "en") -> str:
    """The page of a result. Raises :class:`ShenheError` for one that cannot be read."""
    if opened.what == "report":
        from shenhe.conformance.report import read_report

        from ..pages.page import render_page

        return render_page([read_report(opened.path)], (), language)
    if opened.what == "fleet":
        from shenhe.conformance.fleet import Fleet

        from ..pages.fleet import render_fleet_page

        return render_fleet_page(_read(opened.path / "fleet.json", Fleet, "fleet.json"), {}, language)
    if opened.what == "chain":
        from shenhe.conformance.chain.result import ChainReport

        from ..pages.chain import render_chain_page

        return render_chain_page(_read(opened.path, ChainReport, "chain.json"), language)
    if opened.what == "study":
        from shenhe.simulator.analysis import overview
        from shenhe.simulator.study import read_study

        from ..pages.study import render_study_page

        study = read_study(opened.path)
        return render_study_page(study, overview(study), language)
    from shenhe.simulator import read_run

    from ..pages.page import render_page

    return render_page([], [read_run(opened.path)], language)

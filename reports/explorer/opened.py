"""Results named when the explorer starts: reports, fleets, chains, studies and runs. Pages are made when asked for.

Only what is found here can be shown. Nothing that a browser sends names a file: it sends the place in this list.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shenhe.core.errors import ShenheError

from ..pages.language import Language

What = Literal["report", "fleet", "chain", "study", "run"]
MAX_OPENED = 200


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
        return "study_hash" in json.loads((place / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


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

        text = (opened.path / "fleet.json").read_text(encoding="utf-8")
        try:
            return render_fleet_page(Fleet.model_validate_json(text), {}, language)
        except ValueError as error:
            raise OpenError(f"{opened.path}: is no fleet.json of this version ({type(error).__name__})") from None
    if opened.what == "chain":
        from shenhe.conformance.chain.result import ChainReport

        from ..pages.chain import render_chain_page

        try:
            return render_chain_page(ChainReport.model_validate_json(opened.path.read_text(encoding="utf-8")), language)
        except ValueError as error:
            raise OpenError(f"{opened.path}: is no chain.json of this version ({type(error).__name__})") from None
    if opened.what == "study":
        from shenhe.simulator.analysis import overview
        from shenhe.simulator.study import read_study

        from ..pages.study import render_study_page

        study = read_study(opened.path)
        return render_study_page(study, overview(study), language)
    from shenhe.simulator import read_run

    from ..pages.page import render_page

    return render_page([], [read_run(opened.path)], language)

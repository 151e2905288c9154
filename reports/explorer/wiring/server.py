"""What the callbacks share: the desk, the results that were opened, the state to begin with, and the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import no_update

from ...pages.language import Language, language_of
from ..desk import Desk, Job
from ..opened import Opened
from ..state import State as Explored
from ..state import StateError, changed_scenarios, from_json, from_link
from ..words import words


@dataclass(frozen=True)
class Server:
    """What the callbacks share: the desk, the results that were opened, and the state to begin with."""

    desk: Desk
    opened: Sequence[Opened]
    first: Explored
    documents: Mapping[str, Mapping[str, Any]]
    language: Language

    def state(self, data: Any) -> Explored:
        return from_json(data, self.documents)


def language_in(search: str | None, otherwise: Language) -> Language:
    """The language that the query of an address asks for.

    >>> language_in("?lang=zh", "en"), language_in("", "zh")
    ('zh', 'zh')
    """
    return language_of("zh" if "lang=zh" in (search or "") else "en") if "lang=" in (search or "") else otherwise


def read_link(link: str | None, server: Server, language: Language) -> tuple[Explored, str]:
    """The state of a link, or the first one and what is wrong with the link."""
    text = (link or "").lstrip("#")
    if not text or text == "results":
        return server.first, ""
    try:
        state = from_link(text, server.documents)
    except StateError as error:
        return server.first, words(language)["bad_link"].format(reason=error)
    return state, words(language)["other_version"] if changed_scenarios(state) else ""


def new_of(job: Job | None, shown: str | None) -> Any:
    """The id of a job that is done or failed and not shown yet."""
    return job.id if job is not None and job.stage in ("done", "failed") and job.id != shown else no_update


def result_of(server: Server, name: Any) -> Any:
    job = server.desk.job(name)
    return job.result if job is not None and job.stage == "done" else None

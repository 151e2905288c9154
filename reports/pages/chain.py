"""The page of a chain: one file followed through all targets, verdict by verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shenhe.conformance.chain.result import ChainCheck, ChainReport
from shenhe.core.files import write_whole

from .language import Language, speaker, translated
from .self_contained import rendered


def write_chain_page(path: Path, chain: ChainReport, language: Language = "en") -> None:
    """Write :func:`render_chain_page` as UTF-8, by way of a temporary file in the same folder."""
    write_whole(path, render_chain_page(chain, language))


def render_chain_page(chain: ChainReport, language: Language = "en") -> str:
    """One self-contained page."""
    gravest_first = reversed(chain.summary.counts.items())
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in gravest_first if number)
    return rendered(
        "chain.html",
        title=chain.name,
        with_figures=False,
        sheets=("page.css", "chain.css"),
        language=language,
        lead=speaker(language)("One file through {targets}. Checks of the chain: {verdicts}.").format(
            targets="、".join(chain.links) if language == "zh" else _in_order(chain.links),
            verdicts=translated(verdicts, language),
        ),
        chain=chain,
        checks=[_shown(check) for check in chain.checks],
        fails=any(check.lost_at for check in chain.checks),
    )


def _in_order(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _shown(check: ChainCheck) -> dict[str, Any]:
    short = check.result.name.replace("_", " ")
    hops, before = [], {}  # type: ignore[var-annotated]
    for hop in check.hops:
        changed = {key: value for key, value in hop.label.items() if before.get(key, "") != value}
        hops.append({**hop.model_dump(), "fields": changed})
        before = hop.label or before
    return {"result": check.result, "hops": hops, "lost_at": check.lost_at, "short": short[:1].upper() + short[1:]}

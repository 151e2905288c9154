"""``make mutants``: change the sample one place at a time, and count what the checks find.

Results are appended to a file one by one, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ...sampling import commit
from .loading import PROVIDER, SUBJECTS, Subject
from .trying import Baseline, Tried, all_mutants, baseline, names_of_checks, tried

FOLDER = Path("power")
SURVIVORS = Path(__file__).parent / "survivors.yaml"
#: ``survived`` and ``unseen`` both escape every check; of the second, a walk through the sample sees nothing either.
STATUSES = ("killed", "survived", "inconclusive", "unseen", "not reached", "endless", "broken", "check broke")

_known: Baseline | None = None
_subject = PROVIDER


def _begin(known: Baseline, subject: Subject) -> None:
    global _known, _subject
    _known, _subject = known, subject


def _baseline(folder: Path, subject: Subject = PROVIDER) -> Baseline:
    """The baseline of this very code, kept for the next run."""
    root = Path(__file__).resolve().parents[3]
    code = hashlib.sha256()
    for name in ("sample", "conformance", "labels", "rulebook"):
        for path in sorted((root / name).rglob("*.py")) + sorted((root / name).rglob("*.yaml")):
            code.update(path.read_bytes())
    named = "" if subject is PROVIDER else f"{subject.name}-"
    file = folder / f"baseline-{named}{code.hexdigest()[:16]}.json"
    if file.exists():
        return Baseline.of_json(json.loads(file.read_text(encoding="utf-8")))
    print("running every check against the lawful sample", file=sys.stderr)
    known = baseline(names_of_checks(subject), subject)
    file.write_text(json.dumps(known.as_json()), encoding="utf-8")
    return known


def _try(number: int) -> Tried:
    assert _known is not None
    return tried(all_mutants(_subject)[number], _known, _subject)


def row(done: Tried) -> dict[str, Any]:
    """One line of the results."""
    mutant = done.mutant
    return {
        "key": mutant.key,
        **{key: value for key, value in asdict(mutant).items() if key not in ("number", "variant", "statement")},
        "status": done.status,
        "by": done.by,
        "seen": done.seen,
        "seconds": done.seconds,
    }


def markdown(rows: Iterable[dict[str, Any]]) -> str:
    """The results as a table by operator and by module, then every survivor."""
    rows = list(rows)
    lines = ["# What the checks find of mutants", ""]
    for what in ("operator", "module"):
        lines += [
            f"| {what} | mutants | {' | '.join(STATUSES)} | killed of decided |",
            "|---" * (len(STATUSES) + 3) + "|",
        ]
        for name in [*sorted({row[what] for row in rows}), "all"]:
            count = Counter(row["status"] for row in rows if name in (row[what], "all"))
            decided = count["killed"] + count["survived"]
            share = f"{count['killed'] / decided:.0%}" if decided else ""
            numbers = " | ".join(str(count[status] or "") for status in STATUSES)
            lines.append(f"| {name} | {count.total()} | {numbers} | {share} |")
        lines.append("")
    survivors = [row for row in rows if row["status"] in ("survived", "check broke")]
    classes = Counter(meaning_of(row["key"])[0] for row in survivors)
    killed = sum(row["status"] == "killed" for row in rows) + classes["caught now"]
    relevant = killed + classes["limit"] + classes[UNCLASSIFIED]
    lines += [
        "## Survivors",
        "",
        f"Of {relevant} mutants that a rule speaks of and that a check passed or failed, {killed} are killed"
        f" ({killed / relevant:.0%})."
        if relevant
        else "Nothing was decided.",
        "",
        "| class | survivors |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count in sorted(classes.items())),
        "",
        "| mutant | class | why |",
        "|---|---|---|",
    ]
    for row in survivors:
        name, why = meaning_of(row["key"])
        shown = f"`{row['module']}.{row['function']}` {row['how']}: `{row['original'][:80]}`".replace("|", "\\|")
        lines.append(f"| {shown} | {name} | {why} |")
    return "\n".join(lines) + "\n"


#: The class of a survivor that is not classified yet.
UNCLASSIFIED = "unclassified"


@cache
def _meanings() -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = yaml.safe_load(SURVIVORS.read_text(encoding="utf-8"))
    return read


def meaning_of(key: str) -> tuple[str, str]:
    """The class of a survivor, and why it is of it."""
    found = next(
        (each for each in _meanings() if key == each["key"] or (not each.get("exact") and key.startswith(each["key"]))),
        None,
    )
    return (found["class"], found["why"]) if found is not None else (UNCLASSIFIED, "")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.power.mutants", description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants drawn at random, and not all")
    parser.add_argument("--role", choices=sorted(SUBJECTS), default="provider", help="whose mutants are tried")
    parser.add_argument("--draw", default=None, help="what a sample is drawn by (default: the commit)")
    parser.add_argument("--only", action="append", metavar="WORD", help="mutants whose name contains this")
    parser.add_argument("--again", action="append", metavar="STATUS", help="try those of this status once more")
    parser.add_argument("--doc", type=Path, help="write the table there too, for the documentation")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for mutants.jsonl and mutants.md")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    subject = SUBJECTS[chosen.role]
    suffix = "" if subject is PROVIDER else f"-{subject.name}"
    file = chosen.out / f"mutants{suffix}.jsonl"
    done = {}
    if file.exists():
        done = {line["key"]: line for line in map(json.loads, file.read_text(encoding="utf-8").splitlines())}
    again = set(chosen.again or ())
    mutants = all_mutants(subject)
    numbers = [
        number
        for number, mutant in enumerate(mutants)
        if not chosen.only or any(word in mutant.key for word in chosen.only)
    ]
    if chosen.sample is not None:
        numbers = sorted(random.Random(chosen.draw or commit()).sample(numbers, min(chosen.sample, len(numbers))))
    wanted = {mutants[number].key for number in numbers}
    left = [n for n in numbers if mutants[n].key not in done or done[mutants[n].key]["status"] in again]
    print(f"{len(numbers)} mutants, {len(left)} to be tried", file=sys.stderr)
    if left:
        known = _baseline(chosen.out, subject)
        with (
            ProcessPoolExecutor(chosen.workers, initializer=_begin, initargs=(known, subject)) as pool,
            file.open("a", encoding="utf-8") as kept,
        ):
            for count, result in enumerate(pool.map(_try, left), 1):
                done[result.mutant.key] = row(result)
                kept.write(json.dumps(row(result), ensure_ascii=False) + "\n")
                kept.flush()
                print(f"{count}/{len(left)} {result.status}: {result.mutant.key}", file=sys.stderr, flush=True)
    table = markdown(line for line in done.values() if line["key"] in wanted)
    (chosen.out / f"mutants{suffix}.md").write_text(table, encoding="utf-8")
    if chosen.doc is not None:
        drawn = (
            f"Drawn by `--draw {(chosen.draw or commit())[:7]} --sample {chosen.sample}`" if chosen.sample else "All"
        )
        told = f"{drawn}: {len(wanted)} of {len(mutants)} mutants of the sample, measured by `make mutants`.\n"
        chosen.doc.write_text(table.replace("\n", f"\n\n{told}", 1), encoding="utf-8")
    sys.stdout.write(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What the shell completes: names of rules, packs, faults, variants, scenarios and studies, beside files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def _starting(names: Iterable[str], typed: str) -> list[str]:
    return sorted(name for name in names if name.startswith(typed))


def _files(typed: str, *endings: str) -> list[str]:
    """Files with one of the endings, and folders, below what was typed so far."""
    folder = typed.rpartition("/")[0]
    found = []
    for path in Path(folder or ".").glob("*"):
        name = f"{folder}/{path.name}" if folder else path.name
        if path.is_dir():
            found.append(f"{name}/")
        elif path.suffix in endings:
            found.append(name)
    return _starting((name for name in found if not Path(name).name.startswith(".")), typed)


def rules(incomplete: str) -> list[str]:
    """Rule IDs."""
    from shenhe.rulebook import load_rulebook

    return _starting(load_rulebook().rules, incomplete)


def packs(incomplete: str) -> list[str]:
    """IDs of packs."""
    from shenhe.rulebook import load_rulebook

    return _starting(load_rulebook().packs, incomplete)


def explainable(incomplete: str) -> list[str]:
    """Rules, checks and deviations."""
    from shenhe.conformance.checks import all_checks
    from shenhe.labels.model import DEVIATIONS

    checks = (check.name for check in all_checks())
    return [*_starting(checks, incomplete), *_starting(DEVIATIONS, incomplete), *rules(incomplete)]


def faults(incomplete: str) -> list[str]:
    """Faults of the sample."""
    from shenhe.sample.faults import FAULTS

    return _starting(FAULTS, incomplete)


def variants(incomplete: str) -> list[str]:
    """Lawful variants of the sample."""
    from shenhe.sample.variants import VARIANTS

    return _starting(VARIANTS, incomplete)


def targets(incomplete: str) -> list[str]:
    """The sample, and binding files."""
    return [*_starting(["sample", "sample-store"], incomplete), *_files(incomplete, ".yaml", ".yml")]


def scenarios(incomplete: str) -> list[str]:
    """Shipped scenarios, and scenario files."""
    from shenhe import scenarios as shipped

    return [*_starting(shipped.names(), incomplete), *_files(incomplete, ".yaml", ".yml")]


def studies(incomplete: str) -> list[str]:
    """Shipped studies, and study files."""
    from importlib.resources import files

    entries = (entry.name for entry in (files("shenhe.scenarios") / "studies").iterdir())
    names = (name.removesuffix(".yaml") for name in entries if name.endswith(".yaml"))
    return [*_starting(names, incomplete), *_files(incomplete, ".yaml", ".yml")]


def files_of_shenhe(incomplete: str) -> list[str]:
    """YAML files."""
    return _files(incomplete, ".yaml", ".yml")

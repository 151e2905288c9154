"""The settings of a run: from the command line, else from the marker, else from the ini file, else the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

import pytest

from ..verdict import Level


@dataclass(frozen=True)
class Settings:
    """Settings by the names that the marker and the ini file use too."""

    base_url: str | None = None
    level: str = "core"
    packs: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    seed: int = 0
    examples: int = 25
    baseline: Path | None = None
    env: tuple[str, ...] | None = None
    lenient: bool = False

    @classmethod
    def of(cls, config: pytest.Config, given: Mapping[str, Any], folder: Path) -> Self:
        """The settings for a target. ``given`` are those of its marker; ``folder`` is where its relative paths start.

        Raises:
            pytest.UsageError: for an unknown name or an unusable value.
        """
        names = [field.name for field in fields(cls)]
        for name in given:
            if name not in names:
                close = get_close_matches(name, names, 1)
                hint = f"did you mean {close[0]}?" if close else f"expected one of: {', '.join(names)}"
                raise pytest.UsageError(f"shenhe: unknown setting {name!r}; {hint}")
        values: dict[str, Any] = {}
        for name in names:
            value = config.getoption(f"shenhe_{name}")
            where, start = f"--shenhe-{name.replace('_', '-')}", config.invocation_params.dir
            if value is None and given.get(name) is not None:
                value, where, start = given[name], f"shenhe(…, {name}=…)", folder
            if value is None and (written := config.getini(f"shenhe_{name}")) not in (None, "", []):
                value, where, start = written, f"shenhe_{name} of the ini file", config.rootpath
            if value is not None:
                values[name] = _read(name, value, where, start)
        return cls(**values)


def _read(name: str, value: Any, where: str, start: Path) -> Any:
    try:
        match name:
            case "level":
                return Level(value).value
            case "seed" | "examples":
                return int(value)
            case "packs" | "rules" | "env":
                return (value,) if isinstance(value, str) else tuple(value)
            case "baseline":
                return existing(value, (start,))
            case "lenient":
                return bool(value)
            case _:
                return str(value)
    except (ValueError, TypeError, FileNotFoundError) as error:
        raise pytest.UsageError(f"shenhe: {where}: {error}") from None


def existing(path: str | Path, folders: tuple[Path, ...]) -> Path:
    """The file of this name in the first of the folders that has it. Raises ``FileNotFoundError``."""
    for folder in folders:
        if (folder / path).is_file():
            return folder / path
    raise FileNotFoundError(f"found no file {path} in {' or '.join(map(str, dict.fromkeys(folders)))}")

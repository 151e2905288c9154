"""Secrets in a fleet: each binding gets its own variables, and no output holds one."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from shenhe.conformance.fleet import (
    FleetError,
    members,
    read_variables,
    shared_secrets,
)

from .providers import (
    FEW,
    echo,
    hang,
    labelled,
    of_process,
    serving,
    small,
    wait_for,
    workers,
)
from .runs import auth, by_name, run

A_KEY, B_KEY = "canary-of-a-5d81c3", "canary-of-b-90fe27"


KEYS = {"A_KEY": A_KEY, "B_KEY": B_KEY, "OTHER": "canary-of-nobody-113"}


@pytest.mark.costly
def test_a_secret_reaches_only_its_provider_and_no_output(tmp_path: Path) -> None:
    folder, out = tmp_path / "b", tmp_path / "out"
    folder.mkdir()
    heard: dict[str, bytes] = {"a": b"", "b": b""}

    def listening(name: str) -> Any:
        def handle(connection: Any, request: bytes) -> None:
            heard[name] += request
            echo(connection, request)

        return handle

    with serving(listening("a")) as a, serving(listening("b")) as b:
        small(folder, "a", a, auth=auth("A_KEY"))
        small(folder, "b", b, auth=auth("B_KEY"))
        fleet, _ = run(folder, out, environ=KEYS)
    assert fleet.exit_code == 1, "both echo, and neither labels"
    assert A_KEY.encode() in heard["a"]
    assert B_KEY.encode() in heard["b"]
    assert B_KEY.encode() not in heard["a"]
    assert A_KEY.encode() not in heard["b"]
    written = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert b"You said" in written
    assert b"canary" not in written


@pytest.mark.costly
def test_no_process_has_the_secrets_in_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    seen: list[bytes] = []
    with serving(hang) as url:
        small(tmp_path, "a", url, auth=auth("A_KEY"), timeout=3)
        options = FEW.model_copy(update={"max_seconds": 2.0})
        thread = threading.Thread(
            target=run, args=(tmp_path, tmp_path / "out"), kwargs={"environ": os.environ, "options": options}
        )
        thread.start()
        try:
            wait_for(lambda: bool(workers()))
            time.sleep(0.3)
            seen = [
                part for child in workers() for name in ("environ", "cmdline") for part in [of_process(child, name)]
            ]
        finally:
            thread.join()
    assert any(b"fleet.worker" in part for part in seen)
    assert b"canary" not in b"".join(seen)


def test_with_a_folder_of_variables_no_binding_can_name_anothers(tmp_path: Path) -> None:
    folder, secrets = tmp_path / "b", tmp_path / "secrets"
    folder.mkdir()
    secrets.mkdir()
    (secrets / "honest.env").write_text(f"# ours\n\nB_KEY={B_KEY}\n")
    (secrets / "thief.env").write_text("A_KEY=own\n")
    heard = []

    def handle(connection: Any, request: bytes) -> None:
        heard.append(request)
        labelled(connection, request)

    with serving(labelled) as url, serving(handle) as thief:
        small(folder, "honest", url, auth=auth("B_KEY"))
        small(folder, "thief", thief, auth=auth("B_KEY"))
        chosen = members(folder)
        assert shared_secrets(chosen) == {"B_KEY": ["honest.yaml", "thief.yaml"]}
        own = read_variables(secrets, chosen)
        found = by_name(run(folder, tmp_path / "out", environ=KEYS, own_environ=own)[0])
    assert found["honest"].exit_code == 0
    assert found["thief"].outcome == "not usable"
    assert "B_KEY" in found["thief"].detail
    assert heard == []


def test_a_variables_file_is_reported_by_line_without_values(tmp_path: Path) -> None:
    small(tmp_path, "one", "http://127.0.0.1:9")
    (tmp_path / "one.env").write_text(f"A_KEY=fine\n{A_KEY}\n")
    with pytest.raises(FleetError, match=r"one\.env:2: ") as told:
        read_variables(tmp_path, members(tmp_path))
    assert A_KEY not in str(told.value)

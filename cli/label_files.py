"""Files that the commands on labels take: media, sidecars, certificates and keys."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from shenhe.core.files import read_up_to

from .output import say

if TYPE_CHECKING:
    from shenhe.labels import SigningKey


def must_be_readable(path: Path) -> None:
    """Ends the command, in words, where ``path`` is no file that can be read."""
    if path.is_dir():
        why = f"{path} is a directory; name the files in it, such as {path / '*'}"
    elif not path.exists():
        why = f"{path}: no such file"
    elif not path.is_file():
        why = f"{path} is no regular file; a pipe or a device is not read"
    elif not os.access(path, os.R_OK):
        why = f"{path} cannot be read: Permission denied"
    else:
        return
    say(f"shenhe: {why}", err=True)
    raise typer.Exit(2)


#: Means standard input where a command takes files.
STDIN = Path("-")
#: Bytes of standard input that are read.
_MOST_INPUT = 1 << 30


@contextmanager
def input_as_files(paths: list[Path]) -> Iterator[list[Path]]:
    """The files to read, with standard input kept in its own file for ``-``; ends the command where one cannot be
    read.
    """
    for path in paths:
        if path != STDIN:
            must_be_readable(path)
    if STDIN not in paths:
        yield paths
        return
    with tempfile.TemporaryDirectory(prefix="shenhe-") as folder:
        kept = Path(folder) / "stdin"
        with kept.open("wb") as file:
            left = _MOST_INPUT
            while chunk := sys.stdin.buffer.read(min(left + 1, 1 << 20)):
                left -= len(chunk)
                if left < 0:
                    say("shenhe: standard input has more than 1 GiB; name a file instead", err=True)
                    raise typer.Exit(2)
                file.write(chunk)
        yield [kept if path == STDIN else path for path in paths]


def sidecars_of(given: list[Path], files: list[Path]) -> list[Path]:
    """The sidecars that were named; ends the command where one is none, or describes more than one file."""
    from shenhe.labels.containers.sniff import sniff

    if given and len(files) > 1:
        say("shenhe: --sidecar describes one file; read the files one at a time", err=True)
        raise typer.Exit(2)
    for path in given:
        must_be_readable(path)
        if sniff(read_up_to(path, 1 << 20)).name not in ("xmp", "c2pa"):
            say(f"shenhe: {path} is no sidecar; expected an XMP packet or a C2PA manifest store", err=True)
            raise typer.Exit(2)
    return given


def trusted_certificates(path: Path) -> str:
    """The certificates of a PEM file; ends the command where there are none."""
    try:
        text = read_up_to(path, 4 << 20).decode("ascii", "replace")
    except OSError as error:
        say(f"shenhe: {path} cannot be read: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    if "-----BEGIN CERTIFICATE-----" not in text:
        say(
            f"shenhe: {path} holds no certificate; expected PEM, which begins with -----BEGIN CERTIFICATE-----",
            err=True,
        )
        raise typer.Exit(2)
    return text


def signing_key_of(certificates: Path | None, key: Path | None, algorithm: str) -> SigningKey | None:
    """The key to sign with, or None; ends the command where only a part of it is given."""
    from shenhe.labels import SigningKey

    if certificates is None and key is None:
        return None
    if certificates is None or key is None:
        say("shenhe: to sign, give both --sign-cert and --sign-key", err=True)
        raise typer.Exit(2)
    chain = trusted_certificates(certificates)
    must_be_readable(key)
    private = read_up_to(key, 1 << 20)
    if b"PRIVATE KEY-----" not in private:
        say(f"shenhe: {key} holds no private key; expected PEM, such as -----BEGIN PRIVATE KEY-----", err=True)
        raise typer.Exit(2)
    return SigningKey(chain.encode(), private, algorithm)

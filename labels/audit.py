"""Audit which files of a folder, and of the archives in it, are labelled. Writes one line of JSON per file.

An audit can be resumed: files in the result file with the same size and modification time are not read again.
"""

from __future__ import annotations

import json
import lzma
import os
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Literal

from shenhe.core.archives import content, opened, opened_tar
from shenhe.core.errors import ShenheError

from .bytes.pages import Source
from .containers.documents.zip import is_archive_of_files
from .findings import Findings
from .model import Labels, Limits
from .read import Depth, read_source
from .record import media_type_of, read_file

#: What a file amounts to, best first. ``departing``: its labels break a binding clause. ``other``: it has only marks of
#: other schemes (IPTC, C2PA). ``inconclusive``: it could not be read or decided, or has a content credential that was
#: not read, and no label was found.
Status = Literal["conforming", "departing", "other", "unlabelled", "inconclusive"]
STATUSES: tuple[Status, ...] = ("conforming", "departing", "other", "unlabelled", "inconclusive")
_OF_THE_STANDARD = {"gb45438", "text", "visible", "rhythm", "spoken"}
_FIRST_LINE = "shenhe_label_audit"
_VERSION = 1
_AT_ONCE = 32
UNREAD_CREDENTIAL = "it has a content credential, which only --all reads"
_MEMBERS = 100_000
#: The type of a manifest store, by which every embedded content credential begins (C2PA 2.2, section 11.1.4.2).
_MANIFEST_STORE = b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"
#: A credential is searched for in so many bytes at either end of a file, where writers put it.
_ENDS = 1 << 20
#: What decompressors raise where an archive is broken.
_BROKEN = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)
_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


class AuditError(ShenheError, ValueError):
    """A folder that cannot be audited, or a result file that cannot be continued."""


@dataclass(frozen=True, slots=True)
class AuditedFile:
    """One file of an audit. ``file`` is relative to the folder; a member of an archive follows it behind ``!``."""

    file: str
    size: int
    changed: int
    media_type: str
    status: Status
    schemes: tuple[str, ...] = ()
    implicit: bool = False
    explicit: bool = False
    reasons: tuple[str, ...] = ()

    def as_line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def status_of(labels: Labels) -> Status:
    """The status that follows from one reading."""
    own = [label for label in labels.labels if label.scheme in _OF_THE_STANDARD]
    if own:
        if any(label.undecided for label in own) and not any(label.conformant for label in own):
            return "inconclusive"
        return "conforming" if all(label.conformant or label.undecided for label in own) else "departing"
    if labels.refused or labels.cut_short:
        return "inconclusive"
    return "other" if labels.labels else "unlabelled"


def _audited(file: str, size: int, changed: int, labels: Labels, data: Source | None = None) -> AuditedFile:
    """The row of a file. ``data`` are its bytes, given if credentials were not read."""
    status = status_of(labels)
    if status == "unlabelled" and data is not None and _has_credential(data):
        return AuditedFile(file, size, changed, labels.media_type, "inconclusive", reasons=(UNREAD_CREDENTIAL,))
    reasons = [f"{refusal.what}: {refusal.why}" for refusal in labels.refused]
    reasons += ["it ends too early"] if labels.cut_short and not labels.refused else []
    reasons += sorted({deviation.value for label in labels.labels for deviation in label.deviations})
    return AuditedFile(
        file,
        size,
        changed,
        labels.media_type,
        status,
        tuple(sorted({label.scheme for label in labels.labels})),
        bool(labels.aigc),
        bool(labels.explicit),
        tuple(reasons[:8]),
    )


def _has_credential(data: Source) -> bool:
    return _MANIFEST_STORE in data[:_ENDS] or _MANIFEST_STORE in data[max(_ENDS, len(data) - _ENDS) :]


def files_in(folder: Path, left_out: Iterable[Path] = ()) -> list[Path]:
    """The regular files below ``folder`` in the order of their names; links to folders are not followed.

    Raises AuditError where the folder cannot be listed.
    """
    out = {path.resolve() for path in left_out}

    def fail(error: OSError) -> None:
        if Path(str(error.filename)) == folder:
            raise AuditError(f"{folder} cannot be listed: {error.strerror}") from error

    found = []
    for root, folders, names in os.walk(folder, onerror=fail):
        folders.sort()
        for name in sorted(names):
            path = Path(root, name)
            if path.is_file() and path.resolve() not in out:
                found.append(path)
    return found


def _one(path: Path, *, folder: Path, depth: Depth, limits: Limits) -> list[AuditedFile]:
    """The row of a file, or the rows of an archive's members instead."""
    name = str(path.relative_to(folder))
    try:
        state = path.stat()
        members = _members(path, name, state.st_mtime_ns, depth, limits)
        if members is not None:
            return members
        if depth == "metadata":
            return [_by_metadata(path, name, state.st_size, state.st_mtime_ns, limits)]
        labels = read_file(path, depth=depth, limits=limits)[1]
    except OSError as error:
        why = f"cannot be read: {error.strerror or 'it is gone'}"
        return [AuditedFile(name, 0, 0, "", "inconclusive", reasons=(why,))]
    return [_audited(name, state.st_size, state.st_mtime_ns, labels)]


def _by_metadata(path: Path, name: str, size: int, changed: int, limits: Limits) -> AuditedFile:
    """As ``read_file``, without a digest of the whole file."""
    from .bytes.pages import opened
    from .sidecars import read_sidecar_file, sidecars_of

    handle, data = opened(path)
    try:
        media_type, sidecars = media_type_of(path), sidecars_of(path)

        def beside(found: Findings) -> None:
            for each in sidecars:
                read_sidecar_file(each, data, media_type, credentials=False, found=found)

        labels = read_source(data, media_type, "metadata", Findings(limits), beside if sidecars else None)
        return _audited(name, size, changed, labels, data)
    finally:
        os.close(handle)


def _members(path: Path, name: str, changed: int, depth: Depth, limits: Limits) -> list[AuditedFile] | None:
    """The members of an archive of other files, or None for any other file."""
    lowered = path.name.lower()
    if lowered.endswith(_TARS):
        return _tar_members(path, name, changed, depth, limits)
    if not lowered.endswith(".zip"):
        return None
    try:
        with zipfile.ZipFile(path) as package:
            if not is_archive_of_files(package):
                return None
            rows = []
            for info in package.infolist()[:_MEMBERS]:
                if info.is_dir():
                    continue
                member = f"{name}!{info.filename}"
                if info.flag_bits & 1:
                    rows.append(_unread(member, info.file_size, changed, "it is encrypted"))
                elif info.file_size > limits.file_bytes:
                    rows.append(_unread(member, info.file_size, changed, "it is larger than allowed"))
                else:
                    rows.append(_unpacked(package, info, member, changed, depth, limits))
            if len(package.infolist()) > _MEMBERS:
                rows.append(_unread(name, path.stat().st_size, changed, f"it has more than {_MEMBERS:,} members"))
            return rows
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, ValueError):
        return [_unread(name, path.stat().st_size, changed, "the archive is broken")]


def _unpacked(
    package: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, changed: int, depth: Depth, limits: Limits
) -> AuditedFile:
    try:
        with opened(package, info) as stream:
            content = stream.read(limits.file_bytes + 1)
    # The decompressors of an archive raise errors that no other reader raises.
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        EOFError,
        RuntimeError,
        ValueError,
        zlib.error,
        lzma.LZMAError,
        OSError,
    ):
        return _unread(name, info.file_size, changed, "it cannot be unpacked")
    return _member(name, content, changed, depth, limits)


def _tar_members(path: Path, name: str, changed: int, depth: Depth, limits: Limits) -> list[AuditedFile]:
    rows: list[AuditedFile] = []
    try:
        with opened_tar(path) as archive:
            for info in archive:
                if len(rows) >= _MEMBERS:
                    rows.append(_unread(name, path.stat().st_size, changed, f"it has more than {_MEMBERS:,} members"))
                    break
                if not info.isfile():
                    continue
                member = f"{name}!{info.name}"
                if info.size > limits.file_bytes:
                    rows.append(_unread(member, info.size, changed, "it is larger than allowed"))
                else:
                    rows.append(_member(member, content(archive, info), changed, depth, limits))
    except (*_BROKEN, tarfile.TarError):
        rows.append(_unread(name, path.stat().st_size, changed, "the archive is broken"))
    return rows


def _unread(name: str, size: int, changed: int, why: str) -> AuditedFile:
    return AuditedFile(name, size, changed, "", "inconclusive", reasons=(why,))


def _member(name: str, content: bytes, changed: int, depth: Depth, limits: Limits) -> AuditedFile:
    labels = read_source(content, media_type_of(Path(name)), depth, Findings(limits))
    return _audited(name, len(content), changed, labels, content if depth == "metadata" else None)


def read_results(path: Path, depth: Depth | None = None) -> list[AuditedFile]:
    """The lines of a result file. Where the last was cut off, the file or archive that it belongs to is left out.

    Raises AuditError where the file is of another kind or another ``depth``, OSError where it cannot be read.
    """
    known = {field.name for field in fields(AuditedFile)}
    rows: list[AuditedFile] = []
    line = "\n"
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            try:
                values: dict[str, Any] = json.loads(line)
            except ValueError:
                values = {}
            if number == 1:
                if values.get(_FIRST_LINE) != _VERSION:
                    raise AuditError(f"{path} is not the result of an audit of this version; name another file")
                if depth is not None and values.get("depth") != depth:
                    raise AuditError(
                        f"{path} is the result of an audit of the depth {values.get('depth')}, not {depth};"
                        " name another file"
                    )
            elif values.keys() == known:
                lists = {"schemes": tuple(values["schemes"]), "reasons": tuple(values["reasons"])}
                rows.append(AuditedFile(**{**values, **lists}))
    if not line.endswith("\n") and rows:
        cut = _outermost(rows[-1])
        rows = [row for row in rows if _outermost(row) != cut]
    return rows


def _outermost(row: AuditedFile) -> str:
    """The file in the folder that a row describes: the file itself, or the archive that contains it."""
    return row.file.partition("!")[0]


def audit(
    folder: Path,
    results: Path,
    *,
    depth: Depth = "metadata",
    workers: int = 1,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[AuditedFile]:
    """Reads every file below ``folder`` that is not in ``results`` yet, and adds a line to it for each.

    Returns a row per file that is there now. Raises AuditError where the folder or the result file cannot be used.
    """
    limits = limits or Limits()
    known: dict[str, list[AuditedFile]] = {}
    if results.exists():
        for row in read_results(results, depth):
            known.setdefault(_outermost(row), []).append(row)
    paths = files_in(folder, [results])
    kept: list[AuditedFile] = []
    left = []
    for path in paths:
        rows = _still_true(known.get(str(path.relative_to(folder)), []), path)
        kept += rows
        if not rows:
            left.append(path)
    begun = bool(known) and results.read_bytes()[-1:] == b"\n"
    # A name that is no UTF-8 keeps its bytes as escapes, which JSON reads back.
    with results.open("a" if known else "w", encoding="utf-8", errors="backslashreplace") as lines:
        if not known:
            lines.write(json.dumps({_FIRST_LINE: _VERSION, "depth": depth}) + "\n")
        elif not begun:
            lines.write("\n")  # behind a line that was cut off
        done = len(paths) - len(left)
        for rows in _read_all(left, partial(_one, folder=folder, depth=depth, limits=limits), workers):
            lines.write("".join(f"{row.as_line()}\n" for row in rows))
            lines.flush()
            kept += rows
            done += 1
            if progress is not None:
                progress(done, len(paths))
    return sorted(kept, key=lambda row: row.file)


def _still_true(rows: list[AuditedFile], path: Path) -> list[AuditedFile]:
    """The rows of a file that has not changed since. Of several readings, the last counts."""
    try:
        state = path.stat()
    except OSError:
        return []
    latest = {row.file: row for row in rows if row.changed == state.st_mtime_ns}
    whole = latest.get(_outermost(rows[0])) if rows else None
    if whole is not None and whole.size != state.st_size:
        return []
    return list(latest.values())


def _read_all(
    paths: list[Path], read: Callable[[Path], list[AuditedFile]], workers: int
) -> Iterator[list[AuditedFile]]:
    if workers == 1 or len(paths) < _AT_ONCE:
        yield from map(read, paths)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(read, paths, chunksize=_AT_ONCE)


def counts(rows: Iterable[AuditedFile]) -> dict[str, Counter[Status]]:
    """Per media type, how many files have each status; the kinds with the most files come first."""
    found: dict[str, Counter[Status]] = {}
    for row in rows:
        found.setdefault(row.media_type or "not read", Counter())[row.status] += 1
    return dict(sorted(found.items(), key=lambda item: (-item[1].total(), item[0])))

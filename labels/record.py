"""One file's reading as a record for programs: what ``shenhe label read --json`` prints, and its JSON
Schema.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from .bytes.pages import opened, pieces
from .containers.sniff import STRUCTURED
from .findings import Findings
from .judge import Judgement, judge_file
from .model import Deviation, Label, Labels, Limits, Refusal
from .read import Depth, read_source
from .sidecars import read_sidecar_file, sidecars_of

# Dataclasses and not pydantic models, whose library takes longer to load than most files to read. Their configuration
# and metadata are for the JSON Schema.
_CLOSED: Mapping[str, Any] = {"extra": "forbid"}


def _described(description: str) -> Mapping[str, str]:
    return {"description": description}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRecord:
    """One label of a file."""

    __pydantic_config__: ClassVar = _CLOSED

    scheme: str = field(metadata=_described("gb45438, c2pa, iptc, text, visible, rhythm or spoken"))
    kind: Literal["explicit", "implicit"]
    carrier: str = field(metadata=_described("its place in the file"))
    fields: dict[str, Any] = field(metadata=_described("what was read"))
    conformant: bool = field(metadata=_described("no deviation from a binding clause, and nothing undecided"))
    undecided: bool = field(metadata=_described("a measurement lies where it cannot decide"))
    deviations: list[Deviation] = field(metadata=_described("departures from the standard, by name"))
    span: tuple[int, int] | None = field(metadata=_described("byte range [start, end) of the carrier"))
    detail: str = field(metadata=_described("the same in sentences"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRecord:
    """Something that was not read, and why."""

    __pydantic_config__: ClassVar = _CLOSED

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """Everything one reading of one file found."""

    __pydantic_config__: ClassVar = _CLOSED

    file: str
    media_type: str = field(metadata=_described("recognised from the bytes"))
    sha256: str = field(metadata=_described("of the whole file; empty where the file could not be read"))
    labels: list[LabelRecord]
    statements: list[LabelRecord] = field(
        default_factory=list, metadata=_described("near misses that people understand: AI origin in other words")
    )
    contradictions: list[str] = field(default_factory=list, metadata=_described("statements that cannot both be true"))
    cut_short: bool = field(
        default=False, metadata=_described("the file is cut short, so a missing label proves nothing")
    )
    refused: list[RefusalRecord]
    notes: list[str]
    elapsed_ms: float = field(metadata={"ge": 0})

    @property
    def decided(self) -> bool:
        return not self.refused and not any(label.undecided for label in self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFileRecord:
    """One file and its verdicts: what ``shenhe label judge --json`` prints a list of."""

    __pydantic_config__: ClassVar = _CLOSED

    file: str
    media_type: str
    sha256: str
    judgements: list[Judgement]


def judge_record(found: FileRecord, labels: Labels, names: Iterable[str]) -> JudgedFileRecord:
    """The verdicts on one file under the schemes with these names."""
    return JudgedFileRecord(
        file=found.file,
        media_type=found.media_type,
        sha256=found.sha256,
        judgements=[judge_file(labels, name) for name in names],
    )


def json_schema() -> dict[str, Any]:
    """The schema of the list that ``--json`` prints; the published copy is tested to equal it."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(list[FileRecord]).json_schema()
    title = "Readings of AI-content labels"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}


def record(file: str, labels: Labels, digest: str, elapsed_ms: float) -> FileRecord:
    return FileRecord(
        file=file,
        media_type=labels.media_type,
        sha256=digest,
        labels=[_label(label) for label in labels.labels],
        statements=[_label(label) for label in labels.statements],
        contradictions=list(labels.contradictions),
        cut_short=labels.cut_short,
        refused=[RefusalRecord(what=refusal.what, why=refusal.why) for refusal in labels.refused],
        notes=list(labels.notes),
        elapsed_ms=round(elapsed_ms, 3),
    )


def _label(label: Label) -> LabelRecord:
    return LabelRecord(
        scheme=label.scheme,
        kind=label.kind,
        carrier=label.carrier,
        fields=dict(label.fields),
        conformant=label.conformant,
        undecided=label.undecided,
        deviations=list(label.deviations),
        span=label.span,
        detail=label.detail,
    )


def read_file(
    path: Path,
    *,
    depth: Depth = "all",
    limits: Limits | None = None,
    trust_anchors: str = "",
    sidecars: Iterable[Path] = (),
) -> tuple[FileRecord, Labels]:
    """The reading of one file, with its record. A file larger than allowed is refused before it is read; of the others
    no more is held in memory than is looked at.

    What XMP and C2PA sidecars beside the file say is read with it, and what ``sidecars`` say that lie elsewhere.

    Raises OSError where a file cannot be opened or is no regular file.
    """
    limits = limits or Limits()
    began = time.perf_counter()
    handle, data = opened(path)
    try:
        media_type, known = media_type_of(path), sidecars_of(path)
        known += [each for each in sidecars if each not in known]

        def beside(found: Findings) -> None:
            for each in known:
                read_sidecar_file(each, data, media_type, credentials=depth == "all", found=found)

        found = Findings(limits, trust_anchors)
        labels = read_source(data, media_type, depth, found, beside if known else None)
        digest = hashlib.sha256(usedforsecurity=False)
        for piece in pieces(data) if len(data) <= limits.file_bytes else ():
            digest.update(piece)
    finally:
        os.close(handle)
    name = digest.hexdigest() if len(data) <= limits.file_bytes else ""
    return record(str(path), labels, name, (time.perf_counter() - began) * 1e3), labels


# Only text formats need a hint; the mimetypes module would ask the machine it runs on.
_MEDIA_TYPES = {
    "": None,
    ".log": "text/plain",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".json": "application/json",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
    ".svg": "image/svg+xml",
    ".xmp": "application/rdf+xml",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".ass": "text/x-ssa",
    ".ssa": "text/x-ssa",
    ".lrc": "text/x-lrc",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/jsonl",
    ".rtf": "application/rtf",
    ".xml": "application/xml",
    ".eml": "message/rfc822",
    **dict.fromkeys((".mdown", ".mdx", ".mkd", ".qmd", ".rmd"), "text/markdown"),
    **dict.fromkeys((".geojson", ".har", ".ipynb", ".webmanifest"), "application/json"),
    **dict.fromkeys((".atom", ".gpx", ".kml", ".ncx", ".opf", ".plist", ".rss", ".xsd", ".xsl"), "application/xml"),
}
#: Names of files that programs read line by line.
_FOR_PROGRAMS = {"cmakelists.txt", "constraints.txt", "requirements.txt", "robots.txt", "ads.txt"} | {
    *("containerfile", "dockerfile", "gemfile", "jenkinsfile", "makefile", "procfile", "rakefile", "vagrantfile")
}


def media_type_of(path: Path) -> str | None:
    """What a text file's name says it is; None where the bytes tell. An unknown ending may mean source code, to which
    no line may be added.
    """
    name = path.name.lower()
    if name in _FOR_PROGRAMS or name.startswith("."):
        return STRUCTURED
    return _MEDIA_TYPES.get(path.suffix.lower(), STRUCTURED)


def _read_or_refuse(
    path: Path, *, depth: Depth, limits: Limits | None, trust_anchors: str, sidecars: tuple[Path, ...]
) -> tuple[FileRecord, Labels]:
    try:
        return read_file(path, depth=depth, limits=limits, trust_anchors=trust_anchors, sidecars=sidecars)
    except OSError as error:
        refusal = Refusal("file", f"cannot be read: {error.strerror or 'it cannot be opened'}")
        labels = Labels("application/octet-stream", refused=(refusal,))
        return record(str(path), labels, "", 0.0), labels


def read_files(
    paths: Iterable[Path],
    *,
    depth: Depth = "all",
    limits: Limits | None = None,
    workers: int = 1,
    trust_anchors: str = "",
    sidecars: Iterable[Path] = (),
) -> Iterator[tuple[FileRecord, Labels]]:
    """Readings of many files in the order given, over ``workers`` processes. A file that cannot be opened is
    refused. ``sidecars`` describe each of them.
    """
    from functools import partial

    job = partial(_read_or_refuse, depth=depth, limits=limits, trust_anchors=trust_anchors, sidecars=tuple(sidecars))
    if workers == 1:
        yield from map(job, paths)
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(job, paths, chunksize=16)

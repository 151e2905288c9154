"""`shenhe label`: read the labels of AI-generated content out of files, and write conforming ones into
them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shenhe.core.files import write_whole

from .label_files import STDIN, input_as_files, must_be_readable, sidecars_of, signing_key_of, trusted_certificates
from .options import PageLang, PageLanguage, page_file, writable_file, writable_folder
from .output import echo_json, say
from .progress import ProgressLine

if TYPE_CHECKING:
    from shenhe.labels.audit import AuditedFile
    from shenhe.labels.record import FileRecord, JudgedFileRecord
    from shenhe.labels.survival import Survival

app = typer.Typer(
    help="Read the labels of AI-generated content in files, or write conforming labels.",
    no_args_is_help=True,
)


@app.command(
    "read",
    epilog="Example:  shenhe label read picture.png sound.wav --json",
)
def read(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Files of any format; - for standard input.", show_default=False),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array with one object per file.")] = False,
    metadata: Annotated[
        bool,
        typer.Option("--metadata", help="Read only metadata and text: no pixels, sound or content credentials."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Also require the recommended clauses of the standard.")
    ] = False,
    workers: Annotated[int, typer.Option(metavar="N", help="Worker processes.", min=1, max=256)] = 1,
    trust_anchors: Annotated[
        Path | None,
        typer.Option(metavar="PEM", help="File of certificates to trust for content credentials.", dir_okay=False),
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder for image crops and audio strips that show each label.",
            callback=writable_folder,
        ),
    ] = None,
    sidecar: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="XMP packet or .c2pa store that describes the file. May be repeated."),
    ] = None,
) -> None:
    """List every label in each file, with its position and its deviations from GB 45438-2025.

    Exit codes: 0 every file was read, 2 a usage error, 3 something was refused or could not be decided.
    """
    with input_as_files(files) as readable:
        sidecars = sidecars_of(sidecar or [], files)
        trusted = trusted_certificates(trust_anchors) if trust_anchors is not None else ""
        records = _read(files, readable, as_json, metadata, strict, workers, trusted, evidence, sidecars)
    if as_json:
        import json

        echo_json(json.dumps([asdict(record) for record in records], ensure_ascii=False, indent=2))
    if not all(found.decided for found in records):
        raise typer.Exit(3)


def _read(
    files: list[Path],
    readable: list[Path],
    as_json: bool,
    metadata: bool,
    strict: bool,
    workers: int,
    trusted: str,
    evidence: Path | None,
    sidecars: list[Path],
) -> list[FileRecord]:
    """Read the files and print what each holds, unless all are printed as JSON in the end."""
    from shenhe.labels.record import read_files

    records = []
    readings = read_files(
        readable,
        depth="metadata" if metadata else "all",
        workers=workers,
        trust_anchors=trusted,
        sidecars=sidecars,
    )
    for path, (read_as, labels) in zip(files, readings, strict=True):
        found = replace(read_as, file="-") if path == STDIN else read_as
        records.append(found)
        if evidence is not None:
            evidence.mkdir(parents=True, exist_ok=True)
            for number, label in enumerate(labels.labels):
                if label.evidence is not None:
                    (evidence / f"{found.sha256[:12]}-{number}-{label.scheme}.png").write_bytes(label.evidence)
        if not as_json:
            _print(found, [each.strict for each in labels.labels] if strict else None)
    return records


@app.command(
    "judge",
    epilog="Example:  shenhe label judge picture.png --rules cn-labeling-2025,eu-ai-act-50",
)
def judge(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files of any format.", show_default=False)],
    rules: Annotated[
        str, typer.Option(metavar="PACKS", help="Packs of the rulebook, separated by commas; `all` for every one.")
    ] = "cn-labeling-2025",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array with one object per file.")] = False,
    trust_anchors: Annotated[
        Path | None,
        typer.Option(metavar="PEM", help="File of certificates to trust for content credentials.", dir_okay=False),
    ] = None,
    sidecar: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="XMP packet or .c2pa store that describes the file. May be repeated."),
    ] = None,
) -> None:
    """Say for each pack whether a file carries the marks it asks for, and who can verify them.

    Exit codes: 0 every verdict is "conforms", 1 one is "does not conform" or "none", 2 a usage error, 3 one is
    "inconclusive" and none is worse.
    """
    from shenhe.labels.judge import Verdict, schemes
    from shenhe.labels.record import judge_record, read_files

    known = schemes()
    names = list(known) if rules == "all" else [name.strip() for name in rules.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        what = f"no marks are known for {unknown[0]!r}" if unknown else "no pack is named"
        say(f"shenhe: {what}; choose from {', '.join(known)}, or all (--rules)", err=True)
        raise typer.Exit(2)
    for path in files:
        must_be_readable(path)
    trusted = trusted_certificates(trust_anchors) if trust_anchors is not None else ""
    records = []
    for found, labels in read_files(files, trust_anchors=trusted, sidecars=sidecars_of(sidecar or [], files)):
        records.append(judge_record(found, labels, names))
        if not as_json:
            _print_judgement(records[-1])
    if as_json:
        import json

        echo_json(json.dumps([asdict(record) for record in records], ensure_ascii=False, indent=2))
    verdicts = {judgement.verdict for record in records for judgement in record.judgements}
    if verdicts & {Verdict.DOES_NOT_CONFORM, Verdict.NONE}:
        raise typer.Exit(1)
    if Verdict.INCONCLUSIVE in verdicts:
        raise typer.Exit(3)


def _print_judgement(record: JudgedFileRecord) -> None:
    say(f"{record.file}  ({record.media_type})")
    for judgement in record.judgements:
        say(f"  {judgement.scheme}: {judgement.verdict.value}")
        for finding in judgement.findings:
            say(f"    {finding.rule}: {finding.verdict.value}: {finding.reason}")
            if finding.verifiable_by is not None:
                say(f"      verifiable by: {finding.verifiable_by.value}")
            if finding.condition:
                say(f"      applies if {finding.condition}")
        if not judgement.findings:
            say("    no rule of this pack concerns such a file")


def _print(found: FileRecord, strict: list[bool] | None) -> None:
    say(f"{found.file}  ({found.media_type})")
    for number, label in enumerate(found.labels):
        conforms = label.conformant if strict is None else strict[number]
        verdict = "undecided" if label.undecided else "conforms" if conforms else "does not conform"
        say(f"  {label.kind} {label.scheme} at {label.carrier}: {verdict}")
        for key, value in label.fields.items():
            say(f"      {key}: {value}")
        for deviation in label.deviations:
            say(f"    - {deviation.value} ({deviation.weight.value}): {deviation.sentence}")
    if not found.labels:
        say("  no label found")
    for contradiction in found.contradictions:
        say(f"  contradiction: {contradiction}")
    for refusal in found.refused:
        say(f"  refused: {refusal.what}: {refusal.why}")
    for note in found.notes:
        say(f"  note: {note}")


@app.command(
    "write",
    epilog="Example:  shenhe label write a.png --producer 001191110102MACQD9K64010000 --id a-1 --out b.png",
)
def write(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to label.", show_default=False)],
    out: Annotated[
        Path,
        typer.Option(metavar="FILE", callback=writable_file, help="Write the labelled file here.", show_default=False),
    ],
    producer: Annotated[str, typer.Option(help="ContentProducer: the provider's name or 27-character code.")] = "",
    produce_id: Annotated[str, typer.Option("--id", help="ProduceID: the content's unique number.")] = "",
    label: Annotated[str, typer.Option(metavar="1|2|3", help="1: is AI-generated, 2: possibly, 3: suspected.")] = "1",
    propagator: Annotated[str, typer.Option(help="ContentPropagator. Default: the producer.")] = "",
    propagate_id: Annotated[str, typer.Option(help="PropagateID. Default: the ProduceID.")] = "",
    reserved: Annotated[str, typer.Option(help="ReservedCode1: the producer's own integrity data.")] = "",
    explicit: Annotated[
        bool, typer.Option("--explicit", help="Also add an explicit label, which people perceive.")
    ] = False,
    only_explicit: Annotated[
        bool, typer.Option("--only-explicit", help="Add only an explicit label, no metadata.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    break_credentials: Annotated[
        bool,
        typer.Option("--break-credentials", help="Label a signed file although its signature will no longer match."),
    ] = False,
    sign_cert: Annotated[
        Path | None,
        typer.Option(metavar="PEM", help="Certificate chain to sign the labelled file with (C2PA).", dir_okay=False),
    ] = None,
    sign_key: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Private key of the first certificate.", dir_okay=False)
    ] = None,
    sign_algorithm: Annotated[
        str,
        typer.Option(metavar="NAME", help="Algorithm: es256, es384, es512, ps256, ps384, ps512 or ed25519."),
    ] = "es256",
) -> None:
    """Write the AIGC field to a file's metadata and, on request, an explicit label.

    Other metadata is preserved. Content is not re-encoded if the format allows it. A file that already has an AIGC
    field is refused, since only one is allowed. A signed file is refused unless you sign it again or allow its
    signature to break. Before it is written, the labelled file is read back and compared with the original.
    """
    from shenhe.labels import ImplicitFields, LabelWriteError, Limits, write_label
    from shenhe.labels.record import media_type_of

    must_be_readable(file)
    key = signing_key_of(sign_cert, sign_key, sign_algorithm)
    if out.exists() and not force:
        say(f"shenhe: {out} exists; give --force to overwrite it", err=True)
        raise typer.Exit(2)
    size, allowed = file.stat().st_size, Limits().file_bytes
    if size > allowed:
        say(f"shenhe: {file} has {size:,} bytes; {allowed:,} are allowed", err=True)
        raise typer.Exit(2)
    try:
        fields = None
        if not only_explicit:
            fields = ImplicitFields(
                label=label,
                content_producer=producer,
                produce_id=produce_id,
                content_propagator=propagator,
                propagate_id=propagate_id,
                reserved_code1=reserved,
            )
        data = file.read_bytes()
        media_type = media_type_of(file)
        signature = _signature(file, data, media_type)
        if signature and "beside" in signature and not break_credentials:
            raise LabelWriteError(f"{signature} would no longer match the file. Add --break-credentials to allow that.")
        labelled = write_label(
            data,
            fields,
            media_type=media_type,
            explicit=explicit or only_explicit,
            look_first=True,
            break_credentials=break_credentials,
            key=key,
        )
    except LabelWriteError as error:
        say(f"shenhe: {file}: {error}", err=True)
        raise typer.Exit(2) from None
    except ValueError as error:
        say(f"shenhe: {error} (--producer, --id, --label)", err=True)
        raise typer.Exit(2) from None
    try:
        write_whole(out, labelled)
    except OSError as error:
        say(f"shenhe: {out} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    result = "labelled"
    if key is not None:
        result += " and signed again" if signature else " and signed"
    elif signature:
        result += f"; {signature} no longer matches it"
    say(f"{out}: {result}", err=True)


def _signature(file: Path, data: bytes, media_type: str | None) -> str:
    """What signs the file, in it or beside it."""
    from shenhe.labels.containers.sniff import sniff
    from shenhe.labels.sidecars import sidecars_of
    from shenhe.labels.signing import signature_of

    beside = [each.name for each in sidecars_of(file) if each.suffix.lower() == ".c2pa"]
    inside = signature_of(sniff(data, media_type), data)
    return inside or (f"the content credential (C2PA) {beside[0]} beside it" if beside else "")


@app.command("audit", epilog="Example:  shenhe label audit photos --out audit.jsonl --page audit.html")
def audit(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of files.", show_default=False)],
    out: Annotated[
        Path, typer.Option(metavar="FILE", callback=writable_file, help="Result file, one JSON object per line.")
    ] = Path("label-audit.jsonl"),
    page: Annotated[
        Path | None, typer.Option(metavar="FILE.html", callback=page_file, help="Also write an HTML page.")
    ] = None,
    language: PageLang = PageLanguage.ENGLISH,
    whole: Annotated[
        bool, typer.Option("--all", help="Also look at pixels, listen to sound and verify credentials (slower).")
    ] = False,
    show: Annotated[
        str,
        typer.Option(
            "--list",
            metavar="STATUS",
            help="Print the files with this status: conforming, departing, other, unlabelled or inconclusive.",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
    workers: Annotated[int, typer.Option(metavar="N", help="Worker processes.", min=1, max=256)] = 1,
) -> None:
    """Say which files of a folder are labelled, members of ZIP and TAR archives included.

    Repeat the command to continue an interrupted audit, or to read only files that changed since.

    Exit codes: 0 every file was read, 2 a usage error, 3 some files are inconclusive.
    """
    from shenhe.labels import audit as audits

    if not folder.is_dir():
        say(f"shenhe: {folder} is not a folder", err=True)
        raise typer.Exit(2)
    if show and show not in audits.STATUSES:
        say(f"shenhe: --list is one of {', '.join(audits.STATUSES)}; found {show}", err=True)
        raise typer.Exit(2)
    try:
        rows = audits.audit(
            folder, out, depth="all" if whole else "metadata", workers=workers, progress=_progress("files")
        )
    except KeyboardInterrupt:
        say(f"\nshenhe: stopped; repeat the command to continue from {out}", err=True)
        raise typer.Exit(130) from None
    except audits.AuditError as error:
        say(f"shenhe: {error}", err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        say(f"shenhe: {error.filename or out} cannot be used: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    if page is not None:
        from shenhe.reports.pages.audit import write_audit_page

        write_audit_page(page, str(folder.resolve()), rows, language.value)
    if show:
        for row in rows:
            if row.status == show:
                say(row.file.replace("\n", "\\n").replace("\r", "\\r"))
    else:
        _print_audit(rows, as_json)
    if any(row.status == "inconclusive" for row in rows):
        raise typer.Exit(3)


def _progress(what: str) -> Callable[[int, int], None]:
    """One line on stderr, if a person is watching."""
    line = ProgressLine()

    def show(done: int, total: int) -> None:
        line.show(done, total, what)
        if done == total:
            line.clear()

    return show


def _print_audit(rows: list[AuditedFile], as_json: bool) -> None:
    import json

    from shenhe.labels.audit import STATUSES, counts

    found = counts(rows)
    if as_json:
        kinds = {kind: {status: each[status] for status in STATUSES} for kind, each in found.items()}
        totals = {status: sum(each[status] for each in found.values()) for status in STATUSES}
        echo_json(json.dumps({"files": len(rows), "totals": totals, "kinds": kinds}, ensure_ascii=False, indent=2))
        return
    width = max([len("media type"), *map(len, found)])
    say(f"{'media type':<{width}}" + "".join(f"{status:>14}" for status in STATUSES))
    for kind, each in found.items():
        say(f"{kind:<{width}}" + "".join(f"{each[status]:>14,}" for status in STATUSES))
    numbers = [sum(each[status] for each in found.values()) for status in STATUSES]
    say(f"{'all':<{width}}" + "".join(f"{number:>14,}" for number in numbers))


@app.command("diff", epilog="Example:  shenhe label diff original.png downloaded.jpg")
def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="File or folder.", show_default=False)],
    after: Annotated[
        Path, typer.Argument(metavar="AFTER", help="The file or folder after the change.", show_default=False)
    ],
    metadata: Annotated[
        bool, typer.Option("--metadata", help="Compare only metadata and text: no pixels, sound or credentials.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array with one object per file.")] = False,
) -> None:
    """Say which labels survived a pipeline: an upload, a converter, an editor.

    Files of two folders are paired by their paths; the ending may differ.

    Exit codes: 0 every label survived, 1 a label was lost or changed, 2 a usage error, 3 something could not be read.
    """
    from shenhe.labels.survival import SurvivalError, pairs, survival

    for path in (before, after):
        if not path.is_dir():
            must_be_readable(path)
    try:
        results = [survival(a, b, depth="metadata" if metadata else "all") for a, b in pairs(before, after)]
    except SurvivalError as error:
        say(f"shenhe: {error}", err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        say(f"shenhe: {error.filename} cannot be read: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    if as_json:
        import json
        from dataclasses import asdict

        echo_json(json.dumps([asdict(each) for each in results], ensure_ascii=False, indent=2))
    else:
        for each in results:
            _print_survival(each)
    if any(each.lost for each in results):
        raise typer.Exit(1)
    if not all(each.decided for each in results):
        raise typer.Exit(3)


def _print_survival(found: Survival) -> None:
    say(f"{found.before} → {found.after or 'no such file'}")
    for mark in found.marks:
        places = " → ".join(each for each in (mark.before, mark.after) if each)
        detail = f": {mark.detail}" if mark.detail else ""
        say(f"  {mark.fate:<8} {mark.kind} {mark.scheme} ({places}){detail}")
    if not found.marks:
        say("  no label in either file")
    for why in found.refused:
        say(f"  not read: {why}")

"""Writing labels: an implicit one into the place prescribed for the format, an explicit one that people
perceive.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from shenhe.core.errors import ShenheError

from .containers.sniff import sniff
from .containers.table import Container
from .findings import BeyondLimitError, Findings, UnsuitableFileError, in_words, library_words
from .model import INSTALL, ImplicitFields, Limits
from .proof.compare import same_parts, same_pixels, same_reading
from .read import Depth, read_labels
from .signing import SigningKey, signature_of, signed


class LabelWriteError(ShenheError, ValueError):
    """The label was not written; the message says why and what could be done instead."""


class LabelNeedsExtraError(LabelWriteError, ImportError):
    """The label was not written, since an optional library is not installed; the message has the command for it."""


def write_label(
    data: bytes,
    fields: ImplicitFields | Mapping[str, str] | None,
    *,
    media_type: str | None = None,
    explicit: bool = False,
    look_first: bool = False,
    limits: Limits | None = None,
    break_credentials: bool = False,
    key: SigningKey | None = None,
) -> bytes:
    """``data`` with the AIGC field in its metadata and, with ``explicit``, a label that people perceive.

    ``fields`` are the values of Annex E (a mapping by its keys, or ImplicitFields); None writes only an explicit
    label. With ``look_first`` pixels are searched, too, for an explicit label that is there already
    (this needs the `media` extra and some tenths of a second). Existing metadata is kept.

    A file that is signed, by a content credential (C2PA) or otherwise, is refused, because its signature would no
    longer match: ``break_credentials`` allows that, and with ``key`` the file is signed again, with the original as the
    parent of the labelled file.

    The file is read back and compared with the original before it is returned.

    Raises LabelWriteError where the file already holds a label of the kind to be written, where the format
    has no prescribed place, or where its structure does not permit a change; ValueError for fields that
    Annex E excludes.
    """
    limits = limits or Limits()
    if fields is None and not explicit:
        raise LabelWriteError("nothing to write: give the fields of an implicit label, or request an explicit one.")
    if len(data) > limits.file_bytes:
        raise LabelWriteError(f"the file has {len(data):,} bytes; {limits.file_bytes:,} are allowed.")
    if not data:
        raise LabelWriteError("no label written: the file is empty.")
    chosen = fields if isinstance(fields, ImplicitFields) or fields is None else ImplicitFields.from_mapping(fields)
    kind = sniff(data, media_type)
    depth: Depth = "metadata" if not explicit else "all" if look_first else "sound"
    present = read_labels(data, media_type=media_type, limits=limits, depth=depth)
    if chosen is not None and present.aigc:
        where = present.aigc[0].carrier
        raise LabelWriteError(
            f"the file already holds an implicit label ({where}): there may be only one (GB 45438-2025,"
            " 6.1 c)."
            " Remove or amend that one instead."
        )
    if explicit and any(label.conformant for label in present.explicit):
        raise LabelWriteError(f"the file already holds an explicit label ({present.explicit[0].carrier}).")
    signature = signature_of(kind, data)
    if signature and not break_credentials and key is None:
        raise LabelWriteError(
            f"the file has {signature}, which would no longer match it. Sign the file again with a key, or allow the"
            " signature to break."
        )
    try:
        labelled = data
        if explicit:
            labelled = _explicit(kind, labelled, Findings(limits))
            same_parts(kind, data, labelled, explicit=True)
        if chosen is not None:
            perceivable, labelled = labelled, _implicit(kind, labelled, chosen, Findings(limits))
            same_parts(kind, perceivable, labelled, explicit=False)
            same_pixels(kind, perceivable, labelled, limits)
        if key is not None:
            if find_spec("c2pa") is None:
                raise LabelNeedsExtraError(f"signing needs c2pa: {INSTALL}.")
            unsigned = labelled
            labelled = signed(data, labelled, kind.media_type, key, implicit=chosen is not None, explicit=explicit)
            same_pixels(kind, unsigned, labelled, limits)
        written = read_labels(labelled, media_type=media_type, limits=limits, depth=depth)
        same_reading(present, written, chosen)
    except LabelWriteError:
        raise
    except Exception as error:
        failed = LabelNeedsExtraError if isinstance(error, ImportError) else LabelWriteError
        raise failed(f"no label written into this {kind.media_type} file: {_why(error)}.") from error
    return labelled


def _why(error: Exception) -> str:
    """The reason in words: a sentence of ours or of a decoder, or that the structure is broken."""
    ours = isinstance(error, (UnsuitableFileError, BeyondLimitError, ImportError))
    return in_words(error) if ours else library_words(error)


def _implicit(kind: Container, data: bytes, fields: ImplicitFields, found: Findings) -> bytes:
    if kind.write is None:
        raise UnsuitableFileError(kind.refusal)
    if kind.write_needs and find_spec(kind.write_needs) is None:
        raise LabelNeedsExtraError(f"{kind.name.upper()} needs {kind.write_needs}: {INSTALL}.")
    labelled: bytes = kind.write(data, fields.json(), found)
    return labelled


def _explicit(kind: Container, data: bytes, found: Findings) -> bytes:
    if kind.explicit is None:
        raise UnsuitableFileError(
            kind.explicit_refusal or f"no explicit label can be put into {kind.media_type} files here"
        )
    if kind.explicit_needs and find_spec(kind.explicit_needs) is None:
        raise LabelNeedsExtraError(f"an explicit label in {kind.media_type} needs {kind.explicit_needs}: {INSTALL}.")
    labelled: bytes = kind.explicit(kind, data, found)
    return labelled

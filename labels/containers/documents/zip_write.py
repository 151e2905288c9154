"""Writing into ZIP packages: entries are copied as they lie in the file, compressed as they are.

Only the entries that change are compressed again. Names, dates, attributes and extra fields stay.
"""

from __future__ import annotations

import struct
import zipfile
import zlib

from ...findings import UnsuitableFileError

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_ZIP64, _HAS_DESCRIPTOR = 1, 8


def rewritten(data: bytes, package: zipfile.ZipFile, changes: dict[str, bytes]) -> bytes:
    """``data`` with the contents in ``changes``, which maps names of entries, new ones included, to bytes."""
    entries = package.infolist()
    names = [info.filename for info in entries]
    twice = next((name for name in changes if names.count(name) > 1), None)
    if twice is not None:
        raise UnsuitableFileError(f"the package has two entries named {twice}")
    rows: dict[int, bytes] = {}
    in_order = sorted(range(len(entries)), key=lambda number: entries[number].header_offset)
    out = bytearray(data[: entries[in_order[0]].header_offset] if entries else b"")
    for number in in_order:
        info = entries[number]
        at = info.header_offset
        if data[at : at + 4] != b"PK\x03\x04":
            raise UnsuitableFileError("the package is broken")
        head = _LOCAL.unpack_from(data, at)
        name_at, extra_at = at + _LOCAL.size, at + _LOCAL.size + head[9]
        raw_name, extra = data[name_at:extra_at], data[extra_at : extra_at + head[10]]
        packed = data[extra_at + head[10] : extra_at + head[10] + info.compress_size]
        if len(packed) < info.compress_size:
            raise UnsuitableFileError("the package is broken")
        sums = info.CRC, info.compress_size, info.file_size
        if info.filename in changes:
            packed, sums = _packed(changes[info.filename], info.compress_type)
        rows[number] = _entry(out, info, raw_name, (head[4], head[5]), (extra, info.extra), packed, sums)
    central = b"".join(rows[number] for number in range(len(entries)))
    for name in changes:
        if name not in names:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            packed, sums = _packed(changes[name], info.compress_type)
            central += _entry(out, info, name.encode("ascii"), (0, 0x21), (b"", b""), packed, sums)
    start = len(out)
    count = len(entries) + sum(name not in names for name in changes)
    if count >= 0xFFFF:
        raise UnsuitableFileError("the package has too many entries")
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(central), start, len(package.comment))
    return bytes(out) + central + end + package.comment


def _packed(content: bytes, method: int) -> tuple[bytes, tuple[int, int, int]]:
    """(``content`` stored or deflated, its checksum and sizes)."""
    if method == zipfile.ZIP_STORED:
        packed = content
    elif method == zipfile.ZIP_DEFLATED:
        deflater = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -15)
        packed = deflater.compress(content) + deflater.flush()
    else:
        raise UnsuitableFileError("the package's metadata is compressed by a method that cannot be written here")
    return packed, (zlib.crc32(content), len(packed), len(content))


def _entry(
    out: bytearray,
    info: zipfile.ZipInfo,
    name: bytes,
    when: tuple[int, int],
    extras: tuple[bytes, bytes],
    packed: bytes,
    sums: tuple[int, int, int],
) -> bytes:
    """Appends an entry to ``out`` and returns its row of the directory. Sizes stand in front of the content."""
    flags = info.flag_bits & ~_HAS_DESCRIPTOR
    local, central = map(_without_large_sizes, extras)
    at = len(out)
    common = (flags, info.compress_type, *when, *sums, len(name))
    out += _LOCAL.pack(b"PK\x03\x04", info.extract_version, *common, len(local)) + name + local + packed
    made_by = info.create_version | info.create_system << 8
    row = (*common, len(central), len(info.comment), 0, info.internal_attr, info.external_attr, at)
    head = _CENTRAL.pack(b"PK\x01\x02", made_by, info.extract_version, *row)
    return head + name + central + info.comment


def _without_large_sizes(extra: bytes) -> bytes:
    """An extra field without the sizes of ZIP64, which no file within the limits needs."""
    kept, at = b"", 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind != _ZIP64:
            kept += extra[at : at + 4 + size]
        at += 4 + size
    return kept + extra[at:]

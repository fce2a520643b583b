"""A file as the loaders see it: where it lies, what it is called in references, and what its first bytes hold."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from audit.errors import InputError
from audit.loaders._ending import is_torn
from audit.loaders._glance import HEAD_BYTES, check_width, holds_no_row, look, look_parquet
from audit.loaders._unpacking import DAMAGED, check_unpacked_size, packing_of, unpacked

#: What is looked at where the first row alone is longer: a request may carry a thousand events.
_LONG_HEAD_BYTES = 8 << 20


@dataclass(frozen=True)
class Tally:
    """What became of a file's rows: read = kept + ignored + rejected.

    ``kept`` and ``ignored`` are None for logs of requests: which of them are events is known only after decoding.
    """

    read: int
    rejected: int
    kept: int | None = None
    ignored: int | None = None
    gaps: tuple[str, ...] = ()  # facts the file lacks that some check would want, in words
    has_bodies: bool | None = None
    has_statuses: bool | None = None
    has_zone: bool | None = None  # log: its times name their zone, or the plan does


Stamp = tuple[int, int, int, int]  # device, inode, size, time of the last change


@dataclass(frozen=True)
class Source:
    """One input file."""

    path: Path
    name: str  # relative to the input folder; every reference begins with it
    shape: str  # ndjson | json_array | json_object | csv | parquet | text (JSON behind a prefix in its lines) | other
    keys: tuple[str, ...] = ()  # top-level keys of a JSON object, or columns of a CSV or Parquet file
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # key, or two with a dot -> keys of what stands under it
    records: tuple[Mapping[str, Any], ...] = ()  # the first rows, where the shape is a list of rows
    delimiter: str = ","
    titles: int = 0  # lines with words above the header of a table: what report it is, of which days
    is_one_column: bool = False  # a table that a spreadsheet took for one column: rows that hold quotes stand in quotes as a whole
    packing: str = "none"  # none | gzip | zstd
    fields: Mapping[str, str] = field(default_factory=dict)  # [[mapping]]: our field -> theirs
    mapped_kind: str | None = None
    stamp: Stamp | None = None  # the file as it was when it was first opened
    is_torn: bool = False  # the last row breaks off
    lines_before: int = 0  # a slice of a log: lines of the log before its first
    lines: int | None = None  # how many it holds
    longest_line: int | None = None  # and how many bytes none of them exceeds
    own_lines: tuple[int, int] | None = None  # of a slice that holds some of its neighbours' too: its own first and last

    def open(self) -> IO[bytes]:
        """The unpacked bytes."""
        return unpacked(self.path)

    @property
    def size(self) -> int:
        """Bytes on the disk, packed as they are."""
        return self.stamp[2] if self.stamp else 0

    @property
    def record_keys(self) -> frozenset[str]:
        """Every key the first rows use, in lower case."""
        names = [key for record in self.records for key in record] if self.records else list(self.keys)
        return frozenset(key.lower() for key in names)


def read_source(path: Path, name: str) -> Source:
    """What a file is, from its bytes.

    Raises:
        InputError: it cannot be read, is empty, or is packed and damaged.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{path}: the name of this file, or of a folder it lies in, is no UTF-8 text. Rename it.") from error
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{path}: a pipe or a device, which can be read only once. Write it to a file and name that.")
        with path.open("rb") as raw:
            stamp = stamp_of(os.fstat(raw.fileno()))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). Check the path and its permissions.") from error
    tail = check_unpacked_size(path, name)
    try:
        with unpacked(path) as stream:
            head, looked_at = stream.read(HEAD_BYTES), HEAD_BYTES
            if len(head) == HEAD_BYTES and holds_no_row(head):
                head, looked_at = head + stream.read(_LONG_HEAD_BYTES - HEAD_BYTES), _LONG_HEAD_BYTES
    except DAMAGED as error:
        raise InputError(f"{name}: packed, but damaged or half-written ({error}). Copy it again.") from error
    if not head.strip():
        raise InputError(f"{name}: the file is empty. Export it again, or leave it out.")
    whole = len(head) < looked_at
    found = look_parquet(path, name) if head.startswith(b"PAR1") else look(head, whole)
    if found["shape"] in ("ndjson", "json_array", "json_object") and head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{name}: JSON as UTF-16 text, as '>' of Windows PowerShell writes it. Save it as UTF-8.")
    if found["shape"] == "csv":
        check_width(name, len(found["keys"]))
    torn = not found.get("is_one_column") and is_torn(tail, found["shape"], len(found.get("keys", ())), found.get("delimiter", ","))
    packing = packing_of(path)
    return Source(path=path, name=name, packing=packing, stamp=stamp, is_torn=torn, **found)


def stamp_of(found: os.stat_result) -> Stamp:
    """What changes when a file is written to, replaced or cut."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

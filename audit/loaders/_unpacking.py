"""Packed files: opened by what they hold, and refused where they would unpack to more than any evidence does.

A few megabytes can be packed so that they unpack to terabytes. The size is counted before anything else reads the file, since
the database unpacks on its own; nothing of it is kept on the way.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import zstandard

from audit.errors import InputError

if TYPE_CHECKING:
    import duckdb

#: Logs of requests pack to a tenth or a thirtieth. What stays below the first bound is let through however well it is packed.
_HARMLESS, _MAX_RATIO = 256 << 20, 100
#: Values of a Parquet file; an empty column costs it no byte a row.
_HARMLESS_VALUES, _MAX_VALUES_A_BYTE = 10_000_000, 20

#: The end of a file that is looked at.
TAIL_BYTES = 65_536

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
DAMAGED = (OSError, EOFError, zlib.error, zstandard.ZstdError)


def packing_of(path: Path) -> str:
    """none, gzip or zstd, by the first bytes.

    Raises:
        InputError: the file cannot be opened.
    """
    try:
        with path.open("rb") as raw:
            magic = raw.read(4)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). Check the path and its permissions.") from error
    return "gzip" if magic.startswith(_GZIP) else "zstd" if magic == _ZSTD else "none"


def unpacked(path: Path) -> IO[bytes]:
    """A file's bytes, unpacked where its content says gzip or zstd.

    Raises:
        InputError: the file cannot be opened.
    """
    match packing_of(path):
        case "gzip":
            return cast("IO[bytes]", gzip.open(path, "rb"))
        case "zstd":
            # Logs are put together from parts; the default stops after the first.
            reader = zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True)
            return cast("IO[bytes]", io.BufferedReader(reader))
        case _:
            return path.open("rb")


def check_unpacked_size(path: Path, name: str) -> bytes:
    """Unpacks a packed file to nowhere, in constant memory: a reader may pass over a missing end in silence, and rows would be
    missing with it; and how much it holds is only known by counting. The last bytes of any file.

    Raises:
        InputError: it is damaged, or unpacks to far more than evidence does.
    """
    packing, size = packing_of(path), path.stat().st_size
    allowed, count = max(_HARMLESS, _MAX_RATIO * size), 0
    last, held = deque[bytes](), 0
    try:
        for piece in {"none": _end, "gzip": _gzip_pieces, "zstd": _zstd_pieces}[packing](path):
            count += len(piece)
            if count > allowed:
                raise _too_large(name, size, f"more than {allowed >> 20:,} MiB")
            last.append(piece)
            held += len(piece)
            while held - len(last[0]) >= TAIL_BYTES:
                held -= len(last.popleft())
    except DAMAGED as error:
        raise InputError(f"{name}: packed, but damaged or half-written ({error}). Copy it again.") from error
    return b"".join(last)[-TAIL_BYTES:]


def _end(path: Path) -> Iterator[bytes]:
    with path.open("rb") as raw:
        raw.seek(max(0, path.stat().st_size - TAIL_BYTES))
        yield raw.read(TAIL_BYTES)


def _gzip_pieces(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk


def _zstd_pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as raw:
        frame, rest = zstandard.ZstdDecompressor().decompressobj(), b""
        # In small bites: a bomb unfolds one at a time.
        while chunk := rest or raw.read(1024):
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
            yield frame.decompress(chunk)
            rest = frame.unused_data if frame.eof else b""
        if not frame.eof:
            raise EOFError("the compressed file ends too early")


def check_parquet_size(con: duckdb.DuckDBPyConnection, path: Path, literal: str, name: str) -> None:
    """Counts the values and the text of a Parquet file; repeated values cost it next to nothing.

    Raises:
        InputError: it holds far more than evidence does.
    """
    size = path.stat().st_size
    (values, claimed), *_ = con.execute(
        "select coalesce(sum(num_values), 0), coalesce(sum(total_uncompressed_size), 0) from parquet_metadata(?)", [literal]
    ).fetchall()
    allowed = max(_HARMLESS, _MAX_RATIO * size)
    if values > max(_HARMLESS_VALUES, _MAX_VALUES_A_BYTE * size):
        raise _too_large(name, size, f"{values:,} values")
    columns = con.execute("select column_name, column_type from (describe select * from read_parquet(?))", [literal]).fetchall()
    lengths = ["strlen(" + '"' + column.replace('"', '""') + '")' for column, kind in columns if kind in ("VARCHAR", "JSON")]
    text = 0
    if lengths:
        total = " + ".join(f"coalesce(sum({length}), 0)" for length in lengths)
        text = (con.execute(f"select {total} from read_parquet(?)", [literal]).fetchone() or (0,))[0]
    if max(text, claimed) > allowed:
        raise _too_large(name, size, f"{max(text, claimed) >> 20:,} MiB")


def _too_large(name: str, size: int, found: str) -> InputError:
    return InputError(
        f"{name}: {max(size >> 10, 1):,} KiB that unpack to {found}, far more than a log or an export does."
        " If it is one, unpack it and give the file as it is, or a part of it."
    )

"""Packed files: read through their parts, and refused before anything unpacks more than evidence ever holds."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import zstandard

from audit import engine
from audit.errors import InputError
from audit.loaders._paths import MAX_RECORD_BYTES
from audit.plan import Plan
from tests.test_har import _entry, _har
from tests.test_logs import REQUEST
from tests.wire.decoding import events

LINE = json.dumps(REQUEST).encode() + b"\n"
LATER = LINE.replace(b"10:00:00", b"10:00:09")


def _read(path: Path) -> engine.Read:
    return engine.read([engine.InputFile(path, path.name, named=True)], Plan())


def _gzip_bomb(part: bytes, parts: int) -> bytes:
    return gzip.compress(part, 9) * parts


def _zstd_bomb(part: bytes, parts: int) -> bytes:
    return zstandard.compress(part) * parts


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_parts_packed_one_after_another_are_all_read(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(pack(LINE) + pack(LATER))
    assert [event["ref"] for event in events(_read(path))] == ["log:1", "log:2"]
    capture = _har(_entry(), _entry(startedDateTime="2026-11-20T10:00:09Z"))
    path.write_bytes(pack(capture[:300]) + pack(capture[300:]))
    assert _read(path).con.execute("select read_rows from sources").fetchall() == [(2,)]


@pytest.mark.parametrize(("pack", "parts"), [(_gzip_bomb, 150), (_zstd_bomb, 4000)])
def test_a_bomb_is_refused_in_moments(pack: Callable[[bytes, int], bytes], parts: int, tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    # 10 GB and 260 GB, out of ten and eight megabytes.
    path.write_bytes(pack(LINE, 1) + pack(b"\n" * (64 << 20), parts))
    began = time.process_time()
    with pytest.raises(InputError, match=r"^bomb: .* KiB that unpack to more than .* MiB, far more than"):
        _read(path)
    assert time.process_time() - began < 10


def test_what_packs_well_and_is_small_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(LINE * 2 + b"\n" * (1 << 20) + LATER, 1))
    assert [event["ref"] for event in events(_read(path))] == ["log:1", f"log:{(1 << 20) + 3}"]


def test_a_parquet_file_of_few_bytes_and_terabytes_of_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    duckdb.execute(
        f"copy (select '2026-11-20T10:00:00Z' as ts, repeat('x', 20000) as url, 'POST' as method from range(50000))"
        f" to '{path}' (format parquet)"
    )
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match=r"^bomb.parquet: .* unpack to .* MiB"):
        _read(path)


def test_a_parquet_file_of_few_bytes_and_billions_of_values_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    duckdb.execute(f"copy (select null::varchar as url, 'POST' as method from range(6000000)) to '{path}' (format parquet)")
    with pytest.raises(InputError, match=r"^bomb.parquet: .* unpack to 12,000,000 values"):
        _read(path)


def test_a_line_longer_than_any_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"order_id,created_at,total,currency\n" + b"x" * (MAX_RECORD_BYTES + 1))
    with pytest.raises(InputError, match=r"^table.csv: a line of more than 64 MiB is no record"):
        _read(path)


def test_a_cell_of_a_quarter_megabyte_leaves_its_row_readable(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"order_id,created_at,total,currency,note\n1001,2026-11-20T10:00:00Z,10,USD,{'x' * 250_000}\n")
    audit = _read(path)
    assert audit.con.execute("select order_id from orders").fetchall() == [("1001",)]

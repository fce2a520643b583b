"""A large JSON document on its way to the parser: the same bytes in pieces, no text cut, nothing hostile let through."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import engine
from audit.errors import InputError
from audit.loaders._json_stream import JsonStream
from audit.plan import Plan
from tests.bench.har import make
from tests.bench.har_table import READ
from tests.test_har import _entry, _har

_TEXTS = st.text(st.sampled_from(['"', "\\", "\n", "a", "é", "😀", "\x01", "{", "[", ","]), max_size=30)
_ANY = st.recursive(
    _TEXTS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=20,
)
#: A capture that begins as any other.
HEAD = _har(*(_entry() for _ in range(2000))).removesuffix(b"]}}") + b","


class _Dripping(io.BytesIO):
    """Gives a few bytes at a time, whatever is asked for."""

    def __init__(self, content: bytes, most: int) -> None:
        super().__init__(content)
        self._most = most

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._most)


def _pieces(content: bytes, most: int, limit: int) -> list[bytes]:
    stream = JsonStream(_Dripping(content, most), limit)
    return list(iter(stream.read, b""))


@settings(deadline=None)
@given(value=_ANY, most=st.integers(1, 40), ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_the_document_stays_the_same(value: Any, most: int, ascii_only: bool, indent: int | None) -> None:
    content = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert b"".join(_pieces(content, most, 1 << 20)) == content


@settings(deadline=None)
@given(value=_ANY, most=st.integers(1, 40), limit=st.integers(0, 60))
def test_a_text_over_the_limit_arrives_empty_and_the_rest_as_it_was(value: Any, most: int, limit: int) -> None:
    found = json.loads(b"".join(_pieces(json.dumps({"text": "x" * 100, "rest": value}).encode(), most, limit + 100)))
    assert found.keys() == {"text", "rest"}
    assert json.loads(b"".join(_pieces(b'{"a":"' + b'\\"' * 1000 + b'","b":"kept"}', most, limit + 10))) == {"a": "", "b": "kept"}


@settings(deadline=None)
@given(text=_TEXTS, most=st.integers(1, 10))
def test_no_piece_ends_within_a_text(text: str, most: int) -> None:
    for piece in _pieces(json.dumps([text, text]).encode(), most, 1 << 20):
        bare = piece.replace(b"\\\\", b"").replace(b'\\"', b"")
        assert bare.count(b'"') % 2 == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"log":{"version":"1.2","creator":{},"entries":' + b'{"a":' * 1_000_000, "of no known format"),
        (HEAD + b'{"a":' * 1_000_000, "nested deeper"),
        (HEAD + b"[" * 3_000_000, "nested deeper"),
        (HEAD + b'{"request":[' + b"[]," * 3_000_000, "larger than any recorder"),
        (HEAD + b'{"request":[' + b"1," * 3_000_000, "larger than any recorder"),
    ],
    ids=["from the first byte", "objects in each other", "lists in each other", "millions of lists", "millions of numbers"],
)
def test_what_no_recorder_writes_is_refused_at_once(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "capture.har"
    path.write_bytes(content)
    began = time.process_time()
    with pytest.raises(InputError, match=reason):
        engine.read([engine.InputFile(path, path.name, named=True)], Plan())
    assert time.process_time() - began < 5


def test_an_overlong_body_is_no_body_and_an_overlong_answer_costs_nothing(tmp_path: Path) -> None:
    post = {"method": "POST", "url": "https://www.facebook.com/tr/", "postData": {"text": "x" * (5 << 20)}}
    path = tmp_path / "capture.har"
    path.write_bytes(_har(_entry(request=post), _entry(response={"status": 200, "content": {"text": "x" * (5 << 20)}}), _entry()))
    audit = engine.read([engine.InputFile(path, path.name, named=True)], Plan())
    counts = audit.con.execute("select read_rows, kept, ignored, rejected, has_bodies from sources").fetchall()
    assert counts == [(3, 2, 1, 0, False)]


def _peak_mib(folder: Path) -> float:
    """The memory a process of its own takes to read the folder's evidence."""
    done = subprocess.run([sys.executable, "-c", READ, str(folder)], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[1]) / 1024


def test_a_capture_of_any_size_is_read_in_the_same_memory(tmp_path: Path) -> None:
    small, large = make(tmp_path / "small", 25), make(tmp_path / "large", 100)
    assert _peak_mib(large.folder) < min(200, _peak_mib(small.folder) + 25)


def test_one_text_of_a_hundred_megabytes_is_read_in_the_same_memory(tmp_path: Path) -> None:
    capture = make(tmp_path / "capture", 2)
    path = capture.folder / "capture.har"
    path.write_bytes(path.read_bytes().replace(b'"text":"', b'"text":"' + b"iVBORw0KGgo" * 9_000_000, 1))
    assert _peak_mib(capture.folder) < 200

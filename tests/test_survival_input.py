"""Evidence that breaks off, is taken away or goes on growing while it is read: named, and the packet that stood there is whole."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner

from audit import engine, loading, tables
from audit.cli import main
from audit.plan import Plan
from audit.plan_tables import store_plan
from tests.survival import CLEAN, ORDERS, WITHOUT_PRIVILEGES, plan, run, tree
from tests.test_har import _entry, _har
from tests.test_logs import REQUEST

ROWS = [json.dumps(REQUEST | {"ts": f"2026-11-20T10:{number % 60:02}:00Z", "note": "x" * number}) for number in range(300)]
LOG = ("\n".join(ROWS) + "\n").encode()
LIST = ("[" + ",\n".join(ROWS) + "]").encode()
HEADER = b"order_id,created_at,currency,total\n"
TABLE = HEADER + b"".join(b"%d,2026-11-20T10:00:00Z,IDR,175000\n" % number for number in range(300))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a packet."""
    folder = tmp_path_factory.mktemp("written")
    plan(folder, "before")
    assert run(folder, "run", ORDERS, "--plan", "before.toml").returncode == 3
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """Such a folder for one test."""
    return Path(shutil.copytree(written, tmp_path / "folder"))


# ---------------------------------------------------------------------- unreadable halfway


PACKED = "packed, but damaged or half-written"
BROKEN: dict[str, tuple[bytes, str]] = {
    "half.ndjson.gz": (gzip.compress(LOG)[:-300], f"half.ndjson.gz: {PACKED} (Compressed file ended before"),
    "wrong.json.gz": (gzip.compress(LIST)[:-8] + bytes(8), f"wrong.json.gz: {PACKED} (CRC check failed"),
    "half.ndjson.zst": (zstandard.compress(LOG)[:-300], f"half.ndjson.zst: {PACKED} (the compressed file ends too early)"),
    "half.json.zst": (zstandard.compress(LIST)[:-300], f"half.json.zst: {PACKED} (the compressed file ends too early)"),
    "second.zst": (
        zstandard.compress(LOG) + zstandard.compress(LOG)[:-300],
        f"second.zst: {PACKED} (the compressed file ends too early)",
    ),
    "cut.har": (
        _har(*[_entry()] * 30)[:-500],
        "cut.har: the HAR breaks off or is damaged after entry 27 (parse error: premature EOF)",
    ),
    "cut.json": (LIST[:-300], "cut.json: breaks off or is damaged: "),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_breaks_off_is_named_with_the_place(name: str, folder: Path) -> None:
    content, words = BROKEN[name]
    (folder / name).write_bytes(content)
    before = tree(folder)
    result = CliRunner().invoke(main, ["run", str(folder / name), "--out", str(folder / "packet")], catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert tree(folder) == before


def test_a_disk_that_fails_is_named(folder: Path) -> None:
    # The system's own example of a file that opens and cannot be read.
    before = tree(folder)
    result = run(folder, "run", "/proc/self/mem")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("pixel-audit: /proc/self/mem: cannot be read (Input/output error).")
    assert tree(folder) == before


def test_a_pipe_is_no_file(folder: Path) -> None:
    with subprocess.Popen(["cat", str(ORDERS)], stdout=subprocess.PIPE) as cat:
        result = run(folder, "run", "/dev/stdin", stdin=cat.stdout)
    assert result.returncode == 2
    assert "/dev/stdin: a pipe or a device, which can be read only once. Write it to a file and name that." in result.stderr


def test_packed_in_several_pieces_is_read_to_the_last(tmp_path: Path) -> None:
    """Rotated logs put one behind the other."""
    for name, pack in (("log.ndjson.zst", zstandard.compress), ("log.ndjson.gz", gzip.compress)):
        path = tmp_path / name
        path.write_bytes(pack(LOG[: len(ROWS[0]) + 1]) + pack(LOG[len(ROWS[0]) + 1 :]))
        assert _read(path) == (len(ROWS), {}, None)


# ---------------------------------------------------------------------- cut in the last row


def _read(path: Path) -> tuple[int, dict[str, str], str | None]:
    """How many rows were read from a file, those that were refused, and what the file lacks."""
    con = tables.connect()
    store_plan(con, Plan(), datetime(2026, 11, 20))
    loading.load(con, [engine.InputFile(path, path.name)], Plan(), lambda _: None)
    rows, gaps = con.execute("select read_rows, gaps from sources").fetchone() or (0, None)
    return rows, dict(con.execute("select ref, reason from rejects").fetchall()), gaps


CUT = "cut off: the file ends in the middle of this row"


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [("log.ndjson", LOG[:-400], "log.ndjson:300"), ("orders.csv", TABLE[:-9], "orders.csv:301")],
    ids=["a log", "a table"],
)
def test_a_last_row_that_is_cut_off_is_refused_as_that_and_the_rest_counts(
    name: str, content: bytes, place: str, tmp_path: Path
) -> None:
    # A log copied while it was being written ends anywhere; that is no fault of the shop's.
    (tmp_path / name).write_bytes(content)
    read, refused, gaps = _read(tmp_path / name)
    assert (read, refused) == (300, {place: CUT})
    assert "its last row is cut off: it was copied while it was being written, copy it again" in str(gaps)


NOTED = b'order_id,note,currency,total\n1,"a\nb",IDR,5\n2,"a\nb",IDR,6\n'


@pytest.mark.parametrize(
    "content", [NOTED[:-5], NOTED[:-9], NOTED[: NOTED.index(b"b") + 1]], ids=["below", "inside", "the first row"]
)
def test_a_row_cut_off_behind_or_within_a_cell_of_several_lines_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(content)
    assert list(_read(tmp_path / "orders.csv")[1].values()) == [CUT]


OPEN_QUOTE = "a quote opens in this row and is never closed: all that stands below it is one cell"


@pytest.mark.parametrize("number", [3, 4000])
def test_rows_below_a_quote_that_is_never_closed_are_told_as_missing(number: int, tmp_path: Path) -> None:
    """A cell that begins with the sign for inches, in a table written without care."""
    rows = [b"%d,2026-11-20T10:00:00Z,IDR,175000" % order for order in range(1, 12_000)]
    rows[number - 2] = b'"' + rows[number - 2]
    (tmp_path / "orders.csv").write_bytes(b"order_id,created_at,currency,total\n" + b"\n".join(rows) + b"\n")
    read, refused, gaps = _read(tmp_path / "orders.csv")
    assert (read, refused) == (number - 1, {f"orders.csv:{number}": OPEN_QUOTE})
    assert gaps == (
        f"its last row is cut off: a quote opened in orders.csv:{number} is never closed, so all below it is one cell;"
        " export it again"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("noted.csv", NOTED.rstrip()),
        ("log.ndjson", LOG.rstrip()),
        ("orders.csv", TABLE.rstrip()),
        ("short.csv", TABLE.rstrip().replace(b",175000", b"")),
        ("one.csv", b"order_id,created_at,currency,total,paid_at\n1,2026-11-20T10:00:00Z,IDR,175000"),
    ],
)
def test_a_last_row_without_a_line_break_may_be_whole(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert CUT not in _read(tmp_path / name)[1].values()


# ---------------------------------------------------------------------- changing while it is read


def _then(what: str) -> str:
    """In the child: this happens to the file after its sha256 was taken and before its rows are read."""
    return (
        "import audit.loading, os, shutil\n"
        "first = audit.loading.read_source\n"
        "def then(path, name):\n"
        "    source = first(path, name)\n"
        f"    {what}\n"
        "    return source\n"
        "audit.loading.read_source = then\n"
    )


GREW = "log.ndjson: grew while it was being read: something still writes to it. Copy it and audit the copy"
CHANGED = "log.ndjson: changed while it was being read: something still writes to it. Copy it and audit the copy"
GONE = "log.ndjson: was taken away while it was being read"
HAPPENS = {
    "a row is added": ("path.open('ab').write(b'{}\\n')", GREW),
    "half a row is added": ("path.open('ab').write(b'{\"ts\"')", GREW),
    "it is cut to nothing": ("os.truncate(path, 0)", CHANGED),
    "it is cut to its first half": ("os.truncate(path, 9000)", CHANGED),
    "it is rotated": ("path.rename('log.1'); shutil.copy('log.1', path)", CHANGED),
    "it is deleted": ("path.unlink()", f"{GONE} (No such file or directory)"),
    "it is locked": ("path.chmod(0)", f"{GONE} (Permission denied)"),
}


ALIKE = ("half a row is added", "it is cut to its first half", "it is deleted")


@pytest.mark.parametrize("happens", [pytest.param(name, marks=[pytest.mark.soak] * (name in ALIKE)) for name in HAPPENS])
def test_a_file_that_changes_while_it_is_read_is_named_and_nothing_is_judged(happens: str, folder: Path) -> None:
    (folder / "log.ndjson").write_bytes(LOG)
    before = {path: content for path, content in tree(folder).items() if not path.startswith("log")}
    what, words = HAPPENS[happens]
    result = run(folder, "run", "log.ndjson", before=WITHOUT_PRIVILEGES + _then(what))
    if (folder / "log.ndjson").exists():
        (folder / "log.ndjson").chmod(0o600)  # who is not root reads it again
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert {path: content for path, content in tree(folder).items() if not path.startswith("log")} == before


def test_what_was_read_may_change_afterwards_and_is_told_as_it_was(folder: Path) -> None:
    (folder / "log.ndjson").write_bytes(LOG)
    (folder / "audit.toml").write_text('[launch]\nname = "first"\n')
    digest = hashlib.sha256((folder / "audit.toml").read_bytes()).hexdigest()
    later = (
        "import audit.engine, pathlib\n"
        "first = audit.engine.decode\n"
        "def then(*all):\n"
        "    pathlib.Path('log.ndjson').open('ab').write(b'{}')\n"
        "    pathlib.Path('audit.toml').write_text('nonsense')\n"
        "    first(*all)\n"
        "audit.engine.decode = then\n"
    )
    result = run(folder, "run", "log.ndjson", "--plan", "audit.toml", before=later)
    assert result.returncode in (1, 3), result.stderr
    told = json.loads((folder / "packet" / "run.json").read_text())
    assert (told["launch"]["name"], told["sources"][0]["sha256"]) == ("first", hashlib.sha256(LOG).hexdigest())
    assert digest in (folder / "packet" / "packet.html").read_text(encoding="utf-8")


@pytest.mark.soak
def test_a_log_that_is_written_to_all_the_time_is_refused_or_read_as_it_was_at_one_moment(folder: Path) -> None:
    log = folder / "log.ndjson"
    log.write_bytes(LOG)
    code = "import sys, time\nwith open('log.ndjson', 'ab', 0) as log:\n"
    code += "    while True: log.write(sys.argv[1].encode() + b'\\n'); time.sleep(float(sys.argv[2]))\n"
    answers = set()
    for pause in (0.0005, 0.05, 0.3) * 6:
        with subprocess.Popen([sys.executable, "-c", code, ROWS[0], str(pause)], cwd=folder) as writer:
            time.sleep(0.3)
            result = run(folder, "run", "log.ndjson", "--format", "json")
            writer.kill()
        answers.add(result.returncode)
        if result.returncode == 2:
            assert GREW in result.stderr
            continue
        (source,) = json.loads(result.stdout)["sources"]
        lines = log.read_bytes().splitlines(keepends=True)
        assert hashlib.sha256(b"".join(lines[: source["read"]])).hexdigest() == source["sha256"]
    assert 2 in answers


def test_every_story_is_read_to_its_end() -> None:
    """No sample ends in the middle of a row."""
    from audit.loaders._source import read_source

    files = [path for path in CLEAN.parent.rglob("*") if path.suffix in (".har", ".json", ".ndjson", ".csv")]
    assert files
    assert not [path for path in files if read_source(path, path.name).is_torn]

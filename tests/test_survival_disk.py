"""A disk that is full, a folder nobody may write to, a reader that goes away: one clear sentence, and nothing is left."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from audit.shortage import is_shortage
from tests.bench.traffic import make
from tests.survival import CLEAN, ORDERS, WITHOUT_PRIVILEGES, limited, plan, run, start, tree, written_by

#: In place of the decoding: a table larger than the memory bound, however little evidence there is.
SPILLING = """
import audit.engine
audit.engine.decode = lambda con, _: con.execute("create table t as select range, md5(range::varchar) from range(6000000)")
"""
#: A run that gets as far as reading has not failed early.
NO_WORK = "import audit.engine; audit.engine.run = lambda *_, **__: exit('work was done')\n"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a packet and a plan."""
    folder = tmp_path_factory.mktemp("written")
    plan(folder, "before")
    assert run(folder, "run", ORDERS, "--plan", "before.toml").returncode == 3
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """Such a folder for one test."""
    return Path(shutil.copytree(written, tmp_path / "folder"))


# ---------------------------------------------------------------------- full


@pytest.mark.parametrize(
    "size",
    [1_000_000, pytest.param(80_000, marks=pytest.mark.soak)],
    ids=lambda size: f"{size} bytes are left",
)
def test_a_full_disk_under_the_packet_leaves_the_old_one(size: int, folder: Path) -> None:
    before = tree(folder)
    result = run(folder, "run", ORDERS, before=limited(size))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "pixel-audit: packet: cannot be written (File too large). What stood there is untouched; free space on its disk,"
        " or name another folder.\n"
    )
    assert tree(folder) == before


@pytest.mark.parametrize(
    "before", [SPILLING + limited(2_000_000), limited(1_000)], ids=["what exceeds the bound", "the events, however few"]
)
def test_a_full_disk_under_temporary_files_leaves_the_old_packet(before: str, folder: Path) -> None:
    files = tree(folder)
    result = run(folder, "run", ORDERS, "--memory", "150MB", before=before)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"pixel-audit: {folder / 'temporary'}: this disk is full. The events, and what exceeds the memory bound (150MB), are kept"
        " there while the audit runs. Free space, set TMPDIR to a folder on a larger disk, or allow more with --memory.\n"
    )
    assert tree(folder) == files


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (100_000, "cannot be written to (File too large). A part of pixel.ndjson lies there while it is read. Free space, or set"),
        pytest.param(700_000, "this disk is full. The events, and what exceeds the memory bound", marks=pytest.mark.soak),
    ],
)
def test_a_disk_too_small_for_a_large_log_is_not_the_log_s_fault(size: int, words: str, folder: Path, tmp_path: Path) -> None:
    make(tmp_path / "day", 500, {})
    small = "import audit.reading; audit.reading.LARGE_BYTES = 0; audit.reading.SLICE_BYTES = 300_000\n"
    before = tree(folder)
    result = run(folder, "run", tmp_path / "day", before=small + limited(size))
    assert (result.returncode, result.stdout) == (2, "")
    assert f"pixel-audit: {folder / 'temporary'}: {words}" in result.stderr
    assert tree(folder) == before


def test_a_disk_that_fills_up_at_the_end_of_a_step_is_a_shortage() -> None:
    # The database has a name of its own for it; it cannot be brought about at will.
    error = duckdb.TransactionException('Failed to commit: Could not write file "x.duckdb.wal": No space left on device')
    assert is_shortage(error)
    assert not is_shortage(duckdb.TransactionException("Failed to commit: write-write conflict"))


def test_a_bound_too_small_is_no_damaged_file_and_no_broken_check(folder: Path) -> None:
    before = tree(folder)
    result = run(folder, "run", ORDERS, "--memory", "5MB")
    assert (result.returncode, result.stdout) == (2, "")
    assert "the memory bound (5MB) is too small for this evidence. Allow more with --memory" in result.stderr
    assert tree(folder) == before


def test_a_full_disk_under_a_signature_keeps_the_signatures_before(folder: Path) -> None:
    words = ("sign", "packet", "--role", "media", "--name", "A. Person", "--reason", "known")
    assert run(folder, *words).returncode == 0
    before = tree(folder)
    result = run(folder, *words, before=limited(300))
    assert result.returncode == 2
    assert "signoff.json: cannot be written (File too large). What stood there is untouched" in result.stderr
    assert tree(folder) == before


def test_a_full_disk_under_a_new_plan_leaves_no_half_of_it(tmp_path: Path) -> None:
    (tmp_path / "launch").mkdir()
    result = run(tmp_path, "init", "launch", before=limited(300))
    assert result.returncode == 2
    assert "launch: cannot be written (File too large)" in result.stderr
    assert not list((tmp_path / "launch").rglob("*.toml"))


def test_output_that_takes_no_more_is_said(folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        result = run(folder, "checks", stdout=full)
    assert result.returncode == 2
    assert "the answer cannot be printed (No space left on device). Free space where the output goes." in result.stderr
    assert "Exception ignored" not in result.stderr


@pytest.mark.parametrize("words", [("demo",), ("doctor", CLEAN), ("checks",)], ids=["demo", "doctor", "checks"])
def test_a_sign_that_the_output_s_encoding_lacks_is_written_as_its_number(words: tuple[str, ...], folder: Path) -> None:
    lacking = "import os, sys; sys.stdout.reconfigure(encoding='ascii'); os.environ['PYTHONIOENCODING'] = 'ascii'"
    told = run(folder, *words, before=lacking)
    plain = run(folder, *words, encoding="utf-8")
    assert (told.returncode, told.stderr) == (plain.returncode, plain.stderr)
    assert told.stdout == plain.stdout.encode("ascii", "backslashreplace").decode()


def test_what_a_program_reads_is_utf_8_whatever_the_machine_prints_in(folder: Path) -> None:
    named = (folder / "named.toml", "Kaos “hitam” – 黑")
    named[0].write_text(f'[launch]\nname = "{named[1]}"\n', encoding="utf-8")
    words = ("run", ORDERS, "--plan", named[0], "--format", "json")
    told = run(folder, *words, before="import sys; sys.stdout.reconfigure(encoding='cp1252')", encoding="utf-8")
    assert json.loads(told.stdout)["launch"]["name"] == named[1]


@pytest.mark.parametrize("closed", [{1: "stdout"}, {2: "stderr"}, {0: "stdin", 1: "stdout", 2: "stderr"}], ids=["1", "2", "all"])
def test_a_caller_that_closed_the_output_still_gets_answer_and_packet(closed: dict[int, str], folder: Path) -> None:
    closing = "import os, sys\n" + "".join(f"os.close({number}); sys.{name} = None\n" for number, name in closed.items())
    assert run(folder, "run", ORDERS, before=closing).returncode == 3
    written_by(folder / "packet")


# ---------------------------------------------------------------------- closed


def _file(folder: Path) -> str:
    (folder / "notes.txt").write_text("mine")
    return "notes.txt"


def _below_a_file(folder: Path) -> str:
    return f"{_file(folder)}/packet"


def _read_only(folder: Path) -> str:
    (folder / "packet").chmod(0o555)
    return "packet"


def _in_a_read_only_folder(folder: Path) -> str:
    (folder / "shut").mkdir()
    (folder / "shut").chmod(0o555)
    return "shut/packet"


def _below_a_read_only_folder(folder: Path) -> str:
    return f"{_in_a_read_only_folder(folder)}/deeper"


def _a_folder_in_place_of_a_file(folder: Path) -> str:
    (folder / "own" / "run.json").mkdir(parents=True)
    return "own"


def _a_file_of_somebody_else_s(folder: Path) -> str:
    (folder / "mine").mkdir()
    (folder / "mine" / "findings.csv").write_text("date,finding\n")
    return "mine"


def _a_link_that_leads_to_itself(folder: Path) -> str:
    (folder / "round").symlink_to("round")
    return "round"


def _a_link_in_place_of_the_private_folder(folder: Path) -> str:
    (folder / "mine").mkdir()
    (folder / "mine" / "notes.txt").write_text("mine")
    (folder / ".packet.pixel-audit").symlink_to("mine")
    return "packet"


CLOSED: dict[Callable[[Path], str], str] = {
    _file: "notes.txt: is a file, not a folder. Name another folder with --out.",
    _below_a_file: "notes.txt/packet: cannot be written (notes.txt is a file). What stood there is untouched",
    _read_only: "packet: cannot be written (the folder is read-only). What stood there is untouched; check its permissions",
    _in_a_read_only_folder: "shut/packet: cannot be written (Permission denied).",
    _below_a_read_only_folder: "shut/packet/deeper: cannot be written (Permission denied).",
    _a_link_in_place_of_the_private_folder: "packet: cannot be written (a link stands in place of the private folder).",
    _a_link_that_leads_to_itself: "round: cannot be written (Too many levels of symbolic links).",
    _a_file_of_somebody_else_s: "mine/findings.csv: is there already, and no file of pixel-audit's. Move it away",
    _a_folder_in_place_of_a_file: "own/run.json: is a folder; a file of the packet goes there.",
}


@pytest.mark.parametrize("kind", CLOSED, ids=lambda kind: kind.__name__.strip("_"))
def test_a_folder_that_cannot_be_written_is_told_before_any_work(kind: Callable[[Path], str], folder: Path) -> None:
    out = kind(folder)
    before = tree(folder)
    result = run(folder, "run", CLEAN, "--out", out, before=WITHOUT_PRIVILEGES + NO_WORK)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("pixel-audit: ")
    assert CLOSED[kind] in result.stderr
    assert tree(folder) == before


def test_a_folder_that_alone_may_be_written_takes_a_packet(folder: Path) -> None:
    """A volume mounted into a container: nothing can be made beside it."""
    (folder / "shut").mkdir()
    shutil.move(folder / "packet", folder / "shut" / "packet")
    (folder / "shut").chmod(0o555)
    names = sorted(tree(folder))
    plan(folder, "after")
    result = run(folder, "run", ORDERS, "--plan", "after.toml", "--out", "shut/packet", before=WITHOUT_PRIVILEGES)
    assert result.returncode == 3, result.stderr
    assert written_by(folder / "shut" / "packet") == "after"
    assert sorted(tree(folder)) == sorted([*names, "after.toml"])


def test_no_place_for_temporary_files_is_told(folder: Path) -> None:
    before = tree(folder)
    shut = f"import os, pathlib; os.environ['TMPDIR'] = '{folder}/shut'; pathlib.Path('{folder}/shut').mkdir(mode=0o700)\n"
    limit = "import audit.spill; audit.spill.take = lambda folder: (_ for _ in ()).throw(OSError(28, 'No space left on device'))\n"
    result = run(folder, "run", ORDERS, before=shut + limit)
    assert result.returncode == 2
    assert "no temporary folder can be made" in result.stderr
    (folder / "shut").rmdir()
    assert tree(folder) == before


# ---------------------------------------------------------------------- whatever the command, however it ends


ENDS = {
    "go": (("run", CLEAN, "--now", "2026-11-20T12:00:00Z"), 0),
    "stop": (("demo", "double_sender"), 1),
    "not proven": (("run", ORDERS), 3),
    "an error": (("run", "nowhere.har"), 2),
    "doctor": (("doctor", ORDERS), 0),
    "diff": (("diff", "packet", "packet"), 0),
    "verify": (("verify", "packet"), 0),
    "sign": (("sign", "packet", "--role", "media", "--name", "A", "--reason", "known"), 0),
    "init": (("init", "launch"), 0),
    "explain": (("explain", "value_mismatch"), 0),
}


def _beside(folder: Path) -> set[str]:
    """What lies there but for what the commands are for."""
    return {path for path in tree(folder) if not path.startswith(("packet/", "launch"))}


#: What other tests here end with, and commands that write nothing.
SELDOM = ("go", "not proven", "doctor", "diff", "explain")


@pytest.mark.parametrize("end", [pytest.param(end, marks=[pytest.mark.soak] * (end in SELDOM)) for end in ENDS])
def test_no_command_leaves_anything_behind(end: str, folder: Path) -> None:
    words, code = ENDS[end]
    before = _beside(folder)
    assert run(folder, *words).returncode == code
    assert _beside(folder) == before
    assert not list((folder / "packet").glob(".*"))


def test_a_fault_of_the_program_tells_where_it_is_and_nothing_of_anybody(folder: Path) -> None:
    faulty = """
import audit.engine
def run(*_, **__):
    try:
        int("dewi@mail.com")
    except ValueError as error:
        raise RuntimeError("no number\\ndewi@mail.com") from error
audit.engine.run = run
"""
    before = _beside(folder)
    result = run(folder, "run", ORDERS, before=faulty)
    assert (result.returncode, result.stdout) == (2, "")
    assert "ValueError: invalid literal for int() with base 10: '…'\n" in result.stderr
    told = [result.stderr.index(words) for words in ("in run", "RuntimeError: no number\n", "a fault of the program")]
    assert told == sorted(told)
    assert "dewi" not in result.stderr.replace(faulty, "")
    assert _beside(folder) == before


@pytest.mark.parametrize(("words", "code"), [(("run", ORDERS), 3), (("explain", "value_mismatch"), 0)], ids=["run", "explain"])
def test_a_reader_that_goes_away_changes_neither_answer_nor_packet(words: tuple[str, ...], code: int, folder: Path) -> None:
    before = _beside(folder)
    with start(folder, *words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()  # as `head` does
        assert process.stderr is not None
        stderr = process.stderr.read()
    assert process.returncode == code
    assert "Traceback" not in stderr
    assert "Exception ignored" not in stderr
    assert _beside(folder) == before
    written_by(folder / "packet")

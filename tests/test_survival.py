"""However a run ends, the packet that stood there is whole and nothing else is left. Every run is a process of its own."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.place import put_right
from tests.bench.traffic import make
from tests.survival import CLEAN, FILES, ORDERS, environment, plan, run, start, tree, written_by

#: More changes of the file system than any run makes.
LAST = 45


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a packet in it, and a plan for each moment a run is ended at."""
    folder = tmp_path_factory.mktemp("written")
    for number in range(LAST + 2):
        plan(folder, f"{number:02}")
    assert run(folder, "run", ORDERS, "--plan", "00.toml").returncode == 3
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """Such a folder for one test."""
    return Path(shutil.copytree(written, tmp_path / "folder"))


def leftovers(folder: Path) -> list[str]:
    """What lies in the folder beside the packet and the plans."""
    own = {"temporary", "packet", "link", "packet/notes.txt", *(f"packet/{name}" for name in FILES)}
    return sorted(path for path in tree(folder) if path not in own and not path.endswith(".toml"))


def ended(folder: Path, how: str, moments: list[int]) -> Iterator[tuple[int, int]]:
    """Runs that are ended at their nth change of the file system; the exit code of each."""
    words = [sys.executable, "-m", "tests.survival", how, *map(str, moments), "--", "run", str(ORDERS), "--plan", "{moment}.toml"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, cwd=folder, env=environment(folder), text=True, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith('{"moment"'):
                told = json.loads(line)
                yield told["moment"], told["exit"]
                process.stdin.write("on\n")
                process.stdin.flush()


EVERY = pytest.param(list(range(1, LAST + 1)), marks=pytest.mark.soak, id="every")


@pytest.mark.parametrize(
    ("notes", "moments"),
    [
        pytest.param(False, [12], id="exchanged"),
        pytest.param(True, [21], id="beside other files"),
        pytest.param(False, list(range(1, LAST + 1)), id="exchanged, every moment", marks=pytest.mark.soak),
        pytest.param(True, list(range(1, LAST + 1)), id="beside other files, every moment", marks=pytest.mark.soak),
    ],
)
def test_a_killed_run_leaves_one_whole_packet_and_the_next_run_nothing_else(notes: bool, moments: list[int], folder: Path) -> None:
    if notes:
        (folder / "packet" / "notes.txt").write_text("mine")
    before = "00"
    for moment, code in ended(folder, "SIGKILL", moments):
        if code == -signal.SIGKILL and not notes:
            # At no moment is there less than a packet, whoever looks.
            assert sorted(path.name for path in (folder / "packet").iterdir()) == sorted(FILES)
        after = written_by(folder / "packet")
        assert after in (before, f"{moment:02}")
        before = after
    assert run(folder, "run", ORDERS, "--plan", f"{LAST + 1}.toml").returncode == 3
    assert written_by(folder / "packet") == f"{LAST + 1}"
    assert leftovers(folder) == []
    assert (folder / "packet" / "notes.txt").exists() is notes


@pytest.mark.parametrize("moments", [[4, 9], EVERY])
def test_a_run_that_is_asked_to_stop_leaves_nothing_at_once(moments: list[int], folder: Path) -> None:
    before, codes = "00", set()
    for moment, code in ended(folder, "SIGTERM", moments):
        codes.add(code)
        after = written_by(folder / "packet")
        assert after in (before, f"{moment:02}")
        assert leftovers(folder) == []
        before = after
    assert codes <= {143, 3}
    assert 143 in codes


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evidence that takes a while."""
    folder = tmp_path_factory.mktemp("day")
    make(folder, 500, {})
    return folder


@pytest.mark.parametrize(
    ("how", "code", "word"),
    [
        ("SIGINT", 130, "by Ctrl-C"),
        pytest.param("SIGTERM", 143, "on request", marks=pytest.mark.soak),
        pytest.param("SIGHUP", 129, "because its terminal was closed", marks=pytest.mark.soak),
    ],
)
def test_stopping_a_run_is_one_sentence_and_its_exit_code(how: str, code: int, word: str, day: Path, folder: Path) -> None:
    before = tree(folder)
    heard = f"import signal; signal.signal(signal.{how}, signal.SIG_DFL)"  # the tests themselves may run under nohup
    with start(folder, "run", day, "--memory", "200MB", before=heard) as process:
        while process.poll() is None and not (folder / ".packet.pixel-audit" / "new").exists():
            time.sleep(0.01)
        time.sleep(0.3)
        process.send_signal(signal.Signals[how])
        _, stderr = process.communicate()
    assert process.returncode == code
    assert stderr == f"pixel-audit: stopped {word}. Nothing was written.\n"
    assert tree(folder) == before


@pytest.mark.soak
def test_a_run_killed_at_any_time_leaves_one_whole_packet(folder: Path) -> None:
    chance = random.Random(6)
    before = "00"
    for number in range(1, LAST + 1):
        with start(folder, "run", CLEAN, "--plan", f"{number:02}.toml") as process:
            time.sleep(chance.uniform(0.5, 2.5))
            process.kill()
            process.communicate()
        after = written_by(folder / "packet")
        assert after in (before, f"{number:02}")
        before = after
    run(folder, "run", ORDERS, "--plan", f"{LAST + 1}.toml")
    assert written_by(folder / "packet") == f"{LAST + 1}"
    assert leftovers(folder) == []


#: In the child: a system that cannot exchange two folders in one step.
NO_EXCHANGE = "import os, pathlib, signal, reports.place; reports.place.swap = lambda *_: False; first = pathlib.Path.rename\n"
KILLED_BETWEEN = "pathlib.Path.rename = lambda old, new: os.kill(os.getpid(), 9) if old.name == 'new' else first(old, new)\n"
NOT_LET_GO = (
    "def refuse(old, new):\n    if new.name == 'old': raise OSError(18, 'Invalid cross-device link')\n    return first(old, new)\n"
    "pathlib.Path.rename = refuse\n"
)


def test_where_folders_cannot_be_exchanged_the_next_command_puts_a_killed_run_right(folder: Path) -> None:
    killed = run(folder, "run", ORDERS, "--plan", "01.toml", before=NO_EXCHANGE + KILLED_BETWEEN)
    assert killed.returncode == -signal.SIGKILL
    assert not (folder / "packet").exists()
    assert written_by(folder / "packet") == "00"  # which verifies it
    assert run(folder, "run", ORDERS, "--plan", "02.toml", before=NO_EXCHANGE).returncode == 3
    assert written_by(folder / "packet") == "02"
    assert leftovers(folder) == []


@pytest.mark.soak
def test_a_folder_the_system_does_not_let_go_of_is_filled_file_by_file(folder: Path) -> None:
    assert run(folder, "run", ORDERS, "--plan", "01.toml", before=NO_EXCHANGE + NOT_LET_GO).returncode == 3
    assert written_by(folder / "packet") == "01"
    assert leftovers(folder) == []


# ---------------------------------------------------------------------- two at once


WAITING = "import audit.engine; audit.engine.decode = lambda *_: (print('reading', flush=True), input())"


def test_a_second_run_into_the_same_folder_says_so_at_once_and_changes_nothing(folder: Path) -> None:
    (folder / "link").symlink_to("packet")  # the same folder by another name
    with start(folder, "run", ORDERS, "--plan", "01.toml", before=WAITING, stdin=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "reading\n"
        second = run(folder, "run", CLEAN, "--plan", "02.toml", "--out", "link")
        assert (second.returncode, second.stdout) == (2, "")
        assert "link: another run is writing there right now. Wait until it has finished, or name another folder." in second.stderr
        signing = run(folder, "sign", "packet", "--role", "media", "--name", "A", "--reason", "known")
        assert "packet: another run is writing there right now" in signing.stderr
        assert written_by(folder / "packet") == "00"
        first.kill()
        first.communicate()
    # The lock went with its holder.
    assert run(folder, "run", ORDERS, "--plan", "04.toml", "--out", "link").returncode == 3
    assert written_by(folder / "packet") == "04"
    assert (folder / "link").readlink() == Path("packet")


def test_of_runs_begun_together_one_writes_and_the_others_say_why_not(folder: Path) -> None:
    runs = [start(folder, "run", ORDERS, "--plan", f"{number:02}.toml") for number in (1, 2)]
    told = [(process.communicate()[1], process.returncode) for process in runs]
    assert {code for _, code in told} <= {2, 3}
    assert 3 in {code for _, code in told}
    assert all("another run is writing there" in stderr for stderr, code in told if code == 2)
    assert written_by(folder / "packet") in [f"{number:02}" for number, (_, code) in enumerate(told, start=1) if code == 3]
    assert leftovers(folder) == []


def test_a_link_among_what_a_killed_run_kept_is_not_followed(tmp_path: Path) -> None:
    """A packet that somebody hands over may hold anything beside its files."""
    out, secret = tmp_path / "packet", tmp_path / "secret"
    (out / ".pixel-audit" / "kept").mkdir(parents=True)
    (out / ".pixel-audit" / "lock").touch()
    (out / "packet.html").write_text("the packet")
    secret.write_text("another file")
    (out / ".pixel-audit" / "kept" / "packet.html").symlink_to(secret)
    put_right(out)
    assert (out / "packet.html").read_text() == "the packet"
    assert sorted(path.name for path in out.iterdir()) == ["packet.html"]

"""What spills under a memory bound lies in a private folder that is gone after every kind of exit."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from audit.spill import PREFIX, remove_left_behind, spill_folder


@pytest.fixture(autouse=True)
def _own_temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_the_folder_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    with spill_folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "block").write_text("x")
    assert list(tmp_path.glob(f"{PREFIX}*")) == []


def test_the_folder_is_gone_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mishap"), spill_folder():
        raise ValueError("mishap")
    assert list(tmp_path.glob(f"{PREFIX}*")) == []


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    script = (
        "import time\n"
        "from audit.spill import spill_folder\n"
        "with spill_folder() as folder:\n    print(folder, flush=True); time.sleep(60)\n"
    )
    root = Path(__file__).parent.parent
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        remove_left_behind()
        assert folder.is_dir(), "a run that goes on keeps its folder"
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert folder.is_dir()
    remove_left_behind()
    assert not folder.exists()


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}note").mkdir()
    (tmp_path / f"{PREFIX}0123456789abcdef").symlink_to(tmp_path / f"{PREFIX}note")
    with spill_folder() as mine:
        remove_left_behind()
        assert mine.is_dir()
    assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 2


def test_a_process_of_the_same_number_does_not_keep_what_an_earlier_one_left(tmp_path: Path) -> None:
    # In a container every run may be process 1: what counts is the lock, not the number.
    left = tmp_path / f"{PREFIX}0123456789abcdef"
    left.mkdir()
    (left / "lock").write_text("")
    (left / "block").write_text("x")
    remove_left_behind()
    assert not left.exists()

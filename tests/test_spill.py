"""What spills under a memory bound lies in a private folder that is gone after every kind of exit."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from audit.spill import PREFIX, remove_left_behind, spill_folder


@pytest.fixture(autouse=True)
def _own_temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


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
        "import tempfile, sys, time; tempfile.tempdir = sys.argv[1]\n"
        "from audit.spill import spill_folder\n"
        "with spill_folder() as folder:\n    print(folder, flush=True); time.sleep(60)\n"
    )
    root = Path(__file__).parent.parent
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=root) as run:
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
    (tmp_path / f"{PREFIX}{os.getppid()}-x").mkdir()
    (tmp_path / f"{PREFIX}note").mkdir()
    remove_left_behind()
    assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 2

"""The private folder a run may spill into under a memory bound: mode 0700, gone after every kind of exit.

A run that is killed cannot clean up; the next one removes what it left. A folder's name holds the process that owns it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "pixel-audit-spill-"


@contextmanager
def spill_folder() -> Iterator[Path]:
    """A new private folder, removed at the end; folders of runs that are no more are removed at the start."""
    remove_left_behind()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_left_behind() -> None:
    """Removes this user's spill folders whose process has ended."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-", 1)[0]
        try:
            if folder.stat().st_uid == os.getuid() and owner.isdigit() and not _runs(int(owner)):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

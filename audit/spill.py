"""The private folder a run may spill into under a memory bound: mode 0700, gone after every kind of exit.

A run that is killed cannot clean up; the next one removes what it left, which nobody holds any more.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit.errors import SpaceError
from audit.holding import Held, remove, take

PREFIX = "pixel-audit-"
_OURS = re.compile(rf"{PREFIX}[0-9a-f]{{16}}")


@contextmanager
def spill_folder() -> Iterator[Path]:
    """A new private folder, removed at the end; what runs that are no more left behind is removed at the start.

    Raises:
        SpaceError: there is no place for temporary files.
    """
    remove_left_behind()
    with private_folder() as folder:
        yield folder


@contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder only this user can look into, removed at the end.

    Raises:
        SpaceError: there is no place for temporary files.
    """
    held: Held | None = None
    try:
        try:
            while held is None:
                held = take(_temporary() / f"{PREFIX}{secrets.token_hex(8)}")
        except OSError as error:
            raise SpaceError(
                f"no temporary folder can be made ({error}). Free space on that disk, or set TMPDIR to a folder on another one."
            ) from error
        yield held.folder
    finally:
        # A signal may arrive in the middle of it; there is no second one (audit/stopping.py).
        try:
            _remove(held)
        except BaseException:
            _remove(held)
            raise


def _remove(held: Held | None) -> None:
    if held is not None:
        remove(held)


def remove_left_behind() -> None:
    """Removes this user's private folders that no process holds any more."""
    try:
        entries = [entry for entry in _temporary().iterdir() if _OURS.fullmatch(entry.name)]
    except OSError:
        return
    for entry in entries:
        try:
            found = entry.lstat()
            if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
                continue
            held = take(entry)
        except OSError:
            continue
        if held is None:
            continue
        if held.is_sure:
            remove(held)
        else:
            held.lock.close()


def _temporary() -> Path:
    """Where temporary files go. Asking ``tempfile`` writes a file to try it out, which a kill would leave there."""
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    for place in (*named, "/tmp"):  # noqa: S108 (only what is private to the user is made there)
        if place and Path(place).is_dir() and os.access(place, os.W_OK | os.X_OK):
            return Path(place).resolve()
    return Path(tempfile.gettempdir())

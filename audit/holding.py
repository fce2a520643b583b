"""A folder that belongs to a running process: to whoever holds the lock on the file ``lock`` in it.

The system lets go of a lock when its holder ends, however it ends; so a folder that nobody holds was left behind.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LOCK = "lock"
#: A holder that ends takes its folder away just when another one wants it; so it is wanted again, this often.
_ATTEMPTS = 100


@dataclass(frozen=True)
class Held:
    """A folder held by this process."""

    folder: Path
    lock: IO[bytes]
    is_sure: bool  # false where the file system knows no locks


def take(folder: Path) -> Held | None:
    """Makes the folder, private to its owner, and holds it; ``None`` while another process does.

    Raises:
        OSError: it cannot be made.
    """
    if folder.is_symlink():  # everything in the folder is removed in the end, and must be of this program's making
        raise OSError(errno.ELOOP, "a link stands in place of the private folder", str(folder))
    lock: IO[bytes] | None = None
    try:
        for _ in range(_ATTEMPTS):
            folder.mkdir(mode=0o700, exist_ok=True)
            try:
                lock = (folder / LOCK).open("ab")
            except FileNotFoundError:
                continue
            is_free = _lock(lock)
            if is_free is False:
                lock.close()
                return None
            if _is_there(folder, lock):
                return Held(folder, lock, is_free is True)
            lock.close()
    except BaseException as error:
        if lock is not None:
            lock.close()
        if not isinstance(error, Exception):  # a request to end, in the middle of it
            left = take(folder)
            if left is not None:
                _let_go(left)
        raise
    return None


def remove(held: Held) -> None:
    """Removes the folder with all it holds and lets go of it; may be called again."""
    clear(held)
    _let_go(held)


def _let_go(held: Held) -> None:
    """Takes the lock away, and the folder if nothing else is in it."""
    is_ours = not held.lock.closed and _is_there(held.folder, held.lock)
    if sys.platform == "win32":
        held.lock.close()  # an open file cannot be removed there
    with suppress(OSError):
        if is_ours:
            (held.folder / LOCK).unlink()
        held.folder.rmdir()
    held.lock.close()


def clear(held: Held) -> None:
    """Removes everything in the folder but its lock."""
    entries = list(held.folder.iterdir()) if held.folder.is_dir() else []
    for entry in entries:
        with suppress(OSError):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != LOCK:
                entry.unlink()


def _is_there(folder: Path, lock: IO[bytes]) -> bool:
    """Whether the lock is still the one in the folder: another holder may have removed it between opening and locking."""
    try:
        return os.path.samestat((folder / LOCK).stat(), os.fstat(lock.fileno()))
    except OSError:
        return False


def _lock(file: IO[bytes]) -> bool | None:
    """Whether the lock could be had at once; ``None`` where the file system knows none."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True

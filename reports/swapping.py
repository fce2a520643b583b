"""Two folders exchanged in one step, as the system offers it; and waiting until a folder is on the disk."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS


def swap(one: Path, other: Path) -> bool:
    """Whether the two could be exchanged: at no moment does either name lead nowhere."""
    names = os.fsencode(one), os.fsencode(other)
    try:
        system = ctypes.CDLL(None)
        if sys.platform == "linux":
            return bool(system.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE) == 0)
        if sys.platform == "darwin":
            return bool(system.renamex_np(names[0], names[1], _EXCHANGE) == 0)
    except (AttributeError, OSError, TypeError):
        return False  # a system without it
    return False


def settle(folder: Path) -> None:
    """Waits until a folder's files are on the disk: nothing old is removed before.

    Raises:
        OSError: they do not get there.
    """
    if sys.platform == "win32":
        return  # knows no folder that could be waited for
    for file in folder.iterdir():
        if file.is_file():
            _wait(file)
    for path in (folder, folder.parent):
        with suppress(OSError):  # some network disks do not wait for folders
            _wait(path)


def _wait(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

"""The folder a packet is written to: claimed before any work is done, replaced in one step, put right after a kill.

Everything on the way lies in one hidden folder beside it (inside it, where nothing can be written beside it: a mounted volume),
which belongs to the run that holds its lock. What a killed run left in there is put right by whoever comes next.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from audit.errors import OutputError
from audit.holding import LOCK, Held, clear, remove, take
from audit.inputs import OUTPUT_FILES
from reports.swapping import settle, swap

_MARK = ".pixel-audit"
#: What stands in the first bytes of a file of ours.
_OURS = {
    "run.json": b'"schema": "pixel-audit/run/', "packet.html": b"default-src &#39;none&#39;; style-src &#39;sha256-",
    "findings.csv": b"check,severity,status,", "audit.duckdb": b"DUCK", "packet.sha256": b"  packet.html\n",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a packet goes. Only one process has it at a time."""

    shown: Path  # as the user named it
    out: Path
    aside: Held

    @property
    def new(self) -> Path:
        """Where the next packet is made ready."""
        return self.aside.folder / "new"

    @property
    def old(self) -> Path:
        """The whole folder, moved aside for a moment where it cannot be exchanged in one step."""
        return self.aside.folder / "old"

    @property
    def kept(self) -> Path:
        """The files that are about to be replaced one by one."""
        return self.aside.folder / "kept"


@contextmanager
def claim(out: Path) -> Iterator[Place]:
    """The place for a packet, ready to be written to.

    Raises:
        OutputError: it cannot be written to, or another run is writing there; nothing was changed.
    """
    made: list[Path] = []
    place: Place | None = None
    try:
        try:
            where = _resolved(out)
            _check(out, where)
            _make(where.parent, made)
            place = Place(out, where, _take(out, where))
            recover(place)
            _check_files(out, where)
            place.new.mkdir()
        except OSError as error:
            raise refusal(out, error) from error
        yield place
    finally:
        # A signal may arrive in the middle of it; there is no second one (audit/stopping.py).
        try:
            _leave(place, made)
        except BaseException:
            _leave(place, made)
            raise


def put_right(out: Path) -> None:
    """Brings back the packet that stood in a folder, if a run was killed while it replaced it."""
    where = out.resolve()
    for aside in _asides(where):
        try:
            held = take(aside) if (aside / LOCK).is_file() else None
            if held is not None and held.is_sure:
                recover(Place(out, where, held))
                remove(held)
        except OSError:
            continue  # it cannot be put right from here: a folder that is only read


def put_in(place: Place) -> None:
    """Moves the new packet in, all its files or none. A folder that holds other files keeps them.

    Raises:
        OutputError: it could not be moved in; what stood there is untouched.
    """
    out = place.out
    try:
        settle(place.new)
        if not out.exists():
            place.new.rename(out)
        elif place.aside.folder.parent != out and _is_ours_alone(out):
            _put_whole(place)
        else:
            _put_one_by_one(place)
        settle(out)
    except OSError as error:
        recover(place)
        raise refusal(place.shown, error) from error


def recover(place: Place) -> None:
    """Undoes what a run that was killed, or failed, had not finished; leaves nothing but the lock."""
    if place.old.is_dir() and not place.out.exists():
        place.old.rename(place.out)
    if place.kept.is_dir():
        for name in sorted(OUTPUT_FILES):
            if (place.kept / name).is_symlink():
                continue  # no run leaves one: whoever handed the folder over wants another file read
            if (place.kept / name).exists():
                again = place.aside.folder / name
                _copy(place.kept / name, again)
                again.replace(place.out / name)
            else:
                (place.out / name).unlink(missing_ok=True)
        place.kept.rename(place.aside.folder / "done")
    clear(place.aside)


def refusal(out: Path, error: OSError) -> OutputError:
    """What is said when the system refuses to write a packet."""
    reason = error.strerror or str(error)
    cure = "free space on its disk" if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "check its permissions"
    return OutputError(f"{out}: cannot be written ({reason}). What stood there is untouched; {cure}, or name another folder.")


# ---------------------------------------------------------------------- claiming


def _check(out: Path, where: Path) -> None:
    """What can be known before anything is tried."""
    if not _is_text(where):
        raise OutputError(
            f"{out}: the name of this folder, or of one it lies in, is no UTF-8 text. Name another folder with --out."
        )
    if where.exists() and not where.is_dir():
        raise OutputError(f"{out}: is a file, not a folder. Name another folder with --out.")
    if where.is_dir() and not os.access(where, os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, "the folder is read-only")
    for name in OUTPUT_FILES:
        if (where / name).is_dir():
            raise OutputError(f"{out / name}: is a folder; a file of the packet goes there. Name another folder with --out.")


def _check_files(out: Path, where: Path) -> None:
    """No file of somebody else's is replaced, whatever it is called."""
    for name, mark in _OURS.items():
        if not (where / name).is_file():
            continue
        with (where / name).open("rb") as file:
            head = file.read(1024)
        if head.strip() and mark not in head:
            raise OutputError(
                f"{out / name}: is there already, and no file of pixel-audit's. Move it away, or name another folder with --out."
            )


def _resolved(out: Path) -> Path:
    try:
        return out.resolve()
    except RuntimeError as error:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _make(folder: Path, made: list[Path]) -> None:
    for path in (*reversed(folder.parents), folder):
        if not path.is_dir():
            if path.exists():
                raise OSError(errno.ENOTDIR, f"{path.name} is a file")
            made.append(path)
            path.mkdir(exist_ok=True)


def _asides(where: Path) -> tuple[Path, ...]:
    inside = where / _MARK
    return (where.parent / f".{where.name}{_MARK}", inside) if where.name else (inside,)


def _take(out: Path, where: Path) -> Held:
    beside, inside = _asides(where)[0], _asides(where)[-1]
    try:
        held = take(inside if where.is_mount() else beside)
    except OSError as error:
        if not where.is_dir() or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        held = take(inside)
    if held is None:
        raise OutputError(f"{out}: another run is writing there right now. Wait until it has finished, or name another folder.")
    return held


def _leave(place: Place | None, made: list[Path]) -> None:
    if place is not None:
        if not place.aside.lock.closed:
            with suppress(OSError):
                recover(place)
        remove(place.aside)
    for path in reversed(made):  # those that hold a packet now stay
        with suppress(OSError):
            path.rmdir()


# ---------------------------------------------------------------------- replacing


def _is_ours_alone(out: Path) -> bool:
    """Whether the folder may be exchanged: it holds a packet and nothing else, and nobody stands in it."""
    try:
        if Path.cwd().is_relative_to(out):
            return False
    except OSError:
        return False
    return all(entry.name in OUTPUT_FILES for entry in out.iterdir())


def _put_whole(place: Place) -> None:
    for entry in place.out.iterdir():
        if not (place.new / entry.name).exists():
            shutil.copy2(entry, place.new / entry.name)  # what is no part of a run: the signatures
    shutil.copymode(place.out, place.new)
    if swap(place.new, place.out):
        return
    try:
        place.out.rename(place.old)
    except OSError:
        _put_one_by_one(place)  # a folder the system does not let go of, such as one of a container's image
    else:
        place.new.rename(place.out)


def _put_one_by_one(place: Place) -> None:
    ready = place.aside.folder / "ready"
    ready.mkdir()
    for name in sorted(OUTPUT_FILES):
        if (place.out / name).exists():
            _copy(place.out / name, ready / name)
    ready.rename(place.kept)  # from here on a killed run is undone
    for file in sorted(place.new.iterdir()):
        file.replace(place.out / file.name)
    place.kept.rename(place.aside.folder / "done")


def _copy(file: Path, to: Path) -> None:
    """The same bytes under a second name; a copy where the file system knows no links."""
    to.unlink(missing_ok=True)
    try:
        to.hardlink_to(file)
    except OSError:
        shutil.copy2(file, to)

"""Writes a packet's files, all or nothing: an interrupted run leaves the old packet whole."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import reports.formats.csv as csv_format
import reports.formats.html as html_format
import reports.formats.json as json_format
from audit.engine import Audit
from audit.errors import OutputError
from audit.inputs import OUTPUT_FILES
from reports.database import export
from reports.packet import Packet

_BACKUP = ".packet-before"


def write(out: Path, audit: Audit, packet: Packet) -> None:
    """``packet.html``, ``run.json``, ``findings.csv`` and ``audit.duckdb`` into ``out``.

    Everything is written beside ``out`` first and moved in at the end. A folder that holds other files keeps them.

    Raises:
        OutputError: the folder cannot be written; what stood there is untouched.
    """
    parent = out.resolve().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        if out.exists() and not out.is_dir():
            raise OutputError(f"{out}: is a file, not a folder. Name another folder with --out.")
        _recover(out)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=parent) as folder:
            staged = Path(folder) / "packet"
            staged.mkdir()
            (staged / "packet.html").write_text(html_format.render(packet), encoding="utf-8", newline="\n")
            (staged / "run.json").write_text(json_format.render(packet), encoding="utf-8", newline="\n")
            (staged / "findings.csv").write_text(csv_format.render(packet), encoding="utf-8", newline="")
            export(audit, staged / "audit.duckdb")
            _move_in(staged, out)
    except OSError as error:
        raise OutputError(
            f"{out}: the packet cannot be written ({error.strerror or error}). What stood there is untouched;"
            " check permissions and free space, or name another folder with --out."
        ) from error


def _move_in(staged: Path, out: Path) -> None:
    if not out.exists():
        staged.rename(out)
        return
    foreign = [entry for entry in out.iterdir() if entry.name not in OUTPUT_FILES]
    if foreign:
        for file in sorted(staged.iterdir()):
            file.replace(out / file.name)
        return
    for entry in out.iterdir():
        if not (staged / entry.name).exists():
            shutil.copy2(entry, staged / entry.name)
    backup = out.with_name(f".{out.name}{_BACKUP}")
    out.rename(backup)
    staged.rename(out)
    shutil.rmtree(backup)


def _recover(out: Path) -> None:
    """Puts back what a run killed between its two renames left aside."""
    backup = out.with_name(f".{out.name}{_BACKUP}")
    if backup.is_dir():
        if out.exists():
            shutil.rmtree(backup)
        else:
            backup.rename(out)

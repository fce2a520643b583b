"""What came before this packet: the run it is compared with, and who signed what then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from reports.comparison import UTC, compare
from reports.formats import json as run_format
from reports.packet import Packet
from reports.run_file import read_run
from reports.signing import earlier_signatures


@dataclass(frozen=True)
class Earlier:
    """An earlier run, if one was named, and the folders whose signatures the next packet shows."""

    run: dict[str, Any] | None
    folders: tuple[Path, ...]


def read(baseline: Path | None, out: Path) -> Earlier:
    """What stands in the baseline and in the folder that is written anew; read before anything is judged or replaced.

    Raises:
        InputError: the baseline is no run, or a ``signoff.json`` is damaged.
    """
    run = read_run(baseline) if baseline is not None else None
    folders = [out]
    if baseline is not None:
        folders.append(baseline if baseline.is_dir() else baseline.parent)
    found = tuple(dict.fromkeys(folder.resolve() for folder in folders))
    earlier_signatures(found, UTC)
    return Earlier(run, found)


def add(packet: Packet, earlier: Earlier) -> Packet:
    """The packet with what changed since, and with the signatures of then."""
    zone = ZoneInfo(packet.launch.timezone)
    return replace(
        packet,
        changes=compare(earlier.run, run_format.document(packet), zone) if earlier.run is not None else None,
        signatures=earlier_signatures(earlier.folders, zone),
    )

"""One story in every format, kept as it must be. ``python -m tests.goldens`` writes the files anew; read the difference."""

from __future__ import annotations

from pathlib import Path

from reports.formats import csv, html, json, junit, markdown, sarif
from tests.packets import packet_of
from tests.sharing import sharing

FOLDER = Path(__file__).parent / "goldens"
STORY = "regenerated_ids"
FORMATS = {
    "run.json": json,
    "packet.html": html,
    "findings.csv": csv,
    "junit.xml": junit,
    "findings.sarif": sarif,
    "summary.md": markdown,
}


def rendered(name: str) -> bytes:
    """The story in the format of that file."""
    return str(FORMATS[name].render(packet_of(STORY))).encode()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with sharing():
        for file in FORMATS:
            (FOLDER / file).write_bytes(rendered(file))

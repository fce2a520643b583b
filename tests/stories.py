"""The sample stories and the acceptance table each must give. ``python -m tests.stories`` writes the tables anew."""

from __future__ import annotations

import json
from functools import cache, partial
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from audit.cli import main
from tests.sharing import shared, sharing

FOLDER = Path(__file__).parent.parent / "sample_data"
STORIES = tuple(sorted(path.parent.name for path in FOLDER.glob("*/audit.toml")))
NOW = "2026-11-20T12:00:00Z"
_CELLS = ("chain", "dedup", "money", "senders", "attribution", "delivery")


@cache
def audited(story: str) -> dict[str, Any]:
    """The run of a story, as its run.json holds it."""
    run: dict[str, Any] = json.loads((demo(story) / "stdout").read_text(encoding="utf-8"))
    return run


def demo(story: str) -> Path:
    """A folder with the story's packet, as the command writes it, and what it said. Work on a copy."""
    return shared(f"demo of {story}", partial(_demo, story))


def _demo(story: str, folder: Path) -> None:
    command = ["demo", story, "--now", NOW, "--format", "json", "--out", str(folder / "packet")]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    (folder / "stdout").write_text(result.stdout, encoding="utf-8")


def roots(run: dict[str, Any]) -> set[tuple[str, str | None, str | None]]:
    """What failed and follows from nothing else: check, cause, platform. Notes are no faults."""
    return {
        (row["check"], row["cause"], row["platform"])
        for row in run["findings"]
        if row["ok"] is False and row["because_of"] is None and row["severity"] != "note"
    }


def acceptance(run: dict[str, Any]) -> str:
    """The acceptance table as aligned text, the decision above it."""
    header = ["platform", "event", "browser", "server", "paired", "orders", *_CELLS, "verdict", "owner"]
    rows = [
        [
            row["platform"], row["event"], str(row["browser"]), str(row["server"]), str(row["paired"]), str(row["orders"]),
            *(row["cells"][cell] for cell in _CELLS), row["verdict"], row["owner"] or "-",
        ]
        for row in run["table"]
    ]  # fmt: skip
    widths = [max(len(row[n]) for row in [header, *rows]) for n in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [header, *rows]]
    return "\n".join([f"decision: {run['decision']}", "", *lines]) + "\n"


def expected(story: str) -> str:
    """The table a story must give."""
    return (FOLDER / story / "expected.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    with sharing():
        for name in STORIES:
            (FOLDER / name / "expected.txt").write_text(acceptance(audited(name)), encoding="utf-8")

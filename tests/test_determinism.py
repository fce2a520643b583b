"""The same evidence, plan and time give the same bytes: in every time zone and locale, whatever the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MACHINES = {
    "Tokyo": {"TZ": "Asia/Tokyo", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "1"},
    "New York": {"TZ": "America/New_York", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "4242"},
}
WRITTEN = ("packet.html", "run.json", "findings.csv")


def _written(words: list[str], machine: str, folder: Path) -> dict[str, bytes]:
    """What a run on such a machine writes and prints."""
    command = [sys.executable, "-m", "audit.cli", *words, "--out", str(folder / machine), "--now", "2026-11-20T12:00:00Z"]
    done = subprocess.run(command, env=os.environ | MACHINES[machine], capture_output=True, cwd=ROOT, check=False)
    assert done.returncode in (0, 1, 3), done.stderr.decode()
    return {name: (folder / machine / name).read_bytes() for name in WRITTEN} | {"stdout": done.stdout}


@pytest.mark.parametrize(
    "words",
    [
        ["demo", "regenerated_ids", "--format", "junit"],
        pytest.param(["demo", "shopify_launch", "--format", "table"], marks=pytest.mark.soak),
        ["run", "sample_data/clean_launch/browser", "--format", "sarif"],
    ],
    ids=["a stop", "a shop", "without a plan"],
)
def test_two_machines_write_the_same_bytes(words: list[str], tmp_path: Path) -> None:
    first, second = (_written(words, machine, tmp_path) for machine in MACHINES)
    for name in first:
        assert first[name] == second[name], name


def test_a_baseline_and_its_signatures_give_the_same_bytes_too(tmp_path: Path) -> None:
    before = tmp_path / "before"
    for command in (
        ["demo", "wrong_value", "--out", str(before), "--now", "2026-11-20T12:00:00Z"],
        ["sign", str(before), "--role", "media", "--name", "A. Person", "--reason", "known", "--now", "2026-11-20T13:00:00Z"],
    ):
        subprocess.run([sys.executable, "-m", "audit.cli", *command], capture_output=True, cwd=ROOT, check=False)
    words = ["demo", "clean_launch", "--baseline", str(before), "--format", "markdown"]
    first, second = (_written(words, machine, tmp_path) for machine in MACHINES)
    assert first == second
    assert b"A. Person" in first["packet.html"]

"""Imports go down only: cli -> reports -> engine -> (check, verdict, plan) -> loaders -> errors."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: A module may import modules of a lower floor, and of its own where it stands in the same room.
FLOORS = {
    "audit.errors": 0,
    "audit.holding": 0,
    "audit.stopping": 0,
    "audit.visible": 0,
    "audit.wording": 0,
    "audit.hands": 1,
    "audit.filling": 1,
    "audit.scripts": 1,
    "audit.spill": 1,
    "audit.shortage": 1,
    "audit.loaders": 2,
    "audit.check": 2,
    "audit.plan": 2,
    "audit.plan_slips": 2,
    "audit.plan_values": 3,
    "audit.plan_file": 4,
    "audit.attachments": 3,
    "audit.sessions": 3,
    "audit.payloads": 3,
    "audit.decoding": 4,
    "audit.plan_tables": 3,
    "audit.arguments": 3,
    "audit.asking": 3,
    "audit.reading": 5,
    "audit.tables": 5,
    "audit.views": 5,
    "audit.loading": 6,
    "audit.engine": 7,
    "audit.verdict": 8,
    "audit.inputs": 8,
    "audit.public": 8,
    "audit.api": 9,
    "reports": 9,
    "audit.scaffold": 10,
    "audit.remedies": 10,
    "audit.doctor": 10,
    "audit.explain": 3,
    "audit.doctor_text": 11,
    "audit.terminal": 11,
    "audit.cli": 12,
    "audit": 13,
}
FILES = sorted(path for room in ("audit", "reports") for path in (ROOT / room).rglob("*.py"))


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _floor(module: str) -> tuple[str, int]:
    room = max((name for name in FLOORS if module == name or module.startswith(name + ".")), key=len)
    return room, FLOORS[room]


@pytest.mark.parametrize("path", FILES, ids=_module)
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    room, floor = _floor(_module(path))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        if isinstance(node, ast.ImportFrom) and node.module == "audit":
            names = [f"audit.{alias.name}" for alias in node.names]
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.split(".")[0] in ("audit", "reports"):
                other, below = _floor(name)
                assert below < floor or other == room, f"{_module(path)} imports {name}"


def test_only_the_command_line_knows_click() -> None:
    users = {_module(path) for path in FILES if "import click" in path.read_text(encoding="utf-8")}
    assert users == {"audit.cli"}

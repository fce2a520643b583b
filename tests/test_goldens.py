"""One story in every format is exactly what it was when somebody last looked at it."""

from __future__ import annotations

import difflib

import pytest

from tests.goldens import FOLDER, FORMATS, rendered


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_as_it_was(name: str) -> None:
    golden = FOLDER / name
    assert golden.is_file(), f"{name} is missing; write it with: python -m tests.goldens"
    kept, now = golden.read_bytes(), rendered(name)
    if kept != now:
        lines = difflib.unified_diff(kept.decode().splitlines(), now.decode().splitlines(), "golden", "now", lineterm="", n=1)
        told = "\n".join(line[:300] for line in list(lines)[:40])
        pytest.fail(f"{name} differs. Read the difference; if it is meant: python -m tests.goldens\n{told}", pytrace=False)


def test_nothing_else_lies_there() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(FORMATS)

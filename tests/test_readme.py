"""The README tells the truth: generated tables are current, its plan can be read, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

from audit.cli import main
from audit.plan_file import read_plan
from tests.readme import README, generated

TEXT = README.read_text(encoding="utf-8")


def test_generated_tables_are_current() -> None:
    assert generated(TEXT) == TEXT, "run: python -m tests.readme"


def test_the_plan_shown_can_be_read(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.S)
    path = tmp_path / "audit.toml"
    path.write_text(block, encoding="utf-8")
    assert read_plan(path).name == "Black shirt, November"


def test_every_command_named_exists() -> None:
    named = set(re.findall(r"pixel-audit ([a-z]+)", TEXT))
    assert named <= set(main.commands), named - set(main.commands)


def test_make_targets_named_exist() -> None:
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`?make ([a-z]+)`?", TEXT)):
        assert re.search(rf"^{target}:", makefile, flags=re.M), target

"""Every check against its own examples (``tests/checks/<id>.md``), and every example file against its check."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.check import catalogue
from tests.examples import FOLDER, Example, Row, answers, examples

CHECKS = catalogue()
EXAMPLES = [example for path in sorted(FOLDER.glob("*.md")) for example in examples(path.stem)]


def _sorted(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: tuple(str(value) for value in row.values()))


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{e.check}: {e.name}" for e in EXAMPLES])
def test_an_example_gives_its_answer(example: Example, tmp_path: Path) -> None:
    assert answers(example, CHECKS[example.check], tmp_path) == _sorted(example.answer)


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_has_a_passing_a_failing_and_an_undecided_example(check: str) -> None:
    found = [e for e in EXAMPLES if e.check == check]
    verdicts = {row.get("ok") for e in found for row in e.answer}
    assert "true" in verdicts, "no passing example"
    assert "false" in verdicts, "no failing example"
    assert None in verdicts or any(not e.answer for e in found), "no cannot-tell and no empty example"


@pytest.mark.parametrize("check", CHECKS)
def test_every_cause_has_a_failing_example_and_no_other_is_named(check: str) -> None:
    named = {row.get("cause") for e in EXAMPLES if e.check == check for row in e.answer if row.get("ok") == "false"} - {None}
    told = {row.get("cause") for e in EXAMPLES if e.check == check for row in e.answer} - {None}
    assert named == set(CHECKS[check].causes) or (named <= told == set(CHECKS[check].causes))


@pytest.mark.parametrize("check", [check.id for check in CHECKS.values() if check.own_is_open])
def test_texts_of_what_cannot_be_told_stand_beside_nothing_that_failed(check: str) -> None:
    rows = [row for e in EXAMPLES if e.check == check and "cause" in e.columns for row in e.answer]
    assert {row["ok"] for row in rows if row["cause"] is None} <= {"true", None}
    assert CHECKS[check].causes


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda p: p.stem)
def test_examples_belong_to_a_check(path: Path) -> None:
    assert path.stem in CHECKS

"""A short fuzz of every parser and decoder, the same each time; ``make soak`` goes on for longer, guided by coverage."""

from __future__ import annotations

import json
import time
from pathlib import Path
from random import Random

import pytest

from audit.errors import PlanError
from audit.plan_file import read_plan
from tests.fuzz.changes import change_bytes, change_value
from tests.fuzz.decoders import check
from tests.fuzz.parsers import TARGETS, seeds

#: Slow for bytes: a parser that takes longer than this for a few kilobytes hangs on a few megabytes.
_SLOW = 1.0


@pytest.mark.parametrize("name", TARGETS)
def test_no_bytes_break_a_parser(name: str) -> None:
    target, good = TARGETS[name], seeds(name)
    for number in range(400):
        random = Random(f"{name} {number}")
        data = random.choice(good)
        if name in ("entry", "run") and number % 3:
            data = json.dumps(change_value(random, json.loads(data))).encode()
        else:
            data = change_bytes(random, data)
        began = time.process_time()
        target(data)
        assert time.process_time() - began < _SLOW, f"{name} {number}"


def test_no_request_breaks_a_decoder(tmp_path: Path) -> None:
    check(tmp_path, seed=1, count=400)


def test_no_request_breaks_a_check(tmp_path: Path) -> None:
    check(tmp_path, seed=2, count=150, checks=True)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 10_000,
        "a = " + "{x=" * 10_000,
        '[launch]\nname = "x"\ntimezone = "America"',
        '[launch]\nname = "x"\ntimezone = "' + "a" * 300 + '"',
        "[launch]\nname = " + "9" * 5000,
    ],
    ids=["lists in each other", "tables in each other", "a folder of zones", "a long zone", "a long number"],
)
def test_a_plan_that_broke_the_parser_is_one_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=r"audit\.toml: "):
        read_plan(path)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1012))
def test_no_thousand_requests_break_a_decoder(seed: int, tmp_path: Path) -> None:
    check(tmp_path, seed, count=1000, checks=seed % 3 == 0)

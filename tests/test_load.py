"""Under load: the big run's answer is the sum of its parts, and every fault put in is counted (``make soak`` for more)."""

from __future__ import annotations

from tests.bench.soak import compare


def test_one_run_says_what_its_parts_say_and_what_was_put_in() -> None:
    whole, parts, known = compare(orders=1_200, parts=4)
    assert whole == known
    assert parts == known

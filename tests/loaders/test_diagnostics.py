"""Meta's Dataset Quality answer: which problems the platform itself names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .reading import money, read

ANSWER = {
    "web": [
        {
            "event_name": "Purchase",
            "event_match_quality": {
                "composite_score": 6.2,
                "match_key_feedback": [{"identifier": "email", "coverage": {"percentage": 98.5}}],
                "diagnostics": [
                    {
                        "name": "Server sending modified fbclid value in fbc parameter",
                        "description": "…",
                        "solution": "…",
                        "percentage": 12.5,
                        "affected_event_count": 5,
                        "total_event_count": 40,
                    }
                ],
            },
            "event_coverage": {"percentage": 34.1, "goal_percentage": 75, "description": "…"},
            "dedupe_key_feedback": [{"dedupe_key": "event_id", "overall_browser_coverage_from_dedupe_key": {"percentage": 30}}],
            "data_freshness": {"upload_frequency": "hourly"},
        },
        {"event_name": "ViewContent", "event_coverage": {"percentage": 90, "goal_percentage": 75}},
        {"event_coverage": {"percentage": 10, "goal_percentage": 75}},
    ]
}


def test_named_problems_low_coverage_and_slow_uploads(tmp_path: Path) -> None:
    for name, text in {"pretty.json": json.dumps(ANSWER, indent=2), "one_line.json": json.dumps(ANSWER)}.items():
        reading = read(tmp_path, name, text)
        assert reading.loader == "diagnostics"
        assert reading.texts(f"select ref, platform, event_name, title, {money('percentage')} from diagnostics") == [
            f"{name}:1 | meta | Purchase | Data freshness: hourly | -",
            f"{name}:1 | meta | Purchase | Overlap | 34.1",
            f"{name}:1 | meta | Purchase | Server sending modified fbclid value in fbc parameter | 12.5",
        ]


def test_an_event_without_problems_is_ignored_and_one_without_a_name_rejected(tmp_path: Path) -> None:
    reading = read(tmp_path, "quality.json", json.dumps(ANSWER))
    assert reading.counts == (3, 1, 1, 1)
    assert reading.rejects == {"quality.json:3": "no event name in this row"}


@pytest.mark.parametrize("share", [6281200003212, -1e30, "1e400"])
def test_a_share_that_is_none_is_left_out_and_its_problem_kept(share: object, tmp_path: Path) -> None:
    """It used to end the run, with the number on the terminal."""
    problem = {"name": "Server sending modified fbclid value in fbc parameter", "percentage": share}
    answer = {"web": [{"event_name": "Purchase", "event_match_quality": {"diagnostics": [problem]}}]}
    reading = read(tmp_path, "quality.json", json.dumps(answer))
    assert reading.rows("select title, percentage from diagnostics") == [(problem["name"], None)]

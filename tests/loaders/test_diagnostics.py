"""Meta's Dataset Quality answer: which problems the platform itself names."""

from __future__ import annotations

import json
from pathlib import Path

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

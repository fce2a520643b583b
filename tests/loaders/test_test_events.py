"""Rows copied from a platform's Test Events page."""

from __future__ import annotations

from pathlib import Path

from .reading import read

TEST_EVENTS = """\
event,source,event_id,status
Purchase,Browser,1001-Purchase-FORM,Processed
Purchase,Server,1001-Purchase-FORM,Deduplicated
,,,
Purchase,Phone,1001-Purchase-FORM,Processed
,Server,1001-Purchase-FORM,Processed
"""


def test_each_row_is_what_the_page_said_of_one_event(tmp_path: Path) -> None:
    reading = read(tmp_path, "test-events.csv", TEST_EVENTS)
    assert reading.loader == "test_events"
    assert reading.texts("select ref, platform, event_name, channel, event_id, status from test_events") == [
        "test-events.csv:2 | meta | Purchase | browser | 1001-Purchase-FORM | processed",
        "test-events.csv:3 | meta | Purchase | server | 1001-Purchase-FORM | deduplicated",
    ]


def test_rows_are_accounted_for(tmp_path: Path) -> None:
    reading = read(tmp_path, "test-events.csv", TEST_EVENTS)
    assert reading.counts == (5, 2, 1, 2)
    assert reading.rejects == {
        "test-events.csv:5": "the source is neither Browser nor Server",
        "test-events.csv:6": "no event name in this row",
    }


def test_the_page_of_another_platform_names_it(tmp_path: Path) -> None:
    text = "platform,event name,source,event id,status\nTikTok,CompletePayment,Server,A-1,Received\n"
    assert read(tmp_path, "t.csv", text).texts("select platform, event_name, channel from test_events") == [
        "tiktok | CompletePayment | server"
    ]

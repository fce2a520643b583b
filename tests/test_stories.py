"""The sample stories: each gives the acceptance table it must, and exactly the root it is named after."""

from __future__ import annotations

import pytest

from tests.stories import STORIES, acceptance, audited, expected, roots

#: A condition every SnackVideo launch with both channels has: the platform publishes no rule for merging them.
KNOWN = ("undedupable_event", "no_event_id_on_platform", "snackvideo")
ROOTS: dict[str, set[tuple[str, str | None, str]]] = {
    "clean_launch": set(),
    "regenerated_ids": {("event_id_mismatch", "regenerated", "meta")},
    "double_sender": {("duplicate_sender", "two_agents", "meta")},
    "wrong_value": {("value_mismatch", "net_revenue", platform) for platform in ("meta", "tiktok", "snackvideo")},
    "lost_click_ids": {
        ("missing_fbc", "browser", "meta"),
        ("missing_fbc", "server", "meta"),
        ("missing_ttclid", "server", "tiktok"),
        ("missing_click_id", None, "snackvideo"),
    },
    "shopify_launch": set(),
}


@pytest.mark.parametrize("story", STORIES)
def test_a_story_gives_its_acceptance_table(story: str) -> None:
    assert acceptance(audited(story)) == expected(story)


@pytest.mark.parametrize("story", STORIES)
def test_a_story_has_its_root_and_no_other(story: str) -> None:
    assert roots(audited(story)) - {KNOWN} == ROOTS[story]


@pytest.mark.parametrize("story", STORIES)
def test_every_consequence_names_a_check_that_failed(story: str) -> None:
    rows = audited(story)["findings"]
    failed = {row["check"] for row in rows if row["ok"] is False}
    assert {row["because_of"] for row in rows if row["because_of"]} <= failed


@pytest.mark.parametrize("story", STORIES)
def test_every_file_of_a_story_is_accounted_for(story: str) -> None:
    for source in audited(story)["sources"]:
        assert source["read"] == source["kept"] + source["ignored"] + source["rejected"]
        assert source["rejected"] == 0

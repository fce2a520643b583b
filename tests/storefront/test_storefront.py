"""The test shops themselves: every fault applies, and a recording holds what the audit needs from it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser

from tests.storefront import FAULTS, record
from tests.storefront.shop_backend import Settings
from tests.storefront.web_files import WebFiles

EVERY_FAULT = [(shop, name) for shop, faults in FAULTS.items() for name in faults]


@pytest.mark.parametrize(("shop", "name"), EVERY_FAULT)
def test_a_fault_changes_lines_that_exist(shop: str, name: str) -> None:
    fault = FAULTS[shop][name]
    assert fault.story
    WebFiles(fault.edits)
    Settings(**fault.settings)


def test_a_recording_keeps_bodies_statuses_and_pages(tmp_path: Path, browser: Browser) -> None:
    recording = record(tmp_path, pace_ms=20, browser=browser)
    entries = json.loads(recording.hars[0].read_text("utf-8"))["log"]["entries"]
    posts = [entry["request"] for entry in entries if entry["request"]["method"] == "POST"]
    assert posts
    assert all(request["postData"]["text"] for request in posts)
    assert {entry["response"]["status"] for entry in entries} == {200, 204}
    assert all(entry["pageref"] for entry in entries)
    hits = [parse_qs(urlsplit(entry["request"]["url"]).query) for entry in entries if "/tr/?" in entry["request"]["url"]]
    purchases = [hit for hit in hits if hit["ev"] == ["Purchase"]]
    assert [hit["eid"] for hit in purchases] == [[f"{recording.orders[0]}-Purchase-FORM"]]


def test_a_long_event_leaves_as_a_form_post(tmp_path: Path, browser: Browser) -> None:
    recording = record(tmp_path, orders=3, pace_ms=20, browser=browser)
    entries = json.loads(recording.hars[2].read_text("utf-8"))["log"]["entries"]
    bodies = [entry["request"]["postData"]["text"] for entry in entries if entry["request"]["url"].endswith("/tr/")]
    assert [parse_qs(body)["ev"][0] for body in bodies] == ["ViewContent", "AddToCart", "InitiateCheckout", "Purchase"]
    assert all("rqm=formPOST" in body for body in bodies)

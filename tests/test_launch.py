"""The whole way, for real: a storefront driven in Chromium, its HAR and order file audited: Go; one line of it broken: Stop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from audit.cli import main
from tests.storefront import record
from tests.stories import roots


def _audited(folder: Path) -> dict[str, Any]:
    result = CliRunner().invoke(
        main, ["run", str(folder), "--out", str(folder.parent / "packet"), "--format", "json"], catch_exceptions=False
    )
    run: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == {"GO": 0, "GO_WITH_CONDITIONS": 0, "STOP": 1, "NOT_PROVEN": 3}[run["decision"]]
    return run


def test_a_sound_shop_gets_a_go(tmp_path: Path, browser: Browser) -> None:
    record(tmp_path / "shop", shop="shopify", orders=1, pace_ms=20, browser=browser)
    run = _audited(tmp_path / "shop")
    assert (run["decision"], roots(run)) == ("GO", set())


@pytest.mark.parametrize(
    ("fault", "check", "cause"),
    [
        ("server_regenerates_ids", "event_id_mismatch", "regenerated"),
        ("value_subtotal", "value_mismatch", "subtotal"),
    ],
)
def test_one_broken_line_gets_a_stop_with_its_cause(fault: str, check: str, cause: str, tmp_path: Path, browser: Browser) -> None:
    record(tmp_path / "shop", shop="shopify", fault=fault, orders=1, pace_ms=20, browser=browser)
    run = _audited(tmp_path / "shop")
    assert run["decision"] == "STOP"
    assert {(found, why) for found, why, _ in roots(run)} == {(check, cause)}


def test_the_relay_of_a_page_is_read_from_its_har(tmp_path: Path, browser: Browser) -> None:
    record(tmp_path / "shop", shop="scalev", orders=1, pace_ms=20, browser=browser)
    (tmp_path / "shop" / "relay" / "relay.ndjson").unlink()
    (tmp_path / "shop" / "relay").rmdir()
    run = _audited(tmp_path / "shop")
    assert (run["decision"], roots(run)) == ("GO", set())
    assert {row["server"] for row in run["table"] if row["platform"] == "meta"} == {1}

"""The packet for everybody: by keyboard, by link, by filter, in the dark, on a phone, with a screen reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.packets import compared, packet_of
from tests.pages import opened


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1440),
        ("dark", 360),
        pytest.param("light", 360, marks=pytest.mark.soak),
        pytest.param("dark", 1440, marks=pytest.mark.soak),
    ],
)
def test_axe_finds_nothing_that_shuts_a_reader_out(browser: Browser, tmp_path: Path, scheme: str, width: int) -> None:
    for packet in (compared("regenerated_ids", "wrong_value"), packet_of("shopify_launch", with_plan=False)):
        # The page's own policy stops every foreign script, axe too; only here it is let through.
        page, _ = opened(browser, packet, tmp_path, color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        answer = Axe().run(page).response
        assert len(answer["passes"]) > 20
        found = answer["violations"]
        assert [(each["id"], each["nodes"][0]["html"], each["nodes"][0]["failureSummary"]) for each in found] == []
        page.context.close()


def test_every_control_is_reached_and_used_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, compared("regenerated_ids", "wrong_value"), tmp_path)
    wanted = page.evaluate("""() => {
        const all = [...document.querySelectorAll("a[href], button, select, input, summary")];
        window.controls = all.filter(part => part.checkVisibility({ visibilityProperty: true }));
        return window.controls.length;
    }""")
    reached: set[int] = set()
    for _ in range(wanted + page.locator("[tabindex='0']").count() + 5):
        page.keyboard.press("Tab")
        place = page.evaluate("window.controls.indexOf(document.activeElement)")
        if place >= 0:
            reached.add(place)
            if place % 25 == 0:
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert reached == set(range(wanted))


def test_a_link_follows_enter_and_a_fold_opens_on_it(browser: Browser, tmp_path: Path) -> None:
    packet = packet_of("double_sender")
    page, _ = opened(browser, packet, tmp_path)
    page.focus(".reasons a")
    page.keyboard.press("Enter")
    assert page.url.endswith(f"#{packet.reasons[0].anchor}")
    page.focus("details.follows summary")
    page.keyboard.press("Enter")
    assert page.locator("details.follows table").first.is_visible()
    page.evaluate("navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); }")
    page.focus(f"button[data-link='{packet.problems[0].anchor}']")
    page.keyboard.press("Space")
    assert page.evaluate("window.copied").endswith(f"packet.html#{packet.problems[0].anchor}")


def test_every_filter_works_by_keyboard_and_comes_back_after_a_reload(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, packet_of("lost_click_ids"), tmp_path)
    rows = page.locator("tr.finding:not([hidden])")
    everything = rows.count()
    names = page.evaluate("[...document.querySelectorAll('.filters [name]')].map(field => field.name)")
    assert {"platform", "event", "owner", "search"} <= set(names)
    for name in names:
        page.focus(f".filters [name={name}]")
        if name == "search":
            page.keyboard.type("fbc")
        else:
            page.keyboard.press("ArrowDown")
        value = page.input_value(f".filters [name={name}]")
        assert value
        assert f"{name}=" in page.url
        shown = rows.count()
        fitting = page.locator(f"tr.finding[data-{name}='{value}']").count() if name != "search" else shown
        assert shown == fitting > 0
        assert shown < everything or page.locator(f".filters [name={name}] option").count() <= 2
        page.reload()
        assert page.input_value(f".filters [name={name}]") == value
        assert rows.count() == shown
        page.focus("button[type=reset]")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"#findings$"))
        assert rows.count() == everything


def test_two_filters_meet_and_their_address_opens_the_same_view_elsewhere(browser: Browser, tmp_path: Path) -> None:
    packet = packet_of("lost_click_ids")
    page, _ = opened(browser, packet, tmp_path)
    page.select_option("select[name=platform]", "meta")
    page.select_option("select[name=event]", "Purchase")
    shown = page.locator("tr.finding:not([hidden])").count()
    assert shown == page.locator("tr.finding[data-platform=meta][data-event=Purchase]").count()
    other, _ = opened(browser, packet, tmp_path)
    other.goto(page.url)
    other.reload()
    assert other.locator("tr.finding:not([hidden])").count() == shown


def test_a_link_to_a_part_survives_a_reload(browser: Browser, tmp_path: Path) -> None:
    packet = packet_of("double_sender")
    page, _ = opened(browser, packet, tmp_path)
    row = packet.problems[0].follows[0].rows[0]
    page.goto(f"{page.url}#{row.anchor}")
    page.reload()
    assert page.locator(f"#{row.anchor}").is_visible()


def test_what_came_before_is_readable_without_a_script(browser: Browser, tmp_path: Path) -> None:
    packet = compared("regenerated_ids", "wrong_value")
    page, _ = opened(browser, packet, tmp_path, java_script_enabled=False)
    assert packet.changes is not None
    words = " ".join((page.locator("main").text_content() or "").split())
    for change in (*packet.changes.fixed, *packet.changes.new, *packet.changes.still_open, *packet.changes.not_judged):
        assert change.title in words
        assert all(subject in words for subject in change.subjects)
    for signature in packet.signatures:
        assert signature.name in words
        assert (signature.reason or "") in words
    for source in packet.sources:
        assert source.sha256 in words
    for check in packet.checks:
        assert check.title in words


def test_a_filter_lives_in_the_address_and_survives_a_reload(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, packet_of("double_sender"), tmp_path)
    rows = page.locator("tr.finding:not([hidden])")
    everything = rows.count()
    page.focus("select[name=platform]")
    page.keyboard.type("SnackVideo")
    assert "#findings&platform=snackvideo" in page.url
    shown = rows.count()
    assert 0 < shown < everything
    assert f"{shown} of {everything}" in page.inner_text(".shown")
    page.reload()
    assert rows.count() == shown
    assert page.input_value("select[name=platform]") == "snackvideo"
    page.focus("button[type=reset]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"#findings$"))
    assert rows.count() == everything


def test_a_link_to_a_hidden_finding_shows_it_and_says_so(browser: Browser, tmp_path: Path) -> None:
    packet = packet_of("double_sender")
    page, _ = opened(browser, packet, tmp_path)
    page.fill("input[name=search]", "no such thing")
    assert page.locator(".problem:visible").count() == 0
    page.evaluate(f"location.hash = '{packet.problems[0].anchor}'")
    page.locator(f"#{packet.problems[0].anchor}").wait_for()
    assert "Filters cleared" in page.inner_text("#said")


def test_a_link_into_a_folded_part_opens_it(browser: Browser, tmp_path: Path) -> None:
    packet = packet_of("double_sender")
    page, _ = opened(browser, packet, tmp_path)
    row = packet.problems[0].follows[0].rows[0]
    page.evaluate(f"location.hash = '{row.anchor}'")
    page.locator(f"#{row.anchor}").wait_for()


def test_a_finding_is_copied_as_markdown(browser: Browser, tmp_path: Path) -> None:
    packet = packet_of("double_sender")
    page, _ = opened(browser, packet, tmp_path)
    page.evaluate("navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); }")
    page.focus(f"button[data-copy='{packet.problems[0].anchor}']")
    page.keyboard.press("Enter")
    assert page.evaluate("window.copied").startswith(f"## {packet.problems[0].headline}")
    assert page.inner_text("#said") == "Copied as text"


def test_the_first_tab_leads_past_the_head(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, packet_of("clean_launch"), tmp_path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.get_attribute("html", "lang") == "en"
    for landmark in ("header", "nav", "main"):
        assert page.locator(landmark).count() >= 1

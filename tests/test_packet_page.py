"""The packet in a real browser, opened from disk: quiet, safe, readable without a script, whole on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.packets import compared, hostile, packet_of
from tests.pages import opened, pages

STORIES = ("clean_launch", "double_sender", "lost_click_ids", "regenerated_ids", "shopify_launch", "wrong_value")


def test_it_opens_from_disk_in_silence(browser: Browser, tmp_path: Path) -> None:
    page, heard = opened(browser, packet_of("double_sender"), tmp_path)
    assert page.inner_text("h1") == "Stop"
    assert page.title().startswith("Stop: ")
    assert heard == []


@pytest.mark.parametrize("which", ["a stop", "without a plan", "with an earlier packet"])
def test_hostile_text_in_every_field_stays_text(browser: Browser, tmp_path: Path, which: str) -> None:
    packets = {
        "a stop": lambda: packet_of("double_sender"),
        "without a plan": lambda: packet_of("shopify_launch", with_plan=False),
        "with an earlier packet": lambda: compared("regenerated_ids", "wrong_value"),
    }
    page, heard = opened(browser, hostile(packets[which]()), tmp_path)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert "window.hacked=1" in page.inner_text("main")
    assert heard == []


def test_the_policy_stops_a_script_that_got_in(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, packet_of("double_sender"), tmp_path)
    page.evaluate(
        """() => new Promise(resolve => {
            window.stopped = [];
            document.addEventListener("securitypolicyviolation", event => {
                if (window.stopped.push(event.effectiveDirective) === 2) resolve();
            });
            const script = document.createElement("script");
            script.textContent = "window.hacked = 1";
            document.body.append(script);
            const picture = document.createElement("img");
            picture.src = "https://example.com/spy.png";
            document.body.append(picture);
        })"""
    )
    assert page.evaluate("window.stopped.sort()") == ["img-src", "script-src-elem"]
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_hangs_over_the_edge(browser: Browser, tmp_path: Path, width: int) -> None:
    packets = (packet_of("double_sender"), packet_of("lost_click_ids", with_plan=False), compared("regenerated_ids", "wrong_value"))
    for packet in packets:
        page, _ = opened(browser, packet, tmp_path, viewport={"width": width, "height": 800})
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_acceptance_table_is_seen_whole(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, packet_of("double_sender"), tmp_path)
    for width in (1060, 1160, 1280, 1366, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        table = "document.querySelector('#acceptance .scroll')"
        assert page.evaluate(f"{table}.scrollWidth <= {table}.clientWidth"), width


def test_every_fact_is_readable_without_a_script(browser: Browser, tmp_path: Path) -> None:
    packet = packet_of("double_sender")
    page, _ = opened(browser, packet, tmp_path, java_script_enabled=False)
    text = page.locator("main").text_content() or ""
    words = " ".join(text.split())
    for problem in packet.problems:
        assert problem.headline in words
        for row in (*problem.rows, *(row for followed in problem.follows for row in followed.rows)):
            assert " ".join(row.actual.split()) in words
            assert all(ref in words for ref in row.refs)
    for point in packet.orders[0].points:
        assert point.label in words
    assert page.locator("form.filters").is_hidden()
    assert page.locator("button:visible").count() == 0


@pytest.mark.parametrize("scripted", [True, False])
def test_folded_parts_stand_on_paper(browser: Browser, tmp_path: Path, scripted: bool) -> None:
    page, _ = opened(browser, packet_of("double_sender"), tmp_path, java_script_enabled=scripted)
    folded = page.locator("details.follows table").first
    assert folded.bounding_box() is None or not folded.is_visible()
    page.emulate_media(media="print")
    if scripted:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
    box = folded.bounding_box()
    assert box is not None
    assert box["height"] > 20


def test_the_summary_takes_at_most_two_pages(browser: Browser, tmp_path: Path) -> None:
    packets = [packet_of(story, with_plan=with_plan) for story in STORIES for with_plan in (True, False)]
    for packet in (*packets, compared("regenerated_ids", "wrong_value")):
        page, _ = opened(browser, packet, tmp_path)
        for paper in ("A4", "Letter"):
            page.evaluate("document.documentElement.classList.add('summary')")  # what is printed then takes it away again
            assert 1 <= pages(page.pdf(format=paper)) <= 2, (packet.launch.name, paper)
        page.context.close()


def test_print_buttons_print_the_summary_or_everything(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, packet_of("double_sender"), tmp_path)
    page.evaluate("""() => {
        window.printed = [];
        window.print = () => {
            dispatchEvent(new Event("beforeprint"));
            const folded = document.querySelectorAll("details:not([open])").length;
            window.printed.push([document.documentElement.classList.contains("summary"), folded]);
            dispatchEvent(new Event("afterprint"));
        };
    }""")
    folded = page.locator("details:not([open])").count()
    for mode in ("summary", "full"):
        page.focus(f"button[data-print={mode}]")
        page.keyboard.press("Enter")
    assert page.evaluate("window.printed") == [[True, 0], [False, 0]]
    assert page.locator("details:not([open])").count() == folded
    assert page.evaluate("document.documentElement.classList.contains('summary')") is False


def test_everything_stands_in_the_full_print(browser: Browser, tmp_path: Path) -> None:
    packet = compared("regenerated_ids", "wrong_value")
    page, _ = opened(browser, packet, tmp_path)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for section in page.locator("main > section").all():
        assert section.is_visible()
    text = " ".join(page.inner_text("main").split())
    for problem in packet.problems:
        for row in (*problem.rows, *(row for followed in problem.follows for row in followed.rows)):
            assert " ".join(row.actual.split()) in text
    for card in packet.orders:
        assert all(point.label in text for point in card.points)
    assert all(check.title in text for check in packet.checks)
    assert pages(page.pdf(format="A4")) > 4

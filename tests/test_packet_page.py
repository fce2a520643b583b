"""The packet in a real browser, opened from disk: quiet, safe, readable without a script, whole on paper."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from reports.formats import html
from reports.packet import Packet
from tests.packets import hostile, packet_of

FLAGS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium
        chromium.close()


def opened(browser: Browser, packet: Packet, folder: Path, **options: object) -> tuple[Page, list[str]]:
    """A page showing the packet, and whatever the browser said or asked for meanwhile."""
    file = folder / "packet.html"
    file.write_text(html.render(packet), encoding="utf-8", newline="\n")
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("request", lambda request: heard.append(request.url) if request.url != file.as_uri() else None)
    page.goto(file.as_uri())
    return page, heard


def test_it_opens_from_disk_in_silence(browser: Browser, tmp_path: Path) -> None:
    page, heard = opened(browser, packet_of("double_sender"), tmp_path)
    assert page.inner_text("h1") == "Stop"
    assert page.title().startswith("Stop: ")
    assert heard == []


@pytest.mark.parametrize(("story", "with_plan"), [("double_sender", True), ("shopify_launch", False)])
def test_hostile_text_in_every_field_stays_text(browser: Browser, tmp_path: Path, story: str, with_plan: bool) -> None:
    page, heard = opened(browser, hostile(packet_of(story, with_plan=with_plan)), tmp_path)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert "window.hacked=1" in page.inner_text("main")
    assert heard == []


def test_the_policy_stops_a_script_that_got_in(browser: Browser, tmp_path: Path) -> None:
    page, _ = opened(browser, packet_of("double_sender"), tmp_path)
    page.evaluate(
        """() => {
            window.stopped = [];
            document.addEventListener("securitypolicyviolation", event => window.stopped.push(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.hacked = 1";
            document.body.append(script);
            const picture = document.createElement("img");
            picture.src = "https://example.com/spy.png";
            document.body.append(picture);
        }"""
    )
    page.wait_for_function("window.stopped.length === 2")
    assert page.evaluate("window.stopped.sort()") == ["img-src", "script-src-elem"]
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_hangs_over_the_edge(browser: Browser, tmp_path: Path, width: int) -> None:
    for packet in (packet_of("double_sender"), packet_of("lost_click_ids", with_plan=False)):
        page, _ = opened(browser, packet, tmp_path, viewport={"width": width, "height": 800})
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


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


@pytest.mark.parametrize("story", ["double_sender", "lost_click_ids"])
@pytest.mark.parametrize("with_plan", [True, False])
def test_the_summary_takes_at_most_two_pages(browser: Browser, tmp_path: Path, story: str, with_plan: bool) -> None:
    page, _ = opened(browser, packet_of(story, with_plan=with_plan), tmp_path)
    page.evaluate("document.documentElement.classList.add('summary')")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page/") + pdf.count(b"/Type /Page ") <= 2


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
    page.wait_for_function("location.hash === '#findings'")
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

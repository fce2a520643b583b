"""A packet opened from disk in a real browser, and what the browser said meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from reports.formats import html
from reports.packet import Packet

FLAGS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


def pages(pdf: bytes) -> int:
    """Pages of a PDF."""
    return sum(pdf.count(b"/Type /Page" + end) for end in (b"\n", b"/", b" ", b"\r"))


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

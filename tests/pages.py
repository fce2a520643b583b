"""A packet opened from disk in a real browser, and what the browser said meanwhile."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page

from reports.formats import html
from reports.packet import Packet


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

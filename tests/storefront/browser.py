"""Real Chromium with every host answered from this process, recording one HAR per shopper."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, sync_playwright

from .answers import Answer, Request
from .traffic import Traffic

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
PHONE = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
Answering = Callable[[Request], Answer]
PixelNote = Callable[[dict[str, Any]], None]


class ChromiumMissingError(RuntimeError):
    """No Chromium on this machine."""


def chromium_path() -> str:
    """Where the system's Chromium or Chrome is."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise ChromiumMissingError("Chromium is not installed: install the package `chromium` and run again.")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium that can reach no network."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def shopper(browser: Browser, har: Path, answer: Answering, note: PixelNote) -> Iterator[tuple[Page, Traffic]]:
    """One shopper's fresh browser profile and its traffic; its HAR is complete when the block ends."""
    context = browser.new_context(
        record_har_path=har,
        record_har_mode="full",
        record_har_content="embed",
        user_agent=PHONE,
        viewport={"width": 412, "height": 915},
        locale="en-GB",
        service_workers="block",
    )
    traffic = Traffic(context)
    context.route("**/*", lambda route: _fulfil(route, answer, traffic))
    context.expose_binding("pixelHelper", lambda _source, call: note(call))
    try:
        page = context.new_page()
        yield page, traffic
        traffic.settle(page, leaving=True)  # a request still on its way at the end would be recorded as lost
    finally:
        _close(context)
    _slim(har)


def _close(context: BrowserContext) -> None:
    context.unroute_all(behavior="ignoreErrors")
    context.close()


def _fulfil(route: Route, answer: Answering, traffic: Traffic) -> None:
    asked = route.request
    if asked.is_navigation_request() and not asked.frame.parent_frame:
        # The page being left stays until its successor answers: that comes last, or it would cut off what is under way.
        traffic.answered(asked.frame.page, but=asked)
    parts = urlsplit(asked.url)
    request = Request(asked.method, asked.url, parts.netloc, parts.path, asked.post_data or "", asked.headers)
    given = answer(request)
    try:
        if given.blocked:
            route.abort("blockedbyclient")
            return
        headers = {"content-type": given.mime, "access-control-allow-origin": "*", **given.headers}
        route.fulfill(status=given.status, headers=headers, body=given.text)
    except Error:
        return  # the page moved on before its answer came


UNTELLING_HEADERS = {
    "accept",
    "accept-language",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "upgrade-insecure-requests",
}


def _slim(har: Path) -> None:
    """Drops the texts of pages and scripts, headers that are the same in every request, and the indentation.

    Every request, body, status and time stays as Chromium recorded it.
    """
    log = json.loads(har.read_text("utf-8"))
    for entry in log["log"]["entries"]:
        request, content = entry["request"], entry["response"]["content"]
        request["headers"] = [each for each in request["headers"] if each["name"].lower() not in UNTELLING_HEADERS]
        heavy = "html" in content.get("mimeType", "") or "javascript" in content.get("mimeType", "")
        if heavy and "signals/config" not in request["url"]:
            content.pop("text", None)
            content.pop("encoding", None)
    har.write_text(json.dumps(log, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")

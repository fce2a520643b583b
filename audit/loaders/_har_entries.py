"""Entries of a capture: what one tells of its request, and which page load it belongs to."""

from __future__ import annotations

import base64
import hashlib
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from audit.loaders._initiators import initiator
from audit.loaders._workers import is_cached

#: A longer text is none that a recorder writes.
TEXT_LIMIT = 4 << 20
_ANSWER_LIMIT = 64 << 10
_COOKIES = {
    "_fbc": "cookie_fbc", "_fbp": "cookie_fbp", "_ttclid": "cookie_ttclid", "_ttp": "cookie_ttp",
    "_kwai_click_id": "cookie_click",
}  # fmt: skip
#: WebPageTest names a page after its run, first or repeat view, and step.
_RUN = re.compile(r"^page_(\d+)_[01](_\d+)?$")
#: How Playwright names the files in which it keeps what was sent and answered.
ATTACHED = re.compile(r"[0-9a-f]{40}[.][a-z0-9]{1,8}")
_PAGE = re.compile(r"|[A-Za-z]{0,5}_?\d{1,4}(_\d{1,4}){0,3}|page@[0-9a-f]{32}")


class Reader:
    """Reads entries in order: a document load opens a page load that later entries of the page belong to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loads: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.posts = 0
        self.bodies = 0
        self.statuses = 0
        self.documents = 0

    def gaps(self) -> tuple[str, ...]:
        found: list[str] = []
        if self.posts and not self.bodies:
            found.append("no request bodies")
        if not self.statuses:
            found.append("no response status")
        if not self.documents:
            found.append("no page navigation: 'Preserve log' was off, or the recording began after the page had loaded")
        return tuple(found)

    def page_name(self, page: str) -> str:
        """A page's reference as recorders make it (page_3); whatever else one is, it is known by its number alone."""
        return page if _PAGE.fullmatch(page) else self.names.setdefault(page, f"page {len(self.names) + 1}")

    def row(self, place: int, entry: Any) -> dict[str, Any] | str:
        """The request of one entry, or why it cannot be identified."""
        if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict):
            return "no request in this entry"
        request, response = entry["request"], entry.get("response")
        response = response if isinstance(response, dict) else {}
        url = request.get("url")
        if not isinstance(url, str) or not url:
            return "the request has no url"
        seen = _time(entry.get("startedDateTime"))
        if seen is None:
            return "startedDateTime is missing or no time"
        headers = _headers(request)
        method = _text(request.get("method") or "GET").upper()
        body = _body(request) or _attached(request, self.folder)
        status = response.get("status")
        status = status if isinstance(status, int) and abs(status) < 1 << 31 else None
        error = _text(response.get("_error")) or _text(response.get("_failureText")) or _text(entry.get("_error"))
        if status is not None and status <= 0:
            # What a cache answered has no status in some recorders, and was there all the same.
            is_lost = error or (not is_cached(entry) and (status == 0 or entry.get("_resourceType")))
            status = 0 if is_lost else None
        elif status is not None:
            error = ""  # the server answered; that the page did not read on to the end loses no event
        # A beacon that tells all in its address has no body to lose.
        self.posts += method == "POST" and (request.get("bodySize") != 0 or bool(request.get("postData")))
        self.bodies += method == "POST" and body is not None
        self.statuses += status is not None and status != 0
        is_document = _is_document(entry, request, response, headers)
        page = _text(entry.get("pageref") or "")
        self.documents += is_document
        if is_document:
            self.loads[page] = self.loads.get(page, 0) + 1
        elapsed = entry.get("time")
        answered = _after(seen, elapsed) if isinstance(elapsed, int | float) else None
        row: dict[str, Any] = {
            "place": place,
            "seen_at": seen.isoformat(),
            "answered_at": answered.isoformat() if answered else None,
            "method": method,
            "url": url,
            "body": body,
            "status": status,
            "net_error": error or None,
            "response": _answer(method, response),
            "referrer": headers.get("referer"),
            "page_load": f"{self.page_name(page)}/{self.loads.get(page, 0)}",
            "initiator": initiator(entry),
            "user_agent": headers.get("user-agent"),
            "is_document": is_document,
            "has_secret": "access_token=" in url or "access-token" in headers,
            "relay_key": _relay_key(headers),
            "session": run_of(entry, page),
        }
        for name, value in _cookies(headers.get("cookie", "")):
            row[_COOKIES[name]] = value
        return row


def run_of(entry: dict[str, Any], page: str) -> str | None:
    """WebPageTest walks one page several times, each time as a shopper of its own: which of them this was."""
    run = entry.get("_run")
    if isinstance(run, int | str) and run != "":
        return f"run {run}"
    found = _RUN.match(page[:100])
    return f"run {found[1]}" if found else None


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    try:
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else None
    except OverflowError:
        return None


def _after(seen: datetime, elapsed: int | float) -> datetime | None:
    """The time so many milliseconds later; ``None`` when no clock shows it."""
    return seen + timedelta(milliseconds=elapsed) if 0 <= elapsed < 1e9 else None


def _text(value: object) -> str:
    """A text, or a number as one; of anything else nothing is taken."""
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def _headers(request: dict[str, Any]) -> dict[str, str]:
    headers = request.get("headers")
    if not isinstance(headers, list):
        return {}
    return {_text(header.get("name")).lower(): _text(header.get("value")) for header in headers if isinstance(header, dict)}


def _relay_key(headers: dict[str, str]) -> str | None:
    """Whose key for the storefront's relay the headers carry; the key itself is never kept."""
    if not headers:
        return None
    if "x-scalev-storefront-api-key" in headers:
        return "storefront"
    return "page" if "x-scalev-page-api-key" in headers else "none"


def _cookies(header: str) -> Iterator[tuple[str, str]]:
    for pair in header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name in _COOKIES and value:
            yield name, value


def _body(request: dict[str, Any]) -> str | None:
    post = request.get("postData")
    if not isinstance(post, dict):
        return None
    text = post.get("text")
    if isinstance(text, str) and text:
        if post.get("encoding") == "base64":
            try:
                text = base64.b64decode(text).decode("utf-8")
            except ValueError:
                return None
        return text
    params = post.get("params")
    if isinstance(params, list) and params:
        # Recorders disagree on encoding here; names of real parameters never hold a literal '%'.
        pairs = [(_text(p.get("name")), _text(p.get("value"))) for p in params if isinstance(p, dict)]
        encoded = any("%5B" in name.upper() for name, _ in pairs)
        return "&".join(f"{n}={v}" if encoded else f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in pairs)
    return None


def _attached(request: dict[str, Any], folder: Path) -> str | None:
    """A body that Playwright put into a file beside the capture, named after its sha1: what holds anything else is not it."""
    post = request.get("postData")
    name = post.get("_file") if isinstance(post, dict) else None
    if not isinstance(name, str) or not ATTACHED.fullmatch(name):
        return None
    path = folder / name
    try:
        # A link leads elsewhere, and a pipe keeps its reader waiting.
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as file:
            held = file.read(TEXT_LIMIT + 1)
    except OSError:
        return None
    if len(held) > TEXT_LIMIT or hashlib.sha1(held, usedforsecurity=False).hexdigest() != name[:40]:
        return None
    return held.decode("utf-8", errors="replace") or None


def _answer(method: str, response: dict[str, Any]) -> str | None:
    content = response.get("content")
    if method == "GET" or not isinstance(content, dict):
        return None
    text = content.get("text")
    if not isinstance(text, str) or not text or len(text) > _ANSWER_LIMIT:
        return None
    if content.get("encoding") == "base64":
        try:
            text = base64.b64decode(text).decode("utf-8")
        except ValueError:
            return None
    return text


def _is_document(entry: dict[str, Any], request: dict[str, Any], response: dict[str, Any], headers: dict[str, str]) -> bool:
    """A page the shopper went to: an HTML answer to a top-level GET (frames and the pixels' form posts are none)."""
    if request.get("method") != "GET":
        return False
    kind = entry.get("_resourceType")
    if kind is not None and kind != "document":
        return False
    target = headers.get("sec-fetch-dest")
    if target is not None and target != "document":
        return False
    content = response.get("content")
    mime = _text(content.get("mimeType")) if isinstance(content, dict) else ""
    return "html" in mime

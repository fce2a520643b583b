"""HAR 1.2 captures: every entry becomes a request; what it means is decided by the wire files.

The file is streamed. URL and ``postData.text`` are the truth; the decoded arrays beside them differ by recorder (DevTools
leaves them percent-encoded, chrome-har decodes them) and are read only where a body has no text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import duckdb
import ijson

from audit.errors import InputError
from audit.loaders._initiators import initiator
from audit.loaders._json_stream import JsonStream
from audit.loaders._rejects import insert_rejects
from audit.loaders._source import Source, Tally
from audit.loaders._workers import drop_repeats, is_cached, is_taken_over

KIND = "browser"
FORMATS = (
    "HAR 1.2 (Chrome, Edge, Firefox, Safari, Charles, Proxyman, Fiddler, Playwright, Puppeteer, chrome-har, WebPageTest), also its"
    " bare list of entries",
)

_BATCH, _BATCH_TEXT, _TEXT_LIMIT, _ANSWER_LIMIT = 500, 4 << 20, 4 << 20, 64 << 10
_COOKIES = {
    "_fbc": "cookie_fbc", "_fbp": "cookie_fbp", "_ttclid": "cookie_ttclid", "_ttp": "cookie_ttp",
    "_kwai_click_id": "cookie_click",
}  # fmt: skip
_COLUMNS = """{"place":"BIGINT","seen_at":"TIMESTAMP","answered_at":"TIMESTAMP","method":"VARCHAR","url":"VARCHAR",
"body":"VARCHAR","status":"INTEGER","net_error":"VARCHAR","response":"VARCHAR","referrer":"VARCHAR","page_load":"VARCHAR",
"initiator":"VARCHAR","user_agent":"VARCHAR","cookie_fbc":"VARCHAR","cookie_fbp":"VARCHAR","cookie_ttclid":"VARCHAR",
"cookie_ttp":"VARCHAR","cookie_click":"VARCHAR","is_document":"BOOLEAN","has_secret":"BOOLEAN",
"relay_key":"VARCHAR","session":"VARCHAR"}"""
_ENTRY = frozenset({"startedDateTime", "request"})
#: WebPageTest names a page after its run, first or repeat view, and step.
_RUN = re.compile(r"^page_(\d+)_[01](_\d+)?$")
#: How Playwright names the files in which it keeps what was sent and answered.
ATTACHED = re.compile(r"[0-9a-f]{40}[.][a-z0-9]{1,8}")
_PAGE = re.compile(r"|[A-Za-z]{0,5}_?\d{1,4}(_\d{1,4}){0,3}|page@[0-9a-f]{32}")


def claims(source: Source) -> bool:
    """A JSON object whose ``log`` holds ``entries``, whatever else it holds; or the entries without their log."""
    return source.mapped_kind is None and _entries_path(source) is not None


def _entries_path(source: Source) -> str | None:
    """Where the entries stand; ``None`` in a file that has none."""
    log = frozenset(source.members.get("log", ()))
    if source.shape in ("json_object", "ndjson") and ("entries" in log or log >= {"version", "creator"}):
        return "log.entries.item"
    if source.shape in ("json_object", "ndjson") and frozenset(source.members.get("entries", ())) >= _ENTRY:
        return "entries.item"
    if source.shape == "json_array" and any(record.keys() >= _ENTRY for record in source.records):
        return "item"
    return None


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """Streams the entries into ``requests``.

    Raises:
        InputError: the file breaks off in the middle.
    """
    reader = _Reader(source.path.parent)
    rows: list[dict[str, Any]] = []
    rejects: list[tuple[int, str]] = []
    taken_over: list[int] = []
    read = rejected = size = 0
    for place, entry in enumerate(_entries(source)):
        read += 1
        row = reader.row(place, entry)
        if isinstance(row, str):
            rejects.append((place, row))
            rejected += 1
            if len(rejects) == _BATCH:
                insert_rejects(con, source, rejects, mark="#")
                rejects = []
            continue
        if is_taken_over(entry):
            taken_over.append(place)
        rows.append(row)
        size += len(row["url"]) + len(row["body"] or "") + len(row["response"] or "")
        if len(rows) == _BATCH or size > _BATCH_TEXT:
            _insert(con, source, rows)
            rows, size = [], 0
    _insert(con, source, rows)
    drop_repeats(con, source.name, taken_over)
    insert_rejects(con, source, rejects, mark="#")
    return Tally(
        read=read,
        rejected=rejected,
        gaps=reader.gaps() if read else ("no entries: nothing was recorded, or the recording was cleared",),
        has_bodies=reader.bodies > 0 if reader.posts else None,
        has_statuses=reader.statuses > 0 if read else None,
    )


def _entries(source: Source) -> Iterator[Any]:
    last = "before its first entry"
    try:
        with source.open() as stream:
            if cast("BufferedReader", stream).peek(3).startswith(BOM_UTF8):
                stream.read(3)
            bounded = JsonStream(stream, _TEXT_LIMIT)
            # Numbers as floats: the parser's exact ones end the whole process at a number of thousands of digits.
            for place, entry in enumerate(ijson.items(bounded, _entries_path(source), use_float=True)):
                last = f"after entry {place}"
                bounded.begin_entry()
                yield entry
    except (ijson.JSONError, UnicodeDecodeError, EOFError, OSError, ValueError) as error:
        # Below its own words the parser shows what stands there; where that is no text, all of it comes as bytes.
        told = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else str(error)
        reason = told.splitlines()[0] if told else type(error).__name__
        raise InputError(
            f"{source.name}: the HAR breaks off or is damaged {last} ({reason}). Save it again from the browser."
        ) from error


def _insert(con: duckdb.DuckDBPyConnection, source: Source, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    con.execute(
        """
        insert into requests by name
        select
            ? as source,
            ? || '#' || r.place as ref,
            'browser' as evidence,
            r.*,
            whole_characters(r.body) as body,
            url_host(r.url) as host,
            url_path(r.url) as path,
            url_query(r.url) as query
        from (select unnest(from_json(?, ?), recursive := false) as r)
        """.replace("r.*,", "".join(f"r.{name},\n" for name in json.loads(_COLUMNS) if name != "body")),
        [source.name, source.name, json.dumps(rows), f"[{_COLUMNS}]"],
    )


class _Reader:
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
    try:
        with (folder / name).open("rb") as file:
            held = file.read(_TEXT_LIMIT + 1)
    except OSError:
        return None
    if len(held) > _TEXT_LIMIT or hashlib.sha1(held, usedforsecurity=False).hexdigest() != name[:40]:
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

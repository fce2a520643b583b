"""HAR 1.2 captures: every entry becomes a request; what it means is decided by the wire files.

The file is streamed. URL and ``postData.text`` are the truth; the decoded arrays beside them differ by recorder (DevTools
leaves them percent-encoded, chrome-har decodes them) and are read only where a body has no text.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from io import BufferedReader
from typing import Any, cast

import duckdb
import ijson

from audit.errors import InputError
from audit.loaders._har_entries import TEXT_LIMIT, Reader
from audit.loaders._json_stream import JsonStream
from audit.loaders._rejects import insert_rejects
from audit.loaders._source import Source, Tally
from audit.loaders._workers import drop_repeats, is_taken_over

KIND = "browser"
FORMATS = (
    "HAR 1.2 (Chrome, Edge, Firefox, Safari, Charles, Proxyman, Fiddler, Playwright, Puppeteer, chrome-har, WebPageTest), also its"
    " bare list of entries",
)

_BATCH, _BATCH_TEXT = 500, 4 << 20
_COLUMNS = """{"place":"BIGINT","seen_at":"TIMESTAMP","answered_at":"TIMESTAMP","method":"VARCHAR","url":"VARCHAR",
"body":"VARCHAR","status":"INTEGER","net_error":"VARCHAR","response":"VARCHAR","referrer":"VARCHAR","page_load":"VARCHAR",
"initiator":"VARCHAR","user_agent":"VARCHAR","cookie_fbc":"VARCHAR","cookie_fbp":"VARCHAR","cookie_ttclid":"VARCHAR",
"cookie_ttp":"VARCHAR","cookie_click":"VARCHAR","is_document":"BOOLEAN","has_secret":"BOOLEAN",
"relay_key":"VARCHAR","session":"VARCHAR"}"""
_ENTRY = frozenset({"startedDateTime", "request"})


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
    reader = Reader(source.path.parent)
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
            bounded = JsonStream(stream, TEXT_LIMIT)
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

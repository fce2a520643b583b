"""Logs of requests a server made or received: one request a row, the URL decides what it is."""

from __future__ import annotations

import duckdb

from audit.loaders._answers import drop_neighbours, id_of_halves, join_answers
from audit.loaders._mapped import list_key
from audit.loaders._nested import is_address, requests_in
from audit.loaders._records import read_records
from audit.loaders._request_fields import has_browser_urls, is_raw, own_urls
from audit.loaders._requests import insert_requests, insert_straight
from audit.loaders._source import Source, Tally
from audit.loaders._together import insert_together, signature
from audit.loaders._turns import by_turns

#: Rows are understood one by one.
IN_SLICES = True
KIND = "server"
FORMATS = (
    "request log (NDJSON, JSON array, CSV, Parquet): ts, method, url or path, body, status, response, headers, sender",
    "access log of nginx, Envoy or an API gateway with request bodies (JSON lines): time_iso8601 or @timestamp, request_method,"
    " request_uri, request_body, status, http_user_agent, …",
)


def claims(source: Source) -> bool:
    """Rows with a URL or path and a body, status or method, whose first URL is no browser pixel's."""
    if source.mapped_kind is not None:
        return source.mapped_kind == "request_log"
    return is_raw(source) and not has_browser_urls(source) and not _tells_of_others(source) and not by_turns(source)


def _tells_of_others(source: Source) -> bool:
    """Whether rows are about a call of one's own function, and the requests that it made stand in their messages."""
    return any(requests_in(dict(record)) for record in source.records) and not any(is_address(url) for url in own_urls(source))


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """Rows become requests; a row without a time or a URL is a reject. An answer in a row of its own is read with its request."""
    halves = id_of_halves(source)
    straight = insert_straight(con, source, evidence="server") if halves is None else None
    if straight is None:
        read, bad = read_records(con, source, under=list_key(source))
        if halves:
            join_answers(con, source, halves)
            drop_neighbours(con, source)
        rejected, statuses = insert_requests(con, source, evidence="server")
    else:
        bad = 0
        read, rejected, statuses = straight
    return _tally(read, bad + rejected, statuses)


def tells_apart(source: Source) -> bool:
    """Whether a request and its answer stand in two rows, so that a slice needs some of those beside it."""
    return id_of_halves(source) is not None


#: Files of one row each whose rows are spelled alike are read in one statement.
together = signature


def load_together(con: duckdb.DuckDBPyConnection, sources: list[Source]) -> list[Tally]:
    """What :func:`load` makes of each of these files, which :func:`together` calls alike."""
    found = insert_together(con, sources, evidence="server")
    if found is None:
        return [load(con, source) for source in sources]
    return [_tally(1, *found[source.name]) for source in sources]


def _tally(read: int, rejected: int, has_statuses: bool) -> Tally:
    return Tally(read=read, rejected=rejected, has_statuses=has_statuses, gaps=() if has_statuses else ("no response status",))

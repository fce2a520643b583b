"""Requests a page's service worker took over: a capture may show them twice, as the page made them and as the worker sent
them on. The page's own entry stands for both.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Any

import duckdb

#: The worker sends on what it was given at once; its clock reading may differ by a moment.
_BEFORE, _AFTER = timedelta(milliseconds=50), timedelta(seconds=2)


def is_taken_over(entry: dict[str, Any]) -> bool:
    """Whether a service worker answered the page, in the words of Chromium's recorders or of Safari's."""
    response = entry.get("response")
    told = (entry, response) if isinstance(response, dict) else (entry,)
    return any(part.get("_fetchedViaServiceWorker") is True for part in told) or entry.get("_fetchType") == "Service Worker"


def is_cached(entry: dict[str, Any]) -> bool:
    """Whether the browser's cache answered."""
    return bool(entry.get("_fromCache")) or (isinstance(kind := entry.get("_fetchType"), str) and kind.endswith("Cache"))


def drop_repeats(con: duckdb.DuckDBPyConnection, source: str, taken_over: list[int]) -> None:
    """Deletes the requests a worker sent on, given the places of those it took over; each of the page's accounts for one."""
    if not taken_over:
        return
    rows = con.execute(
        """
        with ours as (
            select
                hash(method, url, body) as what,
                place,
                seen_at,
                coalesce(answered_at, seen_at) as answered_at,
                place in (select unnest(?::bigint[])) as is_taken
            from requests
            where source = ?
        ),
        involved as (
            select what from ours group by what having bool_or(is_taken) and not bool_and(is_taken)
        )
        select what, is_taken, place, seen_at, answered_at
        from ours
        where what in (select what from involved)
        order by seen_at, answered_at, place
        """,
        [taken_over, source],
    ).fetchall()
    others: dict[int, deque[tuple[datetime, int]]] = {}
    for what, is_taken, place, seen, _ in rows:
        if not is_taken:
            others.setdefault(what, deque()).append((seen, place))
    repeats: list[int] = []
    for what, is_taken, _, seen, answered in rows:
        waiting = others[what]
        if not is_taken:
            continue
        while waiting and waiting[0][0] < seen - _BEFORE:
            waiting.popleft()
        if waiting and waiting[0][0] <= answered + _AFTER:
            repeats.append(waiting.popleft()[1])
    con.execute("delete from requests where source = ? and place in (select unnest(?::bigint[]))", [source, repeats])

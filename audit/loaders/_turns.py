"""Logs that write a request in one row and what was answered in the next, with no id in common.

An answer is a request's where no other request of its receiver was waiting for one. Where two were, nobody knows whose it is, and
both stay without. Nobody waits for longer than two minutes.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from audit.loaders._answers import id_of_halves
from audit.loaders._nested import TIMES, requests_in, whole_refusal
from audit.loaders._objects import object_in, unpacked
from audit.loaders._request_fields import bare
from audit.loaders._source import Source
from audit.loaders._told_times import time_in

Row = tuple[int, str, Any, str]
Request = dict[str, Any]
Reader = Callable[[Any, str, str], list[Request]]

#: What a line must hold to be looked into as an answer.
ANSWER_HINT = re.compile(rb"events_received|fbtrace_id|[\"']request_id\\*[\"']")
_STATUS_BEFORE = re.compile(r"(?<![\w.,:-])([1-5]\d\d)(?::? ?\w+)?[\s:=>-]*$")
_STATUSES = ("status", "statusCode", "status_code")
_ANSWER = ("status", "response", "failure")
#: What a request log may say beside a request that stands flat in its row.
_BESIDE = ("sender", "session", "consent", "cookies", "referrer")
_DEPTH = 8
_PATIENCE_S = 120
#: Another of the platforms' addresses: what was answered there is no answer to events.
_ELSEWHERE = re.compile(
    r"graph\.facebook\.com/(?:v[\d.]+/)?(?:[\w-]+/(?!events\b)\w|(?:me|oauth|debug_token)\b)"
    r"|business-api\.tiktok\.com/open_api/v[\d.]+/(?!event/|pixel/(?:track|batch))\w"
)


def by_turns(source: Source) -> bool:
    """Whether the first rows of a log hold a request without its answer and an answer without its request."""
    if source.shape != "ndjson" or source.fields or id_of_halves(source):
        return False
    found = [_told(dict(record), "", requests_in(dict(record))) for record in source.records]
    asks = any(request and not _is_answered(request) for _, request, _ in found)
    return asks and any(answer and not request for _, request, answer in found)


def answered(rows: Iterable[Row], read: Reader = requests_in) -> Iterator[tuple[int, Request]]:
    """The requests of rows, each with its place, and with the answer of a row of its own where it can be no other's.

    ``read`` finds the requests of a row.
    """
    asked: dict[str, tuple[int, Request, Any]] = {}
    waiting: dict[str, list[Any]] = defaultdict(list)
    for place, lead, row, rest in rows:
        several = read(row, lead, rest)
        if len(several) > 1:
            yield from ((place, request) for request in several)
            continue
        receiver, request, answer = _told(row, lead, several)
        when, before = _time_of(row, lead), asked.pop(receiver, None)
        waiting[receiver] = [since for since in waiting[receiver] if not _is_over(since, when)]
        if answer and before:
            is_its_own = not waiting[receiver] and not _is_before(when, before[2]) and not _is_over(before[2], when)
            yield before[0], before[1] | (answer if is_its_own else {})
        elif answer and waiting[receiver]:
            waiting[receiver].pop(0)
        elif answer and request:
            yield place, request
        elif before:
            is_again = request is not None and _ids(request) == _ids(before[1])
            if not is_again or not _is_answered(request or {}):
                yield before[:2]
            if not is_again:  # whoever tries again waits no more
                waiting[receiver].append(before[2])
        if answer or not request:
            continue
        if _is_answered(request) or not receiver:
            yield place, request
        else:
            asked[receiver] = place, request, when
    yield from (last[:2] for last in asked.values())


def _told(row: Any, lead: str, requests: list[Request]) -> tuple[str, Request | None, Request | None]:
    """The receiver that a row is about, the request and the answer it tells of; both where it has no body."""
    for request in requests:
        if found := _answer_in(unpacked(request.get("body")), _DEPTH):
            if "request_id" in request:  # joined with its request by that
                return "", request, None
            return found[0], None, _as_fields(found[1], request.get("status"), lead)
        is_bare = "body" not in request and "request_id" not in request and _is_answered(request)
        answer = {name: request[name] for name in _ANSWER if name in request} if is_bare else None
        beside = _BESIDE if isinstance(row, dict) and row.get("url") == request["url"] else ()
        return _receiver(request["url"]), request | {name: row[name] for name in beside if name in row}, answer
    if (found := _answer_in(row, _DEPTH)) and not _ELSEWHERE.search(f"{lead} {json.dumps(row, default=str)}".replace("\\", "")):
        return found[0], None, _as_fields(found[1], found[2], lead)
    return "", None, None


def _as_fields(answer: Any, status: Any, lead: str) -> Request:
    status = _status_in(lead) if status is None else status
    return {"response": answer} | ({} if status is None else {"status": status})


def _status_in(lead: str) -> str | None:
    told = _STATUS_BEFORE.search(lead)
    return told[1] if told else None


def _time_of(row: Any, lead: str) -> Any:
    names = row if isinstance(row, dict) else ()
    return next((row[name] for name in names if bare(str(name)) in TIMES), None) or time_in(lead)


def _is_before(time: Any, other: Any) -> bool:
    """Whether a row is earlier than one above it: a table may be sorted by time, the latest first."""
    if isinstance(time, str) and isinstance(other, str):
        return len(time) == len(other) and time < other
    return isinstance(time, int | float) and isinstance(other, int | float) and time < other


def _is_over(since: Any, now: Any) -> bool:
    """Whether who asked then waits no more."""
    asked, told = _seconds(since), _seconds(now)
    return asked is not None and told is not None and told - asked > _PATIENCE_S


def _seconds(time: Any) -> float | None:
    """A time as a logger tells it, in seconds; those of one log are compared, so one without a zone will do."""
    if isinstance(time, int | float):
        return next(time / unit for unit in (1e9, 1e6, 1e3, 1) if unit == 1 or time / unit > 1e8)
    try:
        told = datetime.fromisoformat(str(time))
    except ValueError:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


def _receiver(url: str) -> str:
    if "/open_api/" in url:
        return "tiktok"
    return "meta" if re.search(r"/(?:\d+|graph\.facebook\.com)/events/?(?:[?#]|$)", url) else ""


def _is_answered(request: Mapping[str, Any]) -> bool:
    return any(request.get(name) is not None for name in _ANSWER)


def _ids(request: Request) -> list[Any]:
    """The events of a request, by name and id; the request itself where they cannot be told."""
    body = unpacked(request.get("body"))
    listed = unpacked(body.get("data")) if isinstance(body, dict) else None
    events = [unpacked(part) for part in listed] if isinstance(listed, list) else []
    if not events or not all(isinstance(event, dict) and event.get("event_id") for event in events):
        return [body]
    return [(event.get("event_name", event.get("event")), event["event_id"]) for event in events]


def _answer_in(value: Any, depth: int, status: Any = None) -> tuple[str, Any, Any] | None:
    """The receiver whose answer stands somewhere in a row, the answer, and the status beside it or beside what it stands in."""
    if isinstance(value, str) and ANSWER_HINT.search(value.encode(errors="replace")):
        found = object_in(value)
        value, status = (found[1], _status_in(found[0]) or status) if found else (None, None)
    if not isinstance(value, dict) or depth == 0 or isinstance(value.get("data"), list):
        return None
    if "events_received" in value or "fbtrace_id" in (value["error"] if isinstance(value.get("error"), dict) else {}):
        return "meta", value, status
    if (refusal := whole_refusal(value)) is not value:
        return "meta", refusal, status
    # A row of a log has such keys too, and more.
    if value.keys() - {"data"} == {"code", "message", "request_id"} and isinstance(value["code"], int):
        return "tiktok", value, status
    beside = next((value[name] for name in _STATUSES if isinstance(value.get(name), int | str)), status)
    return next((found for part in value.values() if (found := _answer_in(part, depth - 1, beside))), None)

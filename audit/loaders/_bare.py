"""Events in a log's rows without the address they went to, as who sends them by a platform's own client logs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from audit.loaders._nested import BODIES, TIMES
from audit.loaders._objects import object_in, unpacked
from audit.loaders._request_fields import bare
from audit.loaders._told_times import microseconds, time_in

META_URL = "https://graph.facebook.com/events"
TIKTOK_URL = "https://business-api.tiktok.com/open_api/v1.3/event/track/"
#: What TikTok's own client sends to its older interface: an event, or several.
_OLDER = ((frozenset({"pixel_code", "event", "context"}), "pixel/track"), (frozenset({"pixel_code", "batch"}), "pixel/batch"))
#: What a line must hold to be looked into.
BARE_HINT = re.compile(rb"event_name|event_source_id|pixel_code")
_META_EVENT = frozenset({"event_name", "event_time"})
_META_BESIDE = frozenset({"user_data", "custom_data", "action_source"})
_TIKTOK = frozenset({"event_source", "event_source_id", "data"})
_PIXEL_NAMES = frozenset({"pixelid", "datasetid"})
_STATUSES = frozenset({"status", "statuscode"})
_DEPTH = 8
#: A request to an address that is none of the platforms', such as the browser's to the shop's own server.
_ADDRESSES = frozenset({"url", "requesturl", "originalurl", "uri", "requesturi", "endpoint", "path"})
_ASKED = re.compile(r"\b(?:POST|PUT|PATCH|GET) +(?:https?://|/)\S")
#: Who logs what it does not send says so before it or beside it.
_KEPT_BACK = re.compile(
    r"(?i)\b(?:skip(?:s|ped|ping)?|not? sen[dt](?:ing)?|would send|dry.?run|dropp(?:ed|ing)|discard(?:ed|ing)?|suppressed)\b"
)
_WORDS = frozenset({"msg", "message", "log", "text", "action", "outcome", "reason"})


def is_event(keys: frozenset[str]) -> bool:
    """Whether these are the keys of an event of the Conversions API."""
    return keys >= _META_EVENT and bool(keys & _META_BESIDE)


def is_payload(keys: frozenset[str], listed: frozenset[str]) -> bool:
    """Whether these are the keys of a request and of the events in its list."""
    return "data" in keys and (is_event(listed) or (keys >= _TIKTOK and "event" in listed))


def events_in(row: Any, lead: str = "", rest: str = "") -> list[dict[str, Any]]:
    """The request that a row holds the events of, with the names of a request log: to an address that is made up for it."""
    body = _payload_in(row, _DEPTH)
    parts = row if isinstance(row, dict) else {}
    words = (value.partition("{")[0] for name, value in parts.items() if bare(str(name)) in _WORDS and isinstance(value, str))
    if body is None or _ASKED.search(lead) or any(map(_KEPT_BACK.search, (lead, *words))):
        return []
    pixel = next((str(value) for name, value in parts.items() if bare(str(name)) in _PIXEL_NAMES), "")
    meta_url = META_URL.replace("/events", f"/{pixel}/events") if pixel.isdigit() else META_URL
    url = TIKTOK_URL if "event_source_id" in body else meta_url
    url = next((TIKTOK_URL.replace("event/track", path) for keys, path in _OLDER if keys <= body.keys()), url)
    times = (value for name, value in parts.items() if bare(str(name)) in TIMES)
    request = {
        "ts": microseconds(next(times, None) or time_in(lead)),
        "method": "POST",
        "url": url,
        "body": body,
        "status": next((value for name, value in parts.items() if bare(str(name)) in _STATUSES), None),
        "response": next((value for name, value in parts.items() if bare(str(name)) in ("response", "answer", "result")), None),
    }
    if request["response"] is None and (answer := object_in(rest)):
        request["response"] = answer[1]
    return [{name: value for name, value in request.items() if value is not None}]


def _payload_in(value: Any, depth: int) -> dict[str, Any] | None:
    """The body of a request to a platform, or a body around an event, somewhere in a row."""
    if isinstance(value, str) and BARE_HINT.search(value.encode(errors="replace")) and (told := object_in(value)):
        value = told[1]
    if depth == 0 or not isinstance(value, dict | list):
        return None
    if isinstance(value, list):
        if value and all(isinstance(part, dict) and is_event(frozenset(part)) for part in value):
            return {"data": value}
        return next((found for part in value if (found := _payload_in(part, depth - 1))), None)
    if is_payload(frozenset(value), keys_of_events(value)) or any(keys <= value.keys() for keys, _ in _OLDER):
        return value
    if is_event(frozenset(value)):
        return {"data": [value]}
    elsewhere = any(bare(str(name)) in _ADDRESSES and _is_address(part) for name, part in value.items())
    parts = (part for name, part in value.items() if not (elsewhere and bare(str(name)) in BODIES))
    return next((found for part in parts if (found := _payload_in(part, depth - 1))), None)


def _is_address(text: Any) -> bool:
    return isinstance(text, str) and text.startswith(("/", "http://", "https://"))


def keys_of_events(body: Mapping[str, Any]) -> frozenset[str]:
    """The keys of the first events that a request lists; each may be a text."""
    data = body.get("data")
    parts = [unpacked(part) for part in (data[:5] if isinstance(data, list) else [data])]
    return frozenset(key for part in parts if isinstance(part, dict) for key in part)

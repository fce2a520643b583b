"""A request told in the words of a line: POST https://graph.facebook.com/… {…} -> 200 {…}"""

from __future__ import annotations

import re
from typing import Any

from audit.loaders._objects import object_in
from audit.loaders._told_times import time_in

#: A status among other numbers: one that is called so, else one that counts nothing.
_STATUS = re.compile(r"\b([1-5]\d\d)\b(?! ?(?:ms|s|sec|seconds|B|kB|bytes|events?)\b)")
_NAMED_STATUS = re.compile(r"(?i)\b(?:status(?:[ _]?code)?|http(?:/[\d.]+)?)\b\W{0,3}([1-5]\d\d)\b")
#: What a body of events holds, and what the headers of an answer do.
_OF_EVENTS = frozenset({"events", "batch", "event", "event_name", "event_source_id", "pixelId"})
_OF_HEADERS = frozenset({"content-type", "contenttype", "date", "server", "connection"})


def spoken(url: str, first: Any, lead: str, rest: str) -> dict[str, Any]:
    """A request told in words: its time, its body, and, most often behind that, its status and the answer."""
    told = [(lead, first, rest)]
    while found := object_in(told[-1][2]):
        told.append(found)
    body = next((number for number, (_, part, _) in enumerate(told) if _is_of_events(part)), 0)
    answers = [part for _, part, _ in told[body + 1 :] + told[:body] if not _is_headers(part)]
    words = (told[body][2] if body + 1 == len(told) else told[body + 1][0], rest, lead if body else "")
    status = next((called for text in words if (called := _NAMED_STATUS.search(text.partition("{")[0]))), None)
    status = status or _STATUS.search(words[0].partition("{")[0]) or _NAMED_STATUS.search(rest)
    request = {
        "ts": time_in(lead),
        "url": url,
        "body": told[body][1],
        "status": status[1] if status else None,
        "response": answers[0] if answers else None,
    }
    return {name: value for name, value in request.items() if value is not None}


def _is_of_events(part: Any) -> bool:
    return isinstance(part, dict) and (isinstance(part.get("data"), list | str) or not _OF_EVENTS.isdisjoint(part))


def _is_headers(part: Any) -> bool:
    return isinstance(part, dict) and not _OF_HEADERS.isdisjoint(str(name).lower() for name in part)

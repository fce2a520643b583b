"""A request told over several lines, as WordPress plugins log it: its address in one, its body in a later one, its answer below.

    2026-11-20T10:00:00+00:00 DEBUG Request
    method: POST
    uri: https://graph.facebook.com/v23.0/1234567890/events
    body: {"data":[…]}
    2026-11-20T10:00:01+00:00 DEBUG Response
    code: 200
    body: {"events_received":1}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from audit.loaders._glance import text_of
from audit.loaders._nested import is_address
from audit.loaders._objects import object_in

_ADDRESS = re.compile(rb"(?m)^\s*ur[il]: *(\S+)")
_BODY = re.compile(r"\s*body: *\{")
_CODE = re.compile(r"\s*code: *([1-5]\d\d)\b")
_TIME = re.compile(r"\[?(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?)")
#: What WooCommerce shows in its admin: the month first, and no zone.
_SHOWN_TIME = re.compile(r"(\d{2})-(\d{2})-(\d{4}) @ (\d{2}:\d{2}:\d{2})")

Row = tuple[int, str, Any, str]  # its place, what stood before it, what it holds, what stood behind it


@dataclass
class _Request:
    """What was told so far of the request at hand."""

    place: int
    lead: str
    body: Any = None
    code: str = ""
    answer: str = ""

    @property
    def rows(self) -> list[Row]:
        return [(self.place, self.lead, self.body, f" {self.code} {self.answer}")] if self.body is not None else []


def tells_in_lines(head: bytes) -> bool:
    """Whether a log's first bytes hold the address of a platform or a relay in a line of its own."""
    return any(is_address(found.decode(errors="replace")) for found in _ADDRESS.findall(head))


def told_rows(lines: Iterable[bytes], unread: list[int]) -> Iterator[Row]:
    """Each request with its body and its answer; lines whose body cannot be read go into ``unread``."""
    time, request = "", None
    for number, line in enumerate(lines, start=1):
        text = text_of(line)
        if found := _TIME.match(text):
            time = found[1]
        elif found := _SHOWN_TIME.match(text):
            month, day, year, clock = found.groups()
            time = f"{year}-{month}-{day} {clock}"
        elif address := _ADDRESS.match(line):
            url = address[1].decode(errors="replace")
            yield from request.rows if request else ()
            request = _Request(number, f"{time} POST {url} ") if is_address(url) else None
        elif request and (code := _CODE.match(text)):
            request.code = code[1]
        elif request and _BODY.match(text):
            held = object_in(text)
            if request.code:
                request.answer = request.answer or text.partition("body:")[2].strip()
            elif held:
                request.body = held[1]
            else:
                unread.append(number)
    yield from request.rows if request else ()

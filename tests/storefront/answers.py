"""The small answer type every local host gives, and the JSON and script shorthands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Request:
    """What a local host sees of a browser request."""

    method: str
    url: str
    host: str
    path: str
    body: str
    headers: Mapping[str, str]

    def json(self) -> Any:
        """The body as JSON; an empty body is an empty object."""
        return json.loads(self.body) if self.body else {}


@dataclass(frozen=True)
class Answer:
    """Status, type and text; `blocked` answers as an ad blocker would: no response at all."""

    status: int = 200
    text: str = ""
    mime: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    blocked: bool = False


def json_answer(value: Any, status: int = 200) -> Answer:
    """A JSON answer, compact."""
    return Answer(status, json.dumps(value, separators=(",", ":")), "application/json")


def script(text: str) -> Answer:
    """A script."""
    return Answer(200, text, "application/javascript; charset=utf-8")


def page(text: str) -> Answer:
    """An HTML page."""
    return Answer(200, text, "text/html; charset=utf-8")


def utc_text(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as servers log it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

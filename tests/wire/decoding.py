"""Decodes a handful of requests: literal payloads go through the real loader and the real wire files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from audit import engine
from audit.plan import Plan

Event = dict[str, Any]


def decode(folder: Path, *requests: dict[str, Any], plan: Plan | None = None) -> list[Event]:
    """The events of a request log that holds these requests, by the model's column names."""
    path = folder / "requests.ndjson"
    rows = ({"ts": f"2026-11-20T10:00:{n:02d}Z", "method": "POST"} | request for n, request in enumerate(requests))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return events(engine.read([engine.InputFile(path, path.name, named=True)], plan or Plan()))


def events(audit: engine.Audit | engine.Read) -> list[Event]:
    """Every event of an audit, in order."""
    cursor = audit.con.execute("select * from events order by event_key")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

"""A launch as rows: what the shop's logs and its order export hold, open to a slip before it is written."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.faults.plan_text import plan_text

Row = dict[str, Any]
WriteOrders = Callable[[Path, list[Row]], None]


@dataclass
class Send:
    """One event in one line of a log.

    ``row`` is the whole line; ``event`` is the part that names the event, ``money`` the part with its value and items,
    ``person`` the part with the shopper's ids. They are parts of ``row``: editing them edits the line.
    """

    platform: str
    channel: str
    step: str
    shopper: int
    row: Row
    event: Row
    money: Row
    person: Row


@dataclass
class Launch:
    """Everything a launch leaves behind, and its plan."""

    sends: list[Send]
    orders: list[Row]
    plan: Row
    write_orders: WriteOrders
    totals: list[Row] = field(default_factory=list)
    extra: list[tuple[str, Row]] = field(default_factory=list)  # (file, line): requests that are no event
    documents: dict[str, Any] = field(default_factory=dict)  # file -> JSON beside the logs
    in_order: bool = True  # the logs' lines stand in time order

    def some(
        self, platform: str | None = None, channel: str | None = None, step: str | None = None, shopper: int | None = None
    ) -> list[Send]:
        """The sends that fit, in time order."""
        wanted = {"platform": platform, "channel": channel, "step": step, "shopper": shopper}
        return [send for send in self.sends if all(value in (None, getattr(send, name)) for name, value in wanted.items())]

    def drop(self, *sends: Send) -> None:
        """Takes lines out of their log."""
        self.sends = [send for send in self.sends if not any(send is gone for gone in sends)]

    def again(self, send: Send, seconds: float) -> Send:
        """A second copy of a line, sent later; it is added and returned."""
        twin = copy.deepcopy(send)
        shift(twin, seconds)
        self.sends.append(twin)
        return twin

    def write(self, folder: Path) -> None:
        """The files a tracking owner would hand in."""
        files: dict[str, list[Row]] = {}
        for send in self.sends:
            name = "browser/pixels.ndjson" if send.channel == "browser" else "server/requests.ndjson"
            files.setdefault(name, []).append(send.row)
        for name, row in self.extra:
            files.setdefault(name, []).append(row)
        for name, rows in files.items():
            placed = sorted(rows, key=lambda row: str(row["ts"])) if self.in_order else rows[::-1]
            lines = [json.dumps(_line(row), ensure_ascii=False) for row in placed]
            _write(folder / name, "\n".join(lines) + "\n")
        self.write_orders(folder, self.orders)
        for name, document in self.documents.items():
            _write(folder / name, json.dumps(document))
        if self.totals:
            names = list(self.totals[0])
            table = [names, *([str(row[name]) for name in names] for row in self.totals)]
            _write(folder / "totals" / "daily.csv", "".join(",".join(cells) + "\n" for cells in table))
        _write(folder / "audit.toml", plan_text(self.plan))


def _line(row: Row) -> Row:
    """A pixel hit's fields become the query of its address, or the body of a form; everything else stays as it is."""
    if "query" not in row:
        return row
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in row["query"].items())
    rest = {name: value for name, value in row.items() if name != "query"}
    return rest | ({"body": query} if row["method"] == "POST" else {"url": f"{row['url']}?{query}"})


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


# ---------------------------------------------------------------------- times


def iso(moment: datetime) -> str:
    """A time as the logs write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def millis(moment: datetime) -> int:
    """The same in epoch milliseconds."""
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def shift(send: Send, seconds: float) -> None:
    """Moves every time a line states."""
    send.row["ts"] = _later(send.row["ts"], seconds)
    for holder in {id(part): part for part in (send.row, send.event)}.values():
        if "timestamp" in holder:
            holder["timestamp"] = _later(holder["timestamp"], seconds)
        if "event_time" in holder:
            holder["event_time"] += int(seconds)
    if "query" in send.row:
        send.event["ts"] = int(send.event["ts"]) + int(seconds * 1000)


def _later(text: str, seconds: float) -> str:
    return iso(datetime.fromisoformat(text) + timedelta(seconds=seconds))

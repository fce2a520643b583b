"""Requests a page's service worker took over: a capture may show them twice, as the page made them and as the worker sent
them on. The page's own entry stands for both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

#: The worker sends on what it was given at once; its clock reading may differ by a moment.
_BEFORE, _AFTER = timedelta(milliseconds=50), timedelta(seconds=2)


def is_taken_over(entry: dict[str, Any]) -> bool:
    """Whether a service worker answered the page, in the words of Chromium's recorders or of Safari's."""
    response = entry.get("response")
    told = (entry, response) if isinstance(response, dict) else (entry,)
    return any(part.get("_fetchedViaServiceWorker") is True for part in told) or entry.get("_fetchType") == "Service Worker"


def is_cached(entry: dict[str, Any]) -> bool:
    """Whether the browser's cache answered."""
    return bool(entry.get("_fromCache")) or str(entry.get("_fetchType", "")).endswith("Cache")


class Workers:
    """Watches the entries of one capture go by and tells afterwards which of them merely repeat another."""

    def __init__(self) -> None:
        self._taken: dict[int, list[tuple[datetime, datetime]]] = {}
        self._others: dict[int, list[tuple[datetime, int]]] = {}

    def see(self, entry: dict[str, Any], row: dict[str, Any]) -> None:
        """Notes one entry and the request made of it."""
        what = hash((row["method"], row["url"], row["body"]))
        seen = datetime.fromisoformat(row["seen_at"])
        if is_taken_over(entry):
            answered = datetime.fromisoformat(row["answered_at"]) if row["answered_at"] else seen
            self._taken.setdefault(what, []).append((seen, answered))
        else:
            self._others.setdefault(what, []).append((seen, row["place"]))

    def repeats(self) -> list[int]:
        """The places of the entries a worker sent on; each of the page's requests accounts for one."""
        found: list[int] = []
        for what, spans in self._taken.items():
            others = sorted(self._others.get(what, ()))
            for first, last in sorted(spans):
                sent_on = next((other for other in others if first - _BEFORE <= other[0] <= last + _AFTER), None)
                if sent_on is not None:
                    others.remove(sent_on)
                    found.append(sent_on[1])
        return found

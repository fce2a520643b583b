"""The scripts the local hosts serve, with a fault's edits applied to their text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).parent / "web"


@dataclass(frozen=True)
class Edit:
    """One line of a script replaced by another, as a developer's slip would."""

    file: str
    old: str
    new: str


class WebFiles:
    """Script texts by file name. An edit whose line is not there exactly once is an error."""

    def __init__(self, edits: Iterable[Edit] = ()) -> None:
        self._texts = {path.name: path.read_text("utf-8") for path in sorted(WEB.glob("*.js"))}
        for edit in edits:
            found = self._texts[edit.file].count(edit.old)
            if found != 1:
                raise ValueError(f"{edit.file}: found {found} times, wanted once: {edit.old}")
            self._texts[edit.file] = self._texts[edit.file].replace(edit.old, edit.new)

    def __getitem__(self, name: str) -> str:
        return self._texts[name]

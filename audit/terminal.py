"""What a run shows on a terminal while it works, and what it prints at the end."""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from shutil import get_terminal_size
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.packet import Packet


def printed(name: str, packet: Packet) -> str:
    """The packet in one of the formats for stdout; colour only on a terminal."""
    module = import_module(f"reports.formats.{name}")
    if name == "table":
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        return str(module.render(packet, colour=colour, width=min(get_terminal_size((100, 24)).columns, 140)))
    return str(module.render(packet))


class Progress:
    """One line on stderr that tells what is going on, once it has taken longer than a moment. A terminal's only."""

    def __init__(self) -> None:
        """Starts the clock."""
        self.began = time.monotonic()
        self.width = 0

    def say(self, text: str) -> None:
        """Replaces the line."""
        if sys.stderr.isatty() and time.monotonic() - self.began > 1.5:
            self._write("\r" + text.ljust(self.width))
            self.width = len(text)

    def done(self) -> None:
        """Takes the line away."""
        if self.width:
            self._write("\r" + " " * self.width + "\r")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()

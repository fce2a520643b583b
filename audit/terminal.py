"""What a run shows on a terminal while it works, and what it prints at the end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from io import StringIO, TextIOWrapper
from shutil import get_terminal_size
from traceback import format_tb
from typing import TYPE_CHECKING

from audit.errors import OutputError, told_without_values
from audit.visible import visible

if TYPE_CHECKING:
    from reports.packet import Packet


def make_ready() -> None:
    """Stdout and stderr take any text: what goes to a file or a program is UTF-8, unless ``PYTHONIOENCODING`` says otherwise, and a
    sign that an encoding lacks is written as its number. What the caller has closed leads nowhere, and no file takes its place.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, StringIO())
        elif isinstance(stream, TextIOWrapper):
            encoding = None if stream.isatty() or "PYTHONIOENCODING" in os.environ else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def fault_told(_: type[BaseException], error: BaseException, __: object) -> None:
    """In place of Python's own: where a fault of the program is, without the values at hand, and the exit code of an error."""
    chain = [error]
    while (before := chain[-1].__cause__ or (None if chain[-1].__suppress_context__ else chain[-1].__context__)) is not None:
        chain.append(before)
    for one in reversed(chain):
        said = f"{type(one).__name__}: {told_without_values(one)}"
        tell("".join(("Traceback (most recent call last):\n", *format_tb(one.__traceback__), said)), err=True)
    tell("pixel-audit: this is a fault of the program, and no answer. Values are left out above: it may be passed on.", err=True)
    sys.exit(2)


def printed(name: str, packet: Packet) -> str:
    """The packet in one of the formats for stdout; colour only on a terminal."""
    module = import_module(f"reports.formats.{name}")
    if name == "table":
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        return str(module.render(packet, colour=colour, width=min(get_terminal_size((100, 24)).columns, 140)))
    return str(module.render(packet))


def tell(text: str, *, err: bool = False, end: str = "\n", painted: bool = False) -> None:
    """Prints on stdout or stderr. A reader that has gone (``| head``) has seen enough; it changes nothing about the answer.

    What a terminal would obey is made visible first, but for ``painted`` text: that is coloured and was made visible before.

    Raises:
        OutputError: what the output goes to takes no more.
    """
    stream = sys.stderr if err else sys.stdout
    try:
        stream.write((text if painted else visible(text)) + end)
        stream.flush()
    except OSError as error:
        # What is still in the buffer must not be tried once more at the end of the process.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            raise OutputError(f"the answer cannot be printed ({error.strerror}). Free space where the output goes.") from error


class Progress:
    """One line on stderr that tells what is going on, once it has taken longer than a moment. A terminal's only."""

    def __init__(self, heed: Callable[[], None] = lambda: None) -> None:
        """Starts the clock. ``heed`` is called at every step: it may end the run."""
        self.began = time.monotonic()
        self.width = 0
        self.heed = heed

    def say(self, text: str) -> None:
        """Replaces the line."""
        self.heed()
        if sys.stderr.isatty() and time.monotonic() - self.began > 1.5:
            shown = visible(text)
            self._write("\r" + shown.ljust(self.width))
            self.width = len(shown)

    def done(self) -> None:
        """Takes the line away."""
        if self.width:
            self._write("\r" + " " * self.width + "\r")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()

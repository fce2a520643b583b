"""Ctrl-C, a request to end, a closed terminal: the run takes its temporary folders away and says one sentence."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = {"SIGINT": "by Ctrl-C", "SIGTERM": "on request", "SIGHUP": "because its terminal was closed"}


class Stopped(BaseException):
    """Somebody wants the process to end; no ``except Exception`` keeps it from doing so."""

    def __init__(self, stop: Stop) -> None:
        """What is said at the end, and the exit code a shell expects of a process that was stopped."""
        super().__init__(f"stopped {_SIGNALS[signal.Signals(stop.number).name]}. {stop.meanwhile}".rstrip())
        self.exit_code = 128 + stop.number


class Stop:
    """Whether somebody asked, and what is to be said then."""

    def __init__(self) -> None:
        """Nobody asked yet."""
        self.number = 0
        self.meanwhile = ""  # what became of the files so far
        self.is_later = False

    def heed(self) -> None:
        """Ends here if somebody asked: a library may have swallowed the exception.

        Raises:
            Stopped: somebody asked.
        """
        if self.number:
            raise Stopped(self)

    @contextmanager
    def later(self) -> Iterator[None]:
        """What stands in this block is done whole before the request is heeded."""
        self.is_later = True
        try:
            yield
        finally:
            self.is_later = False
        self.heed()

    def ask(self, number: int, _: FrameType | None) -> None:
        """The handler. The first request counts; while the run cleans up after it, further ones are not heard."""
        if not self.number:
            self.number = number
            if not self.is_later:
                raise Stopped(self)


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Turns the first request to end into :class:`Stopped`. A signal the caller has switched off stays so (``nohup``).

    Raises:
        Stopped: in place of whatever a library made of it.
    """
    stop = Stop()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in _SIGNALS:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, stop.ask)
    try:
        yield stop
    except Exception:
        stop.heed()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

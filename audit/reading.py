"""A large log is read in slices, by two hands at once, each slice decoded before its hand takes the next.

What its rows become depends on the log and the plan alone, never on which hand was faster: slices are added in their order.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial

import duckdb

from audit.decoding import decode_requests, prepare
from audit.hands import hands
from audit.loaders import Loader, Source, Tally
from audit.loaders._slices import EDGE_BYTES, SLICE_BYTES, slices
from audit.spill import private_folder

#: A log of more bytes is read in slices.
LARGE_BYTES = 64 << 20
#: A slice is about this part of the memory bound at most: two are decoded at once, each takes several times its own size, and the
#: tables of a large day need a hundred megabytes of the bound beside them.
_PART_OF_BOUND = 16
#: So many small files are read in one statement.
_RUN = 200
_UNITS = {"bytes": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40, "PiB": 50, "EiB": 60}
#: Slices read at once, each by one thread: within one, rows are numbered in their order.
HANDS = 2


def room_for(con: duckdb.DuckDBPyConnection) -> int:
    """Bytes of a log that may be decoded at once under the memory bound."""
    (told,) = con.execute("select current_setting('memory_limit')").fetchone() or ("0 bytes",)
    number, unit = told.split()
    return int(float(number) * (1 << _UNITS[unit])) // _PART_OF_BOUND


def likely_bytes(source: Source) -> int:
    """What a file holds, about: a log packs to a twentieth."""
    return source.size * (1 if source.packing == "none" else 20)


def is_read_in_slices(source: Source, loader: Loader, room: int) -> bool:
    """Whether a file is large, and its rows are understood one by one."""
    return likely_bytes(source) > min(LARGE_BYTES, room) and source.shape == "ndjson" and getattr(loader, "IN_SLICES", False)


def runs(sources: Iterable[tuple[Source, str, Loader]]) -> Iterator[tuple[list[Source], Loader]]:
    """The files in their order, with those that follow one another and can be read in one statement together."""
    run: list[Source] = []
    kind: tuple[Loader, object] | None = None
    for source, _, loader in sources:
        alike = getattr(loader, "together", lambda _: None)(source)
        if run and kind is not None and (alike is None or (loader, alike) != kind or len(run) == _RUN):
            yield run, kind[0]
            run = []
        run, kind = [*run, source], (loader, alike)
        if alike is None:
            yield run, loader
            run = []
    if run and kind is not None:
        yield run, kind[0]


def load_run(con: duckdb.DuckDBPyConnection, run: list[Source], loader: Loader) -> list[Tally]:
    """Reads a run of files; what became of the rows of each."""
    if len(run) == 1:
        return [loader.load(con, run[0])]
    tallies: list[Tally] = loader.load_together(con, run)  # type: ignore[attr-defined]  # who calls files alike has it
    return tallies


def read_in_slices(con: duckdb.DuckDBPyConnection, source: Source, loader: Loader, batch: int, room: int) -> tuple[Tally, int]:
    """Reads and decodes a log; what became of its rows, and how many slices (batches from ``batch`` on) it was.

    A slice has about ``room`` bytes, or fewer.

    Raises:
        InputError: it breaks off, or is not what its first bytes promise.
    """
    tallies: list[Tally] = []
    waiting: deque[Future[Tally]] = deque()
    with private_folder() as folder, hands(con, HANDS) as both:
        for hand in both.connections:
            prepare(hand)
        turns = _Turns()
        try:
            is_apart = getattr(loader, "tells_apart", lambda _: False)(source)
            cut = partial(slices, edge=min(EDGE_BYTES, room)) if is_apart else slices
            for number, part in enumerate(cut(source, folder, min(SLICE_BYTES, room))):
                waiting.append(both.take(partial(_read, turns, part, loader, number, batch)))
                if len(waiting) > HANDS:
                    tallies.append(waiting.popleft().result())
            tallies += [future.result() for future in waiting]
        except BaseException as error:
            first = turns.stop(error)
            raise first from first.__cause__
    return _summed(tallies), len(tallies)


def _read(turns: _Turns, part: Source, loader: Loader, number: int, batch: int, hand: duckdb.DuckDBPyConnection) -> Tally:
    try:
        hand.execute("begin")
        tally = loader.load(hand, part)
        part.path.unlink()
        decode_requests(hand, batch + number)
        with turns.own(number):
            hand.execute("commit")
    except BaseException as error:
        turns.stop(error)
        raise
    return tally


class _Turns:
    """Lets each number through in its order; none after a stop."""

    def __init__(self) -> None:
        """Number 0 is the first."""
        self._next = 0
        self._changed = threading.Condition()
        self._failure: BaseException | None = None

    @contextmanager
    def own(self, number: int) -> Iterator[None]:
        """Waits for this number's turn; the next one's begins when the block is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._failure is not None or self._next == number)
            if self._failure is not None:
                raise self._failure
            yield
            self._next += 1
            self._changed.notify_all()

    def stop(self, error: BaseException) -> BaseException:
        """Whoever waits gives up; the first error of all is the one to tell."""
        with self._changed:
            self._failure = self._failure or error
            self._changed.notify_all()
            return self._failure


def _summed(tallies: list[Tally]) -> Tally:
    """One account of all slices. What a slice lacks, the log lacks only where every slice does."""
    statuses = [tally.has_statuses for tally in tallies if tally.has_statuses is not None]
    return Tally(
        read=sum(tally.read for tally in tallies),
        rejected=sum(tally.rejected for tally in tallies),
        gaps=tuple(gap for gap in (tallies[0].gaps if tallies else ()) if all(gap in tally.gaps for tally in tallies)),
        has_statuses=any(statuses) if statuses else None,
    )

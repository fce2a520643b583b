"""Files into tables: who claims each, in which order they are read, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path

import duckdb

from audit.decoding import decode_requests
from audit.errors import InputError
from audit.loaders import Loader, claimant
from audit.loaders._digests import Digests
from audit.loaders._ending import CUT_OFF, OPEN_QUOTE
from audit.loaders._foreign import what_is
from audit.loaders._request_fields import lacks_zone
from audit.loaders._source import Source, Tally, read_source
from audit.loaders._steady import steady
from audit.plan import Plan
from audit.reading import is_read_in_slices, likely_bytes, load_run, read_in_slices, room_for, runs
from audit.tables import expect_little

Progress = Callable[[str], None]


@dataclass(frozen=True)
class InputFile:
    """A file to read and the name it goes by in references."""

    path: Path
    name: str
    named: bool = False  # given on the command line itself: nobody claiming it is an error


#: Up to here one thread is faster than several that must be told what to do.
SMALL_BYTES = 32 << 20
#: Requests of so many bytes are decoded at once and dropped; the next files are read after that.
BATCH_BYTES = 64 << 20


def load(
    con: duckdb.DuckDBPyConnection,
    files: Iterable[InputFile],
    plan: Plan,
    progress: Progress = lambda _: None,
    beside: Callable[[], None] = lambda: None,
) -> list[InputFile]:
    """Reads every file once into the tables; those nobody claims.

    ``beside`` begins what may go on while the last requests are decoded (:func:`audit.decoding.decode_requests`).

    Raises:
        InputError: a file named by the user is of no known format, or no file was recognised.
    """
    unrecognised: list[InputFile] = []
    sources: list[tuple[Source, str, Loader]] = []
    with Digests() as digests:
        for file in files:
            source = _with_mapping(read_source(file.path, file.name), plan)
            with steady(source):
                found = claimant(source)
            if found is None:
                if file.named:
                    raise _unknown(file)
                unrecognised.append(file)
                continue
            if not digests.is_repeated(source):  # of what is no evidence nothing but its first bytes is read
                sources.append((source, *found))
        if not sources:
            extra = f" Not recognised: {', '.join(map(told, unrecognised))}." if unrecognised else ""
            raise InputError(
                f"no evidence found.{extra} Put a HAR, a server request log and the shop's order export into the folder,"
                " or name the files."
            )
        tallies = _read_all(con, sources, plan, progress, beside)
        for source, name, loader in sources:
            with steady(source):
                digest = digests.of(source)
            _store_source(con, source, digest, name, loader.KIND, tallies[source.path])
    return unrecognised


def _unknown(file: InputFile) -> InputError:
    if what := what_is(file.path):
        return InputError(f"{file.name}: cannot be read as evidence; it is {what}.")
    return InputError(
        f"{file.name}: of no known format. Known: HAR, pixel logs, request logs, order exports;"
        " 'pixel-audit doctor' explains each, and [[mapping]] in audit.toml names foreign fields."
    )


def told(file: InputFile) -> str:
    """A file that nobody claims by its name, and what it is where that is known: “orders.xlsx (an Excel workbook: …)”."""
    what = what_is(file.path)
    return f"{file.name} ({what})" if what else file.name


def _read_all(
    con: duckdb.DuckDBPyConnection,
    sources: list[tuple[Source, str, Loader]],
    plan: Plan,
    progress: Progress,
    beside: Callable[[], None],
) -> dict[Path, Tally]:
    """Reads every file; what became of its rows, by its path. Orders come first: what is kept of an event depends on them."""
    tallies: dict[Path, Tally] = {}
    batch = waiting = 0
    orders_first = sorted(sources, key=lambda found: found[2].KIND != "orders")
    is_large = sum(likely_bytes(source) for source, *_ in sources) > SMALL_BYTES
    room = room_for(con)
    if not is_large:
        expect_little(con)
    for are_orders, group in groupby(orders_first, key=lambda found: found[2].KIND == "orders"):
        for run, loader in runs(group):
            with ExitStack() as watched:
                for source in run:
                    progress(f"reading {source.name}")
                    watched.enter_context(steady(source))
                if len(run) == 1 and is_read_in_slices(source, loader, room):
                    if waiting:  # files are decoded in their order, however large one of them is
                        decode_requests(con, batch)
                        batch, waiting = batch + 1, 0
                    con.execute("set threads = 1")
                    tally, count = read_in_slices(con, source, loader, batch, room)
                    found, batch = [tally], batch + count
                else:
                    if is_large:
                        con.execute("reset threads")
                    found = load_run(con, run, loader)
                    waiting += sum(source.size for source in run)
            for source, tally in zip(run, found, strict=True):
                tallies[source.path] = _told_torn(con, source, _told_zoneless(source, loader, plan, tally))
            if waiting > min(BATCH_BYTES, room):
                decode_requests(con, batch)
                batch, waiting = batch + 1, 0
        if are_orders:
            con.execute(
                """
                set variable orders_have_emails = (select count(email_digest) > 0 from orders);
                set variable orders_have_phones = (select count(phone_digest) + count(phone_text_digest) > 0 from orders)
                """
            )
    decode_requests(con, batch, beside)
    if is_large:
        con.execute("reset threads")
    return tallies


def _told_zoneless(source: Source, loader: Loader, plan: Plan, tally: Tally) -> Tally:
    """Times of a log without a zone are read as UTC where the plan names none; whether they are is another question."""
    if loader.KIND not in ("browser", "server"):
        return tally
    if not lacks_zone(source) and tally.has_zone is not False:
        return replace(tally, has_zone=True)
    if plan.timezone is not None:
        return replace(tally, has_zone=False)  # the plan's zone holds unless the events contradict it (model/clocks.sql)
    gap = "its times name no zone, and the plan none: they are read as UTC"
    return replace(tally, has_zone=False, gaps=(*tally.gaps, gap))


def _told_torn(con: duckdb.DuckDBPyConnection, source: Source, tally: Tally) -> Tally:
    """A row that breaks off at the end of a file is none of the shop's doing, and more rows may be missing after it."""
    if not source.is_torn:
        return _told_unclosed(con, source, tally)
    con.execute(
        """
        with last_rows as (
            select max(try_cast(regexp_extract(ref, '[0-9]+$') as bigint)) as place
            from rejects
            where source = $source and reason in ('not a JSON object', $cut)
        )
        update rejects
        set reason = $cut
        where source = $source
            and reason = 'not a JSON object'
            and try_cast(regexp_extract(ref, '[0-9]+$') as bigint) = (select place from last_rows)
        """,
        {"source": source.name, "cut": CUT_OFF},
    )
    return replace(tally, gaps=(*tally.gaps, "its last row is cut off: it was copied while it was being written, copy it again"))


def _told_unclosed(con: duckdb.DuckDBPyConnection, source: Source, tally: Tally) -> Tally:
    """Rows below a quote that is never closed are in no other row: as many may be missing as stand there."""
    if source.shape != "csv" or not tally.rejected:
        return tally
    found = con.execute("select ref from rejects where source = ? and reason = ?", [source.name, OPEN_QUOTE]).fetchone()
    if found is None:
        return tally
    gap = f"its last row is cut off: a quote opened in {found[0]} is never closed, so all below it is one cell; export it again"
    return replace(tally, gaps=(*tally.gaps, gap))


def _with_mapping(source: Source, plan: Plan) -> Source:
    for mapping in plan.mappings:
        if fnmatch(source.name, mapping.files):
            return replace(source, fields=mapping.fields, mapped_kind=mapping.kind)
    return source


def _store_source(con: duckdb.DuckDBPyConnection, source: Source, digest: str, name: str, kind: str, tally: Tally) -> None:
    con.execute(
        "insert into sources values (?, ?, ?, ?, ?, ?, ?, 0, ?, null, null, ?, ?, ?, ?)",
        [
            source.name, kind, name, digest, tally.read, tally.kept, tally.ignored, tally.rejected,
            tally.has_bodies, tally.has_statuses, tally.has_zone, "; ".join(tally.gaps) or None,
        ],
    )  # fmt: skip

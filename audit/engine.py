"""Connect, load, decode, check: from files to findings. Every step is a table that can be looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from audit.asking import Outcome, ask
from audit.decoding import decode_requests, join_events
from audit.errors import InputError
from audit.loaders import Loader, claimant
from audit.loaders._ending import CUT_OFF
from audit.loaders._source import Source, Tally, read_source
from audit.loaders._steady import steady
from audit.plan import Plan
from audit.plan_tables import store_plan, store_platforms

MODEL = Path(__file__).parent / "model"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class InputFile:
    """A file to read and the name it goes by in references."""

    path: Path
    name: str
    named: bool = False  # given on the command line itself: nobody claiming it is an error


@dataclass(frozen=True)
class Audit:
    """Everything judged, still in its tables. ``con`` holds them as ``audit/model/schema.sql`` describes."""

    con: duckdb.DuckDBPyConnection
    plan: Plan
    now: datetime
    outcomes: tuple[Outcome, ...]
    unrecognised: tuple[str, ...] = ()


def run(
    files: Iterable[InputFile],
    plan: Plan,
    *,
    now: datetime | None = None,
    select: frozenset[str] | None = None,
    ignore: frozenset[str] = frozenset(),
    memory: str | None = None,
    spill: Path | None = None,
    out: Path | None = None,
    progress: Progress = lambda _: None,
) -> Audit:
    """Reads the files, decodes and joins them, and asks every check.

    ``now`` is UTC without a zone. ``select`` and ``ignore`` name checks. ``memory`` bounds what the tables hold in memory; what
    exceeds it goes to ``spill``, a private folder that must live as long as the audit. Once everything is read the database can
    reach no file and no network any more, but for ``out``, the folder the packet is written beside.

    Raises:
        InputError: a file cannot be read, or nothing was recognised.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    con = connect(memory, spill)
    store_plan(con, plan, now)
    unrecognised = load(con, files, plan, progress)
    lock(con, out)
    decode(con, plan)
    return Audit(con, plan, now, ask(con, select, ignore, progress), tuple(unrecognised))


#: Up to here one thread is faster than several that must be told what to do.
SMALL_BYTES = 16 << 20
#: Requests of so many bytes are decoded at once and dropped; the next files are read after that.
BATCH_BYTES = 64 << 20
#: What the tables may hold in memory where the user names no bound; the rest spills. Reading and the process come on top.
DEFAULT_MEMORY = "1400MB"


def connect(memory: str | None = None, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """An empty database in memory with the model's tables and words; what exceeds the bound goes to ``spill``.

    Raises:
        InputError: the bound is no size.
    """
    con = duckdb.connect(":memory:")
    # A checkpoint of this database compresses its tables in memory.
    con.execute("attach ':memory:' as work (compress); use work")
    con.execute("set TimeZone = 'UTC'")
    con.execute("set threads = 1")
    # A long query would draw a bar on stdout, into the answer.
    con.execute("set enable_progress_bar = false")
    try:
        con.execute("set memory_limit = ?", [memory or DEFAULT_MEMORY])
    except duckdb.Error as error:
        raise InputError(f"--memory: {memory!r} is no size. Write it like 2GB or 500MB.") from error
    # Nothing spills where no private folder was given.
    con.execute("set temp_directory = ?", [str(spill) if spill else ""])
    con.execute("set variable salt = ''")
    con.execute("set variable zone = 'UTC'")
    for script in ("schema", "macros", "decoded"):
        con.execute((MODEL / f"{script}.sql").read_text(encoding="utf-8"))
    return con


# ---------------------------------------------------------------------- files


def load(con: duckdb.DuckDBPyConnection, files: Iterable[InputFile], plan: Plan, progress: Progress) -> list[str]:
    """Reads every file once into the tables; the names of those nobody claims.

    Raises:
        InputError: a file named by the user is of no known format, or no file was recognised.
    """
    unrecognised: list[str] = []
    seen: set[str] = set()
    sources: list[tuple[Source, str, Loader]] = []
    for file in files:
        source = _with_mapping(read_source(file.path, file.name), plan)
        if source.sha256 in seen:
            continue
        seen.add(source.sha256)
        found = claimant(source)
        if found is None:
            if file.named:
                raise InputError(
                    f"{file.name}: no loader knows this format. Known: HAR, pixel logs, request logs, order exports;"
                    " 'pixel-audit doctor' explains each, and [[mapping]] in audit.toml names foreign fields."
                )
            unrecognised.append(file.name)
            continue
        sources.append((source, *found))
    if not sources:
        extra = f" Not recognised: {', '.join(unrecognised)}." if unrecognised else ""
        raise InputError(
            f"no evidence found.{extra} Put a HAR, a server request log and the shop's order export into the folder,"
            " or name the files."
        )
    if sum(source.size for source, *_ in sources) > SMALL_BYTES:
        con.execute("reset threads")
    # The salt only keeps digests of this run from being compared with anything outside it; they are never written out.
    digest = hashlib.sha256("".join(sorted(seen)).encode() + b"pixel-audit").hexdigest()
    con.execute("set variable salt = ?", [digest])
    waiting = 0
    for source, name, loader in sources:
        progress(f"reading {source.name}")
        with steady(source):
            tally = _told_torn(con, source, loader.load(con, source))
        _store_source(con, source, name, loader.KIND, tally)
        waiting += source.size
        if waiting > BATCH_BYTES:
            decode_requests(con)
            waiting = 0
    return unrecognised


def _told_torn(con: duckdb.DuckDBPyConnection, source: Source, tally: Tally) -> Tally:
    """A row that breaks off at the end of a file is none of the shop's doing, and more rows may be missing after it."""
    if not source.is_torn:
        return tally
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


def _with_mapping(source: Source, plan: Plan) -> Source:
    from fnmatch import fnmatch

    for mapping in plan.mappings:
        if fnmatch(source.name, mapping.files):
            return replace(source, fields=mapping.fields, mapped_kind=mapping.kind)
    return source


def _store_source(con: duckdb.DuckDBPyConnection, source: Source, name: str, kind: str, tally: Tally) -> None:
    con.execute(
        "insert into sources values (?, ?, ?, ?, ?, ?, ?, ?, null, null, ?, ?, ?)",
        [
            source.name, kind, name, source.sha256, tally.read, tally.kept, tally.ignored, tally.rejected,
            tally.has_bodies, tally.has_statuses, "; ".join(tally.gaps) or None,
        ],
    )  # fmt: skip


def lock(con: duckdb.DuckDBPyConnection, out: Path | None) -> None:
    """From here on nothing a log holds can make the database open a file or an address."""
    con.execute("set allowed_directories = ?", [[str(out)] if out else []])
    con.execute("set enable_external_access = false")


# ---------------------------------------------------------------------- decoding


def decode(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """The last requests are decoded and all become events; then the views every check shares."""
    decode_requests(con)
    join_events(con)
    forget(con)
    store_platforms(con, plan)
    con.execute("checkpoint work")
    build_views(con)
    con.execute("checkpoint work")


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drops every temporary table: raw requests, and whatever else was only a step on the way, are gone from here on."""
    for kind in ("view", "table"):
        names = con.execute(f"select {kind}_name from duckdb_{kind}s() where temporary and not internal").fetchall()
        for (name,) in names:
            con.execute(f"drop {kind} {name}")


def build_views(con: duckdb.DuckDBPyConnection) -> None:
    """Materialises ``audit/model/views.sql`` on whatever stands in the tables."""
    con.execute((MODEL / "views.sql").read_text(encoding="utf-8"))

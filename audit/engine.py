"""Connect, load, decode, check: from files to findings. Every step is a table that can be looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import iso4217

from audit.check import NEEDS, OPTIONAL, ROW, Check, catalogue
from audit.errors import InputError, PlanError
from audit.loaders import claimant
from audit.loaders._source import Source, Tally, read_source
from audit.plan import DEFAULT_EVENTS, KIN_EVENTS, MATCH_KEYS, PLATFORMS, STEPS, Plan
from audit.sessions import build_sessions

_MODEL = Path(__file__).parent / "model"
_WIRE = Path(__file__).parent / "wire"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class InputFile:
    """A file to read and the name it goes by in references."""

    path: Path
    name: str
    named: bool = False  # given on the command line itself: nobody claiming it is an error


@dataclass(frozen=True)
class Outcome:
    """How one check ran."""

    check: Check
    state: str  # ran | not_run | ignored | broke
    note: str = ""  # what to supply, or what broke


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
    progress: Progress = lambda _: None,
) -> Audit:
    """Reads the files, decodes and joins them, and asks every check.

    ``now`` is UTC without a zone. ``select`` and ``ignore`` name checks.

    Raises:
        InputError: a file cannot be read, or nothing was recognised.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    con = connect(memory)
    store_plan(con, plan, now)
    unrecognised = load(con, files, plan, progress)
    decode(con, plan)
    return Audit(con, plan, now, ask(con, select, ignore, progress), tuple(unrecognised))


def connect(memory: str | None = None) -> duckdb.DuckDBPyConnection:
    """An empty database in memory with the model's tables and words."""
    con = duckdb.connect(":memory:")
    con.execute("set TimeZone = 'UTC'")
    con.execute("set threads = 4")
    if memory:
        con.execute("set memory_limit = ?", [memory])
    con.execute("set variable salt = ''")
    con.execute("set variable zone = 'UTC'")
    for script in ("schema", "macros", "decoded"):
        con.execute((_MODEL / f"{script}.sql").read_text(encoding="utf-8"))
    return con


# ---------------------------------------------------------------------- the plan as tables


def _like(pattern: str) -> str:
    """A glob as a LIKE pattern with '!' as its escape."""
    escaped = pattern.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return escaped.replace("*", "%").replace("?", "_")


def store_plan(con: duckdb.DuckDBPyConnection, plan: Plan, now: datetime) -> None:
    """Writes the plan, defaults filled in, into the ``plan_…`` tables and ``launch``.

    Raises:
        PlanError: an attachment the plan names cannot be read.
    """
    prefix, _, suffix = (plan.event_id or "").partition("{order_id}")
    con.execute(
        "insert into launch values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            plan.name, plan.timezone or "UTC", plan.conversion_point, plan.event_id,
            prefix if plan.event_id else None, suffix if plan.event_id else None, plan.value, plan.path is not None,
            bool(plan.senders), plan.reconciliation == "required", plan.timezone is not None, now,
        ],
    )  # fmt: skip
    con.execute("set variable zone = ?", [plan.timezone or "UTC"])
    con.execute("set variable plan_zone = ?", [plan.timezone])
    con.execute("insert into currencies select * from (values ('IDR', 2, 1.0)) where false")
    for currency in iso4217.Currency:
        digits = currency.exponent or 0
        default = Decimal(1) if currency.code == "IDR" or digits == 0 else Decimal(1).scaleb(-digits)
        con.execute(
            "insert into currencies values (?, ?, ?)",
            [currency.code, digits, plan.tolerance.get(currency.code, default)],
        )
    limits = {
        "late_after_s": plan.late_after_s,
        "dedup_window_s": plan.dedup_window_s,
        "totals_tolerance": plan.totals_tolerance,
        "missing_share": plan.missing_share,
    } | {f"click_id_days_{name}": days for name, days in plan.click_id_days.items()}
    _rows(con, "plan_limits", [[name, amount] for name, amount in limits.items()])
    _rows(con, "plan_test_orders", [[order.lstrip("#")] for order in plan.test_orders])
    steps = {(p, name): step for p in PLATFORMS for step, names in DEFAULT_EVENTS[p].items() for name in names}
    steps |= {(p, name): step for p in PLATFORMS for name, step in KIN_EVENTS[p].items()}
    steps |= {(p, n): step for p, platform in plan.platforms.items() for step, names in platform.events.items() for n in names}
    _rows(con, "plan_steps", [[p, name, step] for (p, name), step in steps.items()])
    for name, platform in plan.platforms.items():
        _rows(con, "plan_datasets", [[name, dataset] for dataset in platform.datasets])
        _rows(con, "plan_domains", [[name, domain] for domain in platform.allowed_domains])
    for entry, sender in enumerate(plan.senders):
        match = [_like(sender.match[key]) if key in sender.match else None for key in MATCH_KEYS]
        _rows(
            con, "plan_senders",
            [[entry, sender.name, sender.platform, sender.channel, sender.owner, sender.primary, bool(sender.match), *match]],
        )  # fmt: skip
        _rows(con, "plan_sender_steps", [[entry, step] for step in sender.events])
    _rows(
        con, "plan_waivers",
        [[number, w.check, w.subject, w.reason, w.owner, w.expires] for number, w in enumerate(plan.waivers)],
    )  # fmt: skip
    _rows(
        con, "plan_evidence",
        [[e.card, _attachment_name(plan, e.file), _attachment_digest(plan, number, e.file), e.note]
         for number, e in enumerate(plan.evidence, start=1)],
    )  # fmt: skip


def _attachment_name(plan: Plan, file: Path) -> str:
    """An attachment as the plan wrote it: relative to the plan where it lies below or beside it."""
    folder = plan.path.parent if plan.path else Path()
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)


def _attachment_digest(plan: Plan, number: int, file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise PlanError(
            f"{plan.path}: evidence[{number}].file: {file} cannot be read ({error.strerror})."
            " Put the attachment there, or correct the path."
        ) from error


def store_platforms(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """The platforms in use and the channels each step needs: the plan's, else those the evidence shows."""
    seen = [row[0] for row in con.execute("select distinct platform from events").fetchall()]
    names = list(plan.platforms) or [name for name in PLATFORMS if name in seen]
    for name in names:
        platform = plan.platforms.get(name)
        _rows(con, "plan_platforms", [[name, platform is not None, platform.relay_store if platform else None]])
        for step in STEPS:
            stated = platform.require.get(step) if platform else None
            channels = stated or (("browser", "server") if step == "Purchase" else ("browser",))
            only_with_click = name == "snackvideo"
            _rows(
                con, "plan_requirements",
                [[name, step, channel, only_with_click and channel == "server"] for channel in channels],
            )  # fmt: skip


def _rows(con: duckdb.DuckDBPyConnection, table: str, rows: list[list[object]]) -> None:
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        con.executemany(f"insert into {table} values ({marks})", rows)


# ---------------------------------------------------------------------- files


def load(con: duckdb.DuckDBPyConnection, files: Iterable[InputFile], plan: Plan, progress: Progress) -> list[str]:
    """Reads every file once into the tables; the names of those nobody claims.

    Raises:
        InputError: a file named by the user is of no known format, or no file was recognised.
    """
    unrecognised: list[str] = []
    seen: set[str] = set()
    sources: list[tuple[Source, str, str]] = []
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
        sources.append((source, *((found[0], found[1].KIND))))
    if not sources:
        extra = f" Not recognised: {', '.join(unrecognised)}." if unrecognised else ""
        raise InputError(
            f"no evidence found.{extra} Put a HAR, a server request log and the shop's order export into the folder,"
            " or name the files."
        )
    # The salt only keeps digests of this run from being compared with anything outside it; they are never written out.
    digest = hashlib.sha256("".join(sorted(seen)).encode() + b"pixel-audit").hexdigest()
    con.execute("set variable salt = ?", [digest])
    for source, name, kind in sources:
        progress(f"reading {source.name}")
        found = claimant(source)
        assert found is not None
        _store_source(con, source, name, kind, found[1].load(con, source))
    return unrecognised


def _with_mapping(source: Source, plan: Plan) -> Source:
    from dataclasses import replace
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


# ---------------------------------------------------------------------- decoding


def decode(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """requests -> events, loads, landings, actions; then the views every check shares."""
    for path in sorted(_WIRE.glob("*.sql")):
        con.execute(f"insert into decoded by name {path.read_text(encoding='utf-8')}")
    con.execute((_MODEL / "orders.sql").read_text(encoding="utf-8"))
    con.execute((_MODEL / "events.sql").read_text(encoding="utf-8"))
    con.execute((_MODEL / "evidence.sql").read_text(encoding="utf-8"))
    build_sessions(con)
    store_platforms(con, plan)
    con.execute(
        """
        with used as (
            select source, ref from decoded
            union select source, ref from actions
            union select source, ref from loads
        ),
        counts as (
            select source, count(*) as kept from used group by source
        )
        update sources
        set kept = coalesce((select kept from counts c where c.source = sources.source), 0)
        where kept is null;
        update sources set ignored = read_rows - kept - rejected where ignored is null;
        with times as (
            select source, seen_at as time from requests
            union all
            select source, created_at from orders
        ),
        windows as (
            select source, min(time) as first_at, max(time) as last_at from times group by source
        )
        update sources
        set first_at = w.first_at, last_at = w.last_at
        from windows w
        where w.source = sources.source;
        """
    )
    build_views(con)


def build_views(con: duckdb.DuckDBPyConnection) -> None:
    """Materialises ``audit/model/views.sql`` on whatever stands in the tables."""
    con.execute((_MODEL / "views.sql").read_text(encoding="utf-8"))


# ---------------------------------------------------------------------- the checks


def ask(
    con: duckdb.DuckDBPyConnection,
    select: frozenset[str] | None = None,
    ignore: frozenset[str] = frozenset(),
    progress: Progress = lambda _: None,
) -> tuple[Outcome, ...]:
    """Every check's answer into ``findings`` and ``tallies``; then consequences are traced to their roots.

    Checks that judge the findings themselves are asked last, when every finding is there and traced.
    """
    checks = catalogue()
    met = {need: bool((con.execute(sql).fetchone() or (False,))[0]) for need, (sql, _) in NEEDS.items()}
    con.execute("create or replace temp table check_follows (check_id varchar, follows varchar, rank bigint)")
    outcomes: dict[str, Outcome] = {}
    for asks_findings in (False, True):
        for check in checks.values():
            if check.asks_findings is not asks_findings:
                continue
            _rows(con, "check_follows", [[check.id, root, rank] for rank, root in enumerate(check.follows)])
            missing = [need for need in check.needs if not met[need]]
            if (select is not None and check.id not in select) or check.id in ignore:
                outcomes[check.id] = Outcome(check, "ignored", "left out by --select or --ignore")
            elif missing:
                outcomes[check.id] = Outcome(check, "not_run", "; ".join(NEEDS[need][1] for need in missing))
            else:
                progress(f"checking {check.id}")
                outcomes[check.id] = ask_one(con, check)
        if not asks_findings:
            con.execute((_MODEL / "consequences.sql").read_text(encoding="utf-8"))
    return tuple(outcomes[check] for check in checks)


def ask_one(con: duckdb.DuckDBPyConnection, check: Check) -> Outcome:
    """One check's rows; a check that breaks says so and hides no other."""
    try:
        con.execute(f"create or replace temp table answers as {check.sql}")
        names = [row[0] for row in con.execute("select column_name from (describe answers)").fetchall()]
        wrong = (set(ROW) - set(names)) | (set(names) - set(ROW) - set(OPTIONAL))
        if wrong:
            return Outcome(check, "broke", f"its rows lack or exceed the contract: {', '.join(sorted(wrong))}")
        con.execute(
            f"""
            insert into findings by name
            with failing as (
                select * from answers where ok is not true
            )
            select
                (select coalesce(max(finding), 0) from findings)
                    + row_number() over (
                        order by a.platform, a.step, a.subject, a.ref, a.cause, a.other_ref, a.actual
                    ) as finding,
                $id as check_id,
                $facet as facet,
                coalesce({"a.severity" if "severity" in names else "null"},
                    case when coalesce(a.step, 'Purchase') = 'Purchase' then $severity else $other end) as severity,
                a.platform,
                a.step,
                a.subject,
                a.order_id,
                {"a.session" if "session" in names else "cast(null as varchar)"} as session,
                a.ok,
                a.expected,
                a.actual,
                a.cause,
                a.ref,
                a.other_ref,
                (
                    select min(w.waiver)
                    from plan_waivers w
                    cross join launch l
                    where w.check_id = $id
                      and (w.subject = '*' or w.subject = a.subject or w.subject = a.order_id)
                      and w.expires >= cast(l.judged_at as date)
                ) as waived
            from failing a
            """,
            {"id": check.id, "facet": check.facet, "severity": check.severity, "other": check.severity_other_steps},
        )
        con.execute(
            """
            insert into tallies
            select
                $id, platform, step, count(*),
                count(*) filter (where ok), count(*) filter (where not ok), count(*) filter (where ok is null)
            from answers
            group by platform, step
            """,
            {"id": check.id},
        )
    except duckdb.Error as error:
        return Outcome(check, "broke", str(error).strip().splitlines()[0])
    return Outcome(check, "ran")

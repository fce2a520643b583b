"""What a user runs when the answer is NOT_PROVEN: what each file holds and lacks, then what to export, from where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from audit import engine, tables
from audit.check import NEEDS, catalogue
from audit.engine import InputFile
from audit.errors import InputError
from audit.loaders._foreign import what_is
from audit.loaders._source import read_source
from audit.loading import load
from audit.plan import Plan
from audit.plan_tables import store_plan
from audit.views import build_views

if TYPE_CHECKING:
    import duckdb

#: Where the evidence a check needs is exported from.
SOURCES = {
    "browser events": "Chrome: DevTools > Network, tick 'Preserve log', place the test order, then 'Export HAR (sanitized)'.",
    "server events": "The relay's or the tag server's request log (bodies and statuses) for the hour of the test order; for a"
    " storefront that calls the relay from the page, the same HAR holds it.",
    "orders": "Shopify: Orders > Export. WooCommerce: the answer of /wp-json/wc/v3/orders. Scalev: the order API or"
    " webhook body. Anything else: a CSV with order_id, created_at, currency, total.",
    "actions": "The HAR must hold the storefront's own calls: record from the product page on, not only the thank-you page.",
    "totals": "A CSV with date, source, event, count, value, currency; or the GA4 and Ads Manager exports of the test day.",
    "diagnostics": "The answer of Meta's Dataset Quality API, saved as JSON.",
}


#: What is said of a file that nobody claims.
UNKNOWN = "of no known format"
#: Needs that a line of audit.toml meets, and no file.
_OF_THE_PLAN = frozenset({"register", "event id template", "datasets", "allowed domains", "relay store"})


@dataclass(frozen=True)
class FileReport:
    """One file: who claims it, its rows, its window, and what is missing from it."""

    name: str
    loader: str  # '' when none claims it
    problem: str  # '' when it could be read
    read: int = 0
    kept: int = 0
    ignored: int = 0
    rejected: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    missing: tuple[str, ...] = ()
    refused: tuple[tuple[str, int, str], ...] = ()  # reason, rows, place of the first


@dataclass(frozen=True)
class Gap:
    """One kind of evidence that is absent, and the checks that therefore cannot be answered."""

    need: str
    supply: str
    where: str
    checks: tuple[str, ...]
    deciding: tuple[str, ...]
    gates: tuple[str, ...]  # that cannot pass without it
    is_plan: bool  # a line of the plan, no file


@dataclass(frozen=True)
class Diagnosis:
    """The whole report."""

    files: tuple[FileReport, ...]
    gaps: tuple[Gap, ...]
    zone: str = "UTC"  # of the plan: times are told in it


def examine(files: Iterable[InputFile], plan: Plan, spill: Path | None = None) -> Diagnosis:
    """Reads every file on its own terms, then asks which checks the evidence as a whole can answer."""
    readable: list[InputFile] = []
    broken: list[FileReport] = []
    for file in files:
        try:
            read_source(file.path, file.name)
        except InputError as error:
            broken.append(FileReport(file.name, "", str(error)))
        else:
            readable.append(replace(file, named=False))
    con = tables.connect(spill=spill)
    store_plan(con, plan, datetime(1970, 1, 1))
    unknown: list[InputFile] = []
    while readable:
        try:
            unknown = load(con, readable, plan)
            break
        except InputError as error:
            culprit = next((file for file in readable if str(error).startswith(f"{file.name}:")), None)
            if culprit is None:
                unknown = list(readable)
                break
            broken.append(FileReport(culprit.name, "", str(error)))
            readable.remove(culprit)
            con.close()
            con = tables.connect(spill=spill)
            store_plan(con, plan, datetime(1970, 1, 1))
    engine.decode(con, plan)
    build_views(con)
    refused = _refused(con)
    reports = [
        FileReport(
            name, loader, "", read, kept, ignored, rejected, first, last,
            (*_split(gaps), *(_unused(con, name, kind, read, kept) if kept or not gaps else ())),
            refused.get(name, ()),
        )
        for name, kind, loader, read, kept, ignored, rejected, first, last, gaps in con.execute(
            "select source, kind, loader, read_rows, kept, ignored, rejected, first_at, last_at, gaps from sources order by source"
        ).fetchall()
    ]  # fmt: skip
    reports += [FileReport(file.name, "", what_is(file.path) or UNKNOWN) for file in unknown]
    told = {report.name for report in reports}
    reports += [_repeated(con, file) for file in readable if file.name not in told]
    return Diagnosis(tuple(sorted([*reports, *broken], key=lambda r: r.name)), _gaps(con, plan), plan.timezone or "UTC")


def _repeated(con: duckdb.DuckDBPyConnection, file: InputFile) -> FileReport:
    """A file whose bytes were read under another name."""
    with file.path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    (name,) = con.execute("select min(source) from sources where sha256 = ?", [digest]).fetchone() or (None,)
    return FileReport(file.name, "", f"the same bytes as {name}, which are read once" if name else UNKNOWN)


def _split(gaps: str | None) -> tuple[str, ...]:
    return tuple(gaps.split("; ")) if gaps else ()


def _refused(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[tuple[str, int, str], ...]]:
    """Per file: why rows were refused, how many, and where the first stands."""
    found: dict[str, list[tuple[str, int, str]]] = {}
    for source, reason, rows, first in con.execute(
        """
        select source, reason, count(*), min_by(ref, try_cast(regexp_extract(ref, '[0-9]+$') as bigint))
        from rejects
        group by source, reason
        order by source, count(*) desc, reason
        """
    ).fetchall():
        found.setdefault(source, []).append((reason, rows, first))
    return {source: tuple(reasons) for source, reasons in found.items()}


def _unused(con: duckdb.DuckDBPyConnection, name: str, kind: str, read: int, kept: int) -> tuple[str, ...]:
    """A file that was read and proves nothing: its orders need no events, or no row of it is of any use."""
    if kind == "orders" and kept:
        orders, elsewhere, why = con.execute(
            "select count(*), count(*) filter (where event_duty = 'no'),"
            " string_agg(distinct duty_reason, ', ' order by duty_reason) filter (where event_duty = 'no')"
            " from orders where source = ?",
            [name],
        ).fetchone() or (0, 0, None)
        if elsewhere and elsewhere == orders:
            all_of_them = "the only one was sold elsewhere or needs" if orders == 1 else f"all {orders} were sold elsewhere or need"
            return (f"no order of the web shop: {all_of_them} no events ({why})",)
        needs = "needs" if elsewhere == 1 else "need"
        return (f"{elsewhere} of {orders} orders {needs} no events ({why})",) if elsewhere else ()
    if not read and kind in ("browser", "server", "orders", "totals"):
        return ("there is no row in it",)
    return ("nothing of it was used",) if read and not kept and kind in ("browser", "server", "orders", "totals") else ()


def _gaps(con: duckdb.DuckDBPyConnection, plan: Plan) -> tuple[Gap, ...]:
    """What is absent, most decisive first. Checks content with either side are listed under the side that is missing."""
    missing = [need for need, (sql, _) in NEEDS.items() if need != "waivers" and not _holds(con, sql)]
    either = {"events", "browser capture"} & set(missing)
    side = next((need for need in ("browser events", "server events") if need in missing), None)
    gaps = []
    for need in missing:
        if need in either and side:
            continue
        meant = {need} | (either if need == side else set())
        stopped = [check for check in catalogue().values() if meant & set(check.needs)]
        # Without totals the reconciliation is not judged at all, unless the plan asks for it.
        deciding = [c for c in stopped if c.deciding and (c.facet != "reconciliation" or plan.reconciliation == "required")]
        if stopped:
            gaps.append(
                Gap(
                    need, NEEDS[need][1], SOURCES.get(need, ""), tuple(check.id for check in stopped),
                    tuple(check.id for check in deciding), tuple(dict.fromkeys(check.facet for check in deciding)),
                    need in _OF_THE_PLAN,
                )
            )  # fmt: skip
    decides = {check.id for check in catalogue().values() if check.deciding}

    def rank(gap: Gap) -> tuple[int, int, bool, int, str]:
        return (-len(gap.gates), -len(gap.deciding), decides.isdisjoint(gap.checks), -len(gap.checks), gap.need)

    return tuple(sorted(gaps, key=rank))


def _holds(con: duckdb.DuckDBPyConnection, sql: str) -> bool:
    return bool((con.execute(sql).fetchone() or (False,))[0])

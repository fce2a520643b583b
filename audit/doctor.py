"""What a user runs when the answer is NOT_PROVEN: what each file holds and lacks, then what to export, from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from audit import engine
from audit.check import NEEDS, catalogue
from audit.engine import InputFile
from audit.errors import InputError
from audit.loaders import loaders
from audit.loaders._source import read_source
from audit.plan import Plan
from audit.plan_tables import store_plan

#: Where the evidence a check needs is exported from.
SOURCES = {
    "browser events": "Chrome: DevTools > Network, tick 'Preserve log', place the test order, then Export HAR (with content).",
    "server events": "The relay's or the tag server's request log (bodies and statuses) for the hour of the test order; for a"
    " storefront that calls the relay from the page, the same HAR holds it.",
    "orders": "Shopify: Orders > Export. WooCommerce: REST /wc/v3/orders or Analytics > Orders. Scalev: the order API or webhook"
    " body. Anything else: a CSV with order_id, created_at, currency, total.",
    "actions": "The HAR must hold the storefront's own calls: record from the product page on, not only the thank-you page.",
    "totals": "A CSV with date, source, event, count, value, currency; or the GA4 and Ads Manager exports of the test day.",
    "diagnostics": "The answer of Meta's Dataset Quality API, saved as JSON.",
}


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


@dataclass(frozen=True)
class Gap:
    """One kind of evidence that is absent, and the checks that therefore cannot be answered."""

    need: str
    supply: str
    where: str
    checks: tuple[str, ...]
    deciding: tuple[str, ...]


@dataclass(frozen=True)
class Diagnosis:
    """The whole report."""

    files: tuple[FileReport, ...]
    gaps: tuple[Gap, ...]


def examine(files: Iterable[InputFile], plan: Plan) -> Diagnosis:
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
    con = engine.connect()
    store_plan(con, plan, datetime(1970, 1, 1))
    unknown: list[str] = []
    while readable:
        try:
            unknown = engine.load(con, readable, plan, lambda _: None)
            break
        except InputError as error:
            culprit = next((file for file in readable if str(error).startswith(f"{file.name}:")), None)
            if culprit is None:
                unknown = [file.name for file in readable]
                break
            broken.append(FileReport(culprit.name, "", str(error)))
            readable.remove(culprit)
            con.close()
            con = engine.connect()
            store_plan(con, plan, datetime(1970, 1, 1))
    engine.decode(con, plan)
    reports = [
        FileReport(name, loader, "", read, kept, ignored, rejected, first, last, tuple(gaps.split("; ")) if gaps else ())
        for name, loader, read, kept, ignored, rejected, first, last, gaps in con.execute(
            "select source, loader, read_rows, kept, ignored, rejected, first_at, last_at, gaps from sources order by source"
        ).fetchall()
    ]
    reports += [FileReport(name, "", "no loader knows this format") for name in unknown]
    return Diagnosis(tuple(sorted([*reports, *broken], key=lambda r: r.name)), _gaps(con))


def _gaps(con: engine.duckdb.DuckDBPyConnection) -> tuple[Gap, ...]:
    gaps = []
    for need, (sql, supply) in NEEDS.items():
        if (con.execute(sql).fetchone() or (False,))[0]:
            continue
        stopped = [check for check in catalogue().values() if need in check.needs]
        if stopped:
            ids = tuple(check.id for check in stopped)
            deciding = tuple(check.id for check in stopped if check.deciding)
            gaps.append(Gap(need, supply, SOURCES.get(need, ""), ids, deciding))
    return tuple(sorted(gaps, key=lambda gap: (-len(gap.deciding), -len(gap.checks), gap.need)))


def as_text(diagnosis: Diagnosis) -> str:
    """The report for a terminal."""
    lines: list[str] = []
    for file in diagnosis.files:
        if file.problem:
            lines += [f"{file.name}", f"  not read: {file.problem}"]
            continue
        window = (
            f"{file.first_at:%Y-%m-%d %H:%M} to {file.last_at:%Y-%m-%d %H:%M} UTC" if file.first_at and file.last_at else "no times"
        )
        lines += [
            f"{file.name}",
            f"  {file.loader}: {file.read} rows read = {file.kept} kept + {file.ignored} ignored + {file.rejected} rejected",
            f"  {window}",
        ]
        lines += [f"  missing: {missing}" for missing in file.missing]
    if not diagnosis.files:
        lines.append("No files.")
    if any(file.problem == "no loader knows this format" for file in diagnosis.files):
        lines += ["", "Known formats", *(f"  {line}" for loader in loaders().values() for line in loader.FORMATS)]
    lines.append("")
    if not diagnosis.gaps:
        lines.append("Every check can be answered from this evidence.")
    for gap in diagnosis.gaps:
        held = f"; without it the answer stays 'not proven' ({', '.join(gap.deciding)})" if gap.deciding else ""
        lines.append(f"Not answerable, {len(gap.checks)} check{'s' if len(gap.checks) > 1 else ''}{held}")
        lines.append(f"  supply: {gap.supply}")
        if gap.where:
            lines.append(f"  from:   {gap.where}")
        lines.append(f"  checks: {', '.join(gap.checks)}")
    return "\n".join(lines) + "\n"

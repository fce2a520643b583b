"""Requests that lie one in a file each: most of the time for such a file is planning, and one statement reads them all."""

from __future__ import annotations

import json

import duckdb

from audit.loaders._records import quoted
from audit.loaders._request_fields import SYNONYMS, first_of, is_dated, names_of
from audit.loaders._requests import insert_sql, reject_problems
from audit.loaders._source import Source

_SMALL_BYTES = 64 << 10

Signature = tuple[tuple[str, ...], ...]


def signature(source: Source) -> Signature | None:
    """What the row of such a file calls its fields; None for a file that is none or has to be read with care."""
    if source.shape != "ndjson" or len(source.records) != 1 or source.size > _SMALL_BYTES:
        return None
    if source.fields or source.packing != "none" or source.is_torn or is_dated(source):
        return None
    names = tuple(names_of(source, name) for name in SYNONYMS)
    spelled = {name for known in names for name in known}
    return names if len({name.lower() for name in spelled}) == len(spelled) else None


def insert_together(con: duckdb.DuckDBPyConnection, sources: list[Source], evidence: str) -> dict[str, tuple[int, bool]] | None:
    """The one row of each of these files, of one signature, into ``requests``: by file (rejected, any status seen).

    None, and nothing is inserted, where one of them holds something else.
    """
    lines = []
    for source in sources:
        with source.open() as stream:
            content = stream.read(_SMALL_BYTES + 1)
        line, _, rest = content.partition(b"\n")
        if rest.strip() or not line.startswith(b"{") or rb"\ud" in line.lower():
            return None
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            return None
    asked = con.execute("select bool_and(json_valid(line)) from (select unnest(?::varchar[]) as line)", [lines])
    if asked.fetchone() != (True,):
        return None
    known = {name: names_of(sources[0], name) for name in SYNONYMS}
    shape = quoted(json.dumps({key: "VARCHAR" for keys in known.values() for key in keys}))
    columns = ", ".join(f"{first_of(keys, 'o')} as {name}" for name, keys in known.items())
    rows = (
        f"select 1 as place, file, {columns} from (select file, from_json(line, {shape}) as o"
        " from (select unnest($files::varchar[]) as file, unnest($lines::varchar[]) as line))"
    )
    files = [source.name for source in sources]
    con.execute(insert_sql(sources[0], rows, evidence, needs_time=True, named="file"), {"files": files, "lines": lines})
    found = con.execute(
        "select source, count(problem), count(status) filter (where problem is null) > 0 from requests"
        " where source in (select unnest($files::varchar[])) group by source",
        {"files": files},
    ).fetchall()
    reject_problems(con, sources[0])
    return {name: (rejected, has_statuses) for name, rejected, has_statuses in found}

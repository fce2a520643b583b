"""Meta's Dataset Quality answer, saved as JSON: what the platform itself says is wrong with each event."""

from __future__ import annotations

import duckdb

from audit.loaders._records import read_records
from audit.loaders._source import Source, Tally

KIND = "diagnostics"
FORMATS = ("Meta Dataset Quality API answer, JSON",)

_MARKS = frozenset({"event_match_quality", "event_coverage", "dedupe_key_feedback", "dedup_key_feedback", "data_freshness"})
_FIELDS = """{"event_name":"VARCHAR","event_match_quality":{"diagnostics":[{"name":"VARCHAR","percentage":"VARCHAR"}]},
"event_coverage":{"percentage":"VARCHAR","goal_percentage":"VARCHAR"},"data_freshness":{"upload_frequency":"VARCHAR"}}"""


def claims(source: Source) -> bool:
    """An object whose ``web`` lists events with Meta's quality figures."""
    if source.mapped_kind is not None:
        return False
    if source.shape == "json_object":
        return bool(_MARKS & set(source.members.get("web", ())))
    if source.shape != "ndjson":
        return False
    lists = (record.get("web") for record in source.records)
    return any(isinstance(event, dict) and _MARKS & set(event) for events in lists if isinstance(events, list) for event in events)


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """One row a problem: the diagnostics, a coverage under Meta's own goal, hourly uploads. Events without any are ignored."""
    read_records(con, source)
    con.execute(
        """
        create or replace temp table reported as
        with listed as (
            select try_cast(json_extract(record, '$.web') as json[]) as events from records
        ),
        numbered as (
            select
                unnest(events) as event,
                generate_subscripts(events, 1) as place
            from listed
        )
        select
            place,
            case when json_type(event) = 'OBJECT' then from_json(event, ?) end as e
        from numbered
        """,
        [_FIELDS],
    )
    con.execute(
        """
        insert into rejects
        select
            ? || ':' || place,
            ?,
            case when e is null then 'not a JSON object' else 'no event name in this row' end
        from reported
        where e.event_name is null
        """,
        [source.name, source.name],
    )
    con.execute(
        """
        create or replace temp table problems as
        with named as (
            select
                place,
                e.event_name as event_name,
                unnest(e.event_match_quality.diagnostics) as problem
            from reported
        )
        select
            place,
            event_name,
            problem.name as title,
            problem.percentage as percentage
        from named
        union all
        select
            place,
            e.event_name,
            'Overlap',
            e.event_coverage.percentage
        from reported
        where plain_number(e.event_coverage.percentage) < plain_number(e.event_coverage.goal_percentage)
        union all
        select
            place,
            e.event_name,
            'Data freshness: hourly',
            null
        from reported
        where e.data_freshness.upload_frequency = 'hourly'
        """
    )
    con.execute(
        """
        insert into diagnostics by name
        select
            ? || ':' || place as ref,
            ? as source,
            'meta' as platform,
            name_shown(masked(event_name)) as event_name,
            name_shown(masked(title)) as title,
            try_cast(plain_number(percentage) as decimal(9, 4)) as percentage
        from problems
        where event_name is not null
          and title is not null
        order by place, title
        """,
        [source.name, source.name],
    )
    read, rejected, kept = con.execute(
        """
        select
            count(*),
            count(*) filter (where e.event_name is null),
            count(*) filter (where e.event_name is not null
                and place in (select place from problems where title is not null))
        from reported
        """
    ).fetchone() or (0, 0, 0)
    con.execute("drop table reported; drop table problems")
    return Tally(read=read, kept=kept, ignored=read - kept - rejected, rejected=rejected)

"""Sessions: which events are one shopper's visit.

Events are tied by browser id, click id, page load or the log's own session; a HAR that shows one browser is one shopper.
Ties are followed until nothing changes, then a shopper's events are split after 30 idle minutes. A server event joins the
visit of its browser copy (same id), else the shopper's visit nearest in time (catalogue, Session).
"""

from __future__ import annotations

import duckdb

_START = """
create or replace temp table named_ties as
with hars as (
    select source from sources where loader = 'har'
),
shoppers as (
    select
        e.source,
        count(distinct case when t.tie like 'fbp %' then t.tie end) as fbp_count,
        count(distinct case when t.tie like 'ttp %' then t.tie end) as ttp_count
    from visited e
    join hars h on h.source = e.source
    left join event_ties t on t.event_key = e.event_key
    group by e.source
),
identified as (
    select distinct event_key
    from event_ties
    where tie not like 'load %'
)
select t.event_key, t.tie
from event_ties t
join visited e on e.event_key = t.event_key
where e.channel = 'browser' or e.page_load is not null
union
select e.event_key, 'har ' || e.source
from visited e
join shoppers s on s.source = e.source
left join identified i on i.event_key = e.event_key
where e.session is null  -- a capture that names its visits itself shows several
  and ((s.fbp_count <= 1 and s.ttp_count <= 1) or i.event_key is null);

-- From here on a tie is a number, and its first label the number itself.
create or replace temp table tie_numbers as
select tie as name, row_number() over (order by tie) as tie
from (select distinct tie from named_ties);

create or replace temp table ties as
select t.event_key, n.tie
from named_ties t
join tie_numbers n on n.name = t.tie;

create or replace temp table labels as
select tie, tie as label
from tie_numbers;
"""

_SPREAD = """
create or replace temp table spread as
with event_labels as (
    select t.event_key, min(l.label) as label
    from ties t
    join labels l on l.tie = t.tie
    group by t.event_key
),
tie_labels as (
    select t.tie, min(e.label) as label
    from ties t
    join event_labels e on e.event_key = t.event_key
    group by t.tie
)
-- A label is a tie with a label of its own: taking that one halves the way through a long chain of ties.
select t.tie, least(t.label, l.label) as label
from tie_labels t
join labels l on l.tie = t.label
"""

_FINISH = """
-- Visits of the shoppers seen in a browser.
create or replace temp table visits as
with shoppers as (
    select t.event_key, min(l.label) as shopper
    from ties t
    join labels l on l.tie = t.tie
    group by t.event_key
),
timed as (
    select
        s.event_key,
        s.shopper,
        e.seen_at,
        lag(e.seen_at) over (partition by s.shopper order by e.seen_at, s.event_key) as before
    from shoppers s
    join visited e on e.event_key = s.event_key
),
split as (
    select
        *,
        sum(case when before is null or epoch(seen_at) - epoch(before) > 1800 then 1 else 0 end) over (
            partition by shopper order by seen_at, event_key rows between unbounded preceding and current row
        ) as visit
    from timed
)
select event_key, shopper, visit, seen_at
from split;

create or replace temp table visit_spans as
select shopper, visit, min(seen_at) as first_at, max(seen_at) as last_at
from visits
group by shopper, visit;

-- Server events of a log: by the browser copy of the same id, nearest in time. Most ids name one browser event.
create or replace temp table strays as
select event_key, platform, event_name, event_id, coalesce(event_at, timestamp '1970-01-01') as event_at
from visited
where channel = 'server' and page_load is null;

create or replace temp table browser_ids as
select b.platform, b.event_name, b.event_id, count(*) as copies, min(b.event_key) as first_key
from visited b
join visits v on v.event_key = b.event_key
where b.channel = 'browser' and b.event_id is not null
group by b.platform, b.event_name, b.event_id;

create or replace temp table paired_visits as
with paired as (
    select s.event_key, s.event_at, b.platform, b.event_name, b.event_id, b.copies, b.first_key
    from strays s
    join browser_ids b
        on b.event_id = s.event_id
       and b.event_name = s.event_name
       and b.platform = s.platform
),
repeats as (
    select
        b.platform,
        b.event_name,
        b.event_id,
        v.shopper,
        v.visit,
        coalesce(v.seen_at, timestamp '1970-01-01') as seen_at,
        row_number() over (
            partition by b.platform, b.event_name, b.event_id, coalesce(v.seen_at, timestamp '1970-01-01')
            order by v.shopper, v.visit
        ) as nth
    from browser_ids b
    join visited e
        on e.event_id = b.event_id
       and e.event_name = b.event_name
       and e.platform = b.platform
    join visits v on v.event_key = e.event_key
    where b.copies > 1
      and e.channel = 'browser'
),
moments as (
    select platform, event_name, event_id, seen_at, shopper, visit
    from repeats
    where nth = 1
),
timeline as (
    select platform, event_name, event_id, seen_at as at_time, seen_at, cast(null as bigint) as event_key
    from moments
    union all
    select platform, event_name, event_id, event_at, null, event_key
    from paired
    where copies > 1
),
neighbours as (
    select
        *,
        max(seen_at) over (
            partition by platform, event_name, event_id order by at_time range between unbounded preceding and current row
        ) as before_at,
        min(seen_at) over (
            partition by platform, event_name, event_id order by at_time range between current row and unbounded following
        ) as after_at
    from timeline
),
candidates as (
    select event_key, at_time, platform, event_name, event_id, before_at as seen_at
    from neighbours
    where event_key is not null and before_at is not null
    union all
    select event_key, at_time, platform, event_name, event_id, after_at
    from neighbours
    where event_key is not null and after_at is not null
),
nearest as (
    select
        c.event_key,
        m.shopper,
        m.visit,
        row_number() over (
            partition by c.event_key order by abs(epoch(c.at_time) - epoch(c.seen_at)), m.shopper, m.visit
        ) as nth
    from candidates c
    join moments m
        on m.event_id = c.event_id
       and m.event_name = c.event_name
       and m.platform = c.platform
       and m.seen_at = c.seen_at
)
select p.event_key, v.shopper, v.visit
from paired p
join visits v on v.event_key = p.first_key
where p.copies = 1
union all
select event_key, shopper, visit
from nearest
where nth = 1;

-- Else by a shared tie, the visit nearest in time.
create or replace temp table server_visits as
with tied as (
    select distinct s.event_key, s.event_at, l.label as shopper
    from strays s
    join event_ties t on t.event_key = s.event_key
    join tie_numbers n on n.name = t.tie
    join labels l on l.tie = n.tie
    where not exists (select 1 from paired_visits p where p.event_key = s.event_key)
),
by_tie as (
    select
        t.event_key,
        v.shopper,
        v.visit,
        row_number() over (
            partition by t.event_key
            order by
                greatest(0, epoch(v.first_at) - epoch(t.event_at), epoch(t.event_at) - epoch(v.last_at)), v.shopper, v.visit
        ) as nth
    from tied t
    join visit_spans v on v.shopper = t.shopper
)
select event_key, shopper, visit from paired_visits
union all
select event_key, shopper, visit from by_tie where nth = 1;

-- A shopper the browser evidence never saw: the server's own ids.
create or replace temp table lone_visits as
select
    t.event_key,
    min(t.tie) as shopper_tie
from event_ties t
join strays s on s.event_key = t.event_key
where not exists (select 1 from server_visits v where v.event_key = t.event_key)
group by t.event_key;

create or replace temp table named_visits as
with members as (
    select event_key, shopper, visit, '' as shopper_tie from visits
    union all
    select event_key, shopper, visit, '' from server_visits
    union all
    select event_key, 0, 0, shopper_tie from lone_visits
),
firsts as (
    select
        m.shopper,
        m.visit,
        m.shopper_tie,
        min(e.seen_at) as first_at,
        min(coalesce(e.event_id, '')) as tie_break,
        min(m.event_key) as first_key
    from members m
    join visited e on e.event_key = m.event_key
    group by m.shopper, m.visit, m.shopper_tie
),
numbered as (
    select shopper, visit, shopper_tie, 'visit ' || row_number() over (order by first_at, tie_break, first_key) as session
    from firsts
)
select e.event_key, e.event_name, e.event_id, e.event_at, e.page_load, n.session
from visited e
left join members m on m.event_key = e.event_key
left join numbered n on n.shopper = m.shopper and n.visit = m.visit and n.shopper_tie = m.shopper_tie;
"""

_BESIDE = """
-- What else the captures hold belongs to the visit of its page load, else to the only visit of its file.
create or replace temp table load_sessions as
select page_load, min(session) as session
from events
where page_load is not null and session is not null
group by page_load;
create or replace temp table file_sessions as
select source, min(session) as session
from events
where session is not null
group by source
having count(distinct session) = 1;
update loads set session = coalesce(
    (select session from load_sessions l where l.page_load = loads.page_load),
    (select session from file_sessions f where f.source = loads.source));
update landings set session = coalesce(
    (select session from load_sessions l where l.page_load = landings.page_load),
    (select min(session) from events e where e.ref = landings.ref),
    (select session from file_sessions f where f.source = landings.source));
update actions set session = coalesce(
    (select session from load_sessions l where l.page_load = actions.page_load),
    (select session from file_sessions f where f.source = actions.source));
"""


def build_sessions(con: duckdb.DuckDBPyConnection) -> None:
    """``visited`` and ``event_ties`` -> ``named_visits``: the session of every event."""
    con.execute(_START)
    while True:
        con.execute(_SPREAD)
        moved = con.execute("select count(*) from spread s join labels l on l.tie = s.tie where l.label <> s.label").fetchone()
        con.execute("create or replace temp table labels as select tie, label from spread")
        if moved is None or moved[0] == 0:
            break
    con.execute(_FINISH)


def place_beside(con: duckdb.DuckDBPyConnection) -> None:
    """Fills ``session`` of loads, landings and actions from the events they stand beside."""
    con.execute(_BESIDE)

"""Sessions: which events are one shopper's visit.

Events are tied by browser id, click id, page load or the log's own session; a HAR that shows one browser is one shopper.
Ties are followed until nothing changes, then a shopper's events are split after 30 idle minutes. A server event joins the
visit of its browser copy (same id), else the shopper's visit nearest in time (catalogue, Session).
"""

from __future__ import annotations

import duckdb

_START = """
create or replace temp table ties as
with hars as (
    select source from sources where loader = 'har'
),
shoppers as (
    select
        e.source,
        count(distinct case when t.tie like 'fbp %' then t.tie end) as fbp_count,
        count(distinct case when t.tie like 'ttp %' then t.tie end) as ttp_count
    from events e
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
join events e on e.event_key = t.event_key
where e.channel = 'browser' or e.page_load is not null
union
select e.event_key, 'har ' || e.source
from events e
join shoppers s on s.source = e.source
left join identified i on i.event_key = e.event_key
where e.session is null  -- a capture that names its visits itself shows several
  and ((s.fbp_count <= 1 and s.ttp_count <= 1) or i.event_key is null);

create or replace temp table labels as
select tie, row_number() over (order by tie) as label
from (select distinct tie from ties);
"""

_SPREAD = """
create or replace temp table spread as
with event_labels as (
    select t.event_key, min(l.label) as label
    from ties t
    join labels l on l.tie = t.tie
    group by t.event_key
)
select t.tie, min(e.label) as label
from ties t
join event_labels e on e.event_key = t.event_key
group by t.tie
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
    join events e on e.event_key = s.event_key
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

-- Server events of a log: by the browser copy of the same id, else by a shared id, nearest in time.
create or replace temp table server_visits as
with strays as (
    select *
    from events
    where channel = 'server' and page_load is null
),
by_pair as (
    select
        s.event_key,
        v.shopper,
        v.visit,
        row_number() over (
            partition by s.event_key
            order by abs(epoch(s.event_at) - epoch(v.seen_at)), v.shopper, v.visit
        ) as nth
    from strays s
    join events b
        on b.channel = 'browser'
       and b.platform = s.platform
       and b.event_name = s.event_name
       and b.event_id = s.event_id
    join visits v on v.event_key = b.event_key
),
by_tie as (
    select
        s.event_key,
        v.shopper,
        v.visit,
        row_number() over (
            partition by s.event_key
            order by
                greatest(0, epoch(v.first_at) - epoch(s.event_at), epoch(s.event_at) - epoch(v.last_at)), v.shopper, v.visit
        ) as nth
    from strays s
    join event_ties t on t.event_key = s.event_key
    join labels l on l.tie = t.tie
    join visit_spans v on v.shopper = l.label
)
select event_key, shopper, visit from by_pair where nth = 1
union all
select event_key, shopper, visit from by_tie
where nth = 1
  and event_key not in (select event_key from by_pair);

-- A shopper the browser evidence never saw: the server's own ids.
create or replace temp table lone_visits as
select
    t.event_key,
    min(t.tie) as shopper_tie
from event_ties t
join events e on e.event_key = t.event_key
where e.channel = 'server'
  and e.page_load is null
  and t.event_key not in (select event_key from server_visits)
group by t.event_key;

create or replace temp table session_names as
with members as (
    select event_key, 'b ' || shopper || ' ' || visit as visit_key from visits
    union
    select event_key, 'b ' || shopper || ' ' || visit from server_visits
    union
    select event_key, 's ' || shopper_tie from lone_visits
),
firsts as (
    select
        m.visit_key,
        min(e.seen_at) as first_at,
        min(coalesce(e.event_id, '')) as tie_break,
        min(m.event_key) as first_key
    from members m
    join events e on e.event_key = m.event_key
    group by m.visit_key
),
numbered as (
    select visit_key, 'visit ' || row_number() over (order by first_at, tie_break, first_key) as session
    from firsts
)
select m.event_key, n.session
from members m
join numbered n on n.visit_key = m.visit_key;

update events set session = null;
update events set session = s.session from session_names s where s.event_key = events.event_key;

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
    """Fills ``session`` of events, loads, landings and actions. Needs ``event_ties``."""
    con.execute(_START)
    while True:
        con.execute(_SPREAD)
        moved = con.execute("select count(*) from spread s join labels l on l.tie = s.tie where l.label <> s.label").fetchone()
        con.execute("create or replace temp table labels as select tie, label from spread")
        if moved is None or moved[0] == 0:
            break
    con.execute(_FINISH)

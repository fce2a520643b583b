-- Labelled traces -> visits, and the number of every event's visit.

-- The shoppers seen in a browser; almost every one of them in one visit.
create or replace temp table trace_shoppers as
with labelled as (
    select t.*, coalesce(l.label, t.trace) as shopper
    from traces t
    left join labels l on l.trace = t.trace
    where t.trace in (select trace from trace_ties)
),
spans as (
    select
        shopper,
        sum(events) > sum(timed_events) or epoch(max(last_at)) - epoch(min(first_at)) > 1800 as is_long
    from labelled
    group by shopper
)
select l.trace, l.shopper, s.is_long
from labelled l
join spans s on s.shopper = l.shopper;

create or replace temp table later_visits as
with long_ones as (
    select
        v.event_key,
        s.shopper,
        v.seen_at
    from visited v
    join trace_shoppers s on s.trace = v.trace
    where s.is_long
),
-- A capture goes on while the shopper waits for a transfer to arrive: what it shows until the sale is one visit.
captured as (
    select
        l.event_key,
        e.source as har,
        coalesce(bool_or(p.step = 'Purchase') over (
            partition by l.shopper, e.source order by l.seen_at, l.event_key rows between unbounded preceding and 1 preceding
        ), false) as has_bought
    from long_ones l
    join sends e on e.event_key = l.event_key
    join sources h on h.source = e.source and h.loader = 'har'
    left join plan_steps p on p.platform = e.platform and p.event_name = e.event_name
    where e.session is null  -- a capture that names its visits itself shows several
),
timed as (
    select
        l.*,
        c.has_bought,
        c.har,
        lag(l.seen_at) over (partition by l.shopper order by l.seen_at, l.event_key) as before,
        lag(c.har) over (partition by l.shopper order by l.seen_at, l.event_key) as har_before
    from long_ones l
    left join captured c on c.event_key = l.event_key
),
split as (
    select
        event_key,
        sum(case
            when before is null then 1
            when har = har_before and not has_bought then 0
            when epoch(seen_at) - epoch(before) > 1800 then 1
            else 0
        end) over (
            partition by shopper order by seen_at, event_key rows between unbounded preceding and current row
        ) as nth
    from timed
)
select event_key, nth
from split
where nth > 1;

create or replace temp table visits as
select
    v.event_key,
    s.shopper,
    coalesce(l.nth, 1) as nth,
    case when l.nth is null then s.shopper else hash(s.shopper, l.nth) end as visit,
    v.seen_at,
    case when v.is_browser then v.copy_id end as copy_id
from visited v
join trace_shoppers s on s.trace = v.trace
left join later_visits l on l.event_key = v.event_key;

create or replace temp table visit_spans as
select visit, min(shopper) as shopper, min(nth) as nth, min(seen_at) as first_at, max(seen_at) as last_at
from visits
group by visit;

-- Server events of a log: by the browser copy of the same id. Most ids name one browser event.
create or replace temp table strays as
with browser_ids as (
    select copy_id, count(*) as copies, min(visit) as visit
    from visits
    where copy_id is not null
    group by copy_id
)
select
    v.event_key,
    v.copy_id,
    coalesce(v.event_at, timestamp '1970-01-01') as event_at,
    v.seen_at,
    b.copies,
    case when b.copies = 1 then b.visit end as visit
from visited v
left join browser_ids b on b.copy_id = v.copy_id
where v.trace is null;

-- Else by a shared tie.
create or replace temp table unpaired as
select event_key, event_at, seen_at
from strays
where copies is null;

create or replace temp table unpaired_ties as
select event_key, event_at, seen_at, source, ties
from with_ties('unpaired');

create or replace temp table any_tied as
with texts as (
    select event_key, event_at, seen_at, source, unnest(ties) as tie from unpaired_ties
),
ties as (
    select event_key, event_at, seen_at, source, hash(tie) as tie, starts_with(tie, 'click ') as is_click
    from texts
),
tie_shoppers as (
    select t.tie, min(s.shopper) as shopper
    from trace_ties t
    join trace_shoppers s on s.trace = t.trace
    where t.tie in (select tie from ties)
    group by t.tie
)
select t.event_key, any_value(t.event_at) as event_at, any_value(t.seen_at) as seen_at, any_value(t.source) as source,
    s.shopper, bool_and(t.is_click) as by_click
from ties t
join tie_shoppers s on s.tie = t.tie
group by t.event_key, s.shopper;

-- A link is copied and opened by others: a click alone ties no event that names another browser than the shopper's.
create or replace temp table clicked as
with named as (
    select t.event_key, t.shopper
    from any_tied t
    join unpaired_ties u on u.event_key = t.event_key
    where t.by_click
      and len(list_filter(u.ties, lambda x: starts_with(x, 'fbp ') or starts_with(x, 'ttp '))) > 0
),
shoppers as (
    select distinct shopper from named
)
select s.shopper, t.event_key
from shoppers s
join trace_shoppers x on x.shopper = s.shopper
join traces t on t.trace = x.trace;

create or replace temp table strangers as
with shopper_ties as (
    select shopper, unnest(ties) as tie from with_ties('clicked')
),
shopper_browsers as (
    select shopper, bool_or(starts_with(tie, 'fbp ')) as has_fbp, bool_or(starts_with(tie, 'ttp ')) as has_ttp
    from shopper_ties
    group by shopper
),
event_browsers as (
    select
        event_key,
        len(list_filter(ties, lambda x: starts_with(x, 'fbp '))) > 0 as has_fbp,
        len(list_filter(ties, lambda x: starts_with(x, 'ttp '))) > 0 as has_ttp
    from unpaired_ties
)
select t.event_key, t.shopper
from any_tied t
join shopper_browsers s on s.shopper = t.shopper
join event_browsers e on e.event_key = t.event_key
where t.by_click
  and ((s.has_fbp and e.has_fbp) or (s.has_ttp and e.has_ttp));

create or replace temp table tied as
select
    t.* exclude (source),
    -- a time that is none, or of no known zone, is held against nobody
    coalesce(not z.has_zone, false) or t.event_at = timestamp '1970-01-01' as is_timeless
from any_tied t
left join sources z on z.source = t.source
left join strangers s on s.event_key = t.event_key and s.shopper = t.shopper
where s.event_key is null;

create or replace temp table moments as
select v.copy_id, coalesce(v.seen_at, timestamp '1970-01-01') as seen_at, v.shopper, v.nth, v.visit
from visits v
where v.copy_id in (select copy_id from strays where copies > 1);

-- Where several shoppers are as near, the first of their ties decides: whatever stood in what order, the answer is the same.
create or replace temp table rivals as
with several as (
    select event_key from tied group by event_key having count(*) > 1
),
shoppers as (
    select shopper from moments
    union
    select t.shopper
    from tied t
    join several s on s.event_key = t.event_key
)
select s.shopper, t.trace, t.event_key
from shoppers s
join trace_shoppers x on x.shopper = s.shopper
join traces t on t.trace = x.trace;

create or replace temp table shopper_names as
with ties as (
    select shopper, unnest(ties) as tie from with_ties('rivals')
    union all
    select r.shopper, 'har ' || r.source
    from with_ties('rivals') r
    join trace_ties t on t.trace = r.trace and t.tie = hash('har ' || r.source)
)
select shopper, min(tie) as name
from ties
group by shopper;

-- The copy nearest in time, where an id names several browser events; the visit nearest in time, where a tie does.
create or replace temp table nearest_visits as
with ranked as (
    select
        m.copy_id,
        m.seen_at,
        m.visit,
        m.nth,
        n.name,
        row_number() over (partition by m.copy_id, m.seen_at order by n.name, m.nth) as place
    from moments m
    join shopper_names n on n.shopper = m.shopper
),
firsts as (
    select copy_id, seen_at, visit, nth, name
    from ranked
    where place = 1
),
timeline as (
    select copy_id, seen_at as at_time, seen_at, cast(null as bigint) as event_key
    from firsts
    union all
    select copy_id, event_at, null, event_key
    from strays
    where copies > 1
),
neighbours as (
    select
        *,
        max(seen_at) over (partition by copy_id order by at_time range between unbounded preceding and current row) as before_at,
        min(seen_at) over (partition by copy_id order by at_time range between current row and unbounded following) as after_at
    from timeline
),
candidates as (
    select event_key, at_time, copy_id, before_at as seen_at
    from neighbours
    where event_key is not null and before_at is not null
    union all
    select event_key, at_time, copy_id, after_at
    from neighbours
    where event_key is not null and after_at is not null
),
by_copy as (
    select
        c.event_key,
        f.visit,
        row_number() over (partition by c.event_key order by abs(epoch(c.at_time) - epoch(c.seen_at)), f.name, f.nth) as place
    from candidates c
    join firsts f on f.copy_id = c.copy_id and f.seen_at = c.seen_at
),
near as (
    select
        t.event_key,
        t.by_click,
        t.is_timeless,
        v.visit,
        v.nth,
        n.name,
        greatest(0, epoch(v.first_at) - epoch(t.event_at), epoch(t.event_at) - epoch(v.last_at)) as distance,
        greatest(0, epoch(v.first_at) - epoch(t.seen_at), epoch(t.seen_at) - epoch(v.last_at)) as seen_distance
    from tied t
    join visit_spans v on v.shopper = t.shopper
    left join shopper_names n on n.shopper = t.shopper
),
by_tie as (
    select
        event_key,
        visit,
        row_number() over (partition by event_key order by distance, name, nth) as place
    from near
    -- A click lives on in links and cookies: by itself it ties no event to a visit that was over.
    where not by_click
       or is_timeless
       or distance <= 1800
       or seen_distance <= 1800
)
select event_key, visit from by_copy where place = 1
union all
select event_key, visit from by_tie where place = 1;

create or replace temp view members as
select event_key, visit, seen_at from visits
union all
select event_key, visit, seen_at from strays where visit is not null
union all
select n.event_key, n.visit, s.seen_at
from nearest_visits n
join strays s on s.event_key = n.event_key
union all
-- A shopper the browser evidence never saw: the server's own ids; where the click is another shopper's, the browser's.
select
    u.event_key,
    hash('', coalesce(
        case when u.event_key in (select event_key from any_tied)
            then list_min(list_filter(u.ties, lambda x: starts_with(x, 'fbp ') or starts_with(x, 'ttp '))) end,
        list_min(u.ties))),
    u.seen_at
from unpaired_ties u
left join nearest_visits n on n.event_key = u.event_key
where n.event_key is null
  and len(u.ties) > 0;

-- Visits are numbered by their first event; by its id, where several began in the same moment.
create or replace temp table visit_numbers as
with firsts as (
    select visit, min(seen_at) as first_at, min(event_key) as first_key
    from members
    group by visit
),
moments as (
    select first_at from firsts group by first_at having count(*) > 1
),
together as (
    select f.visit
    from firsts f
    join moments m on m.first_at is not distinct from f.first_at
),
tie_breaks as (
    select t.visit, min(coalesce(case when not coalesce(s.event_id_misplaced, false) then s.event_id_sent end, '')) as event_id
    from together t
    join members m on m.visit = t.visit
    join sends s on s.event_key = m.event_key
    group by t.visit
)
select f.visit, row_number() over (order by f.first_at, t.event_id, f.first_key) as number
from firsts f
left join tie_breaks t on t.visit = f.visit;

create or replace temp table event_visits as
select m.event_key, n.number
from members m
join visit_numbers n on n.visit = m.visit;

drop view members;
drop table traces;
drop table trace_ties;
drop table visits;
drop table strays;

-- visited -> traces: events with the same ties are one trace, and each trace is labelled with itself.

create or replace temp table traces as
select
    trace,
    min(event_key) as event_key,
    min(seen_at) as first_at,
    max(seen_at) as last_at,
    count(*) as events,
    count(seen_at) as timed_events
from visited
where trace is not null
group by trace;

-- From here on a tie is the hash of its text.
create or replace temp table trace_ties as
with named as materialized (
    select
        t.*,
        h.source as har
    from with_ties('traces') t
    left join sources h on h.source = t.source and h.loader = 'har'
),
-- A browser has a cookie for each domain: a checkout on one of its own gives the shopper a second id.
har_ids as (
    select
        n.har,
        regexp_extract(url_host(s.page), '[^.]+[.][^.]+$') as site,
        unnest(n.ties) as tie
    from named n
    join sends s on s.event_key = n.event_key
    where n.har is not null
),
site_ids as (
    select
        har,
        site,
        count(distinct case when starts_with(tie, 'fbp ') then tie end) as fbp_count,
        count(distinct case when starts_with(tie, 'ttp ') then tie end) as ttp_count
    from har_ids
    group by har, site
),
hars as (
    select har, max(fbp_count) as fbp_count, max(ttp_count) as ttp_count
    from site_ids
    group by har
),
-- A link is copied: a click id that three browsers hold is nobody's own. Two may be one shopper's, whose shop and checkout have a
-- cookie each.
clicks as (
    select
        unnest(list_filter(ties, lambda x: starts_with(x, 'click '))) as tie,
        list_filter(ties, lambda x: starts_with(x, 'fbp '))[1] as fbp,
        list_filter(ties, lambda x: starts_with(x, 'ttp '))[1] as ttp
    from named
),
copied_clicks as (
    select tie
    from clicks
    group by tie
    having count(distinct fbp) >= 3 or count(distinct ttp) >= 3
),
-- A browser id beside five of the other platform's, or beside more ad clicks than anybody makes, was sent for everybody.
browsers as (
    select
        unnest(list_filter(ties, lambda x: starts_with(x, 'fbp ') or starts_with(x, 'ttp '))) as tie,
        list_filter(ties, lambda x: starts_with(x, 'fbp '))[1] as fbp,
        list_filter(ties, lambda x: starts_with(x, 'ttp '))[1] as ttp,
        list_filter(ties, lambda x: starts_with(x, 'click '))[1] as click
    from named
),
shared_browsers as (
    select tie
    from browsers
    group by tie
    having greatest(count(distinct fbp), count(distinct ttp)) >= 5
        or count(distinct click) >= 20
),
own_ties as (
    select trace, unnest(ties) as tie from named
)
select trace, hash(tie) as tie
from own_ties
where tie not in (select tie from copied_clicks union all select tie from shared_browsers)
union all
select n.trace, hash('har ' || n.har)
from named n
left join hars h on h.har = n.har
where n.har is not null
  and n.session is null  -- a capture that names its visits itself shows several
  and ((coalesce(h.fbp_count, 0) <= 1 and coalesce(h.ttp_count, 0) <= 1)
    or len(list_filter(n.ties, lambda x: not starts_with(x, 'load '))) = 0);

-- Most traces share no tie with another: they are a shopper each. The others are followed.
create or replace temp table edges as
with shared as (
    select tie from trace_ties group by tie having count(*) > 1
)
select t.trace, t.tie
from trace_ties t
join shared s on s.tie = t.tie;

create or replace temp table labels as
select distinct trace, trace as label
from edges;

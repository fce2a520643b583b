-- Times that events claim and that cannot be theirs.

-- Server events of claimed times that lay back when one of them was seen leaving, and when each happened: at its order's creation, or
-- when its browser copy left. A clock of an unknown zone tells nothing.
create table old_claims as
with old_times as (
    select distinct
        e.platform,
        e.sender,
        e.event_at
    from events e
    where e.channel = 'server'
      and e.step is not null
      and e.event_time_sent is not null
      and epoch(e.seen_at) - epoch(e.event_at) > 300
),
claims as (
    select
        e.event_key,
        e.platform,
        e.sender,
        e.step,
        e.order_id,
        coalesce(e.session, e.order_id, e.order_key) as act,
        e.event_at,
        e.seen_at
    from old_times o
    join events e on e.platform = o.platform and e.sender = o.sender and e.event_at = o.event_at
    left join sources s on s.source = e.source
    where e.channel = 'server'
      and e.step is not null
      and e.seen_at is not null
      and coalesce(s.has_zone, true)
      -- a text without a zone was read in the plan's
      and not names_no_zone(trim(e.event_time_sent))
      -- a till may know the day alone
      and e.action_source is distinct from 'physical_store'
),
browser_times as (
    select
        c.event_key,
        min(coalesce(b.seen_at, b.event_at)) as happened_at
    from claims c
    join exact_pairs p on p.server_key = c.event_key
    join events b on b.event_key = p.browser_key
    left join sources s on s.source = b.source
    where coalesce(s.has_zone, true)
    group by c.event_key
),
order_times as (
    select
        c.event_key,
        min(o.created_at) as happened_at
    from claims c
    join orders o on o.order_id = c.order_id
    where c.step = 'Purchase'
    group by c.event_key
)
select
    c.event_key,
    c.platform,
    c.sender,
    c.act,
    c.event_at,
    c.seen_at,
    case when o.happened_at < b.happened_at then o.happened_at else coalesce(b.happened_at, o.happened_at) end as happened_at
from claims c
left join browser_times b on b.event_key = c.event_key
left join order_times o on o.event_key = c.event_key;

-- Server events whose claimed time cannot be their own, though it is one a platform takes: a time zone's hours or whole days before
-- they happened, or the one second that events of several moments share. They were seen leaving after they happened. What waited in a queue keeps
-- its true time: a delay alone is neither.
create table untrue_times as
-- Two visits may share a second and wait for different times; they did not happen minutes apart then.
with acts as (
    select
        platform,
        sender,
        event_at,
        act,
        min(seen_at) as seen_at,
        min(happened_at) as happened_at
    from old_claims
    where act is not null
    group by platform, sender, event_at, act
),
fixed_times as (
    select
        platform,
        sender,
        event_at
    from acts
    group by platform, sender, event_at
    having count(*) > 1
       and epoch(max(seen_at)) - epoch(min(seen_at)) > 300
       and epoch(max(happened_at)) - epoch(min(happened_at)) > 300
),
unfixed as (
    select a.*
    from old_claims a
    left join fixed_times f on f.platform = a.platform and f.sender = a.sender and f.event_at = a.event_at
    where f.event_at is null
),
-- Claimed long before it happened, though it left after: by its own hours, or by those it lies before its leaving.
early_claims as (
    select
        event_key,
        platform,
        sender,
        coalesce(shift_hours(epoch(happened_at) - epoch(event_at)), shift_hours(epoch(seen_at) - epoch(event_at))) as hours
    from unfixed
    where epoch(happened_at) - epoch(event_at) > 1500
      and epoch(seen_at) - epoch(happened_at) >= -60
),
claim_counts as (
    select
        platform,
        sender,
        count(*) as events
    from early_claims
    group by platform, sender
),
sole_senders as (
    select
        e.platform,
        e.sender
    from claim_counts c
    join events e on e.platform = c.platform and e.sender = c.sender
    where e.channel = 'server'
      and e.step is not null
    group by e.platform, e.sender
    having count(*) = 1
),
-- A zone, or a day too few, is the same for one event after another; one alone may be chance, unless it is all that its sender sent.
sender_shifts as (
    select
        e.platform,
        e.sender,
        e.hours
    from early_claims e
    join claim_counts c on c.platform = e.platform and c.sender = e.sender
    left join sole_senders o on o.platform = e.platform and o.sender = e.sender
    where e.hours is not null
    group by e.platform, e.sender, e.hours
    having count(*) * 2 >= min(c.events)
       and (count(*) > 1 or min(o.sender) is not null)
)
select
    a.event_key,
    'fixed_time' as flaw,
    cast(null as double) as hours,
    a.happened_at
from old_claims a
join fixed_times f on f.platform = a.platform and f.sender = a.sender and f.event_at = a.event_at
where abs(epoch(a.seen_at) - epoch(a.event_at)) > 300
union all
select
    u.event_key,
    case when s.hours >= 24 then 'day_shift' else 'zone_shift' end,
    s.hours,
    u.happened_at
from unfixed u
left join early_claims e on e.event_key = u.event_key
join sender_shifts s on s.platform = u.platform and s.sender = u.sender
-- What has neither an order nor a browser copy is known by the hours of its sender's others.
where s.hours = case when u.happened_at is null then shift_hours(epoch(u.seen_at) - epoch(u.event_at)) else e.hours end;

-- The clock of a browser file that is wrong in a visit: its events of different moments left, by it, the same seconds before or after
-- what their server copies say of themselves. A queue delays the sending; what the event says of its own time it leaves alone. A server
-- that takes the page's own time says nothing by it: when it sent counts then, and the order has to be as old as its Purchase's sending.
create table clock_witnesses as
select
    p.server_key,
    b.session,
    b.source,
    b.step,
    b.seen_at,
    abs(epoch(s.seen_at) - epoch(s.event_at)) > 300 as is_copied,
    case when abs(epoch(s.seen_at) - epoch(s.event_at)) > 300 then epoch(s.seen_at) else epoch(s.event_at) end - epoch(b.seen_at) as shift_s,
    o.created_at between s.seen_at - interval 5 minutes and s.seen_at + interval 1 minute as is_proven
from exact_pairs p
join events b on b.event_key = p.browser_key
join events s on s.event_key = p.server_key
left join sources f on f.source = b.source
left join orders o on o.order_id = b.order_id and b.step = 'Purchase'
where b.source <> s.source
  and b.seen_at is not null
  and s.event_time_sent is not null
  and (abs(epoch(s.seen_at) - epoch(s.event_at)) <= 300 or abs(epoch(s.event_at) - epoch(b.seen_at)) <= 60)
  and not names_no_zone(trim(s.event_time_sent))
  and coalesce(f.has_zone, true);

create table clock_shifts as
with visits as (
    select
        session,
        source,
        median(shift_s) as shift_s,
        max(shift_s) - min(shift_s) as spread_s,
        count(distinct step) > 1
            and epoch(max(seen_at)) - epoch(min(seen_at)) > 60
            and max(shift_s) - min(shift_s) <= 30
            and min(abs(shift_s)) > 60
            and (not bool_or(is_copied) or coalesce(bool_or(is_proven), false)) as is_told
    from clock_witnesses
    group by session, source
),
-- Several orders of one device, each as late as the next: no buyer waits that evenly.
devices as (
    select
        source,
        median(shift_s) as shift_s
    from clock_witnesses
    where is_proven
    group by source
    having count(distinct session) > 1
       and max(shift_s) - min(shift_s) <= 60
       and min(abs(shift_s)) > 60
)
select
    v.session,
    v.source,
    v.shift_s
from visits v
left join devices d on d.source = v.source
where v.is_told
   or (v.spread_s <= 60 and abs(v.shift_s - d.shift_s) <= 60);

-- Server events that took over the time of a page whose clock is wrong.
create table borrowed_times as
select
    w.server_key as event_key,
    c.shift_s
from clock_witnesses w
join clock_shifts c on c.session = w.session and c.source = w.source
where w.is_copied;

-- Which events are copies of one: a browser's and a server's.

-- Each id of an event: how many events of each side carry it, and what they have in common. Most have one of each; only the others
-- need a closer look.
create table event_ids as
with acts as (
    select
        platform,
        event_name,
        event_id,
        event_key,
        channel,
        step,
        dataset,
        coalesce(seen_at, event_at) as sent_at,
        case when step = 'Purchase' then order_id else session end as act,
        step = 'Purchase' or coalesce(order_id, order_key) is null as fits_visit,
        in_plan
            and coalesce(accepted, true)
            and (channel = 'server' or (coalesce(status, 200) <> 0 and net_error is null)) as is_sent
    from events
    where event_id is not null
)
select
    platform,
    event_name,
    event_id,
    count(case when channel = 'browser' then 1 end) as browser_events,
    count(*) - count(case when channel = 'browser' then 1 end) as server_events,
    min(case when channel = 'browser' then event_key end) as browser_key,
    min(case when channel = 'server' then event_key end) as server_key,
    min(step) as step,
    min(dataset) is not distinct from max(dataset) as is_one_dataset,
    min(act) = max(act) and count(act) = count(*) and bool_and(fits_visit) as is_one_act,
    bool_and(is_sent) as are_sent,
    case when count(sent_at) = count(*) then epoch(max(sent_at)) - epoch(min(sent_at)) end as span_s
from acts
group by event_id, event_name, platform;

-- Copies of one id. The nth copy of an id and dataset on one side belongs to the nth on the other.
create table exact_pairs as
with sole_pairs as (
    -- Most ids name one browser and one server event.
    select
        i.browser_key,
        i.server_key
    from event_ids i
    where i.browser_events = 1
      and i.server_events = 1
      and i.is_one_dataset
),
copies as (
    select
        e.event_key,
        e.channel,
        e.platform,
        e.event_name,
        e.event_id,
        e.dataset,
        row_number() over (
            partition by e.channel, e.platform, e.event_name, e.event_id, e.dataset
            order by coalesce(e.order_id, ''), coalesce(e.event_at, e.seen_at), e.event_key
        ) as nth
    from events e
    join event_ids i
        on i.event_id = e.event_id
       and i.event_name = e.event_name
       and i.platform = e.platform
    where i.browser_events >= 1
      and i.server_events >= 1
      and i.browser_events + i.server_events > 2
),
counts as (
    select
        channel,
        platform,
        event_name,
        event_id,
        dataset,
        count(*) as copy_count
    from copies
    group by channel, platform, event_name, event_id, dataset
),
sides as (
    select
        b.platform,
        b.event_name,
        b.event_id,
        b.dataset as browser_dataset,
        s.dataset as server_dataset,
        b.copy_count as browser_count,
        s.copy_count as server_count
    from counts b
    join counts s
        on s.event_id = b.event_id
       and s.event_name = b.event_name
       and s.platform = b.platform
       and (s.dataset is null or b.dataset is null or s.dataset = b.dataset)
    where b.channel = 'browser'
      and s.channel = 'server'
),
-- The nth copy of one side is the nth of the other; where a side has fewer, its last one stands for the rest.
places as (
    select
        d.*,
        c.event_key as browser_key,
        cast(null as bigint) as server_key,
        least(c.nth, d.server_count) as other_nth
    from sides d
    join copies c
        on c.event_id = d.event_id
       and c.event_name = d.event_name
       and c.platform = d.platform
       and c.dataset is not distinct from d.browser_dataset
    where c.channel = 'browser'
    union all
    select
        d.*,
        null,
        c.event_key,
        d.browser_count
    from sides d
    join copies c
        on c.event_id = d.event_id
       and c.event_name = d.event_name
       and c.platform = d.platform
       and c.dataset is not distinct from d.server_dataset
    where c.channel = 'server'
      and c.nth > d.browser_count
)
select browser_key, server_key
from sole_pairs
union all
select
    coalesce(p.browser_key, c.event_key),
    coalesce(p.server_key, c.event_key)
from places p
join copies c
    on c.event_id = p.event_id
   and c.event_name = p.event_name
   and c.platform = p.platform
   and c.nth = p.other_nth
   and c.channel = case when p.server_key is null then 'server' else 'browser' end
   and c.dataset is not distinct from case when p.server_key is null then p.server_dataset else p.browser_dataset end;

-- Core events whose other copy, if there is one, has another id.
create table lone_keys as
select e.event_key
from events e
left join exact_pairs b on b.browser_key = e.event_key
left join exact_pairs s on s.server_key = e.event_key
where e.step is not null
  and b.browser_key is null
  and s.server_key is null;

-- What should have been one event and is not: it explains and never passes.
create table probable_pairs as
with lone_events as (
    select
        e.event_key,
        e.channel,
        e.platform,
        e.step,
        e.order_id,
        e.dataset,
        e.session,
        e.items,
        coalesce(e.event_at, e.seen_at) as happened_at
    from lone_keys l
    join events e on e.event_key = l.event_key
),
placed as (
    select
        *,
        row_number() over (
            partition by channel, platform, step, order_id, dataset order by happened_at, event_key
        ) as nth
    from lone_events
    where order_id is not null
),
order_pairs as (
    select
        b.event_key as browser_key,
        s.event_key as server_key
    from placed b
    join placed s
        on s.platform = b.platform
       and s.step = b.step
       and s.order_id = b.order_id
       and s.nth = b.nth
       and (s.dataset is null or b.dataset is null or s.dataset = b.dataset)
    where b.channel = 'browser'
      and s.channel = 'server'
),
far_events as (
    select
        p.event_key,
        p.channel,
        p.platform,
        p.step,
        p.order_id,
        row_number() over (
            partition by p.channel, p.platform, p.step, p.order_id order by p.happened_at, p.event_key
        ) as nth
    from placed p
    where not exists (select 1 from order_pairs o where o.browser_key = p.event_key)
      and not exists (select 1 from order_pairs o where o.server_key = p.event_key)
),
far_pairs as (
    select
        b.event_key as browser_key,
        s.event_key as server_key
    from far_events b
    join far_events s
        on s.platform = b.platform
       and s.step = b.step
       and s.order_id = b.order_id
       and s.nth = b.nth
    where b.channel = 'browser'
      and s.channel = 'server'
),
order_matches as (
    select browser_key, server_key
    from order_pairs
    union all
    select browser_key, server_key
    from far_pairs
),
loose_events as (
    select l.*
    from lone_events l
    where l.session is not null
      and not exists (select 1 from order_matches o where o.browser_key = l.event_key)
      and not exists (select 1 from order_matches o where o.server_key = l.event_key)
),
near_candidates as (
    select
        b.event_key as browser_key,
        s.event_key as server_key,
        row_number() over (
            partition by b.event_key
            order by abs(epoch(s.happened_at) - epoch(b.happened_at)), s.event_key
        ) as browser_choice,
        row_number() over (
            partition by s.event_key, b.dataset
            order by abs(epoch(s.happened_at) - epoch(b.happened_at)), b.event_key
        ) as server_choice
    from loose_events b
    join loose_events s
        on s.platform = b.platform
       and s.step = b.step
       and s.session = b.session
       and (s.items = b.items or s.items is null or b.items is null)
       and (s.dataset is null or b.dataset is null or s.dataset = b.dataset)
       and (s.order_id = b.order_id or s.order_id is null or b.order_id is null)
       and s.happened_at between b.happened_at - interval 5 minutes and b.happened_at + interval 5 minutes
    where b.channel = 'browser'
      and s.channel = 'server'
)
select browser_key, server_key
from order_matches
union all
select browser_key, server_key
from near_candidates
where browser_choice = 1
  and server_choice = 1;

-- The browser and the server copy of one event. exact: one id. probable: what should have been one.
create view event_pairs as
select browser_key, server_key, 'exact' as kind
from exact_pairs
union all
select browser_key, server_key, 'probable'
from probable_pairs;

create view pairs as
select
    p.kind,
    b.platform,
    b.step,
    coalesce(b.order_id, s.order_id) as order_id,
    coalesce(b.order_key, s.order_key) as order_key,
    coalesce(b.session, s.session) as session,
    b.dataset as browser_dataset,
    s.dataset as server_dataset,
    p.browser_key,
    p.server_key,
    b.ref as browser_ref,
    s.ref as server_ref,
    b.event_name as browser_name,
    s.event_name as server_name,
    b.event_id as browser_id,
    s.event_id as server_id,
    b.event_at as browser_at,
    s.event_at as server_at,
    b.in_plan as is_browser_in_plan,
    s.in_plan as is_server_in_plan
from event_pairs p
join events b on b.event_key = p.browser_key
join events s on s.event_key = p.server_key;

-- What each platform will count.

-- The order each Purchase counts for: the one it carries; else the one its other copy carries, the one its money and time
-- point to, or the only one of its page load or, within ten minutes, of its visit. A placeholder names no order.
create table purchase_units as
with keyless as (
    -- Most name an order of the export. Only the others are searched for.
    select
        event_key,
        page_load,
        session,
        coalesce(event_at, seen_at) as happened_at,
        case when not is_placeholder(order_key) then order_key end as carried
    from events
    where step = 'Purchase'
      and order_id is null
),
searched as (
    select
        event_key,
        page_load,
        session,
        happened_at
    from keyless
    where carried is null
),
paired as (
    select p.browser_key as event_key, p.order_id, p.order_key
    from searched k
    join pairs p on p.browser_key = k.event_key
    where p.step = 'Purchase'
    union all
    select p.server_key, p.order_id, p.order_key
    from searched k
    join pairs p on p.server_key = k.event_key
    where p.step = 'Purchase'
),
paired_orders as (
    select
        event_key,
        min(coalesce(order_id, case when not is_placeholder(order_key) then order_key end)) as unit
    from paired
    group by event_key
),
load_purchases as (
    select
        e.page_load,
        coalesce(e.order_id, case when not is_placeholder(e.order_key) then e.order_key end) as carried
    from (select distinct page_load from searched where page_load is not null) l
    join events e on e.page_load = l.page_load
    where e.step = 'Purchase'
),
load_orders as (
    select page_load, min(carried) as unit
    from load_purchases
    group by page_load
    having count(distinct carried) = 1
),
visit_purchases as (
    select
        e.session,
        coalesce(e.event_at, e.seen_at) as happened_at,
        coalesce(e.order_id, case when not is_placeholder(e.order_key) then e.order_key end) as carried
    from (select distinct session from searched where session is not null) v
    join events e on e.session = v.session
    where e.step = 'Purchase'
),
visit_orders as (
    select session, min(carried) as unit, min(happened_at) as first_at, max(happened_at) as last_at
    from visit_purchases
    where carried is not null
    group by session
    having count(distinct carried) = 1
),
found as (
    select event_key, carried as unit
    from keyless
    where carried is not null
    union all
    select
        k.event_key,
        coalesce(r.unit, o.order_id, l.unit, v.unit)
    from searched k
    left join paired_orders r on r.event_key = k.event_key
    left join probable_orders o on o.event_key = k.event_key
    left join load_orders l on l.page_load = k.page_load
    left join visit_orders v
        on v.session = k.session
       and k.happened_at between v.first_at - interval 10 minutes and v.last_at + interval 10 minutes
)
select
    event_key,
    order_id as unit,
    order_id            -- the unit, where it is an order of the export
from events
where step = 'Purchase'
  and order_id is not null
union all
select
    f.event_key,
    f.unit,
    o.order_id
from found f
left join orders o on o.order_id = f.unit;

-- What was sent and not refused, by the act it tells of: a Purchase belongs to its order; any other step, and a Purchase nothing
-- ties to an order, to its visit. A refund told as a negative sale is another act (invalid_value).
create view unit_events as
select
    event_key,
    platform,
    step,
    channel,
    dataset,
    session,
    items,
    sender,
    ref,
    coalesce(event_at, seen_at) as happened_at,
    session as unit,
    cast(null as varchar) as order_id
from sent_events
where step <> 'Purchase'
  and session is not null
  and coalesce(accepted, true)
union all
select
    e.event_key,
    e.platform,
    e.step,
    e.channel,
    e.dataset,
    e.session,
    e.items,
    e.sender,
    e.ref,
    coalesce(e.event_at, e.seen_at),
    coalesce(u.unit, e.session),
    u.order_id
from sent_events e
join purchase_units u on u.event_key = e.event_key
where e.step = 'Purchase'
  and coalesce(u.unit, e.session) is not null
  and coalesce(e.accepted, true)
  and coalesce(e.value >= 0, true);

-- The datasets a Purchase reaches: its own; for a relay that names none, the browser's of that order, else the plan's.
-- Copies with one merge_key and merge_window are counted once: same name and id, received within the window (domain 5.1: the
-- window runs from when the platform got the first copy, so a time the sender claims does not matter).
create table counted_events as
with purchases as (
    select
        e.event_key,
        e.platform,
        e.channel,
        e.dataset,
        e.in_plan,
        e.event_name,
        case when e.platform <> 'snackvideo' then e.event_id end as merging_id,
        u.unit,
        u.order_id,
        coalesce(e.value < 0, false) as is_refund,
        coalesce(e.seen_at, e.event_at) as counted_at
    from purchase_units u
    join events e on e.event_key = u.event_key
    where e.step = 'Purchase'
      and coalesce(e.accepted, true)
      and (e.channel = 'server' or (coalesce(e.status, 200) <> 0 and e.net_error is null))
),
browser_datasets as (
    select distinct
        platform,
        unit,
        dataset
    from purchases
    where channel = 'browser'
      and dataset is not null
      and in_plan
      and unit is not null
),
reached as (
    select
        event_key,
        platform,
        channel,
        dataset,
        event_name,
        merging_id,
        unit,
        order_id,
        is_refund,
        counted_at
    from purchases
    where dataset is not null
    union all
    select
        p.event_key,
        p.platform,
        p.channel,
        coalesce(b.dataset, d.dataset),
        p.event_name,
        p.merging_id,
        p.unit,
        p.order_id,
        p.is_refund,
        p.counted_at
    from purchases p
    left join browser_datasets b on b.platform = p.platform and b.unit = p.unit
    left join plan_datasets d on b.dataset is null and d.platform = p.platform
    where p.dataset is null
),
firsts as (
    select
        platform,
        dataset,
        event_name,
        merging_id,
        min(counted_at) as first_at,
        min(event_key) as first_key
    from reached
    where merging_id is not null
    group by platform, dataset, event_name, merging_id
)
select
    r.event_key,
    r.platform,
    r.dataset,
    r.unit,
    r.order_id,
    r.channel,
    r.is_refund,        -- a refund sent as a negative sale: counted, and no second sale
    r.counted_at,
    coalesce(f.first_key, r.event_key) as merge_key,
    coalesce(cast(floor((epoch(r.counted_at) - epoch(f.first_at)) / (w.amount + 1)) as bigint), 0) as merge_window
from reached r
join plan_limits w on w.name = 'dedup_window_s'
left join firsts f
    on f.merging_id = r.merging_id
   and f.event_name = r.event_name
   and f.platform = r.platform
   and f.dataset is not distinct from r.dataset;

-- Per platform, dataset and order: how many Purchases will be counted, at least and at most, and for how much.
create table predicted_orders as
with merged as (
    select
        c.platform,
        c.dataset,
        c.unit,
        c.order_id,
        min(e.value) as low_value,
        max(e.value) as high_value,
        min(e.currency) as currency
    from counted_events c
    join events e on e.event_key = c.event_key
    where c.platform in ('meta', 'tiktok')
      and c.unit is not null
    group by c.platform, c.dataset, c.unit, c.order_id, c.merge_key, c.merge_window
),
by_id as (
    select
        platform,
        dataset,
        unit,
        order_id,
        currency,
        count(*) as low,
        count(*) as high,
        sum(low_value) as low_value,
        sum(high_value) as high_value
    from merged
    group by platform, dataset, unit, order_id, currency
),
by_side as (
    select
        c.platform,
        c.dataset,
        c.unit,
        c.order_id,
        e.currency,
        sum(case when c.channel = 'browser' then 1 else 0 end) as browser_count,
        sum(case when c.channel = 'server' then 1 else 0 end) as server_count,
        sum(case when c.channel = 'browser' then e.value else 0 end) as browser_value,
        sum(case when c.channel = 'server' then e.value else 0 end) as server_value
    from counted_events c
    join events e on e.event_key = c.event_key
    where c.platform = 'snackvideo'
      and c.unit is not null
    group by c.platform, c.dataset, c.unit, c.order_id, e.currency
)
select platform, dataset, unit, order_id, currency, low, high, low_value, high_value
from by_id
union all
select
    platform,
    dataset,
    unit,
    order_id,
    currency,
    greatest(browser_count, server_count),
    browser_count + server_count,
    greatest(browser_value, server_value),
    browser_value + server_value
from by_side;

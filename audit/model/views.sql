-- The notions the checks share, materialised once, in this order. Dull SQL: joins, group by, case, exists, CTEs, windows.

-- Which order each event belongs to: the first carried key that an order has; else the first key plainly meant as one.
create table order_of_event as
with matches as (
    select
        c.event_key,
        c.key,
        c.how,
        c.is_meant,
        k.order_id,
        row_number() over (
            partition by c.event_key
            order by case when k.order_id is not null then 0 when c.is_meant then 1 else 2 end, c.rank, k.order_id
        ) as place
    from order_candidates c
    left join order_keys k on k.key = c.key
)
select
    event_key,
    key as order_key,
    order_id,
    how as order_how
from matches
where place = 1
  and (order_id is not null or is_meant);

update events
set order_key = o.order_key,
    order_id = o.order_id,
    order_how = o.order_how
from order_of_event o
where o.event_key = events.event_key;

-- An order the event most likely belongs to, where nothing names one: same money within ten minutes, only one such order.
-- It explains and never passes.
create table probable_orders as
with candidates as (
    select
        e.event_key,
        o.order_id,
        count(*) over (partition by e.event_key) as order_count
    from events e
    join orders o
        on o.currency = e.currency
       and o.total = e.value
       and o.created_at between e.event_at - interval 10 minutes and e.event_at + interval 10 minutes
    where e.step = 'Purchase'
      and e.order_key is null
)
select
    event_key,
    order_id
from candidates
where order_count = 1;

-- ---------------------------------------------------------------- pairs

-- The browser and the server copy of one event. exact: one id. probable: what should have been one (explains, never passes).
create table pairs as
with browser_copies as (
    select
        *,
        row_number() over (
            partition by platform, event_name, event_id, dataset
            order by coalesce(order_id, ''), coalesce(event_at, seen_at), event_key
        ) as nth,
        count(*) over (partition by platform, event_name, event_id, dataset) as copy_count
    from events
    where channel = 'browser'
      and event_id is not null
),
server_copies as (
    select
        *,
        row_number() over (
            partition by platform, event_name, event_id, dataset
            order by coalesce(order_id, ''), coalesce(event_at, seen_at), event_key
        ) as nth,
        count(*) over (partition by platform, event_name, event_id, dataset) as copy_count
    from events
    where channel = 'server'
      and event_id is not null
),
exact_pairs as (
    select
        b.event_key as browser_key,
        s.event_key as server_key
    from browser_copies b
    join server_copies s
        on s.platform = b.platform
       and s.event_name = b.event_name
       and s.event_id = b.event_id
       and (s.dataset is null or b.dataset is null or s.dataset = b.dataset)
       and (
           s.nth = least(b.nth, s.copy_count)
           or (s.nth > b.copy_count and b.nth = b.copy_count)
       )
),
lone_browser as (
    select e.*
    from events e
    left join exact_pairs x on x.browser_key = e.event_key
    where e.channel = 'browser'
      and e.step is not null
      and x.browser_key is null
),
lone_server as (
    select e.*
    from events e
    left join exact_pairs x on x.server_key = e.event_key
    where e.channel = 'server'
      and e.step is not null
      and x.server_key is null
),
order_browser as (
    select
        *,
        row_number() over (
            partition by platform, step, order_id, dataset order by coalesce(event_at, seen_at), event_key
        ) as nth
    from lone_browser
    where order_id is not null
),
order_server as (
    select
        *,
        row_number() over (
            partition by platform, step, order_id, dataset order by coalesce(event_at, seen_at), event_key
        ) as nth
    from lone_server
    where order_id is not null
),
order_pairs as (
    select
        b.event_key as browser_key,
        s.event_key as server_key
    from order_browser b
    join order_server s
        on s.platform = b.platform
       and s.step = b.step
       and s.order_id = b.order_id
       and s.nth = b.nth
       and (s.dataset is null or b.dataset is null or s.dataset = b.dataset)
),
far_browser as (
    select
        *,
        row_number() over (partition by platform, step, order_id order by coalesce(event_at, seen_at), event_key) as far_nth
    from order_browser
    where event_key not in (select browser_key from order_pairs)
),
far_server as (
    select
        *,
        row_number() over (partition by platform, step, order_id order by coalesce(event_at, seen_at), event_key) as far_nth
    from order_server
    where event_key not in (select server_key from order_pairs)
),
far_pairs as (
    select
        b.event_key as browser_key,
        s.event_key as server_key
    from far_browser b
    join far_server s
        on s.platform = b.platform
       and s.step = b.step
       and s.order_id = b.order_id
       and s.far_nth = b.far_nth
),
near_candidates as (
    select
        b.event_key as browser_key,
        s.event_key as server_key,
        row_number() over (
            partition by b.event_key
            order by abs(epoch(coalesce(s.event_at, s.seen_at)) - epoch(coalesce(b.event_at, b.seen_at))), s.event_key
        ) as browser_choice,
        row_number() over (
            partition by s.event_key, b.dataset
            order by abs(epoch(coalesce(s.event_at, s.seen_at)) - epoch(coalesce(b.event_at, b.seen_at))), b.event_key
        ) as server_choice
    from lone_browser b
    join lone_server s
        on s.platform = b.platform
       and s.step = b.step
       and s.session = b.session
       and (s.items = b.items or s.items is null or b.items is null)
       and (s.dataset is null or b.dataset is null or s.dataset = b.dataset)
       and (s.order_id = b.order_id or s.order_id is null or b.order_id is null)
       and coalesce(s.event_at, s.seen_at) between coalesce(b.event_at, b.seen_at) - interval 5 minutes
           and coalesce(b.event_at, b.seen_at) + interval 5 minutes
    where b.event_key not in (select browser_key from order_pairs)
      and b.event_key not in (select browser_key from far_pairs)
      and s.event_key not in (select server_key from order_pairs)
      and s.event_key not in (select server_key from far_pairs)
),
near_pairs as (
    select
        browser_key,
        server_key
    from near_candidates
    where browser_choice = 1
      and server_choice = 1
),
all_pairs as (
    select browser_key, server_key, 'exact' as kind from exact_pairs
    union all
    select browser_key, server_key, 'probable' as kind from order_pairs
    union all
    select browser_key, server_key, 'probable' as kind from far_pairs
    union all
    select browser_key, server_key, 'probable' as kind from near_pairs
)
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
    s.event_at as server_at
from all_pairs p
join events b on b.event_key = p.browser_key
join events s on s.event_key = p.server_key;

-- ---------------------------------------------------------------- the steps of each order and visit

-- Core events that count as sent: on a dataset of the plan and not stopped in the browser.
create table sent_events as
select *
from events
where step is not null
  and in_plan
  and (channel = 'server' or coalesce(status, 200) <> 0)
  and (channel = 'server' or net_error is null);

-- The visits each order was placed in.
create table order_sessions as
select
    order_id,
    session,
    min(coalesce(event_at, seen_at)) as first_at
from events
where order_id is not null
  and session is not null
group by order_id, session;

-- One row per platform, step and unit: a Purchase's unit is its order (or the key it carries), any other step's its visit.
create table step_units as
with units as (
    select
        platform,
        step,
        case when step = 'Purchase' then coalesce(order_id, order_key, event_id, ref) else coalesce(session, ref) end as unit,
        case when step = 'Purchase' then order_id end as order_id,
        session,
        channel,
        event_key,
        ref,
        accepted,
        click_id,
        row_number() over (
            partition by platform, step, channel,
                case when step = 'Purchase' then coalesce(order_id, order_key, event_id, ref) else coalesce(session, ref) end
            order by coalesce(event_at, seen_at), event_key
        ) as nth
    from sent_events
)
select
    platform,
    step,
    unit,
    min(order_id) as order_id,
    min(session) as session,
    sum(case when channel = 'browser' then 1 else 0 end) as browser_events,
    sum(case when channel = 'server' then 1 else 0 end) as server_events,
    sum(case when channel = 'server' and accepted then 1 else 0 end) as accepted_events,
    min(case when channel = 'browser' and nth = 1 then ref end) as browser_ref,
    min(case when channel = 'server' and nth = 1 then ref end) as server_ref
from units
group by platform, step, unit;

-- The shopper's click ids in each visit, per platform: from a landing, a cookie or an event.
create table session_clicks as
with clicks as (
    select session, platform, click_id, landed_at as seen_at, 'landing' as how, ref
    from landings
    where session is not null
      and click_id is not null
    union all
    select session, platform, cookie_click, coalesce(event_at, seen_at), 'cookie', ref
    from events
    where session is not null
      and cookie_click is not null
    union all
    select session, platform, click_id, coalesce(event_at, seen_at), 'event', ref
    from events
    where session is not null
      and click_id is not null
)
select
    session,
    platform,
    click_id,
    how,
    min(seen_at) as first_at,
    min(ref) as ref
from clicks
group by session, platform, click_id, how;

-- The browser ids (fbp, ttp) known in each visit.
create table session_browser_ids as
with ids as (
    select session, platform, browser_id, coalesce(event_at, seen_at) as seen_at, ref
    from events
    where session is not null
      and browser_id is not null
    union all
    select session, platform, cookie_browser, coalesce(event_at, seen_at), ref
    from events
    where session is not null
      and cookie_browser is not null
)
select
    session,
    platform,
    browser_id,
    min(seen_at) as first_at,
    min(ref) as ref
from ids
group by session, platform, browser_id;

-- ---------------------------------------------------------------- money

-- Every amount a shop could mean by an order's value, in the order they are tried.
create table order_amounts as
with amounts as (
    select order_id, 1 as rank, 'total' as basis, total as amount, currency from orders
    union all
    select order_id, 2, 'gross_revenue', gross_revenue, currency from orders
    union all
    select order_id, 3, 'net_revenue', net_revenue, currency from orders
    union all
    select order_id, 4, 'subtotal', subtotal, currency from orders
    union all
    select order_id, 5, 'total_less_shipping', total - shipping, currency from orders where shipping <> 0
    union all
    select order_id, 6, 'total_less_tax', total - tax, currency from orders where tax <> 0
    union all
    select order_id, 7, 'total_less_shipping_and_tax', total - shipping - tax, currency from orders where shipping <> 0 and tax <> 0
    union all
    select order_id, 8, 'before_discount', subtotal + discount, currency from orders where discount <> 0
    union all
    select order_id, 9, 'total_less_fees', total - fees, currency from orders where fees <> 0
    union all
    select order_id, 10, 'total_with_unique_code', total + unique_code, currency from orders where unique_code <> 0
    union all
    select order_id, 11, 'presentment_total', presentment_total, presentment_currency
    from orders
    where presentment_total is not null
    union all
    select order_id, 12, 'current_total', current_total, currency from orders where current_total <> total
)
select
    a.order_id,
    a.rank,
    a.basis,
    a.amount,
    a.currency,
    coalesce(c.tolerance, 0.01) as tolerance,
    a.basis = l.value_basis as is_plan_basis
from amounts a
cross join launch l
left join currencies c on c.currency = a.currency
where a.amount is not null;

-- What each value that names an order could be: a basis of the order as it stands, or through a slip of scale.
create table value_readings as
with priced as (
    select
        e.event_key,
        e.order_id,
        e.value,
        a.rank,
        a.basis,
        a.amount,
        a.tolerance,
        a.is_plan_basis
    from events e
    join order_amounts a on a.order_id = e.order_id
    where e.value is not null
      and e.step = 'Purchase'
),
readings as (
    select event_key, order_id, basis, amount, is_plan_basis, 'none' as slip,
        case when is_plan_basis then 0 else rank end as rank
    from priced
    where abs(value - amount) <= tolerance
    union all
    select event_key, order_id, basis, amount, is_plan_basis, 'times_100',
        case when is_plan_basis then 100 else 110 + rank end
    from priced
    where amount <> 0
      and abs(value - amount * 100) <= tolerance * 100
    union all
    select event_key, order_id, basis, amount, is_plan_basis, 'divided_by_100',
        case when is_plan_basis then 101 else 130 + rank end
    from priced
    where amount <> 0
      and abs(value * 100 - amount) <= tolerance
    union all
    select event_key, order_id, basis, amount, is_plan_basis, 'thousands_separator',
        case when is_plan_basis then 102 else 150 + rank end
    from priced
    where amount >= 1000
      and (abs(value * 1000 - amount) <= tolerance or value = floor(amount / 1000))
)
select
    event_key,
    order_id,
    basis,
    slip,
    amount,
    is_plan_basis,
    row_number() over (partition by event_key order by rank, basis) as nth
from readings;

-- ---------------------------------------------------------------- what each platform will count

-- The datasets a Purchase reaches: its own; for a relay that names none, the browser's of that order, else the plan's.
create table counted_events as
with purchases as (
    select
        *,
        coalesce(order_id, order_key) as unit
    from events
    where step = 'Purchase'
      and coalesce(accepted, true)
      and (channel = 'server' or (coalesce(status, 200) <> 0 and net_error is null))
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
        p.event_key,
        coalesce(p.dataset, b.dataset, d.dataset) as dataset
    from purchases p
    left join browser_datasets b on p.dataset is null and b.platform = p.platform and b.unit = p.unit
    left join plan_datasets d on p.dataset is null and b.dataset is null and d.platform = p.platform
)
select
    p.event_key,
    p.platform,
    r.dataset,
    p.unit,
    p.order_id,
    p.order_key,
    p.channel,
    p.event_name,
    p.event_id,
    p.session,
    p.ref,
    p.value,
    p.currency,
    coalesce(p.event_at, p.seen_at) as counted_at,
    min(coalesce(p.event_at, p.seen_at)) over (
        partition by p.platform, r.dataset, p.event_name, p.event_id
    ) as first_at
from purchases p
join reached r on r.event_key = p.event_key;

-- Per platform, dataset and order: how many Purchases will be counted, at least and at most, and for how much.
create table predicted_orders as
with windowed as (
    select
        c.*,
        case
            when c.event_id is null then cast(c.event_key as varchar)
            when epoch(c.counted_at) - epoch(c.first_at) > w.amount then c.event_id || ' late ' || cast(c.event_key as varchar)
            else c.event_id
        end as merge_id
    from counted_events c
    join plan_limits w on w.name = 'dedup_window_s'
),
merged as (
    select
        platform,
        dataset,
        unit,
        order_id,
        event_name,
        merge_id,
        min(event_key) as first_key,
        min(value) as low_value,
        max(value) as high_value,
        min(currency) as currency
    from windowed
    where platform in ('meta', 'tiktok')
      and unit is not null
    group by platform, dataset, unit, order_id, event_name, merge_id
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
        platform,
        dataset,
        unit,
        order_id,
        currency,
        sum(case when channel = 'browser' then 1 else 0 end) as browser_count,
        sum(case when channel = 'server' then 1 else 0 end) as server_count,
        sum(case when channel = 'browser' then value else 0 end) as browser_value,
        sum(case when channel = 'server' then value else 0 end) as server_value
    from counted_events
    where platform = 'snackvideo'
      and unit is not null
    group by platform, dataset, unit, order_id, currency
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

-- ---------------------------------------------------------------- senders

-- Every way of sending seen in the evidence, with what identifies it.
create table observed_senders as
select
    row_number() over (order by platform, channel, sender, agent, partner_agent, initiator, dataset, relay_store, log_sender) as fingerprint,
    platform,
    channel,
    sender,
    sender_kind,
    agent,
    partner_agent,
    initiator,
    dataset,
    relay_store,
    log_sender
from events
group by platform, channel, sender, sender_kind, agent, partner_agent, initiator, dataset, relay_store, log_sender;

create table event_fingerprints as
select
    e.event_key,
    f.fingerprint
from events e
join observed_senders f
    on f.platform = e.platform
   and f.channel = e.channel
   and f.sender is not distinct from e.sender
   and f.sender_kind is not distinct from e.sender_kind
   and f.agent is not distinct from e.agent
   and f.partner_agent is not distinct from e.partner_agent
   and f.initiator is not distinct from e.initiator
   and f.dataset is not distinct from e.dataset
   and f.relay_store is not distinct from e.relay_store
   and f.log_sender is not distinct from e.log_sender;

-- Which register entry claims which way of sending, per step. An entry without match claims what no other claims.
create table sender_claims as
with matched as (
    select
        f.fingerprint,
        p.entry
    from observed_senders f
    join plan_senders p
        on p.platform = f.platform
       and p.channel = f.channel
    where p.has_match
      and (p.agent is null or coalesce(f.agent, '') like p.agent escape '!')
      and (p.partner_agent is null or coalesce(f.partner_agent, '') like p.partner_agent escape '!')
      and (p.initiator is null or coalesce(f.initiator, '') like p.initiator escape '!')
      and (p.dataset is null or coalesce(f.dataset, '') like p.dataset escape '!')
      and (p.relay_store is null or coalesce(f.relay_store, '') like p.relay_store escape '!')
      and (p.sender is null or coalesce(f.log_sender, '') like p.sender escape '!')
),
matched_steps as (
    select
        m.fingerprint,
        s.step,
        m.entry
    from matched m
    join plan_sender_steps s on s.entry = m.entry
),
rest as (
    select
        f.fingerprint,
        s.step,
        p.entry
    from observed_senders f
    join plan_senders p
        on p.platform = f.platform
       and p.channel = f.channel
    join plan_sender_steps s on s.entry = p.entry
    left join matched_steps m on m.fingerprint = f.fingerprint and m.step = s.step
    where not p.has_match
      and m.fingerprint is null
)
select fingerprint, step, entry from matched_steps
union all
select fingerprint, step, entry from rest;

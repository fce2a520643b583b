/*
title    = "Server copies leave in time"
failure  = "The server copy left later than the plan allows"
facet    = "delivery"
severity = "warning"
follows  = ["dedup_window_exceeded", "event_time_out_of_range"]
needs    = ["server events"]
why      = """
Campaigns learn from what happened in the last minutes, and a late server copy teaches them yesterday's news. Meta asks for
events within the hour. Two days late, the copy is no longer merged with the browser's and the sale counts twice.
"""
means       = "Between the act and the moment the server sent it more time passed than the plan allows, or the event claims an old time."
first_check = "Look at what the event waited for: a nightly job, a queue that stood still, a payment, or a time zone taken for another."
not_yet     = "Do not widen the limit in the plan to make this pass; the platform's own limits stay where they are."
remedy      = "Send each event from the moment the order is stored, not from a scheduled batch, and alarm when the queue grows old."
owner       = "data"

[causes.long_after_order]
failure     = "The sale is told long after its order"
means       = "No side told of these orders when they were placed: the first Purchase left hours or days later, and names that later time. The platform books the sale there, far from the click, and some of it falls out of the attribution window."
first_check = "Look what the Purchase waits for: a status such as completed or shipped, a nightly job, a page that is opened later."
not_yet     = "Do not judge campaigns by their daily sales: they stand on other days than the orders."
remedy      = "Send the Purchase when the order is placed, with the order's own time; or let the plan say what is counted instead."
owner       = "data"

[causes.at_payment]
failure     = "The sale is told at its payment, while the plan counts placed orders"
means       = "The first Purchase of these orders left shortly after they were paid, and hours or days after they were placed. Orders that are never paid are not told at all."
first_check = "Ask what was agreed: purchase.conversion_point in the plan says order_created, the sender waits for the payment."
not_yet     = "Do not add a second Purchase at the order: both would be counted."
remedy      = "Settle on one point: set conversion_point = payment_confirmed in the plan, or send the Purchase when the order is placed."
owner       = "data"

[causes.after_window]
failure     = "The sale is told days after its order"
means       = "These orders are from before the logs begin, and this Purchase left later than copies are merged. If an earlier one was sent, the sale counts twice; if none was, it stands on another day than its order."
first_check = "Look what sends a Purchase this late: a status such as completed or delivered, a nightly job, a thank-you page that is opened again."
not_yet     = "Do not take these orders for sales of that day."
remedy      = "Send one Purchase when the order is placed and none later, and record logs that begin before the orders they are to show. Where sales are to count when they are paid, say so in the plan: conversion_point = payment_confirmed."
owner       = "data"
*/
with retried as (
    select distinct delivery
    from retries
),
ranked as (
    select
        d.event_key,
        row_number() over (
            partition by d.delivery
            order by case when d.outcome = 'accepted' then 0 else 1 end, d.seen_at, d.event_key
        ) as nth
    from retried r
    join deliveries d on d.delivery = r.delivery
),
-- Of an event's sends the first accepted one counts; where none was, the first.
other_sends as (
    select event_key
    from ranked
    where nth > 1
),
-- An event that names its time and left soon after it and after its browser copy is in time, whatever else is known of it.
doubtful as (
    select e.event_key
    from events e
    join plan_limits w on w.name = 'late_after_s'
    where e.channel = 'server'
      and not coalesce(e.event_time_sent is not null and epoch(e.seen_at) - epoch(e.event_at) <= w.amount, false)
    union
    select s.event_key
    from event_pairs p
    join events b on b.event_key = p.browser_key
    join events s on s.event_key = p.server_key
    join plan_limits w on w.name = 'late_after_s'
    where p.kind = 'exact'
      and epoch(s.seen_at) - epoch(coalesce(b.event_at, b.seen_at)) > w.amount
),
browser_times as (
    select
        p.server_key,
        -- Of a log without a zone the event's own time is the better one.
        min(case when s.has_zone = false then coalesce(b.event_at, b.seen_at) else happened(b.channel, b.event_at, b.seen_at) end) as happened_at,
        min(b.source) as source
    from doubtful d
    join event_pairs p on p.server_key = d.event_key
    join events b on b.event_key = p.browser_key
    left join sources s on s.source = b.source
    where p.kind = 'exact'
    group by p.server_key
),
timed as (
    select
        r.platform,
        r.step,
        r.order_id,
        r.order_key,
        r.event_id,
        r.session,
        r.ref,
        r.seen_at as sent_at,
        r.page_load,
        case when r.event_time_sent is not null then r.event_at end as claimed_at,
        b.happened_at as browser_at,
        case when r.step = 'Purchase' and l.conversion_point = 'order_created' then o.created_at
            when r.step = 'Purchase' then o.paid_at end as order_at,
        -- Two files may run on two clocks.
        case when b.source = r.source then 0 else 60 end as browser_slack,
        -- A clock of an unknown zone is at most fourteen hours away.
        case when s.has_zone = false or f.has_zone = false then 50400 else coalesce(greatest(c.shift_s, 0), 0) end as doubt_s,
        c.shift_s,
        r.action_source = 'physical_store' and r.platform = 'meta' as is_store_sale,
        -- Meta takes a sale in a store for 62 days (domain 4.1).
        case when r.action_source = 'physical_store' and r.platform = 'meta' then greatest(w.amount, 5356800) else w.amount end as limit_s
    from deliveries r
    cross join launch l
    join plan_limits w on w.name = 'late_after_s'
    left join browser_times b on b.server_key = r.event_key
    left join sources s on s.source = r.source
    left join sources f on f.source = b.source
    left join clock_shifts c on c.session = r.session and c.source = b.source
    left join orders o on o.order_id = r.order_id
    left join other_sends x on x.event_key = r.event_key
    where r.step is not null
      and x.event_key is null
),
-- Midnight is a date alone: by it only what left long after that day is late.
dated as (
    select
        *,
        clock_time(order_at, '%H%M%S') = '000000' as is_day,
        epoch(sent_at) - epoch(order_at) - 60 - case when clock_time(order_at, '%H%M%S') = '000000' then 86400 else 0 end as since_order
    from timed
),
delays as (
    select
        *,
        epoch(sent_at) - epoch(claimed_at) as claimed_delay,
        epoch(sent_at) - epoch(browser_at) - browser_slack as browser_delay,
        -- The order speaks only where neither the browser nor the event itself names a time.
        case when claimed_at is null and browser_at is null and (not is_day or since_order > limit_s + doubt_s) then since_order end as order_delay
    from dated
),
-- The first that any side told of an order, by a clock whose zone is known. A time that is a whole quarter of an hour may be a date alone,
-- in India and Nepal too. What was ordered in a chat or by telephone is written down later.
first_tellings as (
    select
        e.platform,
        e.order_id,
        min(happened(e.channel, e.event_at, e.seen_at)) as first_at,
        min(e.ref) as ref,
        arg_min(e.channel, happened(e.channel, e.event_at, e.seen_at)) as channel,
        min(s.first_at) as covers_from,
        bool_and(coalesce(s.has_zone, true)) as has_zone
    from sent_events e
    left join sources s on s.source = e.source
    where e.step = 'Purchase'
      and e.order_id is not null
    group by e.platform, e.order_id
    having not bool_or(coalesce(lower(e.action_source), '') in ('physical_store', 'offline', 'chat', 'phone_call', 'email', 'business_messaging'))
),
order_gaps as (
    select
        t.platform,
        t.order_id,
        t.ref,
        t.first_at,
        o.is_named,
        o.paid_at,
        o.created_at,
        o.ref as order_ref,
        w.amount as limit_s,
        l.conversion_point = 'order_created' as counts_orders,
        epoch(t.first_at) - epoch(case when l.conversion_point = 'order_created' then o.created_at else o.paid_at end) - 60 as delay_s,
        coalesce(o.created_at < t.covers_from - interval 1 minute, false) as is_before_file,
        t.channel,
        d.amount as window_s
    from first_tellings t
    join orders o on o.order_id = t.order_id
    cross join launch l
    join plan_limits w on w.name = 'late_after_s'
    join plan_limits d on d.name = 'dedup_window_s'
    where epoch(o.created_at) % 900 <> 0
      and (l.conversion_point = 'order_created' or epoch(o.paid_at) % 900 <> 0)
      and o.event_duty = 'yes'
      and t.has_zone
),
-- A log may be kept in a file a day.
watched as (
    select distinct
        g.platform,
        g.order_id
    from order_gaps g
    join log_windows w
        on w.platform = g.platform
       and w.channel = g.channel
       and g.created_at between w.first_at - interval 1 minute and w.last_at
    where g.is_before_file
),
-- What was told before the log began is not known; with that, nothing is merged any more after so long.
order_delays as (
    select
        g.*,
        g.is_before_file and w.order_id is null as is_before_log
    from order_gaps g
    left join watched w on w.platform = g.platform and w.order_id = g.order_id
    where not g.is_before_file
       or w.order_id is not null
       or g.delay_s > g.window_s
),
order_shares as (
    select
        platform,
        is_before_log,
        sum(count(*)) over (partition by platform) as orders,
        count(case when delay_s > limit_s then 1 end) as late_orders,
        min(case when delay_s > limit_s then delay_s end) as least_s,
        max(case when delay_s > limit_s then delay_s end) as most_s,
        quantile_disc(case when delay_s > limit_s then delay_s end, 0.05) as first_s,
        quantile_disc(case when delay_s > limit_s then delay_s end, 0.5) as middle_s
    from order_delays
    group by platform, is_before_log
),
late_orders as (
    select
        d.*,
        n.orders,
        n.late_orders,
        coalesce(epoch(d.first_at) - epoch(d.paid_at) between -60 and d.limit_s and d.counts_orders, false) as is_at_payment
    from order_shares n
    join order_delays d on d.platform = n.platform and d.is_before_log = n.is_before_log and d.delay_s > d.limit_s
    join plan_limits m on m.name = 'missing_share'
    where (d.is_named or n.late_orders > greatest(2, m.amount * n.orders))
      -- All of them by the same hours are an export, or a log, of another time zone.
      and not (n.most_s - n.least_s <= 300 and zone_hours(n.least_s + 60) is not null)
      -- So are nearly all, where each took its own minutes at the bank before its thank-you page.
      and not (n.orders >= 5 and n.late_orders * 10 >= n.orders * 9 and n.middle_s - n.first_s <= 1800 and zone_hours(n.first_s + 60) is not null)
),
judged as (
    select
        *,
        -- A request the page itself made, with nothing to hold against it, left when it happened.
        coalesce(greatest(claimed_delay, browser_delay, order_delay), case when page_load is not null then 0 end) as delay
    from delays
)
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref) as subject,
    order_id,
    session,
    case
        when delay <= limit_s then true
        when delay > limit_s + doubt_s then false
    end as ok,
    case when is_store_sale then 'sent within 62 days, as a sale in a store may be'
        else 'sent within ' || case when limit_s = 60 then '1 minute' else number_text(round(cast(limit_s as decimal(18, 3)) / 60, 1)) || ' minutes' end end as expected,
    case
        when delay <= limit_s then 'in time'
        when delay is null then 'sent ' || told_time(sent_at, '%Y-%m-%d %H:%M:%S') || '; nothing tells when it happened'
        when delay <= limit_s + doubt_s and shift_s is not null
            then 'sent ' || told_time(sent_at, '%Y-%m-%d %H:%M:%S') || '; by the other events of the visit the browser''s clock is '
                || counted(round(shift_s / 60)::integer, 'minute') || ' slow'
        when delay <= limit_s + doubt_s
            then 'sent ' || strftime(sent_at, '%Y-%m-%d %H:%M:%S') || '; the time zone of a log is not known'
        else concat_ws('; ',
            'sent ' || told_time(sent_at, '%Y-%m-%d %H:%M:%S'),
            'browser copy ' || told_time(browser_at, '%Y-%m-%d %H:%M:%S'),
            'event time ' || told_time(claimed_at, '%Y-%m-%d %H:%M:%S'),
            case when order_delay is not null and is_day then 'order of the day ' || clock_time(order_at, '%Y-%m-%d')
                when order_delay is not null then 'order ' || told_time(order_at, '%Y-%m-%d %H:%M:%S') end)
    end as actual,
    cast(null as varchar) as cause,
    ref,
    cast(null as varchar) as other_ref
from judged
union all
select
    platform,
    'Purchase',
    case when bool_or(is_named) then min(order_id) else 'traffic' end,
    case when bool_or(is_named) then min(order_id) end,
    cast(null as varchar),
    false,
    case when bool_and(counts_orders) then 'told when the order is placed' else 'told when the order is paid' end,
    case when bool_or(is_named) then '' else late_orders || ' of ' || orders || ' orders, the first of them ' end
        || 'order of ' || told_time(min(created_at), '%Y-%m-%d %H:%M')
        || case when is_before_log then ', told ' else ', first told ' end || told_time(min(first_at), '%Y-%m-%d %H:%M')
        || case when bool_and(is_at_payment) then ', at its payment' else '' end
        || case when is_before_log then '; what was told of it before the logs begin is not known' else '' end,
    case when is_before_log then 'after_window' when bool_and(is_at_payment) then 'at_payment' else 'long_after_order' end,
    min(ref),
    min(order_ref)
from late_orders
group by platform, case when is_named then order_id end, is_before_log, orders, late_orders

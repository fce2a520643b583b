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
delays as (
    select
        *,
        epoch(sent_at) - epoch(claimed_at) as claimed_delay,
        epoch(sent_at) - epoch(browser_at) - browser_slack as browser_delay,
        -- The order speaks only where neither the browser nor the event itself names a time.
        case when claimed_at is null and browser_at is null then epoch(sent_at) - epoch(order_at) - 60 end as order_delay
    from timed
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
        else 'sent within ' || number_text(round(cast(limit_s as decimal(18, 3)) / 60, 1)) || ' minutes' end as expected,
    case
        when delay <= limit_s then 'in time'
        when delay is null then 'sent ' || told_time(sent_at, '%Y-%m-%d %H:%M:%S') || '; nothing tells when it happened'
        when delay <= limit_s + doubt_s and shift_s is not null
            then 'sent ' || told_time(sent_at, '%Y-%m-%d %H:%M:%S') || '; by the other events of the visit the browser''s clock is '
                || round(shift_s / 60)::integer || ' minutes slow'
        when delay <= limit_s + doubt_s
            then 'sent ' || strftime(sent_at, '%Y-%m-%d %H:%M:%S') || '; the time zone of a log is not known'
        else concat_ws('; ',
            'sent ' || told_time(sent_at, '%Y-%m-%d %H:%M:%S'),
            'browser copy ' || told_time(browser_at, '%Y-%m-%d %H:%M:%S'),
            'event time ' || told_time(claimed_at, '%Y-%m-%d %H:%M:%S'),
            case when order_delay is not null then 'order ' || told_time(order_at, '%Y-%m-%d %H:%M:%S') end)
    end as actual,
    cast(null as varchar) as cause,
    ref,
    cast(null as varchar) as other_ref
from judged

/*
title    = "The copies of one event arrive within the platform's window"
failure  = "A copy of an event arrived too late to be merged"
facet    = "dedup"
severity = "blocker"
severity_other_steps = "warning"
follows  = ["early_event"]
needs    = []
why      = """
Meta and TikTok compare ids for 48 hours from the first copy. A copy that comes later is a new sale to them, on a day when
nobody bought, even though its id is the same.
"""

[causes.revisited_page]
means       = "The shopper opened the page again days later, and the page reported the old sale anew."
first_check = "Open the thank-you page of an order of last week: if a Purchase leaves, it has no memory of having fired."
not_yet     = "Do not exclude returning visitors from the campaign; they are buyers, only reported twice."
remedy      = "Fire Purchase once per order: remember on the order or in the browser that it was sent."
owner       = "tracking"

[causes.at_payment]
means       = "The sale was reported when the order was placed and once more days later, when it was paid. The second report is too late to be merged, although it bears the same id."
first_check = "Open an order paid by transfer or on delivery and look which step of its payment makes the server send the Purchase."
not_yet     = "Do not drop the late reports as old ones, and do not switch off transfers or cash on delivery: these are real sales, only told twice."
remedy      = "Settle with the media team on one point, order placed or order paid, write it into the plan, and send each sale once, there."
owner       = "data"

[causes.sent_again]
means       = "The server's copy had been accepted in time, and the server sent the same sale once more days later: it does so at a second point of the order's life, or repeats a finished job."
first_check = "Compare the later time with the order's history: what changed then, such as completed, shipped or delivered, is what sends it."
not_yet     = "Do not give the second report an id of its own: it would count as a new sale at any distance."
remedy      = "Send Purchase at one point only, the one the plan names, and note on the order that it was sent."
owner       = "data"

[causes.queue_delay]
means       = "The server's copy left days after the first one: it waited in a queue, a nightly job or a long retry."
first_check = "Look when the server's job for this event runs and how long a failed attempt keeps being repeated."
not_yet     = "Do not put the present time on late events to get them accepted; they would count as new sales."
remedy      = "Send within an hour of the sale, and drop what is older than the window instead of sending it."
owner       = "data"
*/
with copies as (
    select
        c.id_key,
        e.platform,
        e.step,
        e.channel,
        e.event_key,
        e.ref,
        e.session,
        e.order_id,
        u.unit,
        -- when the platform got it; the time a sender claims does not move the window
        coalesce(e.seen_at, e.event_at) as got_at,
        e.channel = 'server' and coalesce(e.accepted, false) as is_taken
    from id_events c
    join sent_events e on e.event_key = c.event_key
    left join purchase_units u on u.event_key = e.event_key
    where e.platform in ('meta', 'tiktok')
      and coalesce(e.accepted, true)
),
ids as (
    select
        id_key,
        step,
        count(*) as copies,
        min(got_at) as first_at,
        max(got_at) as last_at,
        min(case when channel = 'browser' then got_at end) as first_browser_at,
        max(case when channel = 'browser' then got_at end) as last_browser_at,
        min(case when is_taken then got_at end) as taken_at,
        min(order_id) as order_id,
        min(session) as session,
        -- the copies of most ids are of one order, or of one visit
        (count(unit) = count(*) and min(unit) = max(unit))
            or (count(unit) = 0 and (count(session) = 0 or (count(session) = count(*) and min(session) = max(session)))) as is_one_act
    from copies
    group by id_key, step
    having count(*) > 1
),
-- an id shared by several orders or shoppers is another fault: each of them is looked at apart
acts as (
    select
        c.id_key,
        c.step,
        c.event_key,
        coalesce(c.unit, h.shopper, '') as act
    from ids i
    join copies c
        on c.id_key = i.id_key
       and c.step = i.step
    left join shoppers h
        on h.platform = c.platform
       and h.session = c.session
    where not i.is_one_act
),
spans as (
    select
        id_key,
        step,
        '' as act,
        first_at,
        last_at,
        first_browser_at,
        last_browser_at,
        taken_at,
        order_id,
        session
    from ids
    where is_one_act
    union all
    select
        a.id_key,
        a.step,
        a.act,
        min(c.got_at),
        max(c.got_at),
        min(case when c.channel = 'browser' then c.got_at end),
        max(case when c.channel = 'browser' then c.got_at end),
        min(case when c.is_taken then c.got_at end),
        min(c.order_id),
        min(c.session)
    from acts a
    join copies c on c.event_key = a.event_key
    group by a.id_key, a.step, a.act
    having count(*) > 1
),
judged as (
    select
        s.*,
        w.amount as window_s,
        epoch(s.last_at) - epoch(s.first_at) as apart_s
    from spans s
    join plan_limits w on w.name = 'dedup_window_s'
),
ends as (
    select
        j.id_key,
        j.step,
        j.act,
        min(case when c.got_at = j.first_at then c.ref end) as first_ref,
        min(case when c.got_at = j.last_at then c.ref end) as last_ref
    from judged j
    join copies c
        on c.id_key = j.id_key
       and c.step = j.step
    left join acts a on a.event_key = c.event_key
    where j.apart_s > j.window_s
      and coalesce(a.act, '') = j.act
    group by j.id_key, j.step, j.act
),
payments as (
    select
        j.order_id,
        min(o.paid_at) as paid_at
    from judged j
    join orders o on o.order_id = j.order_id
    where j.apart_s > j.window_s
      and j.step = 'Purchase'
    group by j.order_id
),
answered as (
    select
        k.platform,
        j.step,
        k.event_id,
        j.order_id,
        j.session,
        j.first_at,
        j.last_at,
        j.first_browser_at,
        j.last_browser_at,
        case when epoch(j.taken_at) - epoch(j.first_at) <= j.window_s then j.taken_at end as taken_at,
        -- It left soon after the payment, by the time the plan gives every event.
        case when p.paid_at > j.first_at and epoch(j.last_at) - epoch(p.paid_at) between -60 and l.amount then p.paid_at end as paid_at,
        j.window_s,
        j.apart_s,
        j.apart_s <= j.window_s as ok,
        e.first_ref,
        e.last_ref
    from judged j
    join events k on k.event_key = j.id_key
    left join ends e
        on e.id_key = j.id_key
       and e.step = j.step
       and e.act = j.act
    left join payments p
        on p.order_id = j.order_id
       and j.step = 'Purchase'
    join plan_limits l on l.name = 'late_after_s'
    union all
    -- The copies of a plain id are of one act and within the window.
    select
        c.platform,
        c.step,
        b.event_id,
        b.order_id,
        least(b.session, s.session),
        least(coalesce(b.seen_at, b.event_at), coalesce(s.seen_at, s.event_at)),
        greatest(coalesce(b.seen_at, b.event_at), coalesce(s.seen_at, s.event_at)),
        coalesce(b.seen_at, b.event_at),
        coalesce(b.seen_at, b.event_at),
        cast(null as timestamp),
        cast(null as timestamp),
        w.amount,
        abs(epoch(coalesce(s.seen_at, s.event_at)) - epoch(coalesce(b.seen_at, b.event_at))),
        true,
        cast(null as varchar),
        cast(null as varchar)
    from id_copies c
    join plan_limits w on w.name = 'dedup_window_s'
    join events b on b.event_key = c.browser_key
    join events s on s.event_key = c.server_key
    where c.is_plain
      and c.platform in ('meta', 'tiktok')
),
explained as (
    select
        *,
        case
            when ok then null
            when epoch(last_browser_at) - epoch(first_at) > window_s then 'revisited_page'
            when paid_at is not null then 'at_payment'
            when taken_at is not null then 'sent_again'
            else 'queue_delay'
        end as found_cause
    from answered
)
select
    platform,
    step,
    coalesce(order_id, event_id) as subject,
    order_id,
    session,
    ok,
    'all copies within ' || case
        when window_s < 3600 then number_text(round(cast(window_s / 60 as decimal(18, 2)), 1)) || ' min'
        else number_text(round(cast(window_s / 3600 as decimal(18, 2)), 1)) || ' h'
    end as expected,
    case when first_browser_at = first_at then 'browser' else 'server' end || ' first, '
        || case when last_browser_at = last_at then 'browser' else 'server' end || ' '
        -- a second beside two days is no copy within them
        || case
            when not ok and round(apart_s / case when apart_s < 3600 then 1 else 360 end) = round(window_s / case when apart_s < 3600 then 1 else 360 end) then 'more than '
            else ''
        end
        || case
            when apart_s < 3600 then number_text(round(cast(apart_s as decimal(18, 2)), 0)) || ' s'
            else number_text(round(cast(apart_s / 3600 as decimal(18, 2)), 1)) || ' h'
        end || ' later, '
        || case found_cause
            when 'at_payment' then 'when the order was paid (' || told_time(paid_at, '%Y-%m-%d %H:%M:%S') || '), '
            when 'sent_again' then 'after the server''s copy of ' || told_time(taken_at, '%Y-%m-%d %H:%M:%S') || ' had been accepted, '
            else ''
        end
        || 'id ' || event_id as actual,
    found_cause as cause,
    first_ref as ref,
    last_ref as other_ref
from explained

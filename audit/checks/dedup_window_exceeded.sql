/*
title    = "The copies of one event arrive within the platform's window"
failure  = "A copy of an event arrived too late to be merged"
facet    = "dedup"
severity = "blocker"
severity_other_steps = "warning"
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

[causes.queue_delay]
means       = "The server's copy left days after the first one: it waited in a queue, a nightly job or a long retry."
first_check = "Look when the server's job for this event runs and how long a failed attempt keeps being repeated."
not_yet     = "Do not put the present time on late events to get them accepted; they would count as new sales."
remedy      = "Send within an hour of the sale, and drop what is older than the window instead of sending it."
owner       = "data"
*/
with copies as (
    select
        e.platform,
        e.step,
        e.event_name,
        e.event_id,
        e.channel,
        e.event_key,
        e.ref,
        e.session,
        e.order_id,
        -- when the platform got it; the time a sender claims does not move the window
        coalesce(e.seen_at, e.event_at) as got_at,
        -- an id shared by several orders or shoppers is another fault: each of them is looked at apart
        coalesce(u.unit, h.shopper, '') as act
    from sent_events e
    left join purchase_units u on u.event_key = e.event_key
    left join shoppers h
        on h.platform = e.platform
       and h.session = e.session
    where e.platform in ('meta', 'tiktok')
      and e.event_id is not null
      and coalesce(e.accepted, true)
),
spans as (
    select
        platform,
        step,
        event_name,
        event_id,
        act,
        count(*) as copies,
        min(got_at) as first_at,
        max(got_at) as last_at,
        min(order_id) as order_id,
        min(session) as session
    from copies
    group by platform, step, event_name, event_id, act
    having count(*) > 1
),
judged as (
    select
        s.platform,
        s.step,
        s.event_name,
        s.event_id,
        s.act,
        s.order_id,
        s.session,
        s.first_at,
        s.last_at,
        w.amount as window_s,
        epoch(s.last_at) - epoch(s.first_at) as apart_s
    from spans s
    join plan_limits w on w.name = 'dedup_window_s'
),
ends as (
    select
        j.platform,
        j.step,
        j.event_name,
        j.event_id,
        j.act,
        max(case when c.channel = 'browser' and epoch(c.got_at) - epoch(j.first_at) > j.window_s then 1 else 0 end) as late_browser,
        min(case when c.got_at = j.first_at then c.ref end) as first_ref,
        min(case when c.got_at = j.first_at then c.channel end) as first_channel,
        min(case when c.got_at = j.last_at then c.ref end) as last_ref,
        min(case when c.got_at = j.last_at then c.channel end) as last_channel
    from judged j
    join copies c
        on c.platform = j.platform
       and c.step = j.step
       and c.event_name = j.event_name
       and c.event_id = j.event_id
       and c.act = j.act
    group by j.platform, j.step, j.event_name, j.event_id, j.act
)
select
    j.platform,
    j.step,
    coalesce(j.order_id, j.event_id) as subject,
    j.order_id,
    j.session,
    j.apart_s <= j.window_s as ok,
    'all copies within ' || number_text(round(cast(j.window_s / 3600 as decimal(18, 2)), 1)) || ' h' as expected,
    e.first_channel || ' first, ' || e.last_channel || ' '
        || case
            when j.apart_s < 3600 then number_text(round(cast(j.apart_s as decimal(18, 2)), 0)) || ' s'
            else number_text(round(cast(j.apart_s / 3600 as decimal(18, 2)), 1)) || ' h'
        end || ' later, id ' || j.event_id as actual,
    case
        when j.apart_s <= j.window_s then null
        when e.late_browser = 1 then 'revisited_page'
        else 'queue_delay'
    end as cause,
    e.first_ref as ref,
    e.last_ref as other_ref
from judged j
join ends e
    on e.platform = j.platform
   and e.step = j.step
   and e.event_name = j.event_name
   and e.event_id = j.event_id
   and e.act = j.act

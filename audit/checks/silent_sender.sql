/*
title       = "Every declared sender was heard"
failure     = "A declared sender of a core event sent nothing"
facet       = "senders"
severity    = "warning"
follows  = ["order_without_purchase", "missing_browser_event", "missing_server_event", "undeclared_sender", "wrong_store", "missing_click_id", "nonstandard_event_name"]
needs       = ["register"]
why         = """
A sender that stands in the register and is not heard is either broken or gone. The budget counts on its events, and nobody
notices their absence until the numbers sink.
"""
means       = "The register names this sender for the step, and the evidence holds no event of it, though others sent the step or an order proves it."
first_check = "See whether the entry's match still fits: a renamed script or pixel makes a working sender look silent."
not_yet     = "Do not add a replacement sender before you know that this one is really dead; you would soon have two."
remedy      = "Mend the sender, correct its match in the register, or remove the entry."
owner       = "tracking"
*/
with declared as (
    select
        p.entry,
        p.name,
        p.platform,
        p.channel,
        t.step
    from plan_senders p
    join plan_sender_steps t on t.entry = p.entry
),
heard as (
    select
        c.entry,
        c.step,
        min(s.first_key) as first_key,
        sum(s.events) as events
    from sender_claims c
    join sender_steps s
        on s.fingerprint = c.fingerprint
       and s.step = c.step
    group by c.entry, c.step
),
steps_seen as (
    select
        platform,
        step,
        min(first_key) as any_key
    from sender_steps
    where step is not null
    group by platform, step
),
channels_seen as (
    select
        platform,
        channel,
        sum(events) as events
    from sender_steps
    group by platform, channel
),
kinds_seen as (
    select channel
    from sender_steps
    union
    select kind
    from sources
    where coalesce(rejected < read_rows, true)
      and (kind = 'browser' or (kind = 'server' and coalesce(has_bodies, true)))
),
-- Servers somebody watched: a log of those that send to TikTok shows nothing of one that sends to Meta.
watched as (
    select platform
    from log_windows
    where channel = 'server'
    union
    select platform
    from channels_seen
    where channel = 'server'
    union
    select p.platform
    from plan_platforms p
    join observed_senders f on f.relay_store is not null
),
-- Only SnackVideo's duty hangs on them.
clicks_seen as (
    select platform
    from landings
    where platform = 'snackvideo'
      and session is not null
      and click_id is not null
    union
    select platform
    from events
    where platform = 'snackvideo'
      and session is not null
      and coalesce(cookie_click, click_id) is not null
),
-- A request whose content was not recorded may have been the sender's.
unread as (
    select platform
    from unread_hits
    group by platform
),
duties as (
    -- Where payments count, an order that was not paid is owed none.
    select count(*) as orders
    from expected_orders
    where is_due
),
required as (
    select
        platform,
        step,
        channel
    from plan_requirements
),
judged as (
    select
        d.entry,
        d.name,
        d.platform,
        d.channel,
        d.step,
        h.first_key,
        h.events,
        s.any_key,
        case
            when h.entry is not null then true
            when k.channel is null or (d.channel = 'server' and a.platform is null) then null
            when d.channel = 'browser' and u.platform is not null then null
            -- SnackVideo's own beacon is unknown: its browser events come from a log of calls or not at all
            when d.platform = 'snackvideo' and d.channel = 'browser' and n.events is null then null
            -- SnackVideo's server sends only for shoppers with a click id, and must for required steps only
            when d.platform = 'snackvideo' and d.channel = 'server' and (w.platform is null or r.platform is null) then null
            -- the step itself was not seen: the shopper may not have come that far
            when s.step is null and not (d.step = 'Purchase' and o.orders > 0) then null
            else false
        end as ok,
        case
            when k.channel is null then 'no ' || d.channel || ' evidence was supplied'
            when d.channel = 'browser' and u.platform is not null then 'the capture holds requests to this platform without their content'
            when d.platform = 'snackvideo' and d.channel = 'browser' and n.events is null
                then 'no log of browser calls was supplied'
            when d.platform = 'snackvideo' and d.channel = 'server' and w.platform is null then 'no shopper with a click id was seen'
            when d.platform = 'snackvideo' and d.channel = 'server' and r.platform is null
                then 'nothing; the plan does not ask the server for this step'
            when s.step is null then 'no ' || d.step || ' was seen from anyone'
            when d.channel = 'server' and a.platform is null then 'no log of a server that sends to this platform was supplied'
            else 'nothing, though the step was seen'
        end as silence
    from declared d
    cross join duties o
    left join heard h
        on h.entry = d.entry
       and h.step = d.step
    left join kinds_seen k on k.channel = d.channel
    left join watched a on a.platform = d.platform
    left join unread u on u.platform = d.platform
    left join channels_seen n
        on n.platform = d.platform
       and n.channel = d.channel
    left join required r
        on r.platform = d.platform
       and r.step = d.step
       and r.channel = d.channel
    left join clicks_seen w on w.platform = d.platform
    left join steps_seen s
        on s.platform = d.platform
       and s.step = d.step
)
select
    j.platform,
    j.step,
    j.name as subject,
    cast(null as varchar) as order_id,
    cast(null as varchar) as session,
    j.ok,
    j.step || ' from the ' || j.channel as expected,
    case
        when j.ok then cast(j.events as varchar) || case when j.events = 1 then ' event' else ' events' end
        when j.ok = false and j.any_key is null then 'nothing, though the export holds orders'
        else j.silence
    end as actual,
    cast(null as varchar) as cause,
    e.ref,
    cast(null as varchar) as other_ref
from judged j
left join events e on e.event_key = coalesce(j.first_key, j.any_key)

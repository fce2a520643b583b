/*
title       = "TikTok and SnackVideo clicks are no older than the plan allows"
failure     = "An event carries a click id that is older than the plan allows"
facet       = "attribution"
severity    = "warning"
needs       = ["events"]
why         = """
TikTok and SnackVideo credit a sale to a click for a limited time only; TikTok's is set in the ad account, at most 28 days. An event
that carries an older click earns no credit, and hides that the present visit came from somewhere else.
"""
means       = "The click id landed more days before the event than the plan allows for this platform."
first_check = "Compare the plan's days with the click-through window of the ad account (TikTok: Attribution Manager), and both with how long the site keeps the id."
not_yet     = "Do not shorten the cookie's life before the windows are compared; within the window the click still counts."
remedy      = "Set limits.click_id_days in the plan to the window; let the stored id end after it, and overwrite it at each landing that brings a new one."
owner       = "tracking"
*/
with arrivals as (
    select
        platform,
        click_id,
        min(landed_at) as landed_at,
        min(ref) as ref
    from landings
    where platform in ('tiktok', 'snackvideo')
      and click_id is not null
    group by platform, click_id
),
judged as (
    select
        e.platform,
        e.step,
        e.channel,
        e.order_id,
        coalesce(e.order_id, e.order_key, e.event_id, v.session, e.session, e.ref) as subject,
        coalesce(v.session, e.session) as session,
        e.ref,
        e.click_id,
        a.landed_at,
        a.ref as landed_ref,
        -- A wrong event time must not age a click.
        least(coalesce(e.event_at, e.seen_at), coalesce(e.seen_at, e.event_at)) as used_at,
        coalesce(p.amount, 7) as days
    from sent_events e
    join arrivals a on a.platform = e.platform and a.click_id = e.click_id
    left join lent_visits v on v.event_key = e.event_key
    left join plan_limits p on p.name = 'click_id_days_' || e.platform
)
select
    platform,
    step,
    subject,
    order_id,
    session,
    epoch(used_at) - epoch(landed_at) <= days * 86400 as ok,
    case when days = 1 then 'a click of the last day' else 'a click of the last ' || number_text(cast(days as decimal(18, 3))) || ' days' end as expected,
    channel || ' event with click id ' || shown_id(click_id) || ' that landed on ' || strftime(landed_at, '%Y-%m-%d') || ', '
        || counted(cast(floor((epoch(used_at) - epoch(landed_at)) / 86400) as bigint), 'day') || ' before' as actual,
    cast(null as varchar) as cause,
    ref,
    landed_ref as other_ref
from judged

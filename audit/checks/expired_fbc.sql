/*
title       = "Meta clicks are no older than the plan allows"
failure     = "A Meta event carries an ad click that is older than the plan allows"
facet       = "attribution"
severity    = "warning"
needs       = ["events"]
why         = """
Meta keeps its click cookie for 90 days. A server that goes on sending older clicks cannot earn credit with them, and Events
Manager may warn of expired click ids.
"""
means       = "The time inside fbc lies further back than the plan's days for a Meta click."
first_check = "See where this fbc came from: usually a customer profile, a CRM or an old order instead of the present visit."
not_yet     = "Do not re-date the click to make it pass; that turns an old click into a false new one."
remedy      = "Read fbc from the present visit's cookie, and drop stored clicks after the days the plan allows."
owner       = "data"
*/
with judged as (
    select
        e.step,
        e.channel,
        e.order_id,
        coalesce(e.order_id, e.order_key, e.event_id, v.session, e.session, e.ref) as subject,
        coalesce(v.session, e.session) as session,
        e.ref,
        e.click_id,
        o.click_id is null as is_young,
        o.made_at,
        -- A wrong event time must not age a click.
        least(coalesce(e.event_at, e.seen_at), coalesce(e.seen_at, e.event_at)) as used_at,
        coalesce(p.amount, 90) as days
    from sent_events e
    left join odd_fbcs o on o.click_id = e.click_id
    left join lent_visits v on v.event_key = e.event_key
    left join plan_limits p on p.name = 'click_id_days_meta'
    where e.platform = 'meta'
      and e.click_id is not null
      -- coalesce: DuckDB 2.0 breaks on a column of nothing but NULLs here
      and (o.click_id is null or (o.made_at is not null and not o.is_browser_id and coalesce(e.click_id, '') like 'fb.%'))
)
select
    'meta' as platform,
    step,
    subject,
    order_id,
    session,
    case when is_young then true else epoch(used_at) - epoch(made_at) <= days * 86400 end as ok,
    case when days = 1 then 'a click of the last day' else 'a click of the last ' || number_text(cast(days as decimal(18, 3))) || ' days' end as expected,
    channel || ' fbc created on ' || strftime(fb_created(click_id), '%Y-%m-%d') || ', '
        || counted(cast(floor((epoch(used_at) - epoch(fb_created(click_id))) / 86400) as bigint), 'day') || ' before the event' as actual,
    cast(null as varchar) as cause,
    ref,
    cast(null as varchar) as other_ref
from judged

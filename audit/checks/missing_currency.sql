/*
title    = "Every value has a currency beside it"
failure  = "A value was sent without a currency"
facet    = "money"
severity = "blocker"
severity_other_steps = "warning"
needs    = []
why      = """
150000 of what? Meta refuses a server Purchase without a currency, and whoever takes the value without one has to guess. A sale in
rupiah may then count as so many dollars, or not at all.
"""
means       = "The event carries a number but no currency, so the platform must guess or refuse."
first_check = "Where there are two copies, compare them: one side usually sends the currency, and shows where the other lost it. Else look which field the sender takes it from."
not_yet     = "Do not change the ad account's currency so that the guess comes out right."
remedy      = "Send the order's three-letter currency code in every event that has a value, on both sides."
owner       = "tracking"
*/
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref) as subject,
    order_id,
    session,
    currency is not null as ok,
    'a currency beside the value' as expected,
    channel || ' sent ' || coalesce(money_text(value, currency), value_sent)
        || case when currency is not null then '' when currency_sent = '' then ' and an empty currency' else ' and no currency' end as actual,
    cast(null as varchar) as cause,
    case when platform <> 'meta' then 'warning' end as severity,
    ref,
    null as other_ref
from sent_events
where trim(value_sent) <> ''

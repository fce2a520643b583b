/*
title    = "Every currency is a three-letter ISO code"
failure  = "The currency is no ISO 4217 code"
facet    = "money"
severity = "blocker"
severity_other_steps = "warning"
needs    = []
why      = """
Platforms know currencies by their three-letter codes. 'Rp', '$' or 'Rupiah' is no code: the value beside it cannot be converted,
and the event is refused or counted as worth nothing.
"""
means       = "The currency field holds a sign, a name or a placeholder instead of a code such as IDR."
first_check = "Look which field of the shop the tag reads; shops keep the sign for display and the code in different fields."
not_yet     = "Do not translate signs into codes in the tag: '$' alone stands for a dozen currencies."
remedy      = "Send the code the order itself carries."
owner       = "tracking"
*/
select
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref) as subject,
    e.order_id,
    e.session,
    c.currency is not null as ok,
    'a currency code' || coalesce(', ' || o.currency, ' such as IDR') as expected,
    e.channel || ' sent "' || e.currency_sent || '"' as actual,
    cast(null as varchar) as cause,
    case when e.platform <> 'meta' then 'warning' end as severity,
    e.ref,
    o.ref as other_ref
from sent_events e
left join currencies c on c.currency = e.currency
left join orders o on o.order_id = e.order_id
where e.currency is not null

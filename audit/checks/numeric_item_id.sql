/*
title    = "Relay items carry unique ids"
failure  = "Relay items carry the checkout's numbers instead of unique ids"
facet    = "payload"
severity = "warning"
needs    = ["server events"]
why      = """
The checkout takes plain numbers, the relay wants the unique ids of variants and bundle price options. With a number the relay
finds no product: the event goes out without its goods, and catalogue ads learn nothing from the sale.
"""
means       = "The relay's item list holds plain numbers, which are the ids the checkout uses."
first_check = "Compare the list with the product's own data: beside the number stands a unique id."
not_yet     = "Do not put a prefix before the number; an invented id is not found either."
remedy      = "Fill the list from the unique id of the same product row."
owner       = "tracking"
*/
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref) as subject,
    order_id,
    session,
    not regexp_matches(relay_item_ids, '(^|,)[0-9]+(,|$)') as ok,
    'unique ids such as variant_… or bundle_price_option_…' as expected,
    'relay items ' || relay_item_ids as actual,
    cast(null as varchar) as cause,
    ref,
    null as other_ref
from sent_events
where relay_item_ids is not null

/*
title    = "Relay requests go to the plan's store"
failure  = "A relay request goes to another store"
facet    = "delivery"
severity = "blocker"
needs    = ["server events", "relay store"]
why      = """
The store in the relay's address decides whose pixels get the event. Requests for another store are accepted like any other,
and the sales appear in that store's account: this launch sees none of them, and the other one learns from strangers.
"""
means       = "The address of the request holds another store's id than the plan names."
first_check = "Compare the two ids below: is the code from another shop's page, or does the plan name the wrong store?"
not_yet     = "Do not add this launch's pixel to the other store: both launches would be mixed for good."
remedy      = "Put this store's id, and its publishable key, into the storefront's settings, then repeat the test order."
owner       = "tracking"
*/
select
    d.platform,
    d.step,
    coalesce(d.order_id, d.order_key, d.event_id, d.session, d.ref) as subject,
    d.order_id,
    d.session,
    d.relay_store = p.relay_store as ok,
    'store ' || p.relay_store as expected,
    coalesce('store ' || d.relay_store, 'no store in the address') as actual,
    cast(null as varchar) as cause,
    d.ref,
    cast(null as varchar) as other_ref
from deliveries d
join plan_platforms p on p.platform = d.platform
where d.endpoint like '%relay'
  and p.relay_store is not null

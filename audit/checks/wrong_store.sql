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
first_check = "Compare the two ids that the finding shows: is the code from another shop's page, or does the plan name the wrong store?"
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
    'blocker' as severity,
    d.ref,
    cast(null as varchar) as other_ref
from deliveries d
join plan_platforms p on p.platform = d.platform
where d.endpoint like '%relay'
  and p.relay_store is not null
  and d.in_plan
union all
select
    d.platform,
    null,
    'store ' || d.relay_store,
    null,
    null,
    false,
    'store ' || p.relay_store,
    cast(count(*) as varchar) || case when count(*) = 1 then ' request' else ' requests' end || ' from pages of '
        || min(e.page_host) || case when min(e.page_host) <> max(e.page_host) then ' and others' else '' end
        || ': another shop''s traffic in this file, left aside',
    null,
    'note',
    min(d.ref),
    null
from deliveries d
join plan_platforms p on p.platform = d.platform
join events e on e.event_key = d.event_key
where d.endpoint like '%relay'
  and p.relay_store is not null
  and d.relay_store <> p.relay_store
  and not d.in_plan
group by d.platform, d.relay_store, p.relay_store

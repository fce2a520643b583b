/*
title       = "A test order came through an ad click"
failure     = "No test order came through an ad click"
facet       = "attribution"
severity    = "note"
needs       = ["events", "orders"]
why         = """
A test order placed by typing the address proves that events arrive, not that a sale is credited to an ad. Only a visit with a
click id in its address tests that road.
"""
means       = "None of the named orders was placed in a visit that landed with an ad click, so nothing here proves or disproves attribution."
first_check = "Look at how the test orders were placed: from a bookmark or a typed address, or through the ad's own link."
not_yet     = "Do not read the silence of the other attribution checks as a pass."
remedy      = "Place one more test order per platform through the ad's own link, in a fresh browser window; see that the address it opens holds fbclid, ttclid or click_id."
owner       = "media"
*/
with named_visits as (
    select
        o.order_id,
        s.session
    from orders o
    left join order_sessions s on s.order_id = o.order_id
    where o.is_named
      and o.event_duty <> 'no'
),
clicked as (
    select
        c.session,
        min(c.ref) as ref
    from (select distinct session from named_visits) v
    join session_clicks c on c.session = v.session
    group by c.session
),
counted as (
    select
        count(distinct v.order_id) as order_count,
        count(distinct case when v.session is not null then v.order_id end) as seen_count,
        count(distinct case when c.session is not null then v.order_id end) as clicked_count,
        min(c.ref) as ref
    from named_visits v
    left join clicked c on c.session = v.session
)
select
    cast(null as varchar) as platform,
    cast(null as varchar) as step,
    'test orders' as subject,
    cast(null as varchar) as order_id,
    case when clicked_count > 0 then true when seen_count > 0 then false end as ok,
    'at least one test order from an ad click' as expected,
    cast(clicked_count as varchar) || ' of ' || cast(order_count as varchar) || ' came with a click id'
        || case when seen_count < order_count
            then '; the visit of ' || cast(order_count - seen_count as varchar) || ' is not in evidence' else '' end as actual,
    cast(null as varchar) as cause,
    ref,
    cast(null as varchar) as other_ref
from counted
where order_count > 0

/*
title    = "Server events carry no test code"
failure  = "A server event carries a test event code"
facet    = "delivery"
severity = "blocker"
needs    = ["server events"]
why      = """
Meta shows events with a test code in its Test Events tab and counts them all the same, for ads and for measurement. The code
helps while testing. Left in, real sales carry the marks of a test and test orders feed the ads.
"""
means       = "The sender still adds a test event code: to an order that is no test order, or to the test orders themselves, which shows it is switched on."
first_check = "Search the sender's settings and code for the test event code; it is usually a setting someone forgot to empty."
not_yet     = "Do not leave it for after the launch, and do not count on the platform to drop such events: Meta keeps them."
remedy      = "Empty the setting, place one more order, and see that its server event carries no code."
owner       = "tracking"
*/
with listed as (
    -- The plan's own list, by every key the order is known by.
    select k.order_id as order_name
    from plan_test_orders t
    join order_keys k on k.key = t.order_key
    union
    select order_key
    from plan_test_orders
),
judged as (
    select
        d.platform,
        d.step,
        d.order_id,
        d.order_key,
        d.event_id,
        d.session,
        d.ref,
        d.has_test_code,
        coalesce(d.order_id, d.order_key) as order_name,
        exists (select 1 from plan_test_orders) as has_list,
        -- Without a list a large export is a day's sales, no test.
        coalesce(o.is_traffic, false) as is_sale
    from deliveries d
    left join expected_orders o on o.order_id = d.order_id
)
select
    j.platform,
    j.step,
    coalesce(j.order_id, j.order_key, j.event_id, j.session, j.ref) as subject,
    j.order_id,
    j.session,
    not j.has_test_code as ok,
    'no test event code' as expected,
    case
        when not j.has_test_code then 'none'
        when j.has_list and j.order_name is not null and l.order_name is null
            then 'a test event code on order ' || j.order_name || ', which is no test order of the plan'
        when j.is_sale then 'a test event code on order ' || j.order_id || ', one of the day''s sales'
        else 'a test event code: remove it before launch'
    end as actual,
    cast(null as varchar) as cause,
    case when j.is_sale or (j.has_list and j.order_name is not null and l.order_name is null) then 'blocker' else 'warning' end as severity,
    j.ref,
    cast(null as varchar) as other_ref
from judged j
left join listed l on l.order_name = j.order_name

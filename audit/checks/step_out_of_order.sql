/*
title    = "The steps run in the order of a purchase"
failure  = "The steps of a test order did not run in the expected order"
facet    = "chain"
severity = "warning"
follows  = ["event_time_out_of_range"]
needs    = ["orders"]
why      = """
Seen, put into the cart, went to the checkout, bought: platforms read intent from this order. When a later step comes first, an
event hangs on the wrong page or button, and the funnel in the reports shows more checkouts than carts.
"""
means       = "The first time a later step fired lies before the first time of an earlier one."
first_check = "Compare the two times below with the pages of the visit: one of the two events fires on a page where it does not belong."
not_yet     = "Do not change the campaign's goal event because the funnel looks odd; the events are misplaced, not the shoppers."
remedy      = "Move the event to the page or button it stands for, and walk the path once more."
owner       = "tracking"
*/
with times as (
    select
        o.order_id,
        o.platform,
        o.step,
        min(o.session) as session,
        min(case when o.channel = 'browser' then o.happened_at end) as browser_at,
        min(case when o.channel = 'server' then o.happened_at end) as server_at,
        min(case when o.channel = 'browser' then o.source end) as browser_source,
        min(case when o.channel = 'server' then o.source end) as server_source,
        min(case when o.channel = 'browser' then o.ref end) as browser_ref,
        min(case when o.channel = 'server' then o.ref end) as server_ref
    from expected_orders x
    join order_events o on o.order_id = x.order_id
    where x.is_named
      and o.is_sent
      and o.how <> 'probable'
    group by o.order_id, o.platform, o.step
),
firsts as (
    select
        t.order_id,
        t.platform,
        t.step,
        case t.step when 'ViewContent' then 1 when 'AddToCart' then 2 when 'InitiateCheckout' then 3 else 4 end as place,
        t.session,
        coalesce(t.browser_at, t.server_at) as first_at,
        coalesce(t.browser_source, t.server_source) as source,
        coalesce(t.browser_ref, t.server_ref) as ref
    from times t
),
neighbours as (
    select
        *,
        lag(step) over (partition by order_id, platform order by place) as before_step,
        lag(place) over (partition by order_id, platform order by place) as before_place,
        lag(first_at) over (partition by order_id, platform order by place) as before_at,
        lag(source) over (partition by order_id, platform order by place) as before_source,
        lag(ref) over (partition by order_id, platform order by place) as before_ref
    from firsts
),
breaks as (
    -- Two files' clocks may differ by a minute; one file has one clock. Of a step before the recording's first, the first time is not
    -- in it.
    select
        n.*,
        l.reason as unshown
    from neighbours n
    left join late_starts l on l.order_id = n.order_id and l.platform = n.platform and n.before_place < l.place
    where n.before_at > n.first_at + case when n.source = n.before_source then interval 0 seconds else interval 60 seconds end
),
first_breaks as (
    select
        *,
        row_number() over (partition by order_id, platform order by case when unshown is null then 0 else 1 end, place) as nth
    from breaks
),
paths as (
    select
        order_id,
        platform,
        count(*) as step_count,
        max(case when step = 'Purchase' then 1 else 0 end) as has_purchase,
        min(session) as session,
        min(ref) as ref
    from firsts
    group by order_id, platform
)
select
    p.platform,
    coalesce(b.step, 'Purchase') as step,
    p.order_id as subject,
    p.order_id,
    coalesce(b.session, p.session) as session,
    case when b.unshown is not null then null when b.order_id is not null then false when p.step_count >= 2 then true end as ok,
    case when b.order_id is null then 'ViewContent, AddToCart, InitiateCheckout, Purchase, in this order'
        else b.before_step || ' before ' || b.step end as expected,
    case
        when b.order_id is not null
            then b.step || ' at ' || strftime(b.first_at, '%H:%M:%S.%g') || ', ' || b.before_step || ' at ' || strftime(b.before_at, '%H:%M:%S.%g') || ' UTC'
                || coalesce('; ' || b.unshown, '')
        when p.step_count >= 2 then p.step_count || ' steps in order'
        else 'one step alone is in the evidence'
    end as actual,
    cast(null as varchar) as cause,
    coalesce(b.ref, p.ref) as ref,
    b.before_ref as other_ref
from paths p
left join first_breaks b on b.order_id = p.order_id and b.platform = p.platform and b.nth = 1
where p.has_purchase = 1

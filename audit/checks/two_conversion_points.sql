/*
title    = "Purchase fires at one point of the order's life"
failure  = "Purchase fires when the order is created and again when it is paid"
facet    = "chain"
severity = "blocker"
needs    = ["orders"]
why      = """
Two places that each mean well make one sale two: the thank-you page reports the order, later the payment page or the backend
reports it again under another id, which no platform can merge. The second half of the count arrives hours later and looks like new
sales from old ads.
"""

[causes.payment_page]
means       = "One Purchase left when the order was created and another when the buyer opened the payment page."
first_check = "Open the payment page of a test order and watch whether Purchase leaves, and compare its event_id with the first one."
not_yet     = "Do not switch off the first Purchase before the plan says which of the two points counts."
remedy      = "Keep the point the plan names, and send AddPaymentInfo or nothing on the other page."
owner       = "tracking"

[causes.backend_event]
means       = "A second server sender reports the sale again later, as a backend does when a payment is confirmed, under an id of its own."
first_check = "Look for a setting such as 'trigger purchase on payment' in the shop backend, and for the app or job that the finding names."
not_yet     = "Do not keep both because one of them 'is only the server': each counts."
remedy      = "Switch off the sender the plan does not name, or hand it the first event's id so that the platform can merge them."
owner       = "data"
*/
with second_sends as (
    -- Orders with a second send: of another id, or without one on the same side.
    select
        order_id,
        platform
    from order_events
    where step = 'Purchase'
      and how in ('carried', 'copy')
      and is_sent
      and not is_refused
    group by order_id, platform
    having min(event_id) <> max(event_id)
        or count(case when event_id is null and channel = 'browser' then 1 end) > 1
        or count(case when event_id is null and channel = 'server' then 1 end) > 1
),
purchases as (
    select
        o.order_id,
        o.platform,
        o.channel,
        o.session,
        o.ref,
        o.event_id,
        o.event_key,
        o.happened_at,
        e.sender,
        -- The address after its first part may hold the order's secret.
        '/' || split_part(e.page_path, '/', 2) || case when e.page_path like '%/order-pay/%' then '/order-pay' else '' end as page,
        e.page_cut,
        -- Copies of one id are one send; where there is no id, one side is looked at alone.
        case when o.event_id is null then o.channel else 'id' end as lane,
        coalesce(o.event_id, o.ref || ' ' || cast(o.event_key as varchar)) as send
    from second_sends s
    join order_events o on o.order_id = s.order_id and o.platform = s.platform
    join events e on e.event_key = o.event_key
    where o.step = 'Purchase'
      and o.how in ('carried', 'copy')
      and o.is_sent
      and not o.is_refused
      and coalesce(e.value >= 0, true)  -- a refund told as a negative sale is no second sale (invalid_value)
),
sends as (
    select
        order_id,
        platform,
        lane,
        send,
        min(event_id) as event_id,
        min(session) as session,
        min(happened_at) as happened_at,
        min(case when page_cut then null else page end) as page,
        max(case when channel = 'browser' then 1 else 0 end) as in_browser,
        min(case when channel = 'server' then sender end) as server_sender,
        min(ref) as ref
    from purchases
    group by order_id, platform, lane, send
),
ranked as (
    select
        *,
        row_number() over (partition by order_id, platform, lane order by happened_at, send) as nth
    from sends
),
first_senders as (
    -- Which server had reported the order up to then.
    select order_id, platform, min(server_sender) as server_sender
    from ranked
    where nth = 1
    group by order_id, platform
),
payments as (
    select order_id, min(paid_at) as paid_at
    from orders
    where order_id in (select order_id from second_sends)
    group by order_id
),
seconds as (
    select
        l.order_id,
        l.platform,
        l.ref,
        l.session,
        f.ref as first_ref,
        f.page as first_page,
        l.page,
        f.event_id as first_id,
        l.event_id,
        f.happened_at as first_at,
        l.happened_at,
        l.server_sender,
        case
            when l.page <> f.page
                and regexp_matches(lower(l.page), '^/(pay|bayar|pembayaran|invoice|billing)|/order-pay')
                and not regexp_matches(lower(f.page), '^/(pay|bayar|pembayaran|invoice|billing)|/order-pay')
                then 'payment_page'
            when l.in_browser = 0
                and l.server_sender <> coalesce(s.server_sender, '')
                -- Two servers at one moment are two senders of one point; later, or across the payment, it is another point.
                and (
                    l.happened_at >= f.happened_at + interval 10 minutes
                    or (f.happened_at < o.paid_at - interval 60 seconds and l.happened_at >= o.paid_at - interval 60 seconds)
                )
                then 'backend_event'
        end as found_cause
    from ranked l
    join ranked f on f.order_id = l.order_id and f.platform = l.platform and f.lane = l.lane and f.nth = 1
    join first_senders s on s.order_id = l.order_id and s.platform = l.platform
    join payments o on o.order_id = l.order_id
    where l.nth > 1
),
found as (
    select
        *,
        row_number() over (partition by order_id, platform order by happened_at, ref) as nth
    from seconds
    where found_cause is not null
),
subjects as (
    select
        order_id,
        platform,
        min(session) as session,
        min(ref) as ref
    from order_events
    where step = 'Purchase'
      and how in ('carried', 'copy')
      and is_sent
      and not is_refused
    group by order_id, platform
)
select
    u.platform,
    'Purchase' as step,
    u.order_id as subject,
    u.order_id,
    coalesce(u.session, f.session) as session,
    f.order_id is null as ok,
    'one Purchase, when the order is ' || case l.conversion_point when 'payment_confirmed' then 'paid' else 'created' end as expected,
    case
        when f.order_id is null then 'no second point'
        when f.found_cause = 'payment_page'
            then 'at ' || clock_time(f.first_at, '%H:%M:%S') || ' on ' || f.first_page || coalesce(' as ' || f.first_id, '')
                || ', again at ' || told_clock(f.happened_at, f.first_at) || ' on ' || f.page || coalesce(' as ' || f.event_id, '')
        else 'at ' || clock_time(f.first_at, '%Y-%m-%d %H:%M') || coalesce(' as ' || f.first_id, '')
            || ', again at ' || told_time(f.happened_at, '%Y-%m-%d %H:%M') || ' by ' || f.server_sender || coalesce(' as ' || f.event_id, '')
    end as actual,
    f.found_cause as cause,
    coalesce(f.first_ref, u.ref) as ref,
    f.ref as other_ref
from subjects u
cross join launch l
left join found f on f.order_id = u.order_id and f.platform = u.platform and f.nth = 1

/*
title    = "Every cart, checkout and purchase event has a value"
failure  = "An event of a cart, a checkout or a sale reports no money"
facet    = "money"
severity = "blocker"
severity_other_steps = "warning"
deciding = true
follows  = ["duplicate_sender", "repeated_step"]
needs    = []
why      = """
A sale without a value is counted and worth nothing. Return on ad spend falls by it, value bidding learns from sales that seem
free, and Meta refuses a server Purchase that has none, together with everything else in the same request.
"""

own_is_open  = true
means       = "The Purchase reports 0, and no order tells whether the sale was free."
first_check = "Look whether the order behind it was free: a voucher for the whole amount, a sample, a test at no cost."
not_yet     = "Do not change the value before that is known; of a free order 0 is right."
remedy      = "Hand in the export that holds this order, or repeat the test with an order that costs something."
owner       = "tracking"

[causes.absent]
means       = "The event has no value field at all."
first_check = "Look whether the event fires before the cart or order is known: the field is then undefined and is dropped on sending."
not_yet     = "Do not set a fixed average value in the tag; nobody will know later which sales it stood for."
remedy      = "Fire the event after the shop's answer and hand it the amount from there."
owner       = "tracking"

[causes.empty]
means       = "The value field is sent, but there is nothing in it."
first_check = "Compare the name of the tag's value variable with the data layer: a renamed field gives an empty text."
not_yet     = "Do not add a second tag to bring the value; it would bring a second sale."
remedy      = "Point the variable at the field the shop really fills, and test with one order."
owner       = "data"

[causes.zero_for_paid_order]
means       = "The Purchase says 0 although its order was not free."
first_check = "Look at the fallback: a value that cannot be read often becomes 0 instead of an error."
not_yet     = "Do not lower bids for poor return: these sales are only reported as worth nothing."
remedy      = "Read the amount from the created order, and let the sender fail loudly when it cannot."
owner       = "tracking"
*/
with judged as (
    select
        platform,
        step,
        channel,
        session,
        event_id,
        order_key,
        ref,
        value,
        value_sent,
        page_cut,
        order_id,
        cast(null as decimal(24, 6)) as order_amount,
        cast(null as varchar) as order_currency,
        cast(null as varchar) as order_ref,
        case
            when value_sent is null then 'absent'
            when trim(value_sent) = '' then 'empty'
        end as fault
    from sent_events
    where step in ('AddToCart', 'InitiateCheckout')
    union all
    select
        e.platform,
        e.step,
        e.channel,
        e.session,
        e.event_id,
        e.order_key,
        e.ref,
        e.value,
        e.value_sent,
        e.page_cut,
        coalesce(e.order_id, c.order_id),
        coalesce(a.amount, o.total),
        o.currency,
        o.ref,
        case
            when e.value_sent is null then 'absent'
            when trim(e.value_sent) = '' then 'empty'
            when e.value = 0 and coalesce(a.amount, o.total) > 0 then 'zero_for_paid_order'
        end
    from sent_events e
    left join copy_orders c on c.event_key = e.event_key
    left join orders o on o.order_id = coalesce(e.order_id, c.order_id)
    left join order_amounts a on a.order_id = coalesce(e.order_id, c.order_id) and a.is_plan_basis
    where e.step = 'Purchase'
)
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref) as subject,
    order_id,
    session,
    case
        when fault is not null then false
        -- Zero for an order that is not in evidence may be a gift.
        when value = 0 and step = 'Purchase' and order_amount is null then null
        else true
    end as ok,
    'a value'
        || case when order_amount is not null then ', ' || money_text(order_amount, order_currency) else '' end as expected,
    channel
        || case
            when fault = 'absent' and page_cut then ' sent none; Meta''s own restriction of this site may have cut it'
            when fault = 'absent' then ' sent none'
            when fault = 'empty' then ' sent an empty one'
            else ' sent ' || value_sent
        end
        || case when fault is null and value = 0 and step = 'Purchase' and order_amount is null then ', and no order tells whether it was free' else '' end
        as actual,
    fault as cause,
    case when platform <> 'meta' then 'warning' end as severity,
    ref,
    order_ref as other_ref
from judged

/*
title    = "One order amount stands behind all Purchase values of a sender's side"
failure  = "Some Purchase values are one order amount, some another"
facet    = "money"
severity = "warning"
follows  = ["value_mismatch", "currency_mismatch", "missing_value", "missing_currency", "invalid_value", "invalid_currency"]
needs    = ["orders"]
why      = """
A value that is always without shipping can be reckoned with. One that is sometimes with it and sometimes without makes two
campaigns, two weeks or two payment methods impossible to compare, and no fixed correction repairs it.
"""
means       = "On this side no single amount of the orders explains all values: different orders were reported by different amounts."
first_check = "Sort the orders that the finding shows by amount and look what each group has in common: payment method, coupon, page, sender, or a date of change."
not_yet     = "Do not correct the report by an average factor; it would be wrong for every single order."
remedy      = "Let one piece of code build the value from one field of the order, and remove the other path."
owner       = "tracking"

[causes.no_amount_to_compare]
means       = "Of fewer than two values of this side the export holds an amount they could be compared with, so nothing says whether they mean the same."
first_check = "Open the order export: does it have a total, in the currency the events name, and as it was when the Purchase left?"
not_yet     = "Do not treat the values as consistent; nobody compared them."
remedy      = "Export the orders with their total, as JSON where buyers pay in several currencies, and test with orders nobody edits afterwards."
owner       = "data"
*/
with purchases as (
    select
        e.event_key,
        e.platform,
        e.channel,
        e.ref,
        o.order_id,
        o.presentment_currency <> o.currency and e.currency = o.presentment_currency as in_buyer_currency,
        e.currency <> o.currency and o.presentment_currency is null as in_unknown_currency
    from sent_events e
    left join copy_orders c on c.event_key = e.event_key
    join orders o on o.order_id = coalesce(e.order_id, c.order_id)
    where e.step = 'Purchase'
      and e.value > 0
),
readable_orders as (
    select distinct order_id
    from order_amounts
),
-- An order without amounts or that may have grown since, a number in a currency the export does not know: nothing to compare.
sides as (
    select
        p.platform,
        p.channel,
        count(distinct case
            when a.order_id is not null and g.event_key is null and (r.event_key is not null or not p.in_unknown_currency) then p.order_id
        end) as order_count,
        min(p.ref) as ref
    from purchases p
    left join readable_orders a on a.order_id = p.order_id
    left join value_readings r on r.event_key = p.event_key and r.nth = 1
    left join outgrown_values g on g.event_key = p.event_key
    group by p.platform, p.channel
    having count(distinct p.order_id) > 1
),
-- The total in the buyer's own currency is the total.
readings as (
    select
        p.platform,
        p.channel,
        p.order_id,
        case when r.basis = 'presentment_total' and p.in_buyer_currency then 'total' else r.basis end as basis,
        r.slip,
        max(case when r.is_plan_basis and r.slip = 'none' then 1 else 0 end) as is_plan
    from purchases p
    join value_readings r on r.event_key = p.event_key
    group by
        p.platform,
        p.channel,
        p.order_id,
        case when r.basis = 'presentment_total' and p.in_buyer_currency then 'total' else r.basis end,
        r.slip
),
explained as (
    select
        platform,
        channel,
        reading_text(basis, slip) as reading,
        count(*) as order_count,
        max(is_plan) as is_plan
    from readings
    group by platform, channel, basis, slip
),
ranked as (
    select
        *,
        row_number() over (partition by platform, channel order by order_count desc, is_plan desc, reading) as place
    from explained
),
best as (
    select
        platform,
        channel,
        max(case when place = 1 then order_count end) as order_count,
        string_agg(case when place <= 3 then reading || ' ' || cast(order_count as varchar) end, ', ' order by place) as counts
    from ranked
    group by platform, channel
)
select
    s.platform,
    'Purchase' as step,
    s.channel || ' purchases' as subject,
    cast(null as varchar) as order_id,
    case when s.order_count > 1 then coalesce(b.order_count, 0) = s.order_count end as ok,
    'one order amount behind the values of all '
        || case when s.order_count > 1 then cast(s.order_count as varchar) || ' ' else '' end || 'orders' as expected,
    case
        when s.order_count < 2 then 'fewer than two of them have an amount to be compared with'
        else coalesce('orders explained: ' || b.counts, 'no amount explains any of them')
    end as actual,
    case when s.order_count < 2 then 'no_amount_to_compare' end as cause,
    s.ref,
    cast(null as varchar) as other_ref
from sides s
left join best b on b.platform = s.platform and b.channel = s.channel

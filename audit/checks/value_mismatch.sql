/*
title    = "Every Purchase reports the order amount the plan names"
failure  = "The value sent is not the amount the event must report"
facet    = "money"
severity = "blocker"
severity_other_steps = "warning"
deciding = true
needs    = ["orders"]
why      = """
The value of a Purchase is what return on ad spend is made of, and what value bidding optimises for. When it is another amount
than the one the business agreed to report, every campaign looks better or worse than it is, by the same silent share each day.
"""

own_is_open  = true
means       = "This amount could not be compared: the Purchase names no order, the export does not hold the amount that the plan asks for, or the two are in different currencies."
first_check = "Read in the finding what stands in the way, and look whether the Purchase carries the order number or the export the amount."
not_yet     = "Do not take the amount for right because it looks familiar, and do not change the sender before it was compared."
remedy      = "Let the Purchase carry the order number; export the orders with every part of their amount, or name an amount that the export has (purchase.value in the plan)."
owner       = "tracking"

[causes.total]
means       = "The value is the order's total, what the buyer was asked for in the shop's own currency, and not the amount the plan names."
first_check = "Read purchase.value in audit.toml and ask who decided it; then look for 'total' in the code that builds the value."
not_yet     = "Do not change target return or bids to make up for shipping and tax inside the number."
remedy      = "Send the amount the plan names, in the currency sent with it; or agree on the total and write that into the plan."
owner       = "tracking"

[causes.gross_revenue]
means       = "The value is the order's gross revenue, with shipping and fees as the shop books them, not the amount the plan names."
first_check = "Compare gross_revenue in the order with the agreed amount; the difference is what the report is too high or low by."
not_yet     = "Do not compare these campaigns with older ones that reported another amount."
remedy      = "Read the agreed field of the order where the value is built, on both sides, and place one test order."
owner       = "tracking"

[causes.net_revenue]
means       = "The value is the order's net revenue: shipping and fees are left out although the plan asks for another amount."
first_check = "Search the code and the store's analytics settings for a Purchase value option that is set to net revenue."
not_yet     = "Do not lower budgets because return looks weak; the number is smaller than the sale."
remedy      = "Switch the value to the agreed amount in one place, or change purchase.value in the plan if net revenue was meant."
owner       = "tracking"

[causes.subtotal]
means       = "The value is the goods after discount, without shipping and tax."
first_check = "Look at the tag's value variable: cart and product data know the subtotal only, the order knows the total."
not_yet     = "Do not scale the number up by an average shipping share in the tag."
remedy      = "Take the value from the created order instead of the cart, or make the subtotal the agreed amount in the plan."
owner       = "tracking"

[causes.total_less_shipping]
means       = "The value is the total without shipping."
first_check = "Find the line that subtracts shipping, or the field that never had it."
not_yet     = "Do not raise the return target; first make both numbers mean the same."
remedy      = "Leave shipping in, or name total_less_shipping in the plan if marketing is measured without it."
owner       = "tracking"

[causes.total_less_tax]
means       = "The value is the total without tax."
first_check = "Compare the shop's 'prices include tax' setting with the field the tag reads."
not_yet     = "Do not compare countries yet: their tax rates differ, so the gap does too."
remedy      = "Report with tax on every sender, or without it on every sender, and let the plan say which."
owner       = "tracking"

[causes.total_less_shipping_and_tax]
means       = "The value is the total without shipping and without tax."
first_check = "Look which plugin or tag setting excludes tax and shipping from conversion values; many have one checkbox for each."
not_yet     = "Do not install a second tracking app to get the full amount; it would add a second Purchase."
remedy      = "Set the existing tag to the agreed amount, or name total_less_shipping_and_tax in the plan."
owner       = "data"

[causes.before_discount]
means       = "The value is the price before the discount, of the goods or of the whole order: coupons are ignored."
first_check = "Place a test order with a coupon and compare the tag's value with the order's lines."
not_yet     = "Do not judge a sale or coupon campaign by this number; it overstates exactly those orders."
remedy      = "Build the value from what the order charged, not from catalogue prices."
owner       = "tracking"

[causes.total_less_fees]
means       = "The value is the total without the payment fee."
first_check = "Check whether the value is read from a payout or settlement record instead of from the order."
not_yet     = "Do not read the gap as lost orders: it is one fee on each."
remedy      = "Read the agreed amount from the order, before the payment provider takes its part."
owner       = "data"

[causes.total_with_unique_code]
means       = "The value is the price before the unique transfer code was taken off or added, so it is up to 999 rupiah away from what is paid."
first_check = "See whether the value is computed before the order is created: the code is only drawn then."
not_yet     = "Do not widen the tolerance in the plan to hide it; that would hide larger errors too."
remedy      = "Read the value from the answer of the checkout call, which already holds the code."
owner       = "tracking"

[causes.presentment_total]
means       = "The value is the total in the buyer's own currency, while the plan names an amount in the shop's."
first_check = "Place a test order in a second currency and look which of its two totals the tag reads."
not_yet     = "Do not convert in a spreadsheet; the platform converts again by the currency it was given."
remedy      = "Send number and currency from the same pair: both the buyer's or both the shop's, as the plan says."
owner       = "data"

[causes.current_total]
means       = "The value is the total after refunds or edits, not the total when the order was placed."
first_check = "Compare the event's time with the order's last change: the sender reads the order again later."
not_yet     = "Do not resend corrected purchases; the platform would count them as new ones."
remedy      = "Freeze the amount when the order is created and send that."
owner       = "data"

[causes.times_100]
means       = "The value is a hundred times the order: it was sent in cents or another minor unit."
first_check = "Look at the price field: a store API that speaks in cents hands out whole numbers."
not_yet     = "Do not let value bidding run on this: it sees every sale a hundredfold. Do not scale the campaign either."
remedy      = "Divide by one hundred once, where the value is built. Shopify's theme and cart prices are a hundredfold in rupiah and yen too."
owner       = "tracking"

[causes.divided_by_100]
means       = "The value is a hundredth of the order: something divided by one hundred although the price was in whole units already."
first_check = "Look for a step that turns cents into whole units: the price it gets is in whole units already, as in a shop that keeps decimals, or in rupiah, yen and won, which carry no cents."
not_yet     = "Do not pause the campaign for poor return; the sales are there, their value is shrunk."
remedy      = "Leave out the division where the price comes in whole units, and repeat the test order."
owner       = "data"

[causes.thousands_separator]
means       = "The formatted price was read as a number: the mark between the thousands became a decimal point, '150.000' became 150."
first_check = "Find where the value is taken from text on the page instead of from the order's number."
not_yet     = "Do not multiply by a thousand in the tag; prices under one thousand would break."
remedy      = "Take the raw number from the order or the data layer, never the formatted text."
owner       = "theme"

[causes.pieces_left_out]
means       = "The value is the price of one piece, or of each article once, where the order holds more: quantities or other articles were left out."
first_check = "Place a test order of two pieces of one article and one of another, and compare the value with the order's lines."
not_yet     = "Do not judge large baskets, bundles or offers by this number; it makes them look like single sales."
remedy      = "Take the value from the created order, not from the product page or the first line of the cart."
owner       = "tracking"

[causes.rounded]
failure     = "The value is the agreed amount, but rounded"
means       = "The value is the amount the plan names but for a few cents, or without its cents: it was added up from prices or taxes that are rounded one by one, or cut to whole units."
first_check = "Find where the value is added up or formatted: a sum of net prices, a tax worked out once more, a whole number in the tag."
not_yet     = "Do not look for lost shipping or coupons. Where only cents are missing, the campaigns' numbers stand."
remedy      = "Take the order's own amount, with its cents. Where the shop itself rounds, allow for it with purchase.tolerance in the plan."
owner       = "tracking"

[causes.not_the_goods]
failure     = "A view, cart or checkout reports a value far below its goods"
means       = "The value of this step is nothing, or a small part of what its goods were sold for: a fixed number, a zero, or a field that the page does not fill. The Purchase is judged apart."
first_check = "Open the product page, put it into the cart, and compare the value in the request with the price on the page."
not_yet     = "Do not optimise for value on this step, and do not read the loss between cart and sale from these numbers."
remedy      = "Send price times quantity of the goods that the step names, as a plain number of major units."
owner       = "tracking"

[causes.fixed_value]
failure     = "Every event of a step reports one and the same value, whatever its goods cost"
means       = "All events of this step carry one value, far from what most of their goods were sold for: a fixed number stands where the price belongs, or what a cached page keeps."
first_check = "Put two products of different prices into the cart and compare the value in both requests."
not_yet     = "Do not optimise for value on this step: the platform takes every cart or view for worth the same."
remedy      = "Send price times quantity of the goods that the step names. Was the number agreed on, as what a cart is worth to you, accept it with a waiver."
owner       = "tracking"

[causes.line_added_later]
means       = "The value is the order's amount without one or more of its lines, and the event names none of them. The order may have grown after the Purchase: by an offer after checkout, or an edit."
first_check = "Open the order's history in the shop's admin: when was the line added, by the buyer's checkout or afterwards?"
not_yet     = "Do not send a second Purchase for the order to make up the difference; each would count as a sale."
remedy      = "Place one test order without an offer or edit. If the line was in the cart from the start, build the value from the created order."
owner       = "tracking"

[causes.unexplained]
means       = "No amount of the order explains the value, with or without a slip of scale."
first_check = "Put the order and the request side by side: is it another order's amount, a price list's, a rounded or converted one?"
not_yet     = "Do not change bidding or accept the launch while nobody can say what the number is."
remedy      = "Trace the value from the order to the request, correct it, and repeat the test order."
owner       = "tracking"
*/
with plan as (
    select
        value_basis,
        replace(value_basis, '_', ' ') as basis_text
    from launch
),
plan_amounts as (
    select
        order_id,
        amount,
        currency
    from order_amounts
    where is_plan_basis
),
plan_readings as (
    select
        event_key,
        amount
    from value_readings
    where nth = 1
      and is_plan_basis
      and slip = 'none'
),
-- A Purchase that names an order of the export, or no order at all. One whose key no order has is judged as a purchase
-- without order; a value that is missing, zero for a paid order, or no number, as such.
purchases as (
    select
        e.event_key,
        e.platform,
        e.step,
        e.channel,
        e.session,
        e.event_id,
        e.ref,
        e.value,
        e.currency,
        coalesce(e.order_id, c.order_id) as order_id,
        o.total as order_total,
        o.currency as order_currency,
        case when o.presentment_currency <> o.currency then o.presentment_currency end as buyer_currency,
        o.presentment_currency,
        o.presentment_total,
        o.ref as order_ref,
        r.amount as plan_reading,
        p.value_basis,
        p.basis_text,
        -- Most carry the plan's amount. The shop's number under the buyer's currency is other money.
        case
            when r.event_key is null then 0
            when p.value_basis = 'presentment_total' or e.currency is null or o.presentment_currency is null then 1
            when o.presentment_currency <> o.currency and e.currency = o.presentment_currency then 0
            else 1
        end as is_settled
    from sent_events e
    cross join plan p
    left join copy_orders c on c.event_key = e.event_key
    left join orders o on o.order_id = coalesce(e.order_id, c.order_id)
    left join plan_readings r on r.event_key = e.event_key
    where e.step = 'Purchase'
      and e.value >= 0
      and (e.order_id is not null or c.order_id is not null or e.order_key is null)
),
open_purchases as (
    select
        p.*,
        a.amount as plan_amount,
        a.currency as plan_currency,
        case when coalesce(p.currency = a.currency, true) then rounding_of(p.value, a.amount, c.digits) end as rounding
    from purchases p
    left join plan_amounts a on a.order_id = p.order_id
    left join currencies c on c.currency = a.currency
    where p.is_settled = 0
      and (p.value > 0 or coalesce(a.amount, p.order_total, 0) = 0)
),
-- A value may be several amounts of its order. One that explains every value of a sender's side that is not the plan's
-- amount goes first; else the first in the order of the bases.
off_plan as (
    select
        p.event_key,
        p.order_id,
        p.platform,
        p.channel,
        p.value
    from open_purchases p
    where p.order_id is not null
      and p.plan_reading is null
),
side_sizes as (
    select
        platform,
        channel,
        count(*) as event_count
    from off_plan
    group by platform, channel
),
-- An order without a discount is worth as much before it: such second names count here.
possible_readings as (
    select o.event_key, o.platform, o.channel, r.basis, r.slip, r.nth, false as is_second_name
    from off_plan o
    join value_readings r on r.event_key = o.event_key
    union all
    select o.event_key, o.platform, o.channel, b.basis, 'none', 100 + b.rank, true
    from off_plan o
    join order_bases b on b.order_id = o.order_id
    where not b.differs
      and not b.is_plan_basis
      and abs(o.value - b.amount) <= b.tolerance
),
priced_lines as (
    -- a line goes by several ids
    select
        order_id,
        position,
        min(price) as price,
        coalesce(min(quantity), 1) as quantity
    from order_items
    where counts is not false
      and price > 0
      and order_id in (select order_id from off_plan)
    group by order_id, position
),
-- The price of one piece, of one line, of each article once, or the plan's amount without the pieces beyond the first.
piece_sums as (
    select
        o.event_key,
        sum(i.quantity) as pieces,
        count(*) as lines,
        min(abs(o.value - i.price)) as piece_gap,
        min(abs(o.value - i.price * i.quantity)) as line_gap,
        abs(min(o.value) - sum(i.price)) as once_gap,
        abs(min(o.value) - min(a.amount) + sum(i.price * (i.quantity - 1))) as rest_gap,
        min(a.tolerance) as tolerance
    from off_plan o
    join priced_lines i on i.order_id = o.order_id
    join order_amounts a on a.order_id = o.order_id and a.is_plan_basis
    where not exists (select 1 from outgrown_values g where g.event_key = o.event_key)
    group by o.event_key
),
piece_readings as (
    select
        event_key,
        pieces <= 1 and lines = 1 as is_second_name
    from piece_sums
    where least(piece_gap, once_gap, rest_gap, case when lines > 1 then line_gap end) <= tolerance  -- a sole line is all goods
),
all_readings as (
    select *
    from possible_readings
    union all
    select o.event_key, o.platform, o.channel, 'pieces_left_out', 'none', 90, p.is_second_name
    from piece_readings p
    join off_plan o on o.event_key = p.event_key
),
side_readings as (
    select
        platform,
        channel,
        basis,
        slip,
        count(*) as event_count
    from all_readings
    group by platform, channel, basis, slip
),
off_plan_readings as (
    select
        r.event_key,
        r.basis,
        r.slip,
        r.nth,
        t.event_count = z.event_count as is_common
    from all_readings r
    join side_sizes z on z.platform = r.platform and z.channel = r.channel
    join side_readings t on t.platform = r.platform and t.channel = r.channel and t.basis = r.basis and t.slip = r.slip
    where not r.is_second_name
       or t.event_count = z.event_count
),
placed_readings as (
    select
        event_key,
        basis,
        slip,
        false as is_plan_basis,
        row_number() over (partition by event_key order by case when is_common then 1 else 2 end, nth) as nth
    from off_plan_readings
    union all
    select r.event_key, r.basis, r.slip, r.is_plan_basis, r.nth
    from open_purchases p
    join value_readings r on r.event_key = p.event_key
    where p.plan_reading is not null
),
first_readings as (
    select *
    from placed_readings
    where nth = 1
),
other_readings as (
    select
        r.event_key,
        string_agg(reading_text(r.basis, r.slip), ', ' order by r.nth) as names
    from placed_readings r
    join first_readings f on f.event_key = r.event_key
    where r.nth > 1
      and r.basis <> 'pieces_left_out'
      and (f.slip <> 'none' or r.slip = 'none')
    group by r.event_key
),
buyer_readings as (
    select event_key
    from value_readings
    where basis = 'presentment_total'
      and slip = 'none'
),
judged_purchases as (
    select
        platform,
        step,
        channel,
        session,
        event_id,
        ref,
        value,
        currency,
        order_id,
        order_ref,
        buyer_currency,
        presentment_total,
        plan_reading as plan_amount,
        case when value_basis = 'presentment_total' then presentment_currency else order_currency end as plan_currency,
        value_basis,
        basis_text,
        null as basis,
        null as slip,
        null as missing_amount,
        null as line_count,
        null as rounding,
        null as other_names,
        null as likely_order,
        true as is_right
    from purchases
    where is_settled = 1
      and (value > 0 or plan_reading = 0)
    union all
    select
        p.platform,
        p.step,
        p.channel,
        p.session,
        p.event_id,
        p.ref,
        p.value,
        p.currency,
        p.order_id,
        p.order_ref,
        p.buyer_currency,
        p.presentment_total,
        p.plan_amount,
        p.plan_currency,
        p.value_basis,
        p.basis_text,
        f.basis,
        f.slip,
        g.missing_amount,
        g.line_count,
        case when f.event_key is null then p.rounding end,
        n.names,
        u.order_id,
        case
            when p.order_id is null then null
            when t.event_key is not null then true
            -- The plan's total in the buyer's currency is the same money; which currency was sent is another check's question.
            when p.value_basis = 'total' and b.event_key is not null then true
            when f.slip = 'none' and f.is_plan_basis then false
            when p.plan_amount is null then null
            when f.event_key is not null or p.rounding is not null then false
            when g.event_key is not null then null
            -- Another currency and another number: nothing to compare.
            when p.currency <> p.order_currency then null
            else false
        end
    from open_purchases p
    left join first_readings f on f.event_key = p.event_key
    left join outgrown_values g on g.event_key = p.event_key
    left join purchase_parts t on t.event_key = p.event_key
    left join other_readings n on n.event_key = p.event_key
    left join buyer_readings b on b.event_key = p.event_key
    left join probable_orders u on u.event_key = p.event_key
),
next_orders as (
    select
        order_id,
        min(currency) as currency,
        min(ref) as ref
    from orders
    group by order_id
),
order_totals as (
    select order_id, min(amount) as amount
    from order_amounts
    where basis = 'total'
    group by order_id
),
judged_checkouts as (
    select
        platform,
        event_id,
        session,
        channel,
        ref,
        value,
        currency,
        order_total,
        order_currency,
        order_ref,
        null as all_added,
        null as fault
    from checkout_values
    where is_settled = 1
    union all
    select
        e.platform,
        e.event_id,
        e.session,
        e.channel,
        e.ref,
        e.value,
        e.currency,
        t.amount as order_total,
        o.currency as order_currency,
        o.ref as order_ref,
        f.all_added,
        f.fault
    from checkout_matches m
    join events e on e.event_key = m.event_key
    left join next_orders o on o.order_id = m.next_order
    left join order_totals t on t.order_id = m.next_order
    left join faulty_checkouts f on f.event_key = m.event_key
)
select
    platform,
    step,
    coalesce(order_id, likely_order, event_id, session, ref) as subject,
    order_id,
    session,
    is_right as ok,
    case
        when order_id is null then basis_text || ' of the order it belongs to'
        when plan_amount is null then basis_text || ', which the export does not hold for this order'
        else basis_text || ' ' || money_text(plan_amount, plan_currency)
            || case when value_basis = 'total' and buyer_currency is not null and presentment_total is not null
                then ' or ' || money_text(presentment_total, buyer_currency) else '' end
    end as expected,
    channel || ' sent ' || money_text(value, currency)
        || case
            when is_right then ''
            when order_id is null then ', without naming an order'
                || case when likely_order is not null then '; probably of ' || likely_order else '' end
            when basis is not null then ': ' || reading_text(basis, slip)
            when plan_amount is null then ''
            when rounding = 'cents' then ': ' || basis_text || ' but for a few cents'
            when rounding = 'whole' then ': ' || basis_text || ' in whole units'
            when line_count is not null
                then ': ' || basis_text || ' less ' || money_text(missing_amount, plan_currency) || ', '
                    || case line_count when 1 then 'one line' else cast(line_count as varchar) || ' lines' end
                    || ' of the order that it does not name'
            when is_right is null then ', in another currency than the order'
            else ', which no amount of the order explains'
        end
        || case when is_right is distinct from true and other_names is not null then ' (also ' || other_names || ')' else '' end as actual,
    case
        when is_right is null and line_count is not null then 'line_added_later'
        when is_right is distinct from false then null
        when rounding is not null then 'rounded'
        when basis is null then 'unexplained'
        when slip <> 'none' then slip
        else named_basis(basis)
    end as cause,
    case when not is_right and rounding = 'cents' then 'warning' end as severity,
    ref,
    order_ref as other_ref
from judged_purchases
union all
select
    platform,
    'InitiateCheckout' as step,
    coalesce(event_id, session) as subject,
    null as order_id,
    session,
    fault is null as ok,
    'the cart''s value'
        || case when all_added is not null then ' (' || money_text(all_added, currency) || ' was added)' else '' end
        || ' or an amount of the order that follows'
        || case when order_total is not null then ' (total ' || money_text(order_total, order_currency) || ')' else '' end as expected,
    channel || ' sent ' || money_text(value, currency)
        || case when fault <> 'unexplained' then ': ' || reading_text('an amount of the order', fault) else '' end as actual,
    fault as cause,
    cast(null as varchar) as severity,
    ref,
    order_ref as other_ref
from judged_checkouts
union all
select
    e.platform,
    e.step,
    coalesce(e.event_id, e.session, e.ref),
    null,
    e.session,
    false,
    'about what its goods cost, ' || money_text(g.lowest, e.currency),
    e.channel || ' sent ' || money_text(e.value, e.currency)
        || case
            when g.fault = 'fixed_value' then ' for ' || e.items || ', as for all goods'
            when g.fault <> 'not_the_goods' then ': ' || reading_text('the price of its goods', g.fault)
            else ' for ' || e.items
        end,
    g.fault,
    null,
    e.ref,
    null
from faulty_goods g
join events e on e.event_key = g.event_key
where g.fault is not null

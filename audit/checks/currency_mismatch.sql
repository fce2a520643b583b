/*
title    = "Every Purchase names the currency of its order, every cart and checkout the shop's"
failure  = "The currency sent is not the order's"
facet    = "money"
severity = "blocker"
severity_other_steps = "warning"
deciding = true
needs    = ["orders"]
why      = """
A platform converts every value by the currency that stands beside it. The right number under the wrong currency is off by the
exchange rate: 150000 rupiah reported as dollars makes one shirt look like a house, and return on ad spend with it.
"""

own_is_open  = true
means       = "This currency could not be compared: the Purchase names no order, or the export names no currency."
first_check = "Read in the finding what stands in the way, and look whether the Purchase carries the order number or the export a currency."
not_yet     = "Do not take the currency for right because the shop sells in one only; a tag may fill in another."
remedy      = "Let the Purchase carry the order number, and export the orders with their currency."
owner       = "tracking"

[causes.shop_instead_of_presentment]
means       = "The number is what the buyer paid in their own currency, but the currency beside it is the shop's."
first_check = "Place a test order in a second currency and read both fields of the tag: value comes from the checkout, currency from the shop's settings."
not_yet     = "Do not switch off multi-currency selling to make the report fit."
remedy      = "Read value and currency from the same money object of the order, on both sides."
owner       = "data"

[causes.default_usd]
means       = "The event says USD although the order is in another currency: the sender falls back to USD when it is told none."
first_check = "Look at the currency field of the tag or plugin; an empty one is filled with USD by several of them."
not_yet     = "Do not change the ad account's currency; it has nothing to do with the event."
remedy      = "Set the currency from the order, as its three-letter code, wherever this sender builds its events."
owner       = "tracking"

[causes.converted]
means       = "Amount and currency were both converted before they were sent: over several orders the number is the order's at one rate."
first_check = "Look for a currency setting of the plugin, tag or feed that differs from the shop's, and for where its rate comes from."
not_yet     = "Do not convert the reports back by today's rate: what was used is the sender's own, and it may be an old one."
remedy      = "Send the order's own amount with the order's own currency; the platform converts by itself."
owner       = "tracking"

[causes.buyer_currency_not_exported]
means       = "The currency is not the shop's, on both sides alike or beside other orders that are told in the shop's. A buyer may have paid in it: Shopify's CSV holds the shop's currency only."
first_check = "Open the order in the shop's admin: beside the total in the shop's currency it shows what the buyer paid, if that was another."
not_yet     = "Do not set the event's currency to the shop's to make this line go away: the number beside it may be the buyer's."
remedy      = "Export the orders as JSON (Admin API): it holds presentment_currency and both totals. Then run the audit again."
owner       = "data"

[causes.step_in_other_currency]
means       = "The view, cart or checkout names a currency in which no order of the export was paid and no Purchase was sent: this step's currency is set apart from the order's."
first_check = "Compare the currency field of this step's tag with that of the Purchase: a fixed text, or a default where none was given."
not_yet     = "Do not optimise for cart or checkout value while it is converted by the wrong rate."
remedy      = "Let every step read its currency from the cart or the shop's settings, as the Purchase does from the order."
owner       = "tracking"

[causes.other]
means       = "The event names another currency than the export gives for this order."
first_check = "Look for a currency written into the code or the tag, and for a plugin that switches currencies: it may give the buyer's number and the shop's currency."
not_yet     = "Do not compare markets by return while their values are converted wrongly."
remedy      = "Take the currency from the order instead of a fixed text, and repeat the test order."
owner       = "tracking"
*/
with buyer_numbers as (
    -- Values that are the buyer's amount of an order in two currencies, and none of the shop's own.
    select r.event_key
    from orders o
    join value_readings r on r.order_id = o.order_id
    where o.presentment_currency <> o.currency
      and r.slip = 'none'
    group by r.event_key
    having max(case when r.basis = 'presentment_total' then 0 else 1 end) = 0
),
-- A currency that is none is judged as an invalid one; a Purchase whose key no order has, as a purchase without order.
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
        coalesce(e.order_id, m.order_id) as order_id,
        o.currency as order_currency,
        case when o.presentment_currency <> o.currency then o.presentment_currency end as buyer_currency,
        f.loader = 'shopify' and o.presentment_currency is null as lacks_buyer_currency,
        o.ref as order_ref,
        u.order_id as likely_order,
        b.event_key is not null as is_buyer_number
    from sent_events e
    join currencies c on c.currency = e.currency
    left join copy_orders m on m.event_key = e.event_key
    left join orders o on o.order_id = coalesce(e.order_id, m.order_id)
    left join sources f on f.source = o.source
    left join probable_orders u on u.event_key = e.event_key
    left join buyer_numbers b on b.event_key = e.event_key
    where e.step = 'Purchase'
      and (e.order_id is not null or m.order_id is not null or e.order_key is null)
),
foreign_orders as (
    select distinct order_id
    from purchases
    where lacks_buyer_currency
      and currency <> order_currency
),
-- Browser and server name the same money, and it is no amount of the order in the shop's currency: it may be the buyer's.
buyer_orders as (
    select p.order_id
    from foreign_orders f
    join purchases p on p.order_id = f.order_id
    left join value_readings r on r.event_key = p.event_key and r.nth = 1
    group by p.order_id
    having min(p.currency) = max(p.currency)
       and min(p.value) = max(p.value)
       and count(p.value) = count(*)
       and min(p.channel) <> max(p.channel)
       and count(r.event_key) = 0
),
-- The order's number is kept where a currency was merely filled in. Where it is none of the order's amounts, it may be converted.
other_numbers as (
    select
        p.event_key,
        p.order_id,
        p.platform,
        p.channel,
        p.currency,
        p.value,
        p.lacks_buyer_currency
    from purchases p
    where p.value > 0
      and p.currency <> p.order_currency
      and p.currency is distinct from p.buyer_currency
      and not exists (select 1 from value_readings r where r.event_key = p.event_key)
),
number_counts as (
    select
        platform,
        channel,
        currency,
        count(*) as events
    from other_numbers
    group by platform, channel, currency
),
-- Orders of different size at one rate, which may have moved a little from day to day.
one_rate as (
    select distinct
        n.platform,
        n.channel,
        n.currency
    from other_numbers n
    join order_amounts a on a.order_id = n.order_id
    join number_counts c on c.platform = n.platform and c.channel = n.channel and c.currency = n.currency
    where a.amount > 0
      and not coalesce(n.lacks_buyer_currency, false)
    group by n.platform, n.channel, n.currency, a.basis, a.currency
    having count(*) = min(c.events)
       and max(a.amount) >= min(a.amount) * 1.25
       and max(n.value / a.amount) <= min(n.value / a.amount) * 1.05
),
order_numbers as (
    select order_id, min(amount) as amount, min(currency) as currency
    from order_amounts
    where is_plan_basis
    group by order_id
),
judged as (
    select
        p.*,
        b.order_id is not null as may_be_buyers,
        w.order_id is not null as is_two_currencies,
        n.event_key is not null as is_other_number,
        t.currency is not null as is_one_rate,
        money_text(m.amount, m.currency) as order_number,
        case
            when order_currency is null then null
            when b.order_id is not null or (w.order_id is not null and p.currency <> order_currency) then null
            when buyer_currency is null then p.currency = order_currency
            when p.currency = buyer_currency then true
            when p.currency = order_currency then not is_buyer_number
            else false
        end as is_right
    from purchases p
    left join buyer_orders b on b.order_id = p.order_id
    left join two_currency_orders w on w.order_id = p.order_id
    left join other_numbers n on n.event_key = p.event_key
    left join one_rate t on t.platform = n.platform and t.channel = n.channel and t.currency = n.currency
    left join order_numbers m on m.order_id = n.order_id
),
-- A shop that sells in one currency, as far as its orders and its Purchases show: its carts are in no other.
order_currencies as (
    select currency from orders where currency is not null
    union
    select presentment_currency from orders where presentment_currency is not null
    union
    select currency from purchases
),
shop_currency as (
    select min(currency) as currency
    from order_currencies
    where exists (select 1 from orders where currency is not null)
    having count(*) = 1
),
strange_steps as materialized (
    select
        e.event_key,
        e.platform,
        e.channel,
        e.step,
        e.session,
        e.value,
        e.currency,
        e.items
    from shop_currency s
    cross join sent_events e
    join currencies c on c.currency = e.currency
    where e.step in ('ViewContent', 'AddToCart', 'InitiateCheckout')
      and e.value > 0
      and e.currency <> s.currency
),
-- A visitor may see the shop in a currency of their own and buy nothing. Not so where the same visit names the shop's as well, nor
-- where the sender does so in its other steps and the visit has no two that agree.
shop_visits as (
    select distinct e.session
    from (select distinct session from strange_steps) v
    join events e on e.session = v.session
    join shop_currency s on s.currency = e.currency
),
shop_steps as (
    select
        e.platform,
        e.channel,
        bool_or(e.step = 'ViewContent') as in_views,
        bool_or(e.step = 'AddToCart') as in_carts,
        bool_or(e.step = 'InitiateCheckout') as in_checkouts
    from (select distinct platform, channel from strange_steps) v
    join sent_events e on e.platform = v.platform and e.channel = v.channel
    join shop_currency s on s.currency = e.currency
    group by e.platform, e.channel
),
like_minded as (
    select session
    from strange_steps
    group by session
    having count(distinct step) > 1
       and count(distinct currency) = 1
),
-- The same thing in the shop's currency at another number: it has a price in each.
shop_prices as (
    select
        e.platform,
        e.channel,
        e.step,
        e.items,
        list(distinct e.value) as amounts
    from (select distinct items from strange_steps where items is not null) g
    join sent_events e on e.items = g.items
    join shop_currency s on s.currency = e.currency
    where e.value > 0
    group by e.platform, e.channel, e.step, e.items
),
visitors_own as (
    select t.event_key
    from strange_steps t
    join shop_prices p on p.platform = t.platform and p.channel = t.channel and p.step = t.step and p.items = t.items
    where not list_contains(p.amounts, t.value)
    union
    select t.event_key
    from strange_steps t
    left join like_minded l on l.session = t.session
    left join shop_visits v on v.session = t.session
    left join shop_steps s on s.platform = t.platform and s.channel = t.channel
    where v.session is null
      and (s.platform is null
        or l.session is not null
        or case t.step when 'ViewContent' then s.in_views when 'AddToCart' then s.in_carts else s.in_checkouts end)
),
-- Views in another currency, on both sides alike: where the copies differ, that is the question of channel_value_mismatch.
strange_views as materialized (
    select
        event_key,
        currency
    from strange_steps
    where step = 'ViewContent'
),
one_sided as (
    select v.event_key
    from strange_views v
    join event_pairs p on p.browser_key = v.event_key
    join events o on o.event_key = p.server_key
    where o.currency <> v.currency
    union
    select v.event_key
    from strange_views v
    join event_pairs p on p.server_key = v.event_key
    join events o on o.event_key = p.browser_key
    where o.currency <> v.currency
)
select
    platform,
    step,
    coalesce(order_id, likely_order, event_id, session, ref) as subject,
    order_id,
    session,
    is_right as ok,
    case
        when order_id is null then 'the currency of the order it belongs to'
        when order_currency is null then 'the order''s currency, which the export does not hold'
        when may_be_buyers or (is_two_currencies and is_right is null) then order_currency || ', or the buyer''s own currency, which this export does not hold'
        when buyer_currency is null then order_currency
        when is_buyer_number then buyer_currency || ', the currency of this number'
        else order_currency || ' or ' || buyer_currency || ', each with its own number'
    end as expected,
    channel || ' sent ' || coalesce(money_text(value, currency), currency)
        || case
            when order_id is null then ', without naming an order'
                || case when likely_order is not null then '; probably of ' || likely_order else '' end
            when may_be_buyers then ', like the other side'
            when is_two_currencies and is_right is null then ', beside other orders in ' || order_currency
            when is_one_rate then coalesce(' for ' || order_number, '') || ', at one rate for all orders'
            when is_other_number and order_number is not null then ' for ' || order_number || ': the number differs too'
            else ''
        end as actual,
    case
        when may_be_buyers or (is_two_currencies and is_right is null) then 'buyer_currency_not_exported'
        when is_right is distinct from false then null
        when currency = order_currency then 'shop_instead_of_presentment'
        when is_one_rate then 'converted'
        when currency = 'USD' and (not is_other_number or order_number is null) then 'default_usd'
        else 'other'
    end as cause,
    ref,
    order_ref as other_ref
from judged
union all
select
    e.platform,
    e.step,
    coalesce(e.event_id, e.session, e.ref),
    cast(null as varchar),
    e.session,
    e.currency = s.currency,
    s.currency || ', the currency of every order',
    e.channel || ' sent ' || money_text(e.value, e.currency),
    case when e.currency <> s.currency then 'step_in_other_currency' end,
    e.ref,
    cast(null as varchar)
from shop_currency s
cross join sent_events e
join currencies c on c.currency = e.currency
where (e.step in ('AddToCart', 'InitiateCheckout')
    or (e.event_key in (select event_key from strange_views) and e.event_key not in (select event_key from one_sided)))
  and e.value > 0
  and not exists (select 1 from visitors_own v where v.event_key = e.event_key)

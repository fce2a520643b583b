/*
title    = "The value is the sum of the goods named, or differs by a part of the order"
failure  = "Price times quantity does not add up to the value"
facet    = "money"
severity = "note"
follows  = ["value_mismatch", "currency_mismatch", "missing_value", "missing_currency", "invalid_value", "invalid_currency"]
needs    = []
why      = """
Value says what the act was worth, the lines say what it was made of. When they disagree and neither shipping, tax nor discount
explains it, one of the two was built from something else, and product reports and value reports drift apart.
"""

[causes.cumulative_cart]
means       = "AddToCart reports the value of the whole cart so far, while its lines hold only what was added."
first_check = "Add two products one after the other and watch the value grow in the second event."
not_yet     = "Do not sum AddToCart values in a report: each cart is counted several times."
remedy      = "Send the price times quantity of what was added with this click."
owner       = "tracking"

[causes.unexplained]
means       = "The lines add up to another number than the value, and no part of an order lies between them."
first_check = "Compare price and quantity of each line with the cart; a line's total sent as its price is a usual reason."
not_yet     = "Do not change the value to fit the lines before it is known which of them is wrong."
remedy      = "Send the unit price and the quantity of each line, and the agreed amount as the value."
owner       = "tracking"
*/
with longer_lists as (
    select distinct event_key
    from event_items
    where position > 1
),
-- Most events name one line of goods; only the others' lines are added up.
priced as (
    select
        i.event_key,
        i.price * coalesce(i.quantity, 1) as items_total,
        i.price as bare_total,
        coalesce(i.quantity, 1) as pieces
    from event_items i
    left join longer_lists l on l.event_key = i.event_key
    where i.price is not null
      and l.event_key is null
    union all
    select
        i.event_key,
        sum(i.price * coalesce(i.quantity, 1)),
        sum(i.price),
        sum(coalesce(i.quantity, 1))
    from longer_lists l
    join event_items i on i.event_key = l.event_key
    group by i.event_key
    having count(*) = count(i.price)
),
subjects as (
    select
        e.event_key,
        e.platform,
        e.step,
        e.channel,
        e.session,
        e.order_id as own_order,
        e.order_key,
        e.event_id,
        e.ref,
        e.value,
        e.currency,
        p.items_total,
        p.bare_total,
        -- A price is rounded by the piece.
        coalesce(c.tolerance, 0.01) * greatest(p.pieces, 1) as tolerance
    from sent_events e
    join priced p on p.event_key = e.event_key
    left join currencies c on c.currency = e.currency
    where e.value >= 0
),
-- Values that are not simply the sum of the goods.
others as (
    select
        event_key,
        step,
        value,
        items_total,
        tolerance
    from subjects
    where abs(value - items_total) > tolerance
),
-- The order whose parts may lie between: a Purchase's own, a checkout's next in its visit.
orders_between as (
    select
        s.event_key,
        s.step,
        s.value,
        s.items_total,
        s.tolerance,
        m.order_id
    from others s
    join purchase_orders m on m.event_key = s.event_key
    union all
    select
        s.event_key,
        s.step,
        s.value,
        s.items_total,
        s.tolerance,
        o.order_id
    from others s
    join events e on e.event_key = s.event_key
    join own_visits v on v.session = e.session
    join order_sessions o
        on o.session = e.session
       and o.first_at >= coalesce(e.event_at, e.seen_at) - interval 1 minute
    where s.step = 'InitiateCheckout'
),
part_matches as (
    select
        b.event_key,
        max(case
            when abs(abs(b.value - b.items_total) - o.shipping) <= b.tolerance
              or abs(abs(b.value - b.items_total) - o.tax) <= b.tolerance
              or abs(abs(b.value - b.items_total) - o.discount) <= b.tolerance
              or abs(abs(b.value - b.items_total) - o.fees) <= b.tolerance
              or abs(abs(b.value - b.items_total) - o.unique_code) <= b.tolerance
              -- all that is no goods, together
              or o.total > o.subtotal and abs(b.value - b.items_total - (o.total - o.subtotal)) <= b.tolerance then 1
            else 0
        end) as is_part
    from orders_between b
    left join orders o on o.order_id = b.order_id
    group by b.event_key
),
unmatched as (
    select b.*
    from part_matches p
    join orders_between b on b.event_key = p.event_key
    where p.is_part = 0
),
line_totals as (
    select
        order_id,
        sum(price * quantity) as lines_total,
        sum(case when counts then price * quantity end) as goods_total
    from (select distinct order_id, position, price, quantity, counts from order_items) l
    group by order_id
),
known_amounts as (
    select order_id, amount from order_amounts
    union all
    select order_id, lines_total from line_totals where lines_total is not null
    union all
    -- A tip or a fee among the lines need not be named.
    select order_id, goods_total from line_totals where goods_total <> lines_total
),
-- Both the value and the goods are amounts of the order; of a checkout it is enough that the value is.
amount_matches as (
    select
        u.event_key,
        max(case when abs(u.value - a.amount) <= u.tolerance then 1 else 0 end) as is_value,
        max(case when u.step = 'InitiateCheckout' or abs(u.items_total - a.amount) <= u.tolerance then 1 else 0 end) as is_goods
    from unmatched u
    join known_amounts a on a.order_id = u.order_id
    group by u.event_key
),
-- Why an order cannot say what lies between: it is in another currency, or its export lacks the part that would.
doubts as (
    select
        u.event_key,
        max(case when e.currency <> o.currency then 1 else 0 end) as is_other_currency,
        max(case
            when u.value > u.items_total and o.subtotal is null and (o.shipping is null or o.tax is null) then 1
            -- Without the quantities the lines come to the value: no discount is needed to explain it.
            when abs(s.bare_total - u.value) <= u.tolerance then 0
            when u.items_total > coalesce(o.subtotal, u.value) and o.discount is null then 1
            -- Its parts may be without the tax that a price of the shop holds.
            when o.tax <> 0 and o.tax_included is null then 1
            else 0
        end) as lacks_part
    from unmatched u
    join subjects s on s.event_key = u.event_key
    join events e on e.event_key = u.event_key
    join orders o on o.order_id = u.order_id
    group by u.event_key
),
priced_orders as (
    select distinct u.event_key
    from unmatched u
    join order_amounts a on a.order_id = u.order_id
),
explained as (
    select
        s.event_key,
        case
            when p.event_key is null and s.step in ('InitiateCheckout', 'Purchase') then 'and no order is known that could explain the rest'
            when p.is_part = 1 or (a.is_value = 1 and a.is_goods = 1) then null
            when d.is_other_currency = 1 then 'in another currency than the order'
            when d.event_key is not null and (n.event_key is null or (a.is_value = 1 and d.lacks_part = 1))
                then 'and the export lacks the part of the order that could explain the rest'
        end as doubt,
        p.is_part = 1 or (a.is_value = 1 and a.is_goods = 1) as is_explained
    from others s
    left join part_matches p on p.event_key = s.event_key
    left join amount_matches a on a.event_key = s.event_key
    left join doubts d on d.event_key = s.event_key
    left join priced_orders n on n.event_key = s.event_key
),
-- What each visit had put into its cart by then, where an AddToCart is in question.
doubtful_carts as (
    select distinct e.session
    from others s
    join events e on e.event_key = s.event_key
    where s.step = 'AddToCart'
      and e.session is not null
),
carts as (
    select
        s.event_key,
        sum(s.items_total) over (
            partition by e.session, e.platform, e.channel, coalesce(e.dataset, '')
            order by coalesce(e.event_at, e.seen_at), e.event_key
        ) as added_so_far
    from doubtful_carts d
    join events e on e.session = d.session
    join subjects s on s.event_key = e.event_key
    where e.step = 'AddToCart'
),
judged as (
    select
        s.*,
        case when s.step = 'Purchase' then coalesce(s.own_order, c.order_id) end as order_id,
        t.added_so_far,
        x.doubt,
        case
            when x.event_key is null or x.is_explained then true
            when x.doubt is null then false
        end as is_right
    from subjects s
    left join explained x on x.event_key = s.event_key
    left join copy_orders c on c.event_key = s.event_key
    left join carts t on t.event_key = s.event_key
)
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref) as subject,
    order_id,
    session,
    is_right as ok,
    'the sum of the goods, ' || money_text(items_total, currency)
        || case when step in ('InitiateCheckout', 'Purchase') then ', or that and parts of the order' else '' end as expected,
    channel || ' sent ' || money_text(value, currency)
        || coalesce(', ' || doubt, '') as actual,
    case
        when is_right is distinct from false then null
        when abs(value - added_so_far) <= tolerance then 'cumulative_cart'
        else 'unexplained'
    end as cause,
    ref,
    null as other_ref
from judged

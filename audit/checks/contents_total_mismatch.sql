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
with priced as (
    select
        event_key,
        sum(price * coalesce(quantity, 1)) as items_total,
        sum(coalesce(quantity, 1)) as pieces
    from event_items
    group by event_key
    having count(*) = count(price)
),
subjects as (
    select
        e.event_key,
        e.platform,
        e.step,
        e.channel,
        e.session,
        e.order_key,
        e.event_id,
        e.ref,
        e.value,
        e.currency,
        coalesce(e.event_at, e.seen_at) as happened_at,
        p.items_total,
        -- A price is rounded by the piece.
        coalesce(c.tolerance, 0.01) * greatest(p.pieces, 1) as tolerance,
        m.order_id,
        case when e.step = 'AddToCart' and e.session is not null then sum(p.items_total) over (
            partition by e.session, e.platform, e.channel, coalesce(e.dataset, ''), e.step
            order by coalesce(e.event_at, e.seen_at), e.event_key
        ) end as added_so_far
    from sent_events e
    join priced p on p.event_key = e.event_key
    left join currencies c on c.currency = e.currency
    left join purchase_orders m on m.event_key = e.event_key
    where e.value >= 0
),
-- Values that are not simply the sum of the goods.
others as (
    select *
    from subjects
    where abs(value - items_total) > tolerance
),
-- The order whose parts may lie between: a Purchase's own, a checkout's next in its visit.
orders_between as (
    select
        event_key,
        order_id
    from others
    where order_id is not null
    union
    select
        s.event_key,
        o.order_id
    from others s
    join own_visits v on v.session = s.session
    join order_sessions o
        on o.session = s.session
       and o.first_at >= s.happened_at - interval 1 minute
    where s.step = 'InitiateCheckout'
),
line_totals as (
    select
        order_id,
        sum(price * quantity) as lines_total
    from (select distinct order_id, position, price, quantity from order_items) l
    group by order_id
),
known_amounts as (
    select order_id, amount from order_amounts
    union
    select order_id, lines_total from line_totals where lines_total is not null
),
value_amounts as (
    select distinct s.event_key
    from others s
    join orders_between b on b.event_key = s.event_key
    join known_amounts a on a.order_id = b.order_id
    where abs(s.value - a.amount) <= s.tolerance
),
goods_amounts as (
    select distinct s.event_key
    from others s
    join orders_between b on b.event_key = s.event_key
    join known_amounts a on a.order_id = b.order_id
    where abs(s.items_total - a.amount) <= s.tolerance
),
parts as (
    select order_id, shipping as part from orders
    union
    select order_id, tax from orders
    union
    select order_id, discount from orders
    union
    select order_id, fees from orders
    union
    select order_id, unique_code from orders
),
part_matches as (
    select distinct s.event_key
    from others s
    join orders_between b on b.event_key = s.event_key
    join parts p on p.order_id = b.order_id
    where abs(abs(s.value - s.items_total) - p.part) <= s.tolerance
),
explained as (
    select
        s.event_key,
        case
            when v.event_key is not null and (g.event_key is not null or s.step = 'InitiateCheckout') then true
            when p.event_key is not null then true
            when b.event_key is null and s.step in ('InitiateCheckout', 'Purchase') then null
            else false
        end as is_right
    from others s
    left join (select distinct event_key from orders_between) b on b.event_key = s.event_key
    left join value_amounts v on v.event_key = s.event_key
    left join goods_amounts g on g.event_key = s.event_key
    left join part_matches p on p.event_key = s.event_key
),
judged as (
    select
        s.*,
        case when o.event_key is null then true else o.is_right end as is_right
    from subjects s
    left join explained o on o.event_key = s.event_key
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
        || case when is_right is null then ', and no order is known that could explain the rest' else '' end as actual,
    case
        when is_right is distinct from false then null
        when abs(value - added_so_far) <= tolerance then 'cumulative_cart'
        else 'unexplained'
    end as cause,
    ref,
    null as other_ref
from judged

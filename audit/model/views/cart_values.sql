-- What carts, checkouts and views report, against the orders that follow and the prices of what they name.

-- Checkouts of visits in which an order follows: the only ones whose money can be compared. Most say what the visit's only
-- order comes to; only the others need a closer look.
create view checkout_values as
with sole_orders as (
    select
        s.session,
        s.order_id,
        s.first_at
    from own_visits v
    join order_sessions s on s.session = v.session
    where v.order_count = 1
)
select
    e.event_key,
    e.platform,
    e.event_id,
    e.session,
    e.channel,
    e.ref,
    e.value,
    e.currency,
    o.total as order_total,
    o.currency as order_currency,
    o.ref as order_ref,
    case
        when abs(e.value - o.total) <= bounded_tolerance(c.tolerance, o.total) then 1
        when abs(e.value - o.subtotal) <= bounded_tolerance(c.tolerance, o.subtotal) then 1
        else 0
    end as is_settled
from sent_events e
left join sole_orders s
    on s.session = e.session
   and s.first_at >= coalesce(e.event_at, e.seen_at) - interval 1 minute
left join orders o on o.order_id = s.order_id
left join currencies c on c.currency = o.currency
where e.step = 'InitiateCheckout'
  and e.value >= 0;

-- The others: the first amount of the order that explains each, as it is or by a slip of scale.
create table checkout_matches as
with open_checkouts as (
    select
        e.event_key,
        e.value,
        s.order_id as next_order
    from checkout_values c
    join events e on e.event_key = c.event_key
    join own_visits v on v.session = e.session
    join order_sessions s
        on s.session = e.session
       and s.first_at >= coalesce(e.event_at, e.seen_at) - interval 1 minute
    where c.is_settled = 0
)
select
    c.event_key,
    min(c.next_order) as next_order,
    min(case when abs(c.value - a.amount) <= a.tolerance or rounding_of(c.value, a.amount, u.digits) = 'cents' then a.rank end)
        as exact_rank,
    min(case when a.amount <> 0 and abs(c.value - a.amount * 100) <= a.tolerance * 100 then a.rank end) as times_rank,
    min(case when a.amount <> 0 and abs(c.value * 100 - a.amount) <= a.tolerance then a.rank end) as divided_rank,
    min(case when a.amount >= 1000 and (abs(c.value * 1000 - a.amount) <= a.tolerance or c.value = floor(a.amount / 1000)) then a.rank end)
        as thousands_rank,
    max(a.tolerance) as tolerance
from open_checkouts c
join order_amounts a on a.order_id = c.next_order
left join currencies u on u.currency = a.currency
group by c.event_key;

-- Those that no amount explains as it is, with what is wrong where the visit's own carts do not explain it either.
create table faulty_checkouts as
with cart_matches as (
    select
        m.event_key,
        abs(max(e.value) - sum(a.value)) as sum_gap,
        min(abs(e.value - a.value)) as last_gap,
        sum(a.value) as all_added
    from checkout_matches m
    join events e on e.event_key = m.event_key
    join sent_events a
        on a.session = e.session
       and a.platform = e.platform
       and a.channel = e.channel
       and coalesce(a.dataset, '') = coalesce(e.dataset, '')
       and coalesce(a.event_at, a.seen_at) <= coalesce(e.event_at, e.seen_at)
    where m.exact_rank is null
      and a.step = 'AddToCart'
      and a.value is not null
    group by m.event_key
),
own_items as (
    select
        i.event_key,
        sum(i.price * coalesce(i.quantity, 1)) as items_total
    from checkout_matches m
    join event_items i on i.event_key = m.event_key
    where m.exact_rank is null
    group by i.event_key
    having count(*) = count(i.price)
)
select
    m.event_key,
    k.all_added,
    case
        when least(k.sum_gap, k.last_gap) <= m.tolerance then null
        when m.times_rank is not null then 'times_100'
        when m.divided_rank is not null then 'divided_by_100'
        when m.thousands_rank is not null then 'thousands_separator'
        -- The cart was changed between two events: the event's own lines carry its value.
        when abs(i.items_total - e.value) <= m.tolerance then null
        else 'unexplained'
    end as fault
from checkout_matches m
join events e on e.event_key = m.event_key
left join cart_matches k on k.event_key = m.event_key
left join own_items i on i.event_key = m.event_key
where m.exact_rank is null;

-- Views, carts and checkouts that report something else than their goods cost.
create view faulty_goods as
-- What the orders were charged for a piece of each thing, and for a line of it. Some shops tell prices after the coupon: before it a
-- piece cost as much more as all goods of its order together.
with paid_lines as (
    select
        i.item_id,
        o.currency,
        i.price,
        i.price * case when o.discount > 0 and o.subtotal > 0 then 1 + cast(o.discount as double) / cast(o.subtotal as double) else 1 end as full_price,
        i.quantity,
        i.id_space
    from order_items i
    join orders o on o.order_id = i.order_id
    where i.price is not null
),
piece_prices as (
    select
        item_id,
        currency,
        min(price) as lowest,
        max(full_price) as highest,
        max(full_price * greatest(1, coalesce(quantity, 1))) as highest_line,
        bool_or(id_space = 'product') as is_parent
    from paid_lines
    group by item_id, currency
    having min(price) > 0
),
-- Views, carts and checkouts against the prices of what they name. Discounts, taxes and a cart that grows move a value by less than this.
-- A view may leave its value at zero, and a list of ids does not say how many pieces were meant.
goods_values as (
    select
        e.event_key,
        e.value,
        sum(p.lowest * coalesce(i.quantity, 1)) as lowest,
        sum(case when i.quantity is null then p.highest_line else p.highest * i.quantity end) as highest,
        bool_or(p.is_parent) as has_parent
    from sent_events e
    join event_items i on i.event_key = e.event_key
    join piece_prices p on p.item_id = shop_item_id(i.item_id) and p.currency = e.currency
    where e.step <> 'Purchase'
      and (e.value > 0 or (e.value = 0 and e.step <> 'ViewContent'))
    group by e.event_key, e.value, e.item_count
    having count(*) = e.item_count
       and (e.value * 10 < sum(p.lowest * coalesce(i.quantity, 1))
         or e.value > 50 * sum(case when i.quantity is null then p.highest_line else p.highest * i.quantity end))
),
-- Steps in which all goods come at one value.
fixed_steps as (
    select
        platform,
        channel,
        coalesce(dataset, '') as pixel,
        step,
        min(value) as value,
        min(currency) as currency
    from sent_events
    where step <> 'Purchase'
      and value > 0
      and item_count > 0
    group by platform, channel, coalesce(dataset, ''), step
    having min(value) = max(value)
       and min(items) <> max(items)
       and min(currency) = max(currency)
),
-- What half of the orders came to, whatever was bought, is the price of an offer: any three for 75, the first box for 10.
offer_orders as (
    select
        f.value,
        f.currency,
        o.order_id,
        min(i.item_id) as item_id
    from (select distinct value, currency from fixed_steps) f
    join orders o on o.currency = f.currency and (abs(o.subtotal - f.value) <= 0.05 or abs(o.total - f.value) <= 0.05)
    left join order_items i on i.order_id = o.order_id
    group by f.value, f.currency, o.order_id
),
offer_prices as (
    select o.value, o.currency
    from offer_orders o
    join (select currency, count(*) as order_count from orders group by currency) c on c.currency = o.currency
    group by o.value, o.currency, c.order_count
    having count(*) * 2 >= c.order_count
       -- Of one or two test orders nobody can tell an offer from a best seller.
       and (c.order_count <= 2 or min(o.item_id) <> max(o.item_id))
),
fixed_goods as (
    select
        e.event_key,
        f.platform,
        f.channel,
        f.pixel,
        f.step,
        e.value,
        e.items,
        sum(p.lowest * coalesce(i.quantity, 1)) as lowest,
        avg(p.lowest) as lowest_piece,
        avg(p.highest) as highest_piece
    from fixed_steps f
    left join offer_prices o on o.value = f.value and o.currency = f.currency
    join sent_events e on e.platform = f.platform and e.channel = f.channel and coalesce(e.dataset, '') = f.pixel and e.step = f.step
    join event_items i on i.event_key = e.event_key
    join piece_prices p on p.item_id = shop_item_id(i.item_id) and p.currency = f.currency
    where e.value > 0
      and o.value is null
    group by e.event_key, f.platform, f.channel, f.pixel, f.step, e.value, e.items, e.item_count
    having count(*) = e.item_count
       -- A parent's page may show a variant far cheaper than what was bought of it, or a pack of three.
       and ((e.value * 3 < 2 * sum(p.lowest * coalesce(i.quantity, 1)) and not bool_or(p.is_parent))
         or e.value * 2 > case when bool_or(p.is_parent) then 8 else 3 end
            * sum(case when i.quantity is null then p.highest_line else p.highest * i.quantity end))
),
-- Two things of prices far apart, or three, of none of which it can be the price. Carts of several things may be what an offer bundles,
-- or grow: only different prices tell.
fixed_values as (
    select g.*
    from fixed_goods g
    join (
        select platform, channel, pixel, step
        from fixed_goods
        group by platform, channel, pixel, step
        having (count(distinct items) >= 2 and max(lowest_piece) * 2 > 3 * min(highest_piece))
            or (count(distinct items) >= 3 and max(lowest_piece) * 4 > 5 * min(highest_piece))
            or count(distinct case when not contains(items, ',') then items end) >= 3
    ) s on s.platform = g.platform and s.channel = g.channel and s.pixel = g.pixel and s.step = g.step
),
doubtful_values as (
    select event_key, value, lowest, highest, has_parent, false as is_fixed
    from goods_values
    union all
    select event_key, value, lowest, null, false, true
    from fixed_values
    where event_key not in (select event_key from goods_values)
)
select
    g.event_key,
    g.lowest,
    case
        when g.is_fixed then 'fixed_value'
        when g.value between g.lowest * 70 and g.highest * 140 then 'times_100'
        when g.value between g.lowest * 0.007 and g.highest * 0.014 then 'divided_by_100'
        when g.value between g.lowest * 0.0007 and g.highest * 0.0014 and g.lowest >= 1000 then 'thousands_separator'
        -- A parent's view may show the price of its smallest variant, while the orders hold the largest.
        when g.value * 10 < g.lowest and not (g.has_parent and g.value > 0) then 'not_the_goods'
    end as fault
from doubtful_values g
left join faulty_checkouts f on f.event_key = g.event_key and f.fault is not null
left join checkout_values c on c.event_key = g.event_key and c.is_settled = 1
left join checkout_matches m on m.event_key = g.event_key and m.exact_rank is not null
where f.event_key is null
  and c.event_key is null
  and m.event_key is null;

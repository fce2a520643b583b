-- Which of an order's amounts a value is.

-- Purchases that name no order themselves: the one order their other copy with the same id names.
create table copy_orders as
with copies as (
    select
        e.event_key,
        o.order_id
    from events e
    join exact_pairs p on p.browser_key = e.event_key
    join events o on o.event_key = p.server_key
    where e.step = 'Purchase'
      and e.order_id is null
    union all
    select
        e.event_key,
        o.order_id
    from events e
    join exact_pairs p on p.server_key = e.event_key
    join events o on o.event_key = p.browser_key
    where e.step = 'Purchase'
      and e.order_id is null
      and o.step = 'Purchase'
)
select
    event_key,
    min(order_id) as order_id
from copies
group by event_key
having count(distinct order_id) = 1;

-- The order whose money each Purchase must carry: its own, else that of its other copy with the same id.
create view purchase_orders as
select
    e.event_key,
    coalesce(e.order_id, c.order_id) as order_id
from events e
left join copy_orders c on c.event_key = e.event_key
where e.step = 'Purchase'
  and coalesce(e.order_id, c.order_id) is not null;

-- What each value that names an order could be: a basis of the order as it stands, or through a slip of scale.
create table value_readings as
with priced as (
    select
        e.event_key,
        a.order_id,
        e.value,
        a.rank,
        a.basis,
        a.amount,
        a.tolerance,
        a.is_plan_basis
    from events e
    left join copy_orders c on c.event_key = e.event_key
    join order_amounts a on a.order_id = coalesce(e.order_id, c.order_id)
    where e.step = 'Purchase'
      and e.value is not null
),
readings as (
    select event_key, order_id, basis, amount, is_plan_basis, 'none' as slip,
        case when is_plan_basis then 0 else rank end as rank
    from priced
    where abs(value - amount) <= tolerance
    union all
    select event_key, order_id, basis, amount, is_plan_basis, 'times_100',
        case when is_plan_basis then 100 else 110 + rank end
    from priced
    where amount <> 0
      and abs(value - amount * 100) <= tolerance * 100
    union all
    select event_key, order_id, basis, amount, is_plan_basis, 'divided_by_100',
        case when is_plan_basis then 101 else 130 + rank end
    from priced
    where amount <> 0
      and abs(value * 100 - amount) <= tolerance
    union all
    select event_key, order_id, basis, amount, is_plan_basis, 'thousands_separator',
        case when is_plan_basis then 102 else 150 + rank end
    from priced
    where amount >= 1000
      and (
          abs(value * 1000 - amount) <= tolerance
          or value = floor(amount / 1000)
          or (amount >= 1000000 and (value = floor(amount / 1000) / 1000 or value = floor(amount / 1000000)))
      )
)
select
    event_key,
    order_id,
    basis,
    slip,
    amount,
    is_plan_basis,
    row_number() over (partition by event_key order by rank, basis) as nth
from readings;

-- Values that are the plan's amount less whole lines of the order, none of which the event names: the order may have grown after
-- the Purchase, by an offer on the thank-you page or an edit. An order that was not changed since has not.
create table outgrown_values as
with unread as (
    select
        e.event_key,
        o.order_id,
        a.amount - e.value as missing_amount,
        a.tolerance,
        case when not coalesce(o.tax_included, true) and o.tax > 0 and o.subtotal > 0
            then cast(o.tax as double) / cast(o.subtotal as double) else 0 end as tax_share,
        case when not coalesce(o.tax_included, true) and o.tax > 0 and o.total > o.tax
            then cast(o.tax as double) / cast(o.total - o.tax as double) else 0 end as tax_share_of_all
    from purchase_orders p
    join events e on e.event_key = p.event_key
    join orders o on o.order_id = p.order_id
    join order_amounts a on a.order_id = p.order_id
    where a.is_plan_basis
      and a.amount - e.value > a.tolerance
      and e.value > 0
      and coalesce(e.currency = a.currency, true)
      and coalesce(o.changed_at > coalesce(e.event_at, e.seen_at) + interval 60 seconds, true)
      and not exists (select 1 from value_readings r where r.event_key = e.event_key)
),
lines as (
    select distinct
        i.order_id,
        i.position,
        i.price * coalesce(i.quantity, 1) as amount
    from (select distinct order_id from unread) u
    join order_items i on i.order_id = u.order_id
),
-- Lines are added at the end: each by itself, or with all that stand behind it. The first was always there.
tails as (
    select
        order_id,
        position,
        amount,
        sum(amount) over (partition by order_id order by position desc) as tail_amount,
        max(position) over (partition by order_id) as last_position,
        min(position) over (partition by order_id) as first_position
    from lines
),
-- Where tax is added to the prices a line brings its own, by the share of the goods or of goods and shipping.
bare as (
    select event_key, order_id, missing_amount, missing_amount as line_amount, tolerance
    from unread
    union
    select event_key, order_id, missing_amount, cast(missing_amount / (1 + tax_share) as decimal(24, 6)), tolerance
    from unread
    where tax_share > 0
    union
    select event_key, order_id, missing_amount, cast(missing_amount / (1 + tax_share_of_all) as decimal(24, 6)), tolerance
    from unread
    where tax_share_of_all > 0
),
fits as (
    select
        u.event_key,
        u.order_id,
        u.missing_amount,
        t.position as from_position,
        case when abs(u.line_amount - t.amount) <= u.tolerance then t.position else t.last_position end as to_position
    from bare u
    join tails t on t.order_id = u.order_id
    where t.position > t.first_position
      and (abs(u.line_amount - t.amount) <= u.tolerance or abs(u.line_amount - t.tail_amount) <= u.tolerance)
),
named as (
    select distinct f.event_key, f.from_position
    from fits f
    join order_items i on i.order_id = f.order_id and i.position between f.from_position and f.to_position
    join event_items n on n.event_key = f.event_key and shop_item_id(n.item_id) = i.item_id
)
select
    f.event_key,
    min(f.missing_amount) as missing_amount,
    min(f.to_position - f.from_position + 1) as line_count
from fits f
left join named n on n.event_key = f.event_key and n.from_position = f.from_position
where n.event_key is null
group by f.event_key;

-- Purchases of one order that tell of it in parts: an offer taken on the thank-you page has a Purchase of its own. Each names other goods,
-- each came some time after the one before it, and together they are the plan's amount.
create table purchase_parts as
with sides as (
    select
        e.event_key,
        e.platform,
        coalesce(e.dataset, '') as pixel,
        e.channel,
        p.order_id,
        e.event_id,
        e.value,
        e.currency,
        coalesce(e.seen_at, e.event_at) as sent_at
    from purchase_orders p
    join events e on e.event_key = p.event_key
    where e.event_id is not null
      and e.value > 0
),
several as (
    select platform, pixel, channel, order_id
    from sides
    group by platform, pixel, channel, order_id
    having count(distinct event_id) between 2 and 5
),
parts as (
    select
        s.platform,
        s.pixel,
        s.channel,
        s.order_id,
        s.event_id,
        min(s.value) as value,
        max(s.value) as most,
        min(s.currency) as currency,
        min(s.sent_at) as sent_at,
        min(s.event_key) as event_key
    from several v
    join sides s on s.platform = v.platform and s.pixel = v.pixel and s.channel = v.channel and s.order_id = v.order_id
    group by s.platform, s.pixel, s.channel, s.order_id, s.event_id
),
spaced as (
    select
        *,
        epoch(sent_at) - epoch(lag(sent_at) over (partition by platform, pixel, channel, order_id order by sent_at)) as after_s
    from parts
),
sums as (
    select
        platform,
        pixel,
        channel,
        order_id,
        count(*) as part_count,
        sum(value) as total,
        min(currency) as currency
    from spaced
    group by platform, pixel, channel, order_id
    having min(after_s) >= 10
       and max(value - most) = 0
       and min(currency) = max(currency)
),
goods as (
    select p.platform, p.pixel, p.channel, p.order_id, count(i.item_id) as named, count(distinct i.item_id) as different,
        count(distinct p.event_id) filter (i.item_id is not null) as naming
    from parts p
    left join (select distinct event_key, item_id from event_items) i on i.event_key = p.event_key
    group by p.platform, p.pixel, p.channel, p.order_id
)
select
    s.event_key,
    u.part_count
from sums u
join order_amounts a on a.order_id = u.order_id and a.is_plan_basis
join goods g on g.platform = u.platform and g.pixel = u.pixel and g.channel = u.channel and g.order_id = u.order_id
join sides s on s.platform = u.platform and s.pixel = u.pixel and s.channel = u.channel and s.order_id = u.order_id
where abs(u.total - a.amount) <= a.tolerance * u.part_count
  and u.currency = a.currency
  and g.named = g.different
  and g.naming = u.part_count;

-- Orders of a Shopify CSV, which knows no buyer's currency, that one side tells in the shop's money and the other in one currency and number
-- of its own, while that side tells other orders in the shop's: the buyer may have seen the shop in another currency.
create view two_currency_orders as
with told as (
    select
        e.event_key,
        e.platform,
        e.channel,
        e.value,
        e.currency,
        o.order_id,
        e.currency = o.currency as is_shops,
        rounding_of(e.value, o.total, 2) as rounding
    from orders o
    join sources f on f.source = o.source and f.loader = 'shopify'
    join purchase_orders p on p.order_id = o.order_id
    join sent_events e on e.event_key = p.event_key
    where o.presentment_currency is null
      and e.currency is not null
),
mixed as (
    select order_id
    from told
    group by order_id
    having bool_or(is_shops)
       and count(distinct case when not is_shops then currency end) = 1
       and count(distinct case when not is_shops then value end) = 1
),
shop_sides as (
    select distinct t.platform, t.channel
    from told t
    join value_readings r on r.event_key = t.event_key and r.nth = 1 and r.slip = 'none'
    where t.is_shops
      and t.order_id not in (select order_id from mixed)
)
select t.order_id
from mixed m
join told t on t.order_id = m.order_id
left join value_readings r on r.event_key = t.event_key and r.nth = 1
left join shop_sides s on s.platform = t.platform and s.channel = t.channel
group by t.order_id
having bool_and(case
        when t.is_shops then coalesce(r.slip = 'none', false)
        -- The shop's own number but for cents is the shop's money under another name.
        else r.event_key is null and s.platform is not null and t.rounding is distinct from 'cents'
    end);

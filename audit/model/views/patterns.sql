-- What the orders of a day that lack an event have in common.

-- Ways of paying, goods and devices that orders share. A device is told by the order itself or by the user agent of its Purchase.
create view order_traits as
with devices as (
    select order_id, split_part(device, ', ', 1) as kind, split_part(device, ', ', 2) as browser
    from orders
    where device is not null
    union
    select order_id, split_part(device, ', ', 1), split_part(device, ', ', 2)
    from events
    where device is not null
      and order_id is not null
),
device_traits as (
    select order_id, 'on phones' as trait
    from devices
    where kind in ('iPhone', 'Android phone')
    union
    select order_id, 'on ' || kind || 's'
    from devices
    union
    select order_id, 'in the browser of the ' || browser || ' app'
    from devices
    where browser in ('Instagram', 'Facebook', 'TikTok', 'LINE')
    union
    select order_id, 'in ' || browser
    from devices
    where browser not in ('', 'Instagram', 'Facebook', 'TikTok', 'LINE')
)
select t.order_id, t.trait
from device_traits t
join expected_orders x on x.order_id = t.order_id
where x.is_traffic
union
select order_id, 'paid by ' || payment_method as trait
from expected_orders
where is_traffic
  and payment_method is not null
union
select x.order_id, 'with ' || i.item_id || ' among the goods'
from expected_orders x
join order_items i on i.order_id = x.order_id
where x.is_traffic
  and i.counts is not false;

-- Per platform, step and side (server, browser, both): what tells the orders that lack it from those that have it, where nearly all of
-- these and of no others do, or where they were placed one after another. Chance does not pick them so. Of Purchases that holds below the
-- plan's share too (is_unlikely): what is left without them is within it.
create table missing_patterns as
with asked as (
    select platform, step, 'server' as side, order_id, server_events = 0 as is_missing
    from order_steps
    where is_traffic and is_due and needs_server and sees_server and browser_events > 0
    union all
    select platform, step, 'browser', order_id, browser_events = 0
    from order_steps
    where is_traffic and is_due and needs_browser and sees_browser and server_events + refused_events > 0
    union all
    select platform, step, 'both', order_id, browser_events + server_events + refused_events = 0
    from order_steps
    where is_traffic and is_due and (sees_browser or sees_server)
),
gaps as (
    select
        a.platform,
        a.step,
        a.side,
        count(*) as orders,
        count(case when a.is_missing then 1 end) as missing
    from asked a
    group by a.platform, a.step, a.side
    having count(case when a.is_missing then 1 end) between 5 and count(*) - 1
),
told_gaps as (
    select
        g.*,
        l.amount as share,
        g.missing > g.orders * l.amount as is_wide
    from gaps g
    join plan_limits l on l.name = 'missing_share'
    where g.orders >= 20
      and (g.missing > g.orders * l.amount or g.step = 'Purchase')
),
members as (
    select
        a.platform,
        a.step,
        a.side,
        a.order_id,
        a.is_missing,
        g.orders,
        g.missing,
        g.share,
        g.is_wide
    from told_gaps g
    join asked a on a.platform = g.platform and a.step = g.step and a.side = g.side
),
-- Below the share a few of one article or device are the same household's; a way of paying leads all its buyers past one page.
traits as (
    select
        m.platform,
        m.step,
        m.side,
        t.trait,
        count(*) as orders,
        count(case when m.is_missing then 1 end) as missing,
        count(case when m.is_missing then 1 end) >= 0.95 * min(m.missing) as is_of_all
    from members m
    join order_traits t on t.order_id = m.order_id
    group by m.platform, m.step, m.side, t.trait
    having count(case when m.is_missing then 1 end) >= case when bool_or(m.is_wide) or starts_with(t.trait, 'paid by ') then 5 else 10 end
       and count(case when m.is_missing then 1 end) >= 0.9 * count(*)
       and (count(case when m.is_missing then 1 end) >= 0.95 * min(m.missing)
           or min(m.missing) - count(case when m.is_missing then 1 end) <= (min(m.orders) - count(*)) * min(m.share))
),
ranked_traits as (
    select
        *,
        row_number() over (partition by platform, step, side order by is_of_all desc, case when is_of_all then 0 else missing end desc, trait) as place
    from traits
),
placed as (
    select
        m.*,
        o.due_at,
        row_number() over (partition by m.platform, m.step, m.side order by o.due_at, m.order_id) as nth,
        row_number() over (partition by m.platform, m.step, m.side, m.is_missing order by o.due_at, m.order_id) as nth_alike
    from members m
    join expected_orders o on o.order_id = m.order_id
    where o.due_at is not null
),
-- Of a shop with an order every few seconds the last ones wait for their thank-you page when the log ends.
runs as (
    select
        platform,
        step,
        side,
        count(*) as missing,
        min(due_at) as first_at,
        max(due_at) as last_at,
        max(nth) = min(orders) as is_last
    from placed
    where is_missing
    group by platform, step, side, nth - nth_alike
    having count(distinct due_at) >= 10
       and (count(*) >= 0.9 * min(missing) or min(missing) - count(*) <= (min(orders) - count(*)) * min(share))
       and (bool_or(is_wide) or max(due_at) - min(due_at) >= interval 10 minutes)
),
ranked_runs as (
    select
        *,
        row_number() over (partition by platform, step, side order by is_last desc, missing desc, first_at) as place
    from runs
)
select
    g.platform,
    g.step,
    g.side,
    g.missing,
    case
        when t.is_of_all and g.is_wide then ', all ' || t.trait
        when r.is_last then ', none of the last ' || r.missing || ', from ' || told_time(r.first_at, '%Y-%m-%d %H:%M') || ' on'
        when t.trait is not null then ', among them ' || t.missing || ' of the ' || counted(t.orders, 'order') || ' ' || t.trait
        when g.missing * 2 <= g.orders then ', ' || r.missing || ' of them between ' || clock_time(r.first_at, '%Y-%m-%d %H:%M') || ' and '
            || told_time(r.last_at, '%Y-%m-%d %H:%M')
    end as told,
    coalesce(starts_with(t.trait, 'paid by '), false) as is_of_paying,
    r.missing as run_count,
    coalesce(r.is_last, false) as is_over,
    not g.is_wide and (t.trait is not null or r.missing is not null) as is_unlikely
from told_gaps g
left join ranked_traits t on t.platform = g.platform and t.step = g.step and t.side = g.side and t.place = 1
left join ranked_runs r on r.platform = g.platform and r.step = g.step and r.side = g.side and r.place = 1;

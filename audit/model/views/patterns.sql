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

-- Since when the last orders before the end of the logs may still be waited for, by platform and side: buyers come back from paying,
-- queues are sent by the hour. At any moment of the day some orders wait, and none placed after them was told before: how long such a
-- silence usually lasts at most. Where most are told at once, none does.
create table awaited_orders as
with incomplete as (
    select platform
    from order_steps
    where is_traffic
      and step = 'Purchase'
      and ((needs_browser and browser_events = 0) or (needs_server and server_events = 0))
    group by platform
    having count(*) >= 10
),
sent as (
    select s.platform, s.order_id, 'server' as side, s.server_key as event_key
    from order_steps s
    join incomplete i on i.platform = s.platform
    where s.is_traffic and s.step = 'Purchase' and s.server_key is not null
    union all
    select s.platform, s.order_id, 'browser', s.browser_key
    from order_steps s
    join incomplete i on i.platform = s.platform
    where s.is_traffic and s.step = 'Purchase' and s.browser_key is not null
),
times as (
    select
        s.platform,
        s.order_id,
        s.side,
        o.due_at,
        coalesce(e.seen_at, e.event_at) as sent_at
    from sent s
    join events e on e.event_key = s.event_key
    join expected_orders o on o.order_id = s.order_id
    where o.due_at is not null
),
first_times as (
    select platform, order_id, 'both' as side, due_at, min(sent_at) as sent_at
    from times
    group by platform, order_id, due_at
    union all
    select platform, order_id, side, due_at, sent_at
    from times
),
silences as (
    select
        platform,
        side,
        epoch(min(sent_at) over (partition by platform, side order by due_at desc)) - epoch(due_at) as seconds
    from first_times
),
usual_silences as (
    select
        platform,
        side,
        greatest(0, 1.25 * quantile_disc(seconds, 0.95)) as seconds
    from silences
    group by platform, side
)
select
    u.platform,
    u.side,
    max(l.last_at) - to_seconds(cast(u.seconds as bigint)) as since
from usual_silences u
join log_windows l on l.platform = u.platform and (l.channel = u.side or u.side = 'both')
group by u.platform, u.side, u.seconds;

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
-- A household that blocks ads loses all of its orders; it is one buyer.
contacts as (
    select
        order_id,
        min(concat(email_digest, ' ', phone_digest)) as contact
    from orders
    where email_digest is not null
       or phone_digest is not null
    group by order_id
),
households as (
    select
        m.platform,
        m.step,
        m.side,
        c.contact
    from members m
    join contacts c on c.order_id = m.order_id
    where not m.is_wide
    group by m.platform, m.step, m.side, c.contact
    having count(*) > 1
       and bool_and(m.is_missing)
),
losses as (
    select
        m.*,
        case when m.is_missing then coalesce(h.contact, m.order_id) end as buyer
    from members m
    left join contacts c on c.order_id = m.order_id
    left join households h on h.platform = m.platform and h.step = m.step and h.side = m.side and h.contact = c.contact
),
-- Below the share a few of one article or device are the same household's; a way of paying leads all its buyers past one page. The more
-- a plan allows to be lost, the more of them chance picks alike.
traits as (
    select
        m.platform,
        m.step,
        m.side,
        t.trait,
        count(*) as orders,
        count(case when m.is_missing then 1 end) as missing,
        count(case when m.is_missing then 1 end) >= 0.95 * min(m.missing) as is_of_all
    from losses m
    join order_traits t on t.order_id = m.order_id
    group by m.platform, m.step, m.side, t.trait
    having count(distinct m.buyer) >= case when bool_or(m.is_wide) or starts_with(t.trait, 'paid by ') then 5 else 10 end
       and (bool_or(m.is_wide) or min(m.orders) * power(1.0 * min(m.missing) / min(m.orders), count(distinct m.buyer)) <= 0.01)
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
    from losses m
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
       and count(distinct buyer) >= 10
       and (bool_or(is_wide) or min(orders) * power(1.0 * min(missing) / min(orders), count(distinct buyer)) <= 0.01)
       and (count(*) >= 0.9 * min(missing) or min(missing) - count(*) <= (min(orders) - count(*)) * min(share))
       and (bool_or(is_wide) or max(due_at) - min(due_at) >= interval 10 minutes)
),
ranked_runs as (
    select
        r.*,
        row_number() over (partition by r.platform, r.step, r.side order by r.is_last desc, r.missing desc, r.first_at) as place
    from runs r
    left join awaited_orders a on a.platform = r.platform and a.side = r.side and r.step = 'Purchase'
    where not (r.is_last and coalesce(r.first_at >= a.since, false))
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

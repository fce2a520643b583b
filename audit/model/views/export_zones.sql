-- In which zone an export tells its times.

-- Exports whose times name no zone and are not in the plan's: in UTC, as a database keeps them, most sales lie beside their Purchases; or
-- several orders seem younger than their Purchases by the same hours, as in the zone of the shop. shift_s leads to their true times. Where
-- the Purchases left, by a clock of a named zone, at the moment that the export has in the plan's, it is their own times that are wrong.
create table foreign_exports as
with sales as (
    select
        o.source,
        o.created_at,
        min(coalesce(e.event_at, e.seen_at)) as sold_at,
        bool_or(g.source is null and is_beside(epoch(e.seen_at) - epoch(o.created_at))) as is_as_read
    from zoneless_orders z
    join orders o on o.order_id = z.order_id
    join events e on e.order_id = o.order_id
    left join sources s on s.source = e.source
    left join zoneless_logs g on g.source = e.source
    where e.step = 'Purchase'
      and coalesce(s.has_zone, true)
    group by o.source, o.order_id, o.created_at
),
differences as (
    select
        source,
        is_as_read,
        epoch(sold_at) - epoch(created_at) as as_read_s,
        epoch(sold_at) - epoch(clock_in_zone(created_at)) as as_utc_s
    from sales
),
exports as (
    select
        source,
        count(*) filter (where is_beside(as_utc_s)) * 2 > count(*)
            and count(*) filter (where as_utc_s < -300) * 10 <= count(*)
            and count(*) filter (where is_beside(as_read_s)) * 10 <= count(*) as is_utc,
        count(*) > 1 and max(as_read_s) < -3000 and max(as_read_s) - min(as_read_s) <= 600 as is_younger,
        1800 * round((min(as_read_s) + max(as_read_s)) / 3600) as shift_s,
        min(as_read_s) as least_s,
        max(as_read_s) as most_s
    from differences
    group by source
    having count(*) filter (where is_as_read) * 2 <= count(*)
)
select
    source,
    is_utc,
    shift_s
from exports
where is_utc
   or (is_younger and least_s - shift_s >= -300 and most_s - shift_s <= 600);

create temp table moved_times as
select
    o.order_id,
    case when f.is_utc then clock_in_zone(o.created_at) else o.created_at + to_seconds(cast(f.shift_s as bigint)) end as created_at,
    case when f.is_utc then clock_in_zone(o.paid_at) else o.paid_at + to_seconds(cast(f.shift_s as bigint)) end as paid_at,
    case when f.is_utc then clock_in_zone(o.cancelled_at) else o.cancelled_at + to_seconds(cast(f.shift_s as bigint)) end as cancelled_at,
    case when f.is_utc then clock_in_zone(o.changed_at) else o.changed_at + to_seconds(cast(f.shift_s as bigint)) end as changed_at
from foreign_exports f
join orders o on o.source = f.source
where o.order_id in (select order_id from zoneless_orders);

update orders
set created_at = m.created_at,
    paid_at = m.paid_at,
    cancelled_at = m.cancelled_at,
    changed_at = m.changed_at
from moved_times m
where m.order_id = orders.order_id;

update sources
set first_at = w.first_at,
    last_at = w.last_at
from (
    select
        o.source,
        min(o.created_at) as first_at,
        max(o.created_at) as last_at
    from foreign_exports f
    join orders o on o.source = f.source
    group by o.source
) as w
where w.source = sources.source;

drop table moved_times;
drop table zoneless_orders;

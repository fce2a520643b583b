-- Which order an event tells of.

-- Which order each event belongs to: the first carried key that an order has; else the first key plainly meant as one.
create temp table order_of_event as
with matches as (
    select
        c.event_key,
        c.key,
        c.how,
        c.is_meant,
        k.order_id,
        row_number() over (
            partition by c.event_key
            order by case when k.order_id is not null then 0 when c.is_meant then 1 else 2 end, c.rank, k.order_id, c.key
        ) as place
    from order_candidates c
    left join order_keys k on k.key = c.key
)
select
    event_key,
    key as order_key,
    order_id,
    how as order_how
from matches
where place = 1
  and (order_id is not null or is_meant);

update events
set order_key = o.order_key,
    order_id = o.order_id,
    order_how = o.order_how
from order_of_event o
where o.event_key = events.event_key;

-- Kwai's own API has no field for an order (domain 3.2): a Purchase that its click id ties to a visit of one order alone is that order's.
update events
set order_key = v.order_id,
    order_id = v.order_id,
    order_how = 'visit'
from (
    with nameless as (
        select event_key, session
        from events
        where endpoint = 'kwai_event_api'
          and step = 'Purchase'
          and order_key is null
          and click_id is not null
    )
    select
        n.event_key,
        min(e.order_id) as order_id
    from nameless n
    join events e on e.session = n.session
    where e.step = 'Purchase'
      and e.order_id is not null
    group by n.event_key
    having count(distinct e.order_id) = 1
) as v
where events.event_key = v.event_key;

-- Exports whose times name no zone and are not in the plan's: in UTC, as a database keeps them, most sales lie beside their Purchases; or
-- several orders seem younger than their Purchases by the same hours, as in the zone of the shop. shift_s leads to their true times. Where
-- the Purchases left, by a clock of a named zone, at the moment that the export has in the plan's, it is their own times that are wrong.
create table foreign_exports as
with sales as (
    select
        o.source,
        o.created_at,
        min(coalesce(e.event_at, e.seen_at)) as sold_at,
        bool_or(g.source is null and epoch(e.seen_at) - epoch(o.created_at) between -300 and 600) as is_as_read
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
        count(*) filter (where as_utc_s between -300 and 600) * 2 > count(*)
            and count(*) filter (where as_utc_s < -300) * 10 <= count(*)
            and count(*) filter (where as_read_s between -300 and 600) * 10 <= count(*) as is_utc,
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

-- Every amount a shop could mean by an order's value, in the order they are tried.
create view order_bases as
with amounts as (
    select order_id, 1 as rank, 'total' as basis, total as amount, currency, true as differs from orders
    union all
    select order_id, 2, 'gross_revenue', gross_revenue, currency, true from orders
    union all
    select order_id, 3, 'net_revenue', net_revenue, currency, true from orders
    union all
    select order_id, 4, 'subtotal', subtotal, currency, true from orders
    union all
    select order_id, 5, 'total_less_shipping', total - shipping, currency, shipping <> 0 from orders
    union all
    select order_id, 6, 'total_less_tax', total - tax, currency, tax <> 0 from orders
    union all
    select order_id, 7, 'total_less_shipping_and_tax', total - shipping - tax + coalesce(shipping_tax, 0), currency, shipping <> 0 and tax <> 0 from orders
    union all
    select order_id, 8, 'before_discount', subtotal + discount, currency, discount <> 0 from orders
    union all
    select order_id, 9, 'total_less_fees', total - fees, currency, fees <> 0 from orders
    union all
    select order_id, 10, 'total_with_unique_code', total + unique_code, currency, unique_code <> 0 from orders
    union all
    select order_id, 11, 'presentment_total', presentment_total, presentment_currency, true from orders
    union all
    select order_id, 12, 'current_total', current_total, currency, current_total <> total from orders
    union all
    -- A total may hold the code already: the buyer transfers so much more.
    select order_id, 13, 'total_less_unique_code', total - unique_code, currency, true from orders where unique_code <> 0
    union all
    select order_id, 14, 'total_before_discount', total + discount, currency, true from orders where discount <> 0 and total <> subtotal
)
select
    a.order_id,
    a.rank,
    a.basis,
    a.amount,
    a.currency,
    bounded_tolerance(c.tolerance, a.amount) as tolerance,
    a.basis = l.value_basis as is_plan_basis,
    a.differs       -- false: another amount under a second name, as there is no tax to leave out
from amounts a
cross join launch l
left join currencies c on c.currency = a.currency
where a.amount is not null;

-- Those that are an amount of their own, or the plan's.
create table order_amounts as
select
    order_id,
    rank,
    basis,
    amount,
    currency,
    tolerance,
    is_plan_basis
from order_bases
where differs
   or is_plan_basis;

-- An id or an order parameter made of another order's number (the one before it, still kept somewhere): the page names one order, the id
-- or parameter another, and money or buyer are those of the page's order alone. The event tells of that one.
update events
set order_key = o.order_id,
    order_id = o.order_id,
    order_how = 'url'
from (
    with paths as (
        select distinct page_path
        from events
        where step = 'Purchase'
          and order_id is not null
          and order_how in ('parameter', 'template', 'event_id')
          and not contains(page_path, order_key)
    ),
    words as (
        select
            page_path,
            unnest(last_words(page_path)) as word
        from paths
    ),
    page_orders as (
        select
            w.page_path,
            min(k.order_id) as order_id
        from words w
        join order_keys k on k.key = w.word
        where length(w.word) >= 3
        group by w.page_path
        having count(distinct k.order_id) = 1
    ),
    torn as (
        select
            e.event_key,
            e.value,
            e.email_digest,
            e.order_id as id_order,
            p.order_id as page_order
        from page_orders p
        join events e on e.page_path = p.page_path
        where e.step = 'Purchase'
          and e.order_id <> p.order_id
          and e.order_how in ('parameter', 'template', 'event_id')
    ),
    fits as (
        select
            t.event_key,
            t.page_order,
            o.order_id = t.page_order as is_page,
            coalesce(t.email_digest = o.email_digest, false)
                or exists (select 1 from order_amounts a where a.order_id = o.order_id and abs(a.amount - t.value) <= a.tolerance) as is_fit
        from torn t
        join orders o on o.order_id in (t.id_order, t.page_order)
    )
    select
        event_key,
        min(page_order) as order_id
    from fits
    group by event_key
    having bool_or(is_page and is_fit)
       and not bool_or(not is_page and is_fit)
) as o
where events.event_key = o.event_key;

-- Keys of Purchases that no order has, and the number in each: without leading zeros, and what stands before and behind it.
create temp table foreign_keys as
select distinct
    order_key as key,
    sole_number(order_key) as number,
    regexp_full_match(order_key, '[0-9]+') as is_bare
from events
where step = 'Purchase'
  and order_id is null
  and sole_number(order_key) is not null;

-- A key that names an order in another form: the number is one order's alone, the money of a Purchase is that order's, and what
-- stands around the number is on one side only. A second thing of an order (a subscription of the same number) is none.
insert into order_keys
with numbers as (
    select
        k.order_id,
        sole_number(k.key) as number,
        regexp_full_match(k.key, '[0-9]+') as is_bare
    from order_keys k
    where exists (select 1 from foreign_keys)
      and k.kind <> 'token'
),
numbered_orders as (
    select
        number,
        min(order_id) as order_id,
        bool_or(is_bare) as is_bare
    from numbers
    group by number
    having count(distinct order_id) = 1
),
candidates as (
    select
        o.order_id,
        f.key,
        f.is_bare and o.is_bare as is_padding
    from foreign_keys f
    join numbered_orders o on o.number = f.number
    where f.is_bare
       or o.is_bare
),
fitting as (
    select distinct
        c.order_id,
        c.key,
        c.is_padding
    from candidates c
    join events e on e.order_key = c.key
    join order_amounts a on a.order_id = c.order_id
    where e.step = 'Purchase'
      and e.order_id is null
      and abs(e.value - a.amount) <= a.tolerance
      and coalesce(e.currency = a.currency, true)
),
named_orders as (
    select distinct c.order_id
    from candidates c
    join events e on e.order_id = c.order_id
    where e.step = 'Purchase'
)
select
    f.order_id,
    min(f.key),
    'form'
from fitting f
left join named_orders n on n.order_id = f.order_id
where n.order_id is null
   or f.is_padding
group by f.order_id
having count(*) = 1;

update events
set order_id = k.order_id
from order_keys k
where k.kind = 'form'
  and k.key = events.order_key
  and events.order_id is null;

-- Another shop's requests in the same relay log: to another store, for a page no event of this launch names, of no order and no id
-- of its own. They are left aside like events of a pixel the plan does not name.
update events
set in_plan = false
from (
    with strangers as (
        select
            e.event_key,
            e.platform,
            e.event_id,
            rtrim(lower(e.page_host), '.') as host
        from events e
        join plan_platforms p on p.platform = e.platform
        where e.relay_store <> p.relay_store
          and e.page_host is not null
          and e.order_id is null
    ),
    own_events as (
        select
            e.platform,
            e.event_id,
            rtrim(lower(e.page_host), '.') as host
        from events e
        left join plan_platforms p on p.platform = e.platform
        where e.in_plan
          and (e.relay_store is null or p.relay_store is null or e.relay_store = p.relay_store)
          and exists (select 1 from strangers)
    )
    select x.event_key
    from strangers x
    where exists (select 1 from plan_domains d where d.platform = x.platform)
      and not exists (
          select 1
          from plan_domains d
          where d.platform = x.platform
            and (x.host = d.domain or ends_with(x.host, '.' || d.domain))
      )
      and not exists (select 1 from own_events o where o.host = x.host)
      and not exists (select 1 from own_events o where o.platform = x.platform and o.event_id = x.event_id)
) as others
where events.event_key = others.event_key;

-- Purchases from which nothing leads to an order.
create table nameless_purchases as
select
    event_key,
    platform,
    channel,
    event_at
from events
where step = 'Purchase'
  and order_id is null
  and (order_key is null or is_placeholder(order_key));

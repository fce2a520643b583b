-- Which order an event tells of where its id, its page or its key alone do not say so, and its money does.

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

-- Platforms whose Purchases carry long numbers that no order has, where a spreadsheet rounded such numbers in the export.
create table rounded_platforms as
select distinct platform
from events
where step = 'Purchase'
  and order_id is null
  and regexp_full_match(order_key, '[0-9]{11,}')
  and exists (select 1 from sources where gaps like '%the second id of %rounded by a spreadsheet%');

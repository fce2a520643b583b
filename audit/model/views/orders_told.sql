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

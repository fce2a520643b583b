-- What is none of this launch.

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

/*
title       = "Purchase ids follow the plan's template"
failure     = "A Purchase id is not the one the order prescribes"
facet       = "dedup"
severity    = "warning"
follows     = ["event_id_mismatch", "missing_event_id", "event_name_mismatch", "dataset_mismatch", "duplicate_sender",
               "duplicate_purchase", "reused_event_id"]
needs       = ["event id template"]
why         = """
An id built from the order is the same on every page, every reload and every server. A random one works only as long as
nothing goes wrong on the way from the page to the server, and a reload makes it a second sale.
"""
means       = "The id of this Purchase is not the text that the plan's template gives for its order."
first_check = "Compare the two ids that the finding shows: a random part, another order key or a missing piece shows where it is built differently."
not_yet     = "Do not change the template in the plan to fit; first see whether both sides and a reload give the same id."
remedy      = "Build the id from the order exactly as the template says, on every side that sends it."
owner       = "tracking"
*/
with likely_orders as (
    -- the order it most likely is, where its own id does not say
    select
        u.event_key,
        u.order_id
    from sent_events e
    join purchase_units u on u.event_key = e.event_key
    where e.step = 'Purchase'
      and e.order_id is null
),
-- A sale of a till happened on no page: no browser sends a copy whose id would have to be the same.
store_sales as (
    select e.event_key
    from sent_events e
    left join orders o on o.order_id = e.order_id
    where e.step = 'Purchase'
      and e.channel = 'server'
      and is_store(e.action_source)
      and (e.order_id is null or o.duty_reason like 'sold through %')
      and not exists (
          select 1
          from sent_events b
          where b.platform = e.platform
            and b.order_id = e.order_id
            and b.channel = 'browser'
      )
      and not exists (
          select 1
          from sent_events b
          where b.platform = e.platform
            and b.step = 'Purchase'
            and b.event_id = e.event_id
            and b.channel = 'browser'
      )
),
purchases as (
    select
        e.event_key,
        e.platform,
        e.step,
        e.channel,
        e.sender,
        e.event_id,
        e.order_id,
        coalesce(e.order_id, u.order_id) as likely_order,
        e.order_key,
        e.session,
        e.ref,
        replace(l.event_id_prefix, '{event_name}', e.event_name) as prefix,
        replace(l.event_id_suffix, '{event_name}', e.event_name) as suffix
    from sent_events e
    cross join launch l
    left join likely_orders u on u.event_key = e.event_key
    where e.step = 'Purchase'
      and e.platform in ('meta', 'tiktok')
      and e.event_id is not null
      and coalesce(e.value >= 0, true)  -- a refund's own id is no sale's
      and e.event_key not in (select event_key from store_sales)
),
shaped as (
    select
        *,
        starts_with(event_id, prefix)
            and ends_with(event_id, suffix)
            and length(event_id) > length(prefix) + length(suffix) as has_shape
    from purchases
),
keyed as (
    select
        *,
        case when has_shape then substr(event_id, length(prefix) + 1, length(event_id) - length(prefix) - length(suffix)) end as key
    from shaped
),
owned as (
    select
        *,
        -- the key in the id is one of its own order's
        exists (select 1 from order_keys o where o.key = keyed.key and o.order_id = keyed.order_id) as is_owned
    from keyed
)
select
    k.platform,
    k.step,
    coalesce(k.likely_order, k.order_key, k.event_id) as subject,
    k.likely_order as order_id,
    k.session,
    case
        when k.is_owned then true
        when not k.has_shape or is_placeholder(k.key) then false
        when k.order_id is not null then false
        -- the shape is right; whether the key in it is an order's, no export says
        else null
    end as ok,
    k.prefix || coalesce(k.likely_order, '<order>') || k.suffix as expected,
    k.channel || ' ' || told_id(k.event_id) || ', sent by ' || k.sender as actual,
    cast(null as varchar) as cause,
    k.ref,
    cast(null as varchar) as other_ref
from owned k

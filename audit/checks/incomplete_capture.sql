/*
title    = "The evidence is whole"
failure  = "A file lacks what the audit needs from it"
facet    = "evidence"
severity = "warning"
needs    = ["sources"]
why      = """
A check can only be as good as the recording. Without request bodies, a lost page or an order without an amount nobody can say
that events are missing or money is wrong; and a server log of Tuesday proves nothing about Monday's test order.
"""
means       = "The file was recorded or exported without something, or it belongs to another time than the other files."
first_check = "Read below what is missing from which file, and whether all files are of the same test order."
not_yet     = "Do not read a missing event as a broken pixel before the recording is known to be whole."
remedy      = "Record again with 'Preserve log' on from before the first page, save the HAR with content, and export orders and server log for the same hours."
owner       = "tracking"
*/
with windows as (
    select
        kind,
        min(first_at) as first_at,
        max(last_at) as last_at,
        -- A clock of an unknown zone is at most fourteen hours away.
        max(case when has_zone = false then 50400 else 0 end) as doubt_s
    from sources
    group by kind
),
zoned as (
    select
        *,
        case when has_zone = false then 50400 else 0 end as doubt_s
    from sources
),
-- What one file names and another holds ties them, whatever the clocks say.
tied_to_server as (
    select b.source
    from event_pairs p
    join events b on b.event_key = p.browser_key
    where p.kind = 'exact'
    group by b.source
),
tied_to_orders as (
    select e.source
    from events e
    join orders o on o.order_id = e.order_id
    group by e.source
),
-- Clocks of different files may differ by a minute, and a server may take the time the plan allows it.
gaps_between as (
    select
        s.source,
        max(case when w.kind = 'server' and t.source is null then 1 else 0 end) as is_off_server,
        max(case when w.kind = 'orders' and o.source is null then 1 else 0 end) as is_off_orders
    from zoned s
    join windows w
        on (s.kind = 'browser' and w.kind in ('server', 'orders'))
        or (s.kind = 'server' and w.kind = 'orders')
    join plan_limits l on l.name = 'late_after_s'
    left join tied_to_server t on t.source = s.source
    left join tied_to_orders o on o.source = s.source
    where greatest(epoch(w.first_at) - epoch(s.last_at), epoch(s.first_at) - epoch(w.last_at))
        > 60 + case when 'server' in (s.kind, w.kind) then l.amount else 0 end + s.doubt_s + w.doubt_s
    group by s.source
),
-- Orders that need no events need no amount either.
order_amounts_read as (
    select
        o.source,
        o.order_id,
        o.created_at,
        o.currency,
        l.value_basis,
        case l.value_basis
            when 'gross_revenue' then o.gross_revenue
            when 'net_revenue' then o.net_revenue
            when 'subtotal' then o.subtotal
            when 'before_discount' then o.subtotal
            when 'presentment_total' then coalesce(o.presentment_total, case when coalesce(o.presentment_currency, o.currency) = o.currency then o.total end)
            when 'current_total' then o.current_total
            else o.total
        end as amount,
        case l.value_basis
            when 'total_less_shipping' then o.shipping
            when 'total_less_tax' then o.tax
            when 'total_less_shipping_and_tax' then o.shipping + o.tax
            when 'before_discount' then o.discount
            when 'total_less_fees' then o.fees
            when 'total_with_unique_code' then o.unique_code
            else 0
        end as part
    from orders o
    cross join launch l
    where coalesce(o.event_duty, 'yes') <> 'no'
),
order_lacks as (
    select
        source,
        count(*) as order_count,
        count(*) - count(created_at) as without_time,
        count(*) - count(currency) as without_currency,
        case when count(part) = 0 then count(*) else count(*) - count(amount) end as without_amount,
        min(value_basis) as value_basis
    from order_amounts_read
    group by source
),
unread as (
    select
        source,
        sum(hits) as hits
    from unread_hits
    group by source
),
without_id as (
    select
        source,
        count(*) as row_count
    from rejects
    where reason like 'no order id%'
    group by source
),
judged as (
    select
        s.source,
        s.kind,
        s.loader,
        s.first_at,
        nullif(concat_ws('; ',
            case when s.kind in ('browser', 'server') and not s.has_bodies then 'no request bodies' end,
            case when coalesce(s.has_bodies, true) and u.hits > 0 then u.hits || ' requests to a platform without their content' end,
            case when s.loader = 'har' and not s.has_statuses then 'no response status' end,
            case when s.loader = 'har' and s.gaps like '%no page navigation%' then 'no page navigation' end,
            case when s.gaps like '%last row is cut off%' then 'its last row is cut off' end,
            case when s.read_rows > 0 and s.rejected = s.read_rows then 'no row of it can be used' end,
            case when g.is_off_server = 1 then 'not of the hours of the server log' end,
            case when g.is_off_orders = 1 then 'not of the hours of the orders' end,
            case when i.row_count > 0 then i.row_count || ' rows without an order id' end,
            case when o.without_time > 0 then o.without_time || ' of ' || o.order_count || ' orders without a time' end,
            case when o.without_currency > 0 then o.without_currency || ' of ' || o.order_count || ' orders without a currency' end,
            case when o.without_amount > 0 then o.without_amount || ' of ' || o.order_count || ' orders without ' || o.value_basis end
        ), '') as lacks
    from sources s
    left join gaps_between g on g.source = s.source
    left join order_lacks o on o.source = s.source and s.kind = 'orders'
    left join unread u on u.source = s.source
    left join without_id i on i.source = s.source and s.kind = 'orders'
    where s.kind in ('browser', 'server', 'orders')
)
select
    cast(null as varchar) as platform,
    cast(null as varchar) as step,
    j.source as subject,
    cast(null as varchar) as order_id,
    case
        when j.lacks is not null then false
        when j.first_at is not null then true
    end as ok,
    case
        when j.kind = 'orders' then 'order id, time, currency and ' || l.value_basis
        when j.loader = 'har' then 'bodies, statuses and page navigation, of the hours of the other files'
        when j.kind = 'server' then 'request bodies, of the hours of the other files'
        else 'of the hours of the other files'
    end as expected,
    case
        when j.lacks is not null then j.lacks
        when j.first_at is null then 'no time in it'
        else 'whole'
    end as actual,
    cast(null as varchar) as cause,
    j.source as ref,
    cast(null as varchar) as other_ref
from judged j
cross join launch l

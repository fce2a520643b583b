-- The chain: steps that were not seen, and whether anything shows that they took place.

-- The steps that an order's own captures cannot show, and why: what a platform's script sent was saved without its content, or
-- the recording begins in the middle of the path, or ends before the page that the step is sent from.
create table unshown_steps as
with absent_steps as (
    select
        order_id,
        platform,
        step,
        case step when 'ViewContent' then 1 when 'AddToCart' then 2 when 'InitiateCheckout' then 3 else 4 end as place
    from order_steps
    where browser_events + stopped_events + unanswered_events = 0
      and foreign_browser_key is null
),
absent_orders as (
    select distinct order_id from absent_steps
),
-- A capture that ran when a listed order was placed may be its own, though nothing in it names the order.
order_captures as (
    select
        v.order_id,
        c.source
    from absent_orders a
    join order_sessions v on v.order_id = a.order_id
    join captured_visits c on c.session = v.session
    union
    select
        o.order_id,
        s.source
    from absent_orders a
    join expected_orders o on o.order_id = a.order_id
    join sources s on o.due_at between s.first_at - interval 60 seconds and s.last_at + interval 60 seconds
    where s.loader = 'har'
      and o.is_named
      and not exists (select 1 from order_sessions v join captured_visits c on c.session = v.session where v.order_id = o.order_id)
),
unread as (
    select distinct
        c.order_id,
        h.platform
    from order_captures c
    join unread_hits h on h.source = c.source
),
checkouts as (
    select
        v.order_id,
        max(a.finished_at) as finished_at
    from absent_orders o
    join order_sessions v on v.order_id = o.order_id
    join actions a on a.session = v.session
    where a.kind = 'checkout'
      and a.ok
    group by v.order_id
),
last_checkouts as (
    select
        order_id,
        max(seen_at) as begun_at
    from visit_moments
    where place = 3
    group by order_id
),
-- Something sent from another page after the checkout began: the page that followed was there.
followed as (
    select distinct m.order_id
    from last_checkouts l
    join visit_moments c on c.order_id = l.order_id and c.place = 3 and c.seen_at = l.begun_at
    join visit_moments m on m.order_id = l.order_id and m.seen_at > l.begun_at
    where m.page_path <> c.page_path
       or m.page_host <> c.page_host
),
endings as (
    select
        c.order_id,
        max(s.last_at) as last_at
    from order_captures c
    join sources s on s.source = c.source
    group by c.order_id
),
early_ends as (
    select
        e.order_id,
        k.order_id is not null as has_checkout
    from endings e
    join expected_orders o on o.order_id = e.order_id
    left join checkouts k on k.order_id = e.order_id
    where e.last_at < coalesce(k.finished_at + interval 3 seconds, o.due_at)
      and not exists (select 1 from followed f where f.order_id = e.order_id)
),
-- What the visits of those orders had done on the page that is the last to be shown.
last_pages as (
    select
        m.order_id,
        arg_max(m.page_host, m.seen_at) as page_host,
        arg_max(m.page_path, m.seen_at) as page_path,
        count(distinct m.page_path) as page_count,
        max(m.place) as visit_place
    from visit_moments m
    join early_ends e on e.order_id = m.order_id
    where not e.has_checkout
    group by m.order_id
),
done as (
    select l.order_id, m.place
    from last_pages l
    join visit_moments m on m.order_id = l.order_id and m.page_host = l.page_host and m.page_path = l.page_path
    union all
    select l.order_id, 2
    from last_pages l
    join order_sessions v on v.order_id = l.order_id
    join actions a on a.session = v.session
    where a.kind = 'add_to_cart'
      and a.ok
),
-- The first step whose page cannot have been reached. A page without a step of its own, the cart aside, may be that of any.
ends as (
    select
        l.order_id,
        case
            when is_cart_page(min(l.page_path)) then 3
            when min(l.page_count) = 1 and max(d.place) is null then 1
            when max(d.place) <= 2 and count(m.place) > 0 then max(d.place) + 1
            else 4
        end as place
    from last_pages l
    join done d on d.order_id = l.order_id
    left join visit_moments m
        on m.order_id = l.order_id
       and m.page_host = l.page_host
       and m.page_path = l.page_path
       and m.place is not null
    group by l.order_id
),
-- An order without an amount can be told from none of the Purchases of its time that name no order.
nameless as (
    select distinct
        a.order_id,
        a.platform
    from absent_steps a
    join expected_orders d on d.order_id = a.order_id
    join orders o on o.order_id = a.order_id
    join nameless_purchases e on e.platform = a.platform
    where a.step = 'Purchase'
      and d.is_named
      and (o.total is null or o.currency is null)
      and (d.due_at is null or e.event_at between d.due_at - interval 10 minutes and d.due_at + interval 10 minutes)
)
select
    a.order_id,
    a.platform,
    a.step,
    case
        when x.platform is not null then 'the Purchases of its time carry ids that a spreadsheet rounded in the export'
        when r.order_id is not null then 'the shopper refused consent, and the browser kept to it'
        when n.order_id is not null
            then 'a Purchase of its time names no order, and the export gives no amount to tell whose it is'
        when u.order_id is not null then 'the capture holds requests to this platform without their content'
        when l.order_id is not null then l.reason
        when a.step = 'Purchase' then 'the recording ends before the page after the checkout'
        else 'the recording ends before the page of this step'
    end as reason,
    n.order_id is not null as is_nameless,
    r.order_id is not null as is_refused,
    x.platform is not null as is_rounded,
    l.order_id is not null as is_before         -- the recording, so that no log of that time tells of it
from absent_steps a
left join unread u on u.order_id = a.order_id and u.platform = a.platform
-- What another domain's pages told of nobody, they did not tell of this shopper either.
left join late_starts l
    on l.order_id = a.order_id
   and l.platform = a.platform
   and a.place < l.place
   and (l.other_host is null or exists (
       select 1
       from step_hosts h
       where h.platform = l.platform
         and h.page_host = l.other_host
         and h.place = a.place
         and h.first_at <= l.begun_at
   ))
left join (
    select e.order_id, coalesce(n.place, 4) as place
    from early_ends e
    left join ends n on n.order_id = e.order_id
) e on e.order_id = a.order_id and a.place >= e.place
left join nameless n on n.order_id = a.order_id and n.platform = a.platform and a.step = 'Purchase'
left join refused_orders r on r.order_id = a.order_id
left join rounded_platforms x on x.platform = a.platform
where x.platform is not null
   or r.order_id is not null
   or n.order_id is not null
   or u.order_id is not null
   or l.order_id is not null
   or e.order_id is not null;

-- The chain: steps that were not seen, and whether anything shows that they took place.

-- What a browser sent in the visits of the orders that lack a step, and of those a person named. A visit of many people tells of none.
create table visit_moments as
with asked_orders as (
    select order_id
    from order_steps
    where browser_events + stopped_events + unanswered_events = 0
      and foreign_browser_key is null
    union
    select order_id
    from expected_orders
    where is_named
)
select
    v.order_id,
    e.event_key,
    e.platform,
    e.source,
    e.event_name,
    coalesce(e.seen_at, e.event_at) as seen_at,
    case e.step when 'ViewContent' then 1 when 'AddToCart' then 2 when 'InitiateCheckout' then 3 when 'Purchase' then 4 end as place,
    e.step,
    e.page_load,
    e.page_host,
    e.page_path,
    e.referrer_host
from asked_orders a
join order_sessions v on v.order_id = a.order_id
join own_visits w on w.session = v.session
join events e on e.session = v.session
where e.channel = 'browser';

-- The hosts whose pages told of a step of the path, and since when.
create table step_hosts as
select
    platform,
    page_host,
    case step when 'ViewContent' then 1 when 'AddToCart' then 2 else 3 end as place,
    min(coalesce(seen_at, event_at)) as first_at
from events
where channel = 'browser'
  and step in ('ViewContent', 'AddToCart', 'InitiateCheckout')
  and page_host is not null
group by platform, page_host, step;

-- Orders whose recording of a platform begins in the middle of the path, and the place of the first step it can show: what was sent
-- before is not in it. A file that holds nothing of the platform shows nothing of it, where another file does.
create table late_starts as
with visit_sources as (
    select distinct order_id, platform, source
    from visit_moments
),
told_sources as (
    select order_id, platform, source
    from visit_sources
    union
    select v.order_id, p.platform, v.source
    from visit_sources v
    cross join plan_platforms p
    where not exists (select 1 from visit_sources o where o.order_id = v.order_id and o.platform = p.platform)
),
openings as (
    select
        t.order_id,
        t.platform,
        min(m.seen_at) as first_at
    from told_sources t
    join visit_moments m on m.order_id = t.order_id and m.source = t.source
    group by t.order_id, t.platform
),
opening_events as (
    select
        o.order_id,
        o.platform,
        min(m.event_key) as event_key
    from openings o
    join told_sources t on t.order_id = o.order_id and t.platform = o.platform
    join visit_moments m on m.order_id = t.order_id and m.source = t.source and m.seen_at = o.first_at
    group by o.order_id, o.platform
),
firsts as (
    select
        o.platform,
        m.order_id,
        m.source,
        m.event_name,
        m.seen_at,
        m.page_load,
        m.page_host,
        m.page_path,
        m.referrer_host
    from opening_events o
    join visit_moments m on m.order_id = o.order_id and m.event_key = o.event_key
),
-- The visits that came to their first page from another domain of the shop: one whose pages told of a step of the path before.
crossings as (
    select distinct
        f.order_id,
        f.platform,
        f.page_host,
        f.referrer_host
    from firsts f
    join step_hosts h on h.platform = f.platform and h.page_host = f.referrer_host and h.first_at <= f.seen_at
    where f.referrer_host <> f.page_host
),
-- A checkout on a domain of its own knows the browser by another id, unless somebody's id is seen on both.
browser_hosts as (
    select browser_id as browser, page_host
    from events
    where channel = 'browser'
      and page_host in (select page_host from crossings union all select referrer_host from crossings)
      and browser_id is not null
    union
    -- A visit that no click ties together is one by its id.
    select session, page_host
    from events
    where channel = 'browser'
      and page_host in (select page_host from crossings union all select referrer_host from crossings)
      and session not in (select session from events where session is not null and coalesce(click_id, landing_click) is not null)
),
shared_ids as (
    select distinct
        b.page_host,
        o.page_host as other_host
    from browser_hosts b
    join browser_hosts o on o.browser = b.browser
    where o.page_host <> b.page_host
),
-- Whoever came to the first page from a page of the same shop had begun the visit before; what that page sends is shown.
arrivals as (
    select
        f.order_id,
        f.platform,
        f.page_host,
        f.page_path,
        f.seen_at,
        c.referrer_host as other_host
    from firsts f
    left join crossings c on c.order_id = f.order_id and c.platform = f.platform
    left join shared_ids i on i.page_host = c.page_host and i.other_host = c.referrer_host
    where f.referrer_host = f.page_host
       or (c.order_id is not null and i.page_host is null)
),
later_pages as (
    select
        a.order_id,
        a.platform,
        min(m.place) as place,
        min(a.other_host) as other_host,
        min(a.seen_at) as begun_at
    from arrivals a
    join visit_moments m on m.order_id = a.order_id and m.page_host = a.page_host and m.page_path = a.page_path
    where m.place is not null
    group by a.order_id, a.platform
    having min(m.place) >= 3
),
-- The cart that somebody reaches from the same shop was filled before.
cart_pages as (
    select
        a.order_id,
        a.platform,
        min(m.place) as place,
        min(a.other_host) as other_host,
        min(a.seen_at) as begun_at
    from arrivals a
    join visit_moments m on m.order_id = a.order_id
    where is_cart_page(a.page_path)
      and m.place is not null
    group by a.order_id, a.platform
    having min(m.place) >= 3
),
-- A capture switched on while the page stood open holds neither the page itself, nor the start of a pixel on it, nor the page view,
-- and Meta's count of its hits is under way: what the page sent when it was opened is not shown.
open_pages as (
    select
        f.order_id,
        f.platform,
        f.page_load,
        f.page_host,
        f.page_path
    from firsts f
    join sources s on s.source = f.source
    where s.loader = 'har'
      and ends_with(f.page_load, '/0')
      and lower(f.event_name) <> 'pageview'
      and not exists (select 1 from loads l where l.page_load = f.page_load and l.loaded_at <= f.seen_at)
      and not exists (
          select 1
          from counters c
          where c.page_load = f.page_load
            and c.counter = 0
            and c.sent_at <= f.seen_at + interval 1 seconds
      )
),
open_steps as (
    select
        p.order_id,
        p.platform,
        min(case when m.page_load = p.page_load and m.page_host = p.page_host and m.page_path = p.page_path then m.place end) as page_place,
        min(m.place) as visit_place
    from open_pages p
    join visit_moments m on m.order_id = p.order_id
    group by p.order_id, p.platform
),
found as (
    select order_id, platform, place, 0 as is_open, other_host, begun_at
    from later_pages
    union all
    select order_id, platform, place, 0, other_host, begun_at
    from cart_pages
    union all
    -- A page without a step of its own: the cart, or the checkout after its step. Goods are put into the cart where they are seen.
    select order_id, platform, coalesce(page_place, visit_place), 1, cast(null as varchar), cast(null as timestamp)
    from open_steps
    where page_place >= 2
       or (page_place is null and visit_place >= 3)
)
select
    order_id,
    platform,
    max(place) as place,
    max(other_host) as other_host,
    max(begun_at) as begun_at,
    case when max(is_open) = 1 then 'the recording begins on a page that was already open: its first step is '
        when max(other_host) is not null then 'the visit came over from ' || max(other_host) || ', where the browser goes by another id: its first step is '
        else 'the recording begins on a later page: its first step is ' end
        || case max(place) when 2 then 'AddToCart' when 3 then 'InitiateCheckout' else 'Purchase' end as reason
from found
group by order_id, platform;

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

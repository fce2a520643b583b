-- The chain: recordings that begin in the middle of a visit.

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

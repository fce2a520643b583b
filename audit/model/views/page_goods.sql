-- The goods that the pages of a visit name, against what other visits name there.

-- Views and carts of a visit that came from several pages and name one and the same thing.
create table steady_visits as
with wide_visits as (
    select session
    from sent_events
    where step in ('ViewContent', 'AddToCart')
      and session is not null
    group by session, step
    having min(page_path) <> max(page_path)
)
select
    platform,
    coalesce(dataset, '') as pixel,
    channel,
    step,
    session,
    min(items) as items,
    count(*) as acts,
    min(event_key) as first_key
from sent_events
where step in ('ViewContent', 'AddToCart')
  and item_count > 0
  and page_path is not null
  and session in (select session from wide_visits)
group by platform, coalesce(dataset, ''), channel, step, session
having min(items) = max(items)
   and min(page_path) <> max(page_path);

-- Their pages.
create table steady_pages as
select
    v.platform,
    v.pixel,
    v.channel,
    v.step,
    v.session,
    v.items,
    v.acts,
    e.page_path,
    page_slug(e.page_path) as slug,
    min(e.order_id) as order_id,
    min(e.ref) as ref
from steady_visits v
join sent_events e
    on e.session = v.session
   and e.platform = v.platform
   and e.channel = v.channel
   and e.step = v.step
   and coalesce(e.dataset, '') = v.pixel
where e.page_path is not null
  and e.item_count > 0
group by v.platform, v.pixel, v.channel, v.step, v.session, v.items, v.acts, e.page_path;

-- Pages on which other visits name one thing, and these visits what they named before.
create view kept_pages as
-- Of a visit that names one thing all along, its first page alone is what others are told by.
with told_pages as (
    select
        p.platform,
        p.step,
        p.page_path,
        e.items,
        min(e.ref) as ref
    from (select distinct platform, step, page_path from steady_pages) p
    join sent_events e on e.platform = p.platform and e.step = p.step and e.page_path = p.page_path
    left join steady_visits v
        on v.session = e.session
       and v.platform = e.platform
       and v.channel = e.channel
       and v.step = e.step
       and v.pixel = coalesce(e.dataset, '')
    where e.item_count > 0
      and (v.session is null or v.first_key = e.event_key)
    group by p.platform, p.step, p.page_path, e.items
),
unlike_pages as (
    select
        p.platform,
        p.pixel,
        p.slug,
        p.channel,
        p.step,
        p.session,
        p.items,
        p.page_path,
        min(p.order_id) as order_id,
        min(p.ref) as ref,
        min(t.items) as told_items,
        min(t.ref) as told_ref
    from steady_pages p
    join told_pages t on t.platform = p.platform and t.step = p.step and t.page_path = p.page_path
    where exists (
        select 1
        from steady_pages o
        where o.session = p.session
          and o.platform = p.platform
          and o.channel = p.channel
          and o.step = p.step
          and o.pixel = p.pixel
          and o.slug <> p.slug
    )
    group by p.platform, p.pixel, p.slug, p.channel, p.step, p.session, p.items, p.page_path
    having not bool_or(list_has_any(string_split(t.items, ','), string_split(p.items, ',')))
       and count(distinct t.items) = 1
),
-- A page that is not a product's own names what was chosen elsewhere: a home page, a list, a cart, a checkout.
shared_pages as (
    select u.platform, u.step, u.page_path
    from (select distinct platform, step, page_path, slug, told_items from unlike_pages) u
    join sent_events e on e.platform = u.platform and e.items = u.told_items and e.page_path <> u.page_path
    left join steady_visits v
        on v.session = e.session
       and v.platform = e.platform
       and v.channel = e.channel
       and v.step = e.step
       and v.pixel = coalesce(e.dataset, '')
    where e.step in ('ViewContent', 'AddToCart')
      and (v.session is null or v.first_key = e.event_key)
      and page_slug(e.page_path) <> u.slug
    group by u.platform, u.step, u.page_path
),
-- Two variants of one product: a page may show either.
siblings as (
    select distinct u.items, u.told_items
    from (select distinct items, told_items from unlike_pages) u
    join order_items a on a.item_id = u.items
    join order_items x on x.order_id = a.order_id and x.position = a.position and x.id_space = 'product'
    join order_items b on b.item_id = u.told_items
    join order_items y on y.order_id = b.order_id and y.position = b.position and y.id_space = 'product'
    where x.item_id = y.item_id
),
viewed_pages as (
    select distinct u.platform, u.page_path
    from unlike_pages u
    join sent_events e on e.platform = u.platform and e.page_path = u.page_path and e.items = u.told_items
    where e.step = 'ViewContent'
)
select u.*
from unlike_pages u
left join shared_pages s on s.platform = u.platform and s.step = u.step and s.page_path = u.page_path
left join siblings b on b.items = u.items and b.told_items = u.told_items
left join viewed_pages v on v.platform = u.platform and v.page_path = u.page_path
where s.page_path is null
  and b.items is null
  and not contains(u.items || u.told_items, ',')
  and not regexp_full_match(lower(u.page_path), '/*([a-z]{2}([-_][a-z]{2})?/*)?')
  and not regexp_matches(lower(u.page_path), '(^|/)(products?|items?|details?|goods|view|index|shop|store|p)([.](php|html?|aspx?))?/*$')
  and not regexp_matches(
      lower(u.page_path),
      '(^|[/_-])(cart|basket|checkouts?|orders?|payment|keranjang|thank[-_]?you|thanks|upsell|search|collections/[^/]*$)([/_.-]|$)')
  and (u.step = 'ViewContent' or v.platform is not null);

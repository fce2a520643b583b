-- One id for everything.

-- What the Purchases of a visit with one order name.
create view visit_sales as
select distinct
    e.platform,
    e.session,
    e.order_id,
    e.items
from sent_events e
join own_visits v on v.session = e.session and v.order_count = 1
where e.step = 'Purchase'
  and e.order_id is not null
  and e.item_count > 0;

-- Platforms all of whose Purchases name one id, while none of their orders holds it.
create table one_id_sales as
with sole_ids as (
    select
        platform,
        min(items) as item_id,
        count(distinct order_id) as orders,
        min(ref) as ref,
        max(ref) as other_ref,
        string_agg(distinct channel, ' and ' order by channel) as channels
    from goods_purchases
    group by platform
    having min(items) = max(items)
       and not contains(min(items), ',')
       and count(distinct order_id) >= 2
),
sole_orders as (
    select distinct
        s.platform,
        p.order_id
    from sole_ids s
    join goods_purchases p on p.platform = s.platform
),
held_ids as (
    select
        o.platform,
        l.id_space,
        l.item_id,
        count(distinct o.order_id) as held
    from sole_orders o
    join order_lines l on l.order_id = o.order_id
    where l.counts
    group by o.platform, l.id_space, l.item_id
),
held_spaces as (
    select
        platform,
        id_space,
        count(*) as goods,
        max(held) as most_held,
        count(distinct case when not regexp_full_match(item_id, '[0-9]+') then lower(left(item_id, 3)) end) as beginnings
    from held_ids
    group by platform, id_space
),
goods_counts as (
    select
        platform,
        max(goods) as goods,
        max(most_held) as most_held,
        max(beginnings) as beginnings
    from held_spaces
    group by platform
),
sole_products as (
    select
        o.platform,
        count(distinct o.order_id) as orders
    from sole_orders o
    join order_items i on i.order_id = o.order_id and i.id_space = 'product'
    group by o.platform
),
-- What the visits of these orders show of the goods before they were bought.
sole_pages as (
    select
        s.platform,
        count(distinct case when e.step = 'ViewContent' then e.page_path end) as pages,
        count(distinct case when e.items <> i.item_id then e.items end) as ids
    from visit_sales s
    join sole_ids i on i.platform = s.platform and i.item_id = s.items
    join sent_events e on e.session = s.session and e.platform = s.platform
    where e.step in ('ViewContent', 'AddToCart')
    group by s.platform
)
-- Orders that differ in their variants only may well name one parent: different products, different pages or a word that is no
-- id have to say that they do not.
select
    s.*,
    g.goods
from sole_ids s
join goods_counts g on g.platform = s.platform and g.most_held < s.orders
left join sole_products d on d.platform = s.platform
left join sole_pages v on v.platform = s.platform
-- Landing pages of one product are many, too; the ids of its variants begin alike or are mere numbers.
where (d.orders = s.orders
    or (v.pages >= 3 and g.beginnings >= 2)
    or (v.pages = 2 and v.ids >= 2)
    or regexp_full_match(lower(s.item_id), '0+|undefined|null|nan|none|\[object object\]|\{\{.*\}\}|default|test|sku|(sku|abc|xyz|product|item)[-_ ]?(id|123|1234|12345)'))
  and not exists (
      select 1
      from sole_orders o
      join order_lines l on l.order_id = o.order_id
      where o.platform = s.platform
        and l.item_id = s.item_id
  );

-- The same of views and carts: one id on many pages, at many values; fewer will do where the Purchases name several other goods.
create table one_id_views as
with sole_views as (
    select
        platform,
        step,
        min(items) as item_id
    from sent_events
    where step in ('ViewContent', 'AddToCart')
      and item_count > 0
    group by platform, step
    having min(items) = max(items)
       and not contains(min(items), ',')
       and min(page_path) <> max(page_path)
       and min(value) <> max(value)
),
view_currencies as (
    select
        v.platform,
        v.step,
        v.item_id,
        mode(e.currency) as currency
    from sole_views v
    join sent_events e on e.platform = v.platform and e.step = v.step
    where e.item_count > 0
    group by v.platform, v.step, v.item_id
),
sole_view_counts as (
    select
        v.platform,
        v.step,
        v.item_id,
        count(distinct page_slug(e.page_path)) as pages,
        -- One price in many currencies is one amount.
        count(distinct case when e.currency is not distinct from v.currency then e.value end) as amounts,
        min(case when e.currency is not distinct from v.currency then e.value end) as lowest,
        max(case when e.currency is not distinct from v.currency then e.value end) as highest,
        string_agg(distinct e.channel, ' and ' order by e.channel) as channels,
        min(e.ref) as ref,
        max(e.ref) as other_ref
    from view_currencies v
    join sent_events e on e.platform = v.platform and e.step = v.step
    where e.item_count > 0
    group by v.platform, v.step, v.item_id
),
sold_items as (
    select
        v.platform,
        v.step,
        count(distinct e.items) as sold,
        bool_or(list_contains(string_split(e.items, ','), v.item_id)) as is_sold,
        -- SHIRT for SHIRT-S, SHIRT-M, or product_1 for variant_2: it may well be the parent of all that was bought.
        bool_and(
            (starts_with(e.items, v.item_id) and regexp_full_match(substr(e.items, length(v.item_id) + 1, 1), '[^A-Za-z0-9]?'))
            or (starts_with(v.item_id, 'product_') and starts_with(e.items, 'variant_'))) as may_be_parent
    from sole_views v
    join sent_events e on e.platform = v.platform
    where e.step = 'Purchase'
      and e.item_count > 0
    group by v.platform, v.step
)
select c.*
from sole_view_counts c
left join sold_items s on s.platform = c.platform and s.step = c.step
-- A parent's id stands for its variants.
where not exists (select 1 from order_items i where i.item_id = c.item_id and i.id_space = 'product')
  and not coalesce(s.may_be_parent, false)
  and ((c.pages >= 10 and c.amounts >= 10)
    -- Prices tried on the pages of one product lie closer together.
    or (c.pages >= 3 and c.amounts >= 3 and c.highest >= c.lowest * 3 and s.sold >= 3 and not s.is_sold));

-- The goods that Purchases name, against the lines of their orders.

-- Tips, fees and free gifts may be named and need not be.
create view order_lines as
select
    order_id,
    position,
    item_id,
    id_space,
    quantity,
    counts and coalesce(price, 1) <> 0 as counts
from order_items;

-- Purchases that name goods, of orders whose lines are known.
create view goods_purchases as
select
    e.event_key,
    e.platform,
    e.channel,
    e.session,
    e.ref,
    e.items,
    o.order_id,
    o.ref as order_ref
from sent_events e
left join copy_orders c on c.event_key = e.event_key
join orders o on o.order_id = coalesce(e.order_id, c.order_id)
where e.step = 'Purchase'
  and e.item_count > 0
  and exists (select 1 from order_items i where i.order_id = o.order_id);

-- Each of them with what it leaves out of its order or names besides, and what the difference is called. Compared is only in a kind of
-- id in which at least one of the event's ids is the order's.
create view judged_goods as
with event_lines as (
    select
        i.event_key,
        shop_item_id(i.item_id) as item_id,
        case when count(*) = count(i.quantity) then sum(i.quantity) end as quantity
    from goods_purchases n
    join event_items i on i.event_key = n.event_key
    group by i.event_key, shop_item_id(i.item_id)
),
space_matches as (
    select
        p.event_key,
        p.order_id,
        l.id_space,
        count(distinct l.item_id) as shared
    from goods_purchases p
    join event_lines e on e.event_key = p.event_key
    join order_lines l on l.order_id = p.order_id and l.item_id = e.item_id
    group by p.event_key, p.order_id, l.id_space
),
ranked_spaces as (
    select
        *,
        row_number() over (
            partition by event_key
            order by shared desc, case id_space when 'unique' then 1 when 'variant' then 2 when 'sku' then 3 else 4 end, id_space
        ) as place
    from space_matches
),
spaces as (
    select event_key, order_id, id_space
    from ranked_spaces
    where place = 1
),
-- No id is the order's, and each is one that other orders have, of a kind in which all lines of this order have one too.
unmatched as (
    select p.event_key, p.order_id
    from goods_purchases p
    left join spaces s on s.event_key = p.event_key
    where s.event_key is null
),
named_items as (
    select u.event_key, u.order_id, e.item_id
    from unmatched u
    join event_lines e on e.event_key = u.event_key
),
known_items as (
    select distinct i.item_id, i.id_space
    from (select distinct item_id from named_items) n
    join order_items i on i.item_id = n.item_id
),
foreign_counts as (
    select n.event_key, n.order_id, k.id_space, count(*) as id_count
    from named_items n
    join known_items k on k.item_id = n.item_id
    group by n.event_key, n.order_id, k.id_space
),
named_counts as (
    select event_key, count(*) as id_count
    from named_items
    group by event_key
),
own_lines as (
    select
        f.event_key,
        f.id_space,
        count(distinct l.position) as line_count,
        count(distinct case when l.id_space = f.id_space then l.position end) as named_count,
        string_agg(distinct case when l.id_space = f.id_space then l.item_id end, ', ' order by case when l.id_space = f.id_space then l.item_id end) as ids
    from foreign_counts f
    join order_lines l on l.order_id = f.order_id and l.counts
    group by f.event_key, f.id_space
),
other_goods as (
    select f.event_key, min(o.ids) as ids
    from foreign_counts f
    join named_counts n on n.event_key = f.event_key and n.id_count = f.id_count
    join own_lines o on o.event_key = f.event_key and o.id_space = f.id_space and o.named_count = o.line_count
    group by f.event_key
),
named_goods as (
    select g.event_key, string_agg(e.item_id, ', ' order by e.item_id) as ids
    from other_goods g
    join event_lines e on e.event_key = g.event_key
    group by g.event_key
),
wanted as (
    select
        s.event_key,
        l.item_id,
        sum(case when l.counts then l.quantity end) as quantity,
        max(case when l.counts then 1 else 0 end) as counts,
        min(l.position) as position
    from spaces s
    join order_lines l on l.order_id = s.order_id and l.id_space = s.id_space
    group by s.event_key, l.item_id
),
-- Lines of the order that have no id of this kind: what else the event names may be they.
nameless as (
    select
        s.event_key,
        count(distinct l.position) - count(distinct case when l.id_space = s.id_space then l.position end) as line_count
    from spaces s
    join order_lines l on l.order_id = s.order_id and l.counts
    group by s.event_key
),
-- Positions the event names by another kind of id.
other_names as (
    select
        s.event_key,
        l.position,
        e.item_id
    from spaces s
    join order_lines l on l.order_id = s.order_id and l.id_space <> s.id_space
    join event_lines e on e.event_key = s.event_key and e.item_id = l.item_id
),
missing_items as (
    select
        w.event_key,
        w.item_id,
        case when o.event_key is not null then 1 else 0 end as named_otherwise
    from wanted w
    left join event_lines e on e.event_key = w.event_key and e.item_id = w.item_id
    left join (select distinct event_key, position from other_names) o on o.event_key = w.event_key and o.position = w.position
    where e.event_key is null
      and w.counts = 1
),
extra_items as (
    select
        s.event_key,
        e.item_id,
        case when o.item_id is not null then 1 else 0 end as named_otherwise
    from spaces s
    join event_lines e on e.event_key = s.event_key
    left join wanted w on w.event_key = e.event_key and w.item_id = e.item_id
    left join (select distinct event_key, item_id from other_names) o on o.event_key = e.event_key and o.item_id = e.item_id
    where w.event_key is null
),
-- BSH where the order has BSH-M: most likely its parent, and an export without product ids cannot say.
likely_parents as (
    select
        m.event_key,
        m.item_id,
        x.item_id as parent_id
    from missing_items m
    join extra_items x
        on x.event_key = m.event_key
       and starts_with(m.item_id, x.item_id)
       and regexp_full_match(substr(m.item_id, length(x.item_id) + 1, 1), '[^A-Za-z0-9]')
    where not exists (
        select 1
        from spaces s
        join order_items i on i.order_id = s.order_id
        where s.event_key = m.event_key
          and i.id_space = 'product'
    )
),
missing_lines as (
    select
        m.event_key,
        string_agg(m.item_id, ', ' order by m.item_id) as ids,
        max(m.named_otherwise) as named_otherwise,
        min(case when p.item_id is not null then 1 else 0 end) as have_parents
    from missing_items m
    left join (select distinct event_key, item_id from likely_parents) p on p.event_key = m.event_key and p.item_id = m.item_id
    group by m.event_key
),
extra_lines as (
    select
        x.event_key,
        string_agg(x.item_id, ', ' order by x.item_id) as ids,
        max(x.named_otherwise) as named_otherwise,
        max(1 - x.named_otherwise) as unknown,
        min(case when p.parent_id is not null then 1 else 0 end) as are_parents
    from extra_items x
    left join (select distinct event_key, parent_id from likely_parents) p on p.event_key = x.event_key and p.parent_id = x.item_id
    group by x.event_key
),
wrong_quantities as (
    select
        w.event_key,
        string_agg(
            w.item_id || ': ' || number_text(e.quantity) || ', order ' || number_text(w.quantity), ', ' order by w.item_id) as texts
    from wanted w
    join event_lines e on e.event_key = w.event_key and e.item_id = w.item_id
    where w.counts = 1
      and e.quantity <> w.quantity
    group by w.event_key
)
select
    p.*,
    s.event_key is not null or g.event_key is not null as is_comparable,
    coalesce(m.have_parents = 1 and x.are_parents = 1, false) as names_parents,
    coalesce(m.ids, g.ids) as missing_ids,
    coalesce(x.ids, d.ids) as extra_ids,
    q.texts as quantities,
    case
        when t.event_key is not null then null
        when g.event_key is not null then 'other_goods'
        when s.event_key is null then null
        when m.have_parents = 1 and x.are_parents = 1 and q.event_key is null then null
        when coalesce(m.named_otherwise, 0) = 1 or coalesce(x.named_otherwise, 0) = 1 then 'variant_or_parent'
        when m.event_key is not null or (x.unknown = 1 and n.line_count = 0) then 'missing_line'
        when q.event_key is not null then 'quantity'
    end as fault
from goods_purchases p
left join spaces s on s.event_key = p.event_key
left join missing_lines m on m.event_key = p.event_key
left join extra_lines x on x.event_key = p.event_key
left join wrong_quantities q on q.event_key = p.event_key
left join nameless n on n.event_key = p.event_key
left join other_goods g on g.event_key = p.event_key
left join named_goods d on d.event_key = p.event_key
left join purchase_parts t on t.event_key = p.event_key;

/*
title    = "Both copies name the goods of the order"
failure  = "The goods an event names differ between its copies, or from the order"
facet    = "money"
severity = "warning"
follows  = ["reused_event_id"]
needs    = []
why      = """
Catalogue ads follow the ids in the events: they show a shopper what was seen, and stop once it was bought. When one side names
other goods than the other, or than the order, the ads follow the wrong product and the shop's best sellers look unsold.
"""

[causes.variant_or_parent]
means       = "The goods are named by different kinds of id: a variant here, its parent product or another number there, on the two sides or in two steps of one visit."
first_check = "Look which kind of id the catalogue of the ad account uses; both sides must send that one."
not_yet     = "Do not rebuild the catalogue: its ids are usually right, one of the senders is not."
remedy      = "Send the catalogue's kind of id on both sides and in every step."
owner       = "tracking"

[causes.missing_line]
means       = "One of the two leaves out a line of goods that the other holds."
first_check = "Place a test order with two different products and look whether only the first or last is named."
not_yet     = "Do not judge products by their purchases while some lines never reach the platform."
remedy      = "Build the list from all lines of the order, in one place for both sides."
owner       = "tracking"

[causes.other_goods]
means       = "The event names goods of other orders and none of its own, by the same kind of id: it carries what an earlier cart or page held."
first_check = "Place two test orders with different goods in one browser and look whether the second Purchase still names the first's."
not_yet     = "Do not judge products by their purchases: sales are credited to what others bought."
remedy      = "Build the list from the order itself when the Purchase is built, on both sides."
owner       = "tracking"

[causes.one_id_for_all]
failure     = "Every Purchase names one and the same product, whatever was bought"
means       = "All Purchases of this platform name one id, on every side alike, while their orders hold different goods and none of them that one: a default, or what a cached page keeps, stands where the product's own id belongs."
first_check = "Place two test orders with different products and compare the id of the goods in both Purchases."
not_yet     = "Do not add a product of that id to the catalogue: every sale would be credited to it."
remedy      = "Take the ids from the order's lines when the Purchase is built, and send none rather than a default where a line has no id."
owner       = "tracking"

[causes.two_lists]
failure     = "One event names two different sets of goods"
means       = "The event carries its goods twice, as contents and as content_ids, and the second list leaves out what the first names. Platforms take either and do not say which of the two counts."
first_check = "Compare content_ids with the ids inside contents of one event, and both with the ids of the catalogue."
not_yet     = "Do not trust the catalogue's match rate before both lists agree: it may read the other one."
remedy      = "Build both lists from the same lines with the catalogue's kind of id, or send contents alone."
owner       = "tracking"

[causes.quantity]
means       = "The goods agree, but not how many of them were bought."
first_check = "Place a test order with two pieces of one product and compare the quantity in each request."
not_yet     = "Do not raise prices in the events to make the total fit."
remedy      = "Take the quantity from the order's line, as a number."
owner       = "tracking"
*/
with counted_lines as (
    select distinct event_key
    from event_items
    where quantity <> 1
),
-- Two copies that name one line each, the same and at most one piece of it, agree. All others are compared line by line.
compared_pairs as (
    select
        p.browser_key,
        p.server_key,
        b.platform,
        b.step,
        coalesce(b.order_id, s.order_id) as order_id,
        coalesce(b.session, s.session) as session,
        coalesce(b.order_id, s.order_id, b.order_key, s.order_key, b.event_id, b.session, s.session, b.ref) as subject,
        b.ref as browser_ref,
        s.ref as server_ref,
        case
            when b.item_count = 1 and s.item_count = 1 and b.items = s.items and x.event_key is null and y.event_key is null then 1
            else 0
        end as is_plain
    from event_pairs p
    join events b on b.event_key = p.browser_key
    join events s on s.event_key = p.server_key
    left join counted_lines x on x.event_key = p.browser_key
    left join counted_lines y on y.event_key = p.server_key
    where b.step is not null
      and b.in_plan
      and b.item_count > 0
      and s.item_count > 0
      and (p.kind = 'exact' or b.order_id is not null or s.order_id is not null)
),
-- Against the order: only in a kind of id in which at least one of the event's ids is the order's.
purchases as (
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
      and exists (select 1 from order_items i where i.order_id = o.order_id)
),
named as (
    select browser_key as event_key from compared_pairs where is_plain = 0
    union
    select server_key from compared_pairs where is_plain = 0
    union
    select event_key from purchases
),
event_lines as (
    select
        i.event_key,
        i.item_id,
        case when count(*) = count(i.quantity) then sum(i.quantity) end as quantity
    from named n
    join event_items i on i.event_key = n.event_key
    group by i.event_key, i.item_id
),
pair_lines as (
    select p.browser_key, p.server_key, l.item_id, 1 as in_browser, 0 as in_server, l.quantity as browser_quantity, null as server_quantity
    from compared_pairs p
    join event_lines l on l.event_key = p.browser_key
    where p.is_plain = 0
    union all
    select p.browser_key, p.server_key, l.item_id, 0, 1, null, l.quantity
    from compared_pairs p
    join event_lines l on l.event_key = p.server_key
    where p.is_plain = 0
),
pair_items as (
    select
        browser_key,
        server_key,
        item_id,
        max(in_browser) as in_browser,
        max(in_server) as in_server,
        max(browser_quantity) as browser_quantity,
        max(server_quantity) as server_quantity
    from pair_lines
    group by browser_key, server_key, item_id
),
pair_answers as (
    select
        browser_key,
        server_key,
        sum(in_browser * in_server) as shared,
        count(case when in_server = 0 or in_browser = 0 or browser_quantity <> server_quantity then item_id end) as differences
    from pair_items
    group by browser_key, server_key
),
pair_differences as (
    select
        i.browser_key,
        i.server_key,
        string_agg(case when i.in_server = 0 then i.item_id end, ', ' order by i.item_id) as only_browser,
        string_agg(case when i.in_browser = 0 then i.item_id end, ', ' order by i.item_id) as only_server,
        string_agg(
            case when i.browser_quantity <> i.server_quantity
                then i.item_id || ': ' || number_text(i.browser_quantity) || ' and ' || number_text(i.server_quantity) end,
            ', ' order by i.item_id) as quantities
    from pair_answers a
    join pair_items i on i.browser_key = a.browser_key and i.server_key = a.server_key
    where a.differences > 0
    group by i.browser_key, i.server_key
),
-- Tips, fees and free gifts may be named and need not be.
order_lines as (
    select
        order_id,
        position,
        item_id,
        id_space,
        quantity,
        counts and coalesce(price, 1) <> 0 as counts
    from order_items
),
space_matches as (
    select
        p.event_key,
        p.order_id,
        l.id_space,
        count(distinct l.item_id) as shared
    from purchases p
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
    from purchases p
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
),
judged_purchases as (
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
    from purchases p
    left join spaces s on s.event_key = p.event_key
    left join missing_lines m on m.event_key = p.event_key
    left join extra_lines x on x.event_key = p.event_key
    left join wrong_quantities q on q.event_key = p.event_key
    left join nameless n on n.event_key = p.event_key
    left join other_goods g on g.event_key = p.event_key
    left join named_goods d on d.event_key = p.event_key
    left join purchase_parts t on t.event_key = p.event_key
),
-- The way to the order: carts and checkouts of its visit that name nothing of what any of its Purchases names.
sales as (
    select distinct
        e.platform,
        e.session,
        e.order_id,
        e.items
    from sent_events e
    join own_visits v on v.session = e.session and v.order_count = 1
    where e.step = 'Purchase'
      and e.order_id is not null
      and e.item_count > 0
),
-- One id for everybody: all Purchases of a platform name it, and none of their orders holds it.
sole_ids as (
    select
        p.platform,
        min(p.items) as item_id,
        count(distinct p.order_id) as orders,
        min(p.ref) as ref,
        max(p.ref) as other_ref,
        string_agg(distinct p.channel, ' and ' order by p.channel) as channels
    from purchases p
    left join unmatched u on u.event_key = p.event_key
    group by p.platform
    having min(p.items) = max(p.items)
       and not contains(min(p.items), ',')
       and count(u.event_key) = count(*)
       and count(distinct p.order_id) >= 2
),
sole_orders as (
    select distinct
        s.platform,
        p.order_id
    from sole_ids s
    join purchases p on p.platform = s.platform
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
        max(held) as most_held
    from held_ids
    group by platform, id_space
),
sole_goods as (
    select
        platform,
        max(goods) as goods,
        max(most_held) as most_held
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
    from sales s
    join sole_ids i on i.platform = s.platform and i.item_id = s.items
    join sent_events e on e.session = s.session and e.platform = s.platform
    where e.step in ('ViewContent', 'AddToCart')
    group by s.platform
),
-- Orders that differ in their variants only may well name one parent: different products, different pages or a word that is no
-- id have to say that they do not.
one_for_all as (
    select
        s.*,
        g.goods
    from sole_ids s
    join sole_goods g on g.platform = s.platform and g.most_held < s.orders
    left join sole_products d on d.platform = s.platform
    left join sole_pages v on v.platform = s.platform
    where d.orders = s.orders
       or v.pages >= 3
       or (v.pages = 2 and v.ids >= 2)
       or regexp_full_match(lower(s.item_id), '0+|undefined|null|nan|none|\[object object\]|\{\{.*\}\}|default|test|sku|(sku|abc|xyz|product|item)[-_ ]?(id|123|1234|12345)')
),
-- Most carts are bought as they are: only others are taken apart.
strange_ways as (
    select
        s.platform,
        s.session,
        s.order_id,
        e.step
    from sales s
    join sent_events e on e.session = s.session and e.platform = s.platform
    left join one_for_all a on a.platform = s.platform
    where e.step in ('AddToCart', 'InitiateCheckout')
      and e.item_count > 0
      and a.platform is null
    group by s.platform, s.session, s.order_id, e.step
    having not bool_or(case when e.items = s.items then true else list_has_any(string_split(e.items, ','), string_split(s.items, ',')) end)
),
strange_steps as (
    select
        w.platform,
        w.session,
        w.order_id,
        w.step,
        string_agg(distinct e.items, ', ' order by e.items) as ids,
        string_agg(distinct s.items, ', ' order by s.items) as sold_ids,
        min(e.ref) as ref
    from strange_ways w
    join sales s on s.platform = w.platform and s.session = w.session and s.order_id = w.order_id
    join sent_events e on e.session = w.session and e.platform = w.platform and e.step = w.step
    where e.item_count > 0
    group by w.platform, w.session, w.order_id, w.step
)
select
    p.platform,
    p.step,
    p.subject,
    p.order_id,
    p.session,
    coalesce(a.differences, 0) = 0 as ok,
    'the same goods in both copies' as expected,
    case
        when coalesce(a.differences, 0) = 0 then 'the same goods in both copies'
        else concat_ws('; ', 'only in the browser ' || d.only_browser, 'only on the server ' || d.only_server,
            'quantity in browser and server ' || d.quantities)
    end as actual,
    case
        when a.shared = 0 then 'variant_or_parent'
        when d.only_browser is not null or d.only_server is not null then 'missing_line'
        when d.quantities is not null then 'quantity'
    end as cause,
    p.browser_ref as ref,
    p.server_ref as other_ref
from compared_pairs p
left join pair_answers a on a.browser_key = p.browser_key and a.server_key = p.server_key
left join pair_differences d on d.browser_key = p.browser_key and d.server_key = p.server_key
where p.is_plain = 1
   or a.browser_key is not null
union all
select
    platform,
    'Purchase' as step,
    order_id as subject,
    order_id,
    session,
    case when is_comparable and not (names_parents and fault is null) then fault is null end as ok,
    'the goods of the order' as expected,
    channel
        || case
            when not is_comparable then ' names goods by ids the order does not hold'
            when fault is null and names_parents
                then ' names ' || extra_ids || ' for ' || missing_ids || ', likely its parent product, which the export does not hold'
            when fault is null then ' names the goods of the order'
            when fault = 'other_goods' then ': names ' || extra_ids || ', which other orders hold, instead of ' || missing_ids
            else ': ' || concat_ws('; ', 'leaves out ' || missing_ids, 'also names ' || extra_ids, 'quantity of ' || quantities)
        end as actual,
    fault as cause,
    ref,
    order_ref as other_ref
from judged_purchases
union all
select
    platform,
    step,
    order_id,
    order_id,
    session,
    false,
    'the ids that the Purchase of its visit names',
    'names ' || ids || ', the Purchase ' || sold_ids,
    'variant_or_parent',
    ref,
    cast(null as varchar)
from strange_steps
union all
select
    platform,
    'Purchase',
    'all Purchases',
    cast(null as varchar),
    cast(null as varchar),
    false,
    'the goods of each order',
    channels || ': ' || item_id || ' in each Purchase of ' || orders || ' orders, which hold ' || goods || ' different ids and not that one',
    'one_id_for_all',
    ref,
    other_ref
from one_for_all
union all
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref),
    order_id,
    session,
    false,
    'the same goods in contents and content_ids',
    channel || ': contents ' || items || ', content_ids ' || other_items,
    'two_lists',
    ref,
    cast(null as varchar)
from sent_events
where step is not null
  and other_items is not null

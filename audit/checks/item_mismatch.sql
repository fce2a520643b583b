/*
title    = "Both copies name the goods of the order"
failure  = "The goods an event names differ between its copies, or from the order"
facet    = "money"
severity = "warning"
follows  = ["reused_event_id", "missing_items"]
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

[causes.kept_goods]
failure     = "Later pages of a visit still name its first product"
means       = "The visit went on to other products, and these events still name the one it began with: what the page wrote down for the first product is not read anew, as happens where pages change without being loaded."
first_check = "Open two products one after the other, without reloading the page, and compare the id of the goods in both events."
not_yet     = "Do not judge products by their views or carts: the first one of each visit takes those of all others."
remedy      = "Read id, price and name of the product at the moment the event is sent, from the page that is shown then."
owner       = "tracking"

[causes.relay_lines]
failure     = "The relay's own list of goods is not the order's"
means       = "Beside the event's parameters the relay is told the goods of the sale in a list of its own, variants: it leaves out lines of the order, or names others."
first_check = "Place a test order of two products and compare the list variants of the relay's request with the order's lines."
not_yet     = "Do not look for it in the event's contents: those are compared apart, and may well be right."
remedy      = "Fill variants from the created order's lines, with the unique id of each."
owner       = "tracking"

[causes.one_id_for_all]
failure     = "Every event of a step names one and the same product, whatever it is about"
means       = "All events of this step name one id, on every side alike, while the orders hold different goods and none of them that one, or the pages and values are many: a default, or what a cached page keeps, stands where the product's own id belongs."
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
        max(held) as most_held,
        count(distinct case when not regexp_full_match(item_id, '[0-9]+') then lower(left(item_id, 3)) end) as beginnings
    from held_ids
    group by platform, id_space
),
sole_goods as (
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
    -- Landing pages of one product are many, too; the ids of its variants begin alike or are mere numbers.
    where d.orders = s.orders
       or (v.pages >= 3 and g.beginnings >= 2)
       or (v.pages = 2 and v.ids >= 2)
       or regexp_full_match(lower(s.item_id), '0+|undefined|null|nan|none|\[object object\]|\{\{.*\}\}|default|test|sku|(sku|abc|xyz|product|item)[-_ ]?(id|123|1234|12345)')
),
-- The same of views and carts: one id on many pages, at many values; fewer will do where the Purchases name several other goods.
sole_views as (
    select
        platform,
        step,
        min(items) as item_id,
        mode(currency) as currency
    from sent_events
    where step in ('ViewContent', 'AddToCart')
      and item_count > 0
    group by platform, step
    having min(items) = max(items)
       and not contains(min(items), ',')
       and min(page_path) <> max(page_path)
       and min(value) <> max(value)
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
    from sole_views v
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
),
one_for_all_views as (
    select c.*
    from sole_view_counts c
    left join sold_items s on s.platform = c.platform and s.step = c.step
    -- A parent's id stands for its variants.
    where not exists (select 1 from order_items i where i.item_id = c.item_id and i.id_space = 'product')
      and not coalesce(s.may_be_parent, false)
      and ((c.pages >= 10 and c.amounts >= 10)
        -- Prices tried on the pages of one product lie closer together.
        or (c.pages >= 3 and c.amounts >= 3 and c.highest >= c.lowest * 3 and s.sold >= 3 and not s.is_sold))
),
-- Visits whose views or carts came from several pages and name one and the same thing.
wide_visits as (
    select session
    from sent_events
    where step in ('ViewContent', 'AddToCart')
      and session is not null
    group by session, step
    having min(page_path) <> max(page_path)
),
steady_visits as (
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
       and min(page_path) <> max(page_path)
),
steady_pages as (
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
    group by v.platform, v.pixel, v.channel, v.step, v.session, v.items, v.acts, e.page_path
),
-- What other visits name on these pages; of a visit that names one thing all along, its first page alone.
told_pages as (
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
),
kept_pages as (
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
      and (u.step = 'ViewContent' or v.platform is not null)
),
-- The relay's own list of a Purchase against the unique ids of its order. A bundle may be told as itself or as its parts.
relay_lists as (
    select
        e.event_key,
        e.order_id,
        array_to_string(list_sort(list_distinct(string_split(e.relay_item_ids, ','))), ',') as ids
    from sent_events e
    where e.step = 'Purchase'
      and e.order_id is not null
      and e.relay_item_ids is not null
),
unique_lists as (
    select
        order_id,
        array_to_string(list_sort(list_distinct(list(item_id))), ',') as ids,
        array_to_string(list_sort(list_distinct(list(item_id) filter (counts))), ',') as due_ids
    from order_lines
    where id_space = 'unique'
      and order_id in (select order_id from relay_lists)
    group by order_id
),
unlike_lists as (
    select
        r.event_key,
        r.order_id,
        string_split(r.ids, ',') as ids,
        string_split(u.ids, ',') as own_ids,
        list_filter(string_split(coalesce(u.due_ids, ''), ','), lambda x: x <> '' and not list_contains(string_split(r.ids, ','), x)) as missing_ids,
        list_filter(string_split(r.ids, ','), lambda x: not list_contains(string_split(u.ids, ','), x)) as extra_ids
    from relay_lists r
    join unique_lists u on u.order_id = r.order_id
    where r.ids <> u.ids
),
-- A line without a unique id may be a bundle, told as its parts.
relay_nameless as (
    select distinct l.order_id
    from order_lines l
    where l.order_id in (select order_id from unlike_lists)
      and l.counts
      and not exists (
          select 1
          from order_items i
          where i.order_id = l.order_id
            and i.position = l.position
            and i.id_space = 'unique'
      )
),
relay_faults as (
    select l.event_key, l.order_id, l.missing_ids, l.extra_ids
    from unlike_lists l
    left join relay_nameless n on n.order_id = l.order_id
    left join purchase_parts p on p.event_key = l.event_key
    left join outgrown_values g on g.event_key = l.event_key
    where ((len(l.extra_ids) > 0 and n.order_id is null) or (len(l.missing_ids) > 0 and p.event_key is null and g.event_key is null))
      and len(list_filter(list_concat(l.extra_ids, l.own_ids), lambda x: not starts_with(x, 'variant_'))) = 0
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
    left join one_for_all_views w on w.platform = e.platform and w.step = e.step
    where e.step in ('AddToCart', 'InitiateCheckout')
      and e.item_count > 0
      and a.platform is null
      and w.platform is null
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
        min(e.ref) as ref,
        -- Where visits of other kinds name their goods otherwise as well, it is the kind of id.
        bool_and(bool_or(e.items = v.items) is true) over (partition by w.platform, w.step) as is_kept
    from strange_ways w
    join sales s on s.platform = w.platform and s.session = w.session and s.order_id = w.order_id
    join sent_events e on e.session = w.session and e.platform = w.platform and e.step = w.step
    left join (
        select platform, session, min(items) as items
        from steady_pages
        where step = 'ViewContent'
        group by platform, session
        having count(distinct slug) > 1
    ) v on v.platform = e.platform and v.session = e.session
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
    'names ' || ids || case when is_kept then ', as each view of the visit' else '' end || ', the Purchase ' || sold_ids,
    case when is_kept then 'kept_goods' else 'variant_or_parent' end,
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
union all
select
    platform,
    step,
    coalesce(order_id, session),
    order_id,
    session,
    false,
    'the goods of the page',
    channel || ': names ' || items || ' on ' || page_path || ' as on the page before, where other visits name ' || told_items,
    'kept_goods',
    ref,
    told_ref
from kept_pages
union all
select
    e.platform,
    e.step,
    f.order_id,
    f.order_id,
    e.session,
    false,
    'the lines of the order in the relay''s list',
    concat_ws('; ', 'variants leaves out ' || nullif(array_to_string(f.missing_ids, ', '), ''), 'names besides ' || nullif(array_to_string(f.extra_ids, ', '), '')),
    'relay_lines',
    e.ref,
    o.ref
from relay_faults f
join events e on e.event_key = f.event_key
join orders o on o.order_id = f.order_id
union all
select
    platform,
    step,
    'all ' || step || ' events',
    cast(null as varchar),
    cast(null as varchar),
    false,
    'the product of each page',
    channels || ': ' || item_id || ' on each of ' || pages || ' pages, at ' || amounts || ' different values',
    'one_id_for_all',
    ref,
    other_ref
from one_for_all_views

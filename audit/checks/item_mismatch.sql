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

[causes.global_id]
failure     = "The goods are named by the shop system's own address, not by the id of the catalogue"
means       = "The ids are those of the shop system's interface, such as gid://shopify/ProductVariant/41001: what catalogues hold is the number at the end, or the article number, so no ad finds the product."
first_check = "Look up one of these ids in the catalogue of the ad account: it most likely stands there as a bare number."
not_yet     = "Do not rebuild the catalogue with such ids; every other sender would then miss it."
remedy      = "Cut the id to its number where the event is built, on both sides, if that is what the catalogue holds."
owner       = "tracking"

[causes.product_title]
failure     = "The goods are named by their title, not by an id"
means       = "Where the id of the product belongs stand words, as in a product's title, and no order holds a product of that id: catalogues are matched by id, so no ad finds the product, and a title changes with every edit."
first_check = "Compare the id in the event with the id column of the catalogue: the tag most likely reads the name instead."
not_yet     = "Do not put titles into the catalogue's id column to make them match."
remedy      = "Send the catalogue's id of each product in every step, and keep the title for content_name."
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
named as (
    select browser_key as event_key from compared_pairs where is_plain = 0
    union
    select server_key from compared_pairs where is_plain = 0
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
-- Many events name the same goods: each set is looked at once.
odd_sets as materialized (
    select distinct items
    from sent_events
    where contains(items, ' ')
       or contains(items, 'gid://')
       or contains(items, 'Z2lkOi8v')
),
-- Where one in ten article numbers of the orders is made of words, another may well be one that nobody bought yet.
worded_items as (
    select
        items,
        unnest(string_split(items, ',')) as item_id
    from odd_sets
    where regexp_matches(items, '[A-Za-z]{2} +[A-Za-z]{2}')
      and exists (select 1 from order_items where counts)
      and (
          select count(*) filter (contains(item_id, ' ') and regexp_matches(item_id, '[A-Za-z]{2} +[A-Za-z]{2}')) * 10 <= count(*)
          from order_items
          where counts
            and id_space in ('sku', 'item')
      )
),
-- As Shopify's interfaces name a thing, older ones in base64; and words, where no order has a thing of such an id.
named_sets as (
    select
        items,
        'global_id' as fault
    from odd_sets
    where contains(items, 'gid://')
       or contains(items, 'Z2lkOi8v')
    union all
    select
        w.items,
        'product_title'
    from worded_items w
    left join (select distinct item_id from order_items) o on o.item_id = w.item_id
    group by w.items
    having count(o.item_id) = 0
),
-- Most carts are bought as they are: only others are taken apart.
strange_ways as (
    select
        s.platform,
        s.session,
        s.order_id,
        e.step
    from visit_sales s
    join sent_events e on e.session = s.session and e.platform = s.platform
    left join one_id_sales a on a.platform = s.platform
    left join one_id_views w on w.platform = e.platform and w.step = e.step
    where e.step in ('AddToCart', 'InitiateCheckout')
      and e.item_count > 0
      and a.platform is null
      and w.platform is null
    group by s.platform, s.session, s.order_id, e.step
    having not bool_or(case when e.items = s.items then true else list_has_any(string_split(e.items, ','), string_split(s.items, ',')) end)
),
-- Fewer things in the cart than in the Purchase, and none that any order holds under that id: a bundle, sold as its parts. One id put in
-- from several pages is none.
strange_carts as (
    select
        w.platform,
        w.session,
        w.order_id,
        w.step,
        unnest(string_split(e.items, ',')) as item_id,
        e.page_path,
        len(string_split(s.items, ',')) as sold
    from strange_ways w
    join visit_sales s on s.platform = w.platform and s.session = w.session and s.order_id = w.order_id
    join sent_events e on e.session = w.session and e.platform = w.platform and e.step = w.step
    where e.item_count > 0
      and contains(s.items, ',')
),
bundles as (
    select
        c.platform,
        c.session,
        c.order_id,
        c.step
    from strange_carts c
    left join order_items i on i.item_id = c.item_id
    group by c.platform, c.session, c.order_id, c.step
    having count(i.item_id) = 0
       and count(distinct c.item_id) < min(c.sold)
       and count(distinct c.page_path) <= count(distinct c.item_id)
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
    join visit_sales s on s.platform = w.platform and s.session = w.session and s.order_id = w.order_id
    join sent_events e on e.session = w.session and e.platform = w.platform and e.step = w.step
    left join (
        select platform, session, min(items) as items
        from steady_pages
        where step = 'ViewContent'
        group by platform, session
        having count(distinct slug) > 1
    ) v on v.platform = e.platform and v.session = e.session
    left join bundles b on b.platform = w.platform and b.session = w.session and b.order_id = w.order_id and b.step = w.step
    where e.item_count > 0
      and b.step is null
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
from judged_goods
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
from one_id_sales
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
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref),
    e.order_id,
    e.session,
    false,
    'the ids of the catalogue',
    e.channel || ' names ' || e.items,
    g.fault,
    e.ref,
    cast(null as varchar)
from named_sets g
join sent_events e on e.items = g.items
where e.step is not null
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
from one_id_views

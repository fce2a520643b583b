/*
title    = "Every event names the goods it is about"
failure  = "An event does not say which goods it is about"
facet    = "payload"
severity = "warning"
follows  = ["duplicate_sender", "missing_value"]
needs    = []
why      = """
The sale still counts, but nobody knows of what. Catalogue ads cannot show the product again or stop showing it, and the relay
cannot tell the platforms which product an event belongs to.
"""

[causes.parameters]
means       = "Neither the browser's nor the server's copy names a product in the fields its receiver reads: no content ids and no contents."
first_check = "Read the parameters of one event: is the list missing or empty, because the page did not know its product yet, or are its fields another platform's? Inside contents Meta reads id, TikTok content_id."
not_yet     = "Do not start or judge catalogue ads on these events."
remedy      = "Send content ids, or contents with id, quantity and price, with each of these events."
owner       = "tracking"

[causes.placeholder]
failure     = "An event names a template's word in the place of its goods"
means       = "Where the id of the product belongs stands a word such as 'undefined', or the name of a variable: the page did not know its product when it built the event, and no catalogue has a product of that name."
first_check = "Open the page that the finding shows and look where its code takes the product's id from."
not_yet     = "Do not start or judge catalogue ads on these events, and do not add such a product to the catalogue."
remedy      = "Read the id from the product that the page shows, and send no list at all where there is none."
owner       = "tracking"

[causes.relay_items]
means       = "The request to the relay has neither variants nor bundle price options, so the relay cannot name the goods to the platform."
first_check = "Read the body of one relay request: both lists are missing or empty."
not_yet     = "Do not fill in a fixed product; every sale would be that product's."
remedy      = "Build the lists from the cart or order rows, with unique ids and quantities, and send them beside the events."
owner       = "tracking"
*/
-- Where the browser names none, its server copy may.
with browser_copies as (
    select
        p.browser_key,
        max(s.items) as server_items,
        min(p.server_key) as server_key
    from event_pairs p
    join events b on b.event_key = p.browser_key
    join events s on s.event_key = p.server_key
    where p.kind = 'exact'
      and b.items is null
      and b.step is not null
    group by p.browser_key
),
-- One row an event: the browser's copy speaks for its server copy. SnackVideo has no list of ids among its parameters.
named as (
    select
        e.*,
        coalesce(e.items, b.server_items) as known_items,
        b.server_key
    from sent_events e
    left join browser_copies b on b.browser_key = e.event_key
    left join event_pairs p on p.server_key = e.event_key and p.kind = 'exact'
    where e.platform in ('meta', 'tiktok')
      and p.server_key is null
),
server_refs as (
    select
        c.server_key,
        min(s.ref) as ref
    from browser_copies c
    join events s on s.event_key = c.server_key
    group by c.server_key
),
-- Ids that are no ids. Many events name the same goods: each set is looked at once.
item_sets as materialized (
    select distinct items from sent_events where items is not null
),
word_sets as (
    select items
    from item_sets
    where contains(items, '{{')
       or contains(items, '${')
       or list_has_any(string_split(items, ','), ['undefined', 'null', 'NaN', 'None', '[object Object]'])
),
relayed as (
    select *
    from sent_events
    where endpoint in ('meta_relay', 'tiktok_relay', 'snackvideo_relay')
)
select
    n.platform,
    n.step,
    coalesce(n.order_id, n.order_key, n.event_id, n.session, n.ref) as subject,
    n.order_id,
    n.session,
    -- A page Meta has restricted sends no parameters at all.
    case when n.known_items is not null then true when n.page_cut then null else false end as ok,
    'content ids or contents in the parameters' as expected,
    case
        when n.known_items is not null then 'goods are named'
        when n.page_cut then 'Meta cut this page''s parameters'
        when n.server_key is not null then 'no goods in either copy'
        else 'no goods in the ' || n.channel || ' event'
    end as actual,
    case when n.known_items is null and not n.page_cut then 'parameters' end as cause,
    n.ref,
    s.ref as other_ref
from named n
left join server_refs s on s.server_key = n.server_key
union all
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref) as subject,
    order_id,
    session,
    coalesce(has_relay_items, false) as ok,
    'variants or bundle price options in the relay request' as expected,
    case when has_relay_items then 'goods are named' else 'neither list, or empty ones' end as actual,
    case when has_relay_items is distinct from true then 'relay_items' end as cause,
    ref,
    null as other_ref
from relayed
union all
select
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref),
    e.order_id,
    e.session,
    false,
    'the ids of the goods',
    e.channel || ': ' || e.items,
    'placeholder',
    e.ref,
    null
from word_sets w
join sent_events e on e.items = w.items
-- A shop may sell a thing of such a name.
where not exists (select 1 from order_items i where i.item_id = w.items and i.price > 0)

/*
title    = "Every Purchase belongs to an order"
failure  = "A Purchase names an order the export does not hold under that number"
facet    = "chain"
severity = "blocker"
deciding = true
follows  = ["reused_event_id"]
needs    = ["orders"]
why      = """
A Purchase without an order behind it is a sale the platform counts and the shop never made: return on ad spend looks better than
it is and budget moves towards it. Only Purchases inside the export's own time are judged; one that names no order at all can be
neither confirmed nor refuted.
"""

own_is_open  = true
means       = "This Purchase names no order, or one from outside the export, so nobody can say which sale it reports."
first_check = "Look whether the event carries the order number: as a parameter, in its event_id, or in the thank-you page's address."
not_yet     = "Do not treat it as confirmed because the amount looks familiar."
remedy      = "Put the order number into the event_id on both sides (see purchase.event_id in the plan), or hand in an export that covers this time. Shopify's own apps name no order: hand in its orders as JSON of the Admin API, which hold the token of the thank-you page."
owner       = "tracking"

[causes.placeholder_id]
means       = "Where the order number should be stands a word such as 'undefined': the page did not know the order when it built the event."
first_check = "Log the checkout's answer on the thank-you page: the field the code reads is missing there or has another name."
not_yet     = "Do not clean the word up in the tag; the sale would still not name its order, and all sales would share one id."
remedy      = "Read the order number from the field the answer really has, and send no Purchase while it is missing."
owner       = "tracking"

[causes.number_or_padding]
means       = "The event and the export write one order's number in two ways: one of them lost its leading zeros. The money is that order's."
first_check = "Open the export in a text editor: a spreadsheet that saved it takes leading zeros away. Else look for a number type in the tag."
not_yet     = "Do not renumber orders, and do not add zeros by hand; the number only has to be kept as text."
remedy      = "Export the orders again and hand the file in unopened; where the event lost the zeros, keep the number as text there."
owner       = "data"

[causes.prefix_or_suffix]
means       = "The event and the export name one order in two ways: one of them adds something before or behind its number. The money is that order's."
first_check = "Compare the two numbers that the finding shows: the added part is the shop's own setting for order names, or a text in the tag."
not_yet     = "Do not report these sales as made up; the order is there under its other name."
remedy      = "Send the order's number as the export writes it, on both sides, or export the column that holds the number the events carry."
owner       = "data"

[causes.test_site]
failure     = "A sale of a test site was sent to the live pixel"
means       = "The Purchase comes from a staging, preview or developer's site, and reached the live pixel: its order stands in that site's shop, not in this one's export."
first_check = "Open the site that the finding names and look which pixel its pages and its server hold."
not_yet     = "Do not add the order to the export by hand, and do not judge the live shop by this sale."
remedy      = "Give the test site a pixel of its own, or a test event code while somebody is testing, and leave its hours out of the reports."
owner       = "tracking"
follows     = ["disallowed_domain"]

[causes.other_object]
means       = "The key has another form than the shop's order numbers: the event reports a subscription, a draft, a cart or a payment instead of an order."
first_check = "Look the key up in the shop's admin, under subscriptions, drafts and payments as well."
not_yet     = "Do not add these to the sales figures by hand; most of them have an order with its own Purchase."
remedy      = "Fire the Purchase for the order only, and give subscriptions and drafts an event of their own."
owner       = "data"

[causes.other_order]
failure     = "A Purchase's order parameter names another order than its page"
means       = "The page of this Purchase names one order and its money or buyer are that order's, while its order parameter holds another's number: the sender kept the number of an earlier sale, or of a cart."
first_check = "Look where the code takes order_id from when it builds this request, and place two test orders in a row."
not_yet     = "Do not match the platform's sales with the shop's by this parameter; by the event_id and the page they agree."
remedy      = "Take order_id, event_id, value and items from one and the same order object."
owner       = "tracking"

[causes.stray_parameter]
failure     = "The order parameter of Purchases names no order"
means       = "The event_id or the page names the order of each of these Purchases; the order parameter beside it names none: one word for every order, where each order's own number belongs."
first_check = "Look where the code takes order_id from when it builds the request: a variable of the page that was never filled, or a fixed text."
not_yet     = "Do not match the platform's sales with the shop's by this parameter, and do not upload refunds or offline sales against it."
remedy      = "Take order_id from the same order object as the event_id and the value, or leave it out."
owner       = "tracking"

[causes.unknown]
means       = "The key looks like one of the shop's order numbers, and no order of the export has it although its time is covered."
first_check = "Search the number in the shop's admin, deleted and archived orders and a second shop on the same pixel included."
not_yet     = "Do not scale on these sales: the shop cannot confirm one of them."
remedy      = "Find the shop or test system that sends it and give that one its own pixel, or complete the export."
owner       = "store"
*/
with purchases as (
    select
        e.event_key,
        e.platform,
        e.session,
        e.ref,
        e.channel,
        e.event_id,
        e.value,
        e.currency,
        e.order_id,
        e.order_key,
        e.order_how,
        rtrim(lower(e.page_host), '.') as host,
        coalesce(e.has_test_code, false) as has_test_code,
        case when e.channel = 'server' and is_store(e.action_source) then 1 else 0 end as is_store_sale,
        coalesce(e.event_at, e.seen_at) as happened_at
    from sent_events e
    where e.step = 'Purchase'
),
-- Only a Purchase that carries no order of the export needs a closer look. Orders the web pixels have no duty for are orders all
-- the same.
bare as (
    select event_key, session
    from purchases
    where order_id is null
),
-- Sites whose sales are in the export are this shop's, whatever they are called.
selling_hosts as (
    select distinct host
    from purchases
    where order_id is not null
),
test_hosts as (
    select p.event_key, p.host
    from bare b
    join purchases p on p.event_key = b.event_key
    left join selling_hosts s on s.host = p.host
    where s.host is null
      and not p.has_test_code
      and (is_local_host(p.host) or is_trial_host(p.host))
),
copy_orders as (
    select l.event_key, min(l.order_id) as order_id
    from bare p
    join order_links l on l.event_key = p.event_key
    where l.how in ('carried', 'copy')
    group by l.event_key
),
copy_sides as (
    select p.event_key, s.order_key
    from bare p
    join event_pairs c on c.browser_key = p.event_key
    join events s on s.event_key = c.server_key
    where c.kind = 'exact'
    union all
    select p.event_key, b.order_key
    from bare p
    join event_pairs c on c.server_key = p.event_key
    join events b on b.event_key = c.browser_key
    where c.kind = 'exact'
      and b.step = 'Purchase'
),
copy_keys as (
    select event_key, min(order_key) as order_key
    from copy_sides
    group by event_key
),
watched_visits as (
    select p.session
    from bare p
    join captured_visits c on c.session = p.session
    union
    select p.session
    from bare p
    join order_sessions v on v.session = p.session
),
-- Page and money tell the order; the parameter beside them is another's.
misnamed as (
    select
        p.event_key,
        min(k.order_id) as other_order
    from purchases p
    join order_candidates c on c.event_key = p.event_key
    join order_keys k on k.key = c.key
    where p.order_how = 'url'
      and c.how = 'parameter'
      and k.order_id <> p.order_id
    group by p.event_key
),
-- Id or page tell the order; the parameter beside them is a word that stands for none, or the same one beside several orders. A number of
-- its own for each order may be another of the order's numbers, and one for orders of the same minutes is the basket's or the payment's
-- that a shop of several sellers made them of.
stray_parameters as (
    select
        p.platform,
        c.key,
        count(distinct p.order_id) as order_count,
        min(p.order_id) as order_id,
        string_agg(distinct p.channel, ' and ' order by p.channel) as channels,
        min(p.ref) as ref,
        max(p.ref) as other_ref
    from purchases p
    join order_candidates c on c.event_key = p.event_key and c.how = 'parameter'
    where p.order_how in ('template', 'event_id', 'url')
      and p.order_id is not null
      and c.key not in (select key from order_keys)
    group by p.platform, c.key
    having (count(distinct p.order_id) > 1 and max(p.happened_at) > min(p.happened_at) + interval 2 minutes)
        or is_placeholder(c.key)
),
keyed as (
    select
        p.platform,
        p.channel,
        p.ref,
        p.session,
        p.happened_at,
        p.value,
        p.currency,
        p.event_id,
        p.order_id,
        p.order_key as carried_key,
        cast(null as varchar) as probable_order,
        0 as is_watched,
        p.is_store_sale,
        cast(null as varchar) as test_host,
        m.other_order,
        case when m.other_order is not null then p.ref end as misnamed_ref,
        case when m.other_order is not null then p.channel end as misnaming_side
    from purchases p
    left join misnamed m on m.event_key = p.event_key
    where p.order_id is not null
    union all
    select
        p.platform,
        p.channel,
        p.ref,
        p.session,
        p.happened_at,
        p.value,
        p.currency,
        p.event_id,
        k.order_id,
        coalesce(p.order_key, c.order_key),
        b.order_id,
        case when w.session is not null then 1 else 0 end,
        p.is_store_sale,
        h.host,
        cast(null as varchar),
        cast(null as varchar),
        cast(null as varchar)
    from purchases p
    left join copy_orders k on k.event_key = p.event_key
    left join copy_keys c on c.event_key = p.event_key
    left join probable_orders b on b.event_key = p.event_key
    left join watched_visits w on w.session = p.session
    left join test_hosts h on h.event_key = p.event_key
    where p.order_id is null
),
units as (
    select
        platform,
        coalesce(order_id, carried_key, event_id, ref) as unit,
        min(order_id) as order_id,
        min(carried_key) as carried_key,
        min(probable_order) as probable_order,
        min(session) as session,
        min(happened_at) as happened_at,
        max(is_watched) as watched,
        min(is_store_sale) as is_store_sale,
        min(test_host) as test_host,
        min(value) as value,
        min(currency) as currency,
        min(other_order) as other_order,
        string_agg(distinct misnaming_side, ' and ' order by misnaming_side) as misnaming_sides,
        coalesce(min(misnamed_ref), min(case when channel = 'browser' then ref end), min(ref)) as ref,
        min(case when other_order is null then ref end) as plain_ref,
        min(case when channel = 'server' then ref end) as server_ref
    from keyed
    group by platform, coalesce(order_id, carried_key, event_id, ref)
),
export_window as (
    select
        min(o.created_at) as first_at,
        max(o.created_at) as last_at,
        -- An export of the plan's test orders alone is no list of all orders of its time.
        max(case when o.is_named and t.order_count > 0 then 0 else 1 end) as is_whole,
        max(case when s.gaps like '%last row is cut off%' then 1 else 0 end) as is_cut,
        max(r.is_rounded) as is_rounded
    from orders o
    left join sources s on s.source = o.source
    cross join (select count(*) as order_count from plan_test_orders) t
    cross join (select count(*) as is_rounded from sources where gaps like '%rounded by a spreadsheet%') r
),
-- A till may keep its orders in a system of its own.
store_orders as (
    select count(*) as order_count
    from orders o
    where lower(o.order_source) in ('pos', 'point_of_sale')
       or o.order_id in (select order_id from purchases where is_store_sale = 1)
),
forms as (
    -- Keys that are an order's, written in another way than the export does.
    select key, order_id
    from order_keys
    where kind = 'form'
),
judged as (
    select
        u.*,
        f.key as other_form,
        w.is_cut,
        w.is_rounded,
        u.is_store_sale = 1 and t.order_count = 0 as is_other_till,
        case
            when f.key is not null or u.other_order is not null then false
            when u.order_id is not null then true
            when u.carried_key is null then null
            when is_placeholder(u.carried_key) then false
            when u.test_host is not null then false
            when w.is_cut = 1 or w.is_rounded > 0 then null
            when u.is_store_sale = 1 and t.order_count = 0 then null
            -- The visit of a test order, or a recorded one: its Purchase can be nobody else's.
            when u.watched = 1 and u.happened_at between w.first_at - interval 10 minutes and w.last_at + interval 10 minutes then false
            -- Clocks of different files may differ by a minute.
            when w.is_whole = 1 and u.happened_at between w.first_at - interval 60 seconds and w.last_at + interval 60 seconds then false
        end as ok
    from units u
    cross join export_window w
    cross join store_orders t
    left join forms f on f.order_id = u.order_id and f.key = u.carried_key
),
strays as (
    select distinct
        carried_key,
        regexp_replace(regexp_replace(carried_key, '[0-9]+', '9', 'g'), '[A-Za-z]+', 'A', 'g') as shape
    from judged
    where not ok
      and order_id is null
),
key_shapes as (
    -- 250130JQHFZG is '9A', #1001 is '9': the form of the shop's keys, with the lengths met.
    select
        regexp_replace(regexp_replace(k.key, '[0-9]+', '9', 'g'), '[A-Za-z]+', 'A', 'g') as shape,
        min(length(k.key)) as shortest,
        max(length(k.key)) as longest
    from order_keys k
    where exists (select 1 from strays)
    group by regexp_replace(regexp_replace(k.key, '[0-9]+', '9', 'g'), '[A-Za-z]+', 'A', 'g')
),
alike as (
    -- Names no order of the export, and looks like the key of one.
    select t.carried_key
    from strays t
    join key_shapes s on s.shape = t.shape
    where s.shape <> '9'
       or length(t.carried_key) between s.shortest - 1 and s.longest + 1
)
select
    j.platform,
    'Purchase' as step,
    j.unit as subject,
    j.order_id,
    j.session,
    j.ok,
    case
        when j.other_form is not null then 'order ' || j.order_id || ', as the export writes it'
        when j.other_order is not null then 'one order in parameter, page and money'
        else 'an order of the export'
    end as expected,
    case
        when j.other_order is not null then j.misnaming_sides || ': the order parameter names ' || j.other_order || ', the page ' || j.order_id
        when j.ok then 'order ' || j.order_id
        when j.other_form is not null then 'order ' || j.other_form || ', the same number in another form'
        when j.carried_key is null then 'names no order' || coalesce('; fits order ' || j.probable_order || ' in money and time', '')
        when j.ok is null and j.is_cut = 1 then 'order ' || j.carried_key || ', which may stand in the part that was cut off the export'
        when j.ok is null and j.is_rounded > 0
            then 'order ' || j.carried_key || ', which may be one whose number a spreadsheet rounded'
        when j.ok is null and j.is_other_till then 'order ' || j.carried_key || ', a sale of a till, and the export holds none of those'
        when j.ok is null then 'order ' || j.carried_key || ', outside what the export covers'
        when j.test_host is not null and not is_placeholder(j.carried_key)
            then 'order ' || j.carried_key || ' of ' || j.test_host || ', which is not in the export'
        else 'order ' || j.carried_key || ', which is not in the export'
    end || case when j.ok then '' else coalesce('; ' || money_text(j.value, j.currency), '') end as actual,
    case
        when j.other_order is not null then 'other_order'
        when j.other_form is not null and regexp_full_match(j.other_form || j.order_id, '[0-9]+') then 'number_or_padding'
        when j.other_form is not null then 'prefix_or_suffix'
        when j.ok = false and is_placeholder(j.carried_key) then 'placeholder_id'
        when j.ok = false and j.test_host is not null then 'test_site'
        when j.ok = false and a.carried_key is null then 'other_object'
        when j.ok = false then 'unknown'
    end as cause,
    -- Its order is known all the same.
    case when j.other_form is not null or j.other_order is not null then 'warning' end as severity,
    j.ref,
    case
        when j.other_order is not null then j.plain_ref
        when j.server_ref <> j.ref then j.server_ref
    end as other_ref
from judged j
left join alike a on a.carried_key = j.carried_key
union all
select
    platform,
    'Purchase',
    'order parameter ' || key,
    case when order_count = 1 then order_id end,
    cast(null as varchar),
    false,
    'the order''s own number in the order parameter',
    channels || ': ' || key || ' in the Purchases of ' || order_count || case when order_count = 1 then ' order, ' else ' orders, among them ' end || order_id,
    'stray_parameter',
    'warning',
    ref,
    case when other_ref <> ref then other_ref end
from stray_parameters

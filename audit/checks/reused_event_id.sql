/*
title    = "Each event_id stands for one act"
failure  = "One event_id stands for several orders or visits"
facet    = "dedup"
severity = "blocker"
deciding = true
needs    = []
why      = """
A platform keeps one event per id and throws the rest away. When several buyers share an id, real sales vanish from the
reports, and the campaign is starved of the very signals it is paid for.
"""

own_is_open  = true
means       = "Events of several visits share this id, and the log does not say whether one shopper or several sent them."
first_check = "See whether a link led one shopper's open checkout to a second device; both visits then belong to the same customer."
not_yet     = "Do not rebuild the ids and do not clear a page cache before you know whose visits these are."
remedy      = "Record an id of the visit on both sides, and the hashed e-mail on the server, so that shoppers can be told apart."
owner       = "tracking"

[causes.placeholder]
means       = "The id holds a placeholder such as 'undefined': the order was not known when the id was built, so every order gets the same one."
first_check = "Log the order at the moment the id is built; the field that should hold its number is missing or has another name."
not_yet     = "Do not add random digits to make the ids differ; the other side would then never find the same id."
remedy      = "Read the order number from the field the checkout's answer really has, and do not send while it is missing."
owner       = "tracking"

[causes.low_entropy]
means       = "The id is so short or plain that different acts end up with the same one, such as a counter or a row number."
first_check = "See whether a second shop, a test shop or a restarted counter uses the same numbers on this pixel."
not_yet     = "Do not blame the platform for dropped sales; it merges equal ids, as it should."
remedy      = "Put the order number with a shop prefix, or a random id made per act, in its place."
owner       = "data"

[causes.other_order]
means       = "The id is made of one order's number and carried by an event of another order: its sender kept the number of an earlier sale. The platform merges the two sales into one."
first_check = "Place two test orders one after the other and compare the order number in the id with the one on the page, copy by copy: one side is a sale behind."
not_yet     = "Do not add random digits to make the ids differ; the two copies of a sale would then never meet."
remedy      = "Build the id from the order that is being reported, inside the same request, and keep it in no variable or cached object that outlives it."
owner       = "data"

[causes.kept_id]
failure     = "Acts of one visit with different goods share an event_id"
means       = "One visit's events of this step name different goods under one and the same id: the id is the visit's or the page's, not the act's. The platform keeps the first and drops the others as copies of it."
first_check = "Put two different products into the cart in one visit and compare the ids of both events."
not_yet     = "Do not read the platform's carts as few: it was told of the second one and took it for the first."
remedy      = "Make a new id for each act, at the moment it happens, and hand that one to the server."
owner       = "tracking"

[causes.page_cache]
means       = "A page cache keeps the id inside the stored page, so every visitor of that page sends the same one."
first_check = "Open the page in two private windows and compare the id in its source: it is the same in both."
not_yet     = "Do not switch the cache off for the whole shop; pages would get slow and the ads dearer."
remedy      = "Make the id in the browser when the event happens, or leave that part of the page out of the cache."
owner       = "theme"

[causes.unknown]
means       = "Several acts carry one id, and the rows do not show why."
first_check = "Compare the events that the finding shows: what they have in common is what the id was built from."
not_yet     = "Do not remove the id altogether; then nothing could be merged at all."
remedy      = "Make one id per act: from the order for a Purchase, at random for every other step."
owner       = "tracking"
*/
with identified as (
    select
        c.id_key,
        e.event_key,
        e.dataset,
        e.step,
        e.session,
        case when e.step = 'Purchase' and e.channel = 'browser' then e.page_path end as browser_page,
        case when e.step = 'Purchase' and e.channel = 'server' then e.page_path end as server_page,
        coalesce(e.order_id, case when not is_placeholder(e.order_key) then e.order_key end) as order_named
    from id_events c
    join events e on e.event_key = c.event_key
    where e.platform in ('meta', 'tiktok')
      and e.step is not null
      and e.in_plan
),
-- a relay names no pixel: its copy belongs to each pixel the id reached
unnamed_ids as (
    select distinct id_key
    from identified
    where dataset is null
),
pixels_of_ids as (
    select distinct
        i.id_key,
        i.dataset
    from identified i
    join unnamed_ids u on u.id_key = i.id_key
    where i.dataset is not null
),
placed as (
    select
        id_key,
        event_key,
        dataset as pixel,
        step,
        session,
        browser_page,
        server_page,
        order_named
    from identified
    where dataset is not null
    union all
    select
        i.id_key,
        i.event_key,
        p.dataset,
        i.step,
        i.session,
        i.browser_page,
        i.server_page,
        i.order_named
    from identified i
    left join pixels_of_ids p on p.id_key = i.id_key
    where i.dataset is null
),
counted as (
    select
        id_key,
        pixel,
        step,
        count(*) as events,
        min(order_named) as first_order,
        max(order_named) as last_order,
        min(session) as first_session,
        max(session) as last_session,
        -- One side reports one sale from one page, or from that page again.
        coalesce(min(browser_page) <> max(browser_page), false) or coalesce(min(server_page) <> max(server_page), false) as has_pages,
        sum(case when session is null then 1 else 0 end) as without_visit
    from placed
    group by id_key, pixel, step
),
-- Most ids belong to one order or to one visit. The copies of the others are looked at closely.
suspects as (
    select *
    from counted
    where events > 1
      and (
          first_order <> last_order
          or (first_order is null and (first_session <> last_session or without_visit > 0))
          or (step = 'Purchase' and (first_session <> last_session or has_pages))
      )
),
-- The order a copy's page names.
page_words as (
    select
        p.event_key,
        unnest(last_words(e.page_path)) as word
    from suspects s
    join placed p
        on p.id_key = s.id_key
       and p.pixel is not distinct from s.pixel
       and p.step = s.step
    join events e on e.event_key = p.event_key
    where s.step = 'Purchase'
),
pages_of_orders as (
    select
        w.event_key,
        min(k.order_id) as page_order
    from page_words w
    join order_keys k on k.key = w.word
    where length(w.word) >= 3
    group by w.event_key
),
-- Of which the same side sent a Purchase under another id: that sale was told, and its page only told the other one once more.
pages_told as (
    select distinct g.event_key
    from pages_of_orders g
    join events e on e.event_key = g.event_key
    join sent_events o
        on o.order_id = g.page_order
       and o.platform = e.platform
       and o.channel = e.channel
    where o.step = 'Purchase'
      and o.event_id <> e.event_id
      and o.dataset is not distinct from e.dataset
      and o.accepted is not false
),
suspect_copies as (
    select
        p.id_key,
        p.pixel,
        p.step,
        p.session,
        p.order_named,
        case when t.event_key is null then g.page_order end as page_order,
        case when e.order_how = 'parameter' and g.page_order <> e.order_id then e.order_id end as misnamed_order,
        h.shopper,
        e.ref,
        e.page_host || coalesce(e.page_path, '') as page,
        e.channel,
        coalesce(cast(e.value as varchar), '') || ' ' || coalesce(e.items, '') as contents
    from suspects s
    join placed p
        on p.id_key = s.id_key
       and p.pixel is not distinct from s.pixel
       and p.step = s.step
    join events e on e.event_key = p.event_key
    left join pages_of_orders g on g.event_key = p.event_key
    left join pages_told t on t.event_key = p.event_key
    left join shoppers h
        on h.platform = e.platform
       and h.session = p.session
),
-- An open checkout may be carried on with on another device (a recovery link): one act, under the one id of that checkout. Who
-- the shopper of a visit is, its own events say; a visit of several people says nothing.
checkout_visits as (
    select distinct session
    from suspect_copies
    where step = 'InitiateCheckout'
      and session is not null
),
visit_people as (
    select
        v.session,
        case when min(e.email_digest) = max(e.email_digest) then min(e.email_digest) end as email,
        case when min(e.phone_digest) = max(e.phone_digest) then min(e.phone_digest) end as phone
    from checkout_visits v
    join events e on e.session = v.session
    group by v.session
),
checkout_shoppers as (
    select
        c.id_key,
        c.pixel,
        c.shopper,
        min(p.email) as email,
        min(p.phone) as phone
    from suspect_copies c
    join visit_people p on p.session = c.session
    where c.step = 'InitiateCheckout'
    group by c.id_key, c.pixel, c.shopper
),
checkout_people as (
    select
        id_key,
        pixel,
        -- one address sent for everybody is nobody's
        count(*) <= 3
            and ((count(email) = count(*) and count(distinct email) = 1) or (count(phone) = count(*) and count(distinct phone) = 1))
            as is_one_person,
        count(distinct email) > 1 or count(distinct phone) > 1 as are_several_people
    from checkout_shoppers
    group by id_key, pixel
),
-- A Purchase that names no order is one of its visit.
visit_sales as (
    select v.session, coalesce(e.order_id, e.session) as sale
    from checkout_visits v
    join events e on e.session = v.session
    where e.step = 'Purchase'
    union
    select v.session, o.order_id
    from checkout_visits v
    join order_sessions o on o.session = v.session
),
checkout_sales as (
    select
        c.id_key,
        c.pixel,
        count(distinct s.sale) as sales
    from suspect_copies c
    join visit_sales s on s.session = c.session
    where c.step = 'InitiateCheckout'
    group by c.id_key, c.pixel
),
told_apart as (
    select
        id_key,
        pixel,
        step,
        count(distinct order_named) as orders,
        count(distinct shopper) as shoppers,
        count(distinct page_order) as page_orders,
        min(page_order) as first_page_order,
        max(page_order) as last_page_order,
        min(misnamed_order) as misnamed_order,
        min(case when misnamed_order is not null then page_order end) as misnamed_page_order,
        count(distinct page) as pages,
        min(page) as page,
        count(distinct case when channel = 'browser' then contents end) as browser_contents,
        count(distinct case when channel = 'server' then contents end) as server_contents
    from suspect_copies
    group by id_key, pixel, step
),
-- A page that hands out one stored id hands out others too.
shared_counts as (
    select
        pixel,
        count(*) as shared_ids
    from told_apart
    where step = 'InitiateCheckout'
      and shoppers > 1
    group by pixel
),
judged as (
    select
        c.*,
        coalesce(t.orders, case when c.first_order is null then 0 else 1 end) as orders,
        coalesce(t.shoppers, 1) as shoppers,
        t.pages,
        t.page,
        coalesce(t.page_orders, 0) as page_orders,
        t.first_page_order,
        t.last_page_order,
        t.misnamed_order,
        t.misnamed_page_order,
        case
            when t.id_key is null then true
            when t.orders > 1 then false
            -- the order was read from where the last one still stood; each page says which it was
            when t.orders = 1 and t.page_orders > 1 then false
            -- one order opened again in another visit is still one sale
            when t.orders = 1 then true
            -- two sales are two checkouts, whoever bought
            when t.shoppers > 1 and c.step = 'InitiateCheckout' and coalesce(o.sales, 0) <= 1 and not is_placeholder(k.event_id)
                and (w.is_one_person or (t.shoppers = 2 and n.shared_ids = 1 and not w.are_several_people))
                then case when w.is_one_person then true end
            when t.shoppers > 1 then false
            -- no visit is known for some of the copies, and they do not tell of one act
            when c.without_visit > 0 and greatest(t.browser_contents, t.server_contents) > 1 then null
            else true
        end as ok
    from counted c
    left join told_apart t
        on t.id_key = c.id_key
       and t.pixel is not distinct from c.pixel
       and t.step = c.step
    left join checkout_people w
        on w.id_key = c.id_key
       and w.pixel is not distinct from c.pixel
    left join checkout_sales o
        on o.id_key = c.id_key
       and o.pixel is not distinct from c.pixel
    left join shared_counts n on n.pixel is not distinct from c.pixel
    left join events k on k.event_key = c.id_key
),
rows_of_ids as (
    select
        j.id_key,
        j.pixel,
        min(case
            when j.orders = 1 then case when p.page_order = j.first_page_order then p.ref end
            when coalesce(p.order_named, p.session) = coalesce(j.first_order, j.first_session) then p.ref
        end) as first_ref,
        min(case
            when j.orders = 1 then case when p.page_order = j.last_page_order then p.ref end
            when coalesce(p.order_named, p.session) = coalesce(j.last_order, j.last_session) then p.ref
        end) as last_ref,
        min(p.ref) as any_ref,
        max(p.ref) as other_any_ref
    from judged j
    join suspect_copies p
        on p.id_key = j.id_key
       and p.pixel is not distinct from j.pixel
    where j.ok is not true
    group by j.id_key, j.pixel
),
-- Of the ids that one side sent more than once: steps of one visit that name other goods under the same id.
kept_ids as (
    select
        c.id_key,
        c.platform,
        e.dataset,
        e.step,
        e.session,
        count(distinct e.items) as item_sets,
        min(e.event_id) as event_id,
        min(e.items) as first_items,
        max(e.items) as last_items,
        min(e.ref) as ref,
        max(e.ref) as other_ref
    from id_copies c
    join id_events i on i.id_key = c.id_key
    join events e on e.event_key = i.event_key
    where c.is_repeated
      and c.platform in ('meta', 'tiktok')
      and e.step in ('ViewContent', 'AddToCart')
      and e.in_plan
      and e.session is not null
      and e.items is not null
    group by c.id_key, c.platform, e.dataset, e.step, e.session, e.channel
    having count(distinct e.items) > 1
),
-- An id of several shoppers stays one for all that any of them does.
shared_ids as (
    select distinct id_key, step
    from judged
    where ok = false
)
select
    e.platform,
    j.step,
    e.event_id as subject,
    case when j.orders = 1 then j.first_order end as order_id,
    case when j.orders <= 1 and (j.shoppers <= 1 or j.ok) then j.first_session end as session,
    j.ok,
    'one act per id' || coalesce(' in pixel ' || j.pixel, '') as expected,
    case
        when j.orders > 1 then cast(j.orders as varchar) || ' orders share it, among them ' || j.first_order || ' and ' || j.last_order
            || coalesce('; one event''s order parameter names ' || j.misnamed_order || ', its page ' || j.misnamed_page_order, '')
        when j.ok = false and j.orders = 1
            then cast(j.events as varchar) || ' events share it on the pages of orders ' || j.first_page_order || ' and '
                || j.last_page_order || '; all of them name order ' || j.first_order
        when j.ok = false then cast(j.events as varchar) || ' events of ' || cast(j.shoppers as varchar) || ' shoppers share it'
            || case when j.pages = 1 then ', all on ' || j.page else '' end
        when j.ok is null and j.shoppers > 1 then cast(j.events as varchar) || ' events of ' || cast(j.shoppers as varchar)
            || ' visits share it; one checkout opened on a second device looks the same'
        when j.ok is null then cast(j.events as varchar) || ' events with different contents share it; the log does not say whose they are'
        else 'one act'
    end as actual,
    case
        when j.ok is not false then null
        when is_placeholder(e.event_id) then 'placeholder'
        -- One shopper's second sale under the id of the first.
        when j.orders = 1 and j.first_session = j.last_session and contains(e.event_id, j.first_order) then 'other_order'
        when j.orders = 1 or j.misnamed_order is not null then 'unknown'
        when j.orders > 1 and (contains(e.event_id, j.first_order) or contains(e.event_id, j.last_order)) then 'other_order'
        when regexp_full_match(e.event_id, '[0-9]+') or length(e.event_id) < 8 then 'low_entropy'
        when j.pages = 1 and j.orders = 0 then 'page_cache'
        else 'unknown'
    end as cause,
    cast(null as varchar) as severity,
    coalesce(r.first_ref, r.any_ref) as ref,
    coalesce(r.last_ref, r.other_any_ref) as other_ref
from judged j
join events e on e.event_key = j.id_key
left join rows_of_ids r
    on r.id_key = j.id_key
   and r.pixel is not distinct from j.pixel
union all
select
    c.platform,
    c.step,
    b.event_id,
    b.order_id,
    least(b.session, s.session),
    true,
    'one act per id' || coalesce(' in pixel ' || coalesce(b.dataset, s.dataset), ''),
    'one act',
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar)
from id_copies c
join events b on b.event_key = c.browser_key
join events s on s.event_key = c.server_key
where c.is_plain
  and c.platform in ('meta', 'tiktok')
union all
select
    k.platform,
    k.step,
    min(k.event_id),
    cast(null as varchar),
    k.session,
    false,
    'one act per id' || coalesce(' in pixel ' || k.dataset, ''),
    max(k.item_sets) || ' ' || k.step || ' events of one visit share it and name different goods, among them ' || min(k.first_items) || ' and ' || max(k.last_items),
    'kept_id',
    'warning',
    min(k.ref),
    max(k.other_ref)
from kept_ids k
left join shared_ids s on s.id_key = k.id_key and s.step = k.step
where s.id_key is null
group by k.id_key, k.platform, k.dataset, k.step, k.session

/*
title       = "The plan's pixels, and no others, get core events"
failure     = "Core events do not go to the pixels the plan names"
facet       = "senders"
severity    = "warning"
follows  = ["event_id_mismatch", "missing_event_id", "event_name_mismatch", "dataset_mismatch", "duplicate_purchase"]
needs       = ["datasets"]
why         = """
A pixel that nobody planned collects the shop's sales for somebody. It may be an old agency's, and it makes every number that
includes it too high. A planned one that gets nothing leaves its campaigns to learn from nothing.
"""
means       = "Core events reached this pixel, and the plan lists other pixels for the platform."
first_check = "Look the id up in your own business account; if it is not there, ask who worked on the shop before."
not_yet     = "Do not add it to the plan to silence this; once it is planned, its events count as wanted."
remedy      = "Remove the pixel from the theme, app or container that starts it, or name it in the plan with an owner."
owner       = "tracking"

[causes.silent_dataset]
means       = "The plan names this pixel, and the evidence holds no core event that reached it, though another pixel of the plan got some."
first_check = "Open a product page with the platform's helper extension and see which pixels start; then look for this pixel's id in the settings of the server."
not_yet     = "Do not take it out of the plan before you know which campaigns and audiences use it."
remedy      = "Start this pixel beside the other one and send it its server copies, or remove it from the plan if nothing uses it."
owner       = "tracking"

[causes.no_purchase]
failure     = "A pixel of the plan gets the visits and not their Purchases"
means       = "This pixel of the plan gets earlier steps of visits whose Purchase went to another pixel of the plan, and no Purchase at all: neither pixel sees the whole path, and campaigns that learn from this one see no sale."
first_check = "Compare the pixel id on the product page with the one on the thank-you page and in the server's settings."
not_yet     = "Do not optimise a campaign for purchases on this pixel, and do not read its missing sales as a weak audience."
remedy      = "Send all steps to one pixel, or each step to both; waive this where the pixel is meant for views alone."
owner       = "tracking"

[causes.part_of_sales]
failure     = "A pixel of the plan gets a part of the sales"
means       = "Several pixels of the plan are sold to from one site in one currency, and this one misses Purchases that another one gets: campaigns that learn from it see a part of the sales, and no report of one pixel is whole."
first_check = "Look what the missing orders have in common: a theme, a page template, a language, the day a tag was changed."
not_yet     = "Do not compare campaigns of the two pixels, and do not add both numbers up: orders that reached both are in each."
remedy      = "Send every Purchase to each pixel, or keep one pixel; waive this where each is meant for its own part of the shop."
owner       = "tracking"

[causes.other_launch]
failure     = "The plan seems to be of another launch"
means       = "Nothing in these files is what the plan names: not one event reached one of its pixels, and its domains or test orders do not occur either. What else is found here merely says that again."
first_check = "Compare the pixel ids, domains and test orders in audit.toml with those that the finding shows: was the plan copied from another shop, or are these the files of another one?"
not_yet     = "Do not mend pixels, senders or allow lists because of this packet: they were held against the wrong plan."
remedy      = "Run the audit again with this launch's own plan, or with the files of the launch that the plan is for."
owner       = "tracking"
explains    = ["unknown_dataset", "undeclared_sender", "silent_sender", "disallowed_domain", "wrong_store", "duplicate_purchase",
               "order_without_purchase", "missing_step", "missing_browser_event", "missing_server_event", "nondeterministic_purchase_id",
               "dataset_mismatch", "unattributable_test"]
*/
with planned as (
    select
        platform,
        min(dataset) as first_dataset,
        count(*) as datasets
    from plan_datasets
    group by platform
),
pixels as (
    select
        platform,
        dataset,
        sum(events) as events,
        sum(case when step = 'Purchase' then events else 0 end) as purchases,
        min(sender) as sender,
        max(sender) as other_sender,
        min(first_key) as first_key
    from sender_steps
    where step is not null
      and dataset is not null
    group by platform, dataset
),
platforms_heard as (
    select
        platform,
        bool_or(channel = 'browser') as has_browser,
        bool_or(channel = 'server') as has_server,
        bool_or(step is not null and dataset is null) as is_nameless
    from sender_steps
    group by platform
),
heard_first as (
    select
        d.platform,
        min(x.first_key) as first_key
    from plan_datasets d
    join pixels x
        on x.platform = d.platform
       and x.dataset = d.dataset
    group by d.platform
),
others_heard as (
    select distinct
        platform,
        dataset
    from sender_steps
    where step is null
      and dataset is not null
),
unread as (
    select distinct platform from unread_hits
),
-- Pixels of the plan that get steps of a visit whose Purchase another one gets, and no Purchase themselves.
unsold_visits as (
    select distinct
        x.platform,
        x.dataset,
        e.session
    from pixels x
    join plan_datasets d on d.platform = x.platform and d.dataset = x.dataset
    join events e on e.platform = x.platform and e.dataset = x.dataset
    where x.purchases = 0
      and e.step is not null
      and e.session is not null
),
sold_visits as (
    select
        s.platform,
        s.session,
        s.dataset,
        min(s.ref) as ref
    from events s
    join plan_datasets d on d.platform = s.platform and d.dataset = s.dataset
    where s.step = 'Purchase'
      and s.session in (select session from unsold_visits)
    group by s.platform, s.session, s.dataset
),
half_heard as (
    select
        u.platform,
        u.dataset,
        count(distinct u.session) as visits,
        min(s.dataset) as other_dataset,
        min(s.ref) as other_ref
    from unsold_visits u
    join sold_visits s on s.platform = u.platform and s.session = u.session
    group by u.platform, u.dataset
),
-- Sales of one site in one currency, where several pixels of the plan get some: whose order reached which. A language in the address
-- has a pixel of its own now and then. What a relay sent, which names no pixel, may have reached each. A log and a capture tell of other
-- orders: each is held against itself.
sharing as (
    select x.platform
    from pixels x
    join plan_datasets d on d.platform = x.platform and d.dataset = x.dataset
    join platforms_heard h on h.platform = x.platform and not h.is_nameless
    where x.purchases > 0
    group by x.platform
    having count(*) > 1
),
shared_sales as (
    select
        e.platform,
        e.dataset,
        case when e.channel = 'server' then e.source else e.endpoint end as teller,
        concat_ws(' ', coalesce(e.page_host, ''), coalesce(e.currency, ''), regexp_extract(lower(e.page_path), '^/([a-z]{2}([-_][a-z]{2})?)/', 1)) as shop,
        o.order_id,
        min(e.session) as session,
        min(e.ref) as ref
    from sharing s
    join sent_events e on e.platform = s.platform
    left join purchase_orders o on o.event_key = e.event_key
    where e.step = 'Purchase'
      and e.dataset is not null
    group by 1, 2, 3, 4, 5
),
shops as (
    select
        platform,
        teller,
        shop,
        count(distinct order_id) as orders
    from shared_sales
    group by platform, teller, shop
    -- One that names no order may be of any.
    having count(distinct dataset) > 1
       and count(order_id) = count(*)
),
reached as (
    select
        platform,
        order_id,
        count(distinct dataset) as pixels
    from shared_sales
    group by platform, order_id
),
reached_pixels as (
    select distinct
        platform,
        dataset,
        order_id
    from shared_sales
),
shop_pixels as (
    select distinct
        s.platform,
        s.teller,
        s.shop,
        s.dataset,
        h.orders
    from shared_sales s
    join shops h on h.platform = s.platform and h.teller = s.teller and h.shop = s.shop
),
parts as (
    select
        x.platform,
        x.teller,
        x.shop,
        x.dataset,
        x.orders,
        count(distinct r.order_id) as own_orders,
        bool_or(r.pixels > 1) as has_common,
        bool_or(r.pixels = 1) as has_sole
    from shop_pixels x
    join shared_sales s on s.platform = x.platform and s.teller = x.teller and s.shop = x.shop
    join reached_pixels o on o.platform = x.platform and o.dataset = x.dataset and o.order_id = s.order_id
    join reached r on r.platform = o.platform and r.order_id = o.order_id
    join plan_limits m on m.name = 'missing_share'
    group by x.platform, x.teller, x.shop, x.dataset, x.orders
    -- Of many orders some are lost to blockers, on each pixel others.
    having x.orders - count(distinct r.order_id) > case when x.orders > 20 then min(m.amount) * x.orders else 0 end
),
checkouts as (
    select distinct
        e.platform,
        e.dataset,
        e.session
    from parts p
    join sent_events e on e.platform = p.platform and e.dataset = p.dataset
    where e.step in ('InitiateCheckout', 'AddPaymentInfo')
      and e.session is not null
),
-- A pixel for a brand, a line of goods or an agency gets orders of its own, or some of those that the shop's main pixel gets: that is a
-- part by design. It is none where the pixel was there in the checkout, or where each has orders that the other misses beside common ones.
missed_shares as (
    select
        p.platform,
        p.teller,
        p.shop,
        p.dataset,
        p.own_orders,
        p.orders,
        p.has_common,
        (p.has_common and p.has_sole) or bool_or(c.session is not null) as is_missed,
        min(s.order_id) as order_id,
        arg_min(s.dataset, s.order_id) as other_dataset,
        arg_min(s.ref, s.order_id) as ref
    from parts p
    join shared_sales s on s.platform = p.platform and s.teller = p.teller and s.shop = p.shop and s.dataset <> p.dataset
    left join reached_pixels o on o.platform = p.platform and o.dataset = p.dataset and o.order_id = s.order_id
    left join checkouts c on c.platform = p.platform and c.dataset = p.dataset and c.session = s.session
    where o.order_id is null
    group by p.platform, p.teller, p.shop, p.dataset, p.own_orders, p.orders, p.has_common, p.has_sole
),
-- Of the files of one log, and of page and server, the one that tells most.
ranked_shares as (
    select
        *,
        row_number() over (
            partition by platform, shop, dataset
            order by is_missed desc, orders - own_orders desc, teller
        ) as place
    from missed_shares
    where is_missed
       or has_common
),
missed_sales as (
    select *
    from ranked_shares
    where place = 1
),
-- Pixels of the plan without a core event, where another one of the plan has some; and why that may be as it should.
silent as (
    select
        d.platform,
        d.dataset,
        f.first_key,
        case
            when o.dataset is not null then 'no core event, though others, such as page views, do reach it'
            when h.is_nameless then 'no event that names it; others name no pixel (a relay''s do not) and may have been for it'
            when u.platform is not null then 'no event; the capture holds requests to this platform without their content'
            when not h.has_browser then 'no event; no browser event of this platform was recorded'
            when not h.has_server then 'no event; no server event of this platform was recorded'
            -- TikTok's pixel codes begin with a C; what happens in stores and apps goes to sets of their own (domain 2.4).
            when d.platform = 'tiktok' and d.dataset not like 'C%'
                then 'no event; an id that is no pixel code may be an event set for stores or apps, which a web order does not reach'
        end as doubt
    from plan_datasets d
    join heard_first f on f.platform = d.platform
    join platforms_heard h on h.platform = d.platform
    left join others_heard o
        on o.platform = d.platform
       and o.dataset = d.dataset
    left join unread u on u.platform = d.platform
    where not exists (
        select 1
        from pixels x
        where x.platform = d.platform
          and x.dataset = d.dataset
    )
),
-- Pixels were heard on a platform of the plan, and no event of any kind went to one that it names.
strangers as (
    select min(x.first_key) as first_key
    from pixels x
    join planned p on p.platform = x.platform
    where not exists (select 1 from heard_first)
      and not exists (
          select 1
          from others_heard o
          join plan_datasets d on d.platform = o.platform and d.dataset = o.dataset
      )
    having count(*) > 0
),
sites as (
    select distinct
        e.platform,
        e.relay_store,
        rtrim(lower(e.page_host), '.') as host
    from events e
    where e.step is not null
      and exists (select 1 from strangers)
),
own_sites as (
    select s.host
    from sites s
    join plan_domains d
        on s.host = d.domain
        or ends_with(s.host, '.' || d.domain)
),
own_stores as (
    select s.relay_store
    from sites s
    join plan_platforms p on p.platform = s.platform and p.relay_store = s.relay_store
),
-- What the plan names beside its pixels, and what of it occurs.
named as (
    select
        (select min(domain) from plan_domains) as domain,
        (select min(host) from sites) as host,
        (select count(*) from own_sites) as hosts_found,
        (select count(*) from own_stores) as stores_found,
        (select min(order_key) from plan_test_orders) as test_order,
        (select min(order_id) from orders) as order_id,
        (select count(*) from orders where is_named) as orders_found
),
other_launch as (
    select
        s.first_key,
        case when n.host is not null then n.domain end as domain,
        n.host,
        case when n.order_id is not null then n.test_order end as test_order,
        n.order_id
    from strangers s
    cross join named n
    where n.hosts_found = 0
      and n.stores_found = 0
      and (n.test_order is null or n.orders_found = 0)
      and ((n.domain is not null and n.host is not null) or (n.test_order is not null and n.order_id is not null))
)
select
    x.platform,
    cast(null as varchar) as step,
    x.dataset as subject,
    cast(null as varchar) as order_id,
    cast(null as varchar) as session,
    case
        when z.dataset is not null and not h.is_nameless then false
        when z.dataset is null then d.dataset is not null
    end as ok,
    case
        when z.dataset is not null then 'the Purchases of the visits this pixel gets'
        else 'pixel ' || p.first_dataset || case when p.datasets > 1 then ' or another of the plan' else '' end
    end as expected,
    cast(x.events as varchar) || case when x.events = 1 then ' core event' else ' core events' end
        || ', ' || cast(x.purchases as varchar) || ' of them Purchase, to '
        -- TikTok keeps sales of stores and customer lists in sets of their own (domain 2.4)
        || case when e.platform = 'tiktok' and e.action_source in ('offline', 'crm', 'app') then e.action_source || ' event set ' else 'pixel ' end
        || x.dataset || ' by ' || x.sender
        || case when x.other_sender <> x.sender then ' and ' || x.other_sender else '' end
        || case when z.dataset is null then '' else '; the Purchase of ' || z.visits || case when z.visits = 1 then ' visit' else ' visits' end || ' went to pixel ' || z.other_dataset end
        || case when z.dataset is not null and h.is_nameless then ', and a relay''s, which names no pixel, may have reached this one' else '' end as actual,
    case when z.dataset is not null and not h.is_nameless then 'no_purchase' end as cause,
    cast(null as varchar) as severity,
    e.ref,
    z.other_ref
from pixels x
join planned p on p.platform = x.platform
join events e on e.event_key = x.first_key
left join half_heard z on z.platform = x.platform and z.dataset = x.dataset
left join platforms_heard h on h.platform = x.platform
left join plan_datasets d
    on d.platform = x.platform
   and d.dataset = x.dataset
union all
select
    s.platform,
    cast(null as varchar),
    s.dataset,
    cast(null as varchar),
    cast(null as varchar),
    case when s.doubt is null then false end,
    'core events for pixel ' || s.dataset || ', which the plan names',
    coalesce(
        s.doubt,
        'no event of any kind, while ' || cast(x.events as varchar) || case when x.events = 1 then ' core event' else ' core events' end
            || ' went to pixel ' || x.dataset),
    'silent_dataset',
    null,
    e.ref,
    cast(null as varchar)
from silent s
join pixels x
    on x.platform = s.platform
   and x.first_key = s.first_key
join events e on e.event_key = s.first_key
union all
select
    cast(null as varchar),
    cast(null as varchar),
    'audit.toml',
    cast(null as varchar),
    cast(null as varchar),
    false,
    concat_ws(', ', 'pixel ' || p.first_dataset, 'domain ' || o.domain, 'test order ' || o.test_order) || ', as the plan names',
    concat_ws(', ', 'pixel ' || e.dataset, 'domain ' || o.host, 'order ' || o.order_id) || '; nothing of what the plan names occurs',
    'other_launch',
    'blocker',
    e.ref,
    cast(null as varchar)
from other_launch o
join events e on e.event_key = o.first_key
join planned p on p.platform = e.platform
union all
select
    m.platform,
    'Purchase',
    m.dataset,
    cast(null as varchar),
    cast(null as varchar),
    case when m.is_missed then false end,
    'every Purchase of this site on each pixel of the plan',
    m.own_orders || ' of ' || m.orders || ' orders; order ' || m.order_id || case when m.orders - m.own_orders > 1 then ' and others' else '' end
        || ' reached pixel ' || m.other_dataset || ' and not this one'
        || case when m.is_missed then '' else '; this one may be meant for a part of the shop' end,
    'part_of_sales',
    'warning',
    m.ref,
    e.ref
from missed_sales m
join pixels x on x.platform = m.platform and x.dataset = m.dataset
join events e on e.event_key = x.first_key

/*
title    = "The steps run in the order of a purchase"
failure  = "The steps of an order did not run in the expected order"
facet    = "chain"
severity = "warning"
follows  = ["event_time_out_of_range"]
needs    = ["orders"]
why      = """
Seen, put into the cart, went to the checkout, bought: platforms read intent from this order. When a later step comes first, an
event hangs on the wrong page or button, and the funnel in the reports shows more checkouts than carts.
"""
means       = "The first time a later step fired lies before the first time of an earlier one."
first_check = "Compare the two times that the finding shows with the pages of the visit: one of the two events fires on a page where it does not belong."
not_yet     = "Do not change the campaign's goal event because the funnel looks odd; the events are misplaced, not the shoppers."
remedy      = "Move the event to the page or button it stands for, and walk the path once more."
owner       = "tracking"

[causes.thank_you_page]
means       = "A step from before the purchase fired only on the page that thanks for the order: the sale itself sends the cart or checkout it should have come from. Who fills a cart and leaves is never seen, and every checkout seems to end in a sale."
first_check = "Walk to the checkout with the network panel open: the event that the finding names does not leave there, and leaves with the Purchase."
not_yet     = "Do not build audiences of abandoned carts, and do not bid for this step: its events are buyers only."
remedy      = "Fire the event at the shopper's act, on the page of the cart or the checkout, and take it out of the thank-you page."
owner       = "tracking"
*/
with times as (
    select
        o.order_id,
        o.platform,
        o.step,
        min(o.session) as session,
        min(case when o.channel = 'browser' then o.happened_at end) as browser_at,
        min(case when o.channel = 'server' then o.happened_at end) as server_at,
        min(case when o.channel = 'browser' then o.source end) as browser_source,
        min(case when o.channel = 'server' then o.source end) as server_source,
        min(case when o.channel = 'browser' then o.ref end) as browser_ref,
        min(case when o.channel = 'server' then o.ref end) as server_ref
    from expected_orders x
    join order_events o on o.order_id = x.order_id
    where x.is_named
      and o.is_sent
      and o.how <> 'probable'
    group by o.order_id, o.platform, o.step
),
firsts as (
    select
        t.order_id,
        t.platform,
        t.step,
        case t.step when 'ViewContent' then 1 when 'AddToCart' then 2 when 'InitiateCheckout' then 3 else 4 end as place,
        t.session,
        coalesce(t.browser_at, t.server_at) as first_at,
        coalesce(t.browser_source, t.server_source) as source,
        coalesce(t.browser_ref, t.server_ref) as ref
    from times t
),
neighbours as (
    select
        *,
        lag(step) over (partition by order_id, platform order by place) as before_step,
        lag(place) over (partition by order_id, platform order by place) as before_place,
        lag(first_at) over (partition by order_id, platform order by place) as before_at,
        lag(source) over (partition by order_id, platform order by place) as before_source,
        lag(ref) over (partition by order_id, platform order by place) as before_ref
    from firsts
),
breaks as (
    -- Two files' clocks may differ by a minute; one file has one clock. Of a step before the recording's first, the first time is not
    -- in it.
    select
        n.*,
        l.reason as unshown
    from neighbours n
    left join late_starts l on l.order_id = n.order_id and l.platform = n.platform and n.before_place < l.place
    where n.before_at > n.first_at + case when n.source = n.before_source then interval 0 seconds else interval 60 seconds end
),
first_breaks as (
    select
        *,
        row_number() over (partition by order_id, platform order by case when unshown is null then 0 else 1 end, place) as nth
    from breaks
),
-- Pages that exist once there is an order: the Purchase leaves from it, and its path names the order or says thanks. A checkout has
-- its token before.
purchase_pages as (
    select distinct
        o.order_id,
        o.platform,
        e.page_path,
        last_words(e.page_path) as words
    from expected_orders x
    join order_events o on o.order_id = x.order_id
    join events e on e.event_key = o.event_key
    where x.is_named
      and o.step = 'Purchase'
      and o.how <> 'probable'
      and e.page_path is not null
      and not e.page_cut
),
thank_you_pages as (
    select distinct
        p.order_id,
        p.platform,
        p.page_path
    from purchase_pages p
    left join order_keys k on k.order_id = p.order_id and k.kind <> 'token' and list_contains(p.words, k.key)
    where k.key is not null
       or says_thanks(p.page_path)
),
-- Steps of which every event of the order came from such a page.
steps_of_thanks as (
    select
        o.order_id,
        o.platform,
        o.step,
        min(e.page_path) as page_path,
        min(o.ref) as ref
    from (select distinct order_id, platform from thank_you_pages) d
    join order_events o on o.order_id = d.order_id and o.platform = d.platform
    join events e on e.event_key = o.event_key
    left join thank_you_pages t on t.order_id = o.order_id and t.platform = o.platform and t.page_path = e.page_path
    where o.step <> 'Purchase'
      and o.is_sent
      and o.how <> 'probable'
    group by o.order_id, o.platform, o.step
    having count(t.page_path) = count(*)
),
misplaced as (
    select
        s.order_id,
        s.platform,
        string_agg(s.step, ', ' order by f.place) as steps,
        min_by(s.step, f.place) as step,
        min(s.page_path) as page_path,
        min_by(s.ref, f.place) as ref
    from steps_of_thanks s
    join firsts f on f.order_id = s.order_id and f.platform = s.platform and f.step = s.step
    group by s.order_id, s.platform
),
-- The same of a day's traffic, by the visits: carts and checkouts that left from a page on which some order was thanked for.
day_pages as (
    select distinct
        e.platform,
        e.session,
        e.page_path
    from expected_orders x
    join sent_events e on e.order_id = x.order_id
    left join order_keys k on k.order_id = e.order_id and k.key = e.order_key and k.kind <> 'token'
    where x.is_traffic
      and e.step = 'Purchase'
      and e.session is not null
      and not e.page_cut
      and (contains(e.page_path, k.key)
        or says_thanks(e.page_path))
),
day_visits as (
    select distinct
        e.platform,
        e.step,
        e.session
    from day_pages d
    join sent_events e on e.session = d.session and e.platform = d.platform and e.page_path = d.page_path
    where e.step in ('AddToCart', 'InitiateCheckout')
),
day_misplaced as (
    select
        v.platform,
        v.step,
        v.session,
        min(e.ref) as ref
    from day_visits v
    join sent_events e on e.session = v.session and e.platform = v.platform and e.step = v.step
    left join day_pages d on d.session = e.session and d.platform = e.platform and d.page_path = e.page_path
    group by v.platform, v.step, v.session
    having count(d.page_path) = count(*)
),
day_counts as (
    select
        platform,
        step,
        count(case when browser_events + server_events > 0 then 1 end) as orders
    from order_steps
    where is_traffic
      and step in ('AddToCart', 'InitiateCheckout')
    group by platform, step
),
day_shares as (
    select
        c.platform,
        c.step,
        c.orders,
        count(m.session) as misplaced,
        min(m.ref) as ref
    from day_counts c
    left join day_misplaced m on m.platform = c.platform and m.step = c.step
    where c.orders >= 20
    group by c.platform, c.step, c.orders
),
paths as (
    select
        order_id,
        platform,
        count(*) as step_count,
        max(case when step = 'Purchase' then 1 else 0 end) as has_purchase,
        min(session) as session,
        min(ref) as ref
    from firsts
    group by order_id, platform
)
select
    p.platform,
    coalesce(m.step, b.step, 'Purchase') as step,
    p.order_id as subject,
    p.order_id,
    coalesce(b.session, p.session) as session,
    case
        when m.order_id is not null then false
        when b.unshown is not null then null
        when b.order_id is not null then false
        when p.step_count >= 2 then true
    end as ok,
    case
        when m.order_id is not null then m.steps || ' before the order, on a page of their own'
        when b.order_id is null then 'ViewContent, AddToCart, InitiateCheckout, Purchase, in this order'
        else b.before_step || ' before ' || b.step
    end as expected,
    case
        when m.order_id is not null then 'only on the page of the Purchase, ' || m.page_path
        when b.order_id is not null
            then b.step || ' at ' || clock_time(b.first_at, '%H:%M:%S.%g') || ', ' || b.before_step || ' at ' || told_time(b.before_at, '%H:%M:%S.%g')
                || coalesce('; ' || b.unshown, '')
        when p.step_count >= 2 then p.step_count || ' steps in order'
        else 'one step alone is in the evidence'
    end as actual,
    case when m.order_id is not null then 'thank_you_page' end as cause,
    coalesce(m.ref, b.ref, p.ref) as ref,
    b.before_ref as other_ref
from paths p
left join first_breaks b on b.order_id = p.order_id and b.platform = p.platform and b.nth = 1
left join misplaced m on m.order_id = p.order_id and m.platform = p.platform
where p.has_purchase = 1
union all
select
    s.platform,
    s.step,
    'traffic',
    cast(null as varchar),
    cast(null as varchar),
    s.misplaced <= s.orders * l.amount,
    s.step || ' before the order, on a page of its own',
    s.misplaced || ' of ' || counted(s.orders, 'order') || ' (' || number_text(round(100.0 * s.misplaced / s.orders, 1))
        || ' %) have it only from the page of the Purchase',
    case when s.misplaced > s.orders * l.amount then 'thank_you_page' end,
    s.ref,
    cast(null as varchar)
from day_shares s
join plan_limits l on l.name = 'missing_share'

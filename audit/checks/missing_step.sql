/*
title    = "Every step up to the purchase fired"
failure  = "A step of the path to purchase was sent by neither side"
facet    = "chain"
severity = "blocker"
deciding = true
follows  = ["order_without_purchase", "purchase_without_order", "nonstandard_event_name"]
needs    = ["browser capture", "orders"]
why      = """
Campaigns learn from the whole path: who looked, who put into the cart, who went to the checkout, who bought. A step that
never arrives leaves the platform to guess which visitors to pay for, and the audiences and reports built on it stay empty.
On a day's traffic people skip steps by themselves, so there the share is judged and only warned about.
"""

own_is_open  = true
means       = "The evidence does not show this visit well enough to say whether the step fired."
first_check = "Look whether the recording ran from the product page to the thank-you page, with 'Preserve log' on, and was saved with its content; and whether this order was one of the test at all."
not_yet     = "Do not treat this as passed: an unwatched step proves nothing."
remedy      = "Walk one test order from product page to thank-you page within half an hour, in a clean browser profile, with the recording running throughout, and audit it again. If the export holds other orders too, list those of the test in the plan: test_orders."
owner       = "tracking"

[causes.rounded_ids]
means       = "The export was opened and saved in a spreadsheet, which rounded its long ids (6.38E+12). The Purchases carry these ids, so nothing leads from this order to its visit."
first_check = "Open the export in a text editor and look for ids with an E in them."
not_yet     = "Do not treat this as passed, and do not look for a broken step before the export is whole."
remedy      = "Export the orders again and hand the file in as it was downloaded, without opening it."
owner       = "store"

[causes.consent_refused]
means       = "On this order's own page the shopper's consent stood refused, and the browser kept to it."
first_check = "Look whether the consent banner was refused on purpose in this test."
not_yet     = "Do not take the silence for a broken pixel, and do not make the banner pre-accepted."
remedy      = "Walk one test order with consent given; keep this one as the proof that a refusal is respected."
owner       = "tracking"

[causes.no_order_named]
means       = "Nothing leads from this order to a visit: the Purchases in the evidence name no order."
first_check = "Look whether the Purchase carries the order number: as a parameter, in its event_id, or in the thank-you page's address."
not_yet     = "Do not treat this as passed, and do not look for a broken step before the Purchases name their orders."
remedy      = "Let the Purchase carry the order number (Meta: order_id, or an event_id made of it) and repeat the test order. For Shopify's own apps, hand in the orders as JSON of the Admin API: they hold the token of the thank-you page."
owner       = "tracking"

[causes.never_fired]
means       = "Neither the browser nor the server sent this step in a visit that the evidence does show."
first_check = "Open the page of this step with the network panel filtered by facebook.com/tr, or by tiktok or kwai: nothing will leave; then look at the condition of its event call."
not_yet     = "Do not optimise the campaign for this step, and do not rename another event to stand in for it."
remedy      = "Add the missing event call to the page of this step and walk one test order through the whole path."
owner       = "tracking"

[causes.counter_gap]
failure     = "A step of the path left nothing but a gap in Meta's count of hits"
means       = "Neither side shows this step, and Meta numbers the hits of a page: a number is missing where the step belongs, so something was sent that this capture does not hold."
first_check = "Record the order again with 'Preserve log' on and leave the page of this step open for ten seconds."
not_yet     = "Do not rewrite the event call: it may well have run."
remedy      = "Keep the page open until the hit has left, or send the event before the page changes; if the step stays away and the gap is gone, its event call is missing."
owner       = "tracking"

[causes.other_dataset]
failure     = "A step went to a pixel that the plan does not name"
means       = "The step did fire, but into a pixel the plan does not name; the pixel the ads run on got nothing."
first_check = "Compare the two pixel ids that the finding shows, digit by digit; if it is no slip in the plan, look the other pixel up in the ad account and ask who installed it."
not_yet     = "Do not switch the campaign to that pixel: it has none of the history."
remedy      = "Point this step's event call at the planned pixel, or correct the plan if the other one is right."
owner       = "tracking"
*/
with absent_steps as (
    select
        order_id,
        platform,
        step,
        case step when 'ViewContent' then 1 when 'AddToCart' then 2 else 3 end as place
    from order_steps
    where browser_events + server_events + refused_events = 0
      and step <> 'Purchase'
),
order_shoppers as (
    select distinct
        v.order_id,
        s.platform,
        s.shopper,
        v.first_at
    from absent_steps a
    join order_sessions v on v.order_id = a.order_id
    join shoppers s on s.session = v.session and s.platform = a.platform
),
earlier_steps as (
    -- The same browser sent the step in another visit of the week before, as whoever leaves a cart and comes back: told, and neither
    -- passed nor failed.
    select
        o.order_id,
        o.platform,
        e.step,
        min(e.session) as session,
        min(e.ref) as ref
    from order_shoppers o
    join shoppers s on s.platform = o.platform and s.shopper = o.shopper
    join sent_events e on e.session = s.session and e.platform = s.platform
    where e.step <> 'Purchase'
      and coalesce(e.event_at, e.seen_at) between o.first_at - interval 7 days and o.first_at
    group by o.order_id, o.platform, e.step
),
-- Another platform's pixel sent the step in a visit of this order, and the same page sent this platform's at that moment in a visit of
-- no order: the browser was changed on the way (an app's own and the phone's), and only the other platform knows both for one.
twin_steps as (
    select
        a.order_id,
        a.platform,
        a.step,
        min(t.session) as session,
        min(t.ref) as ref
    from order_steps a
    join order_sessions v on v.order_id = a.order_id
    join sent_events o on o.session = v.session and o.step = a.step
    join sent_events t
        on t.platform = a.platform
       and t.step = a.step
       and t.page_host = o.page_host
       and t.page_path = o.page_path
    left join order_sessions n on n.session = t.session
    where a.is_named
      and a.step <> 'Purchase'
      and a.browser_events + a.server_events + a.refused_events = 0
      and o.channel = 'browser'
      and t.channel = 'browser'
      and o.platform <> a.platform
      and coalesce(t.seen_at, t.event_at) between coalesce(o.seen_at, o.event_at) - interval 5 seconds
          and coalesce(o.seen_at, o.event_at) + interval 5 seconds
      and t.session is not null
      and n.session is null
    group by a.order_id, a.platform, a.step
),
-- A hole in Meta's counter between the steps before and after: something left there that the capture does not hold.
neighbours as (
    select
        a.order_id,
        a.step,
        max(case when m.place < a.place then m.seen_at end) as before_at,
        min(case when m.place > a.place then m.seen_at end) as after_at
    from absent_steps a
    left join visit_moments m on m.order_id = a.order_id and m.platform = a.platform
    where a.platform = 'meta'
    group by a.order_id, a.step
),
placed_gaps as (
    select
        n.order_id,
        n.step,
        g.before_counter,
        g.counter,
        g.ref,
        row_number() over (partition by n.order_id, n.step order by g.before_at, g.ref) as nth
    from neighbours n
    join order_sessions v on v.order_id = n.order_id
    join counter_gaps g on g.session = v.session
    where (n.before_at is null or g.sent_at > n.before_at)
      and (n.after_at is null or g.before_at < n.after_at)
      and (g.dataset in (select dataset from plan_datasets where platform = 'meta')
          or not exists (select 1 from plan_datasets where platform = 'meta'))
),
gaps as (
    select order_id, step, before_counter, counter, ref
    from placed_gaps
    where nth = 1
),
judged as (
    select
        s.*,
        e.session as earlier_session,
        coalesce(e.ref, t.ref) as earlier_ref,
        t.session as twin_session,
        case
            when s.browser_events + s.server_events + s.refused_events > 0 then true
            when s.is_due is null or u.is_rounded then null
            when s.foreign_browser_key is not null or s.foreign_server_key is not null then false
            when s.stopped_events + s.unanswered_events > 0 then null
            when s.probable_browser_key is not null or s.probable_server_key is not null or e.session is not null or t.session is not null then null
            when s.step <> 'Purchase' and not s.has_visit then null
            when s.needs_browser and s.sees_browser and u.reason is null then false
            -- Whose visit begins before the recording may have been here before the server's log as well, or as somebody else in it.
            when s.needs_server and s.sees_server and not s.only_with_click and not coalesce(u.is_before, false) then false
        end as ok,
        not s.has_visit and s.foreign_browser_key is null and s.foreign_server_key is null and s.stopped_events + s.unanswered_events = 0 as is_unseen,
        s.probable_browser_key is not null or coalesce(u.is_nameless, false) as is_nameless,
        u.reason as unshown,
        coalesce(u.is_refused, false) as is_refused,
        coalesce(u.is_rounded, false) as is_rounded,
        coalesce(u.is_before, false) and s.is_due is not null and s.probable_browser_key is null and s.probable_server_key is null
            and s.stopped_events + s.unanswered_events = 0 and e.session is null and t.session is null as is_before
    from order_steps s
    left join unshown_steps u on u.order_id = s.order_id and u.platform = s.platform and u.step = s.step
    left join earlier_steps e on e.order_id = s.order_id and e.platform = s.platform and e.step = s.step
    left join twin_steps t on t.order_id = s.order_id and t.platform = s.platform and t.step = s.step
),
nameless as (
    select distinct platform
    from nameless_purchases
    where channel = 'browser'
),
explained as (
    select
        judged.order_id,
        judged.platform,
        judged.step,
        is_named,
        is_traffic,
        earlier_session,
        earlier_ref,
        twin_session,
        ok,
        unshown,
        is_refused,
        is_rounded,
        ok is null and is_before as is_before,
        case
            when ok then null
            when ok is null and is_due is null then null
            when ok is null and is_rounded then 'rounded_ids'
            when ok is null and is_refused then 'consent_refused'
            when ok is null and n.platform is not null and (judged.step <> 'Purchase' and is_unseen or judged.step = 'Purchase' and is_nameless)
                then 'no_order_named'
            when ok is null then null
            when foreign_browser_key is not null or foreign_server_key is not null then 'other_dataset'
            when g.order_id is not null then 'counter_gap'
            else 'never_fired'
        end as found_cause,
        g.before_counter,
        g.counter,
        g.ref as gap_ref
    from judged
    left join nameless n on n.platform = judged.platform
    left join gaps g on g.order_id = judged.order_id and g.step = judged.step and judged.platform = 'meta'
),
-- A few visits begin before what was recorded of them. Those of all orders do not: a step that no order has counts as missing.
sent_steps as (
    select distinct platform, step
    from explained
    where is_traffic
      and ok
),
asked as (
    select
        x.platform,
        x.step,
        x.order_id,
        coalesce(x.ok, false) as ok,
        case when x.is_before or x.found_cause = 'counter_gap' then 'never_fired' else x.found_cause end as found_cause
    from explained x
    left join sent_steps s on s.platform = x.platform and s.step = x.step
    where x.is_traffic
      and (x.ok is not null or (x.is_before and s.step is null))
),
shares as (
    select
        platform,
        step,
        count(*) as judged_count,
        sum(case when ok then 0 else 1 end) as missing_count,
        min(found_cause) as first_cause
    from asked
    group by platform, step
),
first_orders as (
    select
        x.platform,
        x.step,
        min(o.ref) as ref
    from asked x
    join expected_orders o on o.order_id = x.order_id
    where not x.ok
    group by x.platform, x.step
),
named as (
    select
        s.*,
        x.earlier_session,
        x.earlier_ref,
        x.twin_session,
        x.ok,
        x.unshown,
        x.is_refused,
        x.is_rounded,
        x.found_cause,
        x.before_counter,
        x.counter,
        x.gap_ref,
        o.doubt,
        o.ref as order_ref
    from explained x
    join order_steps s on s.order_id = x.order_id and s.platform = x.platform and s.step = x.step
    join expected_orders o on o.order_id = x.order_id
    where x.is_named
      and s.is_named
)
select
    x.platform,
    x.step,
    x.order_id as subject,
    x.order_id,
    x.session,
    x.ok,
    x.step || ' in the visit of this order' as expected,
    case
        when x.ok then 'browser ' || x.browser_events || ', server ' || (x.server_events + x.refused_events)
        when x.ok is null and x.is_due is null then x.doubt
        when x.foreign_browser_key is not null or x.foreign_server_key is not null
            then 'sent to pixel ' || coalesce(b.dataset, s.dataset, '?') || coalesce(', the plan names ' || d.datasets, ', which the plan does not name')
        when x.stopped_events > 0 then 'tried and stopped in this browser (' || t.net_error || ')'
        when x.unanswered_events > 0 then 'sent by this browser, and no answer recorded: arrived or stopped'
        when x.probable_browser_key is not null or x.probable_server_key is not null then 'one event names no order but fits in money or time'
        when x.earlier_session is not null then 'none in this visit; the same browser sent it earlier, in ' || x.earlier_session
        when x.twin_session is not null
            then 'none in this visit; beside the other platform''s the same page sent it under another browser id, in ' || x.twin_session
        when x.ok is null and (x.is_rounded or x.is_refused) then 'none found; ' || x.unshown
        when x.ok is null and x.step <> 'Purchase' and not x.has_visit then 'no visit in the evidence can be tied to this order'
        when x.ok is null and x.unshown is not null then 'none found; ' || x.unshown
        when x.ok is null and x.platform = 'snackvideo' then 'none found; SnackVideo''s browser call cannot be read from a HAR'
        when x.ok is null then 'none found, and nothing in the evidence watched this order'
        when x.found_cause = 'counter_gap'
            then 'browser none, server none; Meta''s hit counter jumps from ' || x.before_counter || ' to ' || x.counter
        else 'browser none, server none'
    end as actual,
    x.found_cause as cause,
    cast(null as varchar) as severity,
    coalesce(e.ref, b.ref, s.ref, t.ref, x.earlier_ref, x.gap_ref, x.order_ref) as ref,
    p.ref as other_ref
from named x
left join events e on e.event_key = coalesce(x.browser_key, x.server_key, x.refused_key)
left join events b on b.event_key = x.foreign_browser_key
left join events s on s.event_key = x.foreign_server_key
left join events t on t.event_key = x.stopped_key
left join events p on p.event_key = coalesce(x.probable_browser_key, x.probable_server_key)
left join planned_pixels d on d.platform = x.platform
union all
select
    s.platform,
    s.step,
    'traffic',
    cast(null as varchar),
    cast(null as varchar),
    case
        when s.missing_count <= s.judged_count * l.amount then true
        when s.judged_count >= 20 then false
    end,
    'at most ' || number_text(round(100 * l.amount, 1)) || ' % of orders without ' || s.step,
    s.missing_count || ' of ' || counted(s.judged_count, 'order') || ' (' || number_text(round(100.0 * s.missing_count / s.judged_count, 1)) || ' %)'
        || coalesce(p.told, '')
        || case when s.judged_count < 20 and s.missing_count > 0 then ', too few to tell a share' else '' end,
    case when s.missing_count > s.judged_count * l.amount and s.judged_count >= 20 then s.first_cause end,
    'warning',
    f.ref,
    cast(null as varchar)
from shares s
left join first_orders f on f.platform = s.platform and f.step = s.step
left join missing_patterns p on p.platform = s.platform and p.step = s.step and p.side = 'both' and p.missing = s.missing_count
join plan_limits l on l.name = 'missing_share'

/*
title    = "Each order is counted as one Purchase"
failure  = "One order will be counted as several Purchases"
facet    = "senders"
severity = "blocker"
follows  = ["event_id_mismatch", "missing_event_id", "event_name_mismatch", "dataset_mismatch", "dedup_window_exceeded",
            "duplicate_sender", "two_conversion_points", "reused_event_id"]
needs    = []
why      = """
When one order arrives as two Purchases, the platform reports twice the sales and half the true cost per purchase, and its
bidding learns from sales that never happened. Every budget decision taken on those numbers is wrong.
"""

own_is_open  = true
means       = "The platform has no event ids, and the log does not show whether the server's second request was a second Purchase: one of them got no answer, or both lie milliseconds apart like one request written down twice."
first_check = "Look in the relay's own log, or in the platform's figures for that hour, how many of the requests arrived."
not_yet     = "Do not switch retries off and do not subtract sales by hand; one of the two may never have arrived."
remedy      = "Keep a note per order that its Purchase was accepted, repeat it only without one, and log each request at one place."
owner       = "data"

[causes.second_dataset]
means       = "The order was also reported to a pixel that the plan does not name, so it is counted there as well."
first_check = "Look up who owns the extra pixel id that the finding shows and where it is started: theme, app, or tag container."
not_yet     = "Do not add the extra pixel to the plan just to make this go away; first find out who uses its numbers."
remedy      = "Remove the extra pixel from the shop, or have its owner confirm it and name it in the plan."
owner       = "tracking"

[causes.second_sender]
means       = "Two different senders each reported this order with an id of their own, so nothing tells the platform it is one sale."
first_check = "The finding names the two senders; open the one that was added last and find its Purchase trigger."
not_yet     = "Do not silence both and do not raise budget; one of them is the copy you want to keep."
remedy      = "Keep one sender for Purchase per channel, switch the other's Purchase off, and place one test order."
owner       = "tracking"

[causes.reload]
means       = "The thank-you page reported the sale again when it was opened again, under a new id."
first_check = "Open the thank-you page of a finished order and press reload: a new Purchase with another id leaves."
not_yet     = "Do not block the thank-you page or shorten its life; buyers need it for payment and tracking their parcel."
remedy      = "Build the event id from the order, so that a reload repeats it, and fire only once per order."
owner       = "tracking"

[causes.retry_new_id]
means       = "The same server sender reported the sale a second time as if it were new: the repeat has nothing in common with the first."
first_check = "Find the job or retry queue of that sender and see whether it builds the event anew for each attempt."
not_yet     = "Do not switch retries off; a lost request would then be a lost sale."
remedy      = "Store the event, id included, before the first attempt and send exactly that again on a retry."
owner       = "data"

[causes.retry_without_id]
means       = "The same server sender reported the sale again, and this platform has no event ids by which it could merge the two."
first_check = "Look how far apart the requests are: milliseconds are a call made twice, seconds or minutes a retry of what had been taken."
not_yet     = "Do not add an event id to the request; this platform does not read one. Do not switch retries off either."
remedy      = "Note per order that its Purchase was accepted, and repeat it only after a refusal."
owner       = "data"

[causes.not_deduplicated]
means       = "The copies of this sale do not share what the platform merges by: the same event name and the same id within the window."
first_check = "Compare the names and ids of the copies that the finding shows; the first difference is the reason."
not_yet     = "Do not delete the server copy to get back to one; it is the copy that survives ad blockers."
remedy      = "Give every copy of a sale the same event name and the same id, then place one test order."
owner       = "data"

[causes.in_parts]
means       = "One order was told in parts: a first Purchase, and another for what was added on the thank-you page. Their values add up to the order; the platform counts one sale more."
first_check = "Look whether an offer after checkout or an edit of the order sends a Purchase of its own."
not_yet     = "Do not switch the second Purchase off before the team has agreed: its value would be missing from the reports."
remedy      = "Settle with the media team how an added offer is told: as a second Purchase, whose count the reports then hold, or under an event name of its own."
owner       = "media"
*/
with sales as (
    -- One row per Purchase the platform will count (SnackVideo merges nothing by id: one row per copy).
    select
        platform,
        coalesce(dataset, '') as pixel,
        unit,
        merge_key,
        merge_window,
        max(case when channel = 'browser' then 1 else 0 end) as in_browser,
        max(case when channel = 'server' then 1 else 0 end) as on_server,
        -- Named by its browser copy where it has one, whatever came first.
        coalesce(min(case when channel = 'browser' then event_key end), min(event_key)) as first_key,
        min(counted_at) as first_at,
        min(order_id) as order_id
    from counted_events
    where unit is not null
      and not is_refund  -- invalid_value has it
    group by platform, coalesce(dataset, ''), unit, merge_key, merge_window
),
sale_counts as (
    select
        platform,
        pixel,
        unit,
        count(*) as sales,
        sum(in_browser) as browser_sales,
        sum(on_server) as server_sales,
        sum(case when on_server = 1 and in_browser = 0 then 1 else 0 end) as server_only_sales,
        min(first_key) as first_key,
        min(order_id) as order_id
    from sales
    group by platform, pixel, unit
),
planned as (
    select distinct platform
    from plan_datasets
),
counts as (
    select
        n.*,
        case when n.platform = 'snackvideo' then greatest(n.browser_sales, n.server_sales) else n.sales end as counted,
        n.pixel <> '' and p.platform is not null and d.dataset is null as is_unnamed
    from sale_counts n
    left join planned p on p.platform = n.platform
    left join plan_datasets d on d.platform = n.platform and d.dataset = n.pixel
),
-- Most orders are counted once, where they should be. The others are looked at closely.
suspects as (
    select distinct
        platform,
        unit
    from counts
    where sales > 1
       or is_unnamed
),
copies as (
    select
        c.platform,
        coalesce(c.dataset, '') as pixel,
        c.unit,
        c.order_id,
        c.channel,
        c.event_key,
        e.dataset,
        e.event_name,
        e.event_id,
        e.session,
        e.ref,
        c.counted_at,
        e.status,
        e.value,
        e.currency,
        e.items,
        e.click_id,
        e.page_url,
        e.sender,
        e.page_load,
        coalesce(e.page_load, e.session) as opening,
        e.page_host || coalesce(e.page_path, '') as page
    from suspects s
    join counted_events c on c.platform = s.platform and c.unit = s.unit
    join events e on e.event_key = c.event_key
    where not c.is_refund
),
-- Without event ids a second request is a second Purchase, unless it may be the first one: written down twice, or sent again
-- because no answer came. A capture of the page marks what a worker passed on (loaders), so its entries are calls.
repeats as (
    select
        c.platform,
        c.pixel,
        c.unit,
        d.outcome = 'unanswered' as is_unanswered,
        c.page_load is null
            and epoch(c.counted_at) - lag(epoch(c.counted_at)) over (
                partition by c.pixel, c.unit, c.sender, c.event_name, c.status, c.value, c.currency, c.items, c.click_id, c.page_url
                order by c.counted_at, c.event_key
            ) <= 0.05 as is_near
    from copies c
    join delivery_answers d on d.event_key = c.event_key
    where c.platform = 'snackvideo'
),
doubts as (
    select
        platform,
        pixel,
        unit,
        sum(case when is_near then 1 else 0 end) as near_sends,
        -- where no answer was ever logged, a missing one says nothing
        case when count(*) > sum(case when is_unanswered then 1 else 0 end)
            then sum(case when is_unanswered and is_near is not true then 1 else 0 end) else 0 end as unanswered_sends
    from repeats
    group by platform, pixel, unit
),
listed as (
    select
        s.*,
        row_number() over (partition by s.platform, s.pixel, s.unit order by s.first_at, s.first_key) as nth
    from suspects x
    join sales s on s.platform = x.platform and s.unit = x.unit
),
told as (
    select
        l.platform,
        l.pixel,
        l.unit,
        string_agg(
            c.channel || ' ' || c.sender || coalesce(' with id ' || told_id(c.event_id), ' without an id'), '; ' order by l.nth
        ) as senders_told,
        min(case when l.nth = 1 then c.ref end) as ref,
        min(case when l.nth = 2 then c.ref end) as other_ref
    from listed l
    join copies c
        on c.platform = l.platform
       and c.pixel = l.pixel
       and c.unit = l.unit
       and c.event_key = l.first_key
    where l.nth <= 3
    group by l.platform, l.pixel, l.unit
),
sender_counts as (
    select
        platform,
        pixel,
        unit,
        min(session) as session,
        count(dataset) = 0 as is_assumed,
        count(distinct case when channel = 'browser' then sender end) as browser_senders,
        count(distinct case when channel = 'server' then sender end) as server_senders,
        -- a request the page made to its relay tells of the page's opening as well
        greatest(
            count(distinct case when channel = 'browser' then opening end), count(distinct page_load)
        ) as openings,
        count(distinct case when channel = 'browser' then page end) as pages
    from copies
    group by platform, pixel, unit
),
in_parts as (
    select
        c.platform,
        c.pixel,
        c.unit
    from copies c
    left join purchase_parts p on p.event_key = c.event_key
    group by c.platform, c.pixel, c.unit
    having count(*) = count(p.event_key)
),
judged as (
    select
        n.platform,
        nullif(n.pixel, '') as dataset,
        n.unit,
        n.order_id,
        n.first_key,
        s.session,
        s.is_assumed,
        n.counted,
        n.browser_sales,
        n.server_sales,
        n.server_only_sales,
        s.browser_senders,
        s.server_senders,
        s.openings,
        s.pages,
        n.is_unnamed,
        n.platform = 'snackvideo'
            and greatest(n.browser_sales, n.server_sales - coalesce(d.near_sends, 0) - coalesce(d.unanswered_sends, 0)) <= 1 as is_doubtful,
        coalesce(d.unanswered_sends, 0) as unanswered_sends,
        a.unit is not null as is_in_parts,
        t.senders_told,
        t.ref,
        t.other_ref
    from counts n
    left join doubts d
        on d.platform = n.platform
       and d.pixel = n.pixel
       and d.unit = n.unit
    left join in_parts a
        on a.platform = n.platform
       and a.pixel = n.pixel
       and a.unit = n.unit
    left join sender_counts s
        on s.platform = n.platform
       and s.pixel = n.pixel
       and s.unit = n.unit
    left join told t
        on t.platform = n.platform
       and t.pixel = n.pixel
       and t.unit = n.unit
),
-- orders that a pixel of the plan counts: only then is a count elsewhere one too many
named_counts as (
    select
        platform,
        unit,
        min(dataset) as dataset,
        bool_and(is_assumed) as is_assumed,
        min(ref) as ref
    from judged
    where not is_unnamed
    group by platform, unit
),
-- A test order whose browser copy went elsewhere, and whose server copy names no pixel: missing_browser_event has that fault, and whether
-- the plan's pixel counts the order as well is not in the evidence.
strays as (
    select
        n.platform,
        n.unit
    from named_counts n
    join order_steps s
        on s.order_id = n.unit
       and s.platform = n.platform
       and s.step = 'Purchase'
    where n.is_assumed
      and s.is_named
      and s.needs_browser
      and s.browser_events = 0
      and s.foreign_browser_key is not null
)
select
    j.platform,
    'Purchase' as step,
    j.unit as subject,
    j.order_id,
    coalesce(j.session, e.session) as session,
    case
        when j.is_unnamed and t.unit is not null then null
        when j.is_unnamed then n.unit is null
        when j.counted <= 1 then true
        when not j.is_doubtful then false
    end as ok,
    case when j.is_unnamed then 'the order counted by pixels of the plan only'
        else 'one Purchase in ' || coalesce('pixel ' || j.dataset, j.platform) end as expected,
    case
        when j.is_unnamed and t.unit is not null
            then 'counted in pixel ' || j.dataset || ', which the plan does not name; whether a relay forwards it to the plan''s as well is not in the evidence'
        when j.is_unnamed and n.unit is not null
            then 'counted in pixel ' || coalesce(n.dataset, '(named by the relay)') || ' and again in pixel ' || j.dataset
                || ', which the plan does not name: ' || j.senders_told
        else cast(j.counted as varchar) || case when j.counted = 1 then ' Purchase: ' else ' Purchases: ' end
            || coalesce(j.senders_told, e.channel || ' ' || e.sender || coalesce(' with id ' || told_id(e.event_id), ' without an id'))
            || case when j.counted > 3 then '; …' else '' end
            || case when j.is_in_parts and j.counted > 1 then '; each of other goods, together the order''s amount' else '' end
            || case
                when j.counted <= 1 or not j.is_doubtful then ''
                when j.unanswered_sends > 0 then '; one of the server''s requests got no answer'
                else '; the server''s are the same, within 50 ms: one written down twice, or two'
            end
    end as actual,
    case
        when j.is_unnamed then case when n.unit is not null and t.unit is null then 'second_dataset' end
        when j.counted <= 1 or j.is_doubtful then null
        when j.is_in_parts then 'in_parts'
        when (j.browser_sales > 1 and j.browser_senders > 1) or (j.server_sales > 1 and j.server_senders > 1) then 'second_sender'
        when j.browser_sales > 1 and j.openings > 1 and j.pages = 1 then 'reload'
        when j.server_sales > 1
            and case when j.platform = 'snackvideo' then j.server_sales > j.browser_sales else j.server_only_sales > 0 end
            then case when j.platform = 'snackvideo' then 'retry_without_id' else 'retry_new_id' end
        else 'not_deduplicated'
    end as cause,
    -- The money is the order's; the number of sales is one too high.
    case when j.is_in_parts and j.counted > 1 and not j.is_unnamed then 'warning' end as severity,
    case when j.is_unnamed then coalesce(n.ref, j.ref) else coalesce(j.ref, e.ref) end as ref,
    case when j.is_unnamed then j.ref else j.other_ref end as other_ref
from judged j
join events e on e.event_key = j.first_key
left join named_counts n
    on n.platform = j.platform
   and n.unit = j.unit
left join strays t
    on t.platform = j.platform
   and t.unit = j.unit

/*
title    = "The evidence is whole"
failure  = "A file lacks what the audit needs from it"
facet    = "evidence"
severity = "warning"
needs    = ["sources"]
why      = """
A check can only be as good as the recording. Without request bodies, a lost page or an order without an amount nobody can say
that events are missing or money is wrong; and a server log of Tuesday proves nothing about Monday's test order.
"""

# Where several things are missing at once.
means       = "The file was recorded or exported without several things that the audit needs."
first_check = "Read in the finding what is missing; a file cut down by hand or by a tool lacks several things at once."
not_yet     = "Do not read a missing event as a broken pixel before the recording is known to be whole."
remedy      = "Record or export the file again as a whole: a HAR from the browser's own DevTools with 'Preserve log' on, an export with every column."
owner       = "tracking"

[causes.no_content]
means       = "Requests were recorded without what they held, so the events in them cannot be read."
first_check = "Look how the file was made: some recorders leave out what a request held, and a server log writes bodies only where told to, some packed or encoded."
not_yet     = "Do not read a missing TikTok or server event as a broken pixel; it may be in a request of this file."
remedy      = "Record it again and save it from the browser's own DevTools ('Export HAR'), or let the server log write the body of each request as it was sent."
owner       = "tracking"

[causes.other_requests]
failure     = "The log handed in as the server's does not hold what was sent"
means       = "It is a log of a server, but nothing in it goes to a platform or a relay: most likely the web server's list of what visitors asked for."
first_check = "Look at its addresses: pages of the shop are what came in. What the shop sent goes to graph.facebook.com, to business-api.tiktok.com or to the relay."
not_yet     = "Do not take it for proof that the server sent nothing: it does not record what was sent."
remedy      = "Hand in the log of whatever sends the events: the plugin's or backend's own log, the tag server's, or the relay's."
owner       = "tracking"

[causes.no_statuses]
means       = "No answer was recorded, so nobody can tell which requests arrived and which were refused or blocked."
first_check = "Look whether the HAR was saved while requests were still running, or by a tool that leaves answers out."
not_yet     = "Do not count these events as delivered."
remedy      = "Record again, wait until the thank-you page stands still, and save the HAR then."
owner       = "tracking"

[causes.no_navigation]
means       = "The recording holds no page being opened: it was begun on a page that stood open, or each new page wiped out the one before."
first_check = "Look whether 'Preserve log' was ticked before the first page was opened."
not_yet     = "Do not judge the steps before the first recorded page."
remedy      = "Tick 'Preserve log', open the landing page only then, and walk the whole path to the thank-you page."
owner       = "tracking"

[causes.cut_off]
means       = "The file ends in the middle of a row: it was copied while it was being written, and what followed is missing."
first_check = "Compare the size of the file with the one it was copied from."
not_yet     = "Do not treat the last events or orders in it as lost."
remedy      = "Copy or export the file again once nothing writes to it."
owner       = "data"

[causes.open_quote]
means       = "A quote in a cell of the table is never closed, so every row below it was read as one cell and is missing."
first_check = "Open the file at the place named among its gaps and look for a single quote sign, such as the one for inches."
not_yet     = "Do not treat the orders below that row as lost, nor their Purchases as invented."
remedy      = "Export the table again, or double that quote sign; a program that writes tables does so by itself."
owner       = "data"

[causes.other_hours]
means       = "The file belongs to other hours than the files it is compared with, so neither proves anything about the other."
first_check = "Compare the first and last times of the files; a difference of whole hours is a time zone."
not_yet     = "Do not read what is missing in one of them as lost."
remedy      = "Export orders and server log for the hours of the test orders, and name the zone in the plan where a file has none."
owner       = "tracking"

[causes.one_side]
failure     = "Of a part of the day's sales one side alone is in the evidence"
means       = "Browser and server are both asked for these sales, and the files show one of them: the other side's recording does not reach to them. What it did there nobody can tell, and the answer rests on the other orders."
first_check = "Compare the first and last times of the recordings with the orders'; a capture of a few visits shows those visits alone."
not_yet     = "Do not take the pass of the recorded orders for one of the whole day."
remedy      = "Record both sides over the hours of the orders, or name the orders that were placed as a test in the plan (launch.test_orders)."
owner       = "tracking"

[causes.unusable]
means       = "Not one row of the file could be used."
first_check = "Read why in the list of rejected rows, and look whether it is the right file."
not_yet     = "Do not count this file as evidence of anything."
remedy      = "Export it again in its original form, or name its fields in the plan with [[mapping]]."
owner       = "tracking"

[causes.empty]
means       = "The file is of a known kind, and there is no row in it: headings only, or an empty list."
first_check = "Look which days and filters the export was made with, and whether the test orders lie within them."
not_yet     = "Do not read it as nothing sent or nothing sold; it says neither."
remedy      = "Export it again over the days of the test, without a filter."
owner       = "tracking"

[causes.rounded_ids]
failure     = "A spreadsheet rounded the order ids of the export"
means       = "The export was opened and saved in a spreadsheet, which shortens long ids (6381104465901 becomes 6.38E+12). Purchases that carry such an id belong to no order any more."
first_check = "Open the export in a text editor and look for ids with an E in them."
not_yet     = "Do not type the ids in again by hand, and do not judge a Purchase by this file."
remedy      = "Export the orders again and hand the file in as it was downloaded, without opening it."
owner       = "store"

[causes.zoneless_times]
failure     = "The plan does not say in which time zone the orders are written"
means       = "The export writes its times without a zone, and the plan names none, so nobody knows when these orders were placed. The file itself is in order."
first_check = "Look at timezone under [launch] in audit.toml: it is missing, or a '#' still stands before it."
not_yet     = "Do not trust a pass about early, late or excluded events: without times they were not compared."
remedy      = "Write the zone of the shop's own settings into the plan, such as timezone = \"Asia/Jakarta\", and run the audit again."
owner       = "tracking"

[causes.order_columns]
means       = "Orders lack a column that every comparison with the shop needs."
first_check = "Look at the first lines of the export: spreadsheets and custom exports drop columns and rewrite times."
not_yet     = "Do not trust a pass about money or completeness for these orders; they were not compared."
remedy      = "Export the orders again with every column: id, time with its zone, currency, and each part of the amount. Where the shop writes no zone, name it in the plan: timezone under [launch]."
owner       = "store"
*/
with windows as (
    select
        kind,
        min(first_at) as first_at,
        max(last_at) as last_at,
        -- A clock of an unknown zone is at most fourteen hours away.
        max(case when has_zone = false then 50400 else 0 end) as doubt_s
    from sources
    group by kind
),
zoned as (
    select
        *,
        case when has_zone = false then 50400 else 0 end as doubt_s
    from sources
),
-- What one file names and another holds ties them, whatever the clocks say.
tied_to_server as (
    select b.source
    from event_pairs p
    join events b on b.event_key = p.browser_key
    where p.kind = 'exact'
    group by b.source
    union
    -- a sale that the server tells hours or days later, once it is paid or agreed to on the telephone
    select source
    from events
    where channel = 'browser'
      and session in (
          select s.session
          from order_sessions s
          join (select distinct order_id from events where channel = 'server') t on t.order_id = s.order_id)
    group by source
),
tied_to_orders as (
    select e.source
    from events e
    join orders o on o.order_id = e.order_id
    group by e.source
    union
    -- a recording of the visit's first pages, or of its second tab
    select source
    from events
    where channel = 'browser'
      and session in (select session from order_sessions)
    group by source
),
-- Saved once in the middle and once at the end: the first lies within the second.
within_tied as (
    select i.source
    from sources i
    join sources o on o.kind = i.kind and o.first_at <= i.first_at and o.last_at >= i.last_at
    join tied_to_orders t on t.source = o.source
    where i.kind = 'browser'
    group by i.source
),
-- Clocks of different files may differ by a minute, and a server may take the time the plan allows it.
gaps_between as (
    select
        s.source,
        max(case when w.kind = 'server' and t.source is null then 1 else 0 end) as is_off_server,
        max(case when w.kind = 'orders' and o.source is null and i.source is null then 1 else 0 end) as is_off_orders
    from zoned s
    join windows w
        on (s.kind = 'browser' and w.kind in ('server', 'orders'))
        or (s.kind = 'server' and w.kind = 'orders')
    join plan_limits l on l.name = 'late_after_s'
    left join tied_to_server t on t.source = s.source
    left join tied_to_orders o on o.source = s.source
    left join within_tied i on i.source = s.source
    where greatest(epoch(w.first_at) - epoch(s.last_at), epoch(s.first_at) - epoch(w.last_at))
        > 60 + case when 'server' in (s.kind, w.kind) then l.amount else 0 end + s.doubt_s + w.doubt_s
    group by s.source
),
-- Orders that need no events need no amount either.
order_amounts_read as (
    select
        o.source,
        o.order_id,
        o.created_at,
        o.currency,
        l.value_basis,
        case l.value_basis
            when 'gross_revenue' then o.gross_revenue
            when 'net_revenue' then o.net_revenue
            when 'subtotal' then o.subtotal
            when 'before_discount' then o.subtotal
            when 'presentment_total' then coalesce(o.presentment_total, case when coalesce(o.presentment_currency, o.currency) = o.currency then o.total end)
            when 'current_total' then o.current_total
            else o.total
        end as amount,
        case l.value_basis
            when 'total_less_shipping' then o.shipping
            when 'total_less_tax' then o.tax
            when 'total_less_shipping_and_tax' then o.shipping + o.tax
            when 'before_discount' then o.discount
            when 'total_less_fees' then o.fees
            when 'total_with_unique_code' then o.unique_code
            else 0
        end as part
    from orders o
    cross join launch l
    where coalesce(o.event_duty, 'yes') <> 'no'
),
order_lacks as (
    select
        source,
        count(*) as order_count,
        count(*) - count(created_at) as without_time,
        count(*) - count(currency) as without_currency,
        case when count(part) = 0 then count(*) else count(*) - count(amount) end as without_amount,
        min(value_basis) as value_basis
    from order_amounts_read
    group by source
),
unread as (
    select
        source,
        sum(hits) as hits
    from unread_hits
    group by source
),
without_id as (
    select
        source,
        count(*) as row_count
    from rejects
    where reason like 'no order id%'
    group by source
),
-- Orders of a day's traffic that were placed while no log ran, where they are more than may lack an event at all.
unwatched_orders as (
    select c.order_id
    from order_coverage c
    join expected_orders x on x.order_id = c.order_id
    left join (select distinct order_id from order_sessions) s on s.order_id = c.order_id
    where x.is_traffic
      and exists (select 1 from log_windows)
    group by c.order_id
    having max(case when c.sees_browser or c.sees_server or s.order_id is not null then 1 else 0 end) = 0
),
unwatched as (
    select
        o.source,
        sum(case when u.order_id is not null then 1 else 0 end) as order_count,
        count(*) as all_count
    from orders o
    join expected_orders x on x.order_id = o.order_id
    left join unwatched_orders u on u.order_id = o.order_id
    where x.is_traffic
    group by o.source
),
-- Orders of a day's traffic of which the plan wants both sides and the files show one.
one_sided as (
    select
        s.platform,
        case when s.server_key is null then 'browser' else 'server' end as told_by,
        count(*) as order_count,
        min(e.ref) as ref
    from order_steps s
    join events e on e.event_key = coalesce(s.server_key, s.browser_key)
    where s.step = 'Purchase'
      and s.is_traffic
      and s.is_due
      and s.needs_browser
      and s.needs_server
      and ((s.browser_events = 0 and s.stopped_events + s.unanswered_events = 0 and s.server_events > 0
              and s.foreign_browser_key is null and s.probable_browser_key is null and not s.sees_browser)
        or (s.server_events = 0 and s.refused_events = 0 and s.browser_events > 0 and not s.only_with_click
              and s.foreign_server_key is null and s.probable_server_key is null and not s.sees_server))
    group by s.platform, case when s.server_key is null then 'browser' else 'server' end
),
day_orders as (
    select count(*) as all_count
    from expected_orders
    where is_traffic
),
judged as (
    select
        s.source,
        s.kind,
        s.loader,
        s.first_at,
        s.kept = 0 and s.superseded > 0 as is_superseded,
        -- beside the log of what was sent it does no harm
        case
            when s.gaps like '%goes to a platform or a relay%' and v.is_told is null then 'not one of its requests goes to a platform or a relay'
        end as other_requests,
        case
            when s.gaps like '%goes to a platform or a relay%' then null
            when s.kind = 'browser' and not s.has_bodies then 'no request bodies'
            when s.kind = 'server' and not s.has_bodies then 'no request bodies that can be read'
            when u.hits > 0 then counted(u.hits, 'request') || ' to a platform without content'
        end as no_content,
        case when s.loader = 'har' and not s.has_statuses then 'no response status' end as no_statuses,
        case when s.loader = 'har' and s.gaps like '%no page navigation%' then 'no page navigation' end as no_navigation,
        case
            when s.gaps like '%quote opened in%' then 'its last row is cut off: a quote in it is never closed'
            when s.gaps like '%last row is cut off%' then 'its last row is cut off'
        end as cut_off,
        case when s.read_rows > 0 and s.rejected = s.read_rows then 'no row of it can be used' end as unusable,
        -- one of several logs may hold nothing of a quiet hour
        case when sum(s.read_rows) over (partition by s.kind) = 0 then 'there is no row in it' end as empty,
        nullif(concat_ws('; ',
            case when g.is_off_server = 1 then 'not of the hours of the server log' end,
            case when g.is_off_orders = 1 then 'not of the hours of the orders' end,
            case when w.order_count > 0 then w.order_count || ' of ' || counted(w.all_count, 'order') || ' placed while no log ran' end,
            case when not s.has_zone and l.has_zone then 'its times are not in the plan''s zone' end), '') as other_hours,
        -- a second id that no Purchase carries is not missed
        case
            when s.gaps like '%order id rounded by%' or s.gaps like '%order ids rounded by%' then 'order ids rounded by a spreadsheet'
            when s.gaps like '%rounded by a spreadsheet%' and (r.is_missed or k.is_told is null) then 'order ids rounded by a spreadsheet'
        end as rounded_ids,
        nullif(concat_ws('; ',
            case when i.row_count > 0 then counted(i.row_count, 'row') || ' without an order id' end,
            case when o.without_time > 0 then o.without_time || ' of ' || counted(o.order_count, 'order') || ' without a time that can be told'
                || case when s.gaps like '%without a time zone%' then ': no zone stands beside it, and the plan names none' else '' end end,
            case when o.without_currency > 0 then o.without_currency || ' of ' || counted(o.order_count, 'order') || ' without a currency' end,
            case when o.without_amount > 0 then o.without_amount || ' of ' || counted(o.order_count, 'order') || ' without ' || o.value_basis end
        ), '') as order_columns,
        -- the plan alone is at fault
        s.gaps like '%order time% without a time zone%' and i.row_count is null and o.without_currency + o.without_amount = 0 as is_zoneless
    from sources s
    join plan_limits m on m.name = 'missing_share'
    left join gaps_between g on g.source = s.source
    left join order_lacks o on o.source = s.source and s.kind = 'orders'
    left join unread u on u.source = s.source
    left join unwatched w on w.source = s.source and w.order_count > w.all_count * m.amount
    left join (select true as is_told from events where channel = 'server' limit 1) v on s.kind = 'server'
    left join without_id i on i.source = s.source and s.kind = 'orders'
    left join (select true as is_told from events where step = 'Purchase' and order_id is not null limit 1) k on s.kind = 'orders'
    cross join (select count(*) > 0 as is_missed from rounded_platforms) r
    cross join launch l
    where s.kind in ('browser', 'server', 'orders')
),
told as (
    select
        *,
        nullif(concat_ws('; ', other_requests, no_content, no_statuses, no_navigation, cut_off, unusable, empty, other_hours, rounded_ids, order_columns), '') as lacks,
        case when other_requests is null then 0 else 1 end
            + case when no_content is null then 0 else 1 end
            + case when no_statuses is null then 0 else 1 end
            + case when no_navigation is null then 0 else 1 end
            + case when cut_off is null then 0 else 1 end
            + case when unusable is null then 0 else 1 end
            + case when empty is null then 0 else 1 end
            + case when other_hours is null then 0 else 1 end
            + case when rounded_ids is null then 0 else 1 end
            + case when order_columns is null then 0 else 1 end as lack_count
    from judged
)
select
    cast(null as varchar) as platform,
    cast(null as varchar) as step,
    j.source as subject,
    cast(null as varchar) as order_id,
    case
        when j.lacks is not null then false
        when j.first_at is not null or j.is_superseded then true
    end as ok,
    case
        when j.kind = 'orders' then 'order id, time, currency and ' || l.value_basis
        when j.other_requests is not null then 'requests to a platform or a relay'
        when j.loader = 'har' then 'bodies, statuses and page navigation, of the hours of the other files'
        when j.kind = 'server' then 'request bodies, of the hours of the other files'
        else 'of the hours of the other files'
    end as expected,
    case
        when j.lacks is not null then j.lacks
        when j.is_superseded then 'its orders stand in a newer file'
        when j.first_at is null then 'no time in it'
        else 'whole'
    end as actual,
    case
        when j.lack_count <> 1 then null
        when j.other_requests is not null then 'other_requests'
        when j.no_content is not null then 'no_content'
        when j.no_statuses is not null then 'no_statuses'
        when j.no_navigation is not null then 'no_navigation'
        when j.cut_off like '%quote%' then 'open_quote'
        when j.cut_off is not null then 'cut_off'
        when j.unusable is not null then 'unusable'
        when j.empty is not null then 'empty'
        when j.other_hours is not null then 'other_hours'
        when j.rounded_ids is not null then 'rounded_ids'
        when j.is_zoneless then 'zoneless_times'
        else 'order_columns'
    end as cause,
    j.source as ref,
    cast(null as varchar) as other_ref
from told j
cross join launch l
union all
select
    s.platform,
    'Purchase',
    'traffic',
    cast(null as varchar),
    false,
    'both sides of at least ' || number_text(round(100 - 100 * m.amount, 1)) || ' % of the orders in the evidence',
    s.order_count || ' of ' || counted(d.all_count, 'order') || ' that the ' || s.told_by || ' told, in no '
        || case when s.told_by = 'server' then 'recording of a browser' else 'log of a server' end,
    'one_side',
    s.ref,
    cast(null as varchar)
from one_sided s
cross join day_orders d
join plan_limits m on m.name = 'missing_share'
where s.order_count > d.all_count * m.amount
  -- Where nothing at all was recorded of a side, what needs it was not tested.
  and exists (select 1 from events e where e.channel <> s.told_by)

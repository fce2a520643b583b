/*
title    = "Every step the server sent was sent by the browser too"
failure  = "The server sent a step that the browser, though required, did not"
facet    = "chain"
severity = "blocker"
severity_other_steps = "warning"
deciding = true
follows  = ["event_id_mismatch", "missing_event_id", "event_name_mismatch", "dataset_mismatch", "nonstandard_event_name"]
needs    = ["browser capture", "server events", "orders"]
why      = """
The browser copy brings what a server seldom knows: the cookies that tie a sale to the click that was paid for. With the server
copy alone sales are still counted, but fewer of them find their ad, and the campaign learns from the wrong ones. On the orders
placed as a test nothing may be missing; on a day's traffic blockers take a few percent, so there the share is judged.
"""

own_is_open  = true
means       = "The evidence does not hold this part of the shopper's visit, so nobody can say whether the browser's copy was delivered."
first_check = "Look whether the recording or pixel log ran from the first page until some seconds after the thank-you page, for this platform too, and was saved with its content; for a hit without an answer, whether a blocker is on and what the platform's Test Events show."
not_yet     = "Do not treat this as passed: an order nobody watched proves nothing."
remedy      = "Place one test order in a clean browser profile, with the capture running from the product page to the thank-you page, and list it as a test order in the plan."
owner       = "tracking"

[causes.library_not_loaded]
means       = "The platform's script never arrived in this visit, so the page had nothing to send with."
first_check = "Open the same page in a fresh browser without extensions and see in the network panel whether the script loads (fbevents.js; TikTok: events.js)."
not_yet     = "Do not add a second pixel or an app: whatever stopped the first script stops the next one as well."
remedy      = "Remove what holds the script back (consent setting, content security policy, a blocker in the test browser) and place the order again."
owner       = "theme"

[causes.dataset_not_initialised]
means       = "The platform's script loaded, but the pixel the plan names was never started on the page."
first_check = "Compare the pixel id in the page's base code with the one in the plan, digit by digit."
not_yet     = "Do not create a new pixel: the ads report on the one the plan names."
remedy      = "Start the planned pixel on every page of the path to purchase, then repeat the test order."
owner       = "theme"

[causes.blocked]
failure     = "The browser tried to send a required step and was stopped"
means       = "The page did send the event, but the browser never delivered it: the request was stopped on this device."
first_check = "Switch off ad blockers, tracking protection and company filters in the test browser and repeat the order."
not_yet     = "Do not change the tracking code: it fired."
remedy      = "Repeat the test order in a clean browser profile; for real shoppers the server copy is what covers this loss."
owner       = "tracking"

[causes.counter_gap]
failure     = "A required step of the browser left nothing but a gap in Meta's count of hits"
means       = "Meta numbers the hits of a page, and a number is missing here: the page sent something that this capture does not hold."
first_check = "Record the order again with 'Preserve log' on and leave the thank-you page open for ten seconds."
not_yet     = "Do not rewrite the pixel call: the gap says that it most likely ran."
remedy      = "Keep the page open until the hit has left, or send the event before the redirect; then repeat the order."
owner       = "tracking"

[causes.other_dataset]
failure     = "The browser sent a step to a pixel that the plan does not name"
means       = "The browser sent the step to a pixel the plan does not name; the planned pixel got nothing."
first_check = "Compare the two pixel ids that the finding shows, digit by digit; if it is no slip in the plan, ask who owns the other pixel and which template or app brings it."
not_yet     = "Do not delete that pixel before its owner has answered; another team may report on it."
remedy      = "Point the storefront's event call at the planned pixel, or correct the plan if the other one is right."
owner       = "tracking"

[causes.unknown]
means       = "The platform's script was there, yet the evidence holds no such event of the browser, and shows no single reason for it."
first_check = "Open the page of this step and look whether the code that sends the event runs: its condition may not hold on this path."
not_yet     = "Do not switch off the server event to make both sides equal; it is the only copy there is."
remedy      = "Mend the condition or the missing call on this page, then place one test order and compare both sides again."
owner       = "tracking"
*/
with visit_loads as (
    select
        v.order_id,
        l.platform,
        max(case when l.ok and (l.kind = 'library' or l.platform <> 'meta') then 1 else 0 end) as has_library,
        max(case when not l.ok then 1 else 0 end) as has_failed_load,
        max(case when l.ok and l.kind = 'dataset' and (d.dataset is not null or n.platform is null) then 1 else 0 end) as has_dataset
    from order_sessions v
    join loads l on l.session = v.session
    left join plan_datasets d on d.platform = l.platform and d.dataset = l.dataset
    left join (select distinct platform from plan_datasets) n on n.platform = l.platform
    group by v.order_id, l.platform
),
captured_orders as (
    select distinct v.order_id
    from order_sessions v
    join captured_visits c on c.session = v.session
),
visit_hits as (
    -- Anything the platform's own script sent or tried to send in the visit proves the script was there.
    select
        v.order_id,
        e.platform,
        count(*) as hits,
        sum(case when e.in_plan then 1 else 0 end) as planned_hits
    from captured_orders c
    join order_sessions v on v.order_id = c.order_id
    join events e on e.session = v.session
    where e.channel = 'browser'
    group by v.order_id, e.platform
),
gaps as (
    -- A hole in Meta's counter, around the time the server sent its copy.
    select
        s.order_id,
        s.step,
        min(g.before_counter) as before_counter,
        min(g.counter) as counter,
        min(g.ref) as ref
    from order_steps s
    join events e on e.event_key = s.server_key
    join order_sessions v on v.order_id = s.order_id
    join counter_gaps g on g.session = v.session
    where s.platform = 'meta'
      and s.browser_events = 0
      and coalesce(e.seen_at, e.event_at) between g.before_at - interval 60 seconds and g.sent_at + interval 60 seconds
    group by s.order_id, s.step
),
-- A page whose script was stopped sends nothing that would tie it to its visit: the server's copy left while it was open.
failed_scripts as (
    select
        s.order_id,
        s.platform,
        s.step,
        min(l.ref) as ref
    from order_steps s
    join events e on e.event_key = coalesce(s.server_key, s.refused_key)
    join loads l
        on l.platform = s.platform
       and coalesce(e.event_at, e.seen_at) between l.loaded_at - interval 60 seconds and l.loaded_at + interval 300 seconds
    where s.browser_events = 0
      and not l.ok
      and l.kind = case when s.platform = 'meta' then 'library' else 'dataset' end
      and not exists (
          select 1
          from events b
          where b.page_load = l.page_load
            and b.platform = l.platform
            and b.channel = 'browser'
      )
      and not exists (
          select 1
          from loads r
          where r.page_load = l.page_load
            and r.platform = l.platform
            and r.kind = l.kind
            and r.ok
      )
    group by s.order_id, s.platform, s.step
),
-- Only an order whose browser sent nothing needs an explanation.
signs as (
    select
        s.*,
        case when c.order_id is not null and coalesce(l.has_library, 0) = 0 and coalesce(h.hits, 0) = 0
                and s.platform <> 'snackvideo'
            then case when l.has_failed_load = 1 then 'the script''s request failed' else 'no request for the script in the capture' end
            when c.order_id is null and a.order_id is not null then 'the script''s request failed'
        end as library_sign,
        case when c.order_id is not null and l.has_library = 1 and l.has_dataset = 0 and coalesce(h.planned_hits, 0) = 0
                and s.foreign_browser_key is null
            then 'the script loaded, the planned pixel did not start' end as dataset_sign,
        case when s.stopped_events > 0
            then s.stopped_events || ' tried and stopped in the browser (' || t.net_error || ')' end as blocked_sign,
        case when g.order_id is not null
            then 'Meta''s hit counter jumps from ' || g.before_counter || ' to ' || g.counter end as gap_sign,
        case when s.foreign_browser_key is not null
            then 'sent to pixel ' || coalesce(f.dataset, '?') || coalesce(', the plan names ' || d.datasets, ' instead') end as foreign_sign,
        case when s.unanswered_events > 0
            then s.unanswered_events || ' sent, and no answer recorded: arrived or stopped' end as open_sign,
        coalesce(t.ref, n.ref, f.ref, g.ref, a.ref) as sign_ref,
        u.reason as unshown
    from order_steps s
    left join unshown_steps u on u.order_id = s.order_id and u.platform = s.platform and u.step = s.step
    left join captured_orders c on c.order_id = s.order_id
    left join visit_loads l on l.order_id = s.order_id and l.platform = s.platform
    left join visit_hits h on h.order_id = s.order_id and h.platform = s.platform
    left join gaps g on g.order_id = s.order_id and g.step = s.step and s.platform = 'meta'
    left join failed_scripts a on a.order_id = s.order_id and a.platform = s.platform and a.step = s.step
    left join events t on t.event_key = s.stopped_key
    left join events n on n.event_key = s.unanswered_key
    left join events f on f.event_key = s.foreign_browser_key
    left join planned_pixels d on d.platform = s.platform
    where s.needs_browser
      and s.browser_events = 0
      and s.server_events + s.refused_events > 0
),
judged as (
    select
        *,
        case
            -- Money and time point to a browser copy that names no order, or a source nobody knows: neither proves anything.
            when is_due is null or probable_browser_key is not null then null
            -- What outlived its page has no answer either.
            when unanswered_events > 0 then null
            when stopped_events > 0 or foreign_browser_key is not null then false
            when unshown is not null then null
            when sees_browser and (step = 'Purchase' or has_visit) then false
        end as ok,
        case when library_sign is not null then 1 else 0 end
            + case when dataset_sign is not null then 1 else 0 end
            + case when blocked_sign is not null then 1 else 0 end
            + case when gap_sign is not null then 1 else 0 end
            + case when foreign_sign is not null then 1 else 0 end as sign_count
    from signs
),
explained as (
    select
        *,
        case
            when ok is null then null
            when sign_count <> 1 then 'unknown'
            when library_sign is not null then 'library_not_loaded'
            when dataset_sign is not null then 'dataset_not_initialised'
            when blocked_sign is not null then 'blocked'
            when gap_sign is not null then 'counter_gap'
            else 'other_dataset'
        end as found_cause
    from judged
),
asked as (
    select
        platform,
        step,
        true as ok,
        cast(null as varchar) as found_cause
    from order_steps
    where needs_browser
      and is_traffic
      and browser_events > 0
      and server_events + refused_events > 0
    union all
    select platform, step, ok, found_cause
    from explained
    where is_traffic
      and ok is not null
),
shares as (
    select
        platform,
        step,
        count(*) as judged_count,
        sum(case when ok then 0 else 1 end) as missing_count,
        min(found_cause) as first_cause,
        max(found_cause) as last_cause
    from asked
    group by platform, step
),
first_refs as (
    select
        x.platform,
        x.step,
        min(s.ref) as ref
    from explained x
    join events s on s.event_key = x.server_key
    where x.is_traffic
      and not x.ok
    group by x.platform, x.step
),
named as (
    select
        order_id,
        platform,
        step,
        session,
        is_due,
        browser_events,
        server_events,
        refused_events,
        browser_key,
        server_key,
        refused_key,
        probable_browser_key,
        true as ok,
        cast(null as varchar) as library_sign,
        cast(null as varchar) as dataset_sign,
        cast(null as varchar) as blocked_sign,
        cast(null as varchar) as open_sign,
        cast(null as varchar) as gap_sign,
        cast(null as varchar) as foreign_sign,
        cast(null as varchar) as sign_ref,
        cast(null as varchar) as unshown,
        cast(null as varchar) as found_cause
    from order_steps
    where needs_browser
      and is_named
      and browser_events > 0
      and server_events + refused_events > 0
    union all
    select
        order_id,
        platform,
        step,
        session,
        is_due,
        browser_events,
        server_events,
        refused_events,
        browser_key,
        server_key,
        refused_key,
        probable_browser_key,
        ok,
        library_sign,
        dataset_sign,
        blocked_sign,
        open_sign,
        gap_sign,
        foreign_sign,
        sign_ref,
        unshown,
        found_cause
    from explained
    where is_named
)
select
    x.platform,
    x.step,
    x.order_id as subject,
    x.order_id,
    x.session,
    x.ok,
    'sent by the browser and by the server' as expected,
    concat_ws('; ',
        'server ' || (x.server_events + x.refused_events)
            || ', browser ' || case when x.browser_events = 0 then 'none' else cast(x.browser_events as varchar) end,
        case
            when x.ok then null
            when x.ok is null and x.is_due is null then o.doubt
            when x.ok is null and x.probable_browser_key is not null then 'one browser event names no order but fits in money or time'
            when x.ok is null and x.open_sign is not null then x.open_sign
            when x.ok is null and x.platform = 'snackvideo' then 'SnackVideo''s browser call cannot be read from a HAR; a pixel log would show it'
            when x.ok is null and x.unshown is not null then x.unshown
            when x.ok is null then 'this visit is in no browser capture'
        end,
        case when not x.ok then x.library_sign end,
        case when not x.ok then x.dataset_sign end,
        case when not x.ok then x.blocked_sign end,
        case when not x.ok then x.gap_sign end,
        case when not x.ok then x.foreign_sign end) as actual,
    x.found_cause as cause,
    cast(null as varchar) as severity,
    s.ref as ref,
    coalesce(b.ref, x.sign_ref, p.ref) as other_ref
from named x
join expected_orders o on o.order_id = x.order_id
left join events s on s.event_key = coalesce(x.server_key, x.refused_key)
left join events b on b.event_key = x.browser_key
left join events p on p.event_key = x.probable_browser_key
union all
select
    s.platform,
    s.step,
    'traffic',
    cast(null as varchar),
    cast(null as varchar),
    -- Under twenty visits one blocker more or less decides: no share can be told.
    case
        when p.is_unlikely then false
        when s.missing_count <= s.judged_count * l.amount then true
        when s.judged_count >= 20 then false
    end,
    'at most ' || number_text(round(100 * l.amount, 1)) || ' % of orders without the browser''s copy'
        || case when p.is_unlikely then ', and nothing they have in common' else '' end,
    s.missing_count || ' of ' || counted(s.judged_count, 'order') || ' (' || number_text(round(100.0 * s.missing_count / s.judged_count, 1)) || ' %)'
        || coalesce(p.told, '')
        || case when s.judged_count < 20 and s.missing_count > 0 then ', too few to tell a share' else '' end,
    case when p.is_unlikely or (s.missing_count > s.judged_count * l.amount and s.judged_count >= 20)
        then case when s.first_cause = s.last_cause then s.first_cause else 'unknown' end end,
    -- Blockers of ads and closed tabs take some, never almost all, and not all from one moment on.
    case
        when s.step = 'Purchase' and s.judged_count >= 20 and (s.missing_count * 5 > s.judged_count * 4 or coalesce(p.is_over, false)) then 'blocker'
        else 'warning'
    end,
    f.ref,
    cast(null as varchar)
from shares s
left join first_refs f on f.platform = s.platform and f.step = s.step
left join missing_patterns p on p.platform = s.platform and p.step = s.step and p.side = 'browser' and p.missing = s.missing_count
join plan_limits l on l.name = 'missing_share'

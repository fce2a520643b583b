/*
title    = "Every step the browser sent reached the server side too"
failure  = "The browser sent a step that the server, though required, did not"
facet    = "chain"
severity = "blocker"
severity_other_steps = "warning"
deciding = true
follows  = ["rejected_request", "event_id_mismatch", "missing_event_id", "event_name_mismatch", "dataset_mismatch",
            "dedup_window_exceeded", "nonstandard_event_name"]
needs    = ["browser capture", "server events", "orders"]
why      = """
Blockers, closed tabs and short-lived cookies eat browser events; the server copy is what still counts those sales. Where the
plan asks for it and it is missing, part of the sales you pay for stays invisible and cost per purchase looks worse than it is.
SnackVideo takes a server event only for shoppers who came with its click id; without one nothing is missing.
"""

own_is_open  = true
means       = "No server evidence covers this order, so nobody can say whether the server sent the step."
first_check = "Look whether the server log was on, and whether the file handed in reaches to the time of this order."
not_yet     = "Do not treat this as passed: a log that was not looked at proves nothing."
remedy      = "Export the relay's or backend's request log for the hours around the test order and run the audit again."
owner       = "data"

[causes.rejected]
failure     = "The server's copy of a required step was refused each time"
means       = "The server did send the step, and the platform or relay refused it each time."
first_check = "Read the receiver's answer in the log, at the rows of this order: it usually names the field or the token."
not_yet     = "Do not send it again from a second tool; it would be refused for the same reason."
remedy      = "Correct the refused field or token, send the test order once more and wait for an accepted answer."
owner       = "data"

[causes.delayed]
failure     = "The server's copy of a required step left too late to be joined"
means       = "The server's copy left so late that the platform no longer joins it with the browser's copy."
first_check = "Look at the queue or scheduled job that sends the events: its last run, its backlog, its retries."
not_yet     = "Do not resend old orders in bulk: each would be counted as a new sale."
remedy      = "Send the event when the order is placed, not in a nightly job, and alarm on a queue older than an hour."
owner       = "data"

[causes.no_request_seen]
means       = "Nothing in the server evidence asks this platform to record the step, at least in a pixel of the plan."
first_check = "If the finding names another pixel, compare it with the plan's, digit by digit. Else find where the server event should leave, and its condition for this step."
not_yet     = "Do not install another app or gateway to fill the hole before you know whether one is already meant to send it."
remedy      = "Add or repair the server call for this step with the browser's own event_id, then repeat one test order. Where no server is meant to send it, say so in the plan, under this platform: require = { Purchase = [\"browser\"] }."
owner       = "data"
*/
with click_visits as (
    select
        v.order_id,
        min(c.first_at) as first_at
    from order_sessions v
    join session_clicks c on c.session = v.session
    where c.platform = 'snackvideo'
    group by v.order_id
),
-- A log that shows the click id early in the visit and no more at this event shows that it was lost on the way: that is
-- missing_click_id's finding, and the storefront was right to send nothing.
first_carried as (
    select
        session,
        min(coalesce(event_at, seen_at)) as carried_at
    from events
    where platform = 'snackvideo'
      and channel = 'browser'
      and click_id is not null
      and session is not null
    group by session
),
lost_clicks as (
    select
        s.order_id,
        s.platform,
        s.step
    from order_steps s
    join events b on b.event_key = s.browser_key
    join first_carried k on k.session = b.session
    where s.only_with_click
      and b.click_id is null
      and b.landing_click is null
      and k.carried_at < coalesce(b.seen_at, b.event_at)
),
sends as (
    select
        s.*,
        coalesce(b.seen_at, b.event_at) as browser_at,
        coalesce(e.seen_at, e.event_at) as server_at
    from order_steps s
    join events b on b.event_key = s.browser_key
    left join events e on e.event_key = s.server_key
    where s.needs_server
      and s.browser_events > 0
),
judged as (
    select
        s.*,
        k.order_id is not null as lost_click,
        -- A click the shopper made only later asks for nothing yet; files' clocks may differ by a minute.
        c.first_at <= s.browser_at + interval 60 seconds as had_click,
        epoch(s.server_at) - epoch(s.browser_at) > w.amount as is_delayed,
        round((epoch(s.server_at) - epoch(s.browser_at)) / 3600.0, 1) as delay_hours
    from sends s
    left join click_visits c on c.order_id = s.order_id
    left join lost_clicks k on k.order_id = s.order_id and k.platform = s.platform and k.step = s.step
    join plan_limits w on w.name = 'dedup_window_s'
),
answered as (
    select
        *,
        only_with_click and session is not null and (lost_click or not coalesce(had_click, false)) as needs_none,
        case
            when server_events > 0 and not coalesce(is_delayed, false) then true
            when only_with_click and session is not null and (lost_click or not coalesce(had_click, false)) then true
            when only_with_click and session is null then null
            when is_due is null then null
            when server_events > 0 or refused_events > 0 or foreign_server_key is not null then false
            when probable_server_key is not null then null
            when sees_server then false
        end as ok
    from judged
),
explained as (
    select
        *,
        case
            when ok or ok is null then null
            when server_events > 0 then 'delayed'
            when refused_events > 0 then 'rejected'
            else 'no_request_seen'
        end as found_cause
    from answered
),
counts as (
    select
        platform,
        step,
        count(*) as all_count,
        sum(case when needs_none then 0 else 1 end) as wanted_count,
        sum(case when ok then 0 else 1 end) as missing_count,
        sum(case when found_cause = 'rejected' then 1 else 0 end) as rejected_count,
        sum(case when found_cause = 'delayed' then 1 else 0 end) as delayed_count
    from explained
    where is_traffic
      and ok is not null
    group by platform, step
),
-- Shoppers without a click ask for nothing: where enough came with one, the share is theirs. None of ten is no accident.
asked_counts as (
    select
        *,
        wanted_count < all_count and (wanted_count >= 20 or (wanted_count >= 10 and missing_count = wanted_count)) as is_of_clicked
    from counts
),
shares as (
    select
        *,
        case when is_of_clicked then wanted_count else all_count end as judged_count
    from asked_counts
),
first_refs as (
    select
        x.platform,
        x.step,
        min(b.ref) as ref
    from explained x
    join events b on b.event_key = x.browser_key
    where x.is_traffic
      and not x.ok
    group by x.platform, x.step
)
select
    x.platform,
    x.step,
    x.order_id as subject,
    x.order_id,
    x.session,
    x.ok,
    case when needs_none and lost_click then 'no server event: the click id was lost before'
         when needs_none then 'no server event: the shopper had no click id' else 'sent by the server and by the browser' end as expected,
    concat_ws('; ',
        'browser ' || browser_events || ', server '
            || case when server_events > 0 then cast(server_events as varchar) when refused_events > 0 then refused_events || ', refused' else 'none' end,
        case when not ok and server_events > 0 then counted(delay_hours, 'hour') || ' after the browser' end,
        case when not ok and server_events = 0 and foreign_server_key is not null
            then 'one went to pixel ' || coalesce(f.dataset, '?') end,
        case
            when ok is null and x.is_due is null then o.doubt
            when ok is null and only_with_click and x.session is null then 'whether the shopper had a click id is unknown'
            when ok is null and probable_server_key is not null then 'one server event names no order but fits in money or time'
            when ok is null then 'no log of a server that sends to '
                || case x.platform when 'meta' then 'Meta' when 'tiktok' then 'TikTok' else 'SnackVideo' end || ' reaches to this order'
        end) as actual,
    found_cause as cause,
    cast(null as varchar) as severity,
    b.ref as ref,
    coalesce(s.ref, f.ref, p.ref) as other_ref
from explained x
join expected_orders o on o.order_id = x.order_id
left join events b on b.event_key = x.browser_key
left join events s on s.event_key = coalesce(x.server_key, x.refused_key)
left join events f on f.event_key = x.foreign_server_key
left join events p on p.event_key = x.probable_server_key
where x.is_named
union all
select
    s.platform,
    s.step,
    'traffic',
    cast(null as varchar),
    cast(null as varchar),
    -- Under twenty orders one accident more or less decides: no share can be told.
    case
        when p.is_unlikely then false
        when s.missing_count <= s.judged_count * l.amount then true
        when s.judged_count >= 20 or s.is_of_clicked then false
    end,
    'at most ' || number_text(round(100 * l.amount, 1)) || ' % of orders without the server''s copy'
        || case when p.is_unlikely then ', and nothing they have in common' else '' end,
    s.missing_count || ' of ' || counted(s.judged_count, 'order') || case when s.is_of_clicked then ' with a click id' else '' end || ' (' || number_text(round(100.0 * s.missing_count / s.judged_count, 1)) || ' %)'
        || case when s.rejected_count > 0 then ', ' || s.rejected_count || ' refused' else '' end
        || case when s.delayed_count > 0 then ', ' || s.delayed_count || ' too late' else '' end
        || coalesce(p.told, '')
        || case when s.judged_count < 20 and s.missing_count > 0 and not s.is_of_clicked then ', too few to tell a share' else '' end,
    case when p.is_unlikely or (s.missing_count > s.judged_count * l.amount and (s.judged_count >= 20 or s.is_of_clicked))
        then case
            when s.rejected_count = s.missing_count then 'rejected'
            when s.delayed_count = s.missing_count then 'delayed'
            else 'no_request_seen'
        end end,
    -- No blocker of ads stands between a server and the platform: most of the sales are not lost by chance, nor all from one moment on.
    case
        when s.step = 'Purchase' and (s.judged_count >= 20 or s.is_of_clicked) and (s.missing_count * 2 > s.judged_count or coalesce(p.is_over, false)) then 'blocker'
        else 'warning'
    end,
    f.ref,
    cast(null as varchar)
from shares s
left join first_refs f on f.platform = s.platform and f.step = s.step
left join missing_patterns p on p.platform = s.platform and p.step = s.step and p.side = 'server' and p.missing = s.missing_count
join plan_limits l on l.name = 'missing_share'

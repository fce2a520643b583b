/*
title    = "The platform's own diagnostics are clear"
failure  = "The platform's own diagnostics name a problem"
facet    = "reconciliation"
severity = "note"
needs    = ["diagnostics"]
why      = """
The platform judges with what it received, this audit with what was sent. Where both name the same problem, it is real and the rows
here show where; where the logs do not show it, the notice may be older than the repair or come from another sender, and nobody
should rebuild tracking because of the notice alone.
"""

[causes.confirmed]
means       = "The logs show the problem the platform names."
first_check = "Open the event that the finding shows, and the check of this audit that judges it."
not_yet     = "Do not mark the notice as resolved in the platform; it returns as long as the events do."
remedy      = "Repair what the audit's own finding names, and let a week pass: the platform shows averages of seven days."
owner       = "tracking"

[causes.not_confirmed]
means       = "The logs handed in do not show it, or hold nothing that could."
first_check = "Compare the notice's date with the time the logs cover, and ask whether another sender feeds the same pixel."
not_yet     = "Do not change ids or values that are right here to please a notice."
remedy      = "Hand in logs of the days the notice speaks of; if they are clean as well, ask the platform's support with these rows."
owner       = "media"
*/
with landing_visits as (
    select distinct session
    from landings
    where platform = 'meta'
      and session is not null
      and click_id is not null
),
landing_clicks as (
    select distinct session, click_id
    from landings
    where platform = 'meta'
      and session is not null
      and click_id is not null
),
known_clicks as (
    select distinct session
    from session_clicks
    where platform = 'meta'
),
shared_ids as (
    select event_name, event_id
    from events
    where platform = 'meta'
      and event_id is not null
    group by event_name, event_id
    having min(session) <> max(session)
        or min(order_id) <> max(order_id)
),
covered as (
    select distinct browser_key as event_key
    from event_pairs
    where kind = 'exact'
),
facts as (
    select
        e.event_key,
        e.event_name,
        e.channel,
        e.ref,
        e.step,
        case when e.channel = 'server' and e.click_id is not null and v.session is not null and c.session is null then 1 else 0 end as modified_fbc,
        case when s.event_id is not null then 1 else 0 end as reused_event_id,
        case when e.event_id is null then 1 else 0 end as missing_event_id,
        case when e.channel = 'browser' and p.event_key is null then 1 else 0 end as dedup_coverage,
        case when coalesce(trim(e.value_sent), '') = '' then 1 else 0 end as missing_value,
        case when trim(e.value_sent) <> '' and (e.value is null or e.value < 0) then 1 else 0 end as invalid_value,
        case when e.currency is null then 1 else 0 end as missing_currency,
        case when e.currency is not null and r.currency is null then 1 else 0 end as invalid_currency,
        case when e.event_at < e.seen_at - interval 7 days or e.event_at > e.seen_at + interval 5 minutes then 1 else 0 end
            as event_time_out_of_range,
        case when e.channel = 'server' and e.click_id is null and k.session is not null then 1 else 0 end as missing_fbc,
        case when epoch(e.event_at) - epoch(fb_created(e.click_id)) > d.amount * 86400 then 1 else 0 end as expired_fbc,
        case when e.channel = 'server' and epoch(e.seen_at) - epoch(e.event_at) > a.amount then 1 else 0 end as late_event
    from events e
    left join landing_visits v on v.session = e.session
    left join landing_clicks c on c.session = e.session and c.click_id = split_part(e.click_id, '.', 4)
    left join known_clicks k on k.session = e.session
    left join shared_ids s on s.event_name = e.event_name and s.event_id = e.event_id
    left join covered p on p.event_key = e.event_key
    left join currencies r on r.currency = e.currency
    join plan_limits d on d.name = 'click_id_days_meta'
    join plan_limits a on a.name = 'late_after_s'
    where e.platform = 'meta'
),
shown as (
    -- Per problem and event: how many of how many events show it, and one of them.
    select 'modified_fbc' as problem, event_name, sum(modified_fbc) as hits, count(*) as events, min(case when modified_fbc = 1 then ref end) as ref
    from facts where channel = 'server' group by event_name
    union all
    select 'reused_event_id', event_name, sum(reused_event_id), count(*), min(case when reused_event_id = 1 then ref end)
    from facts group by event_name
    union all
    select 'missing_event_id', event_name, sum(missing_event_id), count(*), min(case when missing_event_id = 1 then ref end)
    from facts group by event_name
    union all
    select 'dedup_coverage', event_name, sum(dedup_coverage), count(*), min(case when dedup_coverage = 1 then ref end)
    from facts where channel = 'browser' group by event_name
    union all
    select 'missing_value', event_name, sum(missing_value), count(*), min(case when missing_value = 1 then ref end)
    from facts group by event_name
    union all
    select 'invalid_value', event_name, sum(invalid_value), count(*), min(case when invalid_value = 1 then ref end)
    from facts group by event_name
    union all
    select 'missing_currency', event_name, sum(missing_currency), count(*), min(case when missing_currency = 1 then ref end)
    from facts group by event_name
    union all
    select 'invalid_currency', event_name, sum(invalid_currency), count(*), min(case when invalid_currency = 1 then ref end)
    from facts group by event_name
    union all
    select 'event_time_out_of_range', event_name, sum(event_time_out_of_range), count(*), min(case when event_time_out_of_range = 1 then ref end)
    from facts group by event_name
    union all
    select 'missing_fbc', event_name, sum(missing_fbc), count(*), min(case when missing_fbc = 1 then ref end)
    from facts where channel = 'server' group by event_name
    union all
    select 'expired_fbc', event_name, sum(expired_fbc), count(*), min(case when expired_fbc = 1 then ref end)
    from facts group by event_name
    union all
    select 'late_event', event_name, sum(late_event), count(*), min(case when late_event = 1 then ref end)
    from facts where channel = 'server' group by event_name
),
named as (
    select
        row_number() over (order by d.ref, d.title, d.event_name) as diagnostic,
        d.*,
        lower(trim(d.title)) as words
    from diagnostics d
),
mapped as (
    select
        *,
        case
            when words like '%modified fbclid%' then 'modified_fbc'
            when words like '%expired fbclid%' then 'expired_fbc'
            when words like '%not sending click id%' or words like '%missing click id%' then 'missing_fbc'
            when words like '%same event id%' then 'reused_event_id'
            when words like '%missing some deduplication%' then 'missing_event_id'
            when words like '%deduplication%' or words like '%deduplicated%' or words like '%deduplication key%' or words = 'overlap'
                then 'dedup_coverage'
            when words like '%timestamp too old%' then 'event_time_out_of_range'
            when words like '%missing value%' then 'missing_value'
            when words like '%invalid value%' then 'invalid_value'
            when words like '%missing currency%' then 'missing_currency'
            when words like '%invalid currency%' or words like '%valid currencies%' then 'invalid_currency'
            when words like '%freshness%' then 'late_event'
            when words like '%ipv4%' then 'advice'
        end as problem
    from named
),
matched as (
    select
        m.diagnostic,
        sum(s.hits) as hits,
        sum(s.events) as events,
        min(s.ref) as ref
    from mapped m
    join shown s on s.problem = m.problem
    where m.platform = 'meta'
      and (m.event_name is null or m.event_name = s.event_name)
    group by m.diagnostic
),
steps as (
    select platform, event_name, min(step) as step
    from plan_steps
    group by platform, event_name
),
answered as (
    select
        m.*,
        t.step,
        x.hits,
        x.events,
        x.ref as example_ref,
        coalesce(m.problem = 'advice', false) or (m.percentage = 0 and coalesce(m.problem, '') <> 'dedup_coverage') as ok,
        -- Meta's own goal is three quarters covered.
        case when m.problem = 'dedup_coverage' then x.hits > 0.25 * x.events else x.hits > 0 end as is_shown
    from mapped m
    left join matched x on x.diagnostic = m.diagnostic
    left join steps t on t.platform = m.platform and t.event_name = m.event_name
)
select
    platform,
    step,
    concat_ws(': ', event_name, title) as subject,
    cast(null as varchar) as order_id,
    ok,
    'no problem reported' as expected,
    'reported: ' || title
        || case when percentage is null then '' when problem = 'dedup_coverage' and words = 'overlap' then ' ' || number_text(percentage) || ' %'
            else ' (' || number_text(percentage) || ' % of events)' end
        || case
            when problem = 'advice' then '; advice, no fault'
            when ok then '; nothing affected'
            when problem is null then '; nothing in these logs could show it'
            when events is null then '; the logs hold no such event'
            when problem = 'dedup_coverage' then '; in the logs ' || hits || ' of ' || counted(events, 'browser event') || ' without a server copy under its id'
            when is_shown then '; the logs show it on ' || hits || ' of ' || counted(events, 'event')
            else '; the logs show it on none of ' || counted(events, 'event')
        end as actual,
    case when ok then null when is_shown then 'confirmed' else 'not_confirmed' end as cause,
    ref,
    case when is_shown then example_ref end as other_ref
from answered

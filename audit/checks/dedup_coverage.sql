/*
title       = "Three quarters of the browser's events have a server copy"
failure     = "Too few browser events have a server copy with the same id"
facet       = "dedup"
severity    = "warning"
follows     = ["missing_browser_event", "missing_server_event", "rejected_request", "event_id_mismatch", "missing_event_id",
               "event_name_mismatch", "dataset_mismatch", "duplicate_purchase"]
needs       = ["browser events", "server events"]
why         = """
Meta's own goal is that at least 75 % of the browser's events are covered by a server copy with the same id. Below that, sales
hidden from the browser stay hidden, and the platform says so in its diagnostics.
"""
means       = "Of the browser events that should have a server copy, too many have none with the same name and id."
first_check = "Take one uncovered event from its rows and look for it in the server's log by order or time."
not_yet     = "Do not send every event a second time to raise the share; only copies with the same id count towards it."
remedy      = "Mend what the findings on missing or differing copies name first; then measure a full day again."
owner       = "data"
*/
with two_sided as (
    select
        platform,
        step
    from plan_requirements
    where platform in ('meta', 'tiktok')
    group by platform, step
    having count(distinct channel) = 2
),
covered as (
    select distinct browser_key
    from pairs
    where kind = 'exact'
),
shares as (
    select
        e.platform,
        e.step,
        count(*) as events,
        sum(case when c.browser_key is not null then 1 else 0 end) as covered_events,
        min(case when c.browser_key is null then e.event_key end) as bare_key
    from sent_events e
    join two_sided t
        on t.platform = e.platform
       and t.step = e.step
    left join covered c on c.browser_key = e.event_key
    where e.channel = 'browser'
    group by e.platform, e.step
    having count(*) >= 20
)
select
    s.platform,
    s.step,
    s.platform || ' ' || s.step as subject,
    cast(null as varchar) as order_id,
    cast(null as varchar) as session,
    s.covered_events * 100 >= s.events * 75 as ok,
    'at least 75 % of browser events covered' as expected,
    cast(s.covered_events as varchar) || ' of ' || cast(s.events as varchar) || ' covered ('
        || cast(cast(floor(s.covered_events * 100.0 / s.events) as integer) as varchar) || ' %)' as actual,
    cast(null as varchar) as cause,
    e.ref,
    cast(null as varchar) as other_ref
from shares s
left join events e on e.event_key = s.bare_key

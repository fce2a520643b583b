/*
title       = "Browser and server copies reach the same pixel"
failure     = "Browser and server copies of a step went to different pixels"
facet       = "dedup"
severity    = "blocker"
needs       = ["browser events", "server events"]
why         = """
Copies are merged inside one pixel only. When the browser reports to one and the server to another, both count every sale,
and the campaign learns from half of the truth in each.
"""
means       = "Both sides name their pixel, and there is no pixel that got this step from both."
first_check = "Compare the two ids below with the pixel the campaign uses; the other one is usually an old pixel left in a server setting."
not_yet     = "Do not merge the two by adding up their numbers; sales seen by both would count twice."
remedy      = "Set the campaign's pixel id on the side that deviates, and place one test order."
owner       = "data"
*/
with core_events as (
    select
        e.platform,
        e.step,
        e.channel,
        e.dataset,
        e.event_key,
        e.ref,
        e.session,
        case when e.step = 'Purchase' then e.order_id end as order_id,
        -- a Purchase belongs to its order or its id, any other step to its visit
        case when e.step = 'Purchase' then coalesce(u.unit, e.event_id, e.session) else e.session end as unit
    from events e
    left join purchase_units u on u.event_key = e.event_key
    where e.step is not null
),
pixels as (
    select
        platform,
        step,
        unit,
        dataset,
        max(case when channel = 'browser' then 1 else 0 end) as in_browser,
        max(case when channel = 'server' then 1 else 0 end) as on_server,
        min(case when channel = 'browser' then ref end) as browser_ref,
        min(case when channel = 'server' then ref end) as server_ref,
        min(order_id) as order_id,
        min(session) as session
    from core_events
    where unit is not null
    group by platform, step, unit, dataset
),
units as (
    select
        platform,
        step,
        unit,
        max(case when dataset is null then 1 else 0 end) as is_unnamed,
        max(in_browser) as in_browser,
        max(on_server) as on_server,
        max(in_browser * on_server) as has_shared,
        min(case when in_browser = 1 and on_server = 1 then dataset end) as shared_dataset,
        min(case when in_browser = 1 then dataset end) as browser_dataset,
        min(case when on_server = 1 then dataset end) as server_dataset,
        min(browser_ref) as browser_ref,
        min(server_ref) as server_ref,
        min(order_id) as order_id,
        min(session) as session
    from pixels
    group by platform, step, unit
)
select
    platform,
    step,
    unit as subject,
    order_id,
    session,
    has_shared = 1 as ok,
    'one pixel that gets both copies' as expected,
    case when has_shared = 1 then 'pixel ' || shared_dataset
        else 'browser pixel ' || browser_dataset || ', server pixel ' || server_dataset end as actual,
    cast(null as varchar) as cause,
    browser_ref as ref,
    server_ref as other_ref
from units
where in_browser = 1
  and on_server = 1
  -- a relay names no pixel: which one it forwards to is not in the evidence
  and is_unnamed = 0

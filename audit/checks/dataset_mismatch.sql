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
first_check = "Compare the two ids that the finding shows with the pixel the campaign uses; the other one is usually an old pixel left in a server setting."
not_yet     = "Do not merge the two by adding up their numbers; sales seen by both would count twice."
remedy      = "Set the campaign's pixel id on the side that deviates, and place one test order."
owner       = "data"
*/
with pixels as (
    -- Numbered, and how many there are for one step: where there is but one, nothing can differ.
    select
        row_number() over (order by platform, step, dataset) as pixel,
        count(*) over (partition by platform, step) as rivals,
        platform,
        step,
        dataset
    from events
    where step is not null
    group by platform, step, dataset
),
core_events as (
    -- a Purchase belongs to its order or its id, any other step to its visit
    select
        event_key,
        platform,
        step,
        channel,
        dataset,
        ref,
        session,
        cast(null as varchar) as order_id,
        session as unit
    from events
    where step <> 'Purchase'
    union all
    select
        e.event_key,
        e.platform,
        e.step,
        e.channel,
        e.dataset,
        e.ref,
        e.session,
        e.order_id,
        coalesce(u.unit, e.event_id, e.session)
    from events e
    join purchase_units u on u.event_key = e.event_key
    where e.step = 'Purchase'
),
reached as (
    select
        p.pixel,
        e.unit,
        max(case when e.channel = 'browser' then 1 else 0 end) as in_browser,
        max(case when e.channel = 'server' then 1 else 0 end) as on_server,
        min(case when e.channel = 'browser' then e.ref end) as browser_ref,
        min(case when e.channel = 'server' then e.ref end) as server_ref,
        min(e.order_id) as order_id,
        min(e.session) as session
    from core_events e
    join pixels p
        on p.platform = e.platform
       and p.step = e.step
       and p.dataset is not distinct from e.dataset
    where e.unit is not null
    group by p.pixel, e.unit
),
units as (
    select
        p.platform,
        p.step,
        r.unit,
        max(case when p.dataset is null then 1 else 0 end) as is_unnamed,
        max(r.in_browser) as in_browser,
        max(r.on_server) as on_server,
        max(r.in_browser * r.on_server) as has_shared,
        min(case when r.in_browser = 1 and r.on_server = 1 then p.dataset end) as shared_dataset,
        min(case when r.in_browser = 1 then p.dataset end) as browser_dataset,
        min(case when r.on_server = 1 then p.dataset end) as server_dataset,
        min(r.browser_ref) as browser_ref,
        min(r.server_ref) as server_ref,
        min(r.order_id) as order_id,
        min(r.session) as session
    from reached r
    join pixels p on p.pixel = r.pixel
    where p.rivals > 1
    group by p.platform, p.step, r.unit
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
union all
select
    p.platform,
    p.step,
    r.unit,
    r.order_id,
    r.session,
    true,
    'one pixel that gets both copies',
    'pixel ' || p.dataset,
    cast(null as varchar),
    r.browser_ref,
    r.server_ref
from reached r
join pixels p on p.pixel = r.pixel
where p.rivals = 1
  and p.dataset is not null
  and r.in_browser = 1
  and r.on_server = 1

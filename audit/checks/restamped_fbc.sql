/*
title       = "One ad click keeps one creation time"
failure     = "fbc was given a new creation time for an old click"
facet       = "attribution"
severity    = "warning"
needs       = ["events"]
why         = """
The time in fbc tells Meta when the click reached the site. Stamping it anew makes an old click look fresh and the two copies of
an event look like two clicks, which weakens matching and attribution windows.
"""
means       = "The same click id travels under several creation times, or was stamped long after the visit began."
first_check = "Search the site's and the server's code for the place that puts 'fb.1.' and the present time together; it runs more than once."
not_yet     = "Do not compare attribution windows or click-to-sale times while the clicks are re-dated."
remedy      = "Build fbc once, when the fbclid first arrives; afterwards pass the _fbc cookie on unchanged, on both sides."
owner       = "tracking"
*/
with carried as (
    select
        e.event_key,
        e.step,
        e.channel,
        e.order_id,
        coalesce(e.order_id, e.order_key, e.event_id, v.session, e.ref) as subject,
        v.session,
        e.ref,
        split_part(e.click_id, '.', 4) as click,
        v.click_made_at as created_at
    from sent_events e
    join event_visits v on v.event_key = e.event_key
    where e.platform = 'meta'
      and v.session is not null
      and v.click_made_at is not null
      and coalesce(e.click_id, '') like 'fb.%'
      and split_part(e.click_id, '.', 4) <> ''
),
-- What the visit showed first is taken as the cookie's own time.
shown as (
    select
        session,
        click,
        min(created_at) as first_created_at,
        max(created_at) as last_created_at,
        min(case when channel = 'browser' then first_at end) as browser_at,
        min(case when channel = 'server' then first_at end) as server_at,
        min(case when channel = 'browser' then ref end) as browser_ref,
        min(case when channel = 'server' then ref end) as server_ref
    from visit_fbcs
    where created_at is not null
    group by session, click
),
restamps as (
    select
        f.session,
        f.click,
        f.created_at,
        f.ref,
        row_number() over (
            partition by f.session, f.click order by f.first_at, case f.channel when 'browser' then 0 else 1 end, f.created_at
        ) as nth
    from shown s
    join visit_fbcs f
        on f.session = s.session
       and f.click = s.click
    where f.created_at is not null
      and s.first_created_at <> s.last_created_at
),
stamps as (
    select
        session,
        click,
        first_created_at as created_at,
        case when browser_ref is not null and (server_at is null or browser_at <= server_at) then browser_ref else server_ref end as ref
    from shown
    where first_created_at = last_created_at
    union all
    select session, click, created_at, ref
    from restamps
    where nth = 1
),
arrivals as (
    select
        session,
        click_id as click,
        min(landed_at) as landed_at
    from landings
    where platform = 'meta'
      and session is not null
    group by session, click_id
)
select
    'meta' as platform,
    c.step,
    c.subject,
    c.order_id,
    c.session,
    c.created_at = s.created_at and coalesce(c.created_at <= a.landed_at + interval 1 hour, true) as ok,
    case
        when c.created_at = s.created_at and a.landed_at is not null
            then 'created when the click landed, ' || cast(a.landed_at as varchar) || ' UTC'
        else 'created ' || cast(s.created_at as varchar) || ' UTC, as first seen in this visit'
    end as expected,
    c.channel || ' fbc created ' || cast(c.created_at as varchar) || ' UTC' as actual,
    cast(null as varchar) as cause,
    c.ref,
    s.ref as other_ref
from carried c
join stamps s on s.session = c.session and s.click = c.click
left join arrivals a on a.session = c.session and a.click = c.click

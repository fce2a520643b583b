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
with landed_visits as (
    select distinct session
    from landings
    where platform = 'meta'
      and session is not null
      and click_id is not null
),
-- A visit whose cookies were all made at one moment, and that shows no landing to hold it against, is in order.
doubtful_visits as (
    select k.session
    from visit_knowledge k
    left join landed_visits l on l.session = k.session
    where k.platform = 'meta'
      and (k.has_several_stamps or l.session is not null)
),
shown as (
    select
        v.visit as session,
        v.channel,
        split_part(v.click_id, '.', 4) as click,
        fb_created(v.click_id) as created_at,
        min(v.judged_at) as first_at,
        min(v.ref) as ref
    from visit_events v
    join doubtful_visits d on d.session = v.visit
    where v.platform = 'meta'
      and fb_created(v.click_id) is not null
      and coalesce(v.click_id, '') like 'fb.%'  -- coalesce: DuckDB 2.0 breaks on a column of nothing but NULLs here
      and split_part(v.click_id, '.', 4) <> ''
    group by v.visit, v.channel, split_part(v.click_id, '.', 4), fb_created(v.click_id)
),
-- What the visit showed first is taken as the cookie's own time.
stamps as (
    select
        session,
        click,
        created_at,
        ref,
        row_number() over (
            partition by session, click order by first_at, case channel when 'browser' then 0 else 1 end, created_at
        ) as nth
    from shown
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
),
doubtful as (
    select
        e.event_key,
        s.created_at as stamped_at,
        s.ref,
        a.landed_at,
        fb_created(e.click_id) = s.created_at and coalesce(fb_created(e.click_id) <= a.landed_at + interval 1 hour, true) as ok
    from sent_visit_events e
    join doubtful_visits d on d.session = e.visit
    join stamps s
        on s.session = e.visit
       and s.click = split_part(e.click_id, '.', 4)
       and s.nth = 1
    left join arrivals a on a.session = s.session and a.click = s.click
    where e.platform = 'meta'
),
carried as (
    select
        e.step,
        e.channel,
        e.order_id,
        coalesce(e.order_id, e.order_key, e.event_id, v.session, e.session, e.ref) as subject,
        coalesce(v.session, e.session) as session,
        e.ref,
        fb_created(e.click_id) as created_at,
        d.stamped_at,
        d.landed_at,
        d.ref as stamped_ref,
        coalesce(d.ok, true) as ok
    from sent_events e
    left join odd_fbcs o on o.click_id = e.click_id
    left join lent_visits v on v.event_key = e.event_key
    left join doubtful d on d.event_key = e.event_key
    where e.platform = 'meta'
      and coalesce(v.session, e.session) is not null
      and e.click_id is not null
      and (o.click_id is null
          or (o.made_at is not null and not o.is_browser_id and not o.is_word and coalesce(e.click_id, '') like 'fb.%' and split_part(e.click_id, '.', 4) <> ''))
)
select
    'meta' as platform,
    step,
    subject,
    order_id,
    session,
    ok,
    case
        when created_at = stamped_at and landed_at is not null
            then 'created when the click landed, ' || told_moment(landed_at)
        else 'created ' || told_moment(coalesce(stamped_at, created_at)) || ', as first seen in this visit'
    end as expected,
    channel || ' fbc created ' || told_moment(created_at) as actual,
    cast(null as varchar) as cause,
    ref,
    stamped_ref as other_ref
from carried

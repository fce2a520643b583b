/*
title    = "TikTok events carry the browser id of their visit"
failure  = "A TikTok event lost the browser id of its visit"
facet    = "attribution"
severity = "warning"
needs    = ["events"]
why      = """
The _ttp cookie is how TikTok recognises the browser when no click id does. Where the visit has one, each event should carry it,
the server's above all.
"""

[causes.browser]
failure     = "The browser sent a TikTok event without the browser id of its visit"
means       = "The browser pixel sent the event without its id although the visit already had one: on this page its cookie was off or out of reach."
first_check = "Open the page of this event and look for the _ttp cookie, and search the site for ttq.disableCookie."
not_yet     = "Do not install a second pixel on this page; it would send a second event, not a cookie."
remedy      = "Enable the pixel's first-party cookies and keep the page on the shop's main domain."
owner       = "tracking"

[causes.server]
failure     = "The server sent a TikTok event without the browser id of its visit"
means       = "The server copy left without ttp although the browser had its id by then."
first_check = "Look at the code that builds the server request: is the _ttp cookie read and handed over as ttp?"
not_yet     = "Do not collect more personal data to raise match quality; the browser id is already there."
remedy      = "Pass the _ttp cookie unchanged with each server event."
owner       = "tracking"

[causes.first_event]
failure     = "The first TikTok event of the server left without the browser id of its visit"
means       = "Only the first server event of the visit lacks ttp; later ones carry it. It was sent before the cookie was read."
first_check = "See whether the first page sends its server event before the TikTok pixel has loaded and written _ttp."
not_yet     = "Do not hold back the whole page for the pixel; one event is at stake."
remedy      = "Read _ttp when the request is sent rather than when the page begins, and send the first event after the pixel has loaded."
owner       = "tracking"
*/
-- Only what was lost needs its visit looked through.
with lost_visits as (
    select distinct visit as session
    from sent_visit_events
    where platform = 'tiktok'
      and visit is not null
      and browser_id is null
),
last_sends as (
    select
        v.visit as session,
        v.channel,
        min(v.judged_at) as first_at,
        max(case when v.browser_id is not null then v.judged_at end) as last_browser_at
    from visit_events v
    join lost_visits l on l.session = v.visit
    where v.platform = 'tiktok'
    group by v.visit, v.channel
),
known_refs as (
    select
        k.session,
        min(case when s.page_browser_at = k.page_browser_at then s.ref end) as page_ref,
        min(case when s.browser_at = k.browser_at then s.ref end) as ref
    from visit_knowledge k
    join lost_visits l on l.session = k.session
    join visit_showings s on s.session = k.session and s.platform = k.platform
    where k.platform = 'tiktok'
    group by k.session
),
judged as (
    select
        e.step,
        e.channel,
        e.order_id,
        coalesce(e.order_id, e.order_key, e.event_id, e.visit, e.ref) as subject,
        e.visit as session,
        e.ref,
        e.browser_id,
        case when e.browser_id is not null then true when e.blotted_keys like '%browser id%' then null else false end as ok,
        e.judged_at,
        case e.channel when 'browser' then k.page_browser_at else k.browser_at end as known_at,
        case e.channel when 'browser' then r.page_ref else r.ref end as known_ref,
        c.first_at,
        c.last_browser_at
    from sent_visit_events e
    join visit_knowledge k on k.session = e.visit and k.platform = e.platform
    left join last_sends c on c.session = e.visit and c.channel = e.channel
    left join known_refs r on r.session = e.visit
    where e.platform = 'tiktok'
      and coalesce(e.consent, 'granted') <> 'denied'
      and case e.channel when 'browser' then k.page_browser_at else k.browser_at end < e.judged_at
)
select
    'tiktok' as platform,
    step,
    subject,
    order_id,
    session,
    ok,
    'the browser id ttp of this visit' as expected,
    case
        when ok then channel || ' ttp ' || shown_id(browser_id)
        when ok is null then channel || ' event whose ttp the log blotted out'
        else channel || ' event with no ttp; it is known since ' || told_clock(known_at, judged_at)
    end as actual,
    case
        when ok is null or ok then null
        when channel = 'browser' then 'browser'
        when first_at >= judged_at and last_browser_at > judged_at then 'first_event'
        else 'server'
    end as cause,
    ref,
    known_ref as other_ref
from judged

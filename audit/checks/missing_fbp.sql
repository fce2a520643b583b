/*
title    = "Meta events carry the browser id of their visit"
failure  = "A Meta event lost the browser id of its visit"
facet    = "attribution"
severity = "warning"
needs    = ["events"]
why      = """
fbp is how Meta recognises the browser when no click and no e-mail does, and it is its second way to spot two copies of one
event. Where the visit has one, every event should carry it.
"""

[causes.browser]
failure     = "The browser sent a Meta event without the browser id of its visit"
means       = "The browser pixel sent the event without fbp although the visit already had one: on this page the cookie was gone or could not be read."
first_check = "Open the page of this event and look for the _fbp cookie: other host, other path, or a sandboxed frame that sees no cookies."
not_yet     = "Do not install a second pixel on this page; it would send a second event, not a cookie."
remedy      = "Keep the _fbp cookie on the shop's main domain and let the pixel run where it can read it."
owner       = "tracking"

[causes.server]
failure     = "The server sent a Meta event without the browser id of its visit"
means       = "The server copy left without fbp although the browser had one by then."
first_check = "Look at the code that builds the server request: is the _fbp cookie read and handed over as user_data.fbp?"
not_yet     = "Do not collect more personal data to raise match quality; the browser id is already there."
remedy      = "Pass the _fbp cookie unchanged with each server event."
owner       = "tracking"
*/
-- Only what was lost needs its visit looked through.
with lost_visits as (
    select distinct visit as session
    from sent_visit_events
    where platform = 'meta'
      and visit is not null
      and browser_id is null
),
known_refs as (
    select
        k.session,
        min(case when s.page_browser_at = k.page_browser_at then s.ref end) as page_ref,
        min(case when s.browser_at = k.browser_at then s.ref end) as ref
    from visit_knowledge k
    join lost_visits l on l.session = k.session
    join visit_showings s on s.session = k.session and s.platform = k.platform
    where k.platform = 'meta'
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
        e.blotted_keys,
        e.judged_at,
        case
            when e.browser_id is not null then true
            when e.page_cut or e.blotted_keys like '%browser id%' then null
            else false
        end as ok,
        case e.channel when 'browser' then k.page_browser_at else k.browser_at end as known_at,
        case e.channel when 'browser' then r.page_ref else r.ref end as known_ref
    from sent_visit_events e
    join visit_knowledge k on k.session = e.visit and k.platform = e.platform
    left join known_refs r on r.session = e.visit
    where e.platform = 'meta'
      -- A hand-made image cannot read cookies, and a shopper who refused is owed silence.
      and not e.is_noscript
      and coalesce(e.consent, 'granted') <> 'denied'
      and case e.channel when 'browser' then k.page_browser_at else k.browser_at end < e.judged_at
)
select
    'meta' as platform,
    step,
    subject,
    order_id,
    session,
    ok,
    'the browser id fbp of this visit' as expected,
    case
        when ok then channel || ' fbp ' || shown_id(browser_id)
        when ok is null and blotted_keys like '%browser id%' then channel || ' event whose fbp the log blotted out'
        when ok is null then channel || ' event without fbp, on a page whose data Meta itself restricts'
        else channel || ' event with no fbp; it is known since ' || told_clock(known_at, judged_at)
    end as actual,
    case when not ok then channel end as cause,
    ref,
    known_ref as other_ref
from judged

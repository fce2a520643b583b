/*
title    = "Meta events carry the ad click of their visit"
failure  = "A Meta event lost the ad click of its visit"
facet    = "attribution"
severity = "warning"
follows  = ["reused_event_id"]
needs    = ["events"]
why      = """
Meta credits a sale to an ad mainly through the click id in fbc. A visit that came from an ad but reports its events without fbc
may be credited to no ad at all: the campaign looks weaker than it is and learns from fewer sales.
"""

[causes.browser]
failure     = "The browser sent a Meta event without the ad click of its visit"
means       = "The browser pixel sent the event without fbc although the visit has an ad click: the _fbc cookie was not there or could not be read on that page."
first_check = "Open the site with ?fbclid=test, go to the page of this event and look for the _fbc cookie; its path should be / and its domain the whole shop."
not_yet     = "Do not cut the campaign's budget for poor results: the clicks are lost on the site, not in the ad."
remedy      = "Write _fbc for path / on the shop's main domain, or let the Meta pixel write it, and keep it through every page up to the thank-you page."
owner       = "tracking"

[causes.server]
failure     = "The server sent a Meta event without the ad click of its visit"
means       = "The server copy left without fbc although the visit has an ad click, so the copy that survives ad blockers is the one that cannot be credited."
first_check = "Look at the code that builds the server request: is the _fbc cookie read at that moment and handed over as user_data.fbc?"
not_yet     = "Do not collect more personal data to raise match quality; the click id is free and already in the browser."
remedy      = "Pass the _fbc cookie unchanged with each server event; where it was not set yet, build fbc once from the landing's fbclid."
owner       = "tracking"

[causes.first_event]
failure     = "The first Meta event of the server left without the ad click of its visit"
means       = "The first server event of the visit left on the landing page without fbc; later ones carry it. The cookie was read before it was written."
first_check = "Compare the order of two steps on the landing page: writing _fbc, and sending the first server event."
not_yet     = "Do not delay every event by seconds to be safe; only the first one needs the click id from the address."
remedy      = "On the landing page take fbclid from the address, write _fbc first, and use the same value for the first server event."
owner       = "tracking"

[causes.empty_string]
means       = "fbc was sent as an empty text although the visit has an ad click: the field is filled from a place that holds nothing."
first_check = "Find the variable that fills fbc (a tag variable, a database column, an order attribute) and see why it is empty for this visit."
not_yet     = "Do not just drop the empty field; the request would look tidy while the click stays lost."
remedy      = "Fill fbc from the _fbc cookie, and leave the field out only when the visitor really has none."
owner       = "data"
*/
-- Only what was lost needs its visit looked through.
with lost_visits as (
    select distinct visit as session
    from sent_visit_events
    where platform = 'meta'
      and visit is not null
      and click_id is null
),
last_sends as (
    select
        v.visit as session,
        v.channel,
        min(v.judged_at) as first_at,
        max(v.judged_at) as last_at,
        max(case when v.click_id is not null then v.judged_at end) as last_click_at
    from visit_events v
    join lost_visits l on l.session = v.visit
    where v.platform = 'meta'
    group by v.visit, v.channel
),
known_refs as (
    select
        k.session,
        min(case when s.page_click_at = k.page_click_at then s.ref end) as page_ref,
        min(case when s.click_at = k.click_at then s.ref end) as ref
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
        e.click_id,
        e.click_id_state,
        e.blotted_keys,
        e.page_cut,
        e.landing_click,
        e.judged_at,
        e.on_landing,
        case e.channel when 'browser' then k.page_click_at else k.click_at end as known_at,
        case e.channel when 'browser' then r.page_ref else r.ref end as known_ref,
        c.first_at,
        c.last_at,
        c.last_click_at
    from sent_visit_events e
    left join visit_knowledge k on k.session = e.visit and k.platform = e.platform
    left join last_sends c on c.session = e.visit and c.channel = e.channel
    left join known_refs r on r.session = e.visit
    where e.platform = 'meta'
      -- A hand-made image cannot read cookies, and a shopper who refused is owed silence.
      and not e.is_noscript
      and coalesce(e.consent, 'granted') <> 'denied'
      and (e.landing_click is not null or case e.channel when 'browser' then k.page_click_at else k.click_at end < e.judged_at)
),
answered as (
    select
        *,
        case
            when click_id is not null then true
            when blotted_keys like '%click id%' then null
            -- Meta cuts what restricted pages send.
            when page_cut then null
            -- On the landing page the pixel may fire before the cookie exists; its next event shows whether it came.
            when channel = 'browser' and on_landing and last_click_at > judged_at then true
            when channel = 'browser' and on_landing and coalesce(last_at, judged_at) <= judged_at then null
            else false
        end as ok
    from judged
)
select
    'meta' as platform,
    step,
    subject,
    order_id,
    session,
    ok,
    'fbc with the ad click this visit came with' as expected,
    case
        when ok then channel || ' event with fbc, or on the page that is just writing it'
        when ok is null and blotted_keys like '%click id%' then channel || ' event whose fbc the log blotted out'
        when ok is null and page_cut then channel || ' event without fbc, on a page whose data Meta itself restricts'
        when ok is null then 'browser event without fbc on the landing page, and no later event to compare it with'
        else channel || ' event with ' || case when click_id_state = 'empty' then 'an empty fbc' else 'no fbc' end
            || case
                when landing_click is not null then '; its page address carries fbclid ' || shown_id(landing_click)
                else '; the click is known since ' || told_clock(known_at, judged_at) end
    end as actual,
    case
        when ok then null
        when ok is null then null
        when click_id_state = 'empty' then 'empty_string'
        when channel = 'browser' then 'browser'
        when (on_landing or first_at >= judged_at) and last_click_at > judged_at then 'first_event'
        else 'server'
    end as cause,
    ref,
    known_ref as other_ref
from answered

/*
title    = "TikTok events carry the ad click of their visit"
failure  = "A TikTok event lost the ad click of its visit"
facet    = "attribution"
severity = "warning"
needs    = ["events"]
why      = """
TikTok credits a sale to an ad mainly through ttclid, the click id of the landing. An event without it may be credited to no ad,
and the campaign learns from fewer sales than it made.
"""

own_is_open  = true
means       = "Whether this event carried the ad click cannot be read from what was handed in."
first_check = "See what the log keeps of a TikTok call: the _ttclid cookie or the click id itself, or neither of them."
not_yet     = "Do not report the click as lost, and do not treat this as passed either."
remedy      = "Record one visit with ?ttclid= in its address as a HAR, or let the pixel log write the _ttclid cookie down too."
owner       = "tracking"

[causes.browser]
failure     = "The browser sent a TikTok event without the ad click of its visit"
means       = "The browser pixel sent the event without the click id although the visit landed with one: it did not survive from the landing to this page."
first_check = "See whether the shop moves to another host or opens the checkout in a new window after the landing, and whether the pixel's cookies are switched off."
not_yet     = "Do not judge the campaign by these days; its clicks were lost on the site."
remedy      = "Load the TikTok pixel on the landing page with its cookies enabled, and keep landing and checkout on one domain."
owner       = "tracking"

[causes.server]
failure     = "The server sent a TikTok event without the ad click of its visit"
means       = "The server copy left without ttclid although the visit has one."
first_check = "Look at the code that builds the server request: is the stored ttclid read at that moment, and under the cookie name the site really uses?"
not_yet     = "Do not collect more personal data to raise match quality; the click id is free and already in the browser."
remedy      = "Keep ttclid from the landing's address in a cookie and pass it with each server event."
owner       = "tracking"

[causes.first_event]
failure     = "The first TikTok event of the server left without the ad click of its visit"
means       = "The first server event of the visit left without ttclid; later ones carry it. The cookie was read before it was written."
first_check = "Compare the order of two steps on the landing page: keeping ttclid, and sending the first server event."
not_yet     = "Do not delay every event by seconds to be safe; only the first one needs the click id from the address."
remedy      = "On the landing page take ttclid from the address first and use the same value for the first server event."
owner       = "tracking"
*/
-- Only what was lost needs its visit looked through.
with lost_visits as (
    select distinct visit as session
    from sent_visit_events
    where platform = 'tiktok'
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
    where v.platform = 'tiktok'
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
    where k.platform = 'tiktok'
    group by k.session
),
-- A decoded log none of whose rows names a TikTok click id does not write it down; the pixel keeps it elsewhere than in its cookies.
silent_logs as (
    select source
    from events
    where platform = 'tiktok'
      and endpoint = 'decoded_log'
    group by source
    having count(click_id) + count(cookie_click) + sum(case when click_id_state = 'empty' then 1 else 0 end) = 0
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
        e.landing_click,
        e.judged_at,
        e.on_landing,
        e.endpoint = 'decoded_log' and e.landing_click is not null as is_in_address,
        q.source is not null as is_silent_log,
        case e.channel when 'browser' then k.page_click_at else k.click_at end as known_at,
        case e.channel when 'browser' then r.page_ref else r.ref end as known_ref,
        c.first_at,
        c.last_at,
        c.last_click_at
    from sent_visit_events e
    left join visit_knowledge k on k.session = e.visit and k.platform = e.platform
    left join last_sends c on c.session = e.visit and c.channel = e.channel
    left join known_refs r on r.session = e.visit
    left join silent_logs q on q.source = e.source and e.channel = 'browser'
    where e.platform = 'tiktok'
      and coalesce(e.consent, 'granted') <> 'denied'
      and (e.landing_click is not null or case e.channel when 'browser' then k.page_click_at else k.click_at end < e.judged_at)
),
answered as (
    select
        *,
        case
            when click_id is not null then true
            when blotted_keys like '%click id%' then null
            -- The pixel reads the click from the address of its page; a log of calls has no place for that.
            when is_in_address and channel = 'browser' then true
            when is_silent_log then null
            -- On the landing page the pixel may fire before it has kept the click; its next event shows whether it did.
            when channel = 'browser' and on_landing and last_click_at > judged_at then true
            when channel = 'browser' and on_landing and coalesce(last_at, judged_at) <= judged_at then null
            else false
        end as ok
    from judged
)
select
    'tiktok' as platform,
    step,
    subject,
    order_id,
    session,
    ok,
    'ttclid, the ad click this visit came with' as expected,
    case
        when ok and click_id is null and is_in_address then 'browser event on a page whose address carries ttclid'
        when ok then channel || ' event with ttclid, or on the page that is just keeping it'
        when ok is null and blotted_keys like '%click id%' then channel || ' event whose ttclid the log blotted out'
        when ok is null and is_silent_log then 'browser event of a log that writes down no TikTok click id: no row has a _ttclid cookie or a ttclid'
        when ok is null then 'browser event without ttclid on the landing page, and no later event to compare it with'
        else channel || ' event with ' || case when click_id_state = 'empty' then 'an empty ttclid' else 'no ttclid' end
            || case
                when landing_click is not null then '; its page address carries ' || shown_id(landing_click)
                else '; the click is known since ' || told_clock(known_at, judged_at) end
    end as actual,
    case
        when ok is null or ok then null
        when channel = 'browser' then 'browser'
        when (on_landing or first_at >= judged_at) and last_click_at > judged_at then 'first_event'
        else 'server'
    end as cause,
    ref,
    known_ref as other_ref
from answered

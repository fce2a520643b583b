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

[causes.browser]
means       = "The browser pixel sent the event without the click id although the visit landed with one: it did not survive from the landing to this page."
first_check = "See whether the shop moves to another host or opens the checkout in a new window after the landing, and whether the pixel's cookies are switched off."
not_yet     = "Do not judge the campaign by these days; its clicks were lost on the site."
remedy      = "Load the TikTok pixel on the landing page with its cookies enabled, and keep landing and checkout on one domain."
owner       = "tracking"

[causes.server]
means       = "The server copy left without ttclid although the visit has one."
first_check = "Look at the code that builds the server request: is the stored ttclid read at that moment, and under the cookie name the site really uses?"
not_yet     = "Do not collect more personal data to raise match quality; the click id is free and already in the browser."
remedy      = "Keep ttclid from the landing's address in a cookie and pass it with each server event."
owner       = "tracking"

[causes.first_event]
means       = "The first server event of the visit left without ttclid; later ones carry it. The cookie was read before it was written."
first_check = "Compare the order of two steps on the landing page: keeping ttclid, and sending the first server event."
not_yet     = "Do not delay every event by seconds to be safe; only the first one needs the click id from the address."
remedy      = "On the landing page take ttclid from the address first and use the same value for the first server event."
owner       = "tracking"
*/
with judged as (
    select
        e.step,
        e.channel,
        e.order_id,
        coalesce(e.order_id, e.order_key, e.event_id, v.session, e.ref) as subject,
        v.session,
        e.ref,
        e.click_id,
        e.click_id_state,
        e.landing_click,
        v.judged_at,
        v.on_landing,
        k.known_at,
        k.ref as known_ref,
        c.first_at,
        c.last_at,
        c.last_click_at
    from sent_events e
    join event_visits v on v.event_key = e.event_key
    left join visit_knowledge k
        on k.session = v.session
       and k.platform = e.platform
       and k.channel = e.channel
       and k.kind = 'click'
    left join visit_channels c
        on c.session = v.session
       and c.platform = e.platform
       and c.channel = e.channel
    where e.platform = 'tiktok'
      and coalesce(e.consent, 'granted') <> 'denied'
      and (e.landing_click is not null or k.known_at < v.judged_at)
),
answered as (
    select
        *,
        case
            when click_id is not null then true
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
        when ok then channel || ' event with ttclid, or on the page that is just keeping it'
        when ok is null then 'browser event without ttclid on the landing page, and no later event to compare it with'
        else channel || ' event with ' || case when click_id_state = 'empty' then 'an empty ttclid' else 'no ttclid' end
            || case
                when landing_click is not null then '; its page address carries ' || shown_id(landing_click)
                else '; the click is known since ' || strftime(known_at, '%H:%M:%S') || ' UTC' end
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

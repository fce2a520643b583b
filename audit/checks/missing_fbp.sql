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
means       = "The browser pixel sent the event without fbp although the visit already had one: on this page the cookie was gone or could not be read."
first_check = "Open the page of this event and look for the _fbp cookie: other host, other path, or a sandboxed frame that sees no cookies."
not_yet     = "Do not install a second pixel on this page; it would send a second event, not a cookie."
remedy      = "Keep the _fbp cookie on the shop's main domain and let the pixel run where it can read it."
owner       = "tracking"

[causes.server]
means       = "The server copy left without fbp although the browser had one by then."
first_check = "Look at the code that builds the server request: is the _fbp cookie read and handed over as user_data.fbp?"
not_yet     = "Do not collect more personal data to raise match quality; the browser id is already there."
remedy      = "Pass the _fbp cookie unchanged with each server event."
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
        e.browser_id,
        case when e.browser_id is not null then true when e.page_cut then null else false end as ok,
        k.known_at,
        k.ref as known_ref
    from sent_events e
    join event_visits v on v.event_key = e.event_key
    join visit_knowledge k
        on k.session = v.session
       and k.platform = e.platform
       and k.channel = e.channel
       and k.kind = 'browser'
    where e.platform = 'meta'
      -- A hand-made image cannot read cookies, and a shopper who refused is owed silence.
      and not e.is_noscript
      and coalesce(e.consent, 'granted') <> 'denied'
      and k.known_at < v.judged_at
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
        when ok is null then channel || ' event without fbp, on a page whose data Meta itself restricts'
        else channel || ' event with no fbp; it is known since ' || strftime(known_at, '%H:%M:%S') || ' UTC'
    end as actual,
    case when not ok then channel end as cause,
    ref,
    known_ref as other_ref
from judged

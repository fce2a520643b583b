/*
title    = "Every fbc is a click in the form Meta reads"
failure  = "An fbc is no click in the form Meta reads"
facet    = "attribution"
severity = "warning"
needs    = ["events"]
why      = """
Meta reads the ad click only from an fbc of the form fb.1.<time in milliseconds>.<click id>, with at most one short part behind
it. Anything else is ignored, or the request is refused, and the sale is credited to no ad.
"""

[causes.no_click_part]
means       = "The fbc ends after its time: there is no click id in it. Meta has refused such requests as wrongly formatted."
first_check = "See whether fbc is built for every visitor, also for those whose address had no fbclid."
not_yet     = "Do not fill the gap with a made-up id; a false click is worse than none."
remedy      = "Build fbc only when an fbclid is there, and send no fbc otherwise."
owner       = "tracking"

[causes.seconds]
means       = "The time inside fbc is in seconds, ten digits; Meta expects milliseconds, thirteen."
first_check = "Look for a division by 1000, or a server time function that counts seconds, where fbc is put together."
not_yet     = "Do not judge this campaign's attribution by these days; the clicks were not readable."
remedy      = "Use the time in milliseconds, taken once when the click arrives."
owner       = "tracking"

[causes.encoded]
means       = "The fbc was sent as it stands in an address or a cookie header, with percent signs in it."
first_check = "Find where the cookie is read: one side encodes it when writing, and nobody decodes it when reading."
not_yet     = "Do not strip the percent signs with a search-and-replace; decode once instead."
remedy      = "Decode the cookie's value once when it is read, then pass it on unchanged."
owner       = "data"

[causes.text]
means       = "What stands in fbc is no fbc: a bare fbclid, a word such as undefined, or parts in the wrong places."
first_check = "Find what fills fbc: the variable name is often right, while the value is the raw fbclid or an unset variable."
not_yet     = "Do not switch the field off to silence the warning; then every click is lost."
remedy      = "Send the _fbc cookie's own text; where there is none, put fb.1.<milliseconds>.<fbclid> together once at the landing."
owner       = "tracking"

[causes.browser_id]
means       = "The browser id (fbp) was sent in the field of the ad click (fbc). It has the same form, but Meta finds no ad by it."
first_check = "Look at the code that fills fbc: it reads the _fbp cookie, often because the shopper has no _fbc, or the two fields are exchanged."
not_yet     = "Do not send an fbc for every shopper to raise match quality; who came through no ad has none."
remedy      = "Fill fbc from the _fbc cookie, fbp from the _fbp cookie, and leave fbc out where there is no such cookie."
owner       = "tracking"
*/
with told_landings as (
    select distinct
        session
    from landings
    where platform = 'meta'
      and session is not null
      and click_id is not null
),
judged as (
    select
        e.step,
        e.channel,
        e.order_id,
        coalesce(e.order_id, e.order_key, e.event_id, v.session, e.session, e.ref) as subject,
        coalesce(v.session, e.session) as session,
        e.ref,
        e.click_id,
        coalesce(f.is_browser_id, false) as is_browser_id,
        coalesce(f.is_word, false) as is_word,
        -- With its landing in evidence the click part is compared byte for byte elsewhere; here it only has to be there.
        case
            when f.click_id is null then true
            when f.is_browser_id or f.is_word then false
            when l.session is not null or e.landing_click is not null then f.is_whole
            else f.is_plain
        end as ok
    from sent_events e
    left join odd_fbcs f on f.click_id = e.click_id
    left join lent_visits v on v.event_key = e.event_key
    left join told_landings l on l.session = coalesce(v.session, e.session)
    where e.platform = 'meta'
      and e.click_id is not null
)
select
    'meta' as platform,
    step,
    subject,
    order_id,
    session,
    ok,
    'fb.1.<13 digits>.<click id>, one short part may follow' as expected,
    channel || ' ' || shown_id(click_id) || case
        when regexp_full_match(click_id, 'fb[.][0-9][.][0-9]+[.]?') then ': no click id behind the time'
        when regexp_matches(click_id, '^fb[.][0-9][.][0-9]{10}[.]') then ': a time of ten digits'
        when regexp_matches(click_id, '%[0-9A-Fa-f]{2}') then ': percent-encoded'
        when is_browser_id then ': the browser id, fbp'
        when is_word then ': a word in the place of the click id'
        when not ok then ': not an fbc'
        else ''
    end as actual,
    case
        when ok then null
        when is_browser_id then 'browser_id'
        when regexp_full_match(click_id, 'fb[.][0-9][.][0-9]+[.]?') then 'no_click_part'
        when regexp_matches(click_id, '^fb[.][0-9][.][0-9]{10}[.]') then 'seconds'
        when regexp_matches(click_id, '%[0-9A-Fa-f]{2}') then 'encoded'
        else 'text'
    end as cause,
    ref,
    cast(null as varchar) as other_ref
from judged

/*
title    = "Every fbp has the form Meta reads"
failure  = "An fbp does not have the form Meta reads"
facet    = "attribution"
severity = "warning"
needs    = ["events"]
why      = """
Meta reads the browser id only in the form fb.1.<time in milliseconds>.<number>. Anything else is ignored or reported as an
invalid fbp, and the event is matched by what little is left.
"""

[causes.browser]
means       = "The browser pixel itself sent an fbp of another form: something else on the page writes the _fbp cookie."
first_check = "Look at the _fbp cookie in the browser and search the site's scripts for the one that writes it."
not_yet     = "Do not delete the cookie by hand and call it fixed; the same script writes it again."
remedy      = "Let the Meta pixel write _fbp, or write it exactly as fb.1.<milliseconds>.<random number>."
owner       = "tracking"

[causes.server]
means       = "The server sent an fbp of another form: it was cut, hashed, encoded, or made up on the way."
first_check = "Compare it with the browser copy's fbp and find the step between them that changes it."
not_yet     = "Do not hash it: fbp is one of the fields Meta wants in plain text."
remedy      = "Pass the _fbp cookie's text unchanged, and send none where the visitor has none."
owner       = "data"
*/
with ids as (
    -- Many events carry the same cookie.
    select browser_id
    from sent_events
    where platform = 'meta'
      and browser_id is not null
    group by browser_id
),
malformed as (
    select browser_id
    from ids
    where not regexp_full_match(browser_id, 'fb[.][0-2][.][0-9]{13}[.][0-9]+([.][A-Za-z0-9_-]+)?')
),
judged as (
    select
        e.step,
        e.channel,
        e.order_id,
        coalesce(e.order_id, e.order_key, e.event_id, v.session, e.session, e.ref) as subject,
        coalesce(v.session, e.session) as session,
        e.ref,
        e.browser_id,
        m.browser_id is null as ok
    from sent_events e
    left join malformed m on m.browser_id = e.browser_id
    left join lent_visits v on v.event_key = e.event_key
    where e.platform = 'meta'
      and e.browser_id is not null
)
select
    'meta' as platform,
    step,
    subject,
    order_id,
    session,
    ok,
    'fb.1.<13 digits>.<number>, one short part may follow' as expected,
    channel || ' fbp ' || shown_id(browser_id) as actual,
    case when not ok then channel end as cause,
    ref,
    cast(null as varchar) as other_ref
from judged

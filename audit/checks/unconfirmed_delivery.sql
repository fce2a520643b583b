/*
title    = "Every server request has a recorded answer"
failure  = "No answer is recorded for a server request"
facet    = "delivery"
severity = "warning"
needs    = ["server events"]
why      = """
A request in a log proves that somebody wanted to send, not that it arrived. Only the recorded answer does. Even that answer
means accepted for delivery: whether the platform counts the event is seen in its own Events Manager alone.
"""
means       = "The log shows the request and no status beside it, so a refusal of every one of them would look just the same."
first_check = "Ask whoever exported the log whether the status and the answer can be exported too; most tools keep them in a second record."
not_yet     = "Do not take the number of requests in the log for the number of events the platform has."
remedy      = "Log the HTTP status and the answer's text with each request, then repeat the test order and export again."
owner       = "data"
*/
with answered as (
    select
        delivery,
        min(event_key) as first_key,
        max(case when outcome <> 'unanswered' then event_key end) as answered_key
    from deliveries
    group by delivery
)
select
    d.platform,
    d.step,
    coalesce(d.order_id, d.order_key, d.event_id, d.session, d.ref) as subject,
    d.order_id,
    d.session,
    a.answered_key is not null as ok,
    'an answer recorded for the request' as expected,
    case
        when a.answered_key is null and e.net_error is not null then 'the answer was lost: ' || e.net_error
        when a.answered_key is null and e.status = 0 then 'the answer was lost'
        when a.answered_key is null then 'no status recorded'
        when e.status is null then 'answered'
        else 'HTTP ' || e.status
    end as actual,
    cast(null as varchar) as cause,
    d.ref,
    cast(null as varchar) as other_ref
from answered a
join deliveries d on d.event_key = coalesce(a.answered_key, a.first_key)
join events e on e.event_key = d.event_key

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
with retried as (
    select distinct delivery
    from delivery_answers
    where delivery <> event_key
),
-- Of a delivery the last answered send speaks, where none was answered the first.
answered as (
    select
        a.delivery,
        min(a.event_key) as first_key,
        max(case when a.outcome <> 'unanswered' then a.event_key end) as answered_key
    from retried r
    join delivery_answers a on a.delivery = r.delivery
    group by a.delivery
),
told as (
    select
        coalesce(answered_key, first_key) as event_key,
        answered_key is not null as is_answered
    from answered
    union all
    select
        a.event_key,
        a.outcome <> 'unanswered'
    from delivery_answers a
    left join retried r on r.delivery = a.delivery
    where r.delivery is null
)
select
    d.platform,
    d.step,
    coalesce(d.order_id, d.order_key, d.event_id, d.session, d.ref) as subject,
    d.order_id,
    d.session,
    t.is_answered as ok,
    'an answer recorded for the request' as expected,
    case
        when not t.is_answered and d.net_error is not null then 'the answer was lost: ' || d.net_error
        when not t.is_answered and d.status = 0 then 'the answer was lost'
        when not t.is_answered then 'no status recorded'
        when d.status is null then 'answered'
        else 'HTTP ' || d.status
    end as actual,
    cast(null as varchar) as cause,
    d.ref,
    cast(null as varchar) as other_ref
from told t
join deliveries d on d.event_key = t.event_key

/*
title    = "Every server request has a recorded answer"
failure  = "No answer is recorded for a server request"
facet    = "delivery"
severity = "warning"
needs    = ["server events"]
why      = """
A request in a log proves that somebody wanted to send, not that it arrived. Only the recorded answer does. Even that answer
means accepted for delivery: whether the platform counts the event is seen in its own Events Manager alone. TikTok answers a
refusal with HTTP 200 too, and a web page under HTTP 200 comes from something on the way: neither is an answer of the platform.
"""
means       = "The log shows the request and nothing that its receiver said to it, so a refusal of every one of them would look just the same."
first_check = "Ask whoever exported the log whether the status and the answer's text can be exported too; most tools keep them in a second record."
not_yet     = "Do not take the number of requests in the log for the number of events the platform has."
remedy      = "Log the HTTP status and the answer's text with each request, then repeat the test order and export again."
owner       = "data"

[causes.taken_in_part]
failure     = "TikTok took a server request only in part"
means       = "TikTok's answer is code 20001: of what the request held it took a part. Which part is not told here, so this event may be the one that was left out."
first_check = "Read the whole answer, or the diagnostics of the pixel in TikTok's Events Manager: they tell what was wrong with which event."
not_yet     = "Do not count the request as accepted because its status is 200, and do not send all of it again under new ids."
remedy      = "Correct what TikTok names, log its answers whole, and repeat the test order until the code is 0."
owner       = "data"
*/
with retried as (
    select distinct delivery
    from retries
),
tries as (
    select
        *,
        outcome in ('accepted', 'refused') as is_answered,
        outcome = 'unclear' and platform = 'tiktok' and answer_code = '20001' as is_in_part
    from deliveries
),
-- Of several sends of one event the last that was answered speaks, where none was the first.
told as (
    select
        r.delivery,
        coalesce(max(case when d.is_answered then d.event_key end), min(d.event_key)) as event_key
    from retried r
    join tries d on d.delivery = r.delivery
    group by r.delivery
)
select
    d.platform,
    d.step,
    coalesce(d.order_id, d.order_key, d.event_id, d.session, d.ref) as subject,
    d.order_id,
    d.session,
    d.is_answered as ok,
    'an answer recorded for the request' as expected,
    case
        when d.outcome = 'unanswered' and d.net_error is not null then 'the answer was lost: ' || d.net_error
        when d.outcome = 'unanswered' and d.status = 0 then 'the answer was lost'
        when d.outcome = 'unanswered' then 'no status recorded'
        when d.is_in_part then concat_ws(', ', 'HTTP ' || d.status, 'code 20001: taken in part, without saying which part')
        when not d.is_answered then 'HTTP ' || d.status || ', ' || coalesce(d.answer_text, 'the answer itself was not recorded')
        when d.status is null then 'answered'
        else 'HTTP ' || d.status
    end as actual,
    case when d.is_in_part then 'taken_in_part' end as cause,
    d.ref,
    cast(null as varchar) as other_ref
from tries d
left join retried r on r.delivery = d.delivery
left join told t on t.event_key = d.event_key
where r.delivery is null
   or t.event_key is not null

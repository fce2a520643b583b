/*
title    = "Every server request follows the rules of its receiver"
failure  = "A server request breaks the published rules of its receiver"
facet    = "payload"
severity = "blocker"
severity_other_steps = "warning"
follows  = ["value_mismatch", "currency_mismatch", "missing_value", "missing_currency", "invalid_value",
            "invalid_currency", "event_time_out_of_range", "unhashed_personal_data", "unclicked_server_event", "missing_event_id", "rejected_request"]
needs    = ["server events"]
why      = """
The relay and the platforms publish what a request may hold. One that breaks the rules is refused, today or after the next update on
their side, and a refused request is a sale the platform never hears of. Meta refuses the whole batch for one bad event.
"""

[causes.missing_field]
means       = "A field that the receiver requires is not in the request."
first_check = "Look at the path that the finding shows: either the field is never built, or its value was not known yet and it fell out on sending."
not_yet     = "Do not fill it with a placeholder such as 'undefined'; a wrong id or name is worse than a refusal that shows."
remedy      = "Send the field in every request, and wait with sending until its value is known."
owner       = "tracking"

[causes.wrong_type]
means       = "A field holds another kind of value than the receiver reads: text for a number, a list for a text, a form that is not allowed."
first_check = "Compare the field that the finding shows with the receiver's documentation; a number in quotation marks is the usual case."
not_yet     = "Do not rely on its being accepted today: a stricter version refuses it without notice."
remedy      = "Convert the value where the request is built, so that it has the documented type and form."
owner       = "tracking"

[causes.unknown_field]
means       = "The event or item holds a field that the relay does not know; in these objects it allows no others."
first_check = "Look for a misspelled name, or a parameter that belongs one level deeper."
not_yet     = "Do not drop the whole event to get rid of the field."
remedy      = "Move additional data into the event's parameters, where anything is allowed, or correct the name."
owner       = "tracking"

[causes.empty_list]
means       = "The request was sent with an empty list of events: it reports nothing."
first_check = "Look when the queue of events is emptied: a timer may send although nothing is waiting."
not_yet     = "Do not count these requests as sent events when comparing volumes."
remedy      = "Send a request only when at least one event is in it."
owner       = "tracking"

[causes.read_only_field]
means       = "The request sets a field that the relay fills in itself from the connection, such as the address or browser of the shopper."
first_check = "Look who sends: a backend that forwards the shopper's address here is using the wrong way in."
not_yet     = "Do not collect more of the shopper's data to fill such fields."
remedy      = "Leave the field out; the relay takes it from the request it receives."
owner       = "tracking"

[causes.batch_too_large]
means       = "The request holds more events than the receiver takes at once, so all of them are refused."
first_check = "Look at the batch size of the sending job and at what happened before: a queue that stood still sends all at once."
not_yet     = "Do not resend the same batch; it is refused as a whole each time."
remedy      = "Split the queue into requests within the limit."
owner       = "data"

[causes.missing_api_key]
means       = "The request to the relay carries no storefront key, and was not accepted."
first_check = "Look at the headers of the request in the browser: the storefront key header is missing."
not_yet     = "Do not put a secret key of the business into the page; the storefront key is made to be public."
remedy      = "Send the publishable storefront key with each relay request."
owner       = "tracking"

[causes.page_key]
means       = "The request carries the key of a page instead of the storefront's; store routes do not take page keys."
first_check = "Look whether code of an HTML page was copied into the storefront, key included."
not_yet     = "Do not create another store for the page."
remedy      = "Replace the page key by the storefront key of this store."
owner       = "tracking"

[causes.store_named_in_body]
means       = "The request names a domain, page or store in its body; the relay does not read that, it takes the store from the address."
first_check = "Compare the store in the address with the one named in the body."
not_yet     = "Do not switch stores by changing the body; the events would keep going to the store in the address."
remedy      = "Leave these fields out and put the right store into the address."
owner       = "tracking"
*/
with requests_of_events as (
    select
        e.event_key,
        e.platform,
        coalesce(e.step, n.step) as step,
        coalesce(e.order_id, n.order_id) as order_id,
        coalesce(e.order_key, n.order_key) as order_key,
        coalesce(e.session, n.session) as session,
        e.event_id,
        e.accepted and e.endpoint = 'meta_capi' and regexp_matches(e.event_time_sent, '[^0-9]') and utc(e.event_time_sent) is not null as has_time_taken,
        e.ref
    from events e
    left join unnamed_steps n on n.event_key = e.event_key
    where e.endpoint in ('meta_relay', 'tiktok_relay', 'snackvideo_relay', 'meta_capi', 'tiktok_events_api')
      -- An event without a name is no other kind of event; it lost what it is.
      and (e.step is not null or e.event_name = '')
)
select
    r.platform,
    r.step,
    coalesce(r.order_id, r.order_key, r.event_id, r.session, r.ref) as subject,
    r.order_id,
    r.session,
    v.cause is null as ok,
    'a request within the rules' || case when v.cause is null then '' else ' of ' ||
        case when v.endpoint like '%relay' then 'the relay' when v.endpoint = 'meta_capi' then 'Meta''s Conversions API' else 'TikTok''s Events API' end end as expected,
    case when v.cause is null then 'within the rules' else v.path || ' ' || v.detail end as actual,
    v.cause,
    case
        when v.cause = 'store_named_in_body' then 'warning'
        -- Meta takes a time in another form that can be read, and nobody documents that it will not.
        when v.cause = 'wrong_type' and v.path like '$.data[%].event_time' and r.has_time_taken then 'warning'
    end as severity,
    r.ref,
    null as other_ref
from requests_of_events r
left join violations v on v.event_key = r.event_key
union all
-- Requests in which not one event could be read.
select
    case when v.endpoint like 'meta%' then 'meta' when v.endpoint like 'tiktok%' then 'tiktok' else 'snackvideo' end as platform,
    null as step,
    v.ref as subject,
    null as order_id,
    null as session,
    false as ok,
    'a request within the rules of '
        || case when v.endpoint like '%relay' then 'the relay' when v.endpoint = 'meta_capi' then 'Meta''s Conversions API' else 'TikTok''s Events API' end as expected,
    v.path || ' ' || v.detail as actual,
    v.cause,
    -- What it would have reported is not known.
    'warning' as severity,
    v.ref,
    null as other_ref
from violations v
where v.event_key is null

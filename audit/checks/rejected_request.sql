/*
title    = "Every server request was accepted, at once or on a retry"
failure  = "A server request was refused and its event was never accepted"
facet    = "delivery"
severity = "blocker"
severity_other_steps = "warning"
follows  = ["unclicked_server_event"]
needs    = ["server events"]
why      = """
A refused request leaves nothing behind: the platform never hears of the sale from the server, and only the browser copy, which
blockers and closed tabs eat, is left. Sending code often ignores the answer, so nobody notices. TikTok even refuses with
HTTP 200 and says so only in the answer's own code. A refusal followed by an accepted retry of the same event is no loss.
"""

[causes.bad_request]
means       = "The receiver found fault with the request itself, or took fewer events than it was sent."
first_check = "Read the receiver's answer in the finding; it usually names the field. Compare that field with a request that was accepted."
not_yet     = "Do not resend the same request in a loop: it will be refused each time."
remedy      = "Correct the named field where the request is built, then place a test order and look for an accepted answer."
owner       = "tracking"

[causes.not_found]
means       = "The address names a store, pixel or route that does not exist, or that this token may not see."
first_check = "Compare the store or pixel id in the request's address with the one in the account."
not_yet     = "Do not create a new pixel: the existing one is probably only misspelled."
remedy      = "Put the right store or pixel id into the sender's settings and repeat the test order."
owner       = "tracking"

[causes.unauthorised]
means       = "The access token or key is missing, expired, or has no right to this pixel or store."
first_check = "At the relay look whether the request carries the storefront key, and this store's. Elsewhere look up when the token was made and by whom; a password change or a departed colleague ends many of them."
not_yet     = "Do not paste a colleague's personal token to get going; it will end the same way. No secret key belongs into a page."
remedy      = "Send the relay the store's publishable storefront key with each request. For a platform's own interface issue a system token with rights to this pixel, store it as a secret, and note when it has to be renewed."
owner       = "data"

[causes.rate_limited]
means       = "More requests came than the receiver allows, and this one was turned away."
first_check = "Count the requests in the minute before; look for one event being sent many times or a bulk job."
not_yet     = "Do not drop events to stay under the limit: the dropped ones are sales."
remedy      = "Send several events in one request, and retry a refused one after a growing pause with the same event id."
owner       = "data"

[causes.too_old]
follows     = ["event_time_out_of_range"]
means       = "The event is said to have happened more than seven days ago; Meta refuses such a request whole."
first_check = "Compare the event time in the request with the order's time: a stuck queue, a wrong clock or a fixed date."
not_yet     = "Do not put today's time on old sales: they would count on the wrong day."
remedy      = "Send each event within the hour with its true time, and throw away what has been waiting for over a week."
owner       = "data"

[causes.missing_value]
follows     = ["missing_value", "missing_currency"]
failure     = "A Purchase was refused because it carries no value"
means       = "Meta refused the Purchase because it carries no value."
first_check = "Look at the order total at the moment the request is built: is it empty, or under another name?"
not_yet     = "Do not switch off value optimisation for this; the number only has to be sent."
remedy      = "Fill the value from the order's total before sending, and hold the request back when it is missing."
owner       = "tracking"

[causes.missing_currency]
follows     = ["missing_currency", "missing_value"]
failure     = "A Purchase was refused because it carries no currency"
means       = "Meta refused the Purchase because it carries no currency."
first_check = "Look where the currency is read from: the order has it, the request does not."
not_yet     = "Do not write a fixed currency into the code if the shop sells in more than one."
remedy      = "Send the order's own three-letter currency code beside the value."
owner       = "tracking"

[causes.batch_poisoned]
follows     = ["missing_value", "missing_currency", "event_time_out_of_range"]
failure     = "An event was refused because of another one in its request"
means       = "One bad event in a request of several got all of them refused; this one may have been perfectly good."
first_check = "Find the bad one: the answer in the finding says what is wrong with it, and the other events share its line in the log."
not_yet     = "Do not raise the batch size to make up for lost time; each bad event would take more good ones with it."
remedy      = "When a batch is refused, send its events again one by one, and check each event before it enters a batch."
owner       = "data"

[causes.no_connection]
failure     = "A server request never reached its receiver"
means       = "The sender could not reach the receiver at all: the log says that its name was not found, that the connection was turned away, that its certificate was not trusted, or that a blocker in the browser stopped the call to the relay. Nothing arrived."
first_check = "From the machine that sends, open the receiver's address by hand: a firewall, a name server, a proxy or an outdated list of certificates stands in between. Where the page itself calls the relay, repeat the test order in a clean browser profile without extensions."
not_yet     = "Do not look for the fault in the event's fields, and do not switch the check of certificates off: tokens would travel unprotected."
remedy      = "Open the way to the receiver's host, bring the machine's certificates up to date, retry what was lost with the same event ids, and repeat the test order."
owner       = "data"

[causes.server_error]
means       = "The receiver itself failed. Nothing is wrong with the request, but nobody sent it again."
first_check = "See whether the refusals end at some minute: a passing outage needs a retry, not a repair."
not_yet     = "Do not change a request that was right."
remedy      = "Retry with the same event id after a growing pause, for up to a day, and log when a send is given up."
owner       = "data"
*/
with retried as (
    select distinct delivery
    from retries
),
tries as (
    select
        d.delivery,
        d.event_key,
        d.ref,
        d.event_id,
        d.seen_at,
        d.outcome,
        row_number() over (partition by d.delivery, d.outcome order by d.seen_at desc, d.event_key desc) as from_last
    from retried r
    join deliveries d on d.delivery = r.delivery
),
events_tried as (
    select
        delivery,
        count(*) as try_count,
        min(event_id) as event_id,
        min(case when outcome = 'refused' then seen_at end) as refused_at,
        max(case when outcome = 'accepted' then seen_at end) as accepted_at,
        max(case when outcome = 'refused' and from_last = 1 then event_key end) as refused_key,
        max(case when outcome = 'accepted' and from_last = 1 then event_key end) as accepted_key,
        max(case when outcome = 'unclear' and from_last = 1 then event_key end) as unclear_key,
        max(case when outcome = 'unanswered' and from_last = 1 then event_key end) as unanswered_key,
        min(case when outcome = 'refused' and from_last = 1 then ref end) as refused_ref
    from tries
    group by delivery
),
verdicts as (
    select
        *,
        case
            -- One id is one event: accepted once, it arrived. Without an id only a later acceptance can be its retry.
            when accepted_key is not null and (refused_key is null or event_id is not null or accepted_at >= refused_at) then true
            when refused_key is not null then false
        end as ok,
        case
            when accepted_key is not null and (refused_key is null or event_id is not null or accepted_at >= refused_at)
                then accepted_key
            else coalesce(refused_key, unclear_key, unanswered_key)
        end as told_by
    from events_tried
),
-- A retry that was built anew carries an id of its own: the sale arrived all the same, and the second id is a finding of its own check.
refused_purchases as (
    select
        d.event_key,
        e.platform,
        e.dataset,
        e.sender,
        e.order_id,
        e.seen_at
    from delivery_answers d
    join events e on e.event_key = d.event_key
    where d.outcome = 'refused'
      and e.step = 'Purchase'
      and e.order_id is not null
),
rebuilt_sends as (
    select
        r.event_key,
        min(e.ref) as ref
    from refused_purchases r
    join events e
        on e.platform = r.platform
       and e.order_id = r.order_id
       and e.sender = r.sender
    join delivery_answers d on d.event_key = e.event_key
    where d.outcome = 'accepted'
      and e.channel = 'server'
      and e.step = 'Purchase'
      and e.dataset is not distinct from r.dataset
      and e.seen_at >= r.seen_at
    group by r.event_key
),
-- What never left one sender may have arrived from another: a page's call to the relay was stopped, and the server sent its own copy.
unsent as (
    select
        e.event_key,
        e.platform,
        e.dataset,
        e.event_name,
        e.event_id,
        case when e.step = 'Purchase' then e.order_id end as order_id
    from delivery_answers d
    join events e on e.event_key = d.event_key
    where d.outcome = 'refused'
      and coalesce(e.status, 0) = 0
      and e.net_error is not null
),
-- The relay does not say which pixel it serves: with several of them nobody knows whether the copy went to the same one.
lone_pixels as (
    select e.platform
    from events e
    join (select distinct platform from unsent) u on u.platform = e.platform
    where e.dataset is not null
    group by e.platform
    having min(e.dataset) = max(e.dataset)
),
other_copies as (
    select u.event_key, u.dataset, u.platform, e.event_key as copy_key
    from unsent u
    join events e
        on e.platform = u.platform
       and e.event_id = u.event_id
       and e.event_name = u.event_name
    where e.channel = 'server'
    union all
    select u.event_key, u.dataset, u.platform, e.event_key
    from unsent u
    join events e
        on e.platform = u.platform
       and e.order_id = u.order_id
    where e.channel = 'server'
      and e.step = 'Purchase'
),
arrived_otherwise as (
    select
        c.event_key,
        min(e.ref) as ref
    from other_copies c
    join delivery_answers d on d.event_key = c.copy_key
    join events e on e.event_key = c.copy_key
    left join lone_pixels p on p.platform = c.platform
    where d.outcome = 'accepted'
      and (e.dataset is not distinct from c.dataset or (p.platform is not null and (e.dataset is null or c.dataset is null)))
    group by c.event_key
),
-- An event sent but once speaks for itself.
answers_read as (
    select
        b.ref as rebuilt_ref,
        o.ref as arrived_ref,
        case
            when b.ref is not null then true
            when o.ref is not null then true
            when v.told_by is not null then v.ok
            when d.outcome = 'accepted' then true
            when d.outcome = 'refused' then false
        end as ok,
        coalesce(v.try_count, 1) as try_count,
        v.refused_ref,
        d.platform,
        d.step,
        d.order_id,
        d.order_key,
        d.event_id,
        d.session,
        d.ref,
        d.outcome,
        d.status,
        d.net_error,
        d.outcome = 'refused' and coalesce(d.status, 0) = 0 and never_left(d.net_error) is not null as is_unsent,
        d.answer_text,
        d.events_sent,
        d.events_received,
        d.value,
        d.currency,
        d.event_at,
        d.seen_at,
        -- Where the answer gave no code of its own, the model repeats the HTTP status.
        case when d.answer_code is distinct from cast(d.status as varchar) then d.answer_code end as code,
        case when d.platform = 'meta' and d.answer_code is distinct from cast(d.status as varchar)
            then split_part(d.answer_code, '/', 1) end as graph_code,
        case when d.platform = 'meta' and d.answer_code is distinct from cast(d.status as varchar)
            then split_part(d.answer_code, '/', 2) end as graph_subcode,
        case when d.platform = 'tiktok' then d.answer_code end as tiktok_code
    from deliveries d
    left join retried r on r.delivery = d.delivery
    left join verdicts v on v.told_by = d.event_key
    left join rebuilt_sends b on b.event_key = d.event_key
    left join arrived_otherwise o on o.event_key = d.event_key
    where r.delivery is null
       or v.told_by is not null
),
reasons_found as (
    select
        *,
        case
            when is_unsent then 'no_connection'
            when status = 429 or graph_code in ('4', '17', '80003') or tiktok_code = '40100' then 'rate_limited'
            when graph_code = '100' and graph_subcode = '33' then 'not_found'
            when status in (401, 403) or graph_code in ('10', '102', '190', '200') or tiktok_code in ('40001', '40105')
                then 'unauthorised'
            when status = 404 or code like '%not_found' then 'not_found'
            when status >= 500 or graph_code in ('1', '2', '341', '5000', '21009') or tiktok_code like '5____' then 'server_error'
            -- In a batch the named fault is this event's only where this event shows it.
            when graph_subcode = '2804003' and (coalesce(events_sent, 1) <= 1 or epoch(seen_at) - epoch(event_at) > 604800)
                then 'too_old'
            when graph_subcode = '2804009' and (coalesce(events_sent, 1) <= 1 or value is null) then 'missing_value'
            when graph_subcode = '2804010' and (coalesce(events_sent, 1) <= 1 or currency is null) then 'missing_currency'
            when events_received is null and events_sent > 1 then 'batch_poisoned'
            else 'bad_request'
        end as reason
    from answers_read
)
select
    r.platform,
    r.step,
    coalesce(r.order_id, r.order_key, r.event_id, r.session, r.ref) as subject,
    r.order_id,
    r.session,
    r.ok,
    'accepted, at once or on a retry' as expected,
    case
        when r.is_unsent then 'never reached the receiver: ' || r.net_error
        when r.outcome = 'unanswered' then 'no answer recorded' || coalesce(' (' || r.net_error || ')', '')
        else concat_ws(', ',
            r.outcome,
            'HTTP ' || r.status,
            'code ' || r.code,
            nullif(r.answer_text, ''),
            case when r.outcome = 'unclear' and r.tiktok_code = '20001' then 'taken in part, without saying which part' end,
            case when r.outcome = 'unclear' and r.code is null and r.answer_text is null then 'the answer itself was not recorded' end,
            case when r.events_sent > 1 then r.events_sent || ' events in the request' end,
            case when r.events_received < r.events_sent then r.events_received || ' received' end,
            case when r.try_count > 1 then r.try_count || ' tries' end,
            case when r.rebuilt_ref is not null and r.outcome = 'refused' then 'sent again under another id and accepted' end)
    end as actual,
    case when not r.ok then r.reason end as cause,
    -- Which step a nameless event was nobody can say: it warns.
    case when r.step is null then 'warning' end as severity,
    r.ref,
    case when r.ok then coalesce(r.refused_ref, r.rebuilt_ref, r.arrived_ref) end as other_ref
from reasons_found r

/*
title    = "Every event of the browser got through"
failure  = "The browser tried to send an event and was stopped"
facet    = "delivery"
severity = "warning"
follows  = ["order_without_purchase", "missing_step", "missing_browser_event"]
needs    = ["browser events"]
why      = """
A capture also shows hits that never left the browser: an ad blocker, a broken name lookup, a page closed too soon. Such an
event looks sent to whoever reads only the list of requests, but the platform never saw it. If it happens on a test machine
the test proves less than it seems; if it happens to shoppers, the server copy is the only one left.
"""

own_is_open  = true
means       = "No answer to this hit was recorded, and no reason why: it may have outlived its page and arrived, or been stopped."
first_check = "Look whether the platform's Test Events show the event, and whether a blocker or tracking protection is on in this browser."
not_yet     = "Do not count the event as delivered, nor as blocked; and do not fire it a second time to be safe."
remedy      = "Record the test order again in a clean browser profile, and leave each page open for some seconds before moving on."
owner       = "tracking"

[causes.client_blocked]
means       = "Something in this browser refused to send the hit: an ad blocker, tracking protection or a page policy."
first_check = "Repeat the test order in a clean browser profile without extensions; if it is still stopped, look at the page's Content-Security-Policy."
not_yet     = "Do not rename scripts to get past blockers; the lists learn the new name."
remedy      = "Test with a clean profile. Of shoppers who block and gave their consent, let the server copy tell the sale."
owner       = "tracking"

[causes.dns]
means       = "The platform's address could not be looked up on this network."
first_check = "Open the platform's address in the same network: a company filter, a Pi-hole or a private DNS often blocks it."
not_yet     = "Do not change the pixel's code: it did its part."
remedy      = "Record the test order on a network without such a filter, for example a phone's own connection."
owner       = "tracking"

[causes.answered_error]
means       = "The hit was answered with an error and was not taken: by a filter, proxy or firewall in this network, or by the platform itself."
first_check = "Repeat the test order on another network, such as a phone's own connection. If the error stays there, the platform was out of order or refuses the hit."
not_yet     = "Do not change the event's code yet: the hit left as it should."
remedy      = "Record the test order where no filter stands between. If shoppers may sit behind one, make sure the server copy is sent."
owner       = "tracking"

[causes.aborted]
means       = "The hit ended without an answer: the page closed or moved on first, or the connection broke. It may or may not have arrived."
first_check = "See whether the page left within a moment of the event, as a redirect right after an order does."
not_yet     = "Do not fire the event a second time to be safe: both may arrive and count twice."
remedy      = "Let the page wait a moment after the event before it moves on, or fire on the page that stays open."
owner       = "theme"
*/
with hits as (
    select
        platform,
        dataset,
        step,
        event_name,
        event_id,
        order_id,
        order_key,
        session,
        ref,
        event_key,
        status,
        net_error,
        case
            when net_error is not null then false
            when status <> 0 then true
        end as ok
    from events
    where channel = 'browser'
      and step is not null
      -- A log of calls knows nothing of the network, unless it says so.
      and (endpoint <> 'decoded_log' or status is not null or net_error is not null)
),
-- A stopped hit that was sent again under its id and got through is no loss.
arrived as (
    select
        platform,
        dataset,
        event_name,
        event_id,
        min(ref) as ref
    from hits
    where ok
      and event_id is not null
    group by platform, dataset, event_name, event_id
)
select
    h.platform,
    h.step,
    coalesce(h.order_id, h.order_key, h.event_id, h.session, h.ref) as subject,
    h.order_id,
    h.session,
    case when a.ref is not null then true else h.ok end as ok,
    'the hit leaves the browser and is answered' as expected,
    case
        when h.ok then 'HTTP ' || h.status
        when a.ref is not null and h.ok is null then 'no answer recorded, then sent again'
        when a.ref is not null then 'stopped, then sent again'
        when h.status = 0 and h.net_error is null then 'no answer recorded: arrived or stopped'
        when h.ok is null then 'no status recorded'
        when h.status >= 400 then h.net_error
        else 'stopped: ' || h.net_error
    end as actual,
    case
        when h.ok or h.ok is null or a.ref is not null then null
        when regexp_matches(lower(h.net_error), 'block|csp|tracking') then 'client_blocked'
        when regexp_matches(lower(h.net_error), 'name_not_resolved|name_resolution|unknown_host|dns') then 'dns'
        when h.status >= 400 then 'answered_error'
        else 'aborted'
    end as cause,
    h.ref,
    case when h.ok is distinct from true then a.ref end as other_ref
from hits h
left join arrived a
    on a.platform = h.platform
   and a.dataset is not distinct from h.dataset
   and a.event_name = h.event_name
   and a.event_id = h.event_id

/*
title    = "Every server event to Meta says where it happened"
failure  = "A server event to Meta lacks action_source"
facet    = "payload"
severity = "warning"
needs    = ["server events"]
why      = """
Meta asks each server event where the act took place: on the website, by phone, in a shop. Without that the event may be refused or
left out of website campaigns.
"""
means       = "The server sends events straight to Meta without the field action_source."
first_check = "Read one request of this sender: the field stands beside event_name and event_time."
not_yet     = "Do not set it to 'other' just to fill it; website purchases would leave the website's reports."
remedy      = "Send action_source = website for what happened in the online shop."
owner       = "data"
*/
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref) as subject,
    order_id,
    session,
    action_source <> '' is true as ok,
    'action_source, such as website' as expected,
    case when action_source <> '' then 'action_source ' || action_source when action_source = '' then 'an empty action_source' else 'no action_source' end
        as actual,
    cast(null as varchar) as cause,
    ref,
    null as other_ref
from sent_events
where endpoint = 'meta_capi'

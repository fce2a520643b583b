/*
title       = "The logs hold no access token"
failure     = "An access token stands in a supplied log"
facet       = "privacy"
severity    = "warning"
needs       = ["events"]
why         = """
Whoever holds an access token can send events in the shop's name. A log that was mailed, uploaded or shared with it in plain
text has given it away. It was left out of everything written here; the file itself still holds it.
"""
means       = "Requests in this file carry an access token in their address, body or headers. Publishable storefront keys are not meant."
first_check = "Find out who has had this file, and which setting of the logging tool writes tokens out."
not_yet     = "Do not pass the file on, and do not delete it before the token is replaced."
remedy      = "Replace the token at the platform, then let the log mask it: access_token in addresses and bodies, Access-Token and Authorization in headers."
owner       = "data"
*/
with files as (
    select
        source,
        platform,
        sum(case when has_secret then 1 else 0 end) as secret_count,
        min(case when has_secret then event_key end) as first_key
    from events
    group by source, platform
)
select
    f.platform,
    cast(null as varchar) as step,
    f.source as subject,
    cast(null as varchar) as order_id,
    f.secret_count = 0 as ok,
    'no access token in the file' as expected,
    case
        when f.secret_count = 0 then 'none found'
        else cast(f.secret_count as varchar) || case when f.secret_count = 1 then ' event with a token beside it' else ' events with a token beside them' end
    end as actual,
    cast(null as varchar) as cause,
    e.ref,
    cast(null as varchar) as other_ref
from files f
left join events e on e.event_key = f.first_key

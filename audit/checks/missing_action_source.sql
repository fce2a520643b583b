/*
title    = "Every server event says where it happened"
failure  = "A server event lacks action_source, or says that it happened elsewhere than in the online shop"
facet    = "payload"
severity = "warning"
needs    = ["server events"]
why      = """
Meta asks each server event where the act took place: on the website, by phone, in a shop; TikTok asks it of each request
(event_source). Without that, or with another place, the event may be refused or left out of website campaigns.
"""
means       = "The server sends events straight to Meta without the field action_source."
first_check = "Read one request of this sender: the field stands beside event_name and event_time."
not_yet     = "Do not set it to 'other' just to fill it; website purchases would leave the website's reports."
remedy      = "Send action_source = website for what happened in the online shop."
owner       = "data"

[causes.elsewhere]
means       = "The page sent this event too, under the same id, so it happened on the website; the server's copy names another place."
first_check = "Look where this sender takes the field from: a constant of the first example, or the setting of a till, a CRM or an app that shares the code."
not_yet     = "Do not read the website's and the shops' reports against each other: the same sale stands in both, or in the wrong one."
remedy      = "Send action_source = website (TikTok: event_source = web) for what happened in the online shop, and keep the other places for sales made there."
owner       = "data"
*/
with page_copies as (
    select
        server_key,
        min(browser_ref) as browser_ref
    from pairs
    where kind = 'exact'
      and platform in ('meta', 'tiktok')
    group by server_key
),
asked as (
    select
        e.*,
        case e.platform when 'tiktok' then 'event_source' else 'action_source' end as field,
        case e.platform when 'tiktok' then 'web' else 'website' end as website,
        p.browser_ref
    from sent_events e
    left join page_copies p on p.server_key = e.event_key
    where e.endpoint = 'meta_capi'
       or (e.endpoint = 'tiktok_events_api' and e.action_source <> '')
)
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref) as subject,
    order_id,
    session,
    case
        when coalesce(action_source, '') = '' then false
        when lower(action_source) = website or browser_ref is null then true
        -- An app may show the shop's own pages, and their pixel with them.
        when lower(action_source) = 'app' then null
        else false
    end as ok,
    case
        when browser_ref is not null and action_source <> '' then field || ' ' || website || ', as the page sent it too'
        else field || ', such as ' || website
    end as expected,
    case
        when action_source <> '' then field || ' ' || action_source
        when action_source = '' then 'an empty ' || field
        else 'no ' || field
    end as actual,
    case when action_source <> '' and lower(action_source) not in (website, 'app') and browser_ref is not null then 'elsewhere' end as cause,
    ref,
    case when action_source <> '' and lower(action_source) <> website then browser_ref end as other_ref
from asked

/*
title    = "Server requests say which page they come from"
failure  = "A server request does not say which page it comes from"
facet    = "delivery"
severity = "warning"
needs    = ["server events"]
why      = """
The relay reads event_source_url and referrer_url to choose between the store's checkout and home analytics settings. Without
them it may choose the wrong pixel, and an allow list of domains has nothing to go by.
"""
means       = "The request lacks the page's address, or lacks the referrer although the browser copy shows that there was one."
first_check = "Look at the relay call in the page's code: both fields belong beside the events, not inside them."
not_yet     = "Do not fill in a fixed address: every event would come from the same page."
remedy      = "Send event_source_url = location.href and, where there is one, referrer_url = document.referrer with each request."
owner       = "tracking"

[causes.no_address]
means       = "Where the page's address belongs stands nothing, a path without its site, or a word that a template left there. Neither an allow list of domains nor the platform can tell where the event happened."
first_check = "Read event_source_url (TikTok: page.url) in one request of this sender, and look which variable fills it."
not_yet     = "Do not fill in the home page for all events; every one would come from there."
remedy      = "Hand the page's whole address, with https and the host, on to the server together with the event."
owner       = "data"
*/
with browser_referrers as (
    select
        p.server_key,
        min(b.ref) as ref
    from event_pairs p
    join events s on s.event_key = p.server_key
    join events b on b.event_key = p.browser_key
    where s.endpoint like '%relay'
      and b.has_referrer
    group by p.server_key
),
requests_named as (
    select
        d.platform,
        d.step,
        d.order_id,
        d.order_key,
        d.event_id,
        d.session,
        d.ref,
        coalesce(d.has_source_url, false) as has_page,
        coalesce(d.has_referrer, false) as has_referrer,
        r.ref as browser_ref
    from deliveries d
    left join browser_referrers r on r.server_key = d.event_key
    where d.endpoint like '%relay'
),
-- A field that is there and holds no address. One that is not there is a matter of the receiver's rules.
addresses_sent as (
    select
        event_key,
        case
            when not has_source_url and endpoint not like '%relay' and lower(action_source) in ('website', 'web') then 'an empty text'
            when starts_with(page_url, '/') and not starts_with(page_url, '//') then 'a path without its site, ' || page_url
            when (starts_with(lower(page_url), 'http') or not contains(page_url, '://')) and is_placeholder(page_url) then page_url
        end as told
    from sent_events
    where channel = 'server'
      and has_source_url is not null
      and page_host is null
)
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref) as subject,
    order_id,
    session,
    has_page and (has_referrer or browser_ref is null) as ok,
    case when browser_ref is null then 'event_source_url' else 'event_source_url and referrer_url' end as expected,
    case
        when not has_page and browser_ref is not null and not has_referrer then 'neither event_source_url nor referrer_url'
        when not has_page then 'no event_source_url'
        when browser_ref is not null and not has_referrer then 'no referrer_url, though the browser copy had a referrer'
        else 'sent'
    end as actual,
    cast(null as varchar) as cause,
    ref,
    browser_ref as other_ref
from requests_named
union all
select
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref),
    e.order_id,
    e.session,
    false,
    'the address of the page',
    a.told,
    'no_address',
    e.ref,
    null
from addresses_sent a
join events e on e.event_key = a.event_key
where a.told is not null

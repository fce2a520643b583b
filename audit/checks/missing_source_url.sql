/*
title    = "Relay requests say which page they come from"
failure  = "A relay request does not say which page it comes from"
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

/*
title    = "Both copies of an event name the same page"
failure  = "The two copies of an event name different pages"
facet    = "delivery"
severity = "warning"
follows  = ["disallowed_domain", "reused_event_id"]
needs    = ["browser events", "server events"]
why      = """
The page tells the platform where a sale happened; audiences and conversions built on page addresses read it. A relay also
uses it to choose which analytics settings apply. When the server copy names another page than the shopper was on, those rules
see the sale in the wrong place, or not at all.
"""
means       = "The server copy was given another host or path than the page in the browser: a fixed address, the API's own, or the page before."
first_check = "Compare the two addresses that the finding shows: the server's tells which setting or call it was taken from."
not_yet     = "Do not rebuild audiences around the wrong address; correct the sender first."
remedy      = "Take the address from the page when the event fires and hand it to the server with the event id."
owner       = "tracking"
*/
with copies as (
    select
        b.platform,
        b.step,
        coalesce(b.order_id, s.order_id) as order_id,
        coalesce(b.order_key, s.order_key) as order_key,
        b.event_id,
        coalesce(b.session, s.session) as session,
        b.ref as browser_ref,
        s.ref as server_ref,
        b.page_host as browser_host,
        s.page_host as server_host,
        b.page_path as browser_page,
        s.page_path as server_page,
        b.page_cut
    from event_pairs p
    join events b on b.event_key = p.browser_key
    join events s on s.event_key = p.server_key
    where p.kind = 'exact'
      and b.step is not null
),
-- A custom pixel in Shopify's sandbox sees the page behind the sandbox's own path.
pages as (
    select
        page_path,
        rtrim(regexp_replace(page_path, '^/(wpm|web-pixels)@.*/sandbox(/modern|/legacy)?(/|$)', '/'), '/') as path
    from events
    where page_path like '%@%'
    group by page_path
),
named as (
    select
        c.*,
        coalesce(b.path, rtrim(c.browser_page, '/'), '') as browser_view,
        coalesce(s.path, rtrim(c.server_page, '/'), '') as server_view
    from copies c
    left join pages b on b.page_path = c.browser_page
    left join pages s on s.page_path = c.server_page
)
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, browser_ref) as subject,
    order_id,
    session,
    case
        when browser_host is null or server_host is null then null
        when browser_host <> server_host then false
        when browser_page = server_page then true
        -- An address cut to its origin, by Meta or by the browser's referrer policy, still tells the host.
        when page_cut or browser_view = '' then true
        when browser_view = server_view then true
        -- A browser encodes what is no plain letter; a server may hand it on decoded, or encode it its own way.
        when contains(browser_view || server_view, '%')
            then coalesce(decoded_text(browser_view), browser_view) = coalesce(decoded_text(server_view), server_view)
        else false
    end as ok,
    'browser: ' || coalesce(browser_host || browser_view, 'no page named') as expected,
    'server: ' || coalesce(server_host || server_view, 'no page named') as actual,
    cast(null as varchar) as cause,
    browser_ref as ref,
    server_ref as other_ref
from named

/*
title    = "Both copies of an event name the same click and browser"
failure  = "The two copies of an event name different clicks or browsers"
facet    = "attribution"
severity = "warning"
follows  = ["reused_event_id", "modified_fbc", "malformed_fbc", "restamped_fbc", "missing_fbc", "malformed_fbp"]
needs    = ["browser events", "server events"]
why      = """
The browser copy and the server copy describe one act of one person. When they name different clicks or browsers, the platform
has to choose whom to believe, and the sale may be credited to the wrong ad or to nobody.
"""

[causes.fbc]
means       = "Browser and server sent different fbc values for the same event: another click id or another creation time."
first_check = "Find out where the server takes fbc from; it is not the cookie the browser has now."
not_yet     = "Do not overwrite the browser's cookie with the server's value before you know which one is the landing's."
remedy      = "Read the _fbc cookie once, in the page or in the request, and use that text for both copies."
owner       = "tracking"

[causes.fbp]
means       = "Browser and server sent different fbp values for the same event: one of them made up its own browser id."
first_check = "Look for two _fbp cookies (one for the host, one for the whole domain) or a server that generates fbp itself."
not_yet     = "Do not switch off the server event; only its browser id is wrong."
remedy      = "Let one place write _fbp and pass that cookie on unchanged."
owner       = "tracking"

[causes.ttclid]
means       = "Browser and server sent different TikTok click ids for the same event."
first_check = "Compare the landing's ttclid with both: the side that differs reads an older cookie or another cookie's name."
not_yet     = "Do not judge TikTok campaigns against each other while clicks are mixed up."
remedy      = "Overwrite the stored ttclid at each landing that brings one, and read the same store on both sides."
owner       = "tracking"

[causes.ttp]
means       = "Browser and server sent different ttp values for the same event: one of them made up its own browser id."
first_check = "Look for a server that generates ttp, or two _ttp cookies on different hosts."
not_yet     = "Do not clear shoppers' cookies; find the second writer first."
remedy      = "Let the TikTok pixel write _ttp and pass that cookie on unchanged."
owner       = "tracking"
*/
with copies as (
    select
        b.platform,
        b.step,
        coalesce(b.order_id, s.order_id, b.order_key, s.order_key, b.event_id) as subject,
        coalesce(b.order_id, s.order_id) as order_id,
        coalesce(b.session, s.session) as session,
        b.ref as browser_ref,
        s.ref as server_ref,
        b.click_id as browser_click,
        s.click_id as server_click,
        b.browser_id as browser_browser,
        s.browser_id as server_browser
    from event_pairs p
    join events b on b.event_key = p.browser_key
    join events s on s.event_key = p.server_key
    where p.kind = 'exact'
      and b.platform in ('meta', 'tiktok')
      and b.step is not null
),
compared as (
    select *, case platform when 'meta' then 'fbc' else 'ttclid' end as id_kind, browser_click as browser_value, server_click as server_value
    from copies
    where browser_click is not null
      and server_click is not null
    union all
    select *, case platform when 'meta' then 'fbp' else 'ttp' end, browser_browser, server_browser
    from copies
    where browser_browser is not null
      and server_browser is not null
),
judged as (
    select
        *,
        case
            when browser_value = server_value then true
            -- A short fifth part tells which library touched the value; creation time and id are what count.
            when platform = 'meta' then
                coalesce(browser_value, '') like 'fb.%'
                and coalesce(server_value, '') like 'fb.%'
                and split_part(browser_value, '.', 3) = split_part(server_value, '.', 3)
                and split_part(browser_value, '.', 4) = split_part(server_value, '.', 4)
            else false
        end as ok,
        platform = 'meta'
            and split_part(browser_value, '.', 4) <> ''
            and split_part(browser_value, '.', 4) = split_part(server_value, '.', 4) as is_same_id
    from compared
)
select
    platform,
    step,
    subject,
    order_id,
    session,
    ok,
    'one ' || id_kind || ' in both copies' as expected,
    case
        when ok then 'the same ' || id_kind
        when is_same_id then id_kind || ' created ' || coalesce(cast(fb_created(browser_value) as varchar), split_part(browser_value, '.', 3))
            || ' in the browser copy, ' || coalesce(cast(fb_created(server_value) as varchar), split_part(server_value, '.', 3)) || ' in the server copy'
        when platform = 'meta' then 'browser ' || id_kind || ' with ' || shown_id(coalesce(nullif(split_part(browser_value, '.', 4), ''), browser_value))
            || ', server with ' || shown_id(coalesce(nullif(split_part(server_value, '.', 4), ''), server_value))
        else 'browser ' || id_kind || ' ' || shown_id(browser_value) || ', server ' || shown_id(server_value)
    end as actual,
    case when not ok then id_kind end as cause,
    browser_ref as ref,
    server_ref as other_ref
from judged

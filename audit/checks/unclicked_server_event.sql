/*
title    = "SnackVideo gets server events of its own clicks only"
failure  = "SnackVideo got a server event without a click behind it"
facet    = "attribution"
severity = "blocker"
needs    = ["server events"]
why      = """
SnackVideo's server interface works on click ids alone. An event without one is refused or wasted, and one with an invented id
reports a sale that no SnackVideo ad brought: numbers that look alive and mean nothing.
"""

[causes.absent]
means       = "The server event was sent without any click id; the relay requires one and refuses the request."
first_check = "Look for the line that should stop the event when the visitor has no _kwai_click_id cookie."
not_yet     = "Do not fill the field with a placeholder to get past the refusal."
remedy      = "Send the SnackVideo server event only when the visitor has a click id; the browser pixel covers the others."
owner       = "tracking"

[causes.invented]
means       = "The event carries a click id that no visit brought: a fixed word, or an id that this shopper's browser never had."
first_check = "Search the code for a default value behind the click id, such as a word after ?? or ||."
not_yet     = "Do not scale SnackVideo on these sales: some of them belong to other channels."
remedy      = "Remove the default, send the event only with a click id from the address or the _kwai_click_id cookie, and repeat the test order."
owner       = "tracking"
*/
with sent as (
    select
        e.event_key,
        e.step,
        e.order_id,
        coalesce(e.order_id, e.order_key, v.session, e.session, e.ref) as subject,
        coalesce(v.session, e.session) as session,
        e.ref,
        e.click_id,
        e.click_id is null and coalesce(e.blotted_keys like '%click id%', false) as is_blotted
    from sent_events e
    left join lent_visits v on v.event_key = e.event_key
    where e.platform = 'snackvideo'
      and e.channel = 'server'
),
-- Click ids the shopper's own browser showed: in an address, a cookie or a browser event.
shown_clicks as (
    select session, click_id, ref from landings where platform = 'snackvideo' and session is not null and click_id is not null
    union
    select session, cookie_click, ref from events where platform = 'snackvideo' and session is not null and cookie_click is not null
    union
    select session, click_id, ref
    from events
    where platform = 'snackvideo'
      and channel = 'browser'
      and session is not null
      and click_id is not null
),
session_shown as (
    select
        session,
        count(*) as click_count,
        min(ref) as ref
    from shown_clicks
    group by session
),
page_events as (
    select
        e.visit as session,
        e.judged_at,
        e.source,
        e.platform,
        e.endpoint,
        e.ref,
        e.cookie_click,
        e.cookie_browser,
        fb_created(coalesce(e.browser_id, e.cookie_browser)) as made_at,
        coalesce(e.referrer_host <> e.page_host, e.referrer_host is null) as is_entry,
        row_number() over (partition by e.visit order by e.judged_at, e.event_key) as nth
    from visit_events e
    where e.channel = 'browser'
      and e.visit in (select session from sent)
),
browsers as (
    select
        session,
        min(ref) as ref,
        -- Seen from the entry page on, with a Meta cookie made just then: no earlier visit left a click id in this browser.
        coalesce(min(made_at) >= min(judged_at) - interval 60 seconds, false)
            and sum(case when nth = 1 and is_entry then 1 else 0 end) > 0 as is_new
    from page_events
    group by session
),
-- A log that writes cookies down beside SnackVideo's own events: a click id's would be among them.
cookie_logs as (
    select
        session,
        source
    from page_events
    where endpoint = 'decoded_log'
    group by session, source
    having sum(case when coalesce(cookie_click, cookie_browser) is not null then 1 else 0 end) > 0
       and sum(case when platform = 'snackvideo' then 1 else 0 end) > 0
),
cookie_visits as (
    select distinct
        session
    from cookie_logs
),
matched as (
    select
        s.*,
        m.click_id is not null as is_shown,
        coalesce(c.click_count, 0) as click_count,
        coalesce(m.ref, c.ref, b.ref) as other_ref,
        b.session is not null as has_pages,
        coalesce(b.is_new, false) as is_new_browser,
        k.session is not null as has_cookies,
        coalesce(is_click_word(s.click_id), false) as is_word
    from sent s
    left join (
        select session, click_id, min(ref) as ref from shown_clicks group by session, click_id
    ) m on m.session = s.session and m.click_id = s.click_id
    left join session_shown c on c.session = s.session
    left join browsers b on b.session = s.session
    left join cookie_visits k on k.session = s.session
),
judged as (
    select
        *,
        case
            when is_blotted then null
            when click_id is null then false
            when is_shown then true
            when is_word then false
            when not has_pages then true
            when click_count = 0 and (is_new_browser or has_cookies) then false
        end as ok
    from matched
)
select
    'snackvideo' as platform,
    step,
    subject,
    order_id,
    session,
    ok,
    'a click id this shopper came with, or no server event' as expected,
    case
        when is_blotted then 'server event whose click id the log blotted out'
        when click_id is null then 'server event without a click id'
        when ok then 'click id ' || shown_id(click_id)
        when is_word then 'click id ' || shown_id(click_id) || ', a fixed word'
        when ok = false and has_cookies then 'click id ' || shown_id(click_id) || ', which is not among the browser''s cookies'
        when ok = false then 'click id ' || shown_id(click_id) || ' in a new browser that never landed with one'
        when click_count > 0 then 'click id ' || shown_id(click_id) || '; this visit shows another one'
        else 'click id ' || shown_id(click_id) || '; it may stem from an earlier visit that is not in evidence'
    end as actual,
    case when is_blotted then null when click_id is null then 'absent' when not ok then 'invented' end as cause,
    ref,
    other_ref
from judged

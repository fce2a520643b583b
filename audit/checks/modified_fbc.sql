/*
title    = "fbc carries the landing's click id unchanged"
failure  = "fbc carries another click id than the landing"
facet    = "attribution"
severity = "warning"
follows  = ["reused_event_id"]
needs    = ["events"]
why      = """
Meta recognises its click only when the id comes back letter by letter. One changed letter and the sale is credited to no ad, or
Events Manager warns of a modified fbclid value.
"""

[causes.case]
means       = "The same id in other capital letters; click ids are case-sensitive."
first_check = "Look for a step that puts addresses or cookies in small letters: a redirect, a tag's format setting, a database rule."
not_yet     = "Do not try to guess the right letters back; the original stands in the landing's address only."
remedy      = "Keep the click id as it arrives; take it out of every lower-casing rule."
owner       = "tracking"

[causes.truncated]
means       = "The id was cut: what was sent is only the beginning of the landing's id."
first_check = "Compare the lengths that the finding shows: a round number such as 50, 64 or 255 names the column or the setting that cuts."
not_yet     = "Do not blame Meta's ids for being long; they keep growing."
remedy      = "Give the click id room for 500 characters wherever it is stored, and read it from the cookie rather than from an order field."
owner       = "data"

[causes.decoded_plus]
means       = "A plus sign of the id became a space: the address was read as a form."
first_check = "Find the function that reads the address; those that read forms turn + into a space."
not_yet     = "Do not replace all spaces by plus signs everywhere; other fields need their spaces."
remedy      = "Read fbclid from the raw query and decode percent signs only."
owner       = "tracking"

[causes.encoded]
means       = "The id was URL-encoded or decoded once too often."
first_check = "Follow the value from address to cookie to request and count the encodings; one step has no counterpart."
not_yet     = "Do not add a further decoding step before you know which one is missing."
remedy      = "Decode once when the address or the cookie is read, and pass the text on as it is."
owner       = "data"

[causes.older_click]
means       = "The event carries an earlier click: the shopper clicked a newer ad, and the old cookie stayed."
first_check = "Open the site with two different fbclid values, one after the other, and see whether _fbc changes."
not_yet     = "Do not move budget between the two ads: sales of the newer one are credited to the older one."
remedy      = "Write _fbc anew whenever the address has an fbclid that differs from part 4 of the cookie."
owner       = "tracking"

[causes.unknown]
means       = "The id differs from the landing's and none of the known slips explains it."
first_check = "Look up both rows of the finding and ask which system filled the one that differs."
not_yet     = "Do not rebuild the tracking before you know where this value comes from."
remedy      = "Take fbc from the _fbc cookie of the same browser, unchanged, on both sides."
owner       = "tracking"
*/
with carried as (
    select
        e.event_key,
        e.step,
        e.channel,
        e.order_id,
        coalesce(e.order_id, e.order_key, e.event_id, e.visit, e.ref) as subject,
        e.visit as session,
        e.judged_at,
        e.on_landing,
        e.ref,
        e.landing_click,
        split_part(e.click_id, '.', 4) as click,
        fb_created(e.click_id) as created_at
    from sent_visit_events e
    left join odd_fbcs o on o.click_id = e.click_id
    where e.platform = 'meta'
      and not coalesce(o.is_browser_id or o.is_word, false)
      and regexp_matches(e.click_id, '^fb[.][0-9][.][0-9]+[.][^.]+')
),
arrivals as (
    select
        c.event_key,
        l.click_id as click,
        l.landed_at,
        l.ref,
        row_number() over (partition by c.event_key order by l.landed_at desc, l.ref) as nth
    from carried c
    join landings l
        on l.session = c.session
       and l.platform = 'meta'
       and l.landed_at <= c.judged_at
    where l.click_id is not null
),
matched as (
    select
        c.*,
        -- The address of the event's own page is nearer than any other landing.
        coalesce(c.landing_click, a.click) as landed_click,
        case when c.landing_click is null then a.landed_at end as landed_at,
        case when c.landing_click is null then a.ref end as landed_ref
    from carried c
    left join arrivals a on a.event_key = c.event_key and a.nth = 1
    where c.landing_click is not null
       or a.click is not null
),
earlier_clicks as (
    select distinct
        m.event_key
    from matched m
    join arrivals a on a.event_key = m.event_key and a.click = m.click
    where a.click <> m.landed_click
),
later_right as (
    select
        v.visit as session,
        split_part(v.click_id, '.', 4) as click,
        max(v.judged_at) as last_at
    from visit_events v
    where v.platform = 'meta'
      and v.channel = 'browser'
      and v.visit in (select session from matched)
      and coalesce(v.click_id, '') like 'fb.%'  -- coalesce: DuckDB 2.0 breaks on a column of nothing but NULLs here
    group by v.visit, split_part(v.click_id, '.', 4)
),
judged as (
    select
        m.*,
        e.event_key is not null
            or (m.created_at is not null and m.landed_at is not null and m.created_at < m.landed_at - interval 60 seconds) as is_older,
        m.click = m.landed_click
            -- The pixel's event on the landing page may leave before the new cookie replaces the old one.
            or (m.channel = 'browser' and m.on_landing and coalesce(r.last_at > m.judged_at, false)) as ok
    from matched m
    left join earlier_clicks e on e.event_key = m.event_key
    left join later_right r on r.session = m.session and r.click = m.landed_click
)
select
    'meta' as platform,
    step,
    subject,
    order_id,
    session,
    ok,
    'click id ' || shown_id(landed_click) || ' of the landing' as expected,
    channel || ' fbc with click id ' || shown_id(click) || unlike_shown(click, landed_click) as actual,
    case
        when ok then null
        when lower(click) = lower(landed_click) then 'case'
        when starts_with(landed_click, click) then 'truncated'
        when click = replace(landed_click, '+', ' ') then 'decoded_plus'
        when decoded_text(click) = landed_click
            or decoded_text(decoded_text(click)) = landed_click
            or click = decoded_text(landed_click) then 'encoded'
        when is_older then 'older_click'
        else 'unknown'
    end as cause,
    ref,
    landed_ref as other_ref
from judged

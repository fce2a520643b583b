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

own_is_open  = true
means       = "The server's click id was seen in another visit only, and no browser id tells whether that was the same shopper."
first_check = "See whether the log keeps the _fbp and _ttp cookies of each visit."
not_yet     = "Do not report the click as somebody else's, and do not treat this as passed."
remedy      = "Record the browser ids too, or one test order from the landing with a click id to the thank-you page."
owner       = "tracking"

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

[causes.one_browser]
failure     = "The server names one browser for all shoppers"
means       = "The server sends one and the same browser id for shoppers whose browsers have one each. The platform takes them all for one person."
first_check = "Look where the server keeps the cookie it sends: a variable that outlives its request, a cached object, or a fixed text from a test."
not_yet     = "Do not switch off the server event; only its browser id is wrong."
remedy      = "Read the cookie from the request of each shopper anew, and send none where the request has none."
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

[causes.click_id]
means       = "Browser and server sent different SnackVideo click ids for the same order, and the click id is all SnackVideo matches a server event by."
first_check = "Compare both with the click_id of the landing: a server that keeps one value for all shoppers sends another shopper's."
not_yet     = "Do not judge SnackVideo campaigns against each other while clicks are mixed up."
remedy      = "Take the click id from the _kwai_click_id cookie of the request that placed the order, for each order anew."
owner       = "tracking"

[causes.browser_id]
failure     = "The server sends the browser id in the place of TikTok's ad click"
means       = "The server sends the browser id (ttp) in the field of the ad click (ttclid); TikTok finds no ad by it."
first_check = "Look at the code that fills ttclid: it reads the _ttp cookie, or the two fields are exchanged."
not_yet     = "Do not collect more personal data to raise match quality; the click id is free and already in the browser."
remedy      = "Fill ttclid from the landing's click id, ttp from the _ttp cookie, and leave ttclid out where there was no click."
owner       = "tracking"

[causes.meta_id]
failure     = "The server sends Meta's id in the place of TikTok's"
means       = "The server sends TikTok the click or the browser id of Meta (fbclid, _fbp): one store of ids serves both platforms, and TikTok finds no ad and no browser by it."
first_check = "Look at the code that fills ttclid and ttp: it reads a common field, such as click_id, or Meta's cookies."
not_yet     = "Do not count these events as attributed because the field is filled."
remedy      = "Keep each platform's click id in a field of its own, fill ttclid and ttp from TikTok's alone, and leave them out where there is none."
owner       = "tracking"

[causes.word]
failure     = "The server sends a word in the place of TikTok's ad click"
means       = "The server sends a word or a template's name (undefined, __CLICKID__) in the field of the ad click: nobody clicked, or nobody filled it in. TikTok finds no ad by it."
first_check = "Look at what fills ttclid for a shopper who came through no ad, and whether the ad's address still holds a macro that the platform was to replace."
not_yet     = "Do not count these events as attributed because the field is filled."
remedy      = "Send ttclid only where the landing brought one, and leave the field out otherwise."
owner       = "tracking"

[causes.other_visit]
failure     = "The server names an ad click of another visit"
means       = "The server sent a click id that this order's own visit never showed; the evidence has it in a visit of another browser only."
first_check = "Compare the server's click ids of several orders: the same one for different shoppers is a value kept too long. One shopper with two devices looks alike."
not_yet     = "Do not move budget by these sales; some of them may be credited to somebody else's click."
remedy      = "Store the click id with the cart or the request of its shopper, never in the server's memory, and read it there for each event."
owner       = "tracking"
*/
-- A tester's landing carries one invented click for both, and a fault of Meta's side may write TikTok's click into fbc: it is TikTok's.
with meta_clicks as (
    select distinct split_part(click_id, '.', 4) as click
    from events
    where platform = 'meta'
      and starts_with(click_id, 'fb.')
    union
    select distinct click_id
    from landings
    where platform = 'meta'
    except
    select click_id
    from landings
    where platform = 'tiktok'
),
-- What the server tells TikTok and is Meta's.
meta_ids as (
    select e.event_key, 'ttclid' as id_kind, e.click_id as id
    from sent_events e
    left join meta_clicks m on m.click = e.click_id
    where e.platform = 'tiktok'
      and e.channel = 'server'
      and e.click_id <> ''
      and (m.click is not null or starts_with(e.click_id, 'fb.'))
      and not is_click_word(e.click_id)
    union all
    select event_key, 'ttp', browser_id
    from sent_events
    where platform = 'tiktok'
      and channel = 'server'
      and starts_with(browser_id, 'fb.')
),
copies as (
    select
        s.event_key as server_key,
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
    where b.step is not null
      and ((p.kind = 'exact' and b.platform in ('meta', 'tiktok'))
        -- without event ids the order makes the pair
        or (p.kind = 'probable' and b.platform = 'snackvideo' and b.order_id = s.order_id))
),
compared as (
    select *, case platform when 'meta' then 'fbc' when 'tiktok' then 'ttclid' else 'click_id' end as id_kind, browser_click as browser_value, server_click as server_value
    from copies
    where browser_click is not null
      and server_click is not null
      and not (platform = 'tiktok' and (server_click is not distinct from server_browser or is_click_word(server_click)))
      and server_key not in (select event_key from meta_ids where id_kind = 'ttclid')
    union all
    select *, case platform when 'meta' then 'fbp' else 'ttp' end, browser_browser, server_browser
    from copies
    where browser_browser is not null
      and server_browser is not null
      and server_key not in (select event_key from meta_ids where id_kind = 'ttp')
),
-- Server events whose click no browser copy stands beside: their own visit has to show it.
alone as (
    select
        e.event_key,
        e.platform,
        e.step,
        coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref) as subject,
        e.order_id,
        e.ref,
        e.browser_id,
        case when coalesce(e.click_id, '') like 'fb.%' then split_part(e.click_id, '.', 4) else e.click_id end as click
    from sent_events e
    left join (select distinct server_key from compared where id_kind in ('fbc', 'ttclid', 'click_id')) c on c.server_key = e.event_key
    where e.channel = 'server'
      and e.click_id is not null
      and e.click_id is distinct from e.browser_id
      and e.landing_click is null
      and c.server_key is null
),
-- An order that more visits name than anybody orders in is a fixed value: it tells of no visit.
visits_of_orders as (
    select
        order_id,
        session,
        count(*) over (partition by order_id) as visit_count
    from events
    where channel = 'browser'
      and session is not null
      and order_id in (select order_id from alone)
    group by order_id, session
),
own_visits as (
    select a.event_key, b.session
    from alone a
    join event_pairs p on p.server_key = a.event_key and p.kind = 'exact'
    join events b on b.event_key = p.browser_key
    where b.session is not null
    union
    select a.event_key, v.session
    from alone a
    join visits_of_orders v on v.order_id = a.order_id
    where v.visit_count <= 20
),
page_clicks as (
    select platform, session, click_id as click, ref from events where channel = 'browser' and click_id is not null
    union all
    select platform, session, cookie_click, ref from events where channel = 'browser' and cookie_click is not null
    union all
    select platform, session, landing_click, ref from events where channel = 'browser' and landing_click is not null
    union all
    select platform, session, click_id, ref from landings where click_id is not null
),
showings as (
    -- Only of the clicks in question: a day holds millions of others.
    select
        c.platform,
        c.session,
        q.click,
        min(c.ref) as ref
    from (select distinct platform, click from alone where click <> '') q
    join (
        select
            platform,
            session,
            case when starts_with(click, 'fb.') then split_part(click, '.', 4) else click end as click,
            ref
        from page_clicks
        where session is not null
    ) c on c.platform = q.platform and c.click = q.click
    group by c.platform, c.session, q.click
),
-- Whose visits show the click: its own, else others.
owned as (
    select distinct o.event_key
    from own_visits o
    join alone a on a.event_key = o.event_key
    join showings s on s.session = o.session and s.platform = a.platform and s.click = a.click
),
unshown as (
    select
        a.event_key,
        a.platform,
        a.click
    from (select distinct event_key from own_visits) v
    join alone a on a.event_key = v.event_key
    left join owned o on o.event_key = v.event_key
    where o.event_key is null
),
elsewhere as (
    select
        u.event_key,
        s.session,
        s.ref
    from unshown u
    join showings s on s.platform = u.platform and s.click = u.click
),
visit_browsers as (
    select distinct session, platform, coalesce(browser_id, cookie_browser) as browser
    from events
    where channel = 'browser'
      and coalesce(browser_id, cookie_browser) is not null
      and (session in (select session from elsewhere)
        or session in (select o.session from own_visits o join elsewhere e on e.event_key = o.event_key))
),
own_browsers as (
    select o.event_key, b.platform, b.browser
    from own_visits o
    join visit_browsers b on b.session = o.session
),
strangers as (
    -- Visits of a browser known to be another: a kind of id that both have, and none of it the same.
    select
        e.event_key,
        e.session,
        count(m.browser) = 0 as is_other
    from elsewhere e
    join visit_browsers v on v.session = e.session
    join own_browsers b on b.event_key = e.event_key and b.platform = v.platform
    left join own_browsers m on m.event_key = e.event_key and m.platform = v.platform and m.browser = v.browser
    group by e.event_key, e.session
),
foreign_clicks as (
    select
        e.event_key,
        min(e.ref) as ref,
        count(*) = sum(case when coalesce(s.is_other, false) then 1 else 0 end) as is_foreign,
        max(case when s.is_other = false then 1 else 0 end) = 1 as is_returning
    from elsewhere e
    left join strangers s on s.event_key = e.event_key and s.session = e.session
    group by e.event_key
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
),
-- A page opened again, on another device or in another browser, sends the id once more; the server's twin is the first.
twins as (
    select distinct server_key, id_kind
    from judged
    where ok
      and server_key in (select server_key from judged where not ok)
),
-- Nobody's own: three browsers with an id each, and one from the server.
shared_values as (
    select
        platform,
        id_kind,
        server_value
    from judged
    where not ok
      and id_kind in ('fbp', 'ttp')
    group by platform, id_kind, server_value
    having count(distinct browser_value) >= 3
),
settled as (
    select
        j.*,
        coalesce(nullif(split_part(j.browser_value, '.', 4), ''), j.browser_value) as browser_part,
        coalesce(nullif(split_part(j.server_value, '.', 4), ''), j.server_value) as server_part,
        t.server_key is not null and not j.ok as is_anothers,
        v.server_value is not null as is_shared
    from judged j
    left join shared_values v on v.platform = j.platform and v.id_kind = j.id_kind and v.server_value = j.server_value
    left join twins t on t.server_key = j.server_key and t.id_kind = j.id_kind
)
select
    platform,
    step,
    subject,
    order_id,
    session,
    ok or is_anothers as ok,
    'one ' || id_kind || ' in both copies' as expected,
    case
        when ok then 'the same ' || id_kind
        when is_anothers then 'the ' || id_kind || ' of another browser copy of this event'
        when is_same_id then id_kind || ' created ' || coalesce(told_moment(fb_created(browser_value)), split_part(browser_value, '.', 3))
            || ' in the browser copy, ' || coalesce(told_moment(fb_created(server_value)), split_part(server_value, '.', 3)) || ' in the server copy'
        when platform = 'meta' then 'browser ' || id_kind || ' with ' || shown_id(browser_part) || ', server with ' || shown_id(server_part)
            || case
                when browser_part <> server_part then unlike_shown(server_part, browser_part)
                when coalesce(server_value, '') like 'fb.%' then ', which the browser sends alone, without fb.1 and a time'
                else ', which the server sends alone, without fb.1 and a time'
            end
        else 'browser ' || id_kind || ' ' || shown_id(browser_value) || ', server ' || shown_id(server_value) || unlike_shown(server_value, browser_value)
    end as actual,
    case when ok or is_anothers then null when is_shared then 'one_browser' else id_kind end as cause,
    browser_ref as ref,
    server_ref as other_ref
from settled
union all
select
    a.platform,
    a.step,
    a.subject,
    a.order_id,
    v.session,
    case when f.event_key is null or f.is_returning then true when f.is_foreign then false end,
    'a click id that the visit of this order showed',
    case
        when f.event_key is null then 'a click id of this visit'
        when f.is_returning then 'a click id of the same browser''s other visit'
        when f.is_foreign then 'server click id ' || shown_id(a.click) || ', seen in the visit of another browser only'
        else 'server click id ' || shown_id(a.click) || ', seen in another visit only; whether it is the same browser''s nothing tells'
    end,
    case when f.is_foreign and not f.is_returning then 'other_visit' end,
    a.ref,
    f.ref
from alone a
join (select event_key, min(session) as session from own_visits group by event_key) v on v.event_key = a.event_key
left join owned o on o.event_key = a.event_key
left join foreign_clicks f on f.event_key = a.event_key
where o.event_key is not null
   or f.event_key is not null
union all
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref),
    order_id,
    session,
    false,
    case when click_id = browser_id then 'a click id in ttclid, the browser id in ttp' else 'a click id in ttclid, or none' end,
    'server ttclid ' || shown_id(click_id) || case when click_id = browser_id then ', which is this event''s ttp' else ', a fixed word' end,
    case when click_id = browser_id then 'browser_id' else 'word' end,
    ref,
    cast(null as varchar)
from sent_events
where platform = 'tiktok'
  and channel = 'server'
  and ((click_id = browser_id and not starts_with(browser_id, 'fb.')) or is_click_word(click_id))
union all
select
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref),
    e.order_id,
    e.session,
    false,
    'TikTok''s own id in ' || m.id_kind || ', or none',
    'server ' || m.id_kind || ' ' || shown_id(m.id) || case when m.id_kind = 'ttp' then ', a browser id of Meta''s' else ', a click id of Meta''s' end,
    'meta_id',
    e.ref,
    cast(null as varchar)
from meta_ids m
join sent_events e on e.event_key = m.event_key

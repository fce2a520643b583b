-- What a visit knows when an event leaves.

-- Events of a visit in which no page was seen, or of none: the visit of their order, where it is the only such one with pages.
create table lent_visits as
with visits as (
    select
        session,
        max(case when channel = 'browser' then 1 else 0 end) as has_pages
    from events
    where session is not null
    group by session
),
strays as (
    select
        e.event_key,
        e.order_id
    from events e
    left join visits v on v.session = e.session and v.has_pages = 0
    where e.order_id is not null
      and (e.session is null or v.session is not null)
),
order_visits as (
    select
        o.order_id,
        min(o.session) as session
    from order_sessions o
    join visits v on v.session = o.session
    where v.has_pages = 1
      and o.order_id in (select order_id from strays)
    group by o.order_id
    having count(*) = 1
)
select
    s.event_key,
    o.session
from strays s
join order_visits o on o.order_id = s.order_id;

-- Server events whose browser copy happened before the time they name themselves.
create table earlier_copies as
select
    s.event_key,
    min(b.event_at) as browser_at
from event_pairs p
join events b on b.event_key = p.browser_key
join events s on s.event_key = p.server_key
where p.kind = 'exact'
  and (b.event_at < coalesce(s.event_at, s.seen_at) or coalesce(s.event_at, s.seen_at) is null)
  and b.event_at is not null
group by s.event_key;

-- Page loads whose address held a click id.
create table landing_loads as
select distinct
    platform,
    page_load
from landings
where page_load is not null;

-- Each event with its visit (its own where pages were seen in it, else the only such visit of its order) and the moment up to
-- which what the visit knows binds it: its own time or its browser copy's, whichever is earlier, so that a server's clock never
-- makes it know more than the page did.
create view visit_events as
select
    e.*,
    coalesce(l.session, e.session) as visit,
    coalesce(c.browser_at, e.event_at, e.seen_at) as judged_at,
    e.landing_click is not null or d.page_load is not null as on_landing
from events e
left join lent_visits l on l.event_key = e.event_key
left join earlier_copies c on c.event_key = e.event_key
left join landing_loads d on d.platform = e.platform and d.page_load = e.page_load;

-- The same of the core events that count as sent (sent_events).
create view sent_visit_events as
select *
from visit_events
where step is not null
  and in_plan
  and (channel = 'server' or coalesce(status, 200) <> 0)
  and (channel = 'server' or net_error is null);

-- What each event and landing shows of a visit's ids, and since when they are known by it: to the page itself, and to anybody. A
-- Meta cookie writes the moment of its making into its third part. What the page itself can know comes from addresses, cookies and
-- browser events; a server may know what any of them does.
create view visit_showings as
with parsed as (
    select
        *,
        -- A browser id in the place of the click id is no click.
        nullif(click_id, browser_id) as click,
        fb_created(nullif(click_id, browser_id)) as click_made_at,
        fb_created(browser_id) as browser_made_at
    from visit_events
    where visit is not null
),
made as (
    -- Most cookies hold what the event beside them carries.
    select
        *,
        case when cookie_click = click then click_made_at else fb_created(cookie_click) end as cookie_click_made_at,
        case when cookie_browser = browser_id then browser_made_at else fb_created(cookie_browser) end as cookie_browser_made_at
    from parsed
)
select
    visit as session,
    platform,
    ref,
    click_made_at,
    least(
        case when landing_click is not null and channel = 'browser' then judged_at end,
        case when cookie_click is not null then least(judged_at, cookie_click_made_at) end,
        case when click is not null and channel = 'browser' then least(judged_at, click_made_at) end
    ) as page_click_at,
    least(
        case when landing_click is not null or cookie_click is not null or click is not null then judged_at end,
        cookie_click_made_at,
        click_made_at
    ) as click_at,
    least(
        case when cookie_browser is not null then least(judged_at, cookie_browser_made_at) end,
        case when browser_id is not null and channel = 'browser' then least(judged_at, browser_made_at) end
    ) as page_browser_at,
    least(
        case when cookie_browser is not null or browser_id is not null then judged_at end,
        cookie_browser_made_at,
        browser_made_at
    ) as browser_at
from made
union all
select session, platform, ref, null, landed_at, landed_at, null, null
from landings
where session is not null
  and click_id is not null;

-- Since when a visit knows a click id and a browser id.
create table visit_knowledge as
select
    session,
    platform,
    min(page_click_at) as page_click_at,
    min(click_at) as click_at,
    min(page_browser_at) as page_browser_at,
    min(browser_at) as browser_at,
    min(click_made_at) <> max(click_made_at) as has_several_stamps  -- its click cookies were made at several moments
from visit_showings
group by session, platform;

-- Click ids of Meta events that need a closer look: of another form than most, some browser's fbp, or grown old before they were last
-- used. Most events carry none of these.
create table odd_fbcs as
with ids as (
    select
        click_id,
        max(least(coalesce(event_at, seen_at), coalesce(seen_at, event_at))) as last_used_at,
        count(*) - count(coalesce(event_at, seen_at)) as timeless
    from sent_events
    where platform = 'meta'
      and click_id is not null
    group by click_id
),
forms as (
    select
        *,
        fb_created(click_id) as made_at,
        regexp_full_match(click_id, 'fb[.][0-2][.][0-9]{13}[.][^.%]+([.][A-Za-z0-9_-]+)?') as is_plain,
        coalesce(click_id, '') like 'fb.%' and split_part(click_id, '.', 4) <> '' and is_click_word(split_part(click_id, '.', 4)) as is_word
    from ids
),
-- A click id of digits alone: Meta's have letters, its browser ids have none.
numbers as (
    select
        click_id,
        split_part(click_id, '.', 3) || '.' || split_part(click_id, '.', 4) as stamp
    from ids
    where regexp_matches(click_id, '^fb[.][0-2][.][0-9]{13}[.][0-9]+([.]|$)')
),
browser_numbers as (
    select distinct
        n.click_id
    from numbers n
    join events e on split_part(e.browser_id, '.', 3) || '.' || split_part(e.browser_id, '.', 4) = n.stamp
    where e.platform = 'meta'
      and coalesce(e.browser_id, '') like 'fb.%'  -- coalesce: DuckDB 2.0 breaks on a column of nothing but NULLs here
)
select
    f.click_id,
    f.made_at,
    regexp_full_match(f.click_id, 'fb[.][0-2][.][0-9]{13}[.][^.]+([.][A-Za-z0-9_-]+)?') as is_whole,
    f.is_plain,
    f.is_word,
    b.click_id is not null as is_browser_id
from forms f
left join browser_numbers b on b.click_id = f.click_id
left join plan_limits p on p.name = 'click_id_days_meta'
where not f.is_plain
   or f.is_word
   or b.click_id is not null
   or f.made_at is null
   or f.timeless > 0
   or epoch(f.last_used_at) - epoch(f.made_at) > coalesce(p.amount, 90) * 86400;

-- ---------------------------------------------------------------- shoppers

-- The shopper behind each visit, per platform: visits of one browser id are one shopper's.
create table shoppers as
select
    platform,
    session,
    coalesce(least(min(browser_id), min(cookie_browser)), session) as shopper
from events
where session is not null
group by platform, session;

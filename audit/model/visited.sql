-- What must be known of each send to tell the visits apart.
create or replace temp table visited as
select
    event_key,
    source,
    channel,
    platform,
    masked(event_name) as event_name,
    case when not coalesce(event_id_misplaced, false) then masked(nullif(event_id_sent, '')) end as event_id,
    coalesce(case when event_time_sent is not null then utc(event_time_sent) end, seen_at) as event_at,
    seen_at,
    session,
    coalesce(source || '#' || page_load, platform || ' ' || load_key) as page_load
from sends;

-- What ties an event to its shopper: browser ids, click ids, the page load, the log's session, the one HAR it stood in.
create or replace temp table event_ties as
with cleaned as (
    select * from sends
),
ties as (
    select event_key, 'session ' || source || ' ' || session as tie from cleaned where session is not null
    union all
    select event_key, 'fbp ' || coalesce(browser_id_sent, cookie_browser) from cleaned
    where platform = 'meta' and coalesce(browser_id_sent, cookie_browser) <> ''
    union all
    select event_key, 'ttp ' || coalesce(browser_id_sent, cookie_browser) from cleaned
    where platform = 'tiktok' and coalesce(browser_id_sent, cookie_browser) <> ''
    union all
    select event_key, 'fbp ' || tie_fbp from cleaned where tie_fbp <> ''
    union all
    select event_key, 'ttp ' || tie_ttp from cleaned where tie_ttp <> ''
    union all
    -- the click itself: part 4 of an fbc, any other click id whole (a ttclid has points of its own: E.C.P.…)
    select event_key, 'click ' || platform || ' ' || case when coalesce(click_id_sent, '') like 'fb.%' then split_part(click_id_sent, '.', 4)
        else click_id_sent end
    from cleaned
    where length(case when coalesce(click_id_sent, '') like 'fb.%' then split_part(click_id_sent, '.', 4) else click_id_sent end) >= 8
    union all
    select event_key, 'load ' || source || '#' || page_load from cleaned where page_load is not null
    union all
    select event_key, 'load ' || platform || ' ' || load_key || coalesce(' ' || browser_id_sent, '') from cleaned
    where page_load is null and load_key is not null
)
select distinct event_key, tie
from ties;

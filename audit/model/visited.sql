-- What must be known of each send to tell the visits apart.
create or replace temp table visited as
select
    event_key,
    coalesce(case when event_time_sent is not null then utc(event_time_sent) end, seen_at) as event_at,
    seen_at,
    channel = 'browser' as is_browser,
    -- The copies of an event share its id.
    case when event_id_sent <> '' and not coalesce(event_id_misplaced, false) then hash(platform, event_name, event_id_sent) end as copy_id,
    -- What was seen on a page. Events of one trace have the same ties: a shopper's events are many, the traces few.
    case when channel = 'browser' or page_load is not null or load_key is not null then
        hash(source, platform, session, page_load, load_key, browser_id_sent, cookie_browser, click_id_sent, tie_fbp, tie_ttp)
    end as trace
from sends;

-- What ties an event to its shopper: browser ids, click ids, the page load, the log's session. The events are those of a table: the
-- texts are made for no others.
create or replace temp macro with_ties(picked) as table
    with read as (
        select
            p.*,
            s.source,
            s.session,
            s.platform,
            s.page_load,
            s.load_key,
            s.browser_id_sent,
            case s.platform when 'meta' then coalesce(s.browser_id_sent, s.cookie_browser) end as fbp,
            case s.platform when 'tiktok' then coalesce(s.browser_id_sent, s.cookie_browser) end as ttp,
            s.tie_fbp,
            s.tie_ttp,
            -- the click itself: part 4 of an fbc, any other click id whole (a ttclid has points of its own: E.C.P.…)
            case when s.click_id_sent like 'fb.%' then split_part(s.click_id_sent, '.', 4) else s.click_id_sent end as click
        from query_table(picked) p
        join sends s on s.event_key = p.event_key
    )
    select
        * exclude (platform, page_load, load_key, browser_id_sent, fbp, ttp, tie_fbp, tie_ttp, click),
        list_filter(
            [
                'session ' || source || ' ' || session,
                case when fbp <> '' then 'fbp ' || fbp end,
                case when ttp <> '' then 'ttp ' || ttp end,
                case when tie_fbp <> '' and tie_fbp is distinct from fbp then 'fbp ' || tie_fbp end,
                case when tie_ttp <> '' and tie_ttp is distinct from ttp then 'ttp ' || tie_ttp end,
                case when length(click) >= 8 then 'click ' || platform || ' ' || click end,
                case when page_load is not null then 'load ' || source || '#' || page_load
                     else 'load ' || platform || ' ' || load_key || coalesce(' ' || browser_id_sent, '') end
            ],
            lambda x: x is not null) as ties
    from read;

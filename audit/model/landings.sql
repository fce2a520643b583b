-- Landings: pages whose address holds a click id, as a page or an event told it. What the address says is found in events.sql.
insert into landings
with pages as (
    select ref, source, seen_at, page_load, url, null as told_by
    from clicked_pages
    union all
    select ref, source, seen_at, page_load, page, platform
    from decoded
    where channel = 'browser'
      and (contains(page, 'clid') or contains(page, 'click'))
),
addresses as (
    select p.*, f.page_host, f.page_path, f.fbclid, f.ttclid, f.snackvideo_click
    from pages p
    join address_facts f on f.address = p.url
),
clicks as (
    select *, 'meta' as platform, fbclid as click_id from addresses
    union all
    select *, 'tiktok', ttclid from addresses
    union all
    select *, 'snackvideo', snackvideo_click from addresses
)
select
    -- A page itself tells best, then the platform's own hit: only that is sure to be of the click's visit.
    min_by(ref, {'distance': case when told_by is null then 0 when told_by = platform then 1 else 2 end, 'seen_at': seen_at}),
    source,
    min(seen_at),
    source || '#' || page_load,
    null,
    page_host,
    page_path,
    platform,
    click_id
from clicks
where click_id is not null
group by source, page_load, page_host, page_path, platform, click_id;

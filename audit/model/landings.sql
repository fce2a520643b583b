-- Landings: pages whose address holds a click id, as a page or an event told it.
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
clicks as (
    select *, 'meta' as platform, url_param(url, 'fbclid') as click_id from pages
    union all
    select *, 'tiktok', url_param(url, 'ttclid') from pages
    union all
    select *, 'snackvideo', url_param(url, '(?:click_id|clickid|kwai_click_?id)') from pages
)
select
    -- A page itself tells best, then the platform's own hit: only that is sure to be of the click's visit.
    min_by(ref, {'distance': case when told_by is null then 0 when told_by = platform then 1 else 2 end, 'seen_at': seen_at}),
    source,
    min(seen_at),
    source || '#' || page_load,
    null,
    url_host(url),
    masked_address(url_path(url)),
    platform,
    click_id
from clicks
where click_id is not null
group by source, page_load, url_host(url), masked_address(url_path(url)), platform, click_id;

/*
title       = "Each page starts each pixel once"
failure     = "A page starts the same pixel twice"
facet       = "senders"
severity    = "warning"
needs       = ["browser events"]
why         = """
A pixel that is started twice sends everything twice: page views now, and every later event whose code trusts that there is
one pixel. It is the commonest beginning of double counting.
"""
means       = "One opening of a page started the same pixel twice, or sent the page view of one address twice within two seconds."
first_check = "Search the page's source and the tag container for the pixel id: one start in the theme, one in an app is the usual pair."
not_yet     = "Do not install a third helper that filters duplicates; remove one of the two starts instead."
remedy      = "Start each pixel in one place only."
owner       = "theme"
*/
with planned as (
    select distinct platform
    from plan_datasets
),
starts as (
    select
        platform,
        dataset,
        page_load,
        min(source) as source,
        min(session) as session,
        count(*) as starts,
        min(ref) as ref,
        max(ref) as last_ref
    from loads
    where kind = 'dataset'
      and ok
      and dataset is not null
      and page_load is not null
    group by platform, dataset, page_load
),
page_views as (
    select
        platform,
        dataset,
        coalesce(page_load, session) as opening,
        page_load is not null as is_load,
        session,
        page_url,
        page_cut,
        ref,
        lag(ref) over opening_views as before_ref,
        lag(page_url) over opening_views as before_url,
        lag(page_digest) over opening_views as before_digest,
        page_digest,
        epoch(coalesce(event_at, seen_at)) - lag(epoch(coalesce(event_at, seen_at))) over opening_views as after_s
    from events
    where channel = 'browser'
      and lower(event_name) = 'pageview'
      and dataset is not null
      and page_url is not null
      and coalesce(page_load, session) is not null
      and coalesce(status, 200) <> 0
      and net_error is null
    window opening_views as (
        partition by platform, dataset, coalesce(page_load, session) order by coalesce(event_at, seen_at), event_key
    )
),
views as (
    select
        platform,
        dataset,
        opening,
        min(session) as session,
        count(distinct page_url) as pages,
        min(ref) as ref
    from page_views
    group by platform, dataset, opening
),
-- Without the pages themselves (a proxy limited to the platforms) a whole walk looks like one opening; where a proxy kept some of them,
-- all that followed one of them does.
blended as (
    select s.*
    from starts s
    left join sources f on f.source = s.source
    join views v on v.platform = s.platform and v.dataset = s.dataset and v.opening = s.page_load
    where s.starts between 2 and v.pages
      and (f.gaps like '%no page navigation%' or contains(s.page_load, '#/'))
),
twins as (
    select
        platform,
        dataset,
        opening,
        max(case when is_load and not coalesce(page_cut, false) then 1 else 0 end) as is_told,
        max(case when is_load then 1 else 0 end) as is_load,
        min(ref) as ref,
        min(before_ref) as before_ref
    from page_views
    -- a page that changes its own address sends a view of each (domain 1.5)
    where after_s <= 2
      and page_url = before_url
      and page_digest is not distinct from before_digest
    group by platform, dataset, opening
),
openings as (
    select platform, dataset, page_load as opening from starts
    union
    select platform, dataset, opening from views
)
select
    o.platform,
    cast(null as varchar) as step,
    o.dataset as subject,
    cast(null as varchar) as order_id,
    coalesce(s.session, v.session) as session,
    case
        when t.is_told = 1 then false
        when n.source is not null then null
        when s.starts > 1 then false
        -- a log that names no page load: a page opened twice in two seconds looks the same; so do two addresses cut short
        when t.opening is not null then null
        else true
    end as ok,
    'one start and one page view of the pixel' as expected,
    case
        when s.starts > 1 and t.opening is not null
            then 'started ' || cast(s.starts as varchar) || ' times, and two page views within 2 s'
        when t.opening is null and n.source is not null
            then 'started ' || cast(s.starts as varchar) || ' times; the capture does not show each page being opened, and several pages sent views'
        when s.starts > 1 then 'started ' || cast(s.starts as varchar) || ' times'
        when t.is_told = 1 then 'two page views within 2 s'
        when t.is_load = 1 then 'two page views within 2 s; the platform cut their addresses, which may differ'
        when t.opening is not null then 'two page views within 2 s; the log does not say whether of one opening'
        else 'one'
    end as actual,
    cast(null as varchar) as cause,
    case when s.starts > 1 then s.ref else coalesce(t.before_ref, s.ref, v.ref) end as ref,
    case when s.starts > 1 then s.last_ref else t.ref end as other_ref
from openings o
left join starts s
    on s.platform = o.platform
   and s.dataset = o.dataset
   and s.page_load = o.opening
left join views v
    on v.platform = o.platform
   and v.dataset = o.dataset
   and v.opening = o.opening
left join twins t
    on t.platform = o.platform
   and t.dataset = o.dataset
   and t.opening = o.opening
left join blended n
    on n.platform = s.platform
   and n.dataset = s.dataset
   and n.page_load = s.page_load
left join planned p on p.platform = o.platform
left join plan_datasets d
    on d.platform = o.platform
   and d.dataset = o.dataset
-- a pixel the plan does not name is another check's finding already
where p.platform is null
   or d.dataset is not null

/*
title       = "The plan's pixels, and no others, get core events"
failure     = "Core events do not go to the pixels the plan names"
facet       = "senders"
severity    = "warning"
follows  = ["event_id_mismatch", "missing_event_id", "event_name_mismatch", "dataset_mismatch", "duplicate_purchase"]
needs       = ["datasets"]
why         = """
A pixel that nobody planned collects the shop's sales for somebody. It may be an old agency's, and it makes every number that
includes it too high. A planned one that gets nothing leaves its campaigns to learn from nothing.
"""
means       = "Core events reached this pixel, and the plan lists other pixels for the platform."
first_check = "Look the id up in your own business account; if it is not there, ask who worked on the shop before."
not_yet     = "Do not add it to the plan to silence this; once it is planned, its events count as wanted."
remedy      = "Remove the pixel from the theme, app or container that starts it, or name it in the plan with an owner."
owner       = "tracking"

[causes.silent_dataset]
means       = "The plan names this pixel, and the evidence holds no core event that reached it, though another pixel of the plan got some."
first_check = "Open a product page with the platform's helper extension and see which pixels start; then look for this pixel's id in the settings of the server."
not_yet     = "Do not take it out of the plan before you know which campaigns and audiences use it."
remedy      = "Start this pixel beside the other one and send it its server copies, or remove it from the plan if nothing uses it."
owner       = "tracking"
*/
with planned as (
    select
        platform,
        min(dataset) as first_dataset,
        count(*) as datasets
    from plan_datasets
    group by platform
),
pixels as (
    select
        platform,
        dataset,
        sum(events) as events,
        sum(case when step = 'Purchase' then events else 0 end) as purchases,
        min(sender) as sender,
        max(sender) as other_sender,
        min(first_key) as first_key
    from sender_steps
    where step is not null
      and dataset is not null
    group by platform, dataset
),
platforms_heard as (
    select
        platform,
        bool_or(channel = 'browser') as has_browser,
        bool_or(channel = 'server') as has_server,
        bool_or(step is not null and dataset is null) as is_nameless
    from sender_steps
    group by platform
),
heard_first as (
    select
        d.platform,
        min(x.first_key) as first_key
    from plan_datasets d
    join pixels x
        on x.platform = d.platform
       and x.dataset = d.dataset
    group by d.platform
),
others_heard as (
    select distinct
        platform,
        dataset
    from sender_steps
    where step is null
      and dataset is not null
),
unread as (
    select distinct platform from unread_hits
),
-- Pixels of the plan without a core event, where another one of the plan has some; and why that may be as it should.
silent as (
    select
        d.platform,
        d.dataset,
        f.first_key,
        case
            when o.dataset is not null then 'no core event, though others, such as page views, do reach it'
            when h.is_nameless then 'no event that names it; others name no pixel (a relay''s do not) and may have been for it'
            when u.platform is not null then 'no event; the capture holds requests to this platform without their content'
            when not h.has_browser then 'no event; no browser event of this platform was recorded'
            when not h.has_server then 'no event; no server event of this platform was recorded'
            -- TikTok's pixel codes begin with a C; what happens in stores and apps goes to sets of their own (domain 2.4).
            when d.platform = 'tiktok' and d.dataset not like 'C%'
                then 'no event; an id that is no pixel code may be an event set for stores or apps, which a web order does not reach'
        end as doubt
    from plan_datasets d
    join heard_first f on f.platform = d.platform
    join platforms_heard h on h.platform = d.platform
    left join others_heard o
        on o.platform = d.platform
       and o.dataset = d.dataset
    left join unread u on u.platform = d.platform
    where not exists (
        select 1
        from pixels x
        where x.platform = d.platform
          and x.dataset = d.dataset
    )
)
select
    x.platform,
    cast(null as varchar) as step,
    x.dataset as subject,
    cast(null as varchar) as order_id,
    cast(null as varchar) as session,
    d.dataset is not null as ok,
    'pixel ' || p.first_dataset || case when p.datasets > 1 then ' or another of the plan' else '' end as expected,
    cast(x.events as varchar) || case when x.events = 1 then ' core event' else ' core events' end
        || ', ' || cast(x.purchases as varchar) || ' of them Purchase, to '
        -- TikTok keeps sales of stores and customer lists in sets of their own (domain 2.4)
        || case when e.platform = 'tiktok' and e.action_source in ('offline', 'crm', 'app') then e.action_source || ' event set ' else 'pixel ' end
        || x.dataset || ' by ' || x.sender
        || case when x.other_sender <> x.sender then ' and ' || x.other_sender else '' end as actual,
    cast(null as varchar) as cause,
    e.ref,
    cast(null as varchar) as other_ref
from pixels x
join planned p on p.platform = x.platform
join events e on e.event_key = x.first_key
left join plan_datasets d
    on d.platform = x.platform
   and d.dataset = x.dataset
union all
select
    s.platform,
    cast(null as varchar),
    s.dataset,
    cast(null as varchar),
    cast(null as varchar),
    case when s.doubt is null then false end,
    'core events for pixel ' || s.dataset || ', which the plan names',
    coalesce(
        s.doubt,
        'no event of any kind, while ' || cast(x.events as varchar) || case when x.events = 1 then ' core event' else ' core events' end
            || ' went to pixel ' || x.dataset),
    'silent_dataset',
    e.ref,
    cast(null as varchar)
from silent s
join pixels x
    on x.platform = s.platform
   and x.first_key = s.first_key
join events e on e.event_key = s.first_key

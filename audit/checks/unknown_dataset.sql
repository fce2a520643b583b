/*
title       = "Only pixels of the plan get core events"
failure     = "A pixel or event set the plan does not name gets core events"
facet       = "senders"
severity    = "warning"
follows  = ["event_id_mismatch", "missing_event_id", "event_name_mismatch", "dataset_mismatch", "duplicate_purchase"]
needs       = ["datasets"]
why         = """
A pixel that nobody planned collects the shop's sales for somebody. It may be an old agency's, and it makes every number that
includes it too high.
"""
means       = "Core events reached this pixel, and the plan lists other pixels for the platform."
first_check = "Look the id up in your own business account; if it is not there, ask who worked on the shop before."
not_yet     = "Do not add it to the plan to silence this; once it is planned, its events count as wanted."
remedy      = "Remove the pixel from the theme, app or container that starts it, or name it in the plan with an owner."
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

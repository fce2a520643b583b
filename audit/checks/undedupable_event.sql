/*
title    = "Every copy of a sale can be merged"
failure  = "Two copies were sent that no rule can merge"
facet    = "dedup"
severity = "warning"
follows  = ["duplicate_sender"]
needs    = []
why      = """
Where a platform has no rule for merging two copies, nobody can say from the logs whether a sale counts once or twice. That
has to be asked, and the answer written down, before its numbers are compared with another platform's.
"""

[causes.no_event_id_on_platform]
means       = "SnackVideo got this Purchase from the browser and from the server. It has no event id and publishes no rule for merging the two, so it may count one or two."
first_check = "Ask your SnackVideo contact how a browser and a server purchase with the same click id are counted."
not_yet     = "Do not switch one side off on suspicion; sending both is the usual setup, and the platform may well count one."
remedy      = "Get the counting rule in writing, or compare a day's orders with the platform's count, and note the result as a waiver."
owner       = "media"

[causes.codeless_and_coded]
means       = "A rule of Meta's Event Setup Tool repeats an event that the shop's code already sends. The rule's copy has no id and cannot be merged."
first_check = "In Events Manager open the pixel's settings, start the Event Setup Tool on the page where this event fires, and look for its rule there."
not_yet     = "Do not try to give the rule an id; such rules have no place for one."
remedy      = "Delete the rule and keep the event in the shop's code."
owner       = "media"
*/
with snackvideo_purchases as (
    select
        e.channel,
        e.ref,
        e.order_id,
        e.session,
        coalesce(u.unit, e.session, e.ref) as unit
    from sent_events e
    left join purchase_units u on u.event_key = e.event_key
    where e.platform = 'snackvideo'
      and e.step = 'Purchase'
      and coalesce(e.accepted, true)
),
snackvideo_units as (
    select
        unit,
        min(order_id) as order_id,
        min(session) as session,
        min(case when channel = 'browser' then ref end) as browser_ref,
        min(case when channel = 'server' then ref end) as server_ref
    from snackvideo_purchases
    group by unit
),
-- Only what a rule sent needs a look beside it.
codeless_places as (
    select distinct
        e.platform,
        e.step,
        e.dataset,
        coalesce(u.unit, e.session) as unit
    from sent_events e
    left join purchase_units u on u.event_key = e.event_key
    where e.channel = 'browser'
      and e.platform = 'meta'
      and e.is_codeless
),
core_events as (
    select
        e.platform,
        e.step,
        e.dataset,
        e.is_codeless,
        e.rule,
        e.order_id,
        e.session,
        e.ref,
        coalesce(u.unit, e.session) as unit
    from sent_events e
    left join purchase_units u on u.event_key = e.event_key
    where e.channel = 'browser'
      and e.platform = 'meta'
),
codeless_units as (
    select
        e.platform,
        e.step,
        e.dataset,
        e.unit,
        min(e.order_id) as order_id,
        min(e.session) as session,
        min(case when e.is_codeless then e.rule end) as rule,
        min(case when e.is_codeless then e.ref end) as codeless_ref,
        min(case when not e.is_codeless then e.ref end) as coded_ref
    from codeless_places p
    join core_events e
        on e.platform = p.platform
       and e.step = p.step
       and e.dataset is not distinct from p.dataset
       and e.unit = p.unit
    group by e.platform, e.step, e.dataset, e.unit
)
select
    'snackvideo' as platform,
    'Purchase' as step,
    unit as subject,
    order_id,
    session,
    browser_ref is null or server_ref is null as ok,
    'one copy, or a rule that merges two' as expected,
    case
        when browser_ref is not null and server_ref is not null
            then 'a browser and a server copy, no event id exists: counted once or twice'
        when browser_ref is not null then 'a browser copy only'
        else 'a server copy only'
    end as actual,
    case when browser_ref is not null and server_ref is not null then 'no_event_id_on_platform' end as cause,
    coalesce(browser_ref, server_ref) as ref,
    case when browser_ref is not null then server_ref end as other_ref
from snackvideo_units
union all
select
    platform,
    step,
    unit as subject,
    order_id,
    session,
    coded_ref is null as ok,
    'a rule''s event only where the code sends none' as expected,
    'rule ' || coalesce(rule, '(unnumbered)') || ' of the Event Setup Tool'
        || case when coded_ref is null then ' alone' else ' beside the coded ' || step end as actual,
    case when coded_ref is not null then 'codeless_and_coded' end as cause,
    codeless_ref as ref,
    coded_ref as other_ref
from codeless_units
where codeless_ref is not null

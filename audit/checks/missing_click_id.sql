/*
title       = "SnackVideo's relay events carry the shopper's click id"
failure     = "A SnackVideo shopper's click id did not reach the relay"
facet       = "attribution"
severity    = "warning"
follows     = ["unclicked_server_event", "missing_server_event"]
needs       = ["server events"]
why         = """
SnackVideo can match a server event by its click id only. A shopper who came from a SnackVideo ad but whose events reach the
relay without it, or not at all, is a sale the campaign never gets credit for.
"""
means       = "The visit has a SnackVideo click id, and the relay event lacks it or was never sent."
first_check = "Open the site with ?click_id=test, go to the page of this event and look for the _kwai_click_id cookie; only click_id in the address fills it."
not_yet     = "Do not send a made-up click id so that the relay accepts the event; it would match nobody."
remedy      = "Keep click_id from the landing in the _kwai_click_id cookie for path / and read it from there for each relay event."
owner       = "tracking"
*/
with known as (
    select
        session,
        page_click_at as known_at
    from visit_knowledge
    where platform = 'snackvideo'
      and page_click_at is not null
),
known_refs as (
    select
        k.session,
        min(s.ref) as ref
    from visit_knowledge k
    join visit_showings s
        on s.session = k.session
       and s.platform = k.platform
       and s.page_click_at = k.page_click_at
    where k.platform = 'snackvideo'
    group by k.session
),
relay_events as (
    select
        e.step,
        e.order_id,
        coalesce(e.order_id, e.order_key, e.visit, e.ref) as subject,
        e.visit as session,
        e.ref,
        e.click_id,
        case when e.click_id is not null then true when e.blotted_keys like '%click id%' then null else false end as ok
    from sent_visit_events e
    join known k on k.session = e.visit
    where e.platform = 'snackvideo'
      and e.channel = 'server'
      and k.known_at <= e.judged_at
),
-- One row per step and unit: a Purchase's unit is its order, the key it carries, or without an export its visit; any other step's its visit.
sent_steps as (
    select
        step,
        case when step = 'Purchase' then coalesce(order_id, order_key, event_id, session, ref) else coalesce(session, ref) end as unit,
        case when step = 'Purchase' then order_id end as order_id,
        channel,
        ref,
        coalesce(event_at, seen_at) as happened_at,
        event_key
    from sent_events
    where platform = 'snackvideo'
),
browser_steps as (
    select
        *,
        row_number() over (partition by step, unit order by happened_at, event_key) as nth
    from sent_steps
    where channel = 'browser'
),
-- A log of the relay that ends before an order, or begins after it, tells nothing of that order.
logged as (
    select count(*) as sends
    from sent_steps
    where channel = 'server'
),
step_units as (
    select
        step,
        unit,
        min(order_id) as order_id,
        sum(case when channel = 'server' then 1 else 0 end) as server_events
    from sent_steps
    group by step, unit
),
-- Steps the plan wants from the server for a shopper with a click id, seen in the browser only.
unsent as (
    select
        u.step,
        u.order_id,
        u.unit,
        v.visit as session,
        b.ref as browser_ref
    from step_units u
    join plan_requirements r
        on r.platform = 'snackvideo'
       and r.step = u.step
       and r.channel = 'server'
    join browser_steps b
        on b.step = u.step
       and b.unit = u.unit
       and b.nth = 1
    join visit_events v on v.event_key = b.event_key
    join known k on k.session = v.visit
    where u.server_events = 0
      and k.known_at <= v.judged_at
    group by u.step, u.order_id, u.unit, v.visit, b.ref
)
select
    'snackvideo' as platform,
    r.step,
    r.subject,
    r.order_id,
    r.session,
    r.ok,
    'a relay event with the shopper''s click id' as expected,
    case
        when r.ok then 'relay event with click id ' || shown_id(r.click_id)
        when r.ok is null then 'relay event whose click id the log blotted out'
        else 'relay event without a click id'
    end as actual,
    cast(null as varchar) as cause,
    r.ref,
    k.ref as other_ref
from relay_events r
left join known_refs k on k.session = r.session
union all
select
    'snackvideo',
    u.step,
    u.unit,
    u.order_id,
    u.session,
    case when l.sends > 0 and not c.sees_server then null else false end,
    'a relay event with the shopper''s click id',
    'no relay event for this step of the visit' || case when l.sends > 0 and not c.sees_server then '; no server log reaches to this order' else '' end,
    cast(null as varchar),
    u.browser_ref,
    k.ref
from unsent u
cross join logged l
left join known_refs k on k.session = u.session
left join order_coverage c on c.order_id = u.order_id and c.platform = 'snackvideo'

-- The chain: what was seen of each order's steps.

-- What the plan asks of each order, numbered: one number is compared faster than two words.
create table step_requirements as
select
    row_number() over (order by platform, step) as requirement,
    platform,
    step,
    step = 'Purchase' as is_purchase,
    max(case when channel = 'browser' then 1 else 0 end) = 1 as needs_browser,
    max(case when channel = 'server' then 1 else 0 end) = 1 as needs_server,
    max(case when only_with_click then 1 else 0 end) = 1 as only_with_click
from plan_requirements
group by platform, step;

-- The steps that the plan asks for, by their place: a Purchase's is the order it carries, another step's its visit. kind: browser and
-- server count as sent, the others tell why one does not.
create view placed_events as
select
    r.requirement,
    r.is_purchase,
    e.event_key,
    case when r.is_purchase then coalesce(e.order_id, n.order_id) else coalesce(e.session, n.session) end as place,
    coalesce(e.seen_at, e.event_at) as sent_at,
    case
        when not e.in_plan then 'foreign ' || e.channel
        when e.channel = 'browser' and e.net_error is not null then 'stopped'
        when e.channel = 'browser' and e.status = 0 then 'unanswered'
        when a.event_key is not null then 'refused'
        else e.channel
    end as kind,
    h.event_key is not null as is_hinted
from events e
left join unnamed_steps n on n.event_key = e.event_key
join step_requirements r on r.platform = e.platform and r.step = coalesce(e.step, n.step)
left join (select event_key from delivery_answers where outcome = 'refused') a on a.event_key = e.event_key
left join (select distinct event_key from order_links where how in ('copy', 'probable')) h on h.event_key = e.event_key
where case when r.is_purchase then coalesce(e.order_id, n.order_id) else coalesce(e.session, n.session) end is not null;

-- Orders whose events may lie in several places: of several visits, or hinted at. There the places are compared. The others have
-- their steps in one visit and carry their Purchases.
create table scattered_orders as
select order_id
from order_sessions
group by order_id
having count(*) > 1
union
select l.order_id
from order_links l
left join unnamed_steps n on n.event_key = l.event_key
where l.how in ('copy', 'probable')
   or n.event_key is not null
union
select s.order_id
from placed_events v
join order_sessions s on s.session = v.place
where v.is_hinted
  and not v.is_purchase;

-- One row per order, platform and step the plan asks for: what was sent for it on each channel, the first event of each kind, and
-- whether the evidence would show it. What a visit sent is summed up before it is told for each of its orders.
create table order_steps as
with sums as (
    select
        place,
        requirement,
        count(case when kind = 'browser' then 1 end) as browser_events,
        count(case when kind = 'server' then 1 end) as server_events,
        min(case when kind = 'browser' then event_key end) as browser_key,
        min(case when kind = 'server' then event_key end) as server_key
    from placed_events
    where kind in ('browser', 'server')
      and not is_hinted
    group by place, requirement
),
-- Of several events of a kind the earliest is the first.
crowds as (
    select
        v.place,
        v.requirement,
        v.kind,
        min(v.sent_at) as first_at
    from sums k
    join placed_events v on v.place = k.place and v.requirement = k.requirement
    where (k.browser_events > 1 or k.server_events > 1)
      and v.kind in ('browser', 'server')
      and not v.is_hinted
    group by v.place, v.requirement, v.kind
),
firsts as (
    select
        v.place,
        v.requirement,
        min(case when v.kind = 'browser' then v.event_key end) as browser_key,
        min(case when v.kind = 'server' then v.event_key end) as server_key
    from crowds k
    join placed_events v
        on v.place = k.place
       and v.requirement = k.requirement
       and v.kind = k.kind
       and v.sent_at is not distinct from k.first_at
    where not v.is_hinted
    group by v.place, v.requirement
),
sends as (
    select
        k.place,
        k.requirement,
        k.browser_events,
        k.server_events,
        coalesce(f.browser_key, k.browser_key) as browser_key,
        coalesce(f.server_key, k.server_key) as server_key
    from sums k
    left join firsts f on f.place = k.place and f.requirement = k.requirement
),
-- What does not count as sent is rare, and told apart by its kind.
lost_kinds as (
    select
        place,
        requirement,
        kind,
        count(*) as events,
        min(sent_at) as first_at
    from placed_events
    where kind not in ('browser', 'server')
      and not is_hinted
    group by place, requirement, kind
),
lost_firsts as (
    select
        k.place,
        k.requirement,
        v.is_purchase,
        k.kind,
        k.events,
        k.first_at,
        min(v.event_key) as first_key
    from lost_kinds k
    join placed_events v
        on v.place = k.place
       and v.requirement = k.requirement
       and v.kind = k.kind
       and v.sent_at is not distinct from k.first_at
    where not v.is_hinted
    group by k.place, k.requirement, v.is_purchase, k.kind, k.events, k.first_at
),
scattered_visits as (
    select
        order_id,
        session
    from order_sessions
    where order_id in (select order_id from scattered_orders)
),
scattered_sums as (
    select
        v.order_id,
        k.requirement,
        k.place,
        k.browser_events,
        k.server_events,
        k.browser_key,
        k.server_key
    from scattered_visits v
    join sends k on k.place = v.session
    join step_requirements r on r.requirement = k.requirement
    where not r.is_purchase
),
sorted as (
    select
        e.order_id,
        r.requirement,
        case
            when e.how = 'probable' then 'probable ' || e.channel
            when not e.in_plan then 'foreign ' || e.channel
            when e.is_stopped then case when e.net_error is null then 'unanswered' else 'stopped' end
            when e.is_refused then 'refused'
            else e.channel
        end as kind,
        1 as events,
        e.session,
        e.sent_at,
        e.event_key
    from scattered_orders o
    join order_events e on e.order_id = o.order_id
    join step_requirements r on r.platform = e.platform and r.step = e.step
    where e.how <> 'visit'
    union all
    select k.place, k.requirement, k.kind, k.events, e.session, k.first_at, k.first_key
    from lost_firsts k
    join events e on e.event_key = k.first_key
    where k.is_purchase
      and not exists (select 1 from scattered_orders o where o.order_id = k.place)
    union all
    select s.order_id, k.requirement, k.kind, k.events, k.place, k.first_at, k.first_key
    from lost_firsts k
    join order_sessions s on s.session = k.place
    where not k.is_purchase
    union all
    select k.order_id, k.requirement, 'browser', k.browser_events, k.place, coalesce(e.seen_at, e.event_at), k.browser_key
    from scattered_sums k
    join events e on e.event_key = k.browser_key
    union all
    select k.order_id, k.requirement, 'server', k.server_events, k.place, coalesce(e.seen_at, e.event_at), k.server_key
    from scattered_sums k
    join events e on e.event_key = k.server_key
    union all
    -- An event that a hint ties to an order is no other event of that order's visit.
    select s.order_id, v.requirement, v.kind, 1, v.place, v.sent_at, v.event_key
    from placed_events v
    join order_sessions s on s.session = v.place
    where v.is_hinted
      and not v.is_purchase
      and not exists (select 1 from order_links l where l.event_key = v.event_key and l.order_id = s.order_id)
),
kinds as (
    select
        order_id,
        requirement,
        kind,
        sum(events) as events,
        min(session) as session,
        min(sent_at) as first_at
    from sorted
    group by order_id, requirement, kind
),
first_kinds as (
    select
        k.order_id,
        k.requirement,
        k.kind,
        k.events,
        k.session,
        min(s.event_key) as first_key
    from kinds k
    join sorted s
        on s.order_id = k.order_id
       and s.requirement = k.requirement
       and s.kind = k.kind
       and s.sent_at is not distinct from k.first_at
    group by k.order_id, k.requirement, k.kind, k.events, k.session
),
other_sends as (
    select
        order_id,
        requirement,
        min(session) as session,
        sum(case when kind = 'browser' then events end) as browser_events,
        sum(case when kind = 'server' then events end) as server_events,
        sum(case when kind = 'refused' then events end) as refused_events,
        sum(case when kind = 'stopped' then events end) as stopped_events,
        sum(case when kind = 'unanswered' then events end) as unanswered_events,
        min(case when kind = 'browser' then first_key end) as browser_key,
        min(case when kind = 'server' then first_key end) as server_key,
        min(case when kind = 'refused' then first_key end) as refused_key,
        min(case when kind = 'stopped' then first_key end) as stopped_key,
        min(case when kind = 'unanswered' then first_key end) as unanswered_key,
        min(case when kind = 'foreign browser' then first_key end) as foreign_browser_key,
        min(case when kind = 'foreign server' then first_key end) as foreign_server_key,
        min(case when kind = 'probable browser' then first_key end) as probable_browser_key,
        min(case when kind = 'probable server' then first_key end) as probable_server_key
    from first_kinds
    group by order_id, requirement
),
visits as (
    select order_id, min(session) as session
    from order_sessions
    group by order_id
),
wanted as (
    select
        o.order_id,
        o.is_named,
        o.is_traffic,
        o.is_due,
        v.session,
        case when s.order_id is null then o.order_id end as purchase_place,
        case when s.order_id is null then v.session end as visit_place
    from expected_orders o
    left join visits v on v.order_id = o.order_id
    left join scattered_orders s on s.order_id = o.order_id
)
select
    w.order_id,
    w.is_named,
    w.is_traffic,
    w.is_due,
    r.platform,
    r.step,
    r.needs_browser,
    r.needs_server,
    r.only_with_click,
    c.has_visit,
    c.sees_browser,
    c.sees_server,
    coalesce(s.session, w.session) as session,
    cast(coalesce(k.browser_events, s.browser_events, 0) as bigint) as browser_events,
    cast(coalesce(k.server_events, s.server_events, 0) as bigint) as server_events,
    cast(coalesce(s.refused_events, 0) as bigint) as refused_events,
    cast(coalesce(s.stopped_events, 0) as bigint) as stopped_events,
    cast(coalesce(s.unanswered_events, 0) as bigint) as unanswered_events,
    coalesce(k.browser_key, s.browser_key) as browser_key,
    coalesce(k.server_key, s.server_key) as server_key,
    s.refused_key,
    s.stopped_key,
    s.unanswered_key,
    s.foreign_browser_key,
    s.foreign_server_key,
    s.probable_browser_key,
    s.probable_server_key
from wanted w
cross join step_requirements r
join order_coverage c on c.order_id = w.order_id and c.platform = r.platform
left join sends k
    on k.place = case when r.is_purchase then w.purchase_place else w.visit_place end
   and k.requirement = r.requirement
left join other_sends s on s.order_id = w.order_id and s.requirement = r.requirement;

-- The pixels that the plan names, in one text.
create view planned_pixels as
select
    platform,
    string_agg(dataset, ', ' order by dataset) as datasets
from plan_datasets
group by platform;

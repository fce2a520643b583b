-- What was sent at once, and what was answered.

-- A request that forgot the event's name is the step its browser copy names; without one, its step stays NULL.
create table unnamed_steps as
with unnamed as (
    select event_key, platform, event_id
    from events
    where channel = 'server'
      and event_name = ''
      and event_id is not null
)
select
    u.event_key,
    min(b.step) as step,
    min(b.order_id) as order_id,
    min(b.order_key) as order_key,
    min(b.session) as session
from unnamed u
join events b
    on b.platform = u.platform
   and b.event_id = u.event_id
where b.channel = 'browser'
  and b.step is not null
group by u.event_key;

-- A retry keeps name and id: each send that repeats an earlier one, and the earliest.
create table retries as
with repeated_ids as (
    select platform, event_name, event_id
    from event_ids
    where server_events > 1
),
shared as (
    -- A send whose id no other send has is no retry; the others are compared.
    select
        e.event_key,
        concat_ws('|', e.platform, coalesce(e.dataset, ''), e.event_name,
            case
                when e.event_id is not null then 'id ' || e.event_id || ' of ' || coalesce(e.order_id, n.order_id, e.order_key, n.order_key, '')
                when coalesce(e.order_id, n.order_id, e.order_key, n.order_key) is not null
                    then 'order ' || coalesce(e.order_id, n.order_id, e.order_key, n.order_key)
                when coalesce(e.session, n.session) is not null
                    then coalesce(e.session, n.session) || ' ' || coalesce(e.items, '') || ' ' || coalesce(cast(e.value as varchar), '')
                else e.ref || ' ' || cast(e.event_key as varchar)
            end) as sameness
    from events e
    left join unnamed_steps n on n.event_key = e.event_key
    left join repeated_ids i
        on i.event_id = e.event_id
       and i.event_name = e.event_name
       and i.platform = e.platform
    where e.channel = 'server'
      and (e.step is not null or e.event_name = '')
      and (e.event_id is null or i.event_id is not null)
),
firsts as (
    select sameness, min(event_key) as delivery
    from shared
    group by sameness
)
select s.event_key, f.delivery
from shared s
join firsts f on f.sameness = s.sameness
where f.delivery <> s.event_key;

-- What became of each server event of a core step. The sends of one event share delivery, the smallest key among them.
create view deliveries as
select
    e.event_key,
    e.ref,
    e.source,
    e.platform,
    e.endpoint,
    coalesce(e.step, n.step) as step,
    coalesce(e.order_id, n.order_id) as order_id,
    coalesce(e.order_key, n.order_key) as order_key,
    e.event_id,
    coalesce(e.session, n.session) as session,
    e.page_load,
    e.event_at,
    e.event_time_sent,
    e.seen_at,
    e.value,
    e.currency,
    e.has_source_url,
    e.has_referrer,
    e.has_test_code,
    e.relay_store,
    e.in_plan,
    e.action_source,
    e.status,
    e.net_error,
    e.answer_code,
    e.answer_text,
    e.events_sent,
    e.events_received,
    coalesce(r.delivery, e.event_key) as delivery,
    case
        -- The sender says that it could not reach the receiver: nothing arrived.
        when coalesce(e.status, 0) = 0 and e.accepted is not true and never_left(e.net_error) is not null then 'refused'
        -- The browser lost the answer or never sent the request; nobody refused it.
        when e.status = 0 or (e.status is null and e.net_error is not null and e.accepted is null) then 'unanswered'
        -- TikTok took a part and does not say which; and its HTTP 200 alone says nothing.
        when e.platform = 'tiktok' and e.answer_code = '20001' then 'unclear'
        when e.endpoint = 'tiktok_events_api' and e.accepted and e.answer_code = cast(e.status as varchar) then 'unclear'
        when e.accepted then 'accepted'
        when not e.accepted then 'refused'
        when e.status is not null then 'unclear'
        else 'unanswered'
    end as outcome         -- accepted | refused | unclear | unanswered
from events e
left join retries r on r.event_key = e.event_key
left join unnamed_steps n on n.event_key = e.event_key
where e.channel = 'server'
  and (e.step is not null or e.event_name = '');

create table delivery_answers as
select event_key, delivery, outcome
from deliveries;

-- The steps and the visits of each order.

-- Core events that count as sent: on a dataset of the plan and not stopped in the browser. A hit of status 0 without an error may have
-- outlived its page and arrived, or may have been stopped: it proves neither.
create view sent_events as
select *
from events
where step is not null
  and in_plan
  and (channel = 'server' or coalesce(status, 200) <> 0)
  and (channel = 'server' or net_error is null);

-- Each id under the key of one of its events. A plain id is carried by one browser and one server event, both sent, for one pixel,
-- within the platform's window and of one act: the Purchase of an order that both name, or a step of one visit. Checks of ids look
-- closely only at the others.
create table id_copies as
select
    coalesce(i.browser_key, i.server_key) as id_key,
    i.platform,
    case when i.browser_events > 0 then i.step end as step,
    i.browser_key,
    i.server_key,
    i.browser_events > 1 or i.server_events > 1 as is_repeated,
    coalesce(
        i.browser_events = 1
        and i.server_events = 1
        and i.event_name <> ''
        and i.step is not null
        and i.is_one_dataset
        and i.is_one_act
        and i.are_sent
        and i.span_s <= w.amount,
        false) as is_plain
from event_ids i
join plan_limits w on w.name = 'dedup_window_s';

-- The events of the ids that are not plain.
create table id_events as
select id_key, browser_key as event_key
from id_copies
where not is_plain
  and not is_repeated
  and browser_key is not null
union all
select id_key, server_key
from id_copies
where not is_plain
  and not is_repeated
  and server_key is not null
union all
select c.id_key, e.event_key
from id_copies c
join events k on k.event_key = c.id_key
join events e
    on e.event_id = k.event_id
   and e.event_name = k.event_name
   and e.platform = k.platform
where c.is_repeated;

-- The visits each order was placed in: its events say so, or the checkout's own answer does.
create table order_sessions as
with traces as (
    select order_id, session, coalesce(event_at, seen_at) as traced_at
    from events
    where order_id is not null
      and session is not null
    union all
    select k.order_id, a.session, a.finished_at
    from actions a
    join order_keys k on k.key = a.order_key
    where a.session is not null
)
select
    order_id,
    session,
    min(traced_at) as first_at
from traces
group by order_id, session;

-- An order the event most likely belongs to, where nothing names one: same money within ten minutes, only one such order. It
-- explains and never passes. Of two buyers of one price, one of whom the export leaves out, both fit the other's order: where the order
-- has a Purchase of its own on that side, or one nearer to it, what another visit sent is another buyer's. The e-mail of the order
-- is the buyer's in any visit, and where nothing is known of a visit nothing tells the two apart.
create table probable_orders as
with keyless as (
    select event_key, platform, channel, session, event_at, currency, value, email_digest
    from events
    where step = 'Purchase'
      and (order_key is null or is_placeholder(order_key))
      and event_at is not null
),
neighbours as (
    select
        order_id,
        currency,
        total,
        created_at,
        email_digest,
        coalesce(lag(created_at) over (partition by currency, total order by created_at, order_id), timestamp '1900-01-01') as before_at,
        coalesce(lead(created_at) over (partition by currency, total order by created_at, order_id), timestamp '2900-01-01') as behind_at
    from orders o
    where created_at is not null
      and exists (select 1 from keyless e where e.currency = o.currency and e.value = o.total)
),
-- Only these can be the one order of their money around any time: of a price that everybody pays few are left to be compared.
apart as (
    select *
    from neighbours
    where before_at < created_at
      and behind_at > created_at
      and behind_at > before_at + interval 20 minutes
),
candidates as (
    select
        e.event_key,
        e.platform,
        e.channel,
        e.session,
        e.email_digest = o.email_digest as is_buyers,
        o.order_id,
        abs(epoch(e.event_at) - epoch(o.created_at)) as distance
    from keyless e
    join apart o
        on o.currency = e.currency
       and o.total = e.value
       and o.created_at between e.event_at - interval 10 minutes and e.event_at + interval 10 minutes
    where o.before_at < e.event_at - interval 10 minutes
      and o.behind_at > e.event_at + interval 10 minutes
),
fitting as (
    select
        c.event_key,
        c.platform,
        c.channel,
        c.session,
        c.order_id,
        c.distance,
        v.session is not null or coalesce(c.is_buyers, false) as is_buyers
    from candidates c
    left join order_sessions v on v.order_id = c.order_id and v.session = c.session
),
claims as (
    select order_id, platform, channel, session, event_key, 0 as rank, 0 as distance
    from events
    where step = 'Purchase'
      and session is not null
      and order_id in (select order_id from fitting)
    union all
    select order_id, platform, channel, session, event_key, case when is_buyers then 1 else 2 end, distance
    from fitting
    where session is not null
),
ranked as (
    select
        *,
        row_number() over (partition by order_id, platform, channel order by rank, distance, event_key) as nth
    from claims
),
-- A copy is a visit's like the event it copies, so the whole visit is another buyer's.
other_buyers as (
    select distinct
        f.order_id,
        f.platform,
        f.session
    from fitting f
    join ranked r on r.order_id = f.order_id and r.platform = f.platform and r.channel = f.channel
    where r.nth = 1
      and r.session <> f.session
      and not f.is_buyers
)
select
    f.event_key,
    f.order_id
from fitting f
left join other_buyers b on b.order_id = f.order_id and b.platform = f.platform and b.session = f.session
where b.order_id is null;

-- Visits that can be one shopper's. One with more orders than anybody places in a sitting is many people behind one id, and
-- what it held before an order tells nothing of that order.
create table own_visits as
select
    session,
    count(*) as order_count
from order_sessions
group by session
having count(*) <= 20;

-- The visits that hold a click id of the shopper, per platform: from a landing, a cookie or an event.
create view session_clicks as
with clicks as (
    select session, platform, landed_at as seen_at, ref
    from landings
    where session is not null
      and click_id is not null
    union all
    select session, platform, coalesce(event_at, seen_at), ref
    from events
    where session is not null
      and (cookie_click is not null or click_id is not null)
)
select
    session,
    platform,
    min(seen_at) as first_at,
    min(ref) as ref
from clicks
group by session, platform;

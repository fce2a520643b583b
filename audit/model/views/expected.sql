-- The chain: what is expected, and what would have been seen.

-- Orders a Purchase is due for, and since when: a plan that counts payments waits for the payment. is_due is NULL where the
-- export leaves open whether the web pixels are concerned. Without named orders the rest is judged as a day's traffic.
create table expected_orders as
with listed as (
    select count(*) as order_count from plan_test_orders
),
-- Whoever was told of by the page after the order came back from paying, whatever became of the order then.
returned as (
    select distinct e.order_id
    from events e
    join orders o on o.order_id = e.order_id
    where o.event_duty = 'unknown'
      and is_web_source(o.order_source)
      and shop_status(o.status) in ('pending', 'cancelled', 'pending_payment')
      and e.channel = 'browser'
      and e.step = 'Purchase'
      and coalesce(e.status, 200) <> 0
      and e.net_error is null
      and coalesce(e.seen_at, e.event_at) >= o.created_at - interval 60 seconds
),
duties as (
    select
        o.*,
        case when r.order_id is not null then 'yes' else o.event_duty end as duty
    from orders o
    left join returned r on r.order_id = o.order_id
)
select
    o.order_id,
    min(o.ref) as ref,
    bool_or(o.is_named) as is_named,
    bool_or(o.is_named) and min(p.order_count) > 0 as is_listed,
    not bool_or(o.is_named) and min(p.order_count) = 0 as is_traffic,
    min(o.payment_method) as payment_method,
    min(case when l.conversion_point = 'payment_confirmed' then coalesce(o.paid_at, o.created_at) else o.created_at end) as due_at,
    bool_and(case when o.duty = 'yes' and (l.conversion_point = 'order_created' or o.is_paid) then true end) as is_due,
    min(case
        when o.duty = 'unknown' then coalesce(o.duty_reason, 'the export names its source only as number ' || o.order_source)
        when l.conversion_point = 'payment_confirmed' and o.is_paid is null then 'the export does not say whether it was paid'
    end) as doubt
from duties o
cross join launch l
cross join listed p
where o.event_duty <> 'no'
  and (l.conversion_point = 'order_created' or coalesce(o.is_paid, true))
group by o.order_id;

-- When each log was written, and for which platforms it tells of a missing event: those it holds any event of, for all of its time, and
-- those the register names the same server for; a relay's log, and a server's that holds no event at all, for every platform. Meta events
-- of another server would not be in a log of TikTok's.
-- A log whose clock nobody knows covers nothing.
create table log_windows as
with logs as (
    select
        e.source,
        e.channel,
        e.platform,
        min(e.seen_at) as first_at,
        max(e.seen_at) as last_at,
        bool_or(e.relay_store is not null) as has_relay
    from events e
    group by e.source, e.channel, e.platform
),
told as (
    select source, channel, platform
    from logs
    union
    select l.source, l.channel, p.platform
    from logs l
    cross join plan_platforms p
    where l.has_relay
    union
    -- The register says that this server sends to the other platform too.
    select n.source, 'server', p.platform
    from (select distinct source, log_sender from events where channel = 'server' and log_sender is not null) n
    join plan_senders p on p.channel = 'server' and n.log_sender like p.sender escape '!'
    union
    select s.source, 'server', p.platform
    from sources s
    cross join plan_platforms p
    where s.kind = 'server'
      and coalesce(s.has_bodies, true)
      and s.source not in (select source from logs)
),
spans as (
    select source, min(first_at) as first_at, max(last_at) as last_at
    from (
        select source, first_at, last_at
        from logs
        union all
        select source, first_at, last_at
        from sources
    ) times
    group by source
)
select
    t.source,
    t.channel,
    t.platform,
    p.first_at,
    -- What was cut off a log may hold an event of the last orders seen in it.
    p.last_at - case when s.gaps like '%last row is cut off%' then interval 30 minutes else interval 0 minutes end as last_at
from told t
join spans p on p.source = t.source
left join sources s on s.source = t.source
where coalesce(s.loader, '') <> 'har'
  and coalesce(s.has_zone, true)
  and p.first_at is not null;

-- Visits a browser capture (HAR) recorded: all their requests to Meta and TikTok would be in it.
create table captured_visits as
with traces as (
    select source, session from events
    union all
    select source, session from loads
    union all
    select source, session from actions
    union all
    select source, session from landings
)
select distinct t.source, t.session
from traces t
join sources s on s.source = t.source
where s.loader = 'har'
  and t.session is not null;

-- For each order and platform: whether the evidence would hold its events, had they been sent. SnackVideo's browser call is
-- not published, so no HAR can show it (domain 3.1).
create table order_coverage as
with order_traces as (
    select
        s.order_id,
        max(case when c.session is not null then 1 else 0 end) as is_captured,
        max(case when b.session is not null then 1 else 0 end) as has_browser_side
    from order_sessions s
    left join captured_visits c on c.session = s.session
    left join (select distinct session from events where channel = 'browser' and session is not null) b on b.session = s.session
    group by s.order_id
),
told_orders as (
    select distinct
        c.source,
        s.order_id
    from captured_visits c
    join order_sessions s on s.session = c.session
),
checkouts as (
    -- The checkouts of a capture that were not refused, and the order that the answer names.
    select
        a.ref,
        a.source,
        min(k.order_id) as order_id
    from actions a
    left join order_keys k on k.key = a.order_key
    where a.kind = 'checkout'
      and coalesce(a.status, 0) < 400
    group by a.ref, a.source
),
unnamed_checkouts as (
    select
        source,
        count(*) as checkout_count
    from checkouts
    where order_id is null
    group by source
),
-- Orders of a capture that took one of its unnamed checkouts.
unnamed_orders as (
    select
        t.source,
        count(*) as order_count
    from told_orders t
    where not exists (select 1 from checkouts c where c.source = t.source and c.order_id = t.order_id)
    group by t.source
),
hars as (
    select
        s.source,
        s.first_at - interval 60 seconds as covers_from,
        s.last_at + interval 60 seconds as covers_to,
        coalesce(k.checkout_count, 0) > coalesce(n.order_count, 0) as has_open_checkout,
        not exists (select 1 from told_orders t where t.source = s.source) as is_untold
    from sources s
    left join unnamed_checkouts k on k.source = s.source
    left join unnamed_orders n on n.source = s.source
    where s.loader = 'har'
),
-- Orders placed while a capture ran, tied to no visit of it perhaps.
meanwhile_orders as (
    select
        o.order_id,
        o.is_listed,
        h.has_open_checkout,
        h.is_untold
    from expected_orders o
    join hars h on o.due_at between h.covers_from and h.covers_to
    where o.is_named
),
recorded_orders as (
    -- The capture is such an order's own, where it shows a checkout that is no other order's, or where the plan lists the order
    -- and the capture is not known to be another's.
    select order_id
    from meanwhile_orders
    where has_open_checkout
       or (is_listed and is_untold)
    union
    select order_id
    from checkouts
    where order_id is not null
),
page_relays as (
    -- Platforms whose server events the captured pages send themselves: there the capture shows a missing one too.
    select distinct e.platform
    from events e
    join sources s on s.source = e.source
    where s.loader = 'har'
      and e.channel = 'server'
),
log_cover as (
    select
        o.order_id,
        w.platform,
        max(case when w.channel = 'browser' then 1 else 0 end) as browser_log,
        max(case when w.channel = 'server' then 1 else 0 end) as server_log
    from expected_orders o
    -- A test order's visit is often the first or the last thing in a log. In a day's traffic what lies beyond its ends was not watched.
    join log_windows w
        on o.due_at >= w.first_at - case when o.is_traffic then interval 0 minutes else interval 10 minutes end
       and o.due_at <= w.last_at + case when o.is_traffic then interval 0 minutes else interval 10 minutes end
    group by o.order_id, w.platform
)
select
    o.order_id,
    p.platform,
    coalesce(t.has_browser_side, 0) = 1 or coalesce(t.is_captured, 0) = 1 as has_visit,
    (p.platform in ('meta', 'tiktok') and (coalesce(t.is_captured, 0) = 1 or r.order_id is not null))
        or coalesce(l.browser_log, 0) = 1 as sees_browser,
    coalesce(l.server_log, 0) = 1
        or (y.platform is not null and (coalesce(t.is_captured, 0) = 1 or r.order_id is not null)) as sees_server,
    m.order_id is not null and coalesce(t.is_captured, 0) = 0 and r.order_id is null as is_beside
from expected_orders o
cross join plan_platforms p
left join order_traces t on t.order_id = o.order_id
left join recorded_orders r on r.order_id = o.order_id
left join (select distinct order_id from meanwhile_orders) m on m.order_id = o.order_id
left join page_relays y on y.platform = p.platform
left join log_cover l on l.order_id = o.order_id and l.platform = p.platform;

-- The events of each order: its Purchases (carried: the key names it; copy: the other copy of the id does; probable: only money,
-- time or place point to it, which explains and never passes), and the other steps of the visits it was placed in.
create table order_links as
with core as (
    select
        e.event_key,
        coalesce(e.step, n.step) as step,
        coalesce(e.order_id, n.order_id) as order_id,
        coalesce(e.session, n.session) as session
    from events e
    left join unnamed_steps n on n.event_key = e.event_key
    where coalesce(e.step, n.step) is not null
),
-- Two Purchases that carry their orders hint at nothing.
purchase_pairs as (
    select
        p.browser_key,
        p.server_key,
        coalesce(b.order_id, s.order_id) as order_id,
        case p.kind when 'exact' then 'copy' else 'probable' end as how
    from event_pairs p
    join events b on b.event_key = p.browser_key
    join events s on s.event_key = p.server_key
    where b.step = 'Purchase'
      and (b.order_id is null or s.order_id is null or coalesce(s.step, '') <> 'Purchase')
      and coalesce(b.order_id, s.order_id) is not null
),
hints as (
    select browser_key as event_key, order_id, how
    from purchase_pairs
    union all
    select server_key, order_id, how
    from purchase_pairs
    union all
    select event_key, order_id, 'probable'
    from probable_orders
),
-- An event that carries its order needs no hint. 'copy' before 'probable': the order of the alphabet.
hinted as (
    select
        h.event_key,
        h.order_id,
        min(h.how) as how
    from hints h
    join core c on c.event_key = h.event_key
    where c.order_id is null
       or (c.order_id = h.order_id and c.step <> 'Purchase')
    group by h.event_key, h.order_id
),
-- A visit may hold any number of orders (one browser id sent for everybody): event by event only those a person named are linked.
named_visits as (
    select
        session,
        order_id
    from order_sessions
    where order_id in (select order_id from orders where is_named)
)
select event_key, order_id, 'carried' as how
from core
where step = 'Purchase'
  and order_id is not null
union all
select event_key, order_id, how
from hinted
union all
select c.event_key, v.order_id, 'visit'
from core c
join named_visits v on v.session = c.session
where c.step <> 'Purchase'
  and not exists (select 1 from hints h where h.event_key = c.event_key and h.order_id = v.order_id);

create view order_events as
select
    l.order_id,
    l.how,
    e.event_key,
    e.ref,
    e.platform,
    e.channel,
    coalesce(e.step, n.step) as step,
    coalesce(e.session, n.session) as session,
    e.source,
    e.event_id,
    e.net_error,
    e.in_plan,
    coalesce(e.event_at, e.seen_at) as happened_at,
    coalesce(e.seen_at, e.event_at) as sent_at,
    e.channel = 'browser' and (coalesce(e.status, 200) = 0 or e.net_error is not null) as is_stopped,
    a.event_key is not null as is_refused,
    e.in_plan and not (e.channel = 'browser' and (coalesce(e.status, 200) = 0 or e.net_error is not null)) as is_sent
from order_links l
join events e on e.event_key = l.event_key
left join unnamed_steps n on n.event_key = l.event_key
left join (select event_key from delivery_answers where outcome = 'refused') a on a.event_key = l.event_key;

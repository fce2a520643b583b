-- What counters and a page's own words claim was sent.

-- Holes in Meta's own count of hits per pixel and page: something between the two hits left no trace.
create table counter_gaps as
with counted as (
    select
        page_load,
        dataset,
        counter,
        min(sent_at) as sent_at,
        min(ref) as ref
    from counters
    where page_load is not null
    group by page_load, dataset, counter
),
neighbours as (
    select
        *,
        lag(counter) over (partition by page_load, dataset order by counter) as before_counter,
        lag(sent_at) over (partition by page_load, dataset order by counter) as before_at
    from counted
),
page_sessions as (
    select page_load, min(session) as session
    from events
    where page_load is not null
      and session is not null
    group by page_load
)
select
    n.page_load,
    n.dataset,
    p.session,
    n.before_counter,
    n.counter,
    n.before_at,
    n.sent_at,
    n.ref
from neighbours n
join page_sessions p on p.page_load = n.page_load
where n.counter > n.before_counter + 1;

-- Which storefront call each AddToCart and Purchase of a captured visit stands for: of each stream of events a call claims the
-- nearest, at most five seconds before it began or a minute after its answer.
create table action_claims as
with streams as (
    select
        event_key,
        platform,
        channel,
        coalesce(dataset, '') as dataset,
        session,
        source,
        order_id,
        case step when 'AddToCart' then 'add_to_cart' else 'checkout' end as kind,
        happened(channel, event_at, seen_at) as happened_at
    from sent_events
    where step in ('AddToCart', 'Purchase')
      and session is not null
),
acts as (
    select
        a.ref,
        a.source,
        a.kind,
        a.started_at,
        a.finished_at,
        a.status,
        a.session,
        min(k.order_id) as order_id
    from actions a
    left join order_keys k on k.key = a.order_key
    group by a.ref, a.source, a.kind, a.started_at, a.finished_at, a.status, a.session
),
distances as (
    select
        s.event_key,
        s.platform,
        s.channel,
        s.dataset,
        s.happened_at,
        s.source = a.source as one_clock,
        a.ref as action_ref,
        a.started_at,
        a.finished_at,
        a.status,
        greatest(0, epoch(a.started_at) - epoch(s.happened_at), epoch(s.happened_at) - epoch(a.finished_at)) as distance
    from streams s
    join acts a
        on a.session = s.session
       and a.kind = s.kind
       and (a.order_id is null or s.order_id is null or a.order_id = s.order_id)
    where s.happened_at between a.started_at - interval 5 seconds and a.finished_at + interval 60 seconds
),
ranked as (
    select
        *,
        row_number() over (
            partition by action_ref, platform, channel, dataset order by distance, happened_at desc, event_key
        ) as nth
    from distances
)
select
    event_key,
    action_ref,
    one_clock,
    started_at,
    finished_at,
    status
from ranked
where nth = 1;

-- AddToCarts that no adding call claims, but a call that changed the cart: a quantity on the cart page, a link that fills it. One
-- that goes with an adding call of the same page is that one's own and claims nothing; none says when the event may leave.
create table cart_change_claims as
with changes as (
    select
        a.ref,
        a.session,
        a.started_at,
        a.finished_at
    from actions a
    where a.kind = 'cart_change'
      and coalesce(a.status, 0) < 400
      and not exists (
          select 1
          from actions b
          where b.kind = 'add_to_cart'
            and b.session = a.session
            and b.page_load is not distinct from a.page_load
            and b.started_at between a.started_at - interval 5 seconds and a.started_at + interval 5 seconds
      )
),
distances as (
    select
        e.event_key,
        e.platform,
        coalesce(e.dataset, '') as dataset,
        c.ref,
        abs(epoch(happened(e.channel, e.event_at, e.seen_at)) - epoch(c.started_at)) as distance
    from changes c
    join sent_events e on e.session = c.session
    where e.step = 'AddToCart'
      and e.channel = 'browser'
      and happened(e.channel, e.event_at, e.seen_at) between c.started_at - interval 5 seconds and c.finished_at + interval 10 seconds
      and not exists (select 1 from action_claims k where k.event_key = e.event_key)
),
ranked as (
    select
        event_key,
        ref,
        row_number() over (partition by ref, platform, dataset order by distance, event_key) as nth
    from distances
)
select
    event_key,
    ref as action_ref
from ranked
where nth = 1;

-- The notions the checks share, materialised once, in this order. Dull SQL: joins, group by, case, exists, CTEs, windows.

-- Which order each event belongs to: the first carried key that an order has; else the first key plainly meant as one.
create temp table order_of_event as
with matches as (
    select
        c.event_key,
        c.key,
        c.how,
        c.is_meant,
        k.order_id,
        row_number() over (
            partition by c.event_key
            order by case when k.order_id is not null then 0 when c.is_meant then 1 else 2 end, c.rank, k.order_id, c.key
        ) as place
    from order_candidates c
    left join order_keys k on k.key = c.key
)
select
    event_key,
    key as order_key,
    order_id,
    how as order_how
from matches
where place = 1
  and (order_id is not null or is_meant);

update events
set order_key = o.order_key,
    order_id = o.order_id,
    order_how = o.order_how
from order_of_event o
where o.event_key = events.event_key;

-- Kwai's own API has no field for an order (domain 3.2): a Purchase that its click id ties to a visit of one order alone is that order's.
update events
set order_key = v.order_id,
    order_id = v.order_id,
    order_how = 'visit'
from (
    with nameless as (
        select event_key, session
        from events
        where endpoint = 'kwai_event_api'
          and step = 'Purchase'
          and order_key is null
          and click_id is not null
    )
    select
        n.event_key,
        min(e.order_id) as order_id
    from nameless n
    join events e on e.session = n.session
    where e.step = 'Purchase'
      and e.order_id is not null
    group by n.event_key
    having count(distinct e.order_id) = 1
) as v
where events.event_key = v.event_key;

-- Every amount a shop could mean by an order's value, in the order they are tried.
create view order_bases as
with amounts as (
    select order_id, 1 as rank, 'total' as basis, total as amount, currency, true as differs from orders
    union all
    select order_id, 2, 'gross_revenue', gross_revenue, currency, true from orders
    union all
    select order_id, 3, 'net_revenue', net_revenue, currency, true from orders
    union all
    select order_id, 4, 'subtotal', subtotal, currency, true from orders
    union all
    select order_id, 5, 'total_less_shipping', total - shipping, currency, shipping <> 0 from orders
    union all
    select order_id, 6, 'total_less_tax', total - tax, currency, tax <> 0 from orders
    union all
    select order_id, 7, 'total_less_shipping_and_tax', total - shipping - tax + coalesce(shipping_tax, 0), currency, shipping <> 0 and tax <> 0 from orders
    union all
    select order_id, 8, 'before_discount', subtotal + discount, currency, discount <> 0 from orders
    union all
    select order_id, 9, 'total_less_fees', total - fees, currency, fees <> 0 from orders
    union all
    select order_id, 10, 'total_with_unique_code', total + unique_code, currency, unique_code <> 0 from orders
    union all
    select order_id, 11, 'presentment_total', presentment_total, presentment_currency, true from orders
    union all
    select order_id, 12, 'current_total', current_total, currency, current_total <> total from orders
)
select
    a.order_id,
    a.rank,
    a.basis,
    a.amount,
    a.currency,
    coalesce(c.tolerance, 0.01) as tolerance,
    a.basis = l.value_basis as is_plan_basis,
    a.differs       -- false: another amount under a second name, as there is no tax to leave out
from amounts a
cross join launch l
left join currencies c on c.currency = a.currency
where a.amount is not null;

-- Those that are an amount of their own, or the plan's.
create table order_amounts as
select
    order_id,
    rank,
    basis,
    amount,
    currency,
    tolerance,
    is_plan_basis
from order_bases
where differs
   or is_plan_basis;

-- Keys of Purchases that no order has, and the number in each: without leading zeros, and what stands before and behind it.
create temp table foreign_keys as
select distinct
    order_key as key,
    sole_number(order_key) as number,
    regexp_full_match(order_key, '[0-9]+') as is_bare
from events
where step = 'Purchase'
  and order_id is null
  and sole_number(order_key) is not null;

-- A key that names an order in another form: the number is one order's alone, the money of a Purchase is that order's, and what
-- stands around the number is on one side only. A second thing of an order (a subscription of the same number) is none.
insert into order_keys
with numbers as (
    select
        k.order_id,
        sole_number(k.key) as number,
        regexp_full_match(k.key, '[0-9]+') as is_bare
    from order_keys k
    where exists (select 1 from foreign_keys)
      and k.kind <> 'token'
),
numbered_orders as (
    select
        number,
        min(order_id) as order_id,
        bool_or(is_bare) as is_bare
    from numbers
    group by number
    having count(distinct order_id) = 1
),
candidates as (
    select
        o.order_id,
        f.key,
        f.is_bare and o.is_bare as is_padding
    from foreign_keys f
    join numbered_orders o on o.number = f.number
    where f.is_bare
       or o.is_bare
),
fitting as (
    select distinct
        c.order_id,
        c.key,
        c.is_padding
    from candidates c
    join events e on e.order_key = c.key
    join order_amounts a on a.order_id = c.order_id
    where e.step = 'Purchase'
      and e.order_id is null
      and abs(e.value - a.amount) <= a.tolerance
      and coalesce(e.currency = a.currency, true)
),
named_orders as (
    select distinct c.order_id
    from candidates c
    join events e on e.order_id = c.order_id
    where e.step = 'Purchase'
)
select
    f.order_id,
    min(f.key),
    'form'
from fitting f
left join named_orders n on n.order_id = f.order_id
where n.order_id is null
   or f.is_padding
group by f.order_id
having count(*) = 1;

update events
set order_id = k.order_id
from order_keys k
where k.kind = 'form'
  and k.key = events.order_key
  and events.order_id is null;

-- Another shop's requests in the same relay log: to another store, for a page no event of this launch names, of no order and no id
-- of its own. They are left aside like events of a pixel the plan does not name.
update events
set in_plan = false
from (
    with strangers as (
        select
            e.event_key,
            e.platform,
            e.event_id,
            rtrim(lower(e.page_host), '.') as host
        from events e
        join plan_platforms p on p.platform = e.platform
        where e.relay_store <> p.relay_store
          and e.page_host is not null
          and e.order_id is null
    ),
    own_events as (
        select
            e.platform,
            e.event_id,
            rtrim(lower(e.page_host), '.') as host
        from events e
        left join plan_platforms p on p.platform = e.platform
        where e.in_plan
          and (e.relay_store is null or p.relay_store is null or e.relay_store = p.relay_store)
          and exists (select 1 from strangers)
    )
    select x.event_key
    from strangers x
    where exists (select 1 from plan_domains d where d.platform = x.platform)
      and not exists (
          select 1
          from plan_domains d
          where d.platform = x.platform
            and (x.host = d.domain or ends_with(x.host, '.' || d.domain))
      )
      and not exists (select 1 from own_events o where o.host = x.host)
      and not exists (select 1 from own_events o where o.platform = x.platform and o.event_id = x.event_id)
) as others
where events.event_key = others.event_key;

-- Purchases from which nothing leads to an order.
create table nameless_purchases as
select
    event_key,
    platform,
    channel,
    event_at
from events
where step = 'Purchase'
  and order_id is null
  and (order_key is null or is_placeholder(order_key));

-- ---------------------------------------------------------------- pairs

-- Each id of an event: how many events of each side carry it, and what they have in common. Most have one of each; only the others
-- need a closer look.
create temp table event_ids as
with acts as (
    select
        platform,
        event_name,
        event_id,
        event_key,
        channel,
        step,
        dataset,
        coalesce(seen_at, event_at) as sent_at,
        case when step = 'Purchase' then order_id else session end as act,
        step = 'Purchase' or coalesce(order_id, order_key) is null as fits_visit,
        in_plan
            and coalesce(accepted, true)
            and (channel = 'server' or (coalesce(status, 200) <> 0 and net_error is null)) as is_sent
    from events
    where event_id is not null
)
select
    platform,
    event_name,
    event_id,
    count(case when channel = 'browser' then 1 end) as browser_events,
    count(*) - count(case when channel = 'browser' then 1 end) as server_events,
    min(case when channel = 'browser' then event_key end) as browser_key,
    min(case when channel = 'server' then event_key end) as server_key,
    min(step) as step,
    min(dataset) is not distinct from max(dataset) as is_one_dataset,
    min(act) = max(act) and count(act) = count(*) and bool_and(fits_visit) as is_one_act,
    bool_and(is_sent) as are_sent,
    case when count(sent_at) = count(*) then epoch(max(sent_at)) - epoch(min(sent_at)) end as span_s
from acts
group by event_id, event_name, platform;

-- Copies of one id. The nth copy of an id and dataset on one side belongs to the nth on the other.
create table exact_pairs as
with sole_pairs as (
    -- Most ids name one browser and one server event.
    select
        i.browser_key,
        i.server_key
    from event_ids i
    where i.browser_events = 1
      and i.server_events = 1
      and i.is_one_dataset
),
copies as (
    select
        e.event_key,
        e.channel,
        e.platform,
        e.event_name,
        e.event_id,
        e.dataset,
        row_number() over (
            partition by e.channel, e.platform, e.event_name, e.event_id, e.dataset
            order by coalesce(e.order_id, ''), coalesce(e.event_at, e.seen_at), e.event_key
        ) as nth
    from events e
    join event_ids i
        on i.event_id = e.event_id
       and i.event_name = e.event_name
       and i.platform = e.platform
    where i.browser_events >= 1
      and i.server_events >= 1
      and i.browser_events + i.server_events > 2
),
counts as (
    select
        channel,
        platform,
        event_name,
        event_id,
        dataset,
        count(*) as copy_count
    from copies
    group by channel, platform, event_name, event_id, dataset
),
sides as (
    select
        b.platform,
        b.event_name,
        b.event_id,
        b.dataset as browser_dataset,
        s.dataset as server_dataset,
        b.copy_count as browser_count,
        s.copy_count as server_count
    from counts b
    join counts s
        on s.event_id = b.event_id
       and s.event_name = b.event_name
       and s.platform = b.platform
       and (s.dataset is null or b.dataset is null or s.dataset = b.dataset)
    where b.channel = 'browser'
      and s.channel = 'server'
),
-- The nth copy of one side is the nth of the other; where a side has fewer, its last one stands for the rest.
places as (
    select
        d.*,
        c.event_key as browser_key,
        cast(null as bigint) as server_key,
        least(c.nth, d.server_count) as other_nth
    from sides d
    join copies c
        on c.event_id = d.event_id
       and c.event_name = d.event_name
       and c.platform = d.platform
       and c.dataset is not distinct from d.browser_dataset
    where c.channel = 'browser'
    union all
    select
        d.*,
        null,
        c.event_key,
        d.browser_count
    from sides d
    join copies c
        on c.event_id = d.event_id
       and c.event_name = d.event_name
       and c.platform = d.platform
       and c.dataset is not distinct from d.server_dataset
    where c.channel = 'server'
      and c.nth > d.browser_count
)
select browser_key, server_key
from sole_pairs
union all
select
    coalesce(p.browser_key, c.event_key),
    coalesce(p.server_key, c.event_key)
from places p
join copies c
    on c.event_id = p.event_id
   and c.event_name = p.event_name
   and c.platform = p.platform
   and c.nth = p.other_nth
   and c.channel = case when p.server_key is null then 'server' else 'browser' end
   and c.dataset is not distinct from case when p.server_key is null then p.server_dataset else p.browser_dataset end;

-- Core events whose other copy, if there is one, has another id.
create temp table lone_keys as
select e.event_key
from events e
left join exact_pairs b on b.browser_key = e.event_key
left join exact_pairs s on s.server_key = e.event_key
where e.step is not null
  and b.browser_key is null
  and s.server_key is null;

-- What should have been one event and is not: it explains and never passes.
create table probable_pairs as
with lone_events as (
    select
        e.event_key,
        e.channel,
        e.platform,
        e.step,
        e.order_id,
        e.dataset,
        e.session,
        e.items,
        coalesce(e.event_at, e.seen_at) as happened_at
    from lone_keys l
    join events e on e.event_key = l.event_key
),
placed as (
    select
        *,
        row_number() over (
            partition by channel, platform, step, order_id, dataset order by happened_at, event_key
        ) as nth
    from lone_events
    where order_id is not null
),
order_pairs as (
    select
        b.event_key as browser_key,
        s.event_key as server_key
    from placed b
    join placed s
        on s.platform = b.platform
       and s.step = b.step
       and s.order_id = b.order_id
       and s.nth = b.nth
       and (s.dataset is null or b.dataset is null or s.dataset = b.dataset)
    where b.channel = 'browser'
      and s.channel = 'server'
),
far_events as (
    select
        p.event_key,
        p.channel,
        p.platform,
        p.step,
        p.order_id,
        row_number() over (
            partition by p.channel, p.platform, p.step, p.order_id order by p.happened_at, p.event_key
        ) as nth
    from placed p
    where not exists (select 1 from order_pairs o where o.browser_key = p.event_key)
      and not exists (select 1 from order_pairs o where o.server_key = p.event_key)
),
far_pairs as (
    select
        b.event_key as browser_key,
        s.event_key as server_key
    from far_events b
    join far_events s
        on s.platform = b.platform
       and s.step = b.step
       and s.order_id = b.order_id
       and s.nth = b.nth
    where b.channel = 'browser'
      and s.channel = 'server'
),
order_matches as (
    select browser_key, server_key
    from order_pairs
    union all
    select browser_key, server_key
    from far_pairs
),
loose_events as (
    select l.*
    from lone_events l
    where l.session is not null
      and not exists (select 1 from order_matches o where o.browser_key = l.event_key)
      and not exists (select 1 from order_matches o where o.server_key = l.event_key)
),
near_candidates as (
    select
        b.event_key as browser_key,
        s.event_key as server_key,
        row_number() over (
            partition by b.event_key
            order by abs(epoch(s.happened_at) - epoch(b.happened_at)), s.event_key
        ) as browser_choice,
        row_number() over (
            partition by s.event_key, b.dataset
            order by abs(epoch(s.happened_at) - epoch(b.happened_at)), b.event_key
        ) as server_choice
    from loose_events b
    join loose_events s
        on s.platform = b.platform
       and s.step = b.step
       and s.session = b.session
       and (s.items = b.items or s.items is null or b.items is null)
       and (s.dataset is null or b.dataset is null or s.dataset = b.dataset)
       and (s.order_id = b.order_id or s.order_id is null or b.order_id is null)
       and s.happened_at between b.happened_at - interval 5 minutes and b.happened_at + interval 5 minutes
    where b.channel = 'browser'
      and s.channel = 'server'
)
select browser_key, server_key
from order_matches
union all
select browser_key, server_key
from near_candidates
where browser_choice = 1
  and server_choice = 1;

-- The browser and the server copy of one event. exact: one id. probable: what should have been one.
create view event_pairs as
select browser_key, server_key, 'exact' as kind
from exact_pairs
union all
select browser_key, server_key, 'probable'
from probable_pairs;

create view pairs as
select
    p.kind,
    b.platform,
    b.step,
    coalesce(b.order_id, s.order_id) as order_id,
    coalesce(b.order_key, s.order_key) as order_key,
    coalesce(b.session, s.session) as session,
    b.dataset as browser_dataset,
    s.dataset as server_dataset,
    p.browser_key,
    p.server_key,
    b.ref as browser_ref,
    s.ref as server_ref,
    b.event_name as browser_name,
    s.event_name as server_name,
    b.event_id as browser_id,
    s.event_id as server_id,
    b.event_at as browser_at,
    s.event_at as server_at
from event_pairs p
join events b on b.event_key = p.browser_key
join events s on s.event_key = p.server_key;

-- ---------------------------------------------------------------- the steps of each order and visit

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
with candidates as (
    select
        e.event_key,
        e.platform,
        e.channel,
        e.session,
        e.email_digest = o.email_digest as is_buyers,
        o.order_id,
        abs(epoch(e.event_at) - epoch(o.created_at)) as distance,
        count(*) over (partition by e.event_key) as order_count
    from events e
    join orders o
        on o.currency = e.currency
       and o.total = e.value
       and o.created_at between e.event_at - interval 10 minutes and e.event_at + interval 10 minutes
    where e.step = 'Purchase'
      and (e.order_key is null or is_placeholder(e.order_key))
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
    where c.order_count = 1
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

-- ---------------------------------------------------------------- money

-- Purchases that name no order themselves: the one order their other copy with the same id names.
create table copy_orders as
with copies as (
    select
        e.event_key,
        o.order_id
    from events e
    join exact_pairs p on p.browser_key = e.event_key
    join events o on o.event_key = p.server_key
    where e.step = 'Purchase'
      and e.order_id is null
    union all
    select
        e.event_key,
        o.order_id
    from events e
    join exact_pairs p on p.server_key = e.event_key
    join events o on o.event_key = p.browser_key
    where e.step = 'Purchase'
      and e.order_id is null
      and o.step = 'Purchase'
)
select
    event_key,
    min(order_id) as order_id
from copies
group by event_key
having count(distinct order_id) = 1;

-- The order whose money each Purchase must carry: its own, else that of its other copy with the same id.
create view purchase_orders as
select
    e.event_key,
    coalesce(e.order_id, c.order_id) as order_id
from events e
left join copy_orders c on c.event_key = e.event_key
where e.step = 'Purchase'
  and coalesce(e.order_id, c.order_id) is not null;

-- What each value that names an order could be: a basis of the order as it stands, or through a slip of scale.
create table value_readings as
with priced as (
    select
        e.event_key,
        a.order_id,
        e.value,
        a.rank,
        a.basis,
        a.amount,
        a.tolerance,
        a.is_plan_basis
    from events e
    left join copy_orders c on c.event_key = e.event_key
    join order_amounts a on a.order_id = coalesce(e.order_id, c.order_id)
    where e.step = 'Purchase'
      and e.value is not null
),
readings as (
    select event_key, order_id, basis, amount, is_plan_basis, 'none' as slip,
        case when is_plan_basis then 0 else rank end as rank
    from priced
    where abs(value - amount) <= tolerance
    union all
    select event_key, order_id, basis, amount, is_plan_basis, 'times_100',
        case when is_plan_basis then 100 else 110 + rank end
    from priced
    where amount <> 0
      and abs(value - amount * 100) <= tolerance * 100
    union all
    select event_key, order_id, basis, amount, is_plan_basis, 'divided_by_100',
        case when is_plan_basis then 101 else 130 + rank end
    from priced
    where amount <> 0
      and abs(value * 100 - amount) <= tolerance
    union all
    select event_key, order_id, basis, amount, is_plan_basis, 'thousands_separator',
        case when is_plan_basis then 102 else 150 + rank end
    from priced
    where amount >= 1000
      and (
          abs(value * 1000 - amount) <= tolerance
          or value = floor(amount / 1000)
          or (amount >= 1000000 and (value = floor(amount / 1000) / 1000 or value = floor(amount / 1000000)))
      )
)
select
    event_key,
    order_id,
    basis,
    slip,
    amount,
    is_plan_basis,
    row_number() over (partition by event_key order by rank, basis) as nth
from readings;

-- Values that are the plan's amount less whole lines of the order, none of which the event names: the order may have grown after
-- the Purchase, by an offer on the thank-you page or an edit. An order that was not changed since has not.
create table outgrown_values as
with unread as (
    select
        e.event_key,
        o.order_id,
        a.amount - e.value as missing_amount,
        a.tolerance
    from purchase_orders p
    join events e on e.event_key = p.event_key
    join orders o on o.order_id = p.order_id
    join order_amounts a on a.order_id = p.order_id
    where a.is_plan_basis
      and a.amount - e.value > a.tolerance
      and e.value > 0
      and coalesce(e.currency = a.currency, true)
      and coalesce(o.changed_at > coalesce(e.event_at, e.seen_at) + interval 60 seconds, true)
      and not exists (select 1 from value_readings r where r.event_key = e.event_key)
),
lines as (
    select distinct
        i.order_id,
        i.position,
        i.price * coalesce(i.quantity, 1) as amount
    from (select distinct order_id from unread) u
    join order_items i on i.order_id = u.order_id
),
-- Lines are added at the end: each by itself, or with all that stand behind it. The first was always there.
tails as (
    select
        order_id,
        position,
        amount,
        sum(amount) over (partition by order_id order by position desc) as tail_amount,
        max(position) over (partition by order_id) as last_position,
        min(position) over (partition by order_id) as first_position
    from lines
),
fits as (
    select
        u.event_key,
        u.order_id,
        u.missing_amount,
        t.position as from_position,
        case when abs(u.missing_amount - t.amount) <= u.tolerance then t.position else t.last_position end as to_position
    from unread u
    join tails t on t.order_id = u.order_id
    where t.position > t.first_position
      and (abs(u.missing_amount - t.amount) <= u.tolerance or abs(u.missing_amount - t.tail_amount) <= u.tolerance)
),
named as (
    select distinct f.event_key, f.from_position
    from fits f
    join order_items i on i.order_id = f.order_id and i.position between f.from_position and f.to_position
    join event_items n on n.event_key = f.event_key and n.item_id = i.item_id
)
select
    f.event_key,
    min(f.missing_amount) as missing_amount,
    min(f.to_position - f.from_position + 1) as line_count
from fits f
left join named n on n.event_key = f.event_key and n.from_position = f.from_position
where n.event_key is null
group by f.event_key;

-- ---------------------------------------------------------------- what each platform will count

-- The order each Purchase counts for: the one it carries; else the one its other copy carries, the one its money and time
-- point to, or the only one of its page load or, within ten minutes, of its visit. A placeholder names no order.
create table purchase_units as
with keyless as (
    -- Most name an order of the export. Only the others are searched for.
    select
        event_key,
        page_load,
        session,
        coalesce(event_at, seen_at) as happened_at,
        case when not is_placeholder(order_key) then order_key end as carried
    from events
    where step = 'Purchase'
      and order_id is null
),
searched as (
    select
        event_key,
        page_load,
        session,
        happened_at
    from keyless
    where carried is null
),
paired as (
    select p.browser_key as event_key, p.order_id, p.order_key
    from searched k
    join pairs p on p.browser_key = k.event_key
    where p.step = 'Purchase'
    union all
    select p.server_key, p.order_id, p.order_key
    from searched k
    join pairs p on p.server_key = k.event_key
    where p.step = 'Purchase'
),
paired_orders as (
    select
        event_key,
        min(coalesce(order_id, case when not is_placeholder(order_key) then order_key end)) as unit
    from paired
    group by event_key
),
load_purchases as (
    select
        e.page_load,
        coalesce(e.order_id, case when not is_placeholder(e.order_key) then e.order_key end) as carried
    from (select distinct page_load from searched where page_load is not null) l
    join events e on e.page_load = l.page_load
    where e.step = 'Purchase'
),
load_orders as (
    select page_load, min(carried) as unit
    from load_purchases
    group by page_load
    having count(distinct carried) = 1
),
visit_purchases as (
    select
        e.session,
        coalesce(e.event_at, e.seen_at) as happened_at,
        coalesce(e.order_id, case when not is_placeholder(e.order_key) then e.order_key end) as carried
    from (select distinct session from searched where session is not null) v
    join events e on e.session = v.session
    where e.step = 'Purchase'
),
visit_orders as (
    select session, min(carried) as unit, min(happened_at) as first_at, max(happened_at) as last_at
    from visit_purchases
    where carried is not null
    group by session
    having count(distinct carried) = 1
),
found as (
    select event_key, carried as unit
    from keyless
    where carried is not null
    union all
    select
        k.event_key,
        coalesce(r.unit, o.order_id, l.unit, v.unit)
    from searched k
    left join paired_orders r on r.event_key = k.event_key
    left join probable_orders o on o.event_key = k.event_key
    left join load_orders l on l.page_load = k.page_load
    left join visit_orders v
        on v.session = k.session
       and k.happened_at between v.first_at - interval 10 minutes and v.last_at + interval 10 minutes
)
select
    event_key,
    order_id as unit,
    order_id            -- the unit, where it is an order of the export
from events
where step = 'Purchase'
  and order_id is not null
union all
select
    f.event_key,
    f.unit,
    o.order_id
from found f
left join orders o on o.order_id = f.unit;

-- What was sent and not refused, by the act it tells of: a Purchase belongs to its order; any other step, and a Purchase nothing
-- ties to an order, to its visit.
create view unit_events as
select
    event_key,
    platform,
    step,
    channel,
    dataset,
    session,
    items,
    sender,
    ref,
    coalesce(event_at, seen_at) as happened_at,
    session as unit,
    cast(null as varchar) as order_id
from sent_events
where step <> 'Purchase'
  and session is not null
  and coalesce(accepted, true)
union all
select
    e.event_key,
    e.platform,
    e.step,
    e.channel,
    e.dataset,
    e.session,
    e.items,
    e.sender,
    e.ref,
    coalesce(e.event_at, e.seen_at),
    coalesce(u.unit, e.session),
    u.order_id
from sent_events e
join purchase_units u on u.event_key = e.event_key
where e.step = 'Purchase'
  and coalesce(u.unit, e.session) is not null
  and coalesce(e.accepted, true);

-- The datasets a Purchase reaches: its own; for a relay that names none, the browser's of that order, else the plan's.
-- Copies with one merge_key and merge_window are counted once: same name and id, received within the window (domain 5.1: the
-- window runs from when the platform got the first copy, so a time the sender claims does not matter).
create table counted_events as
with purchases as (
    select
        e.event_key,
        e.platform,
        e.channel,
        e.dataset,
        e.in_plan,
        e.event_name,
        case when e.platform <> 'snackvideo' then e.event_id end as merging_id,
        u.unit,
        u.order_id,
        coalesce(e.seen_at, e.event_at) as counted_at
    from purchase_units u
    join events e on e.event_key = u.event_key
    where e.step = 'Purchase'
      and coalesce(e.accepted, true)
      and (e.channel = 'server' or (coalesce(e.status, 200) <> 0 and e.net_error is null))
),
browser_datasets as (
    select distinct
        platform,
        unit,
        dataset
    from purchases
    where channel = 'browser'
      and dataset is not null
      and in_plan
      and unit is not null
),
reached as (
    select
        event_key,
        platform,
        channel,
        dataset,
        event_name,
        merging_id,
        unit,
        order_id,
        counted_at
    from purchases
    where dataset is not null
    union all
    select
        p.event_key,
        p.platform,
        p.channel,
        coalesce(b.dataset, d.dataset),
        p.event_name,
        p.merging_id,
        p.unit,
        p.order_id,
        p.counted_at
    from purchases p
    left join browser_datasets b on b.platform = p.platform and b.unit = p.unit
    left join plan_datasets d on b.dataset is null and d.platform = p.platform
    where p.dataset is null
),
firsts as (
    select
        platform,
        dataset,
        event_name,
        merging_id,
        min(counted_at) as first_at,
        min(event_key) as first_key
    from reached
    where merging_id is not null
    group by platform, dataset, event_name, merging_id
)
select
    r.event_key,
    r.platform,
    r.dataset,
    r.unit,
    r.order_id,
    r.channel,
    r.counted_at,
    coalesce(f.first_key, r.event_key) as merge_key,
    coalesce(cast(floor((epoch(r.counted_at) - epoch(f.first_at)) / (w.amount + 1)) as bigint), 0) as merge_window
from reached r
join plan_limits w on w.name = 'dedup_window_s'
left join firsts f
    on f.merging_id = r.merging_id
   and f.event_name = r.event_name
   and f.platform = r.platform
   and f.dataset is not distinct from r.dataset;

-- Per platform, dataset and order: how many Purchases will be counted, at least and at most, and for how much.
create table predicted_orders as
with merged as (
    select
        c.platform,
        c.dataset,
        c.unit,
        c.order_id,
        min(e.value) as low_value,
        max(e.value) as high_value,
        min(e.currency) as currency
    from counted_events c
    join events e on e.event_key = c.event_key
    where c.platform in ('meta', 'tiktok')
      and c.unit is not null
    group by c.platform, c.dataset, c.unit, c.order_id, c.merge_key, c.merge_window
),
by_id as (
    select
        platform,
        dataset,
        unit,
        order_id,
        currency,
        count(*) as low,
        count(*) as high,
        sum(low_value) as low_value,
        sum(high_value) as high_value
    from merged
    group by platform, dataset, unit, order_id, currency
),
by_side as (
    select
        c.platform,
        c.dataset,
        c.unit,
        c.order_id,
        e.currency,
        sum(case when c.channel = 'browser' then 1 else 0 end) as browser_count,
        sum(case when c.channel = 'server' then 1 else 0 end) as server_count,
        sum(case when c.channel = 'browser' then e.value else 0 end) as browser_value,
        sum(case when c.channel = 'server' then e.value else 0 end) as server_value
    from counted_events c
    join events e on e.event_key = c.event_key
    where c.platform = 'snackvideo'
      and c.unit is not null
    group by c.platform, c.dataset, c.unit, c.order_id, e.currency
)
select platform, dataset, unit, order_id, currency, low, high, low_value, high_value
from by_id
union all
select
    platform,
    dataset,
    unit,
    order_id,
    currency,
    greatest(browser_count, server_count),
    browser_count + server_count,
    greatest(browser_value, server_value),
    browser_value + server_value
from by_side;

-- ---------------------------------------------------------------- senders

-- Events by how they were sent and the step they tell of: few rows, however many events there are.
create temp table sent_kinds as
select
    platform,
    channel,
    sender,
    sender_kind,
    agent,
    partner_agent,
    initiator,
    dataset,
    relay_store,
    log_sender,
    step,
    in_plan,
    count(*) as events,
    min(event_key) as first_key
from events
group by
    platform, channel, sender, sender_kind, agent, partner_agent, initiator, dataset, relay_store, log_sender, step, in_plan;

-- Every way of sending seen in the evidence, with what identifies it.
create table observed_senders as
select
    row_number() over (order by platform, channel, sender, agent, partner_agent, initiator, dataset, relay_store, log_sender) as fingerprint,
    platform,
    channel,
    sender,
    sender_kind,
    agent,
    partner_agent,
    initiator,
    dataset,
    relay_store,
    log_sender
from sent_kinds
group by platform, channel, sender, sender_kind, agent, partner_agent, initiator, dataset, relay_store, log_sender;

-- What each of them sent: how often each step, and the first event of it.
create table sender_steps as
select
    f.fingerprint,
    f.platform,
    f.channel,
    f.sender,
    f.dataset,
    f.initiator,
    k.step,
    k.in_plan,
    k.events,
    k.first_key
from sent_kinds k
join observed_senders f
    on f.platform = k.platform
   and f.channel = k.channel
   and f.sender is not distinct from k.sender
   and f.sender_kind is not distinct from k.sender_kind
   and f.agent is not distinct from k.agent
   and f.partner_agent is not distinct from k.partner_agent
   and f.initiator is not distinct from k.initiator
   and f.dataset is not distinct from k.dataset
   and f.relay_store is not distinct from k.relay_store
   and f.log_sender is not distinct from k.log_sender;

create view event_fingerprints as
select
    e.event_key,
    f.fingerprint
from events e
join observed_senders f
    on f.platform = e.platform
   and f.channel = e.channel
   and f.sender is not distinct from e.sender
   and f.sender_kind is not distinct from e.sender_kind
   and f.agent is not distinct from e.agent
   and f.partner_agent is not distinct from e.partner_agent
   and f.initiator is not distinct from e.initiator
   and f.dataset is not distinct from e.dataset
   and f.relay_store is not distinct from e.relay_store
   and f.log_sender is not distinct from e.log_sender;

-- Which register entry claims which way of sending, per step. An entry without match claims what no other claims.
create table sender_claims as
with matched as (
    select
        f.fingerprint,
        p.entry
    from observed_senders f
    join plan_senders p
        on p.platform = f.platform
       and p.channel = f.channel
    where p.has_match
      and (p.agent is null or coalesce(f.agent, '') like p.agent escape '!')
      and (p.partner_agent is null or coalesce(f.partner_agent, '') like p.partner_agent escape '!')
      and (p.initiator is null or coalesce(f.initiator, '') like p.initiator escape '!')
      and (p.dataset is null or coalesce(f.dataset, '') like p.dataset escape '!')
      and (p.relay_store is null or coalesce(f.relay_store, '') like p.relay_store escape '!')
      and (p.sender is null or coalesce(f.log_sender, '') like p.sender escape '!')
),
matched_steps as (
    select
        m.fingerprint,
        s.step,
        m.entry
    from matched m
    join plan_sender_steps s on s.entry = m.entry
),
rest as (
    select
        f.fingerprint,
        s.step,
        p.entry
    from observed_senders f
    join plan_senders p
        on p.platform = f.platform
       and p.channel = f.channel
    join plan_sender_steps s on s.entry = p.entry
    left join matched_steps m on m.fingerprint = f.fingerprint and m.step = s.step
    where not p.has_match
      and m.fingerprint is null
)
select fingerprint, step, entry from matched_steps
union all
select fingerprint, step, entry from rest;

-- ---------------------------------------------------------------- what a visit knows when an event leaves

-- Events of a visit in which no page was seen, or of none: the visit of their order, where it is the only such one with pages.
create table lent_visits as
with visits as (
    select
        session,
        max(case when channel = 'browser' then 1 else 0 end) as has_pages
    from events
    where session is not null
    group by session
),
strays as (
    select
        e.event_key,
        e.order_id
    from events e
    left join visits v on v.session = e.session and v.has_pages = 0
    where e.order_id is not null
      and (e.session is null or v.session is not null)
),
order_visits as (
    select
        o.order_id,
        min(o.session) as session
    from order_sessions o
    join visits v on v.session = o.session
    where v.has_pages = 1
      and o.order_id in (select order_id from strays)
    group by o.order_id
    having count(*) = 1
)
select
    s.event_key,
    o.session
from strays s
join order_visits o on o.order_id = s.order_id;

-- Server events whose browser copy happened before the time they name themselves.
create table earlier_copies as
select
    s.event_key,
    min(b.event_at) as browser_at
from event_pairs p
join events b on b.event_key = p.browser_key
join events s on s.event_key = p.server_key
where p.kind = 'exact'
  and (b.event_at < coalesce(s.event_at, s.seen_at) or coalesce(s.event_at, s.seen_at) is null)
  and b.event_at is not null
group by s.event_key;

-- Page loads whose address held a click id.
create table landing_loads as
select distinct
    platform,
    page_load
from landings
where page_load is not null;

-- Each event with its visit (its own where pages were seen in it, else the only such visit of its order) and the moment up to
-- which what the visit knows binds it: its own time or its browser copy's, whichever is earlier, so that a server's clock never
-- makes it know more than the page did.
create view visit_events as
select
    e.*,
    coalesce(l.session, e.session) as visit,
    coalesce(c.browser_at, e.event_at, e.seen_at) as judged_at,
    e.landing_click is not null or d.page_load is not null as on_landing
from events e
left join lent_visits l on l.event_key = e.event_key
left join earlier_copies c on c.event_key = e.event_key
left join landing_loads d on d.platform = e.platform and d.page_load = e.page_load;

-- The same of the core events that count as sent (sent_events).
create view sent_visit_events as
select *
from visit_events
where step is not null
  and in_plan
  and (channel = 'server' or coalesce(status, 200) <> 0)
  and (channel = 'server' or net_error is null);

-- What each event and landing shows of a visit's ids, and since when they are known by it: to the page itself, and to anybody. A
-- Meta cookie writes the moment of its making into its third part. What the page itself can know comes from addresses, cookies and
-- browser events; a server may know what any of them does.
create view visit_showings as
with parsed as (
    select
        *,
        -- A browser id in the place of the click id is no click.
        nullif(click_id, browser_id) as click,
        fb_created(nullif(click_id, browser_id)) as click_made_at,
        fb_created(browser_id) as browser_made_at
    from visit_events
    where visit is not null
),
made as (
    -- Most cookies hold what the event beside them carries.
    select
        *,
        case when cookie_click = click then click_made_at else fb_created(cookie_click) end as cookie_click_made_at,
        case when cookie_browser = browser_id then browser_made_at else fb_created(cookie_browser) end as cookie_browser_made_at
    from parsed
)
select
    visit as session,
    platform,
    ref,
    click_made_at,
    least(
        case when landing_click is not null and channel = 'browser' then judged_at end,
        case when cookie_click is not null then least(judged_at, cookie_click_made_at) end,
        case when click is not null and channel = 'browser' then least(judged_at, click_made_at) end
    ) as page_click_at,
    least(
        case when landing_click is not null or cookie_click is not null or click is not null then judged_at end,
        cookie_click_made_at,
        click_made_at
    ) as click_at,
    least(
        case when cookie_browser is not null then least(judged_at, cookie_browser_made_at) end,
        case when browser_id is not null and channel = 'browser' then least(judged_at, browser_made_at) end
    ) as page_browser_at,
    least(
        case when cookie_browser is not null or browser_id is not null then judged_at end,
        cookie_browser_made_at,
        browser_made_at
    ) as browser_at
from made
union all
select session, platform, ref, null, landed_at, landed_at, null, null
from landings
where session is not null
  and click_id is not null;

-- Since when a visit knows a click id and a browser id.
create table visit_knowledge as
select
    session,
    platform,
    min(page_click_at) as page_click_at,
    min(click_at) as click_at,
    min(page_browser_at) as page_browser_at,
    min(browser_at) as browser_at,
    min(click_made_at) <> max(click_made_at) as has_several_stamps  -- its click cookies were made at several moments
from visit_showings
group by session, platform;

-- Click ids of Meta events that need a closer look: of another form than most, some browser's fbp, or grown old before they were last
-- used. Most events carry none of these.
create table odd_fbcs as
with ids as (
    select
        click_id,
        max(least(coalesce(event_at, seen_at), coalesce(seen_at, event_at))) as last_used_at,
        count(*) - count(coalesce(event_at, seen_at)) as timeless
    from sent_events
    where platform = 'meta'
      and click_id is not null
    group by click_id
),
forms as (
    select
        *,
        fb_created(click_id) as made_at,
        regexp_full_match(click_id, 'fb[.][0-2][.][0-9]{13}[.][^.%]+([.][A-Za-z0-9_-]+)?') as is_plain
    from ids
),
-- A click id of digits alone: Meta's have letters, its browser ids have none.
numbers as (
    select
        click_id,
        split_part(click_id, '.', 3) || '.' || split_part(click_id, '.', 4) as stamp
    from ids
    where regexp_matches(click_id, '^fb[.][0-2][.][0-9]{13}[.][0-9]+([.]|$)')
),
browser_numbers as (
    select distinct
        n.click_id
    from numbers n
    join events e on split_part(e.browser_id, '.', 3) || '.' || split_part(e.browser_id, '.', 4) = n.stamp
    where e.platform = 'meta'
      and coalesce(e.browser_id, '') like 'fb.%'  -- coalesce: DuckDB 2.0 breaks on a column of nothing but NULLs here
)
select
    f.click_id,
    f.made_at,
    regexp_full_match(f.click_id, 'fb[.][0-2][.][0-9]{13}[.][^.]+([.][A-Za-z0-9_-]+)?') as is_whole,
    f.is_plain,
    b.click_id is not null as is_browser_id
from forms f
left join browser_numbers b on b.click_id = f.click_id
left join plan_limits p on p.name = 'click_id_days_meta'
where not f.is_plain
   or b.click_id is not null
   or f.made_at is null
   or f.timeless > 0
   or epoch(f.last_used_at) - epoch(f.made_at) > coalesce(p.amount, 90) * 86400;

-- ---------------------------------------------------------------- shoppers

-- The shopper behind each visit, per platform: visits of one browser id are one shopper's.
create table shoppers as
select
    platform,
    session,
    coalesce(least(min(browser_id), min(cookie_browser)), session) as shopper
from events
where session is not null
group by platform, session;

-- ---------------------------------------------------------------- deliveries

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
        -- The browser lost the answer or never sent the request; nobody refused it.
        when e.status = 0 or (e.status is null and e.net_error is not null) then 'unanswered'
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

-- ---------------------------------------------------------------- claimed times

-- Server events of claimed times that lay back when one of them was seen leaving, and when each happened: at its order's creation, or
-- when its browser copy left. A clock of an unknown zone tells nothing.
create temp table old_claims as
with old_times as (
    select distinct
        e.platform,
        e.sender,
        e.event_at
    from events e
    where e.channel = 'server'
      and e.step is not null
      and e.event_time_sent is not null
      and epoch(e.seen_at) - epoch(e.event_at) > 300
),
claims as (
    select
        e.event_key,
        e.platform,
        e.sender,
        e.step,
        e.order_id,
        coalesce(e.session, e.order_id, e.order_key) as act,
        e.event_at,
        e.seen_at
    from old_times o
    join events e on e.platform = o.platform and e.sender = o.sender and e.event_at = o.event_at
    left join sources s on s.source = e.source
    where e.channel = 'server'
      and e.step is not null
      and e.seen_at is not null
      and coalesce(s.has_zone, true)
      -- a text without a zone was read in the plan's
      and not regexp_full_match(trim(e.event_time_sent), '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+)?')
      -- a till may know the day alone
      and e.action_source is distinct from 'physical_store'
),
browser_times as (
    select
        c.event_key,
        min(coalesce(b.seen_at, b.event_at)) as happened_at
    from claims c
    join exact_pairs p on p.server_key = c.event_key
    join events b on b.event_key = p.browser_key
    left join sources s on s.source = b.source
    where coalesce(s.has_zone, true)
    group by c.event_key
),
order_times as (
    select
        c.event_key,
        min(o.created_at) as happened_at
    from claims c
    join orders o on o.order_id = c.order_id
    where c.step = 'Purchase'
    group by c.event_key
)
select
    c.event_key,
    c.platform,
    c.sender,
    c.act,
    c.event_at,
    c.seen_at,
    case when o.happened_at < b.happened_at then o.happened_at else coalesce(b.happened_at, o.happened_at) end as happened_at
from claims c
left join browser_times b on b.event_key = c.event_key
left join order_times o on o.event_key = c.event_key;

-- Server events whose claimed time cannot be their own, though it is one a platform takes: a time zone's hours before they happened,
-- or the one second that events of several moments share. They were seen leaving after they happened. What waited in a queue keeps
-- its true time: a delay alone is neither.
create table untrue_times as
-- Two visits may share a second and wait for different times; they did not happen minutes apart then.
with acts as (
    select
        platform,
        sender,
        event_at,
        act,
        min(seen_at) as seen_at,
        min(happened_at) as happened_at
    from old_claims
    where act is not null
    group by platform, sender, event_at, act
),
fixed_times as (
    select
        platform,
        sender,
        event_at
    from acts
    group by platform, sender, event_at
    having count(*) > 1
       and epoch(max(seen_at)) - epoch(min(seen_at)) > 300
       and epoch(max(happened_at)) - epoch(min(happened_at)) > 300
),
unfixed as (
    select a.*
    from old_claims a
    left join fixed_times f on f.platform = a.platform and f.sender = a.sender and f.event_at = a.event_at
    where f.event_at is null
),
-- Claimed long before it happened, though it left after: by its own hours, or by those it lies before its leaving.
early_claims as (
    select
        event_key,
        platform,
        sender,
        coalesce(zone_hours(epoch(happened_at) - epoch(event_at)), zone_hours(epoch(seen_at) - epoch(event_at))) as hours
    from unfixed
    where epoch(happened_at) - epoch(event_at) > 1500
      and epoch(seen_at) - epoch(happened_at) >= -60
),
claim_counts as (
    select
        platform,
        sender,
        count(*) as events
    from early_claims
    group by platform, sender
),
sole_senders as (
    select
        e.platform,
        e.sender
    from claim_counts c
    join events e on e.platform = c.platform and e.sender = c.sender
    where e.channel = 'server'
      and e.step is not null
    group by e.platform, e.sender
    having count(*) = 1
),
-- A zone is the same for one event after another; one alone may be chance, unless it is all that its sender sent.
sender_shifts as (
    select
        e.platform,
        e.sender,
        e.hours
    from early_claims e
    join claim_counts c on c.platform = e.platform and c.sender = e.sender
    left join sole_senders o on o.platform = e.platform and o.sender = e.sender
    where e.hours is not null
    group by e.platform, e.sender, e.hours
    having count(*) * 2 >= min(c.events)
       and (count(*) > 1 or min(o.sender) is not null)
)
select
    a.event_key,
    'fixed_time' as flaw,
    cast(null as double) as hours,
    a.happened_at
from old_claims a
join fixed_times f on f.platform = a.platform and f.sender = a.sender and f.event_at = a.event_at
where abs(epoch(a.seen_at) - epoch(a.event_at)) > 300
union all
select
    u.event_key,
    'zone_shift',
    s.hours,
    u.happened_at
from unfixed u
left join early_claims e on e.event_key = u.event_key
join sender_shifts s on s.platform = u.platform and s.sender = u.sender
-- What has neither an order nor a browser copy is known by the hours of its sender's others.
where s.hours = case when u.happened_at is null then zone_hours(epoch(u.seen_at) - epoch(u.event_at)) else e.hours end;

-- ---------------------------------------------------------------- the chain: what is expected, and what would have been seen

-- Orders a Purchase is due for, and since when: a plan that counts payments waits for the payment. is_due is NULL where the
-- export leaves open whether the web pixels are concerned. Without named orders the rest is judged as a day's traffic.
create table expected_orders as
with listed as (
    select count(*) as order_count from plan_test_orders
)
select
    o.order_id,
    min(o.ref) as ref,
    bool_or(o.is_named) as is_named,
    bool_or(o.is_named) and min(p.order_count) > 0 as is_listed,
    not bool_or(o.is_named) and min(p.order_count) = 0 as is_traffic,
    min(o.payment_method) as payment_method,
    min(case when l.conversion_point = 'payment_confirmed' then coalesce(o.paid_at, o.created_at) else o.created_at end) as due_at,
    bool_and(case when o.event_duty = 'yes' and (l.conversion_point = 'order_created' or o.is_paid) then true end) as is_due,
    min(case
        when o.event_duty = 'unknown' then coalesce(o.duty_reason, 'the export names its source only as number ' || o.order_source)
        when l.conversion_point = 'payment_confirmed' and o.is_paid is null then 'the export does not say whether it was paid'
    end) as doubt
from orders o
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
create temp table scattered_orders as
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

-- What a browser sent in the visits of the orders that lack a step, and of those a person named.
create temp table visit_moments as
with asked_orders as (
    select order_id
    from order_steps
    where browser_events + stopped_events + unanswered_events = 0
      and foreign_browser_key is null
    union
    select order_id
    from expected_orders
    where is_named
)
select
    v.order_id,
    e.event_key,
    e.platform,
    e.source,
    e.event_name,
    coalesce(e.seen_at, e.event_at) as seen_at,
    case e.step when 'ViewContent' then 1 when 'AddToCart' then 2 when 'InitiateCheckout' then 3 when 'Purchase' then 4 end as place,
    e.step,
    e.page_load,
    e.page_host,
    e.page_path,
    e.referrer_host
from asked_orders a
join order_sessions v on v.order_id = a.order_id
join events e on e.session = v.session
where e.channel = 'browser';

-- Orders whose recording of a platform begins in the middle of the path, and the place of the first step it can show: what was sent
-- before is not in it. A file that holds nothing of the platform shows nothing of it, where another file does.
create table late_starts as
with visit_sources as (
    select distinct order_id, platform, source
    from visit_moments
),
told_sources as (
    select order_id, platform, source
    from visit_sources
    union
    select v.order_id, p.platform, v.source
    from visit_sources v
    cross join plan_platforms p
    where not exists (select 1 from visit_sources o where o.order_id = v.order_id and o.platform = p.platform)
),
openings as (
    select
        t.order_id,
        t.platform,
        min(m.seen_at) as first_at
    from told_sources t
    join visit_moments m on m.order_id = t.order_id and m.source = t.source
    group by t.order_id, t.platform
),
opening_events as (
    select
        o.order_id,
        o.platform,
        min(m.event_key) as event_key
    from openings o
    join told_sources t on t.order_id = o.order_id and t.platform = o.platform
    join visit_moments m on m.order_id = t.order_id and m.source = t.source and m.seen_at = o.first_at
    group by o.order_id, o.platform
),
firsts as (
    select
        o.platform,
        m.order_id,
        m.source,
        m.event_name,
        m.seen_at,
        m.page_load,
        m.page_host,
        m.page_path,
        m.referrer_host
    from opening_events o
    join visit_moments m on m.order_id = o.order_id and m.event_key = o.event_key
),
-- Whoever came to the first page from a page of the same shop had begun the visit before; what that page sends is shown.
later_pages as (
    select
        f.order_id,
        f.platform,
        min(m.place) as place
    from firsts f
    join visit_moments m on m.order_id = f.order_id and m.page_host = f.page_host and m.page_path = f.page_path
    where f.referrer_host = f.page_host
      and m.place is not null
    group by f.order_id, f.platform
    having min(m.place) >= 3
),
-- A capture switched on while the page stood open holds neither the page itself, nor the start of a pixel on it, nor the page view,
-- and Meta's count of its hits is under way: what the page sent when it was opened is not shown.
open_pages as (
    select
        f.order_id,
        f.platform,
        f.page_load,
        f.page_host,
        f.page_path
    from firsts f
    join sources s on s.source = f.source
    where s.loader = 'har'
      and ends_with(f.page_load, '/0')
      and lower(f.event_name) <> 'pageview'
      and not exists (select 1 from loads l where l.page_load = f.page_load and l.loaded_at <= f.seen_at)
      and not exists (
          select 1
          from counters c
          where c.page_load = f.page_load
            and c.counter = 0
            and c.sent_at <= f.seen_at + interval 1 seconds
      )
),
open_steps as (
    select
        p.order_id,
        p.platform,
        min(case when m.page_load = p.page_load and m.page_host = p.page_host and m.page_path = p.page_path then m.place end) as page_place,
        min(m.place) as visit_place
    from open_pages p
    join visit_moments m on m.order_id = p.order_id
    group by p.order_id, p.platform
),
found as (
    select order_id, platform, place, 0 as is_open
    from later_pages
    union all
    -- A page without a step of its own: the cart, or the checkout after its step. Goods are put into the cart where they are seen.
    select order_id, platform, coalesce(page_place, visit_place), 1
    from open_steps
    where page_place >= 2
       or (page_place is null and visit_place >= 3)
)
select
    order_id,
    platform,
    max(place) as place,
    case when max(is_open) = 1 then 'the recording begins on a page that was already open: its first step is '
        else 'the recording begins on a later page: its first step is ' end
        || case max(place) when 2 then 'AddToCart' when 3 then 'InitiateCheckout' else 'Purchase' end as reason
from found
group by order_id, platform;

-- The steps that an order's own captures cannot show, and why: what a platform's script sent was saved without its content, or
-- the recording begins in the middle of the path, or ends before the page after the checkout.
create table unshown_steps as
with absent_steps as (
    select
        order_id,
        platform,
        step,
        case step when 'ViewContent' then 1 when 'AddToCart' then 2 when 'InitiateCheckout' then 3 else 4 end as place
    from order_steps
    where browser_events + stopped_events + unanswered_events = 0
      and foreign_browser_key is null
),
absent_orders as (
    select distinct order_id from absent_steps
),
-- A capture that ran when a listed order was placed may be its own, though nothing in it names the order.
order_captures as (
    select
        v.order_id,
        c.source
    from absent_orders a
    join order_sessions v on v.order_id = a.order_id
    join captured_visits c on c.session = v.session
    union
    select
        o.order_id,
        s.source
    from absent_orders a
    join expected_orders o on o.order_id = a.order_id
    join sources s on o.due_at between s.first_at - interval 60 seconds and s.last_at + interval 60 seconds
    where s.loader = 'har'
      and o.is_named
      and not exists (select 1 from order_sessions v join captured_visits c on c.session = v.session where v.order_id = o.order_id)
),
unread as (
    select distinct
        c.order_id,
        h.platform
    from order_captures c
    join unread_hits h on h.source = c.source
),
checkouts as (
    select
        v.order_id,
        max(a.finished_at) as finished_at
    from absent_orders o
    join order_sessions v on v.order_id = o.order_id
    join actions a on a.session = v.session
    where a.kind = 'checkout'
      and a.ok
    group by v.order_id
),
last_checkouts as (
    select
        order_id,
        max(seen_at) as begun_at
    from visit_moments
    where place = 3
    group by order_id
),
-- Something sent from another page after the checkout began: the page that followed was there.
followed as (
    select distinct m.order_id
    from last_checkouts l
    join visit_moments c on c.order_id = l.order_id and c.place = 3 and c.seen_at = l.begun_at
    join visit_moments m on m.order_id = l.order_id and m.seen_at > l.begun_at
    where m.page_path <> c.page_path
       or m.page_host <> c.page_host
),
endings as (
    select
        c.order_id,
        max(s.last_at) as last_at
    from order_captures c
    join sources s on s.source = c.source
    group by c.order_id
),
early_ends as (
    select e.order_id
    from endings e
    join expected_orders o on o.order_id = e.order_id
    left join checkouts k on k.order_id = e.order_id
    where e.last_at < coalesce(k.finished_at + interval 3 seconds, o.due_at)
      and not exists (select 1 from followed f where f.order_id = e.order_id)
),
-- An order without an amount can be told from none of the Purchases of its time that name no order.
nameless as (
    select distinct
        a.order_id,
        a.platform
    from absent_steps a
    join expected_orders d on d.order_id = a.order_id
    join orders o on o.order_id = a.order_id
    join nameless_purchases e on e.platform = a.platform
    where a.step = 'Purchase'
      and d.is_named
      and (o.total is null or o.currency is null)
      and (d.due_at is null or e.event_at between d.due_at - interval 10 minutes and d.due_at + interval 10 minutes)
)
select
    a.order_id,
    a.platform,
    a.step,
    case
        when r.order_id is not null then 'the shopper refused consent, and the browser kept to it'
        when n.order_id is not null
            then 'a Purchase of its time names no order, and the export gives no amount to tell whose it is'
        when u.order_id is not null then 'the capture holds requests to this platform without their content'
        when l.order_id is not null then l.reason
        else 'the recording ends before the page after the checkout'
    end as reason,
    n.order_id is not null as is_nameless,
    r.order_id is not null as is_refused,
    l.order_id is not null as is_before         -- the recording, so that no log of that time tells of it
from absent_steps a
left join unread u on u.order_id = a.order_id and u.platform = a.platform
left join late_starts l on l.order_id = a.order_id and l.platform = a.platform and a.place < l.place
left join early_ends e on e.order_id = a.order_id and a.step = 'Purchase'
left join nameless n on n.order_id = a.order_id and n.platform = a.platform and a.step = 'Purchase'
left join refused_orders r on r.order_id = a.order_id
where r.order_id is not null
   or n.order_id is not null
   or u.order_id is not null
   or l.order_id is not null
   or e.order_id is not null;

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

-- What is wrong with a shape, told for every event and request of it.

-- Two batches read at the same time may both have met a shape.
create or replace temp table known_violations as
select distinct * from shape_violations;

create or replace temp table payloads as
with alone as (
    select d.rowid as decoded_row, d.ref, 1 as nth, d.payload as endpoint, d.shape
    from decoded d
    where d.shape in (select shape from known_violations)
      and coalesce(d.events_sent, 1) <= 1
),
several as (
    select rowid as decoded_row, ref, row_number() over (partition by ref order by rowid) as nth, payload, shape, events_sent
    from decoded
    where events_sent > 1
      and payload is not null
),
shapes as (
    select decoded_row, ref, nth, endpoint, shape from alone
    union all
    select n.decoded_row, n.ref, n.nth, n.payload, shape_of_several(n.shape, s.shape, n.events_sent)
    from several n
    left join several_shapes s on s.ref = n.ref and s.nth = n.nth
    union all
    select null, ref, null, endpoint, shape from unread_payloads
)
select * from shapes where shape in (select shape from known_violations);

create or replace temp table event_rows as
select
    s.event_key,
    s.event_key - 1 as decoded_row
from sends s
where s.event_key - 1 in (select decoded_row from payloads);

-- A fault of the request is told once, at its Purchase where it holds one.
create or replace temp table request_events as
with faulty as (
    select p.ref
    from payloads p
    join known_violations v on v.shape = p.shape
    where not v.of_event
    union
    select ref
    from keyless_requests
),
ranked as (
    select
        e.ref,
        e.event_key,
        row_number() over (partition by e.ref order by case e.step when 'Purchase' then 1 else 2 end, e.event_key) as nth
    from events e
    join faulty f on f.ref = e.ref
    where e.channel = 'server'
)
select ref, event_key from ranked where nth = 1;

insert into violations by name
select
    r.event_key,
    p.ref,
    p.endpoint,
    replace(v.path, '{place}', cast(p.nth - 1 as varchar)) as path,
    v.cause,
    v.detail
from payloads p
join known_violations v on v.shape = p.shape
join event_rows r on r.decoded_row = p.decoded_row
where v.of_event
union all
select distinct
    e.event_key,
    p.ref,
    p.endpoint,
    -- Of a request in which no event could be read all is told, an event's part too.
    replace(v.path, '{place}', '*'),
    v.cause,
    v.detail
from payloads p
join known_violations v on v.shape = p.shape
left join request_events e on e.ref = p.ref
where p.decoded_row is null
   or (not v.of_event and e.event_key is not null)
union all
select
    e.event_key,
    p.ref,
    p.endpoint,
    'header',
    case p.relay_key when 'page' then 'page_key' else 'missing_api_key' end,
    case p.relay_key when 'page' then 'carries a page''s key, not the storefront''s' else 'carries no storefront key' end
from keyless_requests p
join request_events e on e.ref = p.ref
where (p.relay_key = 'page' or (p.relay_key = 'none' and not coalesce(p.status between 200 and 299, false)));

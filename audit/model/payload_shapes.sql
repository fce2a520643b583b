-- Of the batch at hand: shapes of events that share a request, requests in which no event could be read, relay requests without
-- the storefront's key. The shape of an event that is alone in its request is told by the wire files and clean.sql.

insert into several_shapes
with several as (
    select distinct ref, payload
    from decoded
    where batch = getvariable('batch')
      and events_sent > 1
      and payload is not null
),
lists as (
    select
        r.ref,
        try(cast(json_extract(r.body, case s.payload when 'meta_capi' then '$.data' when 'tiktok_events_api' then '$.data'
            when 'tiktok_pixel_batch' then '$.batch' else '$.events' end) as json[])) as calls
    from requests r
    join several s on s.ref = r.ref
),
listed as (
    select ref, generate_subscripts(calls, 1) as nth, unnest(calls) as call from lists
)
select ref, nth, hash(structure_of(call)) from listed;

create or replace temp table posted as
with calls as (
    select
        ref,
        source,
        payload_of(host, path) as endpoint,
        relay_key,
        status,
        response,
        body,
        ref in (select ref from decoded where batch = getvariable('batch')) as is_read
    from requests
    where method = 'POST'
      and (contains(path, '/analytics/') or contains(path, '/open_api/') or contains(path, '/events'))
)
select
    ref,
    source,
    endpoint,
    relay_key,
    status,
    is_read,
    body is not null as has_body,
    -- A body may hold something blotted out; without a brace it is that alone. One that was accepted held events: where none is found,
    -- the log has put it into a form of its own.
    body is not null
        and (contains(body, '{') or not blotted_out(body))
        and coalesce(case
            when is_read then true
            when endpoint = 'meta_capi' then status not between 200 and 299
            when starts_with(endpoint, 'tiktok') and endpoint <> 'tiktok_relay' then not regexp_matches(response, '"code" ?: ?0\b')
        end, true) as is_readable
from calls;

insert into posts_seen
select source, bool_or(is_readable)
from posted
where endpoint is not null
group by source;

-- Logs that hold no such request: whom they called. A path alone names nobody.
insert into other_hosts
select distinct
    source,
    host
from requests
where evidence = 'server'
  and host is not null
  and not starts_with(url, '/')
  and source not in (select source from posts_seen);

insert into keyless_requests
select ref, endpoint, relay_key, status
from posted
where has_body
  and relay_key in ('page', 'none')
  and contains(endpoint, 'relay');

insert into unread_payloads
with unread as (
    select p.ref, p.endpoint
    from posted p
    where p.endpoint is not null
      and p.is_readable
      and not p.is_read
)
select u.ref, u.endpoint, hash(concat_ws('|', u.endpoint, request_shape(u.endpoint, r.body, structure_of(r.body))))
from unread u
join requests r on r.ref = u.ref;

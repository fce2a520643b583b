-- Server requests reduced to their shape: field names and types, and the facts of value that a rule asks for. One request a
-- shape is validated; what is wrong with it is wrong with every event of that shape. A shape is the hash of its text.

create temp table if not exists payload_requests (
    ref       varchar,
    endpoint  varchar,
    relay_key varchar,
    status    integer,
    shape     ubigint
);
create temp table if not exists payloads (
    decoded_row bigint,     -- NULL: no event could be read from the request
    ref         varchar,
    nth         bigint,     -- place of the event in its request, from 1
    endpoint    varchar,
    shape       ubigint
);
create temp table if not exists shapes_met (shape ubigint);
create temp table if not exists shape_violations (
    shape    ubigint,
    of_event boolean,       -- else of the request around it
    path     varchar,
    cause    varchar,
    detail   varchar
);

-- An entry of a relay's list: what a merged list type hides.
create or replace temp macro quantity_class(id, quantity) as
    case when id is null then 'no id' else 'id' end
        || case when quantity is null then ', none' when try_cast(quantity as double) < 1 then ', under one' else '' end;

insert into payload_requests
with posted as (
    select
        ref,
        body,
        relay_key,
        status,
        case
            when contains(path, '/analytics/') then case
                when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/meta/events/?') then 'meta_relay'
                when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/tiktok/events/?') then 'tiktok_relay'
                when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/snackvideo/events/?') then 'snackvideo_relay' end
            when coalesce(host, 'graph.facebook.com') = 'graph.facebook.com'
                and regexp_full_match(path, '/(v[0-9.]+/)?[0-9]+/events/?') then 'meta_capi'
            when coalesce(host, 'business-api.tiktok.com') <> 'business-api.tiktok.com' then null
            when regexp_full_match(path, '/open_api/v[0-9.]+/event/track/?') then 'tiktok_events_api'
            when regexp_full_match(path, '/open_api/v[0-9.]+/pixel/track/?') then 'tiktok_pixel_track'
            when regexp_full_match(path, '/open_api/v[0-9.]+/pixel/batch/?') then 'tiktok_pixel_batch'
        end as endpoint
    from requests
    where method = 'POST'
      and (contains(path, '/analytics/') or contains(path, '/open_api/') or contains(path, '/events'))
      and body is not null
),
-- What a merged list type hides: an entry that lacks a field, a quantity below one.
listed as (
    select
        *,
        coalesce(try(cast(json_structure(body) as varchar)), 'no JSON') as structure,
        case when contains(endpoint, 'relay') then
            try(from_json(body, '{"variants":[{"variant_unique_id":"JSON","quantity":"VARCHAR"}],
                "bundle_price_options":[{"bundle_price_option_unique_id":"JSON","quantity":"VARCHAR"}]}')) end as items,
        case when contains(endpoint, 'tiktok_e') then regexp_extract(body, '"event_source" *: *"([^"]{0,20})', 1) end as origin
    from posted
    where endpoint is not null
)
select
    ref,
    endpoint,
    relay_key,
    status,
    hash(concat_ws('|',
        structure,
        -- A list may mix types; then the request is its own shape.
        case when contains(structure, '"JSON"') and not regexp_matches(body, '[{][ ]*[}]') then md5(body) end,
        cast(list_sort(list_distinct(list_transform(items.variants, lambda x:
            quantity_class(x.variant_unique_id, x.quantity)))) as varchar),
        cast(list_sort(list_distinct(list_transform(items.bundle_price_options, lambda x:
            quantity_class(x.bundle_price_option_unique_id, x.quantity)))) as varchar),
        origin)) as shape
from listed;

-- Events of requests that hold several: each has its own shape.
create or replace temp table payload_events as
with several as (
    select distinct ref
    from decoded
    where rowid >= getvariable('decoded_before')
      and events_sent > 1
      and channel = 'server'
),
lists as (
    select
        p.ref,
        try(cast(json_extract(r.body, case p.endpoint when 'meta_capi' then '$.data' when 'tiktok_events_api' then '$.data'
            when 'tiktok_pixel_batch' then '$.batch' else '$.events' end) as json[])) as calls
    from requests r
    join several s on s.ref = r.ref
    join payload_requests p on p.ref = r.ref
),
listed as (
    select ref, generate_subscripts(calls, 1) as nth, unnest(calls) as call from lists
)
select ref, nth, coalesce(try(cast(json_structure(call) as varchar)), 'no JSON') as shape from listed;

insert into payloads
with alone as (
    select *, rowid as decoded_row, 1 as nth
    from decoded
    where rowid >= getvariable('decoded_before')
      and channel = 'server'
      and coalesce(events_sent, 1) <= 1
),
numbered as (
    select *, rowid as decoded_row, row_number() over (partition by ref order by rowid) as nth
    from decoded
    where rowid >= getvariable('decoded_before')
      and channel = 'server'
      and events_sent > 1
),
together as (
    select * from alone
    union all
    select * from numbered
),
judged as (
    select
        decoded_row,
        nth,
        ref,
        concat_ws('|',
            plain_keys,
            case when regexp_full_match(event_time_sent, '[0-9]{1,10}') then 'seconds'
                 when regexp_full_match(event_time_sent, '[0-9]+') then 'long' when event_time_sent is not null then 'text' end,
            case when plain_number(value_sent) < 0 then 'negative' when plain_number(value_sent) is not null then 'number'
                 when value_sent = '' then 'empty' when value_sent is not null then 'text' end,
            case when regexp_full_match(currency_sent, '[A-Za-z]{3}') then 'code' when currency_sent is not null then 'other' end,
            case when event_name in ('', 'Purchase') then 'name ' || event_name end,
            action_source[1:30]) as facts,
        case when endpoint in ('meta_capi', 'tiktok_events_api') and contains(params_text, '"contents"') then cast(list_sort(list_distinct(
            list_transform(
                try(from_json(params_text, '{"contents":[{"id":"JSON","content_id":"JSON","quantity":"JSON"}]}')).contents,
                lambda x: concat_ws(' ', x.id is null, x.content_id is null, x.quantity is null)))) as varchar) end as entries
    from together
),
shaped as (
    select
        j.decoded_row,
        j.ref,
        j.nth,
        p.endpoint,
        hash(concat_ws('|', p.endpoint, p.shape, e.shape, j.facts, j.entries)) as shape
    from judged j
    join payload_requests p on p.ref = j.ref
    left join payload_events e on e.ref = j.ref and e.nth = j.nth
),
-- Requests in which no event could be read at all.
unread as (
    select p.ref, p.endpoint, hash(concat_ws('|', p.endpoint, p.shape)) as shape
    from payload_requests p
    join requests r on r.ref = p.ref
    left join decoded d on d.ref = p.ref
    where d.ref is null
)
select decoded_row, ref, nth, endpoint, shape from shaped
union all
select null, ref, null, endpoint, shape from unread;

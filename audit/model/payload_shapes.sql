-- Server requests reduced to their shape: field names and types, and the facts of value that a rule asks for. One request a
-- shape is validated; what is wrong with it is wrong with every event of that shape.

-- An entry of a relay's list: what a merged list type hides.
create or replace temp macro quantity_class(id, quantity) as
    case when id is null then 'no id' else 'id' end
        || case when quantity is null then ', none' when try_cast(quantity as double) < 1 then ', under one' else '' end;

create or replace temp table payload_endpoints as
select
    ref,
    case
        when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/meta/events/?') then 'meta_relay'
        when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/tiktok/events/?') then 'tiktok_relay'
        when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/snackvideo/events/?') then 'snackvideo_relay'
        when regexp_full_match(path, '/(v[0-9.]+/)?[0-9]+/events/?') and coalesce(host, 'graph.facebook.com') = 'graph.facebook.com'
            then 'meta_capi'
        when coalesce(host, 'business-api.tiktok.com') <> 'business-api.tiktok.com' then null
        when regexp_full_match(path, '/open_api/v[0-9.]+/event/track/?') then 'tiktok_events_api'
        when regexp_full_match(path, '/open_api/v[0-9.]+/pixel/track/?') then 'tiktok_pixel_track'
        when regexp_full_match(path, '/open_api/v[0-9.]+/pixel/batch/?') then 'tiktok_pixel_batch'
    end as endpoint
from requests
where method = 'POST'
  and (contains(path, '/analytics/') or contains(path, '/open_api/') or contains(path, '/events'))
  and body is not null;
delete from payload_endpoints where endpoint is null;

-- Events of requests that hold several: each has its own shape. A list may also mix types; then the request is its own shape.
create or replace temp table payload_events as
with lists as (
    select
        p.ref,
        try(cast(json_extract(r.body, case p.endpoint when 'meta_capi' then '$.data' when 'tiktok_events_api' then '$.data'
            when 'tiktok_pixel_batch' then '$.batch' else '$.events' end) as json[])) as calls
    from payload_endpoints p
    join requests r on r.ref = p.ref
    where r.ref in (select ref from decoded where events_sent > 1)
),
listed as (
    select ref, generate_subscripts(calls, 1) as nth, unnest(calls) as call from lists
)
select ref, nth, coalesce(try(cast(json_structure(call) as varchar)), 'no JSON') as shape from listed;

create or replace temp table payloads as
with numbered as (
    select
        rowid as decoded_row,
        row_number() over (partition by ref order by rowid) as nth,
        ref,
        endpoint,
        params_text,
        concat_ws('|',
            plain_keys,
            case when regexp_full_match(event_time_sent, '[0-9]{1,10}') then 'seconds'
                 when regexp_full_match(event_time_sent, '[0-9]+') then 'long' when event_time_sent is not null then 'text' end,
            case when plain_number(value_sent) < 0 then 'negative' when plain_number(value_sent) is not null then 'number'
                 when value_sent = '' then 'empty' when value_sent is not null then 'text' end,
            case when regexp_full_match(currency_sent, '[A-Za-z]{3}') then 'code' when currency_sent is not null then 'other' end,
            case when event_name in ('', 'Purchase') then 'name ' || event_name end,
            action_source[1:30]) as facts
    from decoded
),
-- What a merged list type hides: an entry that lacks a field, a quantity below one.
listed as (
    select
        p.ref,
        p.endpoint,
        coalesce(case when json_valid(r.body) then try(cast(json_structure(r.body) as varchar)) end, 'no JSON') as shape,
        case when contains(p.endpoint, 'relay') then
            try(from_json(r.body, '{"variants":[{"variant_unique_id":"JSON","quantity":"VARCHAR"}],
                "bundle_price_options":[{"bundle_price_option_unique_id":"JSON","quantity":"VARCHAR"}]}')) end as items,
        case when contains(p.endpoint, 'tiktok_e') then regexp_extract(r.body, '"event_source" *: *"([^"]{0,20})', 1) end as origin,
        r.body
    from payload_endpoints p
    join requests r on r.ref = p.ref
),
requests_shaped as (
    select
        ref,
        endpoint,
        concat_ws('|',
            shape,
            case when contains(shape, '"JSON"') and not regexp_matches(body, '[{][ ]*[}]') then md5(body) end,
            cast(list_sort(list_distinct(list_transform(items.variants, lambda x:
                quantity_class(x.variant_unique_id, x.quantity)))) as varchar),
            cast(list_sort(list_distinct(list_transform(items.bundle_price_options, lambda x:
                quantity_class(x.bundle_price_option_unique_id, x.quantity)))) as varchar),
            origin) as shape
    from listed
),
shaped as (
    select
        n.decoded_row,
        n.ref,
        n.nth,
        s.endpoint,
        concat_ws('|', s.endpoint, s.shape, e.shape, n.facts,
            cast(list_sort(list_distinct(list_transform(
                case when s.endpoint in ('meta_capi', 'tiktok_events_api') then try(from_json(
                    n.params_text, '{"contents":[{"id":"JSON","content_id":"JSON","quantity":"JSON"}]}')).contents end,
                lambda x: concat_ws(' ', x.id is null, x.content_id is null, x.quantity is null)))) as varchar)) as shape
    from numbered n
    join requests_shaped s on s.ref = n.ref
    left join payload_events e on e.ref = n.ref and e.nth = n.nth
),
-- Requests in which no event could be read at all.
unread as (
    select s.ref, s.endpoint, concat_ws('|', s.endpoint, s.shape) as shape
    from requests_shaped s
    left join (select distinct ref from decoded) d on d.ref = s.ref
    where d.ref is null
)
select decoded_row, ref, nth, endpoint, md5(shape) as shape from shaped
union all
select null, ref, null, endpoint, md5(shape) from unread;

create or replace temp table shape_violations (
    shape    varchar,
    of_event boolean,   -- else of the request around it
    path     varchar,
    cause    varchar,
    detail   varchar
);

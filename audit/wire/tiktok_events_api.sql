-- reads: contains(path, '/open_api/')
-- TikTok Events API: POST business-api.tiktok.com/open_api/…/event/track/ and the older pixel/track (domain 2.4).
-- HTTP 200 says nothing: the answer's code does; 0 is accepted, 20001 in part. Who bought and on which page stands beside the event in
-- the one, inside its context in the older; what stands in the other's place is not read.
with posts as (
    select
        *,
        payload_of(host, path) as payload,
        structure_of(body) as structure,
        try(from_json(body, '{"event_source_id":"VARCHAR","test_event_code":"VARCHAR","partner_name":"VARCHAR","pixel_code":"VARCHAR",
            "event_source":"VARCHAR","event":"VARCHAR","data":"JSON","batch":"JSON"}')) as m,
        try(from_json(response, '{"code":"VARCHAR","message":"VARCHAR"}')) as answer,
        logged_answer(response) as answered
    from requests
    where (host = 'business-api.tiktok.com' or host is null)
      and contains(path, '/open_api/')
      and regexp_full_match(path, '/open_api/v[0-9.]+/(event/track|pixel/track|pixel/batch)/?')
      and method = 'POST'
),
-- Its codes are 0 or have five digits. An answer cut off, or wrapped by whoever logged it, is read by its words.
told as (
    select
        *,
        case when regexp_full_match(answer.code, '[1-5][0-9]{2}') then null else answer.code end as own_code,
        case when own_code is null then answered end as odd
    from posts
),
listed as (
    select
        *,
        coalesce(own_code, nullif(regexp_extract(odd, '[^A-Za-z_]code[\\"'']*\s*:\s*[\\"'']*(0|[0-9]{5})(?:[^0-9]|$)', 1), '')) as code,
        request_shape(payload, body, structure) as body_shape,
        coalesce(
            try(cast(m.data as json[])),
            try(cast(m.batch as json[])),
            case when m.event is not null then list_value(cast(body as json)) end) as calls
    from told
),
sent as (
    select
        *,
        unnest(calls) as raw
    from listed
),
read as (
    select
        *,
        try(from_json(raw, '{"event":"VARCHAR","event_id":"VARCHAR","event_time":"VARCHAR","timestamp":"VARCHAR","user":"JSON",
            "limited_data_use":"VARCHAR","page":{"url":"VARCHAR","referrer":"VARCHAR"},
            "context":{"ad":{"callback":"VARCHAR"},"page":{"url":"VARCHAR","referrer":"VARCHAR"},"user":"JSON","ip":"VARCHAR",
                "user_agent":"VARCHAR"},
            "properties":{"value":"VARCHAR","currency":"VARCHAR","contents":"VARCHAR","content_ids":"VARCHAR",
                "content_id":"VARCHAR","order_id":"VARCHAR","transaction_id":"VARCHAR"}}')) as e,
        payload = 'tiktok_events_api' as is_new,
        -- What stands in the wrong place left the shop all the same, where it is plain text.
        case when is_new then coalesce(json_extract(raw, '$.user'), json_extract(raw, '$.context.user'))
            else coalesce(json_extract(raw, '$.context.user'), json_extract(raw, '$.user')) end as told_user,
        json_exists(raw, case when is_new then '$.user' else '$.context.user' end) as is_read,
        try(from_json(told_user, '{"email":"VARCHAR",
            "phone":"VARCHAR","phone_number":"VARCHAR","external_id":"VARCHAR","first_name":"VARCHAR","last_name":"VARCHAR",
            "zip_code":"VARCHAR","ttclid":"VARCHAR","ttp":"VARCHAR","ip":"VARCHAR","user_agent":"VARCHAR"}')) as u
    from sent
)
select
    source,
    place,
    ref,
    seen_at,
    page_load,
    session,
    initiator,
    sender as log_sender,
    status,
    net_error,
    consent,
    has_secret,
    user_agent,
    payload,
    body_shape,
    'tiktok_events_api' as endpoint,
    'server' as channel,
    'tiktok' as platform,
    coalesce(m.event_source_id, m.pixel_code) as dataset,
    coalesce(e.event, '') as event_name,
    e.event_id as event_id_sent,
    coalesce(e.event_time, e.timestamp) as event_time_sent,
    m.partner_name as partner_agent,
    coalesce(e.properties.order_id, e.properties.transaction_id) as order_param,
    e.properties.value as value_sent,
    e.properties.currency as currency_sent,
    coalesce(case when not is_new then e.context.ad.callback end, case when is_read then u.ttclid end) as click_id_sent,
    case when is_read then u.ttp end as browser_id_sent,
    case when is_new then e.page.url else e.context.page.url end as page,
    case when is_new then e.page.referrer else e.context.page.referrer end as referrer,
    case when is_new then e.page.url else e.context.page.url end <> '' as has_source_url,
    items_of(e.properties.contents, e.properties.content_ids, e.properties.content_id, 'tiktok') as item_list,
    other_items_of(e.properties.contents, e.properties.content_ids, 'tiktok') as other_items,
    coalesce(code, cast(status as varchar)) as answer_code,
    case when code is not null then coalesce(case when odd is null then answer.message end, told_word(odd, 'message'))
         when coalesce(status, 200) < 400 then odd_answer(odd, 'TikTok', 'code') end as answer_text,
    len(calls) as events_sent,
    cast(null as bigint) as events_received,
    case when code is not null then code in ('0', '20001')
         when status >= 400 or status = 0 then false
         when answered is null and status between 200 and 299 then true end as accepted,
    m.event_source as action_source,
    coalesce(m.test_event_code <> '', false) as has_test_code,
    case when e.limited_data_use = 'true' then 'LDU' end as limited_use,
    case when is_read then lone_of(u.email) end as email_sent,
    case when is_read then coalesce(lone_of(u.phone), lone_of(u.phone_number)) end as phone_sent,
    case when is_read then first_of(u.external_id) end as external_id_sent,
    coalesce(case when not is_new then e.context.ip end, case when is_read then u.ip end) as buyer_ip_sent,
    coalesce(case when not is_new then e.context.user_agent end, case when is_read then u.user_agent end) as buyer_agent_sent,
    plain_keys([
        {'key': 'email', 'text': u.email},
        {'key': 'phone', 'text': u.phone},
        {'key': 'phone_number', 'text': u.phone_number},
        {'key': 'external_id', 'text': u.external_id},
        {'key': 'first_name', 'text': u.first_name},
        {'key': 'last_name', 'text': u.last_name},
        {'key': 'zip_code', 'text': u.zip_code}
    ]) as plain_keys,
    case when json_type(told_user) = 'VARCHAR' then json_extract_string(told_user, '$') end as user_text,
    cast(json_extract(raw, '$.properties') as varchar) as params_text
from read

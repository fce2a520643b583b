-- reads: contains(path, '/events') and method = 'POST'
-- Meta Conversions API: POST graph.facebook.com/{version}/{pixel}/events (domain 4). One request, many events: one bad event
-- refuses the whole batch (domain 0.5).
with posts as (
    select
        *,
        regexp_extract(path, '^/(?:v[0-9.]+/)?([0-9]+)/events/?$', 1) as pixel,
        structure_of(body) as structure,
        try(from_json(body, '{"partner_agent":"VARCHAR","test_event_code":"VARCHAR","data":[{
            "event_name":"VARCHAR","event_time":"VARCHAR","event_id":"VARCHAR","action_source":"VARCHAR",
            "event_source_url":"VARCHAR","referrer_url":"VARCHAR","user_data":"VARCHAR","data_processing_options":"VARCHAR","opt_out":"VARCHAR",
            "custom_data":"VARCHAR"}]}')) as m,
        try(from_json(response, '{"events_received":"BIGINT","error":{"code":"VARCHAR","error_subcode":"VARCHAR",
            "message":"VARCHAR","error_user_title":"VARCHAR"}}')) as answer
    from requests
    where (host = 'graph.facebook.com' or host is null)
      and (regexp_full_match(path, '/(v[0-9.]+/)?[0-9]+/events/?') or (host = 'graph.facebook.com' and path = '/events'))
      and method = 'POST'
),
-- An answer cut off, or wrapped by whoever logged it, is read by its words.
unread as (
    select
        *,
        case when answer.events_received is null and answer.error.code is null then logged_answer(response) end as odd
    from posts
),
read as (
    select
        *,
        answer.error.code is not null
            or coalesce(regexp_matches(odd, 'error[\\"'']*\s*:\s*\{[\\"''\s]*(message|type|code|error_|fbtrace_id|is_transient)'), false)
            as is_error,
        coalesce(answer.events_received, try_cast(told_number(odd, 'events_received') as bigint)) as received
    from unread
),
sent as (
    select
        * exclude (body, response),
        request_shape('meta_capi', body, structure) as body_shape,
        unnest(m.data) as e
    from read
),
events_read as (
    select
        *,
        try(from_json(e.custom_data, '{"value":"VARCHAR","currency":"VARCHAR","contents":"VARCHAR","content_ids":"VARCHAR",
            "order_id":"VARCHAR","transaction_id":"VARCHAR"}')) as c,
        try(from_json(e.user_data, '{"em":"VARCHAR","ph":"VARCHAR","fn":"VARCHAR","ln":"VARCHAR","ct":"VARCHAR","st":"VARCHAR",
            "zp":"VARCHAR","country":"VARCHAR","db":"VARCHAR","ge":"VARCHAR","external_id":"VARCHAR","fbc":"VARCHAR",
            "fbp":"VARCHAR","client_ip_address":"VARCHAR","client_user_agent":"VARCHAR"}')) as u
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
    case when pixel <> '' then 'meta_capi' end as payload,
    body_shape,
    'meta_capi' as endpoint,
    'server' as channel,
    'meta' as platform,
    nullif(pixel, '') as dataset,
    coalesce(e.event_name, '') as event_name,
    e.event_id as event_id_sent,
    e.event_time as event_time_sent,
    m.partner_agent as partner_agent,
    coalesce(c.order_id, c.transaction_id) as order_param,
    c.value as value_sent,
    c.currency as currency_sent,
    u.fbc as click_id_sent,
    u.fbp as browser_id_sent,
    without_appendix(e.event_source_url) as page,
    without_appendix(e.referrer_url) as referrer,
    e.event_source_url <> '' as has_source_url,
    items_of(c.contents, c.content_ids, null, 'meta') as item_list,
    other_items_of(c.contents, c.content_ids, 'meta') as other_items,
    coalesce(
        answer.error.code || coalesce('/' || answer.error.error_subcode, ''),
        case when is_error then told_number(odd, 'code') || coalesce('/' || told_number(odd, 'error_subcode'), '') end,
        cast(status as varchar)) as answer_code,
    case when is_error then coalesce(answer.error.error_user_title, answer.error.message, told_word(odd, 'error_user_title'),
             told_word(odd, 'message'))
         when received is null and coalesce(status, 200) < 400 then odd_answer(odd, 'Meta', 'events_received') end as answer_text,
    len(m.data) as events_sent,
    received as events_received,
    -- Only events_received says yes (domain 4.5). Where the log kept nothing of the answer, the status stands for it.
    case when status >= 400 or status = 0 then false
         when is_error then case when received is null or answer.error.code is not null then false end
         when received < len(m.data) then false
         when received >= len(m.data) or (odd is null and status = 200) then true end as accepted,
    e.action_source as action_source,
    -- Graph takes a parameter from the address as well as from the body.
    coalesce(m.test_event_code <> '', false)
        or coalesce(contains(query, 'test_event_code=') and url_param('?' || query, 'test_event_code') is not null, false) as has_test_code,
    nullif(concat_ws(', ',
        case when e.data_processing_options like '%LDU%' then 'LDU' end,
        case when lower(e.opt_out) in ('true', '1') then 'opt_out' end), '') as limited_use,
    lone_of(u.em) as email_sent,
    lone_of(u.ph) as phone_sent,
    lone_of(u.external_id) as external_id_sent,
    without_appendix(u.client_ip_address) as buyer_ip_sent,
    u.client_user_agent as buyer_agent_sent,
    plain_keys([
        {'key': 'em', 'text': u.em},
        {'key': 'ph', 'text': u.ph},
        {'key': 'fn', 'text': u.fn},
        {'key': 'ln', 'text': u.ln},
        {'key': 'ct', 'text': u.ct},
        {'key': 'st', 'text': u.st},
        {'key': 'zp', 'text': u.zp},
        {'key': 'country', 'text': u.country},
        {'key': 'db', 'text': u.db},
        {'key': 'ge', 'text': u.ge}
    ]) as plain_keys,
    case when not starts_with(e.user_data, '{') then e.user_data end as user_text,
    e.custom_data as params_text
from events_read

-- reads: host = 'www.adsnebula.com'
-- Kwai Event API, the platform's own endpoint behind SnackVideo: POST www.adsnebula.com/log/common/api (domain 3.2).
-- properties is a JSON text inside the JSON body.
with posts as materialized (
    select
        *,
        try(from_json(body, '{"clickid":"VARCHAR","event_name":"VARCHAR","pixelId":"VARCHAR","properties":"VARCHAR","value":"VARCHAR",
            "currency":"VARCHAR","third_party":"VARCHAR","trackFlag":"VARCHAR","testFlag":"VARCHAR"}')) as m,
        try(from_json(response, '{"result":"VARCHAR","error_msg":"VARCHAR"}')) as answer,
        logged_answer(response) as answered
    from requests
    where host = 'www.adsnebula.com'
      and regexp_full_match(path, '/log/common/api/?')
      and method = 'POST'
),
read as (
    select
        *,
        coalesce(answer.result, told_number(answered, 'result')) as result,
        try(from_json(m.properties, '{"value":"VARCHAR","currency":"VARCHAR","contents":"VARCHAR","content_ids":"VARCHAR",
            "content_id":"VARCHAR","order_id":"VARCHAR","transaction_id":"VARCHAR"}')) as p
    from posts
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
    'kwai_event_api' as endpoint,
    'server' as channel,
    'snackvideo' as platform,
    m.pixelId as dataset,
    m.event_name as event_name,
    m.third_party as partner_agent,
    coalesce(p.order_id, p.transaction_id) as order_param,
    coalesce(p.value, m.value) as value_sent,
    coalesce(p.currency, m.currency) as currency_sent,
    m.clickid as click_id_sent,
    items_of(p.contents, p.content_ids, p.content_id, null) as item_list,
    coalesce(result, cast(status as varchar)) as answer_code,
    case when result is not null then coalesce(answer.error_msg, told_word(answered, 'error_msg'))
         when coalesce(status, 200) < 400 then odd_answer(answered, 'SnackVideo', 'result') end as answer_text,
    cast(1 as bigint) as events_sent,
    case when result is not null then result = '1'
         when status >= 400 or status = 0 then false
         when answered is null and status between 200 and 299 then true end as accepted,
    coalesce(m.trackFlag = 'true', false) or coalesce(m.testFlag = 'true', false) as has_test_code,
    m.properties as params_text
from read
where m.event_name <> ''

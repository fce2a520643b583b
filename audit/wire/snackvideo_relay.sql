-- reads: contains(path, '/analytics/snackvideo/')
-- The storefront's relay for SnackVideo: POST /v3/stores/{store}/public/analytics/snackvideo/events (domain 3.2). No event id
-- exists; a click id is required.
with posts as (
    select
        *,
        regexp_extract(path, '/v3/stores/([^/]+)/public/analytics/snackvideo/events/?$', 1) as store,
        'snackvideo_relay' as payload,
        structure_of(body) as structure,
        try(from_json(body, '{"click_id":"VARCHAR","event_source_url":"VARCHAR","referrer_url":"VARCHAR","variants":"VARCHAR",
            "bundle_price_options":"VARCHAR","events":[{"event_name":"VARCHAR","event_id":"VARCHAR",
            "properties":{"value":"VARCHAR","currency":"VARCHAR","contents":"VARCHAR","content_ids":"VARCHAR","content_id":"VARCHAR",
                "order_id":"VARCHAR","transaction_id":"VARCHAR"}}]}')) as m,
        try(from_json(response, '{"error_code":"VARCHAR","message":"VARCHAR"}')) as answer,
        logged_answer(response) as answered
    from requests
    where contains(path, '/analytics/snackvideo/')
      and regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/snackvideo/events/?')
      and method = 'POST'
),
sent as (
    select
        *,
        coalesce(nullif(answer.error_code, ''), told_word(answered, 'error_code')) as error_code,
        request_shape('snackvideo_relay', body, structure) as body_shape,
        unnest(m.events) as e,
        unnest(coalesce(try(cast(json_extract(body, '$.events') as json[])), list_transform(m.events, lambda x: null::json))) as raw
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
    payload,
    body_shape,
    'snackvideo_relay' as endpoint,
    'server' as channel,
    'snackvideo' as platform,
    store as relay_store,
    coalesce(e.event_name, '') as event_name,
    coalesce(e.properties.order_id, e.properties.transaction_id) as order_param,
    e.properties.value as value_sent,
    e.properties.currency as currency_sent,
    m.click_id as click_id_sent,
    cookie_click,
    m.event_source_url as page,
    m.referrer_url as referrer,
    m.event_source_url <> '' as has_source_url,
    items_of(e.properties.contents, e.properties.content_ids, e.properties.content_id, null) as item_list,
    coalesce(nullif(m.variants, '[]'), nullif(m.bundle_price_options, '[]')) is not null as has_relay_items,
    relay_item_ids(m.variants, m.bundle_price_options) as relay_item_ids,
    coalesce(error_code, cast(status as varchar)) as answer_code,
    coalesce(answer.message, relay_words(answered, error_code)) as answer_text,
    len(m.events) as events_sent,
    relay_took(status, error_code, answered) as accepted,
    cast(json_extract(raw, '$.properties') as varchar) as params_text,
    'relay|snackvideo|' || coalesce(e.event_name, '') || '|' || coalesce(m.click_id, '') || md5(cast(raw as varchar)) as send_key
from sent

-- reads: contains(path, '/analytics/meta/')
-- The storefront's relay for Meta: POST /v3/stores/{store}/public/analytics/meta/events, from the page or from a server.
-- A 204 is accepted for delivery; it says nothing of what Meta counts (domain 0.8). Plain user data is by design here.
with posts as (
    select
        *,
        regexp_extract(path, '/v3/stores/([^/]+)/public/analytics/meta/events/?$', 1) as store,
        'meta_relay' as payload,
        structure_of(body) as structure,
        try(from_json(body, '{"event_source_url":"VARCHAR","referrer_url":"VARCHAR","user_data":"VARCHAR","variants":"VARCHAR",
            "bundle_price_options":"VARCHAR","test_event_code":"VARCHAR","events":[{"event_id":"VARCHAR","event_name":"VARCHAR",
            "event_time":"VARCHAR",
            "parameters":"VARCHAR"}]}')) as m,
        try(from_json(response, '{"error_code":"VARCHAR","message":"VARCHAR"}')) as answer,
        logged_answer(response) as answered
    from requests
    where contains(path, '/analytics/meta/')
      and regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/meta/events/?')
      and method = 'POST'
),
sent as (
    select
        * exclude (body, response),
        coalesce(nullif(answer.error_code, ''), told_word(answered, 'error_code')) as error_code,
        request_shape('meta_relay', body, structure) as body_shape,
        unnest(m.events) as e
    from posts
),
events_read as (
    select
        *,
        try(from_json(e.parameters, '{"value":"VARCHAR","currency":"VARCHAR","contents":"VARCHAR","content_ids":"VARCHAR",
            "content_id":"VARCHAR","order_id":"VARCHAR","transaction_id":"VARCHAR"}')) as c,
        try(from_json(m.user_data, '{"em":"VARCHAR","ph":"VARCHAR","external_id":"VARCHAR","fbc":"VARCHAR","fbp":"VARCHAR"}')) as u
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
    payload,
    body_shape,
    'meta_relay' as endpoint,
    'server' as channel,
    'meta' as platform,
    store as relay_store,
    coalesce(e.event_name, '') as event_name,
    e.event_id as event_id_sent,
    e.event_time as event_time_sent,
    coalesce(c.order_id, c.transaction_id) as order_param,
    c.value as value_sent,
    c.currency as currency_sent,
    u.fbc as click_id_sent,
    u.fbp as browser_id_sent,
    cookie_fbc as cookie_click,
    cookie_fbp as cookie_browser,
    m.event_source_url as page,
    m.referrer_url as referrer,
    m.event_source_url <> '' as has_source_url,
    items_of(c.contents, c.content_ids, c.content_id, 'meta') as item_list,
    other_items_of(c.contents, c.content_ids, 'meta') as other_items,
    coalesce(nullif(m.variants, '[]'), nullif(m.bundle_price_options, '[]')) is not null as has_relay_items,
    relay_item_ids(m.variants, m.bundle_price_options) as relay_item_ids,
    coalesce(error_code, cast(status as varchar)) as answer_code,
    coalesce(answer.message, relay_words(answered, error_code)) as answer_text,
    len(m.events) as events_sent,
    relay_took(status, error_code, answered) as accepted,
    coalesce(m.test_event_code <> '', false) as has_test_code,
    first_of(u.em) as email_sent,
    first_of(u.ph) as phone_sent,
    first_of(u.external_id) as external_id_sent,
    case when not starts_with(m.user_data, '{') then m.user_data end as user_text,
    e.parameters as params_text,
    'relay|meta|' || coalesce(e.event_name, '') || '|' || coalesce(nullif(e.event_id, ''), md5(coalesce(e.parameters, ''))) as send_key
from events_read

-- reads: starts_with(host, 'analytics')
-- TikTok's browser pixel: POST …/api/v2/pixel with a JSON body (domain 2.1, 2.2). The /act, /inter and /perf paths are
-- telemetry; so is a body without an event. Copies share message_id.
with posts as (
    select
        *,
        case when method = 'GET' then try(decode(from_base64(replace(form_text(
            nullif(regexp_extract(query, '(?:^|&)analytics_message=([^&]*)', 1), '')), ' ', '+')))) else body end as message
    from requests
    where starts_with(host, 'analytics')
      and (regexp_full_match(host, 'analytics[a-z0-9.-]*[.]tiktok[.]com') or regexp_full_match(host, 'analytics[a-z0-9.-]*[.]tiktokw[.]us'))
      and regexp_full_match(path, '/(api/v2/pixel|api/v1/pixel/track|api/v2/pixel/track)/?')
),
calls as materialized (
    select
        *,
        try(from_json(message, '{"event":"VARCHAR","event_id":"VARCHAR","message_id":"VARCHAR","timestamp":"VARCHAR",
            "partner":"VARCHAR","limited_data_use":"VARCHAR",
            "context":{"userAgent":"VARCHAR","ad":{"callback":"VARCHAR"},"pixel":{"code":"VARCHAR"},"pageview_id":"VARCHAR","session_id":"VARCHAR",
                "page":{"url":"VARCHAR","referrer":"VARCHAR"},
                "user":{"anonymous_id":"VARCHAR","email":"VARCHAR","phone_number":"VARCHAR","external_id":"VARCHAR"}},
            "properties":{"value":"VARCHAR","currency":"VARCHAR","contents":"VARCHAR","content_ids":"VARCHAR",
                "content_id":"VARCHAR","order_id":"VARCHAR","transaction_id":"VARCHAR"}}')) as m,
        try(json_extract(message, '$.properties')) as properties
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
    cookie_ttclid as cookie_click,
    cookie_ttp as cookie_browser,
    'tiktok_pixel' as endpoint,
    'browser' as channel,
    'tiktok' as platform,
    m.context.pixel.code as dataset,
    m.event as event_name,
    m.event_id as event_id_sent,
    m.timestamp as event_time_sent,
    m.partner as partner_agent,
    coalesce(m.properties.order_id, m.properties.transaction_id) as order_param,
    m.properties.value as value_sent,
    m.properties.currency as currency_sent,
    m.context.ad.callback as click_id_sent,
    m.context.user.anonymous_id as browser_id_sent,
    coalesce(m.context.page.url, referrer) as page,
    m.context.page.referrer as referrer,
    items_of(m.properties.contents, m.properties.content_ids, m.properties.content_id, 'tiktok') as item_list,
    other_items_of(m.properties.contents, m.properties.content_ids, 'tiktok') as other_items,
    m.context.pageview_id as load_key,
    coalesce(m.context.userAgent, user_agent) as buyer_agent_sent,
    case when m.limited_data_use = 'true' then 'LDU' end as limited_use,
    m.context.user.email as email_sent,
    m.context.user.phone_number as phone_sent,
    m.context.user.external_id as external_id_sent,
    nullif(concat_ws(',',
        case when plain_text(m.context.user.email) then 'email' end,
        case when plain_text(m.context.user.phone_number) then 'phone_number' end), '')
        as plain_keys,
    cast(properties as varchar) as params_text,
    case when m.message_id <> '' then m.message_id end as copy_key
from calls
where m.event <> ''
  and m.event not in ('EnrichAM')

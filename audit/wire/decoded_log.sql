-- reads: decoded is not null
-- Decoded browser calls of a pixel log: the log's own words, one call a row (contract 3). SnackVideo's browser events come
-- this way, since its beacon's address is not published (domain 3.1).
-- Materialised, or every condition below would read the JSON again.
with calls as materialized (
    select
        *,
        try(from_json(decoded, '{"platform":"VARCHAR","pixel_id":"VARCHAR","event":"VARCHAR","event_name":"VARCHAR","event_id":"VARCHAR",
            "ts":"VARCHAR","page_url":"VARCHAR","url":"VARCHAR","event_source_url":"VARCHAR","referrer":"VARCHAR","sender":"VARCHAR",
            "session":"VARCHAR","agent":"VARCHAR","initiator":"VARCHAR","status":"INTEGER","error":"VARCHAR","consent":"VARCHAR",
            "fbc":"VARCHAR","fbp":"VARCHAR","ttclid":"VARCHAR","ttp":"VARCHAR","click_id":"VARCHAR","page_load":"VARCHAR",
            "params":"VARCHAR","parameters":"VARCHAR","properties":"VARCHAR","custom_data":"VARCHAR",
            "cookies":{"_fbc":"VARCHAR","_fbp":"VARCHAR","_ttclid":"VARCHAR","_ttp":"VARCHAR","_kwai_click_id":"VARCHAR"}}')) as m
    from requests
    where decoded is not null
),
read as (
    select
        *,
        case lower(m.platform) when 'facebook' then 'meta' when 'kwai' then 'snackvideo' else lower(m.platform) end as named_platform,
        coalesce(m.params, m.parameters, m.properties, m.custom_data) as params_text
    from calls
),
parsed as (
    select
        *,
        try(from_json(params_text, '{"value":"VARCHAR","currency":"VARCHAR","contents":"VARCHAR","content_ids":"VARCHAR",
            "content_id":"VARCHAR","order_id":"VARCHAR","transaction_id":"VARCHAR","eventID":"VARCHAR","event_id":"VARCHAR"}')) as p
    from read
)
select
    source,
    place,
    ref,
    seen_at,
    masked_id(m.page_load) as page_load,
    m.session as session,
    m.initiator as initiator,
    m.sender as log_sender,
    m.status as status,
    m.error as net_error,
    lower(m.consent) as consent,
    has_secret,
    'decoded_log' as endpoint,
    'browser' as channel,
    named_platform as platform,
    m.pixel_id as dataset,
    coalesce(m.event, m.event_name) as event_name,
    coalesce(m.event_id, case when named_platform = 'meta' then coalesce(p.eventID, p.event_id) end) as event_id_sent,
    m.event_id is null and named_platform = 'meta' and coalesce(p.eventID, p.event_id) is not null as event_id_misplaced,
    m.agent as agent,
    coalesce(p.order_id, p.transaction_id) as order_param,
    p.value as value_sent,
    p.currency as currency_sent,
    case named_platform when 'meta' then coalesce(m.fbc, m.cookies._fbc)
        when 'tiktok' then coalesce(m.ttclid, m.cookies._ttclid) else coalesce(m.click_id, m.cookies._kwai_click_id) end as click_id_sent,
    case named_platform when 'meta' then coalesce(m.fbp, m.cookies._fbp)
        when 'tiktok' then coalesce(m.ttp, m.cookies._ttp) end as browser_id_sent,
    case named_platform when 'meta' then m.cookies._fbc when 'tiktok' then m.cookies._ttclid else m.cookies._kwai_click_id end
        as cookie_click,
    case named_platform when 'meta' then m.cookies._fbp when 'tiktok' then m.cookies._ttp end as cookie_browser,
    m.cookies._fbp as tie_fbp,
    m.cookies._ttp as tie_ttp,
    coalesce(m.page_url, m.url, m.event_source_url) as page,
    m.referrer as referrer,
    items_of(p.contents, p.content_ids, p.content_id, null) as item_list,
    other_items_of(p.contents, p.content_ids, null) as other_items,
    user_agent as buyer_agent_sent,
    params_text
from parsed
where coalesce(m.event, m.event_name) <> ''
  and named_platform in ('meta', 'tiktok', 'snackvideo')

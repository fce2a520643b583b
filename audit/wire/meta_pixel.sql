-- reads: host in ('facebook.com', 'www.facebook.com')
-- Meta's browser pixel: GET or form POST to /tr (domain 1.1, 1.2, 1.4, 1.5).
-- Copies (redirect follow-ups, privacy-sandbox twins) share (id, ev, ts, eid) with their original; the twin's path is no
-- event endpoint, so it never gets here. A beacon's body is multipart, a batch holds one query string an event (domain 1.2). Automatic events are telemetry unless a rule made a standard event (domain 1.5).
with hits as (
    select
        *,
        method = 'POST' and coalesce(starts_with(body, '--'), false) as is_multipart,
        case when method = 'POST' and body is not null then body else query end as form
    from requests
    where host in ('facebook.com', 'www.facebook.com')
      and regexp_full_match(path, '/tr/?')
),
read as (
    select
        *,
        case when is_multipart
            then regexp_extract_all(form, '(?s)[; ]name="([^"]*)"[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n(.*?)\r?\n--', 1)
            else form_names(form) end as sent_names,
        case when is_multipart
            then regexp_extract_all(form, '(?s)[; ]name="([^"]*)"[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n(.*?)\r?\n--', 2)
            else form_values(form) end as sent_values
    from hits
),
calls as (
    select
        *,
        unnest(case when list_contains(sent_names, 'batch') and not list_contains(sent_names, 'ev')
            then list_filter(sent_values, lambda x, i: regexp_full_match(sent_names[i], 'events\[[0-9]+\]'))
            else [cast(null as varchar)] end) as batched
    from read
),
fields as (
    select
        *,
        case when batched is null then sent_names else form_names(batched) end as n,
        case when batched is null then sent_values else form_values(batched) end as v
    from calls
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
    cookie_fbc as cookie_click,
    cookie_fbp as cookie_browser,
    'meta_pixel' as endpoint,
    'browser' as channel,
    'meta' as platform,
    param(n, v, 'id') as dataset,
    param(n, v, 'ev') as event_name,
    coalesce(param(n, v, 'eid'), param(n, v, 'cd[eventID]'), param(n, v, 'cd[event_id]')) as event_id_sent,
    param(n, v, 'eid') is null and coalesce(param(n, v, 'cd[eventID]'), param(n, v, 'cd[event_id]')) is not null
        as event_id_misplaced,
    param(n, v, 'ts') as event_time_sent,
    param(n, v, 'a') as agent,
    coalesce(param(n, v, 'est_source') <> '', false) as is_codeless,
    nullif(param(n, v, 'est_source'), '') as rule,
    coalesce(param(n, v, 'noscript') = '1', false) as is_noscript,
    coalesce(param(n, v, 'cd[order_id]'), param(n, v, 'cd[transaction_id]')) as order_param,
    param(n, v, 'cd[value]') as value_sent,
    param(n, v, 'cd[currency]') as currency_sent,
    param(n, v, 'fbc') as click_id_sent,
    param(n, v, 'fbp') as browser_id_sent,
    coalesce(param(n, v, 'dl'), referrer) as page,
    param(n, v, 'rl') as referrer,
    user_agent as buyer_agent_sent,
    coalesce(param(n, v, 'pm') = '1', false) as page_cut,
    items_of(param(n, v, 'cd[contents]'), param(n, v, 'cd[content_ids]'), param(n, v, 'cd[content_id]'), 'meta') as item_list,
    other_items_of(param(n, v, 'cd[contents]'), param(n, v, 'cd[content_ids]'), 'meta') as other_items,
    try_cast(param(n, v, 'ec') as bigint) as counter,
    param(n, v, 'it') as load_key,
    case when 'LDU' = param(n, v, 'dpo') then 'LDU' end as limited_use,
    coalesce(param(n, v, 'ud[em]'), param(n, v, 'udff[em]'), param(n, v, 'aud[em]')) as email_sent,
    coalesce(param(n, v, 'ud[ph]'), param(n, v, 'udff[ph]'), param(n, v, 'aud[ph]')) as phone_sent,
    coalesce(param(n, v, 'ud[external_id]'), param(n, v, 'aud[external_id]')) as external_id_sent,
    nullif(array_to_string(list_filter(
        ['em', 'ph', 'fn', 'ln', 'ct', 'st', 'zp', 'country', 'db', 'ge'],
        lambda k: coalesce(plain_text(param(n, v, 'ud[' || k || ']')), false)), ','), '')
        as plain_keys,
    array_to_string(list_filter(list_transform(n, lambda x, i: x || '=' || coalesce(v[i], '')),
        lambda x: starts_with(x, 'cd[')), '&') as params_text,
    -- Two calls within one millisecond differ in Meta's own counter; a copy repeats it.
    concat_ws('|', param(n, v, 'id'), param(n, v, 'ev'), param(n, v, 'ts'), coalesce(param(n, v, 'eid'), ''), coalesce(param(n, v, 'ec'), ''))
        as copy_key
from fields
where param(n, v, 'id') <> ''
  and param(n, v, 'ev') <> ''
  and param(n, v, 'ev') not in ('Microdata', 'PixelInitialized', 'UserProperties', 'SubscribedButtonClick')
  and (
      coalesce(param(n, v, 'es'), '') <> 'automatic'
      or param(n, v, 'ev') in (
          'AddPaymentInfo', 'AddToCart', 'AddToWishlist', 'CompleteRegistration', 'Contact', 'CustomizeProduct', 'Donate',
          'FindLocation', 'InitiateCheckout', 'Lead', 'PageView', 'Purchase', 'Schedule', 'Search', 'StartTrial',
          'SubmitApplication', 'Subscribe', 'ViewContent')
  )

-- What a wire file says of its events -> decoded. Personal data is reduced to flags and salted digests right here.
insert into decoded by name
-- A pattern costs in each place of a statement it stands in: what many texts are asked is asked in one, and of those rows alone that hold
-- a mark of it.
with marked as (
    select
        *,
        event_name in (select event_name from plan_steps where step = 'Purchase') as is_sale,
        case
            when least(length(click_id_sent), length(browser_id_sent), length(cookie_click), length(cookie_browser), length(tie_fbp),
                    length(tie_ttp), length(user_text)) <= 24
                or contains(click_id_sent, '**') or contains(browser_id_sent, '**') or contains(cookie_click, '**')
                or contains(cookie_browser, '**') or contains(tie_fbp, '**') or contains(tie_ttp, '**') or contains(user_text, '**')
            then list_transform(
                [click_id_sent, browser_id_sent, cookie_click, cookie_browser, tie_fbp, tie_ttp, user_text],
                lambda t: coalesce(blotted_out(t), false))
            else []
        end as blots,
        case
            when contains(params_text, '@') or contains(params_text, '%40') or contains(event_id_sent, '@')
                or contains(event_id_sent, '%40') or contains(external_id_sent, '@') or contains(external_id_sent, '%40')
            then list_transform([params_text, without_message_name(event_id_sent), external_id_sent], lambda t: has_email(t))
            else []
        end as addresses
    from wire_rows
),
told as (
    select
        * replace (
            case when blots[1] is not true then click_id_sent end as click_id_sent,
            case when blots[2] is not true then browser_id_sent end as browser_id_sent,
            case when blots[3] is not true then cookie_click end as cookie_click,
            case when blots[4] is not true then cookie_browser end as cookie_browser,
            case when blots[5] is not true then tie_fbp end as tie_fbp,
            case when blots[6] is not true then tie_ttp end as tie_ttp
        ),
        nullif(concat_ws(', ',
            case when blots[1] or blots[7] then 'click id' end,
            case when blots[2] or blots[7] then 'browser id' end,
            case when blots[7] then 'user data' end), '') as blotted_keys,
        is_nothing(email_sent) as is_email_void,
        is_nothing(phone_sent) as is_phone_void,
        is_nothing(external_id_sent) as is_external_id_void,
        -- Of an external id a hash is only recommended (domain 4.3); the relay is given it plain, and TikTok's own interface judges it.
        case when endpoint in ('meta_pixel', 'meta_capi', 'tiktok_pixel') and is_personal_id(external_id_sent, addresses[3])
            then 'external_id' end as personal_id,
        channel = 'server' and is_sale as is_server_sale
    from marked
)
select
    getvariable('batch') as batch,
    source,
    place,
    ref,
    seen_at,
    page_load,
    session,
    initiator,
    log_sender,
    status,
    told_error(net_error) as net_error,
    consent,
    has_secret,
    user_agent,
    -- What stands there twice is kept once: a browser's calls carry their own cookies.
    case when cookie_click is distinct from click_id_sent then cookie_click end as cookie_click,
    case when cookie_browser is distinct from browser_id_sent then cookie_browser end as cookie_browser,
    cookie_click = click_id_sent as is_click_cookie,
    cookie_browser = browser_id_sent as is_browser_cookie,
    case when platform <> 'meta' or tie_fbp is distinct from coalesce(browser_id_sent, cookie_browser) then tie_fbp end as tie_fbp,
    case when platform <> 'tiktok' or tie_ttp is distinct from coalesce(browser_id_sent, cookie_browser) then tie_ttp end as tie_ttp,
    endpoint,
    channel,
    platform,
    dataset,
    agent,
    partner_agent,
    relay_store,
    is_codeless,
    rule,
    is_noscript,
    event_name,
    event_id_sent,
    event_id_misplaced,
    event_time_sent,
    order_param,
    value_sent,
    currency_sent,
    click_id_sent,
    browser_id_sent,
    with_at_signs(page) as page,
    with_at_signs(referrer) as referrer,
    has_source_url,
    page_cut,
    item_list,
    other_items,
    has_relay_items,
    relay_item_ids,
    answer_code,
    answer_text,
    events_sent,
    events_received,
    accepted,
    counter,
    load_key,
    action_source,
    has_test_code,
    limited_use,
    coalesce(not is_email_void, false) as has_email,
    coalesce(not is_phone_void, false) as has_phone,
    coalesce(not is_external_id_void, false) as has_external_id,
    blotted_keys,
    nullif(concat_ws(',', plain_keys, personal_id), '') as plain_keys,
    nullif(concat_ws(', ',
        case when is_email_void and email_sent <> '' then 'e-mail' end,
        case when is_phone_void and phone_sent <> '' then 'phone' end,
        case when is_external_id_void and external_id_sent <> '' then 'external id' end), '') as void_keys,
    nullif(concat_ws(', ',
        case when is_other_hash(email_sent) then 'e-mail' end,
        case when is_other_hash(phone_sent) then 'phone' end), '') as other_hash_keys,
    case when is_server_sale then nullif(concat_ws(', ',
        case when is_private_ip(buyer_ip_sent) then 'IP address' end,
        case when is_program(buyer_agent_sent) then 'user agent' end), '') end as machine_keys,
    case when is_sale then device_of(buyer_agent_sent) end as device,
    -- Who the buyers are said to be, only to count how many are said to be the same one.
    case when is_server_sale and not coalesce(is_email_void, is_phone_void)
        then counted_digest(case when is_email_void then phone_sent else email_sent end) end as contact_digest,
    case when is_server_sale and not is_external_id_void then counted_digest(external_id_sent) end as customer_digest,
    case when is_server_sale and buyer_ip_sent not like '%0.0.0' then counted_digest(buyer_ip_sent) end as ip_digest,
    nullif(concat_ws(', ',
        case when addresses[2] then 'email in the event id' end,
        case when addresses[1] then case when is_customers(params_text, url_host(page)) then 'email' end end,
        case when has_phone_field(params_text) then 'phone' end), '') as personal_in_params,
    -- Digests are only ever compared with an order's: where no order has one, none is made.
    case when getvariable('orders_have_emails') then salted(email_sha(email_sent)) end as email_digest,
    case when getvariable('orders_have_phones') then salted(phone_sha(phone_sent)) end as phone_digest,
    -- A customer's number may be an order's telephone number. The relay is given it plain, and TikTok's own interface takes no number.
    case when getvariable('orders_have_phones') and endpoint in ('meta_pixel', 'meta_capi', 'tiktok_pixel')
            and regexp_full_match(external_id_sent, '[0-9][0-9 ().-]{7,18}[0-9]')
        then salted(phone_digits(external_id_sent)) end as external_digest,
    hash(params_text) as params_hash,
    case when getvariable('orders_have_phones') then params_text end as params_text,
    copy_key,
    send_key,
    payload,
    case when payload is not null then hash(concat_ws('|',
        payload,
        body_shape,
        plain_keys,
        case when contains(blotted_keys, 'user data') then 'blotted out' end,
        case when event_time_sent is null then null when regexp_full_match(event_time_sent, '[0-9]{1,10}') then 'seconds'
             when regexp_full_match(event_time_sent, '[0-9]+') then 'long'
             when regexp_full_match(event_time_sent, '[0-9]+[.]0+') then 'whole' else 'text' end,
        case when value_sent is null then null when regexp_full_match(value_sent, '[0-9]{1,15}([.]0+)?') then 'whole'
             when regexp_full_match(value_sent, '[0-9]{1,15}[.][0-9]+') then 'fraction'
             when plain_number(value_sent) < 0 then 'negative' when plain_number(value_sent) is not null then 'power'
             when value_sent = '' then 'empty' when regexp_full_match(value_sent, '[0-9]+([.][0-9]+)?') then 'long' else 'text' end,
        case when currency_sent is null then null when regexp_full_match(currency_sent, '[A-Za-z]{3}') then 'code' else 'other' end,
        case when event_name in ('', 'Purchase') then 'name ' || event_name end,
        action_source[1:30],
        -- What the merged type of a list of several hides: an entry that lacks a field.
        case when payload in ('meta_capi', 'tiktok_events_api') and contains(params_text, '},{') then cast(list_sort(list_distinct(
            list_transform(
                try(from_json(params_text, '{"contents":[{"id":"JSON","content_id":"JSON","quantity":"JSON"}]}')).contents,
                lambda x: concat_ws(' ', x.id is null, x.content_id is null, x.quantity is null)))) as varchar) end)) end as shape
from told;

-- decoded -> events and event_items: personal data reduced to flags and salted digests, texts masked.

-- What an address says, found once an address: many events share a page.
create or replace temp table address_facts as
with addresses as (
    select
        address,
        bool_or(is_page) as is_page
    from (
        select page as address, true as is_page from decoded where page is not null
        union all
        select referrer, false from decoded where referrer is not null
        union all
        select url, false from clicked_pages
    ) t
    group by address
),
-- Parts first: what is given to a macro stands in it wherever the macro names it.
parts as (
    select
        address,
        is_page,
        url_host(address) as host,
        regexp_extract(address, '^[^?#]*') as before_query,
        nullif(kept_query(address), '') as query,
        url_path(address) as path,
        public_part(address) as public
    from addresses
),
shop_hosts as (
    select distinct host as shop_host
    from parts
    where is_page
),
reduced as (
    select *, before_query || coalesce('?' || query, '') as url from parts
),
shown_parts as (
    select *, list_transform([url, path], lambda t: masked_address(t)) as shown from reduced
)
select
    address,
    shown[1] as page_url,
    case when url <> address then salted(address) end as page_digest,
    host as page_host,
    shown[2] as page_path,
    url_param(address, 'fbclid') as fbclid,
    url_param(address, 'ttclid') as ttclid,
    url_param(address, '(?:click_id|clickid|kwai_click_?id)') as snackvideo_click,
    -- A mail provider's page is no page of the shop, and the addresses in it are customers'.
    has_customer_email(public, shop_host) as has_email,
    has_phone_field(public) as has_phone
from shown_parts
left join shop_hosts on shop_hosts.shop_host = shown_parts.host;

insert into events by name
with placed as (
    select
        s.* exclude (event_name, session, page_load),
        s.event_name as name_sent,
        case when not coalesce(s.event_id_misplaced, false) then nullif(s.event_id_sent, '') end as id_told,
        utc(s.event_time_sent) as told_at,
        'visit ' || v.number as session,
        s.page_load as load_number,
        plain_number(s.value_sent) as value,
        case
            when s.log_sender is not null then s.log_sender
            when s.is_noscript then 'noscript image'
            when s.is_codeless then 'Event Setup Tool rule ' || s.rule
            when s.agent <> '' then 'agent ' || s.agent
            when s.relay_store is not null then 'relay ' || s.relay_store
            when s.partner_agent <> '' then 'partner ' || s.partner_agent
            when s.initiator is not null then 'script ' || s.initiator
            when s.channel = 'server' then coalesce('backend ' || nullif(split_part(s.user_agent, ' ', 1), ''), 'backend')
            else 'page code'
        end as sender_told,
        case when s.channel = 'server' and s.relay_store is null then s.user_agent end as user_agent_told,
        list_transform(s.item_list, lambda x: x.item_id) as item_ids
    from sends s
    left join event_visits v on v.event_key = s.event_key
),
worded as (
    select
        *,
        word_told(nullif(dataset, '')) as dataset_told,
        case when told_at is null then time_told(event_time_sent) end as time_told,
        case when value is null then value_told(value_sent) end as value_told,
        code_told(currency_sent) as currency_told,
        nullif(code_told(upper(currency_sent)), '') as currency,
        word_told(action_source) as action_source_told,
        case when regexp_full_match(answer_code, '[A-Za-z0-9_.:/-]{0,60}') then answer_code else told_by_length(answer_code) end as answer_code_told
    from placed
),
texts_listed as (
    select
        *,
        list_concat(
            [
                name_sent, id_told, load_key, sender_told, agent, partner_agent, initiator, relay_store, log_sender, dataset_told,
                time_told, value_told, currency_told, currency, action_source_told, relay_item_ids, other_items, net_error,
                answer_code_told, answer_text, user_agent_told, rule
            ],
            item_ids) as texts
    from worded
),
cleaned as (
    select
        * exclude (texts),
        masks_of(texts) as masks
    from texts_listed
),
platforms_named as (
    select distinct platform from plan_datasets
)
select
    c.event_key,
    c.ref,
    c.source,
    c.place,
    c.endpoint,
    c.channel,
    c.platform,
    masked_by(c.masks, c.dataset_told) as dataset,
    id_masked_by(c.masks, c.sender_told) as sender,
    case
        when c.is_noscript then 'noscript'
        when c.is_codeless then 'codeless'
        when c.relay_store is not null then 'relay'
        when c.agent like '%gtm%' or c.agent like '%tagmanager%' or c.partner_agent like '%gtm%' then 'tag_manager'
        when c.channel = 'server' then 'backend'
        when c.endpoint = 'decoded_log' then 'log'
        else 'page_code'
    end as sender_kind,
    id_masked_by(c.masks, nullif(c.agent, '')) as agent,
    id_masked_by(c.masks, nullif(c.partner_agent, '')) as partner_agent,
    id_masked_by(c.masks, c.initiator) as initiator,
    id_masked_by(c.masks, c.relay_store) as relay_store,
    id_masked_by(c.masks, c.log_sender) as log_sender,
    name_shown(masked_by(c.masks, c.name_sent)) as event_name,
    c.dataset is null or c.dataset = '' or d.dataset is not null or n.platform is null as in_plan,
    p.step,
    id_masked_by(c.masks, c.id_told) as event_id,
    case
        when c.event_id_misplaced then 'misplaced'
        when c.event_id_sent = '' then 'empty'
        when c.event_id_sent is null then 'absent'
        else 'sent'
    end as event_id_state,
    coalesce(c.told_at, c.seen_at) as event_at,
    case when c.told_at is not null then c.event_time_sent else masked_by(c.masks, c.time_told) end as event_time_sent,
    c.seen_at,
    c.session,
    coalesce(c.source || '#' || c.load_number, c.platform || ' ' || id_masked_by(c.masks, c.load_key)) as page_load,
    c.value,
    case when c.value is not null then c.value_sent else masked_by(c.masks, c.value_told) end as value_sent,
    masked_by(c.masks, c.currency) as currency,
    masked_by(c.masks, c.currency_told) as currency_sent,
    nullif(c.click_id_sent, '') as click_id,
    case
        when c.click_id_sent = '' then 'empty'
        when c.click_id_sent is null and not coalesce(contains(c.blotted_keys, 'click id'), false) then 'absent'
        else 'sent'
    end as click_id_state,
    nullif(c.browser_id_sent, '') as browser_id,
    case c.platform when 'meta' then g.fbclid when 'tiktok' then g.ttclid else g.snackvideo_click end as landing_click,
    decoded_text(case when c.is_click_cookie then c.click_id_sent else c.cookie_click end) as cookie_click,
    decoded_text(case when c.is_browser_cookie then c.browser_id_sent else c.cookie_browser end) as cookie_browser,
    g.page_url,
    case when c.channel = 'browser' and lower(c.name_sent) = 'pageview' then g.page_digest end as page_digest,
    g.page_host,
    g.page_path,
    coalesce(c.page_cut, false) as page_cut,
    r.page_host as referrer_host,
    c.has_source_url,
    c.referrer <> '' as has_referrer,
    case
        when len(c.item_ids) = 1 then id_masked_by(c.masks, c.item_ids[1])
        when len(c.item_ids) > 1
            then array_to_string(list_sort(list_distinct(list_transform(c.item_ids, lambda x: id_masked_by(c.masks, x)))), ',')
    end as items,
    coalesce(len(c.item_ids), 0) as item_count,
    id_masked_by(c.masks, c.other_items) as other_items,
    c.has_relay_items,
    id_masked_by(c.masks, c.relay_item_ids) as relay_item_ids,
    c.status,
    -- A pixel's own address answers no hit with an error unless it did not take it, or something on the way answered in its place.
    coalesce(
        masked_by(c.masks, c.net_error),
        case when c.channel = 'browser' and c.status >= 400 then 'answered HTTP ' || c.status end) as net_error,
    masked_by(c.masks, c.answer_code_told) as answer_code,
    without_rests(masked_by(c.masks, c.answer_text))[1:200] as answer_text,
    c.events_sent,
    c.events_received,
    -- What stands beside a yes of the receiver is the error of an earlier try.
    case when c.channel = 'server' and coalesce(c.status, 0) = 0 and c.accepted is not true and never_left(c.net_error) is not null then false
         else c.accepted end as accepted,
    c.ref || case when c.events_sent is null then '' else '!' end as request_key,
    c.counter,
    id_masked_by(c.masks, c.rule) as rule,
    coalesce(c.is_codeless, false) as is_codeless,
    coalesce(c.is_noscript, false) as is_noscript,
    masked_by(c.masks, c.action_source_told) as action_source,
    coalesce(c.has_test_code, false) as has_test_code,
    c.limited_use,
    consent_word(c.consent) as consent,
    c.has_email,
    c.has_phone,
    c.has_external_id,
    c.blotted_keys,
    c.plain_keys,
    c.void_keys,
    c.other_hash_keys,
    c.machine_keys,
    c.device,
    nullif(concat_ws(', ',
        case when g.has_email then 'email in the page URL' end,
        case when g.has_phone then 'phone in the page URL' end,
        case when r.has_email then 'email in the referrer' end,
        case when r.has_phone then 'phone in the referrer' end), '') as personal_in_url,
    c.personal_in_params,
    c.email_digest,
    c.phone_digest,
    c.contact_digest,
    c.customer_digest,
    c.ip_digest,
    masked_by(c.masks, c.user_agent_told)[1:120] as user_agent,
    coalesce(c.has_secret, false) as has_secret,
    coalesce(k.copies, 1) as copies
from cleaned c
left join plan_steps p on p.platform = c.platform and p.event_name = c.name_sent
left join plan_datasets d on d.platform = c.platform and d.dataset = c.dataset
left join platforms_named n on n.platform = c.platform
left join address_facts g on g.address = c.page
left join address_facts r on r.address = c.referrer
left join copy_counts k on k.decoded_row = c.event_key - 1;

insert into event_items
with listed as (
    select
        event_key,
        generate_subscripts(item_list, 1) as position,
        unnest(item_list) as item
    from sends
    where len(item_list) > 0
)
select
    event_key,
    position,
    masked_id(item.item_id),
    try_cast(plain_number(item.quantity) as decimal(18, 3)),
    plain_number(item.price)
from listed;

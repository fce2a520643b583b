-- decoded -> events and event_items: copies collapsed, personal data reduced to flags and salted digests, texts masked.

-- One send, once: a platform's copies share copy_key; identical lines share time and content; a retry differs in time.
create or replace temp table sends as
with keyed as (
    select
        *,
        row_number() over (order by source, place, rowid) as decoded_row,
        coalesce(
            endpoint || '|' || copy_key,
            concat_ws('|', endpoint, source, coalesce(cast(seen_at as varchar), ref), event_name, event_id_sent, relay_store, dataset, md5(params_text), md5(page))
        ) as one_send
    from decoded
),
numbered as (
    select
        *,
        row_number() over (partition by one_send, ref, copy_key is null order by decoded_row) as in_request
    from keyed
),
ranked as (
    select
        *,
        row_number() over (
            partition by one_send, case when copy_key is null then in_request end order by seen_at, decoded_row
        ) as copy_number,
        count(*) over (partition by one_send, case when copy_key is null then in_request end) as copies
    from numbered
)
select * exclude (one_send, in_request, copy_number)
from ranked
where copy_number = 1;

-- One relay request seen by the page and by the relay: the nth send of a key in one file is the nth in the other.
create or replace temp table seen_twice as
with counted as (
    select
        decoded_row,
        send_key,
        source,
        seen_at,
        page_load,
        status,
        accepted,
        row_number() over (partition by send_key, source order by seen_at, decoded_row) as nth
    from sends
    where send_key is not null
),
ranked as (
    select
        *,
        row_number() over (partition by send_key, nth order by case when page_load is null then 1 else 0 end, source) as place_in_group,
        first_value(source) over (partition by send_key, nth order by case when page_load is null then 1 else 0 end, source) as kept_source,
        first_value(seen_at) over (partition by send_key, nth order by case when page_load is null then 1 else 0 end, source) as kept_at,
        first_value(decoded_row) over (partition by send_key, nth order by case when page_load is null then 1 else 0 end, source)
            as kept_row
    from counted
)
select decoded_row, kept_row, status
from ranked
where place_in_group > 1
  and source <> kept_source
  and abs(epoch(seen_at) - epoch(kept_at)) <= 60;

create or replace temp table witnesses as
select decoded_row
from seen_twice;

-- A page that moved on lost the answer (status 0 or none); the relay's own log has it.
update sends
set status = h.status,
    net_error = null,
    accepted = h.accepted,
    answer_code = h.answer_code,
    answer_text = h.answer_text,
    events_received = h.events_received
from (
    select
        t.kept_row,
        s.status,
        s.accepted,
        s.answer_code,
        s.answer_text,
        s.events_received,
        row_number() over (partition by t.kept_row order by t.decoded_row) as nth
    from seen_twice t
    join sends s on s.decoded_row = t.decoded_row
    where t.status <> 0
) h
where h.nth = 1
  and h.kept_row = sends.decoded_row
  and coalesce(sends.status, 0) = 0;

insert into events by name
with cleaned as (
    select
        s.*,
        row_number() over (order by s.source, s.place, s.decoded_row) as event_key,
        case when s.event_id_misplaced then null else nullif(s.event_id_sent, '') end as event_id_text,
        case when s.event_time_sent is not null then utc(s.event_time_sent) end as claimed_at
    from sends s
    where s.decoded_row not in (select decoded_row from witnesses)
)
select
    c.event_key,
    c.ref,
    c.source,
    c.place,
    c.endpoint,
    c.channel,
    c.platform,
    masked(nullif(c.dataset, '')) as dataset,
    masked(case
        when c.log_sender is not null then c.log_sender
        when c.is_noscript then 'noscript image'
        when c.is_codeless then 'Event Setup Tool rule ' || c.rule
        when c.agent <> '' then 'agent ' || c.agent
        when c.relay_store is not null then 'relay ' || c.relay_store
        when c.partner_agent <> '' then 'partner ' || c.partner_agent
        when c.initiator is not null then 'script ' || c.initiator
        when c.channel = 'server' then coalesce('backend ' || nullif(split_part(c.user_agent, ' ', 1), ''), 'backend')
        else 'page code'
    end) as sender,
    case
        when c.is_noscript then 'noscript'
        when c.is_codeless then 'codeless'
        when c.relay_store is not null then 'relay'
        when c.agent like '%gtm%' or c.agent like '%tagmanager%' or c.partner_agent like '%gtm%' then 'tag_manager'
        when c.channel = 'server' then 'backend'
        when c.endpoint = 'decoded_log' then 'log'
        else 'page_code'
    end as sender_kind,
    masked(nullif(c.agent, '')) as agent,
    masked(nullif(c.partner_agent, '')) as partner_agent,
    masked(c.initiator) as initiator,
    masked(c.relay_store) as relay_store,
    masked(c.log_sender) as log_sender,
    masked(c.event_name) as event_name,
    c.dataset is null or c.dataset = ''
        or c.dataset in (select dataset from plan_datasets d where d.platform = c.platform)
        or not exists (select 1 from plan_datasets d where d.platform = c.platform) as in_plan,
    p.step,
    masked(c.event_id_text) as event_id,
    case
        when c.event_id_misplaced then 'misplaced'
        when c.event_id_sent = '' then 'empty'
        when c.event_id_sent is null then 'absent'
        else 'sent'
    end as event_id_state,
    coalesce(c.claimed_at, c.seen_at) as event_at,
    masked(c.event_time_sent[1:40]) as event_time_sent,
    c.seen_at,
    c.session,
    coalesce(c.source || '#' || c.page_load, c.platform || ' ' || c.load_key) as page_load,
    plain_number(c.value_sent) as value,
    masked(c.value_sent[1:60]) as value_sent,
    nullif(upper(trim(c.currency_sent)), '') as currency,
    masked(c.currency_sent[1:20]) as currency_sent,
    nullif(c.click_id_sent, '') as click_id,
    case when c.click_id_sent = '' then 'empty' when c.click_id_sent is null then 'absent' else 'sent' end as click_id_state,
    nullif(c.browser_id_sent, '') as browser_id,
    url_param(c.page, case c.platform when 'meta' then 'fbclid' when 'tiktok' then 'ttclid'
        else '(?:click_id|clickid|kwai_click_?id)' end) as landing_click,
    decoded_text(c.cookie_click) as cookie_click,
    decoded_text(c.cookie_browser) as cookie_browser,
    masked(regexp_extract(c.page, '^[^?#]*') || coalesce('?' || nullif(kept_query(c.page), ''), '')) as page_url,
    url_host(c.page) as page_host,
    masked(url_path(c.page)) as page_path,
    coalesce(c.page_cut, false) as page_cut,
    url_host(c.referrer) as referrer_host,
    c.has_source_url,
    c.referrer <> '' as has_referrer,
    nullif(array_to_string(list_sort(list_distinct(list_transform(c.item_list, lambda x: masked(x.item_id)))), ','), '') as items,
    coalesce(len(c.item_list), 0) as item_count,
    c.has_relay_items,
    masked(c.relay_item_ids) as relay_item_ids,
    c.status,
    masked(c.net_error) as net_error,
    masked(c.answer_code) as answer_code,
    masked(c.answer_text[1:200]) as answer_text,
    c.events_sent,
    c.events_received,
    c.accepted,
    c.ref || case when c.events_sent is null then '' else '!' end as request_key,
    c.counter,
    c.rule,
    coalesce(c.is_codeless, false) as is_codeless,
    coalesce(c.is_noscript, false) as is_noscript,
    masked(c.action_source) as action_source,
    coalesce(c.has_test_code, false) as has_test_code,
    c.limited_use,
    c.consent,
    coalesce(c.email_sent <> '', false) as has_email,
    coalesce(c.phone_sent <> '', false) as has_phone,
    coalesce(c.external_id_sent <> '', false) as has_external_id,
    c.plain_keys,
    nullif(concat_ws(', ',
        case when has_email(public_part(c.page)) then 'email in the page URL' end,
        case when has_phone_field(public_part(c.page)) then 'phone in the page URL' end,
        case when has_email(public_part(c.referrer)) then 'email in the referrer' end,
        case when has_phone_field(public_part(c.referrer)) then 'phone in the referrer' end), '') as personal_in_url,
    nullif(concat_ws(', ',
        case when has_email(c.params_text) then 'email' end,
        case when has_phone_field(c.params_text) then 'phone' end), '') as personal_in_params,
    salted(email_sha(c.email_sent)) as email_digest,
    salted(phone_sha(c.phone_sent)) as phone_digest,
    case when c.channel = 'server' and c.relay_store is null then masked(c.user_agent[1:120]) end as user_agent,
    coalesce(c.has_secret, false) as has_secret,
    c.copies
from cleaned c
left join plan_steps p on p.platform = c.platform and p.event_name = c.event_name;

-- A number in an address, or in a Purchase's parameters, that is some order's own telephone number: personal, whatever its name.
create or replace temp table told_phones as
with cleaned as (
    select
        row_number() over (order by source, place, decoded_row) as event_key,
        event_name,
        platform,
        page,
        referrer,
        params_text
    from sends
    where decoded_row not in (select decoded_row from witnesses)
      and exists (select 1 from orders where phone_text_digest is not null)
),
texts as (
    select event_key, 'phone in the page URL' as place, public_part(page) as text
    from cleaned
    where regexp_matches(page, '[0-9]{9}')
    union all
    select event_key, 'phone in the referrer', public_part(referrer)
    from cleaned
    where regexp_matches(referrer, '[0-9]{9}')
    union all
    select c.event_key, 'phone', c.params_text
    from cleaned c
    join plan_steps p on p.platform = c.platform and p.event_name = c.event_name
    where p.step = 'Purchase'
      and regexp_matches(c.params_text, '[0-9]{9}')
),
numbers as (
    select
        event_key,
        place,
        unnest(list_distinct(regexp_extract_all(text, '[0-9]{9,15}'))) as number
    from texts
)
select
    n.event_key,
    n.place
from numbers n
join orders o on o.phone_text_digest = salted(n.number)
union
select
    n.event_key,
    n.place
from numbers n
join orders o on o.phone_digest = salted(phone_sha(n.number));

update events
set personal_in_url = concat_ws(', ', personal_in_url, t.places)
from (
    select
        event_key,
        string_agg(place, ', ' order by place) as places
    from told_phones
    where place <> 'phone'
    group by event_key
) t
where t.event_key = events.event_key
  and coalesce(personal_in_url, '') not like '%phone%';

update events
set personal_in_params = concat_ws(', ', personal_in_params, t.place)
from told_phones t
where t.event_key = events.event_key
  and t.place = 'phone'
  and coalesce(personal_in_params, '') not like '%phone%';
drop table told_phones;

insert into event_items
with cleaned as (
    select
        row_number() over (order by source, place, decoded_row) as event_key,
        item_list
    from sends
    where decoded_row not in (select decoded_row from witnesses)
),
listed as (
    select
        event_key,
        generate_subscripts(item_list, 1) as position,
        unnest(item_list) as item
    from cleaned
    where len(item_list) > 0
)
select
    event_key,
    position,
    masked(item.item_id),
    try_cast(plain_number(item.quantity) as decimal(18, 3)),
    plain_number(item.price)
from listed;

-- What ties an event to its shopper: browser ids, click ids, the page load, the log's session, the one HAR it stood in.
create or replace temp table event_ties as
with cleaned as (
    select
        row_number() over (order by source, place, decoded_row) as event_key,
        *
    from sends
    where decoded_row not in (select decoded_row from witnesses)
),
ties as (
    select event_key, 'session ' || source || ' ' || session as tie from cleaned where session is not null
    union all
    select event_key, 'fbp ' || coalesce(browser_id_sent, cookie_browser) from cleaned
    where platform = 'meta' and coalesce(browser_id_sent, cookie_browser) <> ''
    union all
    select event_key, 'ttp ' || coalesce(browser_id_sent, cookie_browser) from cleaned
    where platform = 'tiktok' and coalesce(browser_id_sent, cookie_browser) <> ''
    union all
    select event_key, 'fbp ' || tie_fbp from cleaned where tie_fbp <> ''
    union all
    select event_key, 'ttp ' || tie_ttp from cleaned where tie_ttp <> ''
    union all
    -- the click itself: part 4 of an fbc, any other click id whole (a ttclid has points of its own: E.C.P.…)
    select event_key, 'click ' || platform || ' ' || case when click_id_sent like 'fb.%' then split_part(click_id_sent, '.', 4)
        else click_id_sent end
    from cleaned
    where length(case when click_id_sent like 'fb.%' then split_part(click_id_sent, '.', 4) else click_id_sent end) >= 8
    union all
    select event_key, 'load ' || source || '#' || page_load from cleaned where page_load is not null
    union all
    select event_key, 'load ' || platform || ' ' || load_key || coalesce(' ' || browser_id_sent, '') from cleaned
    where page_load is null and load_key is not null
)
select distinct event_key, tie
from ties;

-- Keys an event may name its order by.
insert into order_candidates
with purchases as (
    select
        e.event_key,
        e.step,
        e.event_name,
        e.event_id,
        e.page_url,
        d.order_param,
        replace(l.event_id_prefix, '{event_name}', e.event_name) as prefix,
        replace(l.event_id_suffix, '{event_name}', e.event_name) as suffix
    from events e
    join (
        select
            row_number() over (order by source, place, decoded_row) as event_key,
            order_param
        from sends
        where decoded_row not in (select decoded_row from witnesses)
    ) d on d.event_key = e.event_key
    cross join launch l
),
placeholders as (
    select * from (values ('undefined'), ('null'), ('NaN'), ('[object Object]')) t(word)
),
words as (
    select
        event_key,
        'event_id' as how,
        unnest(list_distinct(list_concat(string_split_regex(event_id, '[^A-Za-z0-9]+'), [event_id]))) as key,
        event_id as whole
    from purchases
    where step = 'Purchase'
      and not regexp_full_match(lower(event_id), '(.*[^0-9a-f])?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')
    union all
    select
        event_key,
        'url',
        unnest(list_distinct(string_split_regex(
            coalesce(url_path(page_url), '') || '/' || regexp_replace(coalesce(url_query(page_url), ''), '(^|&)[^=&]*=', '/', 'g'), '[/&]+'))),
        null
    from purchases
    where step = 'Purchase'
)
select event_key, ltrim(masked(trim(order_param)), '#'), 'parameter', 1, true
from purchases
where trim(order_param) <> ''
union all
select
    event_key,
    event_id[length(prefix) + 1 : length(event_id) - length(suffix)],
    'template',
    2,
    true
from purchases
where step = 'Purchase'
  and starts_with(event_id, prefix)
  and ends_with(event_id, suffix)
  and length(event_id) > length(prefix) + length(suffix)
union all
select w.event_key, w.key, w.how, case w.how when 'event_id' then 3 else 4 end, p.word is not null and w.how = 'event_id'
from words w
left join placeholders p on p.word = w.key
where length(w.key) >= 3
  and (w.key not in ('Purchase', 'CompletePayment', 'FORM', 'order', 'thank-you', 'checkout') or p.word is not null)
  and (p.word is not null or w.key in (select key from order_keys));
-- An order key with marks of its own inside (SHOP-1001): the whole key between delimiters.
insert into order_candidates
select
    e.event_key,
    k.key,
    'event_id',
    3,
    false
from events e
join order_keys k on contains(e.event_id, k.key)
where e.step = 'Purchase'
  and regexp_matches(k.key, '[^A-Za-z0-9]')
  and regexp_matches(' ' || e.event_id || ' ', '[^A-Za-z0-9]' || regexp_escape(k.key) || '[^A-Za-z0-9]');

-- requests -> loads, landings, actions, counters, consent_hits: what the capture proves beside the events.

-- Pixel libraries and per-pixel configurations (domain 1.1, 2.1).
insert into loads
with scripts as (
    select
        *,
        case
            when host = 'connect.facebook.net' and regexp_full_match(path, '/[a-z]{2}_[A-Z]{2}/fbevents[.]js') then 'meta library'
            when host = 'connect.facebook.net' and starts_with(path, '/signals/config/') then 'meta dataset'
            when regexp_full_match(host, 'analytics[a-z0-9.-]*[.]tiktok(w)?[.](com|us)') and path = '/i18n/pixel/events.js' then 'tiktok dataset'
            when regexp_full_match(host, '.*[.](kwai[.]net|ap4r[.]com|ks-la[.]net)') and ends_with(path, '/pixel/events.js') then 'snackvideo dataset'
        end as what
    from requests
)
select
    ref,
    source,
    split_part(what, ' ', 1),
    split_part(what, ' ', 2),
    coalesce(
        nullif(regexp_extract(path, '^/signals/config/([0-9]+)', 1), ''),
        nullif(regexp_extract(query, '(?:^|&)sdkid=([^&]+)', 1), '')),
    seen_at,
    source || '#' || page_load,
    null,
    -- a redirect brings nothing yet: what it leads to is an entry of its own
    coalesce(status between 200 and 299 or status = 304, true)
from scripts
where what is not null;

-- Pages with a click id in their URL.
insert into clicked_pages
select ref, source, seen_at, page_load, url
from requests
where is_document
  and (contains(url, 'clid') or contains(url, 'click'));

-- Storefront API calls that prove the shopper's act (catalogue, Actions).
insert into actions
with calls as (
    select
        *,
        case
            when method = 'GET' then 'cart_change'
            when regexp_full_match(path, '.*/public/cart/items/?') then 'add_to_cart'
            when regexp_full_match(path, '.*(/public/checkout|/customers/me/checkout)/?') then 'checkout'
            when regexp_full_match(path, '.*/cart/add([.]js)?/?') then 'add_to_cart'
            when regexp_full_match(path, '.*/cart/(change|update)([.]js)?/?') then 'cart_change'
            when contains(path, '/graphql') and regexp_matches(body, '\bcartLinesAdd\b') then 'add_to_cart'
            when contains(path, '/graphql') and regexp_matches(body, '\b(cartLinesUpdate|cartCreate)\b') then 'cart_change'
            when regexp_full_match(path, '.*/checkouts?/[A-Za-z0-9/_-]*(complete|processing|submit)[a-z_-]*/?') then 'checkout'
            when regexp_full_match(path, '.*/wc/store/v1/cart/add-item/?') then 'add_to_cart'
            when regexp_full_match(path, '.*/wc/store/v1/checkout/?') then 'checkout'
            when regexp_matches(query, '(^|&)wc-ajax=add_to_cart(&|$)') then 'add_to_cart'
            when regexp_matches(query, '(^|&)wc-ajax=checkout(&|$)') then 'checkout'
        end as kind
    from requests
    where (
        method = 'POST'
        -- a link that fills the cart: /cart/<variant>:<quantity>
        or (method = 'GET' and contains(path, '/cart/') and regexp_full_match(path, '.*/cart/[0-9]+(:|%3A)[0-9]+(,[0-9]+(:|%3A)[0-9]+)*/?'))
    )
      and (host is null or not (contains(host, 'facebook.') or contains(host, 'tiktok.') or contains(host, 'adsnebula.')))
)
select
    ref,
    source,
    kind,
    seen_at,
    coalesce(answered_at, seen_at),
    status,
    status between 200 and 299,
    session,
    source || '#' || page_load,
    masked_id(coalesce(
        try(json_extract_string(response, '$.order_id')),
        try(json_extract_string(response, '$.data.order_id')),
        try(json_extract_string(response, '$.order.order_id'))))
from calls
where kind is not null;

-- Meta's counter on every hit of a page, automatic ones too, read where each transport puts it (domain 1.2, 1.4).
insert into counters
with hits as (
    select
        ref,
        source,
        page_load,
        seen_at,
        -- a batch holds one query string an event, encoded once more
        unnest(case when method = 'POST' and starts_with(body, 'batch=') then string_split_regex(form_text(body), '&?events\[[0-9]+\]=')
            when method = 'POST' and body is not null then [body] else [query] end) as form
    from requests
    where host in ('facebook.com', 'www.facebook.com')
      and regexp_full_match(path, '/tr/?')
),
numbers as (
    select
        *,
        coalesce(
            nullif(regexp_extract(form, '(?:^|&)ec=([0-9]{1,9})(?:&|$)', 1), ''),
            nullif(regexp_extract(form, 'name="ec"[^0-9]{2,8}([0-9]{1,9})[^0-9]', 1), '')) as counter,
        coalesce(
            nullif(regexp_extract(form, '(?:^|&)id=([0-9]{5,20})(?:&|$)', 1), ''),
            nullif(regexp_extract(form, 'name="id"[^0-9]{2,8}([0-9]{5,20})[^0-9]', 1), '')) as dataset,
        coalesce(
            nullif(regexp_extract(form, '(?:^|&)it=([0-9]{9,16})(?:&|$)', 1), ''),
            nullif(regexp_extract(form, 'name="it"[^0-9]{2,8}([0-9]{9,16})[^0-9]', 1), '')) as load_key
    from hits
)
select
    ref,
    source,
    -- As the events name their page load: the capture's page, else when the pixel started on it.
    coalesce(source || '#' || page_load, 'meta ' || load_key),
    dataset,
    cast(counter as bigint),
    seen_at
from numbers
where counter is not null
  and dataset is not null;

-- Consent as the page's own Google hits tell it (gcs=G1<ads><analytics>, domain 10). An order is named in the address, or in a line of
-- the body where several events left in one hit.
insert into consent_hits
with hits as (
    select
        source || '#' || page_load as page_load,
        seen_at,
        case regexp_extract(query, '(?:^|&)gcs=G1([01])[01-]', 1) when '0' then 'denied' when '1' then 'granted' end as consent,
        form_text(nullif(regexp_extract(query, '(?:^|&)dl=([^&]*)', 1), '')) as page,
        regexp_extract_all(query || chr(10) || coalesce(body, ''), '(?:^|[&\r\n])epn?[.]transaction_id=([^&\r\n]+)', 1) as order_keys
    from requests
    where page_load is not null
      and contains(query, 'gcs=G1')
)
select
    page_load,
    seen_at,
    consent,
    page,
    list_transform(order_keys, lambda x: ltrim(trim(form_text(x)), '#'))
from hits
where consent is not null;

-- What a platform's script posted without its text in the capture: saved without content, a recorder that drops beacons, or one that
-- keeps them in a form of its own.
insert into unread_hits
with posts as (
    select
        source,
        coalesce(body, '') as body,
        case
            when host in ('facebook.com', 'www.facebook.com') and regexp_full_match(path, '/tr/?') then 'meta'
            when regexp_full_match(host, 'analytics[a-z0-9.-]*[.]tiktok(w)?[.](com|us)')
                and regexp_full_match(path, '/(api/v2/pixel|api/v1/pixel/track|api/v2/pixel/track)/?') then 'tiktok'
        end as platform
    from requests
    where method = 'POST'
      and not contains(coalesce(query, ''), 'ev=')
      and page_load is not null
)
select source, platform, count(*)
from posts
where platform is not null
  and (body = ''
    or (platform = 'tiktok' and not starts_with(ltrim(body), '{'))
    or (platform = 'meta' and not (contains(body, 'ev=') or contains(body, '"ev"') or contains(body, 'events'))))
group by source, platform;

insert into seen_spans
select source, min(seen_at), max(seen_at)
from requests
group by source;

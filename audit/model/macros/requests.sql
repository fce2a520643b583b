-- Fields of a request, and what was answered to it.

-- JSON text without halves of characters: a script that cuts a text in the middle of an emoji writes one (\ud83d), and no reader of
-- JSON takes it. A whole pair, and a stroke that is itself escaped, stay.
create or replace macro whole_characters(t) as
    case when contains(t, '\ud') or contains(t, '\uD') then
        regexp_replace(t, '(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}', '\1', 'g')
    else t end;

-- A header of a JSON object of headers, by either spelling; a cookie from the log's own list, else from the header.
create or replace macro header(headers, lower_name, title_name) as
    try(coalesce(
        json_extract_string(headers, '$."' || lower_name || '"'),
        json_extract_string(headers, '$."' || title_name || '"')));
create or replace macro cookie(cookies, headers, name) as
    coalesce(
        nullif(try(json_extract_string(cookies, '$."' || name || '"')), ''),
        nullif(regexp_extract(header(headers, 'cookie', 'Cookie'), '(?:^|; *)' || name || '=([^;]*)', 1), ''));

-- Items named by an event: contents [{id, quantity, price}] where there are any, else the plain id list, else one id. Meta reads the id
-- from a field of one name, TikTok of another (domain 2.4, 4.4); what nobody has published may stand under any.
create or replace macro contents_items(contents, reader) as
    list_filter(
        list_transform(
            try(from_json(contents,
                '[{"id":"VARCHAR","content_id":"VARCHAR","item_id":"VARCHAR","quantity":"VARCHAR","item_price":"VARCHAR","price":"VARCHAR"}]')),
            lambda x: {
                'item_id': case reader when 'meta' then x.id when 'tiktok' then x.content_id else coalesce(x.id, x.content_id, x.item_id) end,
                'quantity': x.quantity,
                'price': coalesce(x.item_price, x.price)}),
        lambda x: x.item_id is not null and x.item_id <> '');
create or replace macro id_items(ids) as
    list_transform(
        list_filter(
            coalesce(try(from_json(ids, '["VARCHAR"]')), list_value(case when ids not like '[%' then ids end)),
            lambda x: x is not null and x <> ''),
        lambda x: {'item_id': x, 'quantity': null::varchar, 'price': null::varchar});
create or replace macro items_of(contents, ids, one_id, reader) as
    coalesce(
        nullif(contents_items(contents, reader), []),
        nullif(id_items(ids), []),
        case when one_id <> '' then id_items(one_id) end);
-- The plain id list, where it leaves out what contents names: one event, two sets of goods.
create or replace macro other_items_of(contents, ids, reader) as
    case
        when contents like '[%' and ids like '[%'
            and not list_has_all(
                list_transform(id_items(ids), lambda x: x.item_id), list_transform(contents_items(contents, reader), lambda x: x.item_id))
            then nullif(array_to_string(list_sort(list_distinct(list_transform(id_items(ids), lambda x: x.item_id))), ','), '')
    end;
-- The ids in a relay's own item lists, comma-separated.
create or replace macro relay_item_ids(variants, bundles) as
    nullif(array_to_string(list_concat(
        list_transform(
            coalesce(try(from_json(variants, '[{"variant_unique_id":"VARCHAR"}]')), []),
            lambda x: coalesce(x.variant_unique_id, '')),
        list_transform(
            coalesce(try(from_json(bundles, '[{"bundle_price_option_unique_id":"VARCHAR"}]')), []),
            lambda x: coalesce(x.bundle_price_option_unique_id, ''))), ','), '');

-- What a receiver answered, as logged: NULL where the log kept nothing of it.
create or replace macro logged_answer(t) as
    case when trim(t) in ('', '-', 'null') or (length(t) <= 40 and blotted_out(t)) then null else t end;
-- An answer in a box of its own, {"status": 400, "body": …}: the HTTP status on it, and what is in it.
create or replace macro boxed_status(t) as
    case when starts_with(t, '{') then list_transform(
        [try_cast(coalesce(
            try(json_extract_string(t, '$.status')), try(json_extract_string(t, '$.statusCode')),
            try(json_extract_string(t, '$.status_code')), try(json_extract_string(t, '$.http_code')),
            try(json_extract_string(t, '$.code'))) as integer)],
        lambda n: case when n between 100 and 599 then n end)[1]
    end;
create or replace macro unboxed_answer(t) as
    case when boxed_status(t) is null then t
         else coalesce(
             try(json_extract_string(t, '$.body')), try(json_extract_string(t, '$.data')), try(json_extract_string(t, '$.json')),
             try(json_extract_string(t, '$.text')), try(json_extract_string(t, '$.content')), case when is_answer(t) then t end)
    end;
-- Whether a text says anything that a receiver says: that it took events, or what was wrong.
create or replace macro is_answer(t) as
    regexp_matches(t, 'events_received|fbtrace_id|error_(code|message|msg)|"errors?"\s*:\s*(\{\s*"|\[\s*[\["{]|"[^"])|"code"\s*:\s*"?-?[0-9]'
        || '|(?i)fail|invalid|refused|reject|exception|false|enotfound|eai_again|resolve|unreachable');
-- What stands under a name that a sender gives to its own outcome too: "ok", a job's numbers, an order are no answer.
create or replace macro told_answer(t) as case when boxed_status(t) is not null or is_answer(t) then t end;
-- What a log says instead of leaving its column for errors out.
create or replace macro told_error(t) as
    case when length(t) <= 7 and lower(trim(t)) in ('', '-', '0', 'null', 'none', 'no', 'n/a', 'nil', 'false', 'ok', 'success', '{}', '[]') then null
         else t end;
-- The words by which a sender says that it could not even reach the receiver: no such host, nobody who takes the connection, no
-- certificate to trust, a browser's blocker. A time-out is none of them: what timed out may have arrived. Neither is what is said of a
-- first try, with others to come.
create or replace macro never_left(t) as
    case
        when not regexp_matches(lower(t), 'retrying|retried|will retry|attempt #?1\b|first (?:try|attempt)')
            then nullif(regexp_extract(lower(t),
                'e?connrefused|connection[ _]refused|enotfound|eai_again|getaddrinfo|(?:could not|couldn.t) resolve|name_not_resolved'
                    || '|name or service not known|nameresolutionerror|temporary failure in name resolution|no such host|resolving timed out'
                    || '|newconnectionerror|failed to connect to|enetunreach|ehostunreach|network is unreachable|no route to host'
                    || '|internet_disconnected|certificate problem|certificate verify failed|certificate has expired|cert_has_expired'
                    || '|self[- ]signed cert|unable_to_verify_leaf_signature|unable to verify the first certificate|err_cert_[a-z_]+|x509: [a-z ]+'
                    || '|blocked_by_client', 0), '')
    end;
-- A field of an answer that was cut off or wrapped in another one: whatever quotes stand around it, escaped or not.
create or replace macro told_number(t, name) as
    nullif(regexp_extract(t, '(?:^|[^A-Za-z_])_?' || name || '[\\"'']*\s*:\s*[\\"'']*(-?[0-9]+)', 1), '');
create or replace macro told_word(t, name) as
    nullif(regexp_extract(t, '(?:^|[^A-Za-z_])' || name || '[\\"'']*\s*:\s*\\*["'']([^"''\\]+)', 1), '');
-- What stands where the receiver's answer should.
create or replace macro odd_answer(t, receiver, told) as
    case
        when t is null then null
        when starts_with(ltrim(t), '<') then 'what was recorded is a web page and no answer of ' || receiver
        when not regexp_matches(t, '^\s*[\[{]') then 'what was recorded is no answer of ' || receiver
        when json_valid(t) then 'what was recorded names no ' || told
        else 'what was recorded breaks off before its ' || told
    end;
-- A relay's refusals carry an error_code (domain 7.4), whatever status was logged beside them; a web page is none of its answers. An
-- answer that says in its own words that it failed is no yes either.
create or replace macro says_no(answered) as
    coalesce(regexp_matches(answered,
        '(?i)(?:^|[^a-z_])(?:(?:success|ok)[\\"'']*\s*:\s*[\\"'']*false|errors?[\\"'']*\s*:[\s\[{]*\\*["''][^"''\\]'
            || '|status[\\"'']*\s*:\s*[\\"'']+(?:error|fail))'), false);
create or replace macro relay_took(status, error_code, answered) as
    case when status >= 400 or status = 0 or error_code is not null then false
         when starts_with(ltrim(answered), '<') then null
         when says_no(answered) then false
         when status between 200 and 299 then true end;
create or replace macro relay_words(answered, error_code) as
    case when error_code is not null then told_word(answered, 'message')
         when starts_with(ltrim(answered), '<') then odd_answer(answered, 'the relay', 'error_code')
         when says_no(answered) then coalesce(told_word(answered, 'message'), told_word(answered, 'error')) end;

-- Whose rules a posted request is held against (audit/schemas/payloads); NULL: nobody's.
create or replace macro payload_of(host, path) as
    case
        when contains(path, '/analytics/') then case
            when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/meta/events/?') then 'meta_relay'
            when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/tiktok/events/?') then 'tiktok_relay'
            when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/snackvideo/events/?') then 'snackvideo_relay' end
        when coalesce(host, 'graph.facebook.com') = 'graph.facebook.com'
            and regexp_full_match(path, '/(v[0-9.]+/)?[0-9]+/events/?') then 'meta_capi'
        when coalesce(host, 'business-api.tiktok.com') <> 'business-api.tiktok.com' then null
        when regexp_full_match(path, '/open_api/v[0-9.]+/event/track/?') then 'tiktok_events_api'
        when regexp_full_match(path, '/open_api/v[0-9.]+/pixel/track/?') then 'tiktok_pixel_track'
        when regexp_full_match(path, '/open_api/v[0-9.]+/pixel/batch/?') then 'tiktok_pixel_batch'
    end;

-- What a merged list type hides of an entry of a relay's list: a missing field, a quantity below one.
create or replace macro quantity_class(id, quantity) as
    case when id is null then 'no id' else 'id' end
        || case when quantity is null then ', none' when try_cast(quantity as double) < 1 then ', under one'
                when try_cast(quantity as double) <> floor(try_cast(quantity as double)) then ', a fraction' else '' end;
create or replace macro structure_of(body) as coalesce(try(cast(json_structure(body) as varchar)), 'no JSON');
-- The shape of one event of several: its own, its request's, and whether they are more than a list may hold (maxItems of the rules).
create or replace macro shape_of_several(request, event, events_sent) as hash(request, event, events_sent > 50, events_sent > 1000);
-- What a request looks like: field names and types. A list may mix types; then the request is its own shape.
create or replace macro request_shape(payload, body, structure) as
    hash(concat_ws('|',
        structure,
        -- A type of JSON is an empty object's, or that of a list whose entries differ; a list of nothings has the type of an empty one.
        case when contains(structure, 'JSON')
                and len(regexp_extract_all(structure, '"JSON"')) <> len(regexp_extract_all(body, '[{][ ]*[}]')) then md5(body)
             when contains(structure, '["NULL"]') and regexp_matches(body, '\[\s*null') then md5(body) end,
        case when contains(payload, 'relay') then cast(list_sort(list_distinct(list_transform(
            try(from_json(body, '{"variants":[{"variant_unique_id":"JSON","quantity":"VARCHAR"}]}')).variants,
            lambda x: quantity_class(x.variant_unique_id, x.quantity)))) as varchar) end,
        case when contains(payload, 'relay') then cast(list_sort(list_distinct(list_transform(
            try(from_json(body, '{"bundle_price_options":[{"bundle_price_option_unique_id":"JSON","quantity":"VARCHAR"}]}')).bundle_price_options,
            lambda x: quantity_class(x.bundle_price_option_unique_id, x.quantity)))) as varchar) end,
        case when contains(payload, 'tiktok_e') then regexp_extract(body, '"event_source" *: *"([^"]{0,20})', 1) end));

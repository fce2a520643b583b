-- Small words the wire files share. Session variables: salt, zone, own_domains.

-- Text of a URL part: %XX decoded, '+' kept. NULL when it is no valid UTF-8.
create or replace macro decoded_text(t) as try(url_decode(t));

-- Text of a form or query value: '+' is a space, %XX decoded.
create or replace macro form_text(t) as try(url_decode(replace(t, '+', ' ')));

-- Names and values of a query string or urlencoded body, in order.
create or replace macro form_names(q) as
    list_transform(string_split(coalesce(q, ''), '&'), lambda x: form_text(split_part(x, '=', 1)));
create or replace macro form_values(q) as
    list_transform(
        string_split(coalesce(q, ''), '&'),
        lambda x: form_text(case when contains(x, '=') then x[strpos(x, '=') + 1:] end));

-- First value of a name; NULL when the name is not there.
create or replace macro param(names, vals, name) as vals[list_position(names, name)];

-- A query parameter of a URL, %XX decoded once, '+' kept: click ids are compared byte for byte.
create or replace macro url_param(url, name) as
    case when contains(url, '=') then decoded_text(nullif(regexp_extract(url, '[?&]' || name || '=([^&#]*)', 1), '')) end;

-- Almost every address is plain, a web scheme and a bare host: a pattern for those alone costs a fraction of the whole one.
create or replace macro plain_host(url) as
    case when starts_with(url, 'https://') or starts_with(url, 'http://') then
        case when regexp_full_match(split_part(url, '/', 3), '[A-Za-z0-9.-]+') then split_part(url, '/', 3) end end;
-- Of an address with a plain host and neither query nor fragment: the first stroke from the ninth character on stands behind the
-- host, whichever of the two schemes it is.
create or replace macro plain_path(url) as
    case when contains(url[9:], '/') then url[8 + strpos(url[9:], '/'):] end;
create or replace macro url_host(url) as
    case when plain_host(url) is not null then lower(plain_host(url))
         else nullif(lower(regexp_extract(url, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]+)', 1)), '') end;
create or replace macro url_path(url) as
    case when plain_host(url) is not null then nullif(regexp_extract(url, '^https?://[A-Za-z0-9.-]+(/[^?#]*)', 1), '')
         else nullif(regexp_extract(url, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^?#]*)', 1), '') end;
create or replace macro url_query(url) as
    case when contains(url, '?') then nullif(regexp_extract(url, '^[^?#]*[?]([^#]*)', 1), '') end;

-- A query without what names an ad: a campaign's number may well be that of some order.
create or replace macro without_ads(query) as
    regexp_replace(
        query,
        '(?i)(^|&)(utm_[^=&]*|gad_[a-z]*|[gw]braid|[a-z_]*cl(ic)?k?_?id|([a-z]+_)*(campaign|ad_?set|ad_?group|ad|creative|placement)_?(id|name)?)=[^&]*',
        '\1', 'g');
-- The words an address may name an order by: the parts of its path, and the values of its query.
create or replace macro address_words(url) as
    string_split_regex(
        coalesce(url_path(url), '') || '/' || regexp_replace(without_ads(coalesce(url_query(url), '')), '(^|&)[^=&]*=', '/', 'g'), '[/&]+');

-- The number in a key that holds one alone, without leading zeros, whatever stands before and behind it (#1002, SHOP-01002).
create or replace macro sole_number(key) as
    case when regexp_full_match(key, '[^0-9]*[0-9]+[^0-9]*') then nullif(ltrim(regexp_extract(key, '[0-9]+'), '0'), '') end;

-- Tokens, keys, passwords and cookies masked wherever a log put them.
create or replace macro without_secrets(t) as
    regexp_replace(
        regexp_replace(
            regexp_replace(
                t,
                'EAA[A-Za-z0-9]{12,}|eyJ[A-Za-z0-9_-]{8,}[.][A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)?'
                    || '|(?i:bearer)(?: |[+]|%(?:25)*20)+[^ "'',;&]{6,}|(?i:basic)(?: |[+]|%(?:25)*20)+(?:[A-Za-z0-9+/]{10,}={1,2}|[A-Za-z0-9+/]{20,})'
                    || '|(?i:authorization)[\\"'' ]*(?:[:=]|%(?:25)*3[ad])(?:[\\"'' ]|%(?:25)*20)*(?:[A-Za-z]+(?: |[+]|%(?:25)*20)+)?[^ "'',;&\\]{4,}'
                    || '|\bsfpk_[A-Za-z0-9]{8,}|\b[spr]k_(?:(?:live|test)_[A-Za-z0-9]{8,}|[A-Za-z0-9]{24,})|\bshp(?:at|ss|ca|pa)_[A-Za-z0-9]{8,}'
                    || '|\bc[ks]_[0-9a-f]{32,}|\bwhsec_[A-Za-z0-9+/]{16,}|\bxox[abeprs]-[A-Za-z0-9-]{10,}'
                    || '|\bgh[opsru]_[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[A-Za-z0-9_-]{30,}',
                '[secret]', 'g'),
            -- Named: behind an equals sign or a quote whatever stands there; behind a colon words may follow, a key is long.
            '(?i)((?:\b|_)(?:(?:access|refresh|id|auth|api|app|client|private)[_-]?(?:token|key|secret)|token|secret|passw(?:or)?d|pwd))'
                || '(?:( ?= ?|[\\"'']{0,4} ?: ?[\\"'']{1,4}|(?:%(?:25)*2[27])?%(?:25)*3[ad](?:%(?:25)*2[027])*)[^ &"'',;%\[\\][^ &"'',;\\]{3,}'
                || '|([\\"'']{0,4}: ?)[^ &"'',;%\[\\]{16,})',
            '\1\2\3[secret]', 'g'),
        '(?i)\b(?:set-)?cookie(?:["'']? ?[:=]|%(?:25)*3[ad])[^"''&]+|\bfb[.][0-9][.][0-9]{10,13}[.][A-Za-z0-9_-]{6,}'
            || '|\b(?:phpsessid|jsessionid|session_?id|connect[.]sid)=[^;& ]{4,}',
        '[cookie]', 'g');
-- E-mail addresses, telephone numbers and IP addresses, written plainly or percent-encoded.
create or replace macro without_people(t) as
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    t,
                    '[A-Za-z0-9._%+\x{80}-\x{10ffff}-]+(?:@|%(?:25)*40)[A-Za-z0-9%\x{80}-\x{10ffff}-]+(?:[.][A-Za-z0-9%\x{80}-\x{10ffff}-]+)*'
                        || '[.](?:[A-Za-z\x{80}-\x{10ffff}]{2,}|xn--[A-Za-z0-9-]+)',
                    '[email]', 'g'),
                '(?:[+]|%(?:25)*2[Bb])[0-9](?:[0-9 ().-]|%(?:25)*20){7,24}[0-9]', '[phone]', 'g'),
            -- A number as it is dialled at home, in groups: one run of digits may be an order's or an article's (0812260001).
            '(^|[^0-9A-Za-z._+-])(?:08[1-9][0-9]{0,2}[ .-][0-9]{3,4}[ .-]?[0-9]{2,5}|62[ .-]8[0-9](?:[ .-]?[0-9]){6,11})\b', '\1[phone]', 'g'),
        -- Four numbers behind a product's name are its version (Chrome/120.0.0.0).
        '(^|[^0-9A-Za-z./-])(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])[.]){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\b'
            || '|\b(?:fe80|(?:[23][0-9a-fA-F]{3}|f[cd][0-9a-fA-F]{2}):[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})::(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})?'
            || '|\b(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b',
        '\1[ip]', 'g');
-- Almost no text holds one of these marks, and the patterns are dear.
create or replace macro has_marks(t) as
    regexp_matches(t,
        '(?i)@|%(25)*40|[+][0-9]|2b[0-9]|EAA|eyJ|earer|basic|[a-z]k_|shp[a-z]|c[ks]_|whsec|xox|gh[a-z]_|akia|aiza|token|key|secret|passw|pwd'
            || '|authoriz|cookie|fb[.][0-9]|sessi|[.]sid|08[1-9][0-9]{0,2}[ .-][0-9]|62[ .-]8|[0-9][.][0-9]+[.][0-9]+[.][0-9]|::|:[0-9a-f]+:[0-9a-f]+:');
create or replace macro masked(t) as
    case when length(t) < 6 or not has_marks(t) then t else without_people(without_secrets(t)) end;
-- An id stays one of a kind: two people's addresses are not one id. The salt is this run's own and never written out.
create or replace macro masked_id(t) as
    case when length(t) < 6 or not has_marks(t) then t
         else list_transform(
             [without_people(without_secrets(t))],
             lambda m: case when m = t then t else m || ' ' || sha256(getvariable('salt') || t)[1:6] end)[1] end;
-- The texts of one row, masked once: {text: masked}, NULL where none of them holds a mark. The patterns stand in a statement as often as
-- it names a macro of theirs, and each place costs milliseconds before its first row: what a row shows is masked in one.
create or replace macro masks_of(texts) as
    case when has_marks(array_to_string(texts, '|')) then
        map_from_entries(list_transform(list_distinct(texts), lambda t: {'text': t, 'shown': masked(t)})) end;
create or replace macro masked_by(masks, t) as case when masks is null then t else masks[t] end;
create or replace macro id_masked_by(masks, t) as
    case when masks is null or masks[t] = t then t else masks[t] || ' ' || sha256(getvariable('salt') || t)[1:6] end;
-- In what a server answered a run of digits is no id of the shop's.
create or replace macro without_numbers(t) as
    regexp_replace(t, '\b(?:62|0)8[0-9]{8,11}\b', '[phone]', 'g');
-- An address is all path: an IP may stand between two strokes, and click ids are shortened. What is percent-encoded in it is looked at
-- as what it says.
create or replace macro masked_address(t) as
    regexp_replace(
        regexp_replace(
            list_transform(
                [case when contains(t, '%') and has_marks(decoded_text(t)) then decoded_text(t) else t end],
                lambda d: masked(d))[1],
            '([^:/])/(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])[.]){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\b', '\1/[ip]', 'g'),
        '([?&](?:fbclid|ttclid|click_?id|kwai_click_?id)=[^&#]{12})[^&#]{5,}([^&#]{4})', '\1…\2', 'g');

-- Words of a fixed kind, whatever a log put in their place: anything else is told by its length alone.
create or replace macro told_by_length(t) as '[text of ' || length(t) || ' characters]';
create or replace macro code_told(t) as case when length(trim(t)) <= 8 then trim(t) else told_by_length(t) end;
create or replace macro word_told(t) as
    case when regexp_full_match(t, '[A-Za-z0-9_.:-]{0,60}') then t else told_by_length(t) end;
create or replace macro time_told(t) as
    case when length(t) <= 10
            or (length(regexp_replace(t, '[^0-9]', '', 'g')) >= 6 and regexp_full_match(t, '[0-9A-Za-z :.,+/()_-]{1,40}')
                and length(regexp_replace(t, '[^A-Za-z]', '', 'g')) <= 10) then t
         else told_by_length(t) end;
create or replace macro value_told(t) as
    case when regexp_full_match(lower(trim(t)),
            '[a-z]{0,3}[ .$€£¥]*[-+]?[0-9][0-9.,'' ]{0,20}[a-z€$]{0,4}|[{$%\[<].{0,38}[}%\]>]'
                || '|nan|null|undefined|none|-?infinity|true|false|[{\[][}\]]|') then t
         else told_by_length(t) end;
create or replace macro code_shown(t) as list_transform([code_told(t)], lambda w: masked(w))[1];
create or replace macro word_shown(t) as list_transform([word_told(t)], lambda w: masked(w))[1];
create or replace macro time_shown(t) as list_transform([time_told(t)], lambda w: masked(w))[1];

-- The query keys a page URL may keep: campaign, click and order keys, no others.
create or replace macro kept_query(url) as
    array_to_string(
        list_filter(
            string_split(coalesce(url_query(url), ''), '&'),
            lambda p: regexp_full_match(
                lower(split_part(p, '=', 1)),
                'utm_[a-z_]+|fbclid|ttclid|click_id|clickid|kwai_click_?id|order|order_id|orderid|order_number|key|wc-ajax|transaction_id')
                and not regexp_matches(p, '@|%40')
                and (not starts_with(lower(p), 'key=') or starts_with(lower(p), 'key=wc_order'))),
        '&');

create or replace macro hash_like(t) as
    regexp_full_match(lower(t), '[0-9a-f]{64}([.][A-Za-z0-9_-]{2,8})?|[0-9a-f]{32}|[0-9a-f]{40}');
-- A hash, and none of SHA-256: MD5 and SHA-1 are shorter.
create or replace macro is_other_hash(t) as
    case when length(t) in (32, 40) then translate(lower(t), '0123456789abcdef', '') = '' else false end;
-- What a log blotted out ('***', '[redacted]') was sent, and nobody can tell as what. A word in brackets of its own is a template's
-- (plain_text below reads them more widely: a person's data has no templates).
create or replace macro blotted_out(t) as
    case when contains(t, '**') then true
         when length(t) <= 24 then regexp_full_match(lower(trim(t)),
            'x{4,}|[\[<{( ]*(redacted|removed|masked|filtered|scrubbed|hidden|hashed|anonymi[sz]ed|pii)[\]>}) ]*')
         else false end;
-- Text where a hash should be. What a log blotted out ('***', '[redacted]') tells nothing of what was sent.
create or replace macro plain_text(t) as
    t <> '' and not hash_like(t) and not blotted_out(t) and not regexp_full_match(lower(trim(t)), 'x{4,}|[\[<{(].*[\]>})]');

-- The same of a value that may be a list (as JSON text). Almost every value is one SHA-256, or nothing but hashes.
create or replace macro is_plain(t) as
    case
        when t is null
            or (length(t) = 68 and regexp_full_match(t, '\["[0-9a-fA-F]+"\]'))
            or (length(t) = 64 and regexp_full_match(t, '[0-9a-fA-F]+')) then false
        when regexp_full_match(t,
            '(\["?)?(([0-9a-fA-F]{64}([.][A-Za-z0-9_-]{2,8})?|[0-9a-fA-F]{32}|[0-9a-fA-F]{40})?("?,"?)?)*("?\])?') then false
        when starts_with(t, '[') then len(list_filter(
            string_split(regexp_replace(replace(replace(t, 'null,', ''), ',null', ''), '^\["?|"?\]$', '', 'g'), '","'),
            lambda v: v <> 'null' and coalesce(plain_text(v), false))) > 0
        else coalesce(plain_text(t), false)
    end;
-- Of user data, [{key, text}], the keys sent in plain text. A list, so that the test stands in the statement once.
create or replace macro plain_keys(pairs) as
    nullif(array_to_string(list_transform(list_filter(pairs, lambda p: is_plain(p.text)), lambda p: p.key), ','), '');
-- The first of a value that may be a text or a list of texts (as JSON text).
create or replace macro first_of(t) as
    nullif(case when starts_with(t, '["') then coalesce(try(json_extract_string(t, '$[0]')), t)
                when starts_with(t, '[null') then try(json_extract_string(t, '$[1]'))
                when t <> '[]' then t end, '');
-- The same of a key that is compared with an order's: of several hashes any may be the one that fits, so their list stays whole, and
-- equals none.
create or replace macro lone_of(t) as case when starts_with(t, '["') and contains(t, '","') then t else first_of(t) end;

-- The salted digest two sides are compared by; t is a SHA-256 in lower-case hex.
create or replace macro salted(t) as sha256(getvariable('salt') || t);
create or replace macro email_sha(t) as
    case when regexp_matches(lower(t), '^[0-9a-f]{64}') then lower(t)[1:64]
         when t like '%@%' then sha256(lower(trim(t))) end;
-- An address in the forms it must not be hashed in, NULL where the form is no other one: as it was typed, and with a capital letter first.
create or replace macro email_typed(t) as case when contains(t, '@') and t <> lower(trim(t)) then t end;
create or replace macro email_capital(t) as
    case when contains(t, '@') and regexp_matches(trim(t), '^[A-Za-z]') then upper(trim(t)[1]) || lower(trim(t))[2:] end;
create or replace macro phone_digits(t) as nullif(regexp_replace(t, '[^0-9]', '', 'g'), '');
create or replace macro phone_sha(t) as
    case when regexp_matches(lower(t), '^[0-9a-f]{64}') then lower(t)[1:64]
         when length(phone_digits(t)) between 7 and 15 then sha256(ltrim(phone_digits(t), '0')) end;
-- A number as it is dialled at home, without the 0: what stands behind the country code (Indonesia's, or of a number told with its 0).
create or replace macro national_phone(t) as
    case when regexp_full_match(phone_digits(t), '0?628[0-9]{7,11}') then regexp_replace(phone_digits(t), '^0?62', '')
         when regexp_full_match(phone_digits(t), '0[1-9][0-9]{6,13}') then phone_digits(t)[2:] end;

-- A match key that stands for nobody: a word for nothing, or the SHA-256 of one or of an empty text ('', undefined, null, none, nan,
-- None, NaN), or a 0, the customer number that shops give to every guest.
create or replace macro is_nothing(t) as
    case
        when t is null then null
        when length(t) < 16 then lower(trim(t)) in ('', '0', 'undefined', 'null', 'none', 'nan')
        when lower(t[1:4]) in ('e3b0', 'eb04', '7423', '140b', '9b2d', 'dc93', 'd5b5', '5fec') then lower(t)[1:64] in (
            'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
            'eb045d78d273107348b0300c01d29b7552d622abbc6faf81b3ec55359aa9950c',
            '74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b',
            '140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe',
            '9b2d5b4678781e53038e91ea5324530a03f27dc1d0e5f6c9bc9d493a23be9de0',
            'dc937b59892604f5a86ac96936cd7ff09e25f18ae6b758e8014a24c7fa039e91',
            'd5b592c05dc25b5032553f1b27f4139be95e881f73db33b02b05ab20c3f9981e',
            '5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9')
        else false
    end;

-- A plain number of major units, else NULL.
create or replace macro plain_number(t) as
    case when regexp_full_match(trim(t), '-?[0-9]{1,15}([.][0-9]+)?([eE][+-]?[0-9]{1,2})?')
         then try_cast(trim(t) as decimal(24, 6)) end;

-- An amount of an order export, as a spreadsheet may have written it: groups of three, a decimal comma. In a currency nobody writes
-- with decimals (is_whole) one group is enough to tell (196.000 IDR); elsewhere it could be either, and is not read.
create or replace macro export_number(t, is_whole) as
    case
        when regexp_full_match(trim(t), '-?[0-9]{1,3}([.][0-9]{3}){2,}(,[0-9]{1,2})?|-?[0-9]{1,3}[.][0-9]{3},[0-9]{1,2}')
            or (coalesce(is_whole, false) and regexp_full_match(trim(t), '-?[1-9][0-9]{0,2}[.][0-9]{3}'))
            then plain_number(replace(replace(t, '.', ''), ',', '.'))
        when regexp_full_match(trim(t), '-?[0-9]{1,3}(,[0-9]{3}){2,}([.][0-9]{1,2})?|-?[0-9]{1,3},[0-9]{3}[.][0-9]{1,2}')
            or (coalesce(is_whole, false) and regexp_full_match(trim(t), '-?[1-9][0-9]{0,2},[0-9]{3}'))
            then plain_number(replace(t, ',', ''))
        when regexp_full_match(trim(t), '-?[0-9]{1,15},[0-9]{1,2}') then plain_number(replace(t, ',', '.'))
        else plain_number(t)
    end;

-- A time as a log may write it: epoch seconds, ms, µs; ISO 8601 with an offset; without one it is read in the zone
-- the plan names (variable zone), else NULL.
create or replace macro offset_form(t) as
    regexp_replace(regexp_replace(t, ' ?([+-][0-9]{2}):?([0-9]{2})$', '\1:\2'), '([0-9]) (UTC|GMT)$', '\1+00:00');
create or replace macro utc(t) as
    case
        -- The most common ways first.
        when t like '____-__-__T%Z' and regexp_full_match(t, '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?Z')
            then try_cast(t as timestamp)
        when regexp_full_match(t, '[0-9]{9,10}') then make_timestamp(cast(t as bigint) * 1000000)
        when regexp_full_match(t, '[0-9]{9,10}([.][0-9]+)?') then make_timestamp(cast(cast(t as double) * 1000000 as bigint))
        when regexp_full_match(t, '[0-9]{12,13}([.][0-9]+)?') then make_timestamp(cast(cast(t as double) * 1000 as bigint))
        when regexp_full_match(t, '[0-9]{15,16}') then make_timestamp(cast(t as bigint))
        when regexp_matches(t, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].*([zZ]|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})$')
            then cast(try_cast(offset_form(t) as timestamptz) as timestamp)
        -- An access log's own way to write it: 20/Nov/2026:17:00:00 +0700.
        when regexp_full_match(t, '[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}')
            then cast(try_strptime(t, '%d/%b/%Y:%H:%M:%S %z') as timestamp)
        when regexp_matches(t, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+)?$')
            then cast(timezone(getvariable('zone'), try_cast(t as timestamp)) as timestamp)
    end;

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

-- Items named by an event: contents [{id, quantity, price}] where there are any, else the plain id list, else one id.
create or replace macro contents_items(contents) as
    list_filter(
        list_transform(
            try(from_json(contents,
                '[{"id":"VARCHAR","content_id":"VARCHAR","item_id":"VARCHAR","quantity":"VARCHAR","item_price":"VARCHAR","price":"VARCHAR"}]')),
            lambda x: {
                'item_id': coalesce(x.id, x.content_id, x.item_id),
                'quantity': x.quantity,
                'price': coalesce(x.item_price, x.price)}),
        lambda x: x.item_id is not null and x.item_id <> '');
create or replace macro id_items(ids) as
    list_transform(
        list_filter(
            coalesce(try(from_json(ids, '["VARCHAR"]')), list_value(case when ids not like '[%' then ids end)),
            lambda x: x is not null and x <> ''),
        lambda x: {'item_id': x, 'quantity': null::varchar, 'price': null::varchar});
create or replace macro items_of(contents, ids, one_id) as
    coalesce(
        nullif(contents_items(contents), []),
        nullif(id_items(ids), []),
        case when one_id <> '' then id_items(one_id) end);
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

-- Personal data in an address or a parameter text; ids of clicks, campaigns and orders are never judged.
create or replace macro public_part(url) as
    regexp_replace(coalesce(form_text(url), url),
        '(^|[?&])(fbclid|ttclid|click_id|clickid|gclid|gbraid|wbraid|utm_[a-z_]+|fbc|fbp|_fbc|_fbp|order|order_id|key)=[^&#]*', '\1', 'g');
-- A case asks its patterns of the rows its condition picks; `and` would ask them of every row.
create or replace macro has_email(t) as
    case when contains(t, '@') or contains(t, '%40') then
        coalesce(regexp_matches(
            -- File names (logo@2x.png, jquery@3.7.min.js) only look like addresses.
            regexp_replace(
                t, '(?i)(@|%40)[A-Za-z0-9.-]*[.](png|jpe?g|gif|webp|svg|avif|ico|m?js|css|woff2?|html?|php|json|xml|map)([^A-Za-z0-9.-]|$)', ' ', 'g'),
            '[A-Za-z0-9._%+-]+(@|%40)[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}'), false)
    else false end;
-- A customer's id that is an address (found before), or a telephone number with its plus sign; a list of them (as JSON text) too. A
-- number of the shop's own is none.
create or replace macro is_personal_id(t, is_address) as
    case when not coalesce(is_address, false) and not contains(t, '+') then false
         when blotted_out(t) then false
         when is_address then true
         else coalesce(regexp_matches(t, '(^|")\s*[+][0-9][0-9 ().-]{6,18}[0-9]\s*("|$)'), false) end;
-- An event id may be the name of a message (550e8400-…@shop.example), which only looks like an address.
create or replace macro without_message_name(id) as
    case when contains(id, '@') then regexp_replace(id, '(^|[^A-Za-z0-9._%+-])([0-9a-fA-F-]{16,}|[0-9]{1,8})@', '\1 ', 'g') else id end;
-- An address at the host of the page itself, at a domain around it or at one of the plan's (variable own_domains) is the shop's own
-- and published, unless it stands where a customer's does. Only few texts hold any address: all this is asked of those.
create or replace macro is_shops_domain(domain, host) as
    ends_with('.' || coalesce(host, ''), '.' || domain)
    or ends_with(domain, '.' || host)
    or len(list_filter(string_split(getvariable('own_domains'), '|'), lambda own: own <> '' and ends_with('.' || domain, '.' || own))) > 0;
create or replace macro is_customers(t, host) as
    case
        when regexp_matches(lower(t),
            '(^|[^a-z_])((customer|user|buyer|billing|shipping|client|member)[_-]?)?(e?[_-]?mail([_-]?address)?|user([_-]?name)?|login|account|em)'
                || '\]?"?[=:] *"?[^&"@]{1,64}(@|%40)') then true
        else list_transform(
            [{
                'domains': regexp_extract_all(lower(t), '[a-z0-9._%+-]+(?:@|%40)([a-z0-9-]+(?:[.][a-z0-9-]+)*[.][a-z]{2,})', 1),
                'host': host
            }],
            lambda x: len(x.domains) = 0 or len(list_filter(x.domains, lambda d: is_shops_domain(d, x.host) is not true)) > 0)[1]
    end;
create or replace macro has_customer_email(t, host) as case when has_email(t) then is_customers(t, host) else false end;
create or replace macro names_phone(lower_text) as
    contains(lower_text, 'ph') or contains(lower_text, 'tel') or contains(lower_text, 'mobile') or contains(lower_text, 'msisdn')
    or contains(lower_text, 'hats') or contains(lower_text, 'wa') or contains(lower_text, 'hp');
create or replace macro has_phone_field(t) as
    case when names_phone(lower(t)) then
        coalesce(regexp_matches(lower(t),
            '(^|[^a-z])(phone|phone_?number|ph|tel|telephone|telp|mobile|msisdn|whatsapp|wa|hp|no_?hp)(\])?"?[=:] *"?(%2b|[+])?[0-9][0-9 ().-]{6,16}[0-9]'), false)
    else false end;

-- A time of an export: without a zone it is read in the plan's (variable plan_zone), and without that it cannot be told.
create or replace macro utc_in_zone(t) as
    case when regexp_full_match(t, '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+)?') and getvariable('plan_zone') is null then null else utc(t) end;

-- A token as it stands in a log, unless the log blotted it out.
create or replace macro is_token(t) as
    coalesce(length(t) >= 8 and not regexp_matches(lower(t), '[*]{3}|redact|removed|masked|filtered|scrubbed|hidden'), false);

-- A click or browser id as it may be shown: its beginning, its end and its length, never whole. What has not the form of an id is
-- told by its length alone.
create or replace macro shown_id(t) as
    case when contains(t, '@') or contains(t, ' ') or contains(t, ':') or (contains(t, '%') and regexp_matches(t, '%(25)*(40|20|3A)'))
            or ((contains(t, 'EAA') or contains(t, 'eyJ') or contains(t, 'k_')) and without_secrets(replace(t, 'fb.', '')) <> replace(t, 'fb.', ''))
            then told_by_length(t)
         when length(t) <= 18 then t[1:6] || '… (' || length(t) || ' characters)'
         else t[1:12] || '…' || t[-4:] || ' (' || length(t) || ' characters)' end;

-- Money as a person writes it: no trailing zeros beyond the point, the currency behind it.
create or replace macro number_text(n) as
    regexp_replace(regexp_replace(cast(n as varchar), '([.][0-9]*?)0+$', '\1'), '[.]$', '');
create or replace macro money_text(n, currency) as
    regexp_replace(number_text(n), '([.][0-9])$', '\10') || coalesce(' ' || currency, '');

-- An order amount by its name, with the slip of scale that makes it the value.
create or replace macro reading_text(basis, slip) as
    replace(basis, '_', ' ') || case slip when 'none' then '' when 'times_100' then ' times 100'
        when 'divided_by_100' then ' divided by 100' else ' with its thousands separator misread' end;

-- The moment a Meta cookie was made: part 3 of fbc and fbp, in milliseconds; NULL where it is anything else.
create or replace macro fb_created(t) as
    case when length(split_part(t, '.', 3)) = 13 and try_cast(split_part(t, '.', 3) as bigint) > 0
         then make_timestamp(try_cast(split_part(t, '.', 3) as bigint) * 1000) end;

-- When an event happened. A visitor's device may run on any clock: where a hit claims a time over a minute from the one at which it was
-- seen leaving, the second counts. A server's event may wait, so its own time stands.
create or replace macro happened(channel, event_at, seen_at) as
    case when channel = 'browser' and abs(epoch(event_at) - epoch(seen_at)) > 60 then seen_at else coalesce(event_at, seen_at) end;

-- The hours between two time zones that a number of seconds stands for, give or take two minutes; NULL where it is none of theirs.
create or replace macro zone_hours(seconds) as
    case
        when abs(seconds - 3600 * round(seconds / 3600)) <= 120 and round(seconds / 3600) between 1 and 14 then round(seconds / 3600)
        -- India, Nepal and a few others stand half an hour or a quarter away.
        when abs(seconds - 1800 * round(seconds / 1800)) <= 120 and round(seconds / 1800) / 2 in (2.5, 3.5, 4.5, 5.5, 6.5, 9.5, 10.5)
            then round(seconds / 1800) / 2
        when abs(seconds - 900 * round(seconds / 900)) <= 120 and round(seconds / 900) / 4 in (5.75, 8.75, 12.75)
            then round(seconds / 900) / 4
    end;

-- Text that a page wrote as markup: &amp; is &, however often it was escaped.
create or replace macro unescaped_text(t) as
    case when contains(t, '&') and contains(t, ';') then
        replace(replace(replace(
            regexp_replace(regexp_replace(t, '&(amp;)+', '&', 'g'), '&(#0*39|#x27|apos);', '''', 'g'), '&lt;', '<'), '&gt;', '>'), '&quot;', '"')
         else t end;

-- Whether a text is what a number of 64 bits leaves of an id of more digits than it holds: rounded, or with an exponent.
create or replace macro is_rounded(id, t) as
    regexp_full_match(id, '[0-9]{16,38}')
    and (
        (regexp_full_match(t, '[0-9]{16,38}') and id <> t and try_cast(id as double) = try_cast(t as double)
            and (ends_with(t, '0') or cast(try_cast(try_cast(t as double) as hugeint) as varchar) = t))
        or (regexp_full_match(t, '[0-9][.][0-9]{5,}[eE][+]?[0-9]{2}')
            and abs(try_cast(id as double) - try_cast(t as double)) <= try_cast(id as double) / 100000)
    );

-- A word that stands where an id should: the page or template did not know it.
create or replace macro is_placeholder(t) as
    regexp_matches(lower(t), '(^|[^a-z])(undefined|null|nan)([^a-z]|$)|\[object object\]|[{][{]|[}][}]|[$][{]|%7b%7b');

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

-- Data of people, as it is hashed and compared.

create or replace macro hash_like(t) as
    regexp_full_match(lower(t), '[0-9a-f]{64}([.][A-Za-z0-9_-]{2,8})?|[0-9a-f]{32}|[0-9a-f]{40}');
-- SHA-256 written in base64: 32 bytes that are no text. An address of that length is one.
create or replace macro is_base64_hash(t) as
    case when length(t) in (43, 44) and regexp_full_match(t, '[A-Za-z0-9+/_-]{43}=?')
            then try(decode(from_base64(translate(t[1:43], '-_', '+/') || '='))) is null
         else false end;
-- A hash, and none as the platforms read it: MD5 and SHA-1 are shorter, and SHA-256 is written in hexadecimal.
create or replace macro is_other_hash(t) as
    case when length(t) in (32, 40) then translate(lower(t), '0123456789abcdef', '') = '' else is_base64_hash(t) end;
-- What a log blotted out ('***', '[redacted]') was sent, and nobody can tell as what. A word in brackets of its own is a template's
-- (plain_text below reads them more widely: a person's data has no templates).
create or replace macro blotted_out(t) as
    case when contains(t, '**') then true
         when length(t) <= 24 then regexp_full_match(lower(trim(t)),
            'x{4,}|[\[<{( ]*(redacted|removed|masked|filtered|scrubbed|hidden|hashed|anonymi[sz]ed|pii)[\]>}) ]*')
         else false end;
-- Text where a hash should be. What a log blotted out ('***', '[redacted]') tells nothing of what was sent.
create or replace macro plain_text(t) as
    t <> '' and not hash_like(t) and not is_base64_hash(t) and not blotted_out(t) and not regexp_full_match(lower(trim(t)), 'x{4,}|[\[<{(].*[\]>})]');

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
         -- One with stars, or with nothing but dots or crosses before the @, was blotted out: its hash is nobody's.
         when t like '%@%' and not contains(t, '*') and not regexp_matches(t, '[.]{2,}|^ *[xX]{3,}@') then sha256(lower(trim(t))) end;
-- An address in the forms it must not be hashed in, NULL where the form is no other one: as it was typed, and with a capital letter first.
create or replace macro email_typed(t) as case when contains(t, '@') and t <> lower(trim(t)) then t end;
create or replace macro email_capital(t) as
    case when contains(t, '@') and regexp_matches(trim(t), '^[A-Za-z]') then upper(trim(t)[1]) || lower(trim(t))[2:] end;
create or replace macro phone_digits(t) as nullif(regexp_replace(t, '[^0-9]', '', 'g'), '');
create or replace macro phone_sha(t) as
    case when regexp_matches(lower(t), '^[0-9a-f]{64}') then lower(t)[1:64]
         when length(phone_digits(t)) between 7 and 15 and not contains(t, '*') then sha256(ltrim(phone_digits(t), '0')) end;
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
    or contains(lower_text, 'hats') or contains(lower_text, 'wa') or contains(lower_text, 'hp') or contains(lower_text, 'celular');
create or replace macro has_phone_field(t) as
    case when names_phone(lower(t)) then
        coalesce(regexp_matches(lower(t),
            '(^|[^a-z])(phone|phone_?number|ph|(no_?)?(tel|telp|telepon|wa|hp|handphone)|telephone|telefono?|celular|cellphone|mobile|msisdn'
                || '|whatsapp)(\])?"?[=:] *"?(%2b|[+])?[0-9][0-9 ().-]{6,16}[0-9]'), false)
    else false end;

-- A log's own word for the shopper's answer, in small letters, as 'granted' or 'denied'; NULL where it says neither. Of an answer by
-- purpose ({"ad_storage": "denied", "analytics_storage": "granted"}, Google's G101) the one for advertising counts.
create or replace macro consent_word(t) as
    case
        when t is null then null
        when t in ('granted', 'grant', 'accepted', 'accept', 'allowed', 'yes', 'true', '1', 'opt-in', 'opt_in', 'optin', 'all') then 'granted'
        when t in (
            'denied', 'deny', 'rejected', 'reject', 'declined', 'decline', 'refused', 'revoked', 'withdrawn', 'no', 'false', '0', 'opt-out',
            'opt_out', 'optout', 'necessary', 'necessary only', 'essential', 'essential only') then 'denied'
        when regexp_full_match(t, 'g1[01][01-]') then case when t[3] = '1' then 'granted' else 'denied' end
        else case regexp_extract(t,
            '(?:^|[^a-z_])(?:ad_storage|marketing|advertising|advertisement|targeting)["'']? *[:=] *["'']?(granted|denied|true|false|yes|no|[01])\b', 1)
            when 'granted' then 'granted'
            when 'true' then 'granted'
            when 'yes' then 'granted'
            when '1' then 'granted'
            when '' then null
            else 'denied'
        end
    end;

-- What is only held against its likes in the same evidence.
create or replace macro counted_digest(t) as
    case when t <> '' and not blotted_out(t) then hash(getvariable('salt') || lower(t)) end;
-- No buyer's device: an address of a private network, or the name of the program that made the request.
create or replace macro is_private_ip(t) as
    case when t is null then false
         else starts_with(t, '10.') or starts_with(t, '192.168.') or starts_with(t, '127.') or t in ('::1', 'localhost')
            or (starts_with(t, '172.') and try_cast(split_part(t, '.', 2) as integer) between 16 and 31) end;
create or replace macro is_program(t) as
    case when t is null or starts_with(t, 'Mozilla/') then false
         else regexp_matches(lower(t),
            '^(node|axios|undici|python|curl/|wget|php|guzzle|go-http-client|java/|apache-httpclient|ruby|faraday|wordpress|postman|symfony)') end;
-- What a buyer's user agent tells of the device, and of the browser on it: 'iPhone, Safari'. The rest of it goes no further. An app's own
-- browser names the app beside the browser it is built on.
create or replace macro device_of(t) as
    case when starts_with(t, 'Mozilla/') then concat_ws(', ',
        case when regexp_matches(t, '\((iPhone|iPad|iPod)') then 'iPhone'
             when contains(t, 'Android') then 'Android phone'
             when regexp_matches(t, 'Windows NT|Macintosh|X11|CrOS') then 'computer'
             else 'other device' end,
        case when contains(t, 'Instagram') then 'Instagram'
             when regexp_matches(t, 'FBAN|FBAV|FB_IAB') then 'Facebook'
             when regexp_matches(t, 'musical_ly|BytedanceWebview|TikTok|trill_') then 'TikTok'
             when regexp_matches(t, '[ /]Line/') then 'LINE'
             when contains(t, 'SamsungBrowser') then 'Samsung Internet'
             when regexp_matches(t, 'Edg(A|iOS)?/') then 'Edge'
             when regexp_matches(t, 'Firefox/|FxiOS/') then 'Firefox'
             when regexp_matches(t, 'Chrome/|CriOS/') then 'Chrome'
             when contains(t, 'Version/') and contains(t, 'Safari/') then 'Safari' end) end;

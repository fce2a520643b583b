-- What a log holds of secrets and people, masked.

-- Tokens, keys, passwords and cookies masked wherever a log put them.
create or replace macro without_secrets(t) as
    regexp_replace(
        regexp_replace(
            regexp_replace(
                t,
                'EAA[A-Za-z0-9]{12,}|eyJ[A-Za-z0-9_-]{8,}[.][A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)?'
                    || '|(?i:bearer)(?: |[+]|%(?:25)*20)+[^ "'',;&]{6,}|(?i:basic)(?: |[+]|%(?:25)*20)+(?:[A-Za-z0-9+/]{10,}={1,2}|[A-Za-z0-9+/]{20,})'
                    || '|(?i:authorization)[\\"'' ]*(?:[:=]|%(?:25)*3[ad])(?:[\\"'' ]|%(?:25)*20)*(?:[A-Za-z0-9-]+(?: |[+]|%(?:25)*20)+)?'
                    || '(?:[A-Za-z]+=\\*"[^"\\]*\\*"|[^ "'',;&\\]{4,})(?:, ?[A-Za-z]+=(?:\\*"[^"\\]*\\*"|[^ "'',;&\\]*))*'
                    || '|\bsfpk_[A-Za-z0-9]{8,}|\b[spr]k_(?:(?:live|test)_[A-Za-z0-9]{8,}|[A-Za-z0-9]{24,})|\bshp(?:at|ss|ca|pa|ua|tka)_[A-Za-z0-9]{8,}'
                    || '|\bc[ks]_[0-9a-f]{32,}|\bwhsec_[A-Za-z0-9+/]{16,}|\bxox[abeprs]-[A-Za-z0-9-]{10,}'
                    || '|\bgh[opsru]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}|\bA[KS]IA[0-9A-Z]{16}\b'
                    || '|\bAIza[A-Za-z0-9_-]{30,}|\bya29[.][A-Za-z0-9_-]{16,}|\bSG[.][A-Za-z0-9_-]{16,}[.][A-Za-z0-9_-]{16,}'
                    || '|\bsk-(?:proj|svcacct|ant)-[A-Za-z0-9_-]{16,}|\b(?:Mid-(?:server|client)-|(?:xnd_(?:production|development|public)|rzp_(?:live|test))_)[A-Za-z0-9_-]{8,}'
                    || '|\b(?:bot)?[0-9]{6,12}:AA[A-Za-z0-9_-]{30,}|\b1//0[A-Za-z0-9_-]{20,}|(?i:hooks[.]slack[.]com/services)/[A-Za-z0-9/_-]+'
                    || '|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*',
                '[secret]', 'g'),
            -- Named: behind an equals sign or a quote whatever stands there; behind a colon words may follow, a key is long.
            '(?i)((?:\b|_)(?:(?:access|refresh|id|auth|api|app|client|private)[_-]?(?:token|key|secret)|token|appsecret_proof|secret|passw(?:or)?d|pwd))'
                || '(?:( ?= ?|[\\"'']{0,4} ?: ?[\\"'']{1,4}|(?:%(?:25)*2[27])?%(?:25)*3[ad](?:%(?:25)*2[027])*)[^ &"'',;%\[\\][^ &"'',;\\]{3,}'
                || '|([\\"'']{0,4}: ?)[^ &"'',;%\[\\]{16,})',
            '\1\2\3[secret]', 'g'),
        '(?i)\b(?:set-)?cookie(?:[\\"'']{0,4} ?[:=] ?[\\"'']{0,4}|%(?:25)*3[ad])[^"''&]+|\bfb[.][0-9][.][0-9]{10,13}[.][A-Za-z0-9_-]{6,}'
            || '|\b(?:phpsessid|jsessionid|session_?id|connect[.]sid|(?:laravel|wp_woocommerce)_session[_0-9a-f]*|wordpress_(?:logged_in|sec)[_0-9a-f]*)'
            || '(?:=|["'']? ?: ?["'']?)[^;& "'']{4,}|\bGA1[.][0-9][.][0-9]{6,}[.][0-9]{6,}',
        '[cookie]', 'g');
-- E-mail addresses, telephone numbers and IP addresses, written plainly, percent-encoded, as markup or in wide letters (U+FF01 and on).
-- What is copied from a phone book has spaces and dashes of its own between the digits (U+00A0, U+2011).
create or replace macro without_people(t) as
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    t,
                    -- Before the host of an address a name and a password may stand.
                    '(?:(://)[^/?#@ "'']*|(?:[A-Za-z0-9._+-]+[''!])*[A-Za-z0-9._%+\x{80}-\x{10ffff}-]+)'
                        || '(?:(?:[@\x{fe6b}\x{ff20}]|%(?:25)*40|&(?:amp;)*(?:#0*64|#[xX]0*40|commat);|\\+(?:u0040|x40)) ?'
                        || '[A-Za-z0-9%\x{80}-\x{10ffff}-]+(?:[.\x{3002}\x{ff0e}][A-Za-z0-9%\x{80}-\x{10ffff}-]+)*'
                        || '(?:[.\x{3002}\x{ff0e}]|%(?:25)*2[eE]|&#0*46;)(?:[A-Za-z\x{80}-\x{10ffff}]{2,}|xn--[A-Za-z0-9-]+)|@\[[0-9a-fA-F:.]+\]'
                        -- A blank before the sign may stand in a sender's name (relay @ shop.example), but for a mail provider's.
                        || '| {1,2}@ {0,2}(?i:g(?:oogle)?mail|y(?:ahoo|mail)|hotmail|outlook|live|icloud|e?mail|proton(?:mail)?|rocketmail|gmx)(?:[.][A-Za-z]{2,3}){1,2}\b)'
                        -- As it is written to be read by people alone: dewi [at] mail [dot] com.
                        || '|[A-Za-z0-9._%+-]+ ?[\[({<] ?(?i:at) ?[\])}>] ?[A-Za-z0-9-]+'
                        || '(?:(?:[.]| ?[\[({<] ?(?i:dot) ?[\])}>] ?)[A-Za-z0-9-]+)+|[A-Za-z0-9._%+-]+ (?i:at) [A-Za-z0-9-]+(?: (?i:dot) [A-Za-z0-9-]+)+',
                    '\1[email]', 'g'),
                '(?:[+\x{ff0b}]|%(?:25)*2[Bb]|&#0*43;)[0-9\x{ff10}-\x{ff19}]'
                    || '(?:[0-9\x{ff10}-\x{ff19} ()./\x{a0}\x{ad}\x{2000}-\x{2015}\x{202a}-\x{202f}\x{2060}\x{3000}\x{feff}\x{ff0d}-]|%(?:25)*20){7,24}[0-9\x{ff10}-\x{ff19}]'
                    -- Wide figures are typed by people, no system numbers in them.
                    || '|[\x{ff10}-\x{ff19}](?:[ \x{2010}-\x{2015}\x{2212}\x{3000}\x{30fc}\x{ff0d}-]?[\x{ff10}-\x{ff19}]){7,}',
                '[phone]', 'g'),
            -- A number as it is dialled at home, in groups: one run of digits may be an order's or an article's (0812260001), unless it is
            -- called a telephone's.
            '(^|[^0-9A-Za-z._+-])(?:08[1-9][0-9]{0,2}[ .\x{a0}\x{2010}-\x{2015}-][0-9]{3,4}[ .\x{a0}\x{2010}-\x{2015}-]?[0-9]{2,5}'
                || '(?:[ .\x{a0}\x{2010}-\x{2015}-][0-9]{2,3})?'
                || '|628[1-9][0-9]{1,2}[ \x{a0}\x{2010}-\x{2015}-][0-9]{3,4}[ .\x{a0}\x{2010}-\x{2015}-]?[0-9]{2,5}'
                || '|62[ .\x{a0}\x{2010}-\x{2015}-]8[0-9](?:[ .\x{a0}\x{2010}-\x{2015}-]?[0-9]){6,11}'
                || '|0[15-9]0[ \x{a0}\x{2010}-\x{2015}-][0-9]{3,4}[ \x{a0}\x{2010}-\x{2015}-][0-9]{4}'
                || '|00[1-9][0-9]{0,2}(?: [0-9]{2,5}){3,5}|[(][0-9]{2,4}[)] ?[0-9]{3,5}[ -][0-9]{4})\b'
                || '|((?i:(?:(?:\b|_)(?:tel|telp|telephone|telepon|whatsapp|wa|msisdn)|phone)(?:[_ ]?(?:no|nr|number))?(?:[.]me/|["'']? ?[:=] ?["'']?|%(?:25)*3[ad])))'
                || '[0-9][0-9 .-]{6,16}[0-9]'
                -- One of Indonesia's mobile numbers behind a word for a telephone. A dash between them may be an order's (WA-0812260001).
                || '|((?i:(?:\b|_)(?:(?:no|nomor)[_ .]?)?(?:hp|handphone|ponsel|phone|telp?|telepon|telephone|telefono?|whatsapp|wa|mobile|cell|cellphone|celular|kontak)'
                || '(?:[_ .-](?:click|klik|chat|send)[ _:=/.-]|(?:[_ .-]?(?:no|nr|number))?(?:["'' :=/.]|%(?:25)*(?:20|2[fF]|3[aAdD])){1,4})))'
                || '(?:62|0)[ .-]?8[1-9](?:[ ._-]?[0-9]){7,10}\b',
            '\1\2\3[phone]', 'g'),
        -- Four numbers behind a product's name are its version (Chrome/120.0.0.0), and numbers that begin with a 0 a date or an order's
        -- (24.11.20.001).
        '(^|[^0-9A-Za-z./-])(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:[.]|%(?:25)*2[eE])){3}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\b'
            || '|\b(?:fe80|(?:[23][0-9a-fA-F]{3}|f[cd][0-9a-fA-F]{2}):[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})::(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})?'
            || '|\b(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b',
        '\1[ip]', 'g');
-- What .com, .co.id, .id, .net and .org are in base64, and in hexadecimal figures.
create or replace macro encoded_endings() as 'Lm(?:Nv|lk|5l|9y)|5(?:jb[2y]|pZ[A-P]|uZX|vcm)|u(?:Y2[89]|aW[Q-T]|bmV0|b3Jn)|2[eE]6(?:36[fF]6[dD]|964|[eE]6574|[fF]7267)';
-- Almost no text holds one of these marks, and the patterns are dear.
create or replace macro has_marks(t) as
    regexp_matches(t,
        '(?i)[@\x{fe6b}\x{ff20}]|%(25)*40|&(?:amp;)*(?:#|commat)|u0040|[+\x{ff0b}][0-9\x{ff10}-\x{ff19}]|%(25)*2b[0-9\x{ff10}-\x{ff19}]|(?-i:EAA|eyJ)[a-z0-9]|earer|basic|[a-z]k_|shp[a-z]|c[ks]_|whsec'
            || '|xox|gh[a-z]_|github|glpat|a[ks]ia|aiza|ya29|SG[.]|sk-[ps]|sk-ant|:AA|1//0|slack|token|key|secret|passw|pwd|authoriz|cookie|fb[.][0-9]|GA1[.]'
            || '|sessi|[.]sid|wordpress_|08[1-9][0-9]{0,2}[^0-9a-z][0-9]|62[^0-9a-z]8|628[1-9][0-9]{1,2}[^0-9a-z][0-9]{3}|0[15-9]0[^0-9a-z][0-9]{3,4}[^0-9a-z][0-9]{4}|00[1-9][0-9]* [0-9]|[0-9][)] ?[0-9]'
            || '|(?:phone|tel|telp|telephone|telepon|whatsapp|wa|msisdn)[^a-z]?(?:no|nr|number|me)?[^a-z0-9]{1,4}(?:3[ad])?[0-9]'
            || '|(?:hp|phone|ponsel|tel|telp|telepon|telefono?|app|wa|mobile|cell|celular|kontak)[^a-z]?(?:no|nr|number|click|klik|chat|send)?[^a-z0-9][^a-z]{0,6}(?:62|0)[^a-z0-9]?8[1-9]'
            || '|[\[({<] ?at ?[\])}>]| dot |mid-[sc]|xnd_|rzp_|\\x40|[\x{ff10}-\x{ff19}]{2}|%(25)*2e[0-9]'
            || '|[0-9]{4}[^0-9a-z](?:[0-9]{4}[^0-9a-z][0-9]{4}|[0-9]{6})[^0-9a-z][0-9]|[=:"'' ][2-6][0-9]{14}|00628[1-9]'
            || '|(?-i:' || encoded_endings() || ')'
            || '|[0-9][.][0-9]+[.][0-9]+[.][0-9]|::|:[0-9a-f]+:[0-9a-f]+:');
-- A word that is an e-mail address in one of these, or holds one. Base64 of ASCII has no signs but letters and digits, unless it holds ?, > or ~.
create or replace macro is_encoded_address(word) as
    coalesce(regexp_matches(
        concat_ws(' ', try(decode(from_base64(word || repeat('=', (4 - length(word) % 4) % 4)))), try(decode(unhex(word)))),
        '[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}'), false);
create or replace macro encoded_addresses(t) as
    case when regexp_matches(t, encoded_endings())
        then list_filter(regexp_extract_all(t, '[A-Za-z0-9]{12,}'), lambda word: is_encoded_address(word)) else [] end;
create or replace macro without_encoded(t) as
    list_reduce(encoded_addresses(t), lambda whole, word: replace(whole, word, '[email]'), t);
-- A card's number, in groups or behind its name (one run may be a pixel's), and one of Indonesia's mobile numbers as it is dialled abroad.
-- The one has a check figure (Luhn: of every second figure twice it, the figures of that added up), the other must have none: so have
-- articles' (GTIN: three times it), which are filled up with zeros to fourteen figures.
create or replace macro has_check_figure(digits, told_as) as
    list_sum(cast(string_split(
        translate(regexp_replace(lpad(digits, 16, '0'), '(.)(.)', '\1', 'g'), '0123456789', told_as)
            || regexp_replace(lpad(digits, 16, '0'), '(.)(.)', '\2', 'g'), '') as integer[])) % 10 = 0;
create or replace macro is_told_number(digits, is_dialled) as
    has_check_figure(digits, case when is_dialled then '0369258147' else '0246813579' end) <> is_dialled or (is_dialled and length(digits) > 14);
create or replace macro without_numbers(t) as
    list_reduce(
        list_filter(
            regexp_extract_all(
                t,
                '(?:\b|_)(?:(?:4[0-9]{3}|5[1-5][0-9]{2}|2(?:2[2-9]|[3-6][0-9]|7[0-2])[0-9]|35[2-8][0-9]|6(?:011|[245][0-9]{2}))'
                    || '(?:[ .+_\x{a0}\x{2010}-\x{2015}-][0-9]{4}){3}'
                    || '|3[47][0-9]{2}[ .+_\x{a0}\x{2010}-\x{2015}-][0-9]{6}[ .+_\x{a0}\x{2010}-\x{2015}-][0-9]{5}'
                    || '|(?i:[a-z]*(?:card|kartu|kredit|cc|pan)[ _-]?(?:no|nr|num|number|nomor)?\\?["'' ]{0,2}[:=]\\?["'' ]{0,2})[2-6][0-9]{14,15}'
                    || '|00628[1-9][0-9]{7,10})(?:\b|_)'),
            lambda found: is_told_number(regexp_replace(found, '[^0-9]', '', 'g'), starts_with(ltrim(found, '_'), '00628'))),
        lambda whole, found: replace(
            whole, found, regexp_replace(found, '[0-9][^A-Za-z:=]*$', case when starts_with(ltrim(found, '_'), '00628') then '[phone]' else '[card]' end)),
        t);
create or replace macro masked(t) as
    case when length(t) < 6 or not has_marks(t) then t else without_people(without_secrets(without_numbers(without_encoded(t)))) end;
-- An id stays one of a kind: two people's addresses are not one id. The salt is this run's own and never written out.
create or replace macro masked_id(t) as
    case when length(t) < 6 or not has_marks(t) then t
         else list_transform(
             [without_people(without_secrets(without_numbers(without_encoded(t))))],
             lambda m: case when m = t then t else m || ' ' || sha256(getvariable('salt') || t)[1:6] end)[1] end;
-- The texts of one row, masked once: {text: masked}, NULL where none of them holds a mark. The patterns stand in a statement as often as
-- it names a macro of theirs, and each place costs milliseconds before its first row: what a row shows is masked in one.
create or replace macro masks_of(texts) as
    case when has_marks(array_to_string(texts, '|')) then
        map_from_entries(list_transform(list_distinct(texts), lambda t: {'text': t, 'shown': masked(t)})) end;
create or replace macro masked_by(masks, t) as case when masks is null then t else masks[t] end;
create or replace macro id_masked_by(masks, t) as
    case when masks is null or masks[t] = t then t else masks[t] || ' ' || sha256(getvariable('salt') || t)[1:6] end;
-- What names an event, and how an ad's link is marked, is no order's or article's number: a run of digits like a mobile number is one.
create or replace macro name_shown(t) as
    case when contains(t, '08') or contains(t, '628')
         then regexp_replace(t, '(^|[^0-9])(?:62|0)8[1-9][0-9]{7,10}([^0-9]|$)', '\1[phone]\2', 'g') else t end;
-- In what a server answered a run of digits is no id of the shop's, and an address may be cut off with the answer (dewi@ma).
create or replace macro without_rests(t) as
    regexp_replace(
        regexp_replace(t, '\b(?:(?:62|0)8[0-9]{8,11}|8[1-9][0-9]{7,10})\b', '[phone]', 'g'),
        '[A-Za-z0-9._%+\x{80}-\x{10ffff}-]{2,}(?:@|%(?:25)*40|\\+u0040)[A-Za-z0-9.\x{80}-\x{10ffff}-]*', '[email]', 'g');
-- An address is all path: an IP may stand between two strokes, and click ids are shortened. What is percent-encoded in it is looked at
-- as what it says.
create or replace macro masked_address(t) as
    regexp_replace(
        regexp_replace(
            list_transform(
                list_transform(
                    [case when contains(t, '%') and has_marks(decoded_text(t)) then decoded_text(t) else t end],
                    lambda d: masked(d)),
                lambda d: case when contains(d, 'utm_')
                    then regexp_replace(d, '([?&]utm_[a-z_]+=(?:[^&#]*[^&#0-9])?)(?:62|0)8[1-9][0-9]{7,10}([^0-9]|$)', '\1[phone]\2', 'g')
                    else d end)[1],
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

-- A token as it stands in a log, unless the log blotted it out.
create or replace macro is_token(t) as
    coalesce(length(t) >= 8 and not regexp_matches(lower(t), '[*]{3}|redact|removed|masked|filtered|scrubbed|hidden'), false);

-- A click or browser id as it may be shown: its beginning, its end and its length, never whole. What has not the form of an id is
-- told by its length alone.
create or replace macro shown_id(t) as
    case when regexp_matches(t, '[^A-Za-z0-9._~=+/|%{}-]') or (contains(t, '%') and regexp_matches(t, '%(25)*(40|20|3A)'))
            or regexp_matches(t, 'EAA[A-Za-z0-9]{12}|eyJ[A-Za-z0-9_-]{8,}[.][A-Za-z0-9_-]|k_(?:live|test)_[A-Za-z0-9]{8}|\bsfpk_[A-Za-z0-9]{8}|\b[spr]k_[A-Za-z0-9]{24}|\bck_[0-9a-f]{32}')
            or (length(t) <= 90 and not contains(t, '.') and len(encoded_addresses(t)) > 0)
            then told_by_length(t)
         when length(t) <= 18 then t[1:6] || '… (' || length(t) || ' characters)'
         else t[1:12] || '…' || t[-4:] || ' (' || length(t) || ' characters)' end;

-- Where an id differs from another one that is shown with the same letters; nothing where what is shown differs already.
create or replace macro unlike_shown(t, other) as
    case when t <> other and shown_id(t) = shown_id(other)
        then ', another from character ' || list_position(list_transform(range(1, length(t) + 1), lambda place: t[place] <> other[place]), true) || ' on'
        else '' end;

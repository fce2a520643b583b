-- Addresses, and what stands in them.

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

-- An address that a log wrote without its scheme (graph.facebook.com/v23.0/…) with it.
create or replace macro with_scheme(url) as
    case
        when starts_with(url, 'http') or starts_with(url, '/') then url
        when regexp_matches(url, '^[A-Za-z0-9.-]+[.][A-Za-z]{2,}(:[0-9]+)?/') then 'https://' || url
        else url
    end;

-- An at sign written as markup ends the parameter it stands in: of a mail address half would be left, which looks like a word.
create or replace macro with_at_signs(url) as
    case
        when contains(url, '64;') or contains(url, '40;') or contains(url, 'commat;')
            then regexp_replace(url, '&(?:amp;)*(?:#0*64|#[xX]0*40|commat);', '@', 'g')
        else url
    end;

-- An address without what Meta's Parameter Builder writes behind it (.AQQCAQMC): its format, language, whether it is new, its version.
create or replace macro without_appendix(t) as
    case when contains(t, '.AQ') then regexp_replace(t, '[.]AQ[EIMQUY][A-D]A[AQgw][AEIMQUYcgkosw048][A-Za-z0-9_-]$', '') else t end;

-- The last word of a page's path: one product may lie under several shelves (/shirts/geta and /sale/geta).
create or replace macro page_slug(path) as regexp_extract(rtrim(lower(path), '/'), '[^/]*$');

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

-- The last word of a path and the one before it: a page that thanks for an order names it there (/thank-you/1001, /checkouts/<token>/thanks).
create or replace macro last_words(path) as
    [regexp_extract(path, '([^/]+)/?$', 1), regexp_extract(path, '([^/]+)/[^/]+/?$', 1)];
create or replace macro says_thanks(path) as
    regexp_matches(lower(path), '[/_-](thanks?|thankyou|order-received|terima-?kasih)([/_-]|$)');

-- The page that shows what is in the cart: nobody puts goods into it there.
create or replace macro is_cart_page(path) as
    regexp_matches(lower(path), '/((shopping|my)[_-]?)?(cart|basket|bag|keranjang|keranjang-belanja|warenkorb|carrito|carrinho|panier)/?$');

-- The number in a key that holds one alone, without leading zeros, whatever stands before and behind it (#1002, SHOP-01002).
create or replace macro sole_number(key) as
    case when regexp_full_match(key, '[^0-9]*[0-9]+[^0-9]*') then nullif(ltrim(regexp_extract(key, '[0-9]+'), '0'), '') end;

-- A developer's machine or private network; a host of a shop's own trial site, or of a service that shows one before it goes live.
create or replace macro is_local_host(host) as
    host in ('localhost', '0.0.0.0')
    or regexp_matches(host, '[.](localhost|local|test|internal|lan)$|^(127|10)[.][0-9.]+$|^192[.]168[.][0-9.]+$|^172[.](1[6-9]|2[0-9]|3[01])[.][0-9.]+$');
create or replace macro is_trial_host(host) as
    regexp_matches(host, '(^|[.-])(staging|stage|stg|preview|dev|develop|development|test|testing|qa|uat|sandbox|beta|demo)[0-9]*[.-]')
    or regexp_matches(host, '[.](shopifypreview[.]com|vercel[.]app|netlify[.]app|pages[.]dev|ngrok[.]io|ngrok[.]app|ngrok-free[.]app|trycloudflare[.]com)$');

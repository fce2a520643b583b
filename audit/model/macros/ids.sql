-- Ids of events and orders.

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
-- Where a till or a shop counter sold, as Meta and TikTok name it.
create or replace macro is_store(action_source) as action_source in ('physical_store', 'offline');
-- A word or a template's name in the place of a click id: nobody clicked, or nobody filled it in.
create or replace macro is_click_word(t) as
    case when length(t) <= 40 then
        regexp_full_match(
            lower(trim(t)),
            '(organic|direct|none|null|undefined|nan|unknown|default|empty|no_?click(_?id)?|click_?id|true|false|n/?a|-+|0+|\[object object\]'
                || '|[{<].*[>}]|[$][{].*[}]|__[a-z_]+__)')
    else false end;

-- An id as a finding tells it: a blank at an end is seen between marks only.
create or replace macro told_id(t) as case when t <> trim(t) then '“' || t || '”' else t end;

-- An order's number as the shop wrote it, where a spreadsheet or a data frame wrote it out again: '1001, ="1001", 1001.0.
create or replace macro export_key(t) as
    ltrim(regexp_replace(regexp_replace(trim(t), '^(?:="(.*)"|''(.+))$', '\1\2'), '^([0-9]+)[.]0$', '\1'), '#');
-- A number that a spreadsheet cut to a few digits and an exponent: whose it was is lost.
create or replace macro is_rounded_key(t) as regexp_full_match(trim(t), '[0-9][.,][0-9]+[eE][+][0-9]{1,2}');
-- Whether an order lies in the shop's trash: nobody says since when, nor what it was before.
create or replace macro in_trash(status) as coalesce(lower(status) in ('trash', 'trashed'), false);

-- The shop's own id inside the one that Shopify's feeds give a variant: shopify_ID_7001_41001 is its variant 41001.
create or replace macro shop_item_id(t) as
    case
        when starts_with(t, 'shopify_') then coalesce(nullif(regexp_extract(t, '^shopify_[A-Za-z]{2}_[0-9]+_([0-9]+)$', 1), ''), t)
        else t
    end;

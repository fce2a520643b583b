-- Keys an event may name its order by.
insert into order_candidates
with purchases as (
    select
        e.event_key,
        e.step,
        e.event_name,
        e.event_id,
        e.page_url,
        s.order_param,
        replace(l.event_id_prefix, '{event_name}', e.event_name) as prefix,
        replace(l.event_id_suffix, '{event_name}', e.event_name) as suffix
    from events e
    join sends s on s.event_key = e.event_key
    cross join launch l
    where e.step = 'Purchase'
       or s.order_param <> ''
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
-- An order key with marks of its own inside (SHOP-1001): the whole key between delimiters. Its first word finds it.
insert into order_candidates
with marked_keys as (
    select
        key,
        string_split_regex(key, '[^A-Za-z0-9]+')[1] as first_word
    from order_keys
    where regexp_matches(key, '^[A-Za-z0-9].*[^A-Za-z0-9]')
),
words as (
    select distinct
        event_key,
        event_id,
        unnest(string_split_regex(event_id, '[^A-Za-z0-9]+')) as word
    from events
    where step = 'Purchase'
      and exists (select 1 from marked_keys)
)
select distinct
    w.event_key,
    k.key,
    'event_id',
    3,
    false
from words w
join marked_keys k on k.first_word = w.word
where contains(w.event_id, k.key)
  and regexp_matches(' ' || w.event_id || ' ', '[^A-Za-z0-9]' || regexp_escape(k.key) || '[^A-Za-z0-9]');

-- Keys an event may name its order by, best first. Once one of them is an order's, the lesser ones need not be looked for.
insert into order_candidates
select
    event_key,
    -- Shopify's scripts name an order by its global id, of which exports hold the number.
    ltrim(masked_id(case when starts_with(trim(order_param), 'gid://shopify/Order')
        then regexp_extract(order_param, '/([0-9]+)[^/]*$', 1) else trim(order_param) end), '#'),
    'parameter',
    1,
    true
from sends
where trim(order_param) <> '';

create or replace temp table unnamed_purchases as
select
    e.event_key,
    e.event_name,
    e.event_id,
    e.page_url
from events e
where e.step = 'Purchase'
  and e.event_key not in (select c.event_key from order_candidates c where c.key in (select key from order_keys));

insert into order_candidates
with templates as (
    select
        p.event_key,
        p.event_id,
        replace(l.event_id_prefix, '{event_name}', p.event_name) as prefix,
        replace(l.event_id_suffix, '{event_name}', p.event_name) as suffix
    from unnamed_purchases p
    cross join launch l
)
select
    event_key,
    event_id[length(prefix) + 1 : length(event_id) - length(suffix)],
    'template',
    2,
    true
from templates
where starts_with(event_id, prefix)
  and ends_with(event_id, suffix)
  and length(event_id) > length(prefix) + length(suffix);

delete from unnamed_purchases
where event_key in (
    select event_key
    from order_candidates
    where how = 'template'
      and key in (select key from order_keys)
);

-- A word of the event id, or the id itself; a word of the page's address. Many events share a text: it is split once.
insert into order_candidates
with placeholders as (
    select * from (values ('undefined'), ('null'), ('NaN'), ('[object Object]')) t(word)
),
ids as (
    select distinct event_id as text
    from unnamed_purchases
    where not regexp_full_match(lower(event_id), '(.*[^0-9a-f])?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')
),
pages as (
    select distinct page_url as text
    from unnamed_purchases
    where page_url is not null
),
words as (
    select text, 'event_id' as how, 3 as rank, unnest(string_split_regex(text, '[^A-Za-z0-9]+')) as key
    from ids
    union all
    select text, 'event_id', 3, text
    from ids
    union all
    select
        text,
        'url',
        4,
        unnest(address_words(text))
    from pages
),
keys as (
    select distinct text, how, rank, key
    from words
    where length(key) >= 3
      and ((key in (select key from order_keys) and key not in ('Purchase', 'CompletePayment', 'FORM', 'order', 'thank-you', 'checkout'))
        or key in (select word from placeholders))
)
select
    p.event_key,
    k.key,
    k.how,
    k.rank,
    k.key in (select word from placeholders)
from unnamed_purchases p
join keys k on k.text = p.event_id
where k.how = 'event_id'
union all
select
    p.event_key,
    k.key,
    k.how,
    k.rank,
    false
from unnamed_purchases p
join keys k on k.text = p.page_url
where k.how = 'url';

-- An order key with marks of its own inside (SHOP-1001): the whole key between delimiters. The word that fewest keys share finds it.
create or replace temp table marked_ids as
with marked_keys as (
    select
        key,
        unnest(list_distinct(string_split_regex(key, '[^A-Za-z0-9]+'))) as word
    from order_keys
    where regexp_matches(key, '^[A-Za-z0-9].*[^A-Za-z0-9]')
),
shared_words as (
    select word, count(distinct key) as keys
    from marked_keys
    where word <> ''
    group by word
),
finders as (
    select m.key, arg_min(m.word, struct_pack(keys := s.keys, word := m.word)) as word
    from marked_keys m
    join shared_words s on s.word = m.word
    group by m.key
),
ids as (
    select distinct event_id
    from unnamed_purchases
    where event_id is not null
      and exists (select 1 from finders)
),
words as (
    select
        event_id,
        unnest(list_distinct(string_split_regex(event_id, '[^A-Za-z0-9]+'))) as word
    from ids
),
found as (
    select w.event_id, f.key
    from words w
    join finders f on f.word = w.word
    where contains(w.event_id, f.key)
      and regexp_matches(' ' || w.event_id || ' ', '[^A-Za-z0-9]' || regexp_escape(f.key) || '[^A-Za-z0-9]')
)
select p.event_key, f.key
from found f
join unnamed_purchases p on p.event_id = f.event_id;

-- Where STG-1001 is an order of its own, an id that holds it does not name the order 1001.
delete from order_candidates
where how = 'event_id'
  and (event_key, key) in (
    select m.event_key, c.key
    from marked_ids m
    join order_candidates c on c.event_key = m.event_key and c.how = 'event_id'
    join order_keys k on k.key = m.key
    join order_keys s on s.key = c.key
    where contains(m.key, c.key)
      and s.order_id <> k.order_id
);

insert into order_candidates
select event_key, key, 'event_id', 3, false
from marked_ids;
drop table marked_ids;
drop table unnamed_purchases;

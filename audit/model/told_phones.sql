-- A number in an address, in a Purchase's parameters, in an event's id, or in the place of a customer's id, that is some order's own
-- telephone number: personal, whatever its name.
create or replace temp table told_numbers as
with cleaned as (
    select
        event_key,
        event_name,
        platform,
        page,
        referrer,
        params_text
    from sends
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
    union all
    select event_key, 'phone in the event id', event_id
    from events
    where step = 'Purchase'
      and regexp_matches(event_id, '[0-9]{9}')
    union all
    select event_key, 'phone in the event id', event_id
    from events
    where step is distinct from 'Purchase'
      and regexp_matches(event_id, '(^|[^0-9])(62|0)?8[1-9][0-9]{7,10}([^0-9]|$)')
    union all
    -- What names an ad or an order is shown, though nobody is judged by it.
    select event_key, 'shown', page_url
    from events
    where regexp_matches(page_url, '[?&][^=]+=[^&]*[0-9]{9}')
    union all
    select null, 'landing', page_path
    from landings
    where regexp_matches(page_path, '[0-9]{9}')
)
select distinct
    event_key,
    place,
    unnest(list_filter(regexp_extract_all(text, '[0-9]{9,}'), lambda n: length(n) <= 15)) as number
from texts;

create or replace temp table told_phones as
with numbers as (
    select distinct number from told_numbers
),
-- With its country code or as it is dialled at home: the page may write it otherwise than the export.
forms as (
    select
        number,
        unnest([phone_sha(number), sha256(national_phone(number))]) as form
    from numbers
),
phones as (
    select phone_digest from orders
    union
    select phone_bare_digest from orders
),
own_numbers as (
    select n.number
    from numbers n
    join orders o on o.phone_text_digest = salted(n.number)
    union
    select f.number
    from forms f
    join phones p on p.phone_digest = salted(f.form)
)
select
    t.event_key,
    t.place,
    t.number
from told_numbers t
join own_numbers o on o.number = t.number
union
select
    s.event_key,
    'external_id',
    null
from sends s
join orders o on o.phone_text_digest = s.external_digest;
drop table told_numbers;

update events
set personal_in_url = concat_ws(', ', personal_in_url, t.places)
from (
    select
        event_key,
        string_agg(distinct place, ', ' order by place) as places
    from told_phones
    where place like 'phone in the page%' or place = 'phone in the referrer'
    group by event_key
) t
where t.event_key = events.event_key
  and coalesce(personal_in_url, '') not like '%phone%';

-- It is shown nowhere; the other numbers of an address stay.
update events
set page_url = list_reduce(t.numbers, lambda url, n: replace(url, n, '[phone]'), page_url),
    page_path = list_reduce(t.numbers, lambda path, n: replace(path, n, '[phone]'), page_path)
from (
    select
        event_key,
        list(distinct number) as numbers
    from told_phones
    where place in ('phone in the page URL', 'shown')
    group by event_key
) t
where t.event_key = events.event_key;

update landings
set page_path = list_reduce(t.numbers, lambda path, n: replace(path, n, '[phone]'), page_path)
from (
    select
        p.page_path as path,
        list(p.number) as numbers
    from (
        select distinct
            page_path,
            unnest(regexp_extract_all(page_path, '[0-9]{9,}')) as number
        from landings
        where regexp_matches(page_path, '[0-9]{9}')
    ) p
    join told_phones t on t.place = 'landing' and t.number = p.number
    group by p.page_path
) t
where t.path = landings.page_path;

update events
set personal_in_params = concat_ws(', ', personal_in_params, t.place)
from told_phones t
where t.event_key = events.event_key
  and t.place = 'phone'
  and coalesce(personal_in_params, '') not like '%phone%';

-- Where a shop numbers its orders by telephone, the number is the order's.
delete from told_phones
where place in ('phone', 'phone in the event id')
  and number in (select unnest(regexp_extract_all(key, '[0-9]{9,}')) from order_keys);

-- Two people's ids stay two ids.
update events
set personal_in_params = concat_ws(', ', personal_in_params, t.place),
    event_id = replace(event_id, t.number, '[phone ' || salted(t.number)[1:6] || ']')
from told_phones t
where t.event_key = events.event_key
  and t.place = 'phone in the event id';
update order_candidates
set key = replace(key, t.number, '[phone ' || salted(t.number)[1:6] || ']')
from told_phones t
where t.event_key = order_candidates.event_key
  and t.place in ('phone', 'phone in the event id')
  and order_candidates.is_meant
  and contains(order_candidates.key, t.number);

update events
set plain_keys = concat_ws(',', plain_keys, t.place)
from told_phones t
where t.event_key = events.event_key
  and t.place = 'external_id'
  and coalesce(plain_keys, '') not like '%external_id%';
drop table told_phones;

-- A number in an address, in a Purchase's parameters or id, or in the place of a customer's id, that is some order's own telephone
-- number: personal, whatever its name.
create or replace temp table told_phones as
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
),
numbers as (
    select
        event_key,
        place,
        unnest(list_distinct(regexp_extract_all(text, '[0-9]{9,15}'))) as number
    from texts
),
-- With its country code or as it is dialled at home: the page may write it otherwise than the export.
forms as (
    select
        event_key,
        place,
        number,
        unnest([phone_sha(number), sha256(national_phone(number))]) as form
    from numbers
),
phones as (
    select phone_digest from orders
    union
    select phone_bare_digest from orders
)
select
    n.event_key,
    n.place,
    n.number
from numbers n
join orders o on o.phone_text_digest = salted(n.number)
union
select
    f.event_key,
    f.place,
    f.number
from forms f
join phones p on p.phone_digest = salted(f.form)
union
select
    s.event_key,
    'external_id',
    null
from sends s
join orders o on o.phone_text_digest = s.external_digest;

update events
set personal_in_url = concat_ws(', ', personal_in_url, t.places)
from (
    select
        event_key,
        string_agg(place, ', ' order by place) as places
    from told_phones
    where place like 'phone in %'
    group by event_key
) t
where t.event_key = events.event_key
  and coalesce(personal_in_url, '') not like '%phone%';

-- It is shown nowhere.
update events
set page_url = regexp_replace(page_url, '[0-9]{9,15}', '[phone]', 'g'),
    page_path = regexp_replace(page_path, '[0-9]{9,15}', '[phone]', 'g')
where event_key in (
    select event_key
    from told_phones
    where place = 'phone in the page URL'
);

update events
set personal_in_params = concat_ws(', ', personal_in_params, t.place)
from told_phones t
where t.event_key = events.event_key
  and t.place = 'phone'
  and coalesce(personal_in_params, '') not like '%phone%';

-- Where a shop numbers its orders by telephone, the number is the order's.
delete from told_phones
where place = 'phone in the event id'
  and exists (select 1 from order_keys k where contains(k.key, told_phones.number));

-- Two people's ids stay two ids.
update events
set personal_in_params = concat_ws(', ', personal_in_params, t.place),
    event_id = replace(event_id, t.number, '[phone ' || salted(t.number)[1:6] || ']')
from told_phones t
where t.event_key = events.event_key
  and t.place = 'phone in the event id';

update events
set plain_keys = concat_ws(',', plain_keys, t.place)
from told_phones t
where t.event_key = events.event_key
  and t.place = 'external_id'
  and coalesce(plain_keys, '') not like '%external_id%';
drop table told_phones;

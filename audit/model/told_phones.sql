-- A number in an address, in a Purchase's parameters, or in the place of a customer's id, that is some order's own telephone number:
-- personal, whatever its name.
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
),
numbers as (
    select
        event_key,
        place,
        unnest(list_distinct(regexp_extract_all(text, '[0-9]{9,15}'))) as number
    from texts
)
select
    n.event_key,
    n.place
from numbers n
join orders o on o.phone_text_digest = salted(n.number)
union
select
    n.event_key,
    n.place
from numbers n
join orders o on o.phone_digest = salted(phone_sha(n.number))
union
select
    s.event_key,
    'external_id'
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

update events
set plain_keys = concat_ws(',', plain_keys, t.place)
from told_phones t
where t.event_key = events.event_key
  and t.place = 'external_id'
  and coalesce(plain_keys, '') not like '%external_id%';
drop table told_phones;

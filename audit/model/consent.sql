-- What the page's own Google hits say of consent: the last word before an event of the same page load, unless the shopper's yes is
-- reported within the next seconds.
update events
set consent = t.consent
from (
    with words as (
        select
            e.event_key,
            h.consent,
            row_number() over (partition by e.event_key order by h.seen_at desc, h.consent desc) as nth
        from events e
        join consent_hits h on h.page_load = e.page_load
        where h.seen_at <= e.seen_at
    ),
    followed as (
        select distinct
            e.event_key
        from events e
        join consent_hits h on h.page_load = e.page_load
        where h.consent = 'granted'
          and h.seen_at > e.seen_at
          and h.seen_at <= e.seen_at + interval 5 seconds
    )
    select
        w.event_key,
        w.consent
    from words w
    left join followed f on f.event_key = w.event_key
    where w.nth = 1
      and (w.consent = 'granted' or f.event_key is null)
) t
where t.event_key = events.event_key
  and events.consent is null;

-- A refusal on the page that follows an order, or in a hit that names it, holds for the order, whoever sends its Purchase; a yes on
-- that page takes it back.
insert into refused_orders
with pages as (
    select distinct page, consent
    from consent_hits
    where regexp_matches(lower(url_path(page)), 'order|thank|success|confirm|checkout')
),
naming as (
    select page_load, seen_at, unnest(order_keys) as key
    from consent_hits
),
words as (
    select
        consent,
        unnest(address_words(page)) as key
    from pages
    union all
    select h.consent, n.key
    from naming n
    join consent_hits h on h.page_load = n.page_load and h.seen_at >= n.seen_at
)
select k.order_id
from words w
join order_keys k on k.key = w.key
where length(w.key) >= 3
group by k.order_id
having max(w.consent) = 'denied';  -- of 'denied' and 'granted' the greater is the yes

update events
set consent = 'denied'
where channel = 'server'
  and consent is null
  and event_key in (
    select c.event_key
    from order_candidates c
    join order_keys k on k.key = c.key
    join refused_orders r on r.order_id = k.order_id
  );

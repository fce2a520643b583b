-- Which decoded rows are one send (catalogue, Event). An event's key is its row in decoded; what is no event of its own is dropped.

create or replace temp table dropped_rows (decoded_row bigint);
create or replace temp table copy_counts (decoded_row bigint, copies bigint);

-- A platform's copies share copy_key; identical lines share time and content; a retry differs in time. Only rows that share
-- what is cheap to compare are looked at closely.
create or replace temp table suspects as
with keys as (
    select
        rowid as decoded_row,
        case
            when copy_key is not null then hash(endpoint, copy_key)
            when seen_at is null then hash(endpoint, ref, event_name, event_id_sent)
            else hash(endpoint, seen_at, event_name, event_id_sent)
        end as key
    from decoded
),
shared as (
    select key
    from keys
    group by key
    having count(*) > 1
)
select k.decoded_row
from keys k
join shared s on s.key = k.key;

create or replace temp table keyed_sends as
with suspect_rows as (
    select
        s.decoded_row,
        d.*,
        case when d.channel = 'browser' and d.seen_at is not null
            then nullif(concat_ws('|', d.session, d.browser_id_sent, d.tie_fbp, d.tie_ttp), '') end as person
    from suspects s
    join decoded d on d.rowid = s.decoded_row
)
select
    d.decoded_row,
    d.ref,
    d.source,
    d.place,
    d.seen_at,
    d.copy_key,
    d.person is not null and d.platform = 'snackvideo' and coalesce(d.event_id_sent, '') = '' as is_nameless,
    coalesce(
        d.endpoint || '|' || d.copy_key,
        -- Overlapping exports of one log repeat its lines; two browsers may well send alike.
        concat_ws('|', d.endpoint,
            case when d.person is not null then md5(concat_ws('|', d.person, d.click_id_sent, d.agent, d.initiator))
                when d.channel = 'browser' then d.source end,
            coalesce(cast(d.seen_at as varchar), d.ref), d.event_name, d.event_id_sent, d.relay_store, d.dataset,
            -- What has an id is the same send in whatever order an export tells its parameters; a copy that was rid of a buyer's
            -- data is not.
            case when d.person is not null and d.event_id_sent <> ''
                then md5(concat_ws('|', d.order_param, d.value_sent, d.currency_sent, cast(d.item_list as varchar), d.personal_in_params,
                    cast(list_sort(regexp_extract_all(d.params_text, '[0-9]{9,}')) as varchar)))
                else cast(d.params_hash as varchar) end,
            md5(d.page),
            case when d.channel = 'browser'
                then concat_ws('|', d.event_id_misplaced, d.consent, d.plain_keys, coalesce(d.net_error, case when d.status = 0 then '0' end)) end,
            -- Another sender, another answer, another person: not the same line of the log.
            d.log_sender, d.partner_agent, case when d.channel = 'server' then cast(d.status as varchar) end,
            case when d.channel = 'server' then md5(concat_ws('|', d.click_id_sent, d.browser_id_sent)) end)
    ) as one_send
from suspect_rows d;

-- Two senders that write a log each are no two exports of one: what both tell at one moment by chance, they tell at another time a moment
-- apart, where neither log has the other's line. Only a platform without event ids counts such calls twice.
create or replace temp table echoing_sources as
with shared as (
    select one_send
    from keyed_sends
    where is_nameless
    group by one_send
    having count(distinct source) > 1
),
shared_rows as (
    select k.decoded_row, k.source
    from keyed_sends k
    join shared s on s.one_send = k.one_send
),
lone_calls as (
    select
        d.source,
        d.seen_at,
        floor(epoch(d.seen_at) / 2) as moment,
        hash(concat_ws('|', d.session, d.tie_fbp, d.tie_ttp), d.dataset, d.event_name, d.page, d.params_hash) as call
    from decoded d
    left join shared_rows r on r.decoded_row = d.rowid
    where d.platform = 'snackvideo'
      and d.channel = 'browser'
      and d.source in (select source from shared_rows)
      and r.decoded_row is null
      and concat_ws('|', d.session, d.tie_fbp, d.tie_ttp) <> ''
),
moments as (
    select source, seen_at, call, moment + unnest([-1, 0, 1]) as moment
    from lone_calls
)
select distinct a.source
from lone_calls a
join moments b on b.call = a.call and b.moment = a.moment
where b.source <> a.source
  and abs(epoch(b.seen_at) - epoch(a.seen_at)) <= 2;

create or replace temp table copies as
with keyed as (
    select
        k.* exclude (one_send),
        k.one_send || case when k.is_nameless and e.source is not null then '|' || k.source else '' end as one_send
    from keyed_sends k
    left join echoing_sources e on e.source = k.source
),
numbered as (
    -- Two equal events of one request are two sends.
    select
        *,
        case when copy_key is null then row_number() over (partition by one_send, ref order by decoded_row) end as in_request
    from keyed
)
select
    decoded_row,
    row_number() over (partition by one_send, in_request order by seen_at, source, place, decoded_row) as nth,
    count(*) over (partition by one_send, in_request) as copies
from numbered;
insert into dropped_rows select decoded_row from copies where nth > 1;
insert into copy_counts select decoded_row, copies from copies where nth = 1 and copies > 1;

-- One relay request seen by the page and by the relay: the nth send of a key in one file is the nth in the other, if both saw the
-- same sent. Numbers are compared as such, for recorders spell them differently.
create or replace temp table witnessed as
with shared as (
    select send_key
    from decoded
    where send_key is not null
    group by send_key
    having count(distinct source) > 1
)
select
    d.rowid as decoded_row,
    d.send_key,
    d.platform,
    d.source,
    d.place,
    d.seen_at,
    d.page_load is null as is_log,
    d.status,
    coalesce(d.status >= 400, false) as is_refused,
    d.relay_store as store,
    case when not blotted_out(d.value_sent) then coalesce(cast(plain_number(d.value_sent) as varchar), d.value_sent) end as amount,
    case when not blotted_out(d.currency_sent) then upper(trim(d.currency_sent)) end as currency,
    case when len(list_filter(d.item_list, lambda x: coalesce(blotted_out(x.item_id) or blotted_out(x.quantity) or blotted_out(x.price), false))) = 0
        then array_to_string(list_sort(list_transform(d.item_list,
            lambda x: concat_ws(' ', x.item_id, coalesce(plain_number(x.quantity), 1), plain_number(x.price)))), ',') end as goods,
    d.relay_item_ids as relay_goods
from decoded d
join shared s on s.send_key = d.send_key
left join dropped_rows x on x.decoded_row = d.rowid
where x.decoded_row is null;

-- A gateway that logs a request at two hops, or a page and its worker in one capture, show one request twice, some milliseconds
-- apart; where another recorder saw it once, it was one. A retry waits for an answer and so takes longer, and a call made twice is
-- seen twice by both. Only a platform without event ids needs this: the others merge such copies.
create or replace temp table doubled as
with placed as (
    select
        decoded_row,
        send_key,
        source,
        epoch(seen_at) - lag(epoch(seen_at)) over (
            partition by send_key, source, store, amount, currency, goods, relay_goods, status order by seen_at, place, decoded_row
        ) as after_s
    from witnessed
    where platform = 'snackvideo'
),
by_source as (
    select
        send_key,
        source,
        count(*) as sends,
        sum(case when after_s <= 0.05 then 1 else 0 end) as near_sends
    from placed
    group by send_key, source
),
fewest as (
    select send_key, min(sends) as sends
    from by_source
    group by send_key
)
select p.decoded_row
from placed p
join by_source s on s.send_key = p.send_key and s.source = p.source
join fewest f on f.send_key = p.send_key
where p.after_s <= 0.05
  and s.sends - s.near_sends >= f.sends;
delete from witnessed where decoded_row in (select decoded_row from doubled);
insert into dropped_rows select decoded_row from doubled;

create or replace temp table seen_alike as
with counted as (
    select
        *,
        row_number() over (
            partition by send_key, source, store, amount, currency, goods, relay_goods
            order by is_refused, seen_at, place, decoded_row
        ) as nth
    from witnessed
),
ranked as (
    select
        *,
        row_number() over pages_first as place_in_group,
        first_value(source) over pages_first as kept_source,
        first_value(seen_at) over pages_first as kept_at,
        first_value(decoded_row) over pages_first as kept_row
    from counted
    window pages_first as (
        partition by send_key, store, amount, currency, goods, relay_goods, nth order by is_log, source)
)
select decoded_row, kept_row, status
from ranked
where place_in_group > 1
  and source <> kept_source
  and abs(epoch(seen_at) - epoch(kept_at)) <= 60;

-- What one of the two did not record, or blotted out, contradicts nothing.
create or replace temp table seen_twice as
with paired as (
    select decoded_row from seen_alike
    union
    select kept_row from seen_alike
),
counted as (
    select
        w.*,
        row_number() over (
            partition by w.send_key, w.source order by w.is_refused, w.seen_at, w.place, w.decoded_row
        ) as nth
    from witnessed w
    left join paired p on p.decoded_row = w.decoded_row
    where p.decoded_row is null
),
firsts as (
    select
        *,
        row_number() over (partition by send_key, nth order by is_log, source) as place_in_group
    from counted
)
select decoded_row, kept_row, status
from seen_alike
union all
select o.decoded_row, k.decoded_row, o.status
from firsts k
join firsts o on o.send_key = k.send_key and o.nth = k.nth
where k.place_in_group = 1
  and o.place_in_group > 1
  and o.source <> k.source
  and abs(epoch(o.seen_at) - epoch(k.seen_at)) <= 60
  and coalesce(o.store = k.store, true)
  and coalesce(o.amount = k.amount, true)
  and coalesce(o.currency = k.currency, true)
  and coalesce(o.goods = k.goods, true)
  and coalesce(o.relay_goods = k.relay_goods, true);
insert into dropped_rows select decoded_row from seen_twice;

-- A page that moved on lost the answer (status 0 or none); the relay's own log has it. A refusal that the log alone saw is one.
update decoded
set status = h.status,
    net_error = null,
    accepted = h.accepted,
    answer_code = h.answer_code,
    answer_text = case when coalesce(decoded.status, 0) = 0 then h.answer_text
        else concat_ws(', ', h.answer_text, 'by the relay''s own log; the page was told HTTP ' || decoded.status) end,
    events_received = h.events_received
from (
    select
        t.kept_row,
        s.status,
        s.accepted,
        s.answer_code,
        s.answer_text,
        s.events_received,
        row_number() over (partition by t.kept_row order by coalesce(s.accepted, true), t.decoded_row) as nth
    from seen_twice t
    join decoded s on s.rowid = t.decoded_row
    where t.status <> 0
) h
where h.nth = 1
  and h.kept_row = decoded.rowid
  and (coalesce(decoded.status, 0) = 0 or (not h.accepted and decoded.accepted is distinct from false));

-- The rows that are events, by their key.
create or replace temp view sends as
select
    d.rowid + 1 as event_key,
    d.*
from decoded d
left join dropped_rows x on x.decoded_row = d.rowid
where x.decoded_row is null;

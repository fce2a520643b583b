/*
title    = "Something stands behind each evidence card"
failure  = "An evidence card has nothing behind it"
facet    = "evidence"
severity = "note"
needs    = ["sources"]
why      = """
Four cards let another person accept the launch without having been there: the test events, the order records, the inventory of
who sends what, and the review of the totals. A card with nothing behind it is somebody's word.
"""
means       = "Neither the files given nor an attachment of the plan shows what this card stands for."
first_check = "Read in the finding which card it is, and look whether the evidence exists somewhere and was only not handed in."
not_yet     = "Do not sign the card off from memory."
remedy      = "Hand in the file, or attach a screenshot or export under [[evidence]] in audit.toml."
owner       = "media"
*/
with cards as (
    select 'test_events' as card, 'a browser and a server Purchase of one test order, or the Test Events page' as expected
    union all
    select 'order_admin', 'the shop''s order export, or the order page'
    union all
    select 'trigger_sources', 'a register of senders and the events to hold against it, or an inventory'
    union all
    select 'reconciliation', 'daily totals of platform, shop, GA4 or server, or the review itself'
),
-- Purchases seen on both sides, and whether their order is a test order: the export says so, else the plan's own list.
both_sides as (
    select
        e.platform,
        coalesce(e.order_id, e.order_key) as order_key,  -- an order may go by several keys
        max(case
            when o.is_named or t.order_key is not null then 2
            when o.order_id is null and not exists (select 1 from plan_test_orders) then 1
            else 0
        end) as named
    from sent_events e
    left join orders o on o.order_id = e.order_id
    left join plan_test_orders t on t.order_key = e.order_key
    where e.step = 'Purchase'
      and e.order_key is not null
    group by e.platform, coalesce(e.order_id, e.order_key)
    having min(e.channel) <> max(e.channel)
),
seen_ids as (
    select distinct t.event_id
    from test_events t
    join events e on e.event_id = t.event_id
),
shown as (
    select 'test_events' as card, 'browser and server Purchase of order ' || min(order_key) as words, true as is_certain
    from both_sides
    where named = 2
    having count(*) > 0
    union all
    select 'test_events', 'browser and server Purchase of ' || min(order_key) || '; no export or plan says that it is a test order', null
    from both_sides
    having max(named) = 1
    union all
    -- a person's copy of the platform's page, and how many of its ids the logs have seen too
    select
        'test_events',
        counted(count(*), 'row') || ' copied from Test Events, ' || count(s.event_id) || ' of them with an event_id of the logs',
        case when count(s.event_id) > 0 then true end
    from test_events t
    left join seen_ids s on s.event_id = t.event_id
    having count(*) > 0
    union all
    select 'order_admin', counted(count(*), 'order'), true
    from orders
    having count(*) > 0
    union all
    select 'trigger_sources', count(distinct s.entry) || case when count(distinct s.entry) = 1 then ' register entry' else ' register entries' end, true
    from plan_senders s
    where exists (select 1 from events where step is not null)
    having count(*) > 0
    union all
    select 'reconciliation', cast(count(*) as varchar) || ' daily totals', true
    from totals
    having count(*) > 0
),
told as (
    select
        card,
        string_agg(words, '; ' order by words) as words,
        bool_or(is_certain) as is_certain
    from shown
    group by card
),
attached as (
    select
        card,
        string_agg(file, ', ' order by file) as files
    from plan_evidence
    group by card
)
select
    cast(null as varchar) as platform,
    cast(null as varchar) as step,
    c.card as subject,
    cast(null as varchar) as order_id,
    case
        when a.card is not null then true
        when s.card is null then false
        else s.is_certain
    end as ok,
    c.expected,
    coalesce(nullif(concat_ws('; ', s.words, 'attached ' || a.files), ''), 'nothing') as actual,
    cast(null as varchar) as cause,
    cast(null as varchar) as ref,
    cast(null as varchar) as other_ref
from cards c
left join told s on s.card = c.card
left join attached a on a.card = c.card

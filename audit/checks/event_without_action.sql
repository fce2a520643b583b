/*
title    = "Every AddToCart follows an act of the shopper"
failure  = "An AddToCart was sent although nobody put anything into the cart"
facet    = "chain"
severity = "warning"
needs    = ["browser capture", "actions"]
why      = """
AddToCart is what many campaigns learn from until there are enough sales. When it fires with the page, every visitor looks like
someone about to buy: cost per cart seems wonderful and the audience of cart leavers is filled with people who only looked.
"""

[causes.page_load]
means       = "The event left as the page opened; no cart call of the shopper goes with it."
first_check = "Open the page without clicking anything and watch whether AddToCart leaves."
not_yet     = "Do not build an audience or a bid on AddToCart as long as looking is enough to trigger it."
remedy      = "Move the call from the page's start to the cart's successful answer."
owner       = "tracking"

[causes.unknown]
means       = "The event left in the middle of a page, and none of the storefront's cart calls goes with it."
first_check = "Repeat the visit and see what was clicked at this second: a size, a picture, a wish list."
not_yet     = "Do not judge creatives by cost per cart until this is found."
remedy      = "Bind the event to the storefront's cart call alone."
owner       = "tracking"
*/
with capturing_sources as (
    select distinct source
    from actions
    where kind = 'add_to_cart'
),
-- The sites whose cart calls the capture saw; where it saw a cart at work elsewhere, another site may have one it does not know.
cart_sites as (
    select distinct
        a.source,
        e.page_host
    from actions a
    join events e on e.page_load = a.page_load
    where a.kind = 'add_to_cart'
      and e.page_host is not null
),
cart_events as (
    select
        e.event_key,
        e.platform,
        e.dataset,
        e.session,
        e.page_load,
        e.source,
        e.event_id,
        e.items,
        e.ref,
        e.page_host,
        happened(e.channel, e.event_at, e.seen_at) as happened_at
    from sent_events e
    join capturing_sources s on s.source = e.source
    where e.step = 'AddToCart'
      and e.channel = 'browser'
      and e.page_load is not null
),
same_page_acts as (
    -- A second event right after one call repeats the first: another check's matter.
    select
        e.event_key,
        min(a.ref) as action_ref
    from cart_events e
    join actions a
        on a.page_load = e.page_load
       and a.kind = 'add_to_cart'
       and a.started_at <= e.happened_at
       and a.finished_at >= e.happened_at - interval 10 seconds
    group by e.event_key
),
claimed as (
    select event_key, min(action_ref) as action_ref
    from (
        select event_key, action_ref from action_claims
        union all
        select event_key, action_ref from cart_change_claims
    ) c
    group by event_key
),
page_traces as (
    select page_load, seen_at as traced_at from events
    union all
    select page_load, loaded_at from loads
    union all
    select page_load, landed_at from landings
),
page_starts as (
    select page_load, min(traced_at) as opened_at
    from page_traces
    where page_load is not null
    group by page_load
),
judged as (
    select
        e.*,
        coalesce(c.action_ref, a.action_ref) as action_ref,
        p.opened_at,
        case
            when coalesce(c.action_ref, a.action_ref) is not null then true
            when h.page_host is not null or e.page_host is null then false
            when not exists (select 1 from cart_sites s where s.source = e.source) then false
        end as ok
    from cart_events e
    left join claimed c on c.event_key = e.event_key
    left join same_page_acts a on a.event_key = e.event_key
    left join page_starts p on p.page_load = e.page_load
    left join cart_sites h on h.source = e.source and h.page_host = e.page_host
)
select
    platform,
    'AddToCart' as step,
    coalesce(event_id, ref) as subject,
    cast(null as varchar) as order_id,
    session,
    ok,
    'a cart call of the storefront beside it' as expected,
    case
        when ok then 'a cart call beside it'
        when ok is null then 'the capture saw no cart call of ' || page_host || ': how its cart is filled is not known'
        when epoch(happened_at) - epoch(opened_at) <= 3
            then 'no cart call; sent ' || number_text(round(greatest(0, epoch(happened_at) - epoch(opened_at)), 1)) || ' s after the page opened'
        else 'no cart call; sent at ' || told_time(happened_at, '%H:%M:%S')
    end || case when ok is not false then '' else coalesce(', items ' || items, '') end as actual,
    case when ok is not false then null when epoch(happened_at) - epoch(opened_at) <= 3 then 'page_load' else 'unknown' end as cause,
    ref,
    action_ref as other_ref
from judged

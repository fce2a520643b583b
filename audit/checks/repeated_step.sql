/*
title    = "A step fires once for what the shopper did once"
failure  = "The browser sent the same step again although the shopper did nothing new"
facet    = "chain"
severity = "warning"
follows  = ["duplicate_sender", "duplicate_purchase", "two_conversion_points", "event_without_action"]
needs    = ["browser events"]
why      = """
A step that fires twice makes the path look busier than it is: two carts for one, two checkouts for one. Rates between the steps
go wrong, and bids that pay for carts or checkouts pay twice. Looking at a product again, or opening the thank-you page again
with the same event_id, is nothing wrong.
"""

[causes.same_page_double_call]
means       = "The page called the event twice for one act: two hits from one opening of the page."
first_check = "Search the page's code for a second call of this event, or for a handler that was bound twice."
not_yet     = "Do not install a plugin that promises to deduplicate: the call itself is the fault."
remedy      = "Call the event from one place, and bind its handler once."
owner       = "theme"

[causes.reload]
means       = "The page was opened again and sent the step again, as if it had happened anew."
first_check = "Reload the page of this step and watch whether the event leaves once more, and with which event_id."
not_yet     = "Do not correct the reports with an average; how often buyers reopen a page differs from week to week."
remedy      = "Remember on the device that the event was sent, or give it an event_id that stays the same for this order or cart."
owner       = "tracking"
*/
with busy_visits as (
    -- Only visits in which a step came twice are looked at closely.
    select coalesce(session, page_load) as visit
    from sent_events
    where channel = 'browser'
    group by coalesce(session, page_load), step
    having count(*) > 1
),
core_events as (
    select
        e.event_key,
        e.platform,
        coalesce(e.dataset, '') as dataset,
        coalesce(e.session, e.page_load) as visit,
        e.session,
        e.page_load,
        e.step,
        case when e.step = 'Purchase'
            then coalesce(e.order_id, e.order_key, coalesce(e.items, '') || ' ' || coalesce(e.value_sent, ''))
            else coalesce(e.items, '') end as what,
        e.order_id,
        e.order_key,
        e.event_id,
        e.ref,
        e.source,
        coalesce(e.event_at, e.seen_at) as happened_at
    from sent_events e
    where e.channel = 'browser'
      and coalesce(e.session, e.page_load) in (select visit from busy_visits)
),
repeats as (
    select
        platform,
        dataset,
        visit,
        step,
        what
    from core_events
    group by platform, dataset, visit, step, what
    having count(*) > 1
),
sequenced as (
    select
        e.*,
        row_number() over (partition by e.platform, e.dataset, e.visit order by e.happened_at, e.event_key) as place
    from core_events e
    join (select distinct platform, dataset, visit from repeats) r
        on r.visit = e.visit
       and r.platform = e.platform
       and r.dataset = e.dataset
),
neighbours as (
    select
        *,
        lag(event_key) over (partition by platform, dataset, visit, step, what order by happened_at, event_key) as before_key,
        lag(place) over (partition by platform, dataset, visit, step, what order by happened_at, event_key) as before_place
    from sequenced
),
capturing_sources as (
    select distinct source
    from actions
    where kind = 'add_to_cart'
),
claimed as (
    select event_key
    from action_claims
    union
    select event_key
    from cart_change_claims
),
facts as (
    select
        n.event_key,
        n.step,
        n.place,
        n.before_place,
        b.event_id as before_id,
        b.ref as before_ref,
        coalesce(n.page_load = b.page_load, false) as same_page,
        coalesce(n.page_load <> b.page_load, false) as other_page,
        epoch(n.happened_at) - epoch(coalesce(b.event_at, b.seen_at)) as seconds,
        coalesce(n.event_id = b.event_id, false) as same_id,
        c.event_key is not null as has_act,
        s.source is not null as acts_captured
    from neighbours n
    join events b on b.event_key = n.before_key
    left join claimed c on c.event_key = n.event_key
    left join capturing_sources s on s.source = n.source
),
judged as (
    select
        *,
        case
            when step = 'Purchase' and other_page and not same_id then 'reload'
            when step = 'Purchase' and other_page then null
            when step = 'Purchase' and (same_page or seconds <= 2) then 'same_page_double_call'
            when step = 'AddToCart' and has_act then null
            when step = 'AddToCart' and acts_captured and other_page then 'reload'
            when step = 'AddToCart' and acts_captured and same_page then 'same_page_double_call'
            -- Back to the shelf and to the checkout again is the shopper's own doing.
            when step = 'InitiateCheckout' and same_page and place = before_place + 1 then 'same_page_double_call'
            when step <> 'Purchase' and not other_page and seconds <= 2 then 'same_page_double_call'
        end as found_cause
    from facts
)
select
    e.platform,
    e.step,
    coalesce(case when e.step = 'Purchase' then coalesce(e.order_id, e.order_key) end, e.event_id, e.ref) as subject,
    e.order_id,
    e.session,
    j.found_cause is null as ok,
    'once for one act of the shopper' as expected,
    case
        when j.event_key is null then 'sent once'
        when j.found_cause is null then 'sent again, for a new act or with the same id'
        else 'again after ' || number_text(round(j.seconds, 1)) || ' s'
            || case when j.other_page then ' on a new opening of the page' else '' end
            || case when j.same_id then ', same event_id' when e.event_id is null or j.before_id is null then ', no event_id to tell them apart'
                else ', another event_id' end
    end as actual,
    j.found_cause as cause,
    e.ref,
    j.before_ref as other_ref
from sent_events e
left join judged j on j.event_key = e.event_key
where e.channel = 'browser'
  and coalesce(e.session, e.page_load) is not null

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

[causes.thank_you_page]
means       = "The page that thanks for the order sent InitiateCheckout once more, beside the Purchase: each sale counts one checkout too many."
first_check = "Open the thank-you page with the network panel open: InitiateCheckout leaves together with the Purchase."
not_yet     = "Do not judge the step from checkout to purchase by these numbers; each sale adds a checkout that nobody began."
remedy      = "Fire InitiateCheckout on the checkout page only: keep the page that shows the order out of the tag's or plugin's condition."
owner       = "theme"
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
        e.page_path,
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
-- A checkout begun on the page that sends the Purchase, at its moment, in a visit that had begun one before. Nobody begins the next
-- one within seconds; and a shop of a single page shows one path for all.
first_checkouts as (
    select
        platform,
        dataset,
        visit,
        min(happened_at) as first_at
    from core_events
    where step = 'InitiateCheckout'
    group by platform, dataset, visit
),
thank_you_checkouts as (
    select
        c.event_key,
        min(p.ref) as purchase_ref
    from core_events c
    join core_events p
        on p.platform = c.platform
       and p.dataset = c.dataset
       and p.visit = c.visit
       and p.page_path = c.page_path
    join first_checkouts f
        on f.platform = c.platform
       and f.dataset = c.dataset
       and f.visit = c.visit
    where c.step = 'InitiateCheckout'
      and p.step = 'Purchase'
      and c.page_load is not distinct from p.page_load
      and epoch(c.happened_at) - epoch(p.happened_at) between -2 and 10
      and f.first_at < p.happened_at - interval 2 seconds
    group by c.event_key
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
    j.found_cause is null and t.event_key is null as ok,
    'once for one act of the shopper' as expected,
    case
        when t.event_key is not null then 'again on the page of the Purchase, at its moment'
        when j.event_key is null then 'sent once'
        when j.found_cause is null then 'sent again, for a new act or with the same id'
        else 'again after ' || number_text(round(j.seconds, 1)) || ' s'
            || case when j.other_page then ' on a new opening of the page' else '' end
            || case when j.same_id then ', same event_id' when e.event_id is null or j.before_id is null then ', no event_id to tell them apart'
                else ', another event_id' end
    end as actual,
    case when t.event_key is not null then 'thank_you_page' else j.found_cause end as cause,
    e.ref,
    coalesce(t.purchase_ref, j.before_ref) as other_ref
from sent_events e
left join judged j on j.event_key = e.event_key
left join thank_you_checkouts t on t.event_key = e.event_key
where e.channel = 'browser'
  and coalesce(e.session, e.page_load) is not null

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

[causes.in_every_visit]
failure     = "In nearly every visit the browser sends a step more than once"
means       = "The step comes more than once in a row in nearly every visit, for the same goods, under ids of their own: not shoppers do that but the shop, on the click and again on the page that follows, or on each page of the checkout."
first_check = "Walk one visit with the network panel open and note at which click or page each of the events leaves."
not_yet     = "Do not halve the numbers in reports: the platform bids on what it is told."
remedy      = "Fire the step at one place, where it begins: at the click on the cart button, on the first page of the checkout."
owner       = "tracking"

[causes.server_sent_twice]
failure     = "The server sent one step twice, under two event_ids"
means       = "One sender told the same step of one visit twice at one moment, under different ids, while the browser saw it once, or in most visits of the step. The platform counts it twice."
first_check = "Look whether two workers or two hooks take the same call, and where each of them makes its id."
not_yet     = "Do not remove the event from the browser: it is the server's second copy that has no partner."
remedy      = "Send each step once from the server, under the id that the browser gave it."
owner       = "data"
*/
with step_visits as (
    select
        platform,
        coalesce(dataset, '') as dataset,
        coalesce(session, page_load) as visit,
        step,
        count(*) as events
    from sent_events
    where channel = 'browser'
    group by platform, coalesce(dataset, ''), coalesce(session, page_load), step
),
busy_visits as (
    -- Only visits in which a step came twice are looked at closely.
    select distinct visit
    from step_visits
    where events > 1
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
        e.sender,
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
        n.platform,
        n.dataset,
        n.visit,
        n.step,
        n.place,
        n.before_place,
        b.event_id as before_id,
        b.ref as before_ref,
        coalesce(n.page_load = b.page_load, false) as same_page,
        coalesce(n.page_load <> b.page_load, false) as other_page,
        epoch(n.happened_at) - epoch(coalesce(b.event_at, b.seen_at)) as seconds,
        coalesce(n.event_id = b.event_id, false) as same_id,
        -- without ids of goods two views may be of two products
        n.step <> 'Purchase' and n.place = n.before_place + 1 and n.sender = b.sender and n.event_id <> b.event_id
            and (n.what <> '' or n.step = 'InitiateCheckout') and c.event_key is null
            and n.happened_at <= coalesce(b.event_at, b.seen_at) + interval 30 minutes as is_in_a_row,
        c.event_key is not null as has_act,
        s.source is not null as acts_captured
    from neighbours n
    join events b on b.event_key = n.before_key
    left join claimed c on c.event_key = n.event_key
    left join capturing_sources s on s.source = n.source
),
-- Some shoppers reload a page or press twice; nearly all of them never do.
repeating_visits as (
    select platform, dataset, step, count(distinct visit) as visits
    from facts
    where is_in_a_row
    group by platform, dataset, step
    having count(distinct visit) >= 10
),
all_visits as (
    select platform, dataset, step, count(*) as visits
    from step_visits
    where visit is not null
    group by platform, dataset, step
),
-- Who presses + for each further ticket takes to the checkout as many as were added.
repeated_adds as (
    select
        e.platform,
        e.dataset,
        e.visit,
        i.item_id,
        sum(coalesce(i.quantity, 1)) as quantity
    from core_events e
    join event_items i on i.event_key = e.event_key
    where e.step = 'AddToCart'
      and exists (select 1 from repeating_visits r where r.step = 'AddToCart' and r.platform = e.platform and r.dataset = e.dataset)
    group by e.platform, e.dataset, e.visit, i.item_id
    having count(distinct e.event_key) > 1
),
taken_goods as (
    select
        e.platform,
        e.dataset,
        e.visit,
        i.item_id,
        max(i.quantity) as quantity
    from core_events e
    join event_items i on i.event_key = e.event_key
    where e.step in ('InitiateCheckout', 'Purchase')
      and i.quantity is not null
    group by e.platform, e.dataset, e.visit, i.item_id
),
pressed_on as (
    select
        a.platform,
        a.dataset,
        'AddToCart' as step
    from repeated_adds a
    join taken_goods t on t.platform = a.platform and t.dataset = a.dataset and t.visit = a.visit and t.item_id = a.item_id
    group by a.platform, a.dataset
    having count(case when t.quantity >= a.quantity then 1 end) * 2 >= count(*)
),
habits as (
    select r.platform, r.dataset, r.step, r.visits, a.visits as all_visits
    from repeating_visits r
    join all_visits a on a.platform = r.platform and a.dataset = r.dataset and a.step = r.step
    left join pressed_on p on p.platform = r.platform and p.dataset = r.dataset and p.step = r.step
    where r.visits >= 0.8 * a.visits
      and p.step is null
),
judged as (
    select
        f.*,
        h.visits,
        h.all_visits,
        case
            when f.step = 'Purchase' and f.other_page and not f.same_id then 'reload'
            when f.step = 'Purchase' and f.other_page then null
            when f.step = 'Purchase' and (f.same_page or f.seconds <= 2) then 'same_page_double_call'
            when f.step = 'AddToCart' and f.has_act then null
            when f.step = 'AddToCart' and f.acts_captured and f.other_page then 'reload'
            when f.step = 'AddToCart' and f.acts_captured and f.same_page then 'same_page_double_call'
            -- Back to the shelf and to the checkout again is the shopper's own doing.
            when f.step = 'InitiateCheckout' and f.same_page and f.place = f.before_place + 1 then 'same_page_double_call'
            when f.step <> 'Purchase' and not f.other_page and f.seconds <= 2 then 'same_page_double_call'
            when f.is_in_a_row and h.visits is not null then 'in_every_visit'
        end as found_cause
    from facts f
    left join habits h on h.platform = f.platform and h.dataset = f.dataset and h.step = f.step
),
-- A step that one server told twice at one moment. Where the browser told it twice too, it is mirrored; where it told nothing, a blocker
-- of ads may hide that the shopper pressed twice.
busy_servers as (
    select
        platform,
        session,
        step,
        items
    from sent_events
    where channel = 'server'
      and platform in ('meta', 'tiktok')
      and step <> 'Purchase'
      and session is not null
      and items is not null
      and coalesce(accepted, true)
    group by platform, session, step, items
    having min(event_id) <> max(event_id)
),
browser_copies as (
    select
        s.platform,
        s.session,
        s.step,
        s.items,
        count(*) as events
    from busy_servers s
    join sent_events b
        on b.session = s.session
       and b.platform = s.platform
       and b.step = s.step
       and b.items = s.items
    where b.channel = 'browser'
    group by s.platform, s.session, s.step, s.items
),
server_steps as (
    select
        e.event_key,
        e.platform,
        e.step,
        e.session,
        e.event_id,
        e.order_id,
        e.ref,
        coalesce(m.events, 0) as browser_events,
        coalesce(e.event_at, e.seen_at) as happened_at,
        lag(e.event_key) over (
            partition by e.platform, e.dataset, e.sender, e.session, e.step, e.items, e.page_path
            order by coalesce(e.event_at, e.seen_at), e.event_key
        ) as before_key
    from busy_servers s
    join sent_events e
        on e.session = s.session
       and e.platform = s.platform
       and e.step = s.step
       and e.items = s.items
    left join browser_copies m
        on m.session = s.session
       and m.platform = s.platform
       and m.step = s.step
       and m.items = s.items
    where e.channel = 'server'
      and coalesce(e.accepted, true)
      and coalesce(m.events, 0) <= 1
),
server_repeats as (
    select
        s.*,
        b.ref as before_ref,
        epoch(s.happened_at) - epoch(coalesce(b.event_at, b.seen_at)) as seconds
    from server_steps s
    join events b on b.event_key = s.before_key
    where s.event_id <> b.event_id
      and epoch(s.happened_at) - epoch(coalesce(b.event_at, b.seen_at)) <= 2
),
-- Of many visits some shopper always presses twice, and the second hit of the page gets lost.
server_visits as (
    select
        platform,
        step,
        count(distinct session) as visits
    from sent_events
    where channel = 'server'
      and platform in (select platform from server_repeats)
    group by platform, step
),
server_habits as (
    select
        r.platform,
        r.step,
        count(distinct r.session) * 2 >= min(v.visits) as is_of_most
    from server_repeats r
    join server_visits v on v.platform = r.platform and v.step = r.step
    group by r.platform, r.step
    having count(distinct r.session) * 2 >= min(v.visits)
        or count(distinct case when r.browser_events = 1 then r.session end) * 20 >= min(v.visits)
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
            || case when j.found_cause = 'in_every_visit' then '; so in ' || j.visits || ' of ' || counted(j.all_visits, 'visit') else '' end
    end as actual,
    case when t.event_key is not null then 'thank_you_page' else j.found_cause end as cause,
    e.ref,
    coalesce(t.purchase_ref, j.before_ref) as other_ref
from sent_events e
left join judged j on j.event_key = e.event_key
left join thank_you_checkouts t on t.event_key = e.event_key
where e.channel = 'browser'
  and coalesce(e.session, e.page_load) is not null
union all
select
    r.platform,
    r.step,
    r.event_id,
    r.order_id,
    r.session,
    false,
    'once for one act of the shopper',
    'by the server again after ' || number_text(round(r.seconds, 1)) || ' s, another event_id',
    'server_sent_twice',
    r.ref,
    r.before_ref
from server_repeats r
join server_habits h on h.platform = r.platform and h.step = r.step
where r.browser_events = 1
   or h.is_of_most

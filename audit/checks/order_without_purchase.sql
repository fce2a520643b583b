/*
title    = "Every order has its Purchase on every platform"
failure  = "An order has no Purchase on a platform, from neither side"
facet    = "chain"
severity = "blocker"
deciding = true
follows  = ["purchase_without_order", "nonstandard_event_name"]
needs    = ["orders"]
why      = """
A sale the platform never hears of cannot be credited to the ad that brought it: cost per purchase looks too high, good ads are
switched off, and the campaign learns from the buyers that happened to be seen. Orders the web pixels have no part in (shop till,
drafts, marketplaces, spam) are left out.
"""

own_is_open  = true
means       = "Whether this order had a Purchase cannot be read from what was handed in."
first_check = "See what stands in the way: the export, a recording with a part missing, a blocked browser, or an event that names no order."
not_yet     = "Do not treat this as passed, and do not report the order as lost either."
remedy      = "Hand in the missing part, or place one more test order with capture and export covering it, and run the audit again."
owner       = "tracking"

[causes.payment_method_pattern]
means       = "Orders paid in one way have no Purchase, and orders paid otherwise have theirs: these buyers do not come back to the page that sends it."
first_check = "See whether these orders are placed in the web shop at all, not at a till or on the telephone; then place one with the payment method that the finding names and see where the buyer ends: usually on the payment provider's page."
not_yet     = "Do not lower the bids because sales seem to fall; they are made, only not seen."
remedy      = "Send the Purchase where the order is created, or from the server when the provider confirms the payment, under the same event_id."
owner       = "data"

[causes.not_in_capture_window]
means       = "No capture of this order and no log covers it, so its Purchase would not be seen even if it was sent."
first_check = "Compare the order's time with the first and last entries of the files handed in."
not_yet     = "Do not call the order lost; nobody watched."
remedy      = "Hand in the capture or the logs of this order; or list as test orders in the plan only those that were placed as a test."
owner       = "tracking"

[causes.not_in_export]
means       = "The plan lists a test order that the order export does not hold, so nothing can be said of it."
first_check = "Look the order up in the shop's admin, and see whether the plan writes it as the export does and the export covers its day."
not_yet     = "Do not take it out of the plan to get an answer; the orders that are left do not stand for it."
remedy      = "Export the orders again over the days of the test, or correct test_orders in audit.toml."
owner       = "store"

[causes.rounded_ids]
means       = "The export was opened and saved in a spreadsheet, which rounded its long ids (6.38E+12). The Purchases carry these ids, so nobody can say which order each belongs to."
first_check = "Open the export in a text editor and look for ids with an E in them."
not_yet     = "Do not call the order lost, and do not type the ids in again by hand."
remedy      = "Export the orders again and hand the file in as it was downloaded, without opening it."
owner       = "store"

[causes.consent_refused]
means       = "The shopper refused consent on this order's own page, so no Purchase of it was to be sent; whether one would leave after a yes is open."
first_check = "Look at the Google requests of the thank-you page: gcs=G100 there is a refusal. Was it meant as a test of one?"
not_yet     = "Do not report this order as lost, and do not count it as proof that the Purchase works."
remedy      = "Place one more test order with consent given and list it in the plan beside this one."
owner       = "tracking"

[causes.unseen_visit]
means       = "The orders without a Purchase left no trace at all, on no platform, and hardly a checkout that stayed without an order: their whole visits are missing, as ad blockers and refused consent make them. Where a visit was seen, its Purchase was sent."
first_check = "Look how many shoppers refuse in the consent banner and how many use an ad blocker, and hold both against the share that the finding shows; then which of these orders were placed in no browser at all."
not_yet     = "Do not rebuild the purchase call because of this, and do not widen the limit to make this pass."
remedy      = "Send the Purchase from the server too for shoppers who agreed; report the rate of refusals beside the numbers, for those stay unseen."
owner       = "tracking"

[causes.other_event]
means       = "The sale was told under another name: an event of this visit carries the order's money, and its name is none that the plan counts as a Purchase. The platform books it as something else, and campaigns that bid for purchases learn nothing from it."
first_check = "Ask who chose that event: shops with payment on delivery often send PlaceAnOrder, SubmitForm or Lead on purpose."
not_yet     = "Do not add a Purchase beside it before that is answered; then one sale would be told twice, under two names."
remedy      = "Send the platform's own Purchase event; or, if the other one is meant, name it in the plan: events = { Purchase = [...] } of this platform, and let campaigns bid for it."
owner       = "tracking"

[causes.stood_still]
means       = "The orders without a Purchase were placed one after another in one stretch of time; before and after it they have theirs. In that time the sender stood still, or what records it did."
first_check = "Ask what happened at those hours: a release, a tag taken offline, a server or a collector of logs that was down."
not_yet     = "Do not put it down to ad blockers, which take a few orders of every hour, and do not judge campaigns by that day."
remedy      = "Find which of the two stood still. Hand in the missing log if there is one; else put an alarm on an hour without any Purchase."
owner       = "data"

[causes.never_fired]
means       = "The evidence covers this order, and no Purchase of it left for the platform, neither from the browser nor from the server."
first_check = "Open the thank-you page of a test order and see whether the purchase call runs and which order number it carries."
not_yet     = "Do not add a second purchase tag: if the first one wakes up again, every order counts twice."
remedy      = "Repair the purchase call on the page that follows a successful order, then place one test order."
owner       = "tracking"
*/
with open_orders as (
    -- An order of the day's traffic that the plan's datasets got a Purchase of needs no closer look.
    select
        order_id,
        platform
    from order_steps
    where step = 'Purchase'
      and (is_named or browser_events + server_events + refused_events = 0)
),
purchases as (
    -- On whatever dataset: one that went to a foreign pixel fired, and is another check's matter.
    select
        e.order_id,
        e.platform,
        sum(case when e.how <> 'probable' and not e.is_stopped then 1 else 0 end) as events,
        min(case when e.how <> 'probable' and not e.is_stopped then e.ref end) as ref,
        min(case when e.how <> 'probable' and not e.is_stopped then e.session end) as session,
        min(case when e.how = 'probable' then e.ref end) as probable_ref,
        min(case when e.is_stopped then e.ref end) as stopped_ref,
        min(case when e.is_stopped then e.net_error end) as stopped_by
    from open_orders o
    join order_events e on e.order_id = o.order_id and e.platform = o.platform
    where e.step = 'Purchase'
    group by e.order_id, e.platform
),
judged as (
    select
        s.order_id,
        s.platform,
        s.is_named,
        s.is_traffic,
        s.is_due,
        coalesce(p.session, s.session) as session,
        coalesce(p.events, 0) as events,
        p.ref,
        p.probable_ref,
        p.stopped_ref,
        p.stopped_by,
        case
            when p.events > 0 or s.browser_events + s.server_events + s.refused_events > 0 then true
            when s.is_due is null or u.is_rounded or p.probable_ref is not null or p.stopped_ref is not null then null
            when s.needs_browser and s.sees_browser and u.reason is null then false
            when s.needs_server and s.sees_server and not s.only_with_click then false
        end as ok,
        u.reason as unshown,
        coalesce(u.is_nameless, false) as is_nameless,
        coalesce(u.is_refused, false) as is_refused,
        coalesce(u.is_rounded, false) as is_rounded
    from order_steps s
    left join unshown_steps u on u.order_id = s.order_id and u.platform = s.platform and u.step = s.step
    left join purchases p on p.order_id = s.order_id and p.platform = s.platform
    where s.step = 'Purchase'
),
-- Events of the same visits that carry the order's money and are named like a sale.
stand_ins as (
    select
        j.platform,
        j.order_id,
        e.event_name,
        min(e.ref) as ref,
        count(distinct e.event_key) as events
    from judged j
    join order_sessions s on s.order_id = j.order_id
    join events e on e.session = s.session and e.platform = j.platform
    join order_amounts a on a.order_id = j.order_id
    where not j.ok
      and e.step is null
      and e.in_plan
      and e.value > 0
      and abs(e.value - a.amount) <= a.tolerance
      and lower(e.event_name) <> 'addpaymentinfo'
      and regexp_matches(lower(e.event_name), 'order|purchase|payment|sale|lead|submit|subscribe|regist|conversion')
    group by j.platform, j.order_id, e.event_name
),
told_otherwise as (
    select
        platform,
        order_id,
        string_agg(event_name, ', ' order by event_name) as names,
        sum(events) as events,
        min(ref) as ref
    from stand_ins
    group by platform, order_id
),
names_told as (
    select
        platform,
        string_agg(distinct event_name, ', ' order by event_name) as names,
        count(distinct order_id) as orders
    from stand_ins
    group by platform
),
methods as (
    -- A way of paying that owns every missing Purchase, at least two, while another way has all of its own.
    select
        j.platform,
        min(o.payment_method) as method
    from judged j
    join expected_orders o on o.order_id = j.order_id
    where not j.ok
    group by j.platform
    having count(*) >= 2
       and min(coalesce(o.payment_method, '')) = max(coalesce(o.payment_method, ''))
       and min(o.payment_method) is not null
),
-- Most orders of a day are paid in the usual way, lost ones too: a pattern takes half of those that were.
method_losses as (
    select m.platform
    from methods m
    join judged j on j.platform = m.platform
    join expected_orders o on o.order_id = j.order_id and o.payment_method = m.method
    where j.is_traffic
      and j.ok is not null
    group by m.platform
    having sum(case when j.ok then 0 else 1 end) * 2 >= count(*)
),
other_methods as (
    select distinct m.platform
    from methods m
    join judged j on j.platform = m.platform
    join expected_orders o on o.order_id = j.order_id
    where j.ok
      and o.payment_method is not null
      and o.payment_method <> m.method
),
last_sold as (
    select
        j.platform,
        max(o.due_at) as last_at
    from judged j
    join expected_orders o on o.order_id = j.order_id
    where j.is_traffic
      and j.ok
    group by j.platform
),
counts as (
    select
        j.platform,
        count(*) as judged_count,
        sum(case when j.ok then 0 else 1 end) as missing_count,
        -- Orders in a row, up to the last one, of which the first is no longer waited for.
        case when coalesce(min(case when not j.ok and o.due_at > l.last_at then o.due_at end) < min(a.since), true)
            then sum(case when not j.ok and o.due_at > l.last_at then 1 else 0 end) else 0 end as tail_count,
        min(l.last_at) as last_at
    from judged j
    join expected_orders o on o.order_id = j.order_id
    left join last_sold l on l.platform = j.platform
    left join awaited_orders a on a.platform = j.platform and a.side = 'both'
    where j.is_traffic
      and j.ok is not null
    group by j.platform
),
first_orders as (
    select
        j.platform,
        min(o.ref) as ref
    from judged j
    join expected_orders o on o.order_id = j.order_id
    where j.is_traffic
      and not j.ok
    group by j.platform
),
-- Whether the visits of the lost orders were seen: events that name one of them, or checkouts that stayed without an order.
named_losses as (
    select
        j.platform,
        count(*) as orders
    from judged j
    join order_sessions t on t.order_id = j.order_id
    where j.is_traffic
      and not j.ok
    group by j.platform
),
checkouts as (
    select
        e.platform,
        count(distinct case when t.session is null then e.session end) as open_visits,
        count(distinct case when t.session is not null then e.session end) as ordered_visits
    from sent_events e
    left join order_sessions t on t.session = e.session
    where e.step = 'InitiateCheckout'
      and e.channel = 'browser'
      and e.platform in (select platform from counts where missing_count > 0)
    group by e.platform
),
unseen_losses as (
    select c.platform
    from counts c
    join checkouts k on k.platform = c.platform
    left join named_losses n on n.platform = c.platform
    where n.platform is null
      and k.open_visits * 10 <= c.missing_count
      -- a log that tells checkouts from other pages
      and k.ordered_visits * 2 >= c.judged_count - c.missing_count
),
shares as (
    select
        c.platform,
        c.judged_count,
        c.missing_count,
        c.tail_count,
        c.last_at,
        f.ref,
        case
            when t.orders * 2 > c.missing_count then 'other_event'
            when o.platform is not null and h.platform is not null then 'payment_method_pattern'
            when p.is_unlikely and p.is_over then 'never_fired'
            when p.is_unlikely and p.is_of_paying then 'payment_method_pattern'
            when p.run_count is not null and not p.is_over then 'stood_still'
            when p.is_unlikely then 'never_fired'
            -- What ends at one moment was switched off.
            when u.platform is not null and coalesce(c.tail_count, 0) < 10 then 'unseen_visit'
            else 'never_fired'
        end as found_cause,
        m.method,
        t.names,
        p.told as stretch,
        coalesce(p.is_unlikely, false) as is_unlikely,
        coalesce(p.is_over, false) as is_over
    from counts c
    left join missing_patterns p on p.platform = c.platform and p.step = 'Purchase' and p.side = 'both' and p.missing = c.missing_count
    left join names_told t on t.platform = c.platform
    left join first_orders f on f.platform = c.platform
    left join methods m on m.platform = c.platform
    left join other_methods o on o.platform = c.platform
    left join method_losses h on h.platform = c.platform
    left join unseen_losses u on u.platform = c.platform
),
explained as (
    select
        j.*,
        d.ref as order_ref,
        d.doubt,
        d.due_at,
        c.is_beside,
        m.method,
        t.names,
        t.events as other_events,
        t.ref as told_ref,
        case
            when j.ok then null
            when t.order_id is not null then 'other_event'
            when j.ok = false and o.platform is not null then 'payment_method_pattern'
            when j.ok = false then 'never_fired'
            when j.is_due is not null and j.is_rounded and j.probable_ref is null and j.stopped_ref is null then 'rounded_ids'
            when j.is_due is not null and j.is_refused and j.probable_ref is null and j.stopped_ref is null then 'consent_refused'
            when j.is_due is not null and j.probable_ref is null and j.stopped_ref is null and not j.is_nameless and d.due_at is not null
                then 'not_in_capture_window'
        end as found_cause
    from judged j
    join expected_orders d on d.order_id = j.order_id
    join order_coverage c on c.order_id = j.order_id and c.platform = j.platform
    left join methods m on m.platform = j.platform
    left join other_methods o on o.platform = j.platform
    left join told_otherwise t on t.order_id = j.order_id and t.platform = j.platform
    where j.is_named
),
absent_orders as (
    select distinct t.order_key
    from plan_test_orders t
    left join order_keys k on k.key = t.order_key
    where k.key is null
),
-- A prefix, zeros or capitals more or less: whoever wrote the plan likely meant this one.
other_forms as (
    select
        a.order_key,
        coalesce(min(case when lower(k.key) = lower(a.order_key) then k.order_id end), min(k.order_id)) as order_id
    from absent_orders a
    join order_keys k
        on sole_number(k.key) = sole_number(a.order_key)
        or lower(k.key) = lower(a.order_key)
    where k.kind <> 'token'
      and exists (select 1 from absent_orders)
    group by a.order_key
    having count(distinct k.order_id) = 1
        or count(distinct case when lower(k.key) = lower(a.order_key) then k.order_id end) = 1
)
select
    platform,
    'Purchase' as step,
    order_id as subject,
    order_id,
    session,
    ok,
    'a Purchase from the browser or the server' as expected,
    case
        when ok then events || ' sent'
        when is_due is null then 'none; ' || doubt
        when probable_ref is not null then 'none that names it; one Purchase fits in money or time'
        when stopped_by is not null then 'the browser tried and was stopped (' || stopped_by || ')'
        when stopped_ref is not null then 'the browser sent one, and no answer was recorded: it arrived or was stopped'
        when ok is null and due_at is null then 'none; the export gives no time that could be compared'
        when ok is null and unshown is not null then 'none; ' || unshown
        when ok is null and platform = 'snackvideo' then 'none; SnackVideo''s browser call cannot be read from a HAR, and no pixel log covers the order'
        when ok is null and is_beside then 'none; the capture that ran then is of another order'
        when ok is null then 'none; no capture or log covers ' || told_time(due_at, '%Y-%m-%d %H:%M')
        when found_cause = 'other_event' then 'none; the order''s money left as ' || names || ', ' || other_events
            || case when other_events = 1 then ' event' else ' events' end
        when found_cause = 'payment_method_pattern' then 'none; paid by ' || method || ', like every order that lacks one'
        else 'none'
    end as actual,
    found_cause as cause,
    cast(null as varchar) as severity,
    coalesce(ref, order_ref) as ref,
    coalesce(probable_ref, stopped_ref, told_ref) as other_ref
from explained
union all
select
    s.platform,
    'Purchase',
    'traffic',
    cast(null as varchar),
    cast(null as varchar),
    case
        when s.is_unlikely then false
        when s.missing_count <= s.judged_count * l.amount then true
        when s.judged_count >= 20 then false
    end,
    'at most ' || number_text(round(100 * l.amount, 1)) || ' % of orders without a Purchase'
        || case when s.is_unlikely then ', and nothing they have in common' else '' end,
    s.missing_count || ' of ' || counted(s.judged_count, 'order') || ' (' || number_text(round(100.0 * s.missing_count / s.judged_count, 1)) || ' %)'
        || case when s.found_cause = 'other_event' then ', told as ' || s.names
            when s.is_unlikely and not s.is_over then s.stretch
            when s.found_cause = 'stood_still' and s.missing_count > s.judged_count * l.amount then s.stretch
            when s.found_cause = 'payment_method_pattern' then ', all paid by ' || s.method
            when s.found_cause = 'unseen_visit' and s.missing_count > s.judged_count * l.amount then ', of which no visit was seen' else '' end
        || case when s.tail_count >= 10 and (s.is_over or s.missing_count > s.judged_count * l.amount) then '; none of the last ' || s.tail_count || ', after ' || told_time(s.last_at, '%Y-%m-%d %H:%M') else '' end
        || case when s.judged_count < 20 and s.missing_count > 0 then ', too few to tell a share' else '' end,
    case when s.is_unlikely or (s.missing_count > s.judged_count * l.amount and s.judged_count >= 20) then s.found_cause end,
    -- A few percent are blockers and closed tabs. Neither side sends nothing by chance of most orders, of ten in a row up to the last
    -- one, of every order that one way of paying took, or of what is told under another name. Within the share of the plan only an end
    -- is more than a warning.
    case
        when s.is_over and s.is_unlikely then 'blocker'
        when s.judged_count >= 20 and s.missing_count > s.judged_count * l.amount
            and (s.missing_count * 2 > s.judged_count or s.tail_count >= 10
                or (s.found_cause in ('payment_method_pattern', 'other_event') and s.missing_count >= 5)) then 'blocker'
        else 'warning'
    end,
    s.ref,
    cast(null as varchar)
from shares s
join plan_limits l on l.name = 'missing_share'
union all
select
    p.platform,
    'Purchase',
    a.order_key,
    cast(null as varchar),
    cast(null as varchar),
    cast(null as boolean),
    'the test order in the export, with its Purchase',
    'the plan lists ' || a.order_key || ' as a test order, the export does not hold it'
        || coalesce('; it holds ' || f.order_id || ': if that is the same order, write it so in the plan', ''),
    'not_in_export',
    cast(null as varchar),
    'audit.toml',
    cast(null as varchar)
from absent_orders a
cross join plan_platforms p
left join other_forms f on f.order_key = a.order_key

/*
title    = "Only orders that are a sale have a Purchase"
failure  = "A Purchase was sent for an order that was no sale, or not yet one, when it left"
facet    = "chain"
severity = "blocker"
needs    = ["orders"]
why      = """
Spam, orders of the shop's own test mode, cancelled ones, those whose payment failed and, where the plan counts payments, unpaid
ones bring no money. Each of them reported as a Purchase teaches the campaign to find more of the same, and the platform's revenue
stays above the shop's. An order that was cancelled only later is normal business and merely noted.
"""

own_is_open  = true
means       = "The order is no sale today, and the export does not say whether it already was none when the Purchase left."
first_check = "Open the order in the shop's admin and read when it was cancelled or paid."
not_yet     = "Do not treat this as passed or as a fault before its time is known."
remedy      = "Use an export that holds the time of cancellation and payment."
owner       = "store"

[causes.spam]
means       = "The shop marks this order as spam, and a Purchase was sent for it."
first_check = "Look whether the storefront reads the spam mark in the checkout's answer before it sends the event."
not_yet     = "Do not block countries or ages in the campaign; it finds spammers because they are reported to it as buyers."
remedy      = "Send no Purchase, from either side, while the answer marks the order as spam."
owner       = "tracking"

[causes.test]
means       = "The shop flags this order as a test of its own, and a Purchase was sent for it."
first_check = "Look who placed it, and whether the shop's payment test mode was still on."
not_yet     = "Do not leave the test mode on and subtract later: the platform has already counted."
remedy      = "Place launch tests as real orders listed in the plan, and keep the pixel out of the shop's test mode."
owner       = "store"

[causes.cancelled]
means       = "The order had been cancelled before its Purchase left, or was cancelled afterwards where this is only a note."
first_check = "Compare the time of cancellation with the time of the Purchase that the finding shows, then look for a queue or a revisited thank-you page that sends late."
not_yet     = "Do not ask the platform to delete conversions one by one; new ones keep coming."
remedy      = "Let the sender ask for the order's state right before it sends, and stay silent for cancelled ones."
owner       = "data"

[causes.failed]
means       = "The payment of this order failed, and the platform got a Purchase of it all the same."
first_check = "Compare the time of the Purchase with the order's notes: was the payment refused before it left, or only later?"
not_yet     = "Do not count this order as a sale when the campaign is judged."
remedy      = "Send the Purchase only once the payment is confirmed or the order stands; a page that is also shown after a refused card must stay silent."
owner       = "data"

[causes.unplaced]
failure     = "A Purchase was sent for an order that may never have been placed"
means       = "The shop lists this order as incomplete, abandoned or a draft: it was begun and, as far as the export says, never placed."
first_check = "Open the order in the shop's admin: did the buyer finish it after the export, or did the Purchase leave on the way to the payment?"
not_yet     = "Do not count this order as a sale when the campaign is judged."
remedy      = "Fire the Purchase on the page, or from the backend call, that follows the placed order; what shows before the payment must stay silent."
owner       = "tracking"

[causes.authorised]
means       = "The plan counts payments. This order's was authorised and, when it was exported, not captured: the money is held and not yet the shop's."
first_check = "Ask who wrote the plan whether an authorised payment counts; shops that capture at dispatch usually mean it to."
not_yet     = "Do not call these sales unpaid, and do not move the Purchase to the capture before that is answered."
remedy      = "Name order_created in the plan if an authorisation is enough; else export again after the capture, with its time."
owner       = "store"

[causes.paid_in_part]
means       = "The plan counts payments. Of this order a part was paid when it was exported, a deposit or a first instalment, and the rest was open."
first_check = "Ask who wrote the plan whether the deposit or the full payment is the sale."
not_yet     = "Do not call this order unpaid, and do not lower its value by hand."
remedy      = "Name order_created in the plan if the deposit is the sale; else export again once the rest is paid, with its time."
owner       = "store"

[causes.unpaid]
means       = "The plan counts paid orders only, this order was never paid, and a Purchase was sent for it."
first_check = "Look which page or backend step fires the Purchase: it comes with the order, not with the payment."
not_yet     = "Do not raise budget on this return: part of it was never paid."
remedy      = "Fire the Purchase from the payment confirmation, or agree on order_created as the point that counts."
owner       = "data"
*/
with sends as (
    select
        event_key,
        order_id,
        platform,
        dataset,
        session,
        ref,
        event_name,
        case when platform <> 'snackvideo' and event_id <> '' then event_id end as event_id,
        coalesce(event_at, seen_at) as happened_at
    from sent_events
    where step = 'Purchase'
      and order_id is not null
      and accepted is not false
),
firsts as (
    select
        s.order_id,
        s.platform,
        s.dataset,
        s.event_name,
        s.event_id,
        min(s.happened_at) as first_at
    from (select distinct order_id from orders where is_cancelled) c
    join sends s on s.order_id = c.order_id
    where s.event_id is not null
    group by s.order_id, s.platform, s.dataset, s.event_name, s.event_id
),
-- What names no pixel, such as a relay's request, may be for each.
earlier as (
    select
        s.event_key,
        min(f.first_at) as first_at
    from sends s
    join firsts f
        on f.order_id = s.order_id
       and f.platform = s.platform
       and f.event_name = s.event_name
       and f.event_id = s.event_id
       and coalesce(f.dataset = s.dataset, true)
    group by s.event_key
),
-- Within its window a platform takes one more copy of an id for the Purchase it has: a thank-you page opened again is no new one.
purchases as (
    select
        s.order_id,
        s.platform,
        min(s.session) as session,
        max(case
            when epoch(s.happened_at) - epoch(f.first_at) <= w.amount then f.first_at
            else s.happened_at
        end) as last_at,
        min(s.ref) as ref,
        count(*) as events
    from sends s
    join plan_limits w on w.name = 'dedup_window_s'
    left join earlier f on f.event_key = s.event_key
    group by s.order_id, s.platform
),
listed as (
    select distinct k.order_id
    from plan_test_orders t
    join order_keys k on k.key = t.order_key
),
unplaced as (
    select status
    from (select distinct status from orders) words
    where is_unplaced(status)
),
states as (
    select
        o.order_id,
        min(o.ref) as ref,
        bool_or(o.is_spam) as is_spam,
        bool_or(o.is_test) as is_test,
        bool_or(o.is_cancelled) as is_cancelled,
        bool_or(in_trash(o.status)) as is_trashed,
        bool_or(o.is_failed) as is_failed,
        bool_or(u.status is not null and o.is_paid is distinct from true) as is_unplaced,
        min(o.cancelled_at) as cancelled_at,
        min(l.conversion_point) = 'payment_confirmed' as counts_payments,
        bool_or(o.is_paid) as is_paid,
        min(o.paid_at) as paid_at,
        min(case
            when lower(o.payment_status) in ('authorized', 'authorised') then 'authorised'
            when lower(o.payment_status) in ('partially_paid', 'partially paid', 'partially-paid') then 'paid_in_part'
        end) as half_payment,
        max(case when t.order_id is not null then 1 else 0 end) = 1 as is_listed
    from orders o
    cross join launch l
    left join listed t on t.order_id = o.order_id
    left join unplaced u on u.status = o.status
    group by o.order_id
),
subjects as (
    select order_id, platform from purchases
    union
    select s.order_id, p.platform
    from states s
    cross join plan_platforms p
    where s.is_spam or s.is_test or s.is_cancelled
),
judged as (
    select
        u.platform,
        u.order_id,
        p.session,
        p.last_at,
        p.events,
        p.ref,
        s.ref as order_ref,
        s.is_listed,
        s.cancelled_at,
        s.counts_payments and s.is_paid is null and s.paid_at is null as payment_unknown,
        s.is_cancelled and s.cancelled_at is null as cancel_unknown,
        s.is_trashed,
        s.is_cancelled and s.cancelled_at > p.last_at + interval 60 seconds as cancelled_later,
        -- the clocks of two files may differ by a minute
        coalesce(s.is_cancelled and s.cancelled_at > p.last_at and s.cancelled_at <= p.last_at + interval 60 seconds, false) as cancelled_at_once,
        case
            when p.order_id is null then null
            when s.is_spam then 'spam'
            when s.is_test then 'test'
            when s.is_cancelled then 'cancelled'
            -- Paid later: the Purchase ran ahead of the payment, which is another check's matter.
            when s.counts_payments and s.is_paid is distinct from true and s.paid_at is null and s.half_payment is not null
                then s.half_payment
            -- Of a payment that failed no time need be told: what counts payments waits for one that came.
            when s.counts_payments and (s.is_paid = false or s.is_failed) and s.paid_at is null then 'unpaid'
            when s.is_failed then 'failed'
            when s.is_unplaced then 'unplaced'
        end as reason
    from subjects u
    join states s on s.order_id = u.order_id
    left join purchases p on p.order_id = u.order_id and p.platform = u.platform
),
answered as (
    select
        *,
        case
            when events is null then true
            when reason = 'cancelled' and (cancel_unknown or cancelled_at_once) then null
            when reason is not null then false
            when payment_unknown then null
            else true
        end as ok
    from judged
)
select
    platform,
    'Purchase' as step,
    order_id as subject,
    order_id,
    session,
    ok,
    case
        when reason is null then 'an order that is a sale'
        when reason in ('authorised', 'paid_in_part') then 'an order that is paid'
        else 'no Purchase for this order'
    end as expected,
    case
        when ok and ref is null then 'none sent'
        when ok then 'sent for a sale'
        when reason = 'spam' then 'sent, the shop marks the order as spam'
        when reason = 'test' then 'sent, the shop flags the order as a test' || case when is_listed then '; the plan lists it as one of its own' else '' end
        when reason = 'cancelled' and cancel_unknown and is_trashed then 'sent; the order lies in the shop''s trash, the export does not say since when'
        when reason = 'cancelled' and cancel_unknown then 'sent; the order is cancelled, the export does not say since when'
        when reason = 'cancelled' and cancelled_later
            then 'sent; cancelled only later, ' || told_time(cancelled_at, '%Y-%m-%d %H:%M')
        when reason = 'cancelled' and cancelled_at_once
            then 'sent ' || clock_time(last_at, '%H:%M:%S') || ', cancelled ' || told_time(cancelled_at, '%H:%M:%S')
                || ': the clocks of two files may differ by as much'
        when reason = 'cancelled'
            then 'sent ' || clock_time(last_at, '%Y-%m-%d %H:%M') || ', cancelled ' || told_time(cancelled_at, '%Y-%m-%d %H:%M')
        when reason = 'authorised' then 'sent; the export says authorised, not captured'
        when reason = 'paid_in_part' then 'sent; the export says paid in part'
        when reason = 'unpaid' then 'sent, the order was never paid'
        when reason = 'failed' then 'sent; the payment of the order failed, the export does not say when'
        when reason = 'unplaced' then 'sent; by its status in the export the order was never placed'
        else 'sent; the export does not say whether the order was paid'
    end as actual,
    case when ok is not true then reason end as cause,
    -- Whether the payment failed before the Purchase left, or days after it, the export does not say; nor whether a draft was placed since.
    case
        when ok = false and reason in ('failed', 'unplaced') then 'warning'
        -- Held or begun: whether that is a payment is the plan's to say.
        when ok = false and reason in ('authorised', 'paid_in_part') then 'warning'
        -- A sale cancelled afterwards, and a test the plan itself asked for, put no reported number in doubt.
        when ok = false and (reason = 'cancelled' and cancelled_later or reason = 'test' and is_listed) then 'note'
    end as severity,
    coalesce(ref, order_ref) as ref,
    case when ref is not null then order_ref end as other_ref
from answered

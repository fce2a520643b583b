/*
title    = "Every event follows what it reports"
failure  = "An event left before the thing it reports had happened"
facet    = "chain"
severity = "blocker"
severity_other_steps = "warning"
follows  = ["event_time_out_of_range"]
needs    = ["orders or actions"]
why      = """
A Purchase that fires when the button is pressed also counts the orders that then fail: card declined, out of stock, double click.
An AddToCart before the cart has answered counts carts that never were. The platform pays attention to people who did nothing, and
the reported numbers stay above the shop's for good.
"""

own_is_open  = true
means       = "Neither the storefront's own call nor the order's time is in the evidence, so what came first cannot be told."
first_check = "Look whether the order export has a creation time with a time zone, or the plan names the zone."
not_yet     = "Do not treat this as passed."
remedy      = "Set launch.timezone in the plan, or record the order in a HAR that holds the storefront's own calls."
owner       = "tracking"

[causes.before_action]
means       = "The event left before the storefront's own call had succeeded; it fires on the click, not on the result."
first_check = "Look whether the event call stands before the storefront request in the code, or beside it without waiting."
not_yet     = "Do not subtract a percentage from the reports: how many of these fail changes with every campaign."
remedy      = "Send the event after the storefront has answered with success, then repeat one test order."
owner       = "tracking"

[causes.action_failed]
failure     = "An event was sent for an act that the shop refused"
means       = "The storefront refused the action, and the event was sent all the same."
first_check = "Repeat the refused action (sold-out variant, invalid address) and watch whether the event still leaves."
not_yet     = "Do not read the event's number as demand: part of it is error messages."
remedy      = "Send the event only after an answer that says success."
owner       = "tracking"

[causes.before_order]
means       = "The Purchase is older than the order it names: it was sent before the shop had created the order."
first_check = "See which page the Purchase fires on: a checkout or payment page instead of the page after the order."
not_yet     = "Do not judge return on ad spend: abandoned payments are in it."
remedy      = "Fire the Purchase on the page, or from the backend call, that follows the created order."
owner       = "tracking"

[causes.clock_differs]
failure     = "A clock is wrong: a Purchase seems older than its order"
means       = "By the clock of one file the Purchase is older than the order it names, and by its other copy, its id or its page it is not: the clocks differ, and what came first cannot be told."
first_check = "Compare the clock of the device or server that the finding names with a clock of the internet, such as time.is."
not_yet     = "Do not move the purchase call because of this: nothing proves that it runs too early."
remedy      = "Set that clock by network time, then record one more test order."
owner       = "tracking"

[causes.before_payment]
means       = "The plan counts paid orders only, and this Purchase was sent before the payment arrived."
first_check = "Look whether the storefront fires Purchase at order creation although the plan says payment_confirmed."
not_yet     = "Do not change the plan to make this pass, unless the team really wants to count unpaid orders."
remedy      = "Send the Purchase from the payment confirmation, or settle on order_created in the plan and with the media team."
owner       = "data"
*/
with credible_times as (
    -- A claimed time that event_time_out_of_range refuses proves nothing here; when the event was seen leaving does.
    select
        e.event_key,
        e.platform,
        e.channel,
        e.step,
        e.session,
        e.ref,
        e.order_id,
        e.order_key,
        e.event_id,
        e.source,
        e.page_url,
        e.seen_at,
        e.event_time_sent is null as is_seen_only,
        case
            when e.event_at is null or u.event_key is not null or w.event_key is not null then e.seen_at
            when s.has_zone = false and e.event_time_sent is not null then e.event_at
            when e.event_at < e.seen_at - interval 7 days or e.event_at > e.seen_at + interval 5 minutes then e.seen_at
            else happened(e.channel, e.event_at, e.seen_at)
        end as happened_at,
        -- A clock of an unknown zone is at most fourteen hours away.
        case
            when s.has_zone = false and (e.event_time_sent is null or names_no_zone(e.event_time_sent)) then 50400
            else 0
        end as doubt_s
    from sent_events e
    left join sources s on s.source = e.source
    left join untrue_times u on u.event_key = e.event_key
    left join borrowed_times w on w.event_key = e.event_key
    where e.step in ('AddToCart', 'Purchase')
      -- There is an order or a call of the storefront to compare it with.
      and (
          (e.step = 'Purchase' and e.order_id is not null)
          or e.event_key in (select event_key from action_claims)
      )
),
timed as (
    select
        *,
        -- A time in whole seconds was cut: it may have been up to a second later.
        case when happened_at = date_trunc('second', happened_at)
            then happened_at + interval 999 milliseconds else happened_at end as latest_at
    from credible_times
),
action_answers as (
    -- Best first: an action that had succeeded, one that was under way or not begun, one that had failed. The answer's last
    -- byte counts as its end in a capture, though the page may act on its first: a tenth of a second is allowed for that. Two
    -- files' clocks may differ by a minute.
    select
        t.event_key,
        c.action_ref,
        c.started_at,
        c.finished_at,
        c.status,
        case
            when (c.status >= 400 or c.status = 0) and t.latest_at >= c.finished_at - interval 100 milliseconds then 'failed'
            when not c.one_clock then 'done'
            when t.latest_at >= c.started_at and t.latest_at >= c.finished_at - interval 100 milliseconds then 'done'
            else 'early'
        end as outcome
    from timed t
    join action_claims c on c.event_key = t.event_key
),
best_answers as (
    select
        *,
        row_number() over (
            partition by event_key
            order by case outcome when 'done' then 0 when 'early' then 1 else 2 end, finished_at, action_ref
        ) as nth
    from action_answers
),
order_times as (
    select
        o.order_id,
        min(o.created_at) as created_at,
        min(o.paid_at) as paid_at,
        min(o.ref) as ref,
        min(o.source) as source,
        min(l.conversion_point) as conversion_point
    from orders o
    cross join launch l
    group by o.order_id
),
judged as (
    select
        t.*,
        a.action_ref,
        a.started_at,
        a.finished_at,
        a.status,
        a.outcome,
        o.created_at,
        o.paid_at,
        o.conversion_point,
        o.ref as order_ref,
        o.source as order_source,
        case
            when a.outcome = 'early' then 'before_action'
            when a.outcome = 'failed' then 'action_failed'
            when epoch(t.latest_at) < epoch(o.created_at) - 60 - t.doubt_s then 'before_order'
            when o.conversion_point = 'payment_confirmed' and epoch(t.latest_at) < epoch(o.paid_at) - 60 - t.doubt_s
                then 'before_payment'
        end as found_cause,
        a.outcome is not null
            or (t.step = 'Purchase' and o.created_at is not null and (o.conversion_point = 'order_created' or o.paid_at is not null)
                and (t.doubt_s = 0 or t.latest_at >= o.created_at - interval 60 seconds))
            as is_told
    from timed t
    left join best_answers a on a.event_key = t.event_key and a.nth = 1
    left join order_times o on o.order_id = t.order_id and t.step = 'Purchase'
    where a.event_key is not null
       or o.order_id is not null
),
-- Where each browser writes its own time into the log of a day, one or the other of many is wrong by hours.
own_clocks as (
    select
        j.source,
        j.platform
    from judged j
    join expected_orders x on x.order_id = j.order_id
    where j.step = 'Purchase'
      and j.channel = 'browser'
      and x.is_traffic
    group by j.source, j.platform
    having count(*) >= 20
       and count(case when j.found_cause = 'before_order' then 1 end) * 20 <= count(*)
),
-- Five minutes are what a clock nobody sets may be off; more where the visit's other events show by how much.
suspects as (
    select
        j.*,
        epoch(j.latest_at) < epoch(j.created_at) - 300 as is_far,
        c.shift_s
    from judged j
    left join clock_shifts c on c.session = j.session and c.source = j.source
    left join own_clocks w on w.source = j.source and w.platform = j.platform
    where j.found_cause = 'before_order'
      and ((j.conversion_point = 'order_created' and j.channel = 'browser' and w.source is not null)
        or (epoch(j.latest_at) + greatest(300, coalesce(c.shift_s, 0)) >= epoch(j.created_at)
          and (j.conversion_point = 'order_created' or epoch(j.latest_at) + greatest(300, coalesce(c.shift_s, 0)) >= epoch(j.paid_at))))
),
copies as (
    select
        s.event_key,
        s.session,
        s.source,
        s.created_at,
        s.is_far,
        p.server_key as other_key
    from suspects s
    join event_pairs p on p.browser_key = s.event_key
    where p.kind = 'exact'
    union all
    select
        s.event_key,
        s.session,
        s.source,
        s.created_at,
        s.is_far,
        p.browser_key
    from suspects s
    join event_pairs p on p.server_key = s.event_key
    where p.kind = 'exact'
),
other_times as (
    select
        c.event_key,
        c.session,
        c.source,
        o.source as other_source,
        o.channel as other_channel,
        c.created_at,
        c.is_far,
        -- A time taken over from the page is the page's.
        case when w.event_key is not null then o.seen_at else coalesce(o.event_at, o.seen_at) end as other_at,
        row_number() over (
            partition by c.event_key
            order by case when w.event_key is not null then o.seen_at else coalesce(o.event_at, o.seen_at) end desc, o.event_key
        ) as nth
    from copies c
    join events o on o.event_key = c.other_key
    left join borrowed_times w on w.event_key = o.event_key
),
later_copies as (
    select *
    from other_times
    where nth = 1
      -- A minute is what two right clocks may differ by, nothing beside an hour.
      and epoch(other_at) + 0.999 >= epoch(created_at) - case when is_far then 60 else 0 end
      and source <> other_source
),
-- What the file's own clock says against it: it is early by that clock too, or that clock is right.
on_time as (
    -- Another event of the visit that both files saw at the same moment.
    select l.event_key
    from later_copies l
    join events b on b.session = l.session and b.source in (l.source, l.other_source) and b.channel = 'browser'
    join event_pairs p on p.browser_key = b.event_key and p.kind = 'exact'
    join events o on o.event_key = p.server_key and o.source in (l.source, l.other_source) and o.source <> b.source
    where abs(epoch(o.seen_at) - epoch(b.seen_at)) <= 30
    union
    -- The same file has another Purchase of the order, and in time: by the same clock, where the suspect has no other.
    select s.event_key
    from suspects s
    join judged j on j.order_id = s.order_id and j.source = s.source and j.session = s.session
    where case when s.is_seen_only then j.seen_at + interval 999 milliseconds else j.latest_at end >= s.created_at
      and case when s.is_seen_only then j.seen_at else j.latest_at end <= s.created_at + interval 5 minutes
    union
    -- The visit's checkout began after it.
    select s.event_key
    from suspects s
    join sent_events c on c.session = s.session and c.source = s.source and c.step = 'InitiateCheckout'
    group by s.event_key
    having min(epoch(coalesce(c.event_at, c.seen_at)) - epoch(s.latest_at)) > 0
),
early_copies as (
    select distinct event_key
    from other_times
    where epoch(other_at) + 0.999 < epoch(created_at) - 60
),
named as (
    -- The order's key in the event's id or page, where no order was before it had one.
    select
        s.event_key,
        case when regexp_matches(' ' || s.event_id || ' ', '[^A-Za-z0-9]' || regexp_escape(s.order_key) || '[^A-Za-z0-9]') then 'event_id'
            else 'page' end as place
    from suspects s
    join order_keys k on k.order_id = s.order_id and k.key = s.order_key
    left join early_copies e on e.event_key = s.event_key
    where e.event_key is null
      and k.kind <> 'token'  -- a checkout has its token before the order
      and regexp_matches(
          ' ' || coalesce(s.event_id, '') || ' ' || coalesce(s.page_url, '') || ' ',
          '[^A-Za-z0-9]' || regexp_escape(s.order_key) || '[^A-Za-z0-9]')
),
doubts as (
    select
        s.event_key,
        min(l.other_at) as other_at,
        min(l.other_channel) as other_channel,
        min(l.other_source) as other_source,
        min(n.place) as place
    from suspects s
    left join later_copies l on l.event_key = s.event_key
    left join named n on n.event_key = s.event_key
    left join on_time t on t.event_key = s.event_key
    where t.event_key is null
      -- Far off, both have to say so: a job that gives each event its own hour looks like a clock.
      and case when s.is_far then (l.event_key is not null or s.shift_s is not null) and n.event_key is not null
               else l.event_key is not null or n.event_key is not null end
    group by s.event_key
),
sends as (
    -- The copies of one send are one subject; its worst copy speaks for it.
    select
        j.* exclude (found_cause),
        case when d.event_key is not null then 'clock_differs' else j.found_cause end as found_cause,
        d.other_at,
        d.other_channel,
        d.other_source,
        d.place,
        not j.is_told and j.created_at is not null and j.conversion_point = 'payment_confirmed' and j.paid_at is null as is_unpaid,
        coalesce(case when j.step = 'Purchase' then coalesce(j.order_id, j.order_key) end, j.event_id, j.ref) as unit
    from judged j
    left join doubts d on d.event_key = j.event_key
),
ranked as (
    select
        *,
        row_number() over (
            partition by platform, step, unit
            order by case when found_cause <> 'clock_differs' then 0 when found_cause is not null then 1 when is_told then 2 else 3 end,
                case channel when 'browser' then 0 else 1 end, happened_at, event_key
        ) as nth
    from sends
)
select
    platform,
    step,
    unit as subject,
    order_id,
    session,
    case when found_cause = 'clock_differs' then null when found_cause is not null then false when is_told then true end as ok,
    case
        when found_cause in ('before_action', 'action_failed') or (found_cause is null and outcome is not null)
            then 'after the storefront''s ' || case step when 'AddToCart' then 'cart' else 'checkout' end || ' call succeeded'
                || case when found_cause = 'before_action' then ' (answered ' || told_time(finished_at, '%H:%M:%S.%g') || ')' else '' end
        when found_cause = 'before_payment' then 'after the payment of ' || told_time(paid_at, '%Y-%m-%d %H:%M:%S')
        when is_unpaid then 'after the payment of its order'
        else 'after the order was created' || coalesce(' (' || told_time(created_at, '%Y-%m-%d %H:%M:%S') || ')', '')
    end as expected,
    case
        when found_cause = 'before_action' then 'sent by the ' || channel || ' at ' || told_time(happened_at, '%H:%M:%S.%g')
        when found_cause = 'action_failed' then 'the call failed (' || status || '), the event was sent all the same'
        when other_at is not null then channel || ' copy at ' || told_time(happened_at, '%Y-%m-%d %H:%M:%S') || ' by the clock of ' || source
            || ', ' || other_channel || ' copy at ' || clock_time(other_at, '%H:%M:%S') || ' by that of ' || other_source || ': the clocks differ'
        when found_cause = 'clock_differs' then 'sent by the ' || channel || ' at ' || told_time(happened_at, '%Y-%m-%d %H:%M:%S')
            || ' by the clock of ' || source || ', though its ' || place || ' names the order already: that clock and the one of '
            || coalesce(order_source, 'the export') || ' differ'
        when found_cause is not null then 'sent by the ' || channel || ' at ' || told_time(happened_at, '%Y-%m-%d %H:%M:%S')
        when is_told then 'sent at ' || told_time(happened_at, '%H:%M:%S')
        when doubt_s > 0 then 'sent at ' || strftime(happened_at, '%H:%M:%S') || ' in a time zone that nothing names for this log'
        when is_unpaid then 'sent at ' || told_time(happened_at, '%H:%M:%S') || '; the export gives no time of a payment'
        else 'sent at ' || told_time(happened_at, '%H:%M:%S') || '; the export gives no time to compare with'
    end as actual,
    found_cause as cause,
    ref,
    coalesce(action_ref, order_ref) as other_ref
from ranked
where nth = 1

/*
title    = "Shop, GA4, server and platforms agree day by day"
failure  = "Two sources count a day differently, by more than the plan allows"
facet    = "reconciliation"
severity = "warning"
deciding = true
follows  = ["value_mismatch", "currency_mismatch", "missing_value", "missing_currency", "invalid_value", "invalid_currency"]
needs    = ["totals"]
why      = """
Whoever reads the weekly numbers sees shop, GA4, server and ad platforms side by side and must be able to say why they differ. Shop,
GA4 and server count the same orders and should agree. An ad platform never equals the orders by nature: it credits only the sales it
claims for its ads, so fewer is normal there, and more is not. Days are the plan's, in its time zone.
"""

own_is_open  = true
means       = "For this day only one side is known, so there is nothing it could be compared with."
first_check = "Look which of the four is missing for this day: the order export, the shop's own total, GA4 or the server's count."
not_yet     = "Do not treat the day as reconciled."
remedy      = "Hand in a second source for the same day: the whole order export, or one more line in the totals file."
owner       = "media"

[causes.excluded_orders]
means       = "The difference is as large as the day's orders that are left out here: spam, tests, till and draft orders, cancelled before they were placed."
first_check = "Look which of the two reports has a filter for these orders and which has none."
not_yet     = "Do not ask for a tracking repair; both sides may be right about different things."
remedy      = "Agree on one rule for which orders count and filter both reports by it, or accept the gap with a waiver."
owner       = "store"

[causes.duplicates]
means       = "One side counts orders more than once: it stands at a whole multiple, or as far above as the orders the logs show counted twice."
first_check = "Read the findings about duplicate purchases and senders; they name the second count."
not_yet     = "Do not raise budget on the higher number."
remedy      = "Repair the duplicate sender or id first, then compare the days after the repair again."
owner       = "tracking"

[causes.time_zone_shift]
means       = "What is missing on this day is there on the day beside it: the two sources cut the day at different hours."
first_check = "Compare the time zones in the settings of both reports with the one in the plan."
not_yet     = "Do not look for lost events; none are lost. Do not change the ad account's time zone: Meta closes the account and its ads stop."
remedy      = "Compare whole weeks, or export the shop's and GA4's days in the time zone of the other report."
owner       = "media"

[causes.other_basis]
failure     = "Two sources count the same sales by another amount of the orders"
means       = "Both sides count the same orders, and the money of one is another amount of theirs: without shipping, without tax, before the discount."
first_check = "Look which amount each report calls revenue: GA4 shows what the tag sent as value, shops show several."
not_yet     = "Do not look for lost sales; all are there. Do not compare return on ad spend between the two reports."
remedy      = "Compare the same amount on both sides, or let the other source be sent the amount that the plan names."
owner       = "media"

[causes.other_amounts]
failure     = "A source counts sales at money that no order has"
means       = "Money divided by sales comes to far less or far more than any order of the export: zeros, cents, another column of the report, or another account's numbers."
first_check = "Open the report and divide its money by its sales; then look at the value of one Purchase in the event's own view of the platform."
not_yet     = "Do not read return on ad spend from this report, and do not let value bidding run on it."
remedy      = "Repair the value that is sent if the platform shows it so; else export the column of the purchase value, of the shop's own account."
owner       = "media"

[causes.refunds]
means       = "Both sides count the same orders, and the money differs by what was paid back that day."
first_check = "Look which report shows money after refunds: shops often do, platforms and GA4 do not unless told."
not_yet     = "Do not change the value the events send."
remedy      = "Compare both sides before refunds, or both after."
owner       = "store"

[causes.unexplained]
means       = "The two sides differ, and neither left-out orders, double counts, day borders nor refunds alone explain it."
first_check = "Take ten orders of this day and look each one up on both sides; the first one missing shows the way."
not_yet     = "Do not scale the campaign while nobody can say which number is right."
remedy      = "Find the reason order by order, then repair it or accept it with a waiver that names reason, owner and date."
owner       = "data"
*/
with file_days as (
    select
        day,
        step,
        origin,
        source,
        sum(count) as count,
        case when min(currency) = max(currency) then sum(value) end as value,
        min(currency) as currency,
        min(ref) as ref
    from totals
    where day is not null
    group by day, step, origin, source
),
total_days as (
    -- Two files of one source tell the same day twice, they do not add up.
    select
        day,
        step,
        origin,
        max(count) as count,
        max(value) as value,
        min(currency) as currency,
        min(ref) as ref
    from file_days
    group by day, step, origin
),
counted_times as (
    select
        o.order_id,
        timezone(l.timezone, timezone('UTC', case l.conversion_point when 'payment_confirmed' then o.paid_at else o.created_at end)) as local_at
    from orders o
    cross join launch l
),
order_facts as (
    select
        o.order_id,
        c.local_at,
        cast(c.local_at as date) as day,
        o.event_duty <> 'no' and (l.conversion_point = 'order_created' or coalesce(o.is_paid, false)) as counts,
        a.amount,
        a.currency,
        -- What else a report may call the money of an order.
        case when a.currency = o.currency
            then least(a.amount, o.subtotal, o.net_revenue, o.total - coalesce(o.shipping, 0) - coalesce(o.tax, 0))
            else a.amount end as least_amount,
        case when a.currency = o.currency
            then greatest(a.amount, o.total, o.gross_revenue, coalesce(o.subtotal, o.total) + o.discount)
            else a.amount end as most_amount,
        coalesce(o.refunded, o.total - o.current_total, 0) as refunded,
        o.ref,
        case when o.is_named and t.order_count > 0 then 0 else 1 end as is_other
    from orders o
    join counted_times c on c.order_id = o.order_id
    cross join launch l
    cross join (select count(*) as order_count from plan_test_orders) t
    left join order_amounts a on a.order_id = o.order_id and a.is_plan_basis
),
export_days as (
    -- An export of the plan's test orders alone is no count of a day.
    select min(day) as first_day, max(day) as last_day
    from order_facts
    having max(is_other) = 1
),
order_days as (
    select
        d.day,
        sum(case when f.counts then 1 else 0 end) as count,
        case when coalesce(min(f.currency), '') = coalesce(max(f.currency), '') then sum(case when f.counts then f.amount else 0 end) end as value,
        min(f.currency) as currency,
        min(f.ref) as ref,
        sum(case when f.order_id is not null and not f.counts then 1 else 0 end) as excluded_count,
        sum(case when f.order_id is not null and not f.counts then f.amount else 0 end) as excluded_value,
        sum(case when f.counts then f.refunded else 0 end) as refunded
    from (select distinct day from total_days where step = 'Purchase') d
    join export_days x on d.day between x.first_day and x.last_day
    left join order_facts f on f.day = d.day
    group by d.day
),
order_sizes as (
    select
        min(case when least_amount > 0 then least_amount end) as lowest,
        max(most_amount) as highest,
        count(*) filter (least_amount <= 0) as free_count,
        case when count(*) < 10 then 10 else 2 end as factor
    from order_facts
    where counts
    having min(currency) = max(currency)
),
extra_counts as (
    -- How many Purchases more than orders the logs let a platform count.
    select
        f.day,
        p.platform,
        sum(p.high - 1) as extra
    from predicted_orders p
    join order_facts f on f.order_id = p.order_id
    where p.high > 1
    group by f.day, p.platform
),
sides as (
    select day, step, origin, count, value, currency, ref
    from total_days
    union all
    select day, 'Purchase', 'orders', count, value, currency, ref
    from order_days
),
ranked_sides as (
    select
        *,
        case origin
            when 'orders' then 1
            when 'shopify' then 2
            when 'woocommerce' then 3
            when 'scalev' then 4
            when 'server' then 5
            when 'ga4' then 6
            else 7
        end as place,
        case origin when 'orders' then 'order export' when 'ga4' then 'GA4' when 'meta' then 'Meta' when 'tiktok' then 'TikTok'
            when 'snackvideo' then 'SnackVideo' when 'shopify' then 'Shopify' when 'woocommerce' then 'WooCommerce'
            when 'scalev' then 'Scalev' else origin end as label
    from sides
),
day_pairs as (
    select
        a.day,
        a.step,
        a.origin as a_origin,
        b.origin as b_origin,
        a.label as a_label,
        b.label as b_label,
        b.place = 7 as is_platform,
        a.count as a_count,
        b.count as b_count,
        case when a.currency = b.currency then a.value end as a_value,
        case when a.currency = b.currency then b.value end as b_value,
        a.currency,
        a.ref as a_ref,
        b.ref as b_ref,
        t.amount as tolerance
    from ranked_sides a
    join ranked_sides b on b.day = a.day and b.step = a.step and b.place > a.place
    join plan_limits t on t.name = 'totals_tolerance'
),
gaps as (
    select
        *,
        cast(b_count as double) - cast(a_count as double) as count_gap,
        cast(b_value as double) - cast(a_value as double) as value_gap,
        coalesce(abs(cast(b_count as double) - cast(a_count as double)) > tolerance * greatest(a_count, b_count), false) as count_differs,
        coalesce(abs(cast(b_value as double) - cast(a_value as double)) > tolerance * greatest(a_value, b_value), false) as value_differs
    from day_pairs
),
-- Days cut at another hour: the orders' own times say which fits the whole of the other source's days.
order_hours as (
    select
        date_trunc('hour', local_at) as hour,
        sum(case when counts then 1 else 0 end) as count
    from order_facts
    where exists (select 1 from gaps where a_origin = 'orders' and not is_platform and step = 'Purchase' and count_differs)
    group by date_trunc('hour', local_at)
),
shifted_days as (
    select
        h.hours,
        cast(f.hour + to_hours(h.hours) as date) as day,
        sum(f.count) as count
    from order_hours f
    cross join (select unnest(range(-14, 15)) as hours) h
    group by h.hours, cast(f.hour + to_hours(h.hours) as date)
),
shifts as (
    select
        g.b_origin,
        arg_min(s.hours, abs(s.hours)) as hours
    from (
        select
            g.b_origin,
            s.hours
        from gaps g
        cross join export_days x
        join shifted_days s on s.day = g.day
        where g.a_origin = 'orders'
          and g.step = 'Purchase'
          and not g.is_platform
          and g.day > x.first_day
          and g.day < x.last_day
        group by g.b_origin, s.hours
        having count(*) >= 2
           and bool_and(abs(g.b_count - s.count) <= g.tolerance * greatest(g.b_count, s.count))
           and sum(g.b_count) > 0
           and bool_or(g.count_differs)
           -- Lost sales make no day larger, and sales counted twice none smaller.
           and min(g.count_gap) < 0
           and max(g.count_gap) > 0
    ) g
    join (select distinct hours from shifted_days where hours <> 0) s on s.hours = g.hours
    group by g.b_origin
),
-- Days with as many sales and other money: the first amount of their orders that comes to it.
money_gaps as (
    select
        day,
        b_origin,
        b_value,
        currency,
        tolerance
    from gaps
    where a_origin = 'orders'
      and step = 'Purchase'
      and value_differs
      and not count_differs
      and not is_platform
),
basis_sums as (
    select
        f.day,
        b.basis,
        b.rank,
        b.currency,
        sum(b.amount) as amount,
        count(*) as order_count
    from order_facts f
    join order_bases b on b.order_id = f.order_id
    where f.counts
      and f.day in (select day from money_gaps)
    group by f.day, b.basis, b.rank, b.currency
),
day_bases as (
    select
        g.day,
        g.b_origin,
        arg_min(s.basis, s.rank) as basis
    from money_gaps g
    join order_days o on o.day = g.day
    join basis_sums s on s.day = g.day and s.currency = g.currency and s.order_count = o.count
    where abs(g.b_value - s.amount) <= s.amount * least(0.005, g.tolerance)
    group by g.day, g.b_origin
),
neighbours as (
    select
        *,
        -- A sale may stand on the day of its click: what is above on one day must find room in the four weeks after it.
        max(day) over ahead > day
            and sum(count_gap) over ahead <= tolerance * sum(a_count) over ahead
            and coalesce(sum(value_gap) over ahead <= tolerance * sum(a_value) over ahead, true) as has_room,
        sum(b_value) over whole as all_value,
        sum(b_count) over whole as all_count,
        count(*) over whole as day_count,
        sum(a_count) over whole as all_orders,
        case when lag(day) over w = day - 1 and lag(count_differs) over w then lag(count_gap) over w end as before_gap,
        case when lead(day) over w = day + 1 and lead(count_differs) over w then lead(count_gap) over w end as after_gap
    from gaps
    window
        w as (partition by step, a_origin, b_origin order by day),
        whole as (partition by step, a_origin, b_origin),
        ahead as (partition by step, a_origin, b_origin order by day range between current row and interval 28 days following)
),
judged as (
    select
        n.*,
        case
            when n.count_gap is null and n.value_gap is null then null
            when n.is_platform then not (n.count_differs and n.count_gap > 0) and not (n.value_differs and n.value_gap > 0)
            else not n.count_differs and not n.value_differs
        end as ok,
        o.excluded_count,
        o.refunded,
        o.excluded_count > 0 and (
            (n.count_differs and abs(abs(n.count_gap) - o.excluded_count) <= n.tolerance * greatest(n.a_count, n.b_count))
            or (not n.count_differs and o.excluded_value > 0
                and abs(abs(n.value_gap) - o.excluded_value) <= n.tolerance * o.excluded_value)
        ) as fits_excluded,
        n.count_differs and n.count_gap > 0 and n.a_count > 0 and (
            (e.extra > 0 and abs(n.count_gap - e.extra) <= n.tolerance * n.a_count)
            or (n.b_count >= 4 and abs(n.b_count - 2 * n.a_count) <= n.tolerance * n.a_count)
            or (n.b_count >= 6 and abs(n.b_count - 3 * n.a_count) <= n.tolerance * n.a_count)
            -- Twice the share of the orders that the platform counts on all other days.
            or (n.is_platform and n.b_count >= 20 and n.day_count >= 3
                and abs(n.b_count - 2 * n.a_count * (n.all_count - n.b_count) / nullif(n.all_orders - n.a_count, 0)) <= n.tolerance * n.b_count)
        ) as fits_duplicates,
        -- A sale or two of a platform say nothing of its hours.
        n.count_differs and not (n.is_platform and n.has_room and n.count_gap < 5) and (
            h.hours is not null
            or (n.count_gap * n.before_gap < 0 and abs(n.count_gap + n.before_gap) <= n.tolerance * greatest(n.a_count, n.b_count))
            or (n.count_gap * n.after_gap < 0 and abs(n.count_gap + n.after_gap) <= n.tolerance * greatest(n.a_count, n.b_count))
        ) as fits_shift,
        not n.count_differs and n.value_differs and o.refunded > 0
            and abs(abs(n.value_gap) - o.refunded) <= n.tolerance * o.refunded as fits_refunds,
        h.hours,
        case when not coalesce(d.basis = 'current_total' and fits_refunds, false) then d.basis end as basis,
        z.lowest,
        z.highest,
        coalesce(e.extra > 0, false) as has_extra,
        -- As many of the sales as there are orders for nothing may be those.
        coalesce(
            case when n.b_count > z.free_count
                then greatest(n.b_value / (n.b_count - z.free_count), n.all_value / (n.all_count - z.free_count)) < z.lowest / z.factor
                    or least(n.b_value / n.b_count, n.all_value / n.all_count) > z.highest * z.factor end,
            false) as fits_amounts
    from neighbours n
    left join shifts h on h.b_origin = n.b_origin and n.a_origin = 'orders' and n.step = 'Purchase'
    left join day_bases d on d.day = n.day and d.b_origin = n.b_origin and n.a_origin = 'orders' and n.step = 'Purchase'
    left join order_sizes z on n.a_origin = 'orders' and n.step = 'Purchase' and n.a_value is not null and n.b_value is not null
    left join order_days o on o.day = n.day and n.step = 'Purchase'
    left join extra_counts e on e.day = n.day and e.platform = n.b_origin and n.step = 'Purchase'
),
explained as (
    select
        * replace (
            case
                when fits_amounts then false
                -- No day of clicks holds more money than its sales could come to.
                when is_platform
                 and has_room
                 and not has_extra
                 and coalesce(b_value <= b_count * highest * (1 + tolerance), true)
                 and not coalesce(fits_excluded or fits_duplicates or fits_shift, false) then true
                else ok
            end as ok),
        is_platform and ok = false as is_above,
        case when fits_excluded then 1 else 0 end + case when fits_duplicates then 1 else 0 end
            + case when fits_shift then 1 else 0 end + case when fits_refunds then 1 else 0 end
            + case when basis is not null then 1 else 0 end as fit_count
    from judged
),
lone_days as (
    -- A day's sales that no other source tells.
    select s.day, s.origin, s.label, s.count, s.value, s.currency, s.ref, s.place
    from ranked_sides s
    left join (
        select day, step, a_origin as origin from day_pairs
        union
        select day, step, b_origin from day_pairs
    ) p on p.day = s.day and p.step = s.step and p.origin = s.origin
    where s.step = 'Purchase'
      and s.origin <> 'orders'
      and p.day is null
),
evidence_days as (
    select min(day) as first_day, max(day) as last_day
    from (
        select day
        from order_facts
        union all
        select unnest([
            cast(timezone(l.timezone, timezone('UTC', s.first_at)) as date),
            cast(timezone(l.timezone, timezone('UTC', s.last_at)) as date)])
        from sources s
        cross join launch l
        where s.kind in ('browser', 'server', 'orders')
    ) days_seen
),
other_days as (
    -- Totals of other days than the evidence's explain nothing of it.
    select
        min(t.day) as first_total,
        max(t.day) as last_total,
        min(e.first_day) as first_day,
        max(e.last_day) as last_day,
        min(t.ref) as ref
    from total_days t
    cross join evidence_days e
    having max(case when t.day between e.first_day and e.last_day then 1 else 0 end) = 0
       and min(e.first_day) is not null
)
select
    case when is_platform then b_origin end as platform,
    step,
    strftime(day, '%Y-%m-%d') || ' ' || a_origin || ' / ' || b_origin as subject,
    cast(null as varchar) as order_id,
    ok,
    a_label || ' ' || concat_ws(', ', number_text(a_count), money_text(a_value, currency))
        || case when is_platform then '; a platform credits only part of them: fewer is normal, more is not' else '' end as expected,
    b_label || ' ' || concat_ws(', ', number_text(b_count), money_text(b_value, currency))
        || case
            when ok is null then '; no figure both sides have'
            when ok and is_above then '; with the days after it no more than the orders: a sale may stand on the day of its click'
            when ok then ''
            else concat_ws('',
                case when fits_amounts
                    then '; ' || money_text(cast(round(b_value / b_count, 2) as decimal(24, 6)), currency) || ' a sale, where the orders come to '
                        || case when lowest <> highest then money_text(lowest, null) || ' to ' else '' end || money_text(highest, currency) end,
                case when fits_excluded then '; ' || counted(excluded_count, 'order') || ' of the day left out here' end,
                case when fits_duplicates then '; as if orders were counted more than once' end,
                case
                    when fits_shift and hours is not null
                        then '; it fits days that begin about ' || counted(abs(hours), 'hour') || case when hours > 0 then ' earlier' else ' later' end
                    when fits_shift then '; the day beside it differs by as much the other way'
                end,
                case when basis is not null then '; that is the ' || replace(basis, '_', ' ') || ' of the same orders' end,
                case when fits_refunds then '; ' || money_text(refunded, currency) || ' were refunded' end)
        end as actual,
    case
        when ok or ok is null then null
        when fits_amounts then 'other_amounts'
        when fit_count <> 1 then 'unexplained'
        when fits_excluded then 'excluded_orders'
        when fits_duplicates then 'duplicates'
        when fits_shift then 'time_zone_shift'
        when basis is not null then 'other_basis'
        else 'refunds'
    end as cause,
    a_ref as ref,
    b_ref as other_ref
from explained
union all
select
    case when place = 7 then origin end,
    'Purchase',
    strftime(day, '%Y-%m-%d') || ' ' || origin,
    cast(null as varchar),
    cast(null as boolean),
    'a second source for this day',
    label || ' ' || concat_ws(', ', number_text(count), money_text(value, currency)) || '; nothing to compare it with',
    cast(null as varchar),
    ref,
    cast(null as varchar)
from lone_days
union all
select
    cast(null as varchar),
    'Purchase',
    'days of the evidence',
    cast(null as varchar),
    cast(null as boolean),
    'totals of ' || strftime(first_day, '%Y-%m-%d') || case when last_day > first_day then ' to ' || strftime(last_day, '%Y-%m-%d') else '' end
        || ', when the events and orders were seen',
    'totals of ' || strftime(first_total, '%Y-%m-%d') || case when last_total > first_total then ' to ' || strftime(last_total, '%Y-%m-%d') else '' end
        || ' only',
    cast(null as varchar),
    ref,
    cast(null as varchar)
from other_days

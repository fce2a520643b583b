/*
title    = "Server events carry a time that is theirs and that the platform takes"
failure  = "A server event carries a time that is wrong or that the platform does not take"
facet    = "delivery"
severity = "blocker"
severity_other_steps = "warning"
needs    = ["server events"]
why      = """
Meta refuses a whole request when one of its events is more than seven days old, and an event dated in the future has not
happened yet. A sale with a wrong time is lost, or credited to the wrong day and the wrong ad.
"""

[causes.milliseconds]
means       = "The time is written in milliseconds where whole seconds are asked for; read as seconds it lies far in the future."
first_check = "Count the digits of the time in the request: thirteen are milliseconds, ten are seconds."
not_yet     = "Do not shift the server's clock: it is right, the unit is wrong."
remedy      = "Divide by a thousand and round down before sending."
owner       = "data"

[causes.stale]
means       = "The event claims to have happened more than seven days before it was sent."
first_check = "Compare the claimed time with the order's own: an old queue, an import of past orders, a fixed date in the code, or a time nobody filled in (0 is 1970)."
not_yet     = "Do not import old orders through the live endpoint; at Meta one old event takes its whole request with it."
remedy      = "Send within the hour with the true time, and drop what is older than seven days."
owner       = "data"

[causes.visitors_clock]
failure     = "The server takes the event's time from the visitor's clock, and this one is fast"
means       = "The event claims the time of its browser copy, and that device's clock runs ahead: to the platform the event has not happened yet. Shoppers with a right clock are not touched."
first_check = "Compare the clock of the device that was recorded with time.is, then look in the server's code where event_time comes from: the request of the page."
not_yet     = "Do not put all event times back by these minutes; the next visitor's clock is another one."
remedy      = "Take event_time from the server's own clock when the page's call arrives, and set the device's clock by network time for the next test."
owner       = "data"

[causes.future]
means       = "The event claims a time that had not come when it was sent: a wrong clock, or local time taken for UTC."
first_check = "Compare the difference with your time zone: a whole number of hours points to a dropped zone."
not_yet     = "Do not subtract a fixed number of hours; that breaks with the next daylight saving or server move."
remedy      = "Take the time from the server's UTC clock when the act happens, never from the visitor's device."
owner       = "data"

[causes.zone_shift]
means       = "The event left at the right moment, but the time it claims lies some whole hours before that, as many for one event as for the next: one time zone was taken for another."
first_check = "Compare these hours with the zones of the shop, its server and its database: one of them is that far from UTC, or from the next."
not_yet     = "Do not move the event in the page or the shop, and do not add the hours by hand: they change with daylight saving."
remedy      = "Send seconds since 1970 in UTC, taken where the sale is stored, without a detour over a date written as text; then repeat one test order."
owner       = "data"

[causes.day_shift]
means       = "The event left at the right moment, but the time it claims lies whole days before that, as many for one event as for the next: a date was counted wrongly, or a day other than the sale's was taken."
first_check = "Compare the claimed day with the order's in the shop, and look for a date that is put together from parts (day, month, hour) or moved by a fixed number of days."
not_yet     = "Do not move the event in the page or the shop, and do not add the days in the report: after seven of them Meta refuses the event."
remedy      = "Send seconds since 1970 in UTC, taken where the sale is stored, without a detour over a date; then repeat one test order."
owner       = "data"

[causes.fixed_time]
means       = "Events that happened and left at different moments all claim the same second: the time was taken once and is used again and again. After a week Meta refuses them all."
first_check = "Look where the sender's code takes the time: at its own start, in a constant or a cached object, or from a date without an hour."
not_yet     = "Do not just restart the server: its first events look right afterwards, and the rest are wrong again."
remedy      = "Take the time anew for each event, at the moment of the act, and place two test orders some minutes apart."
owner       = "data"
*/
with timed as (
    select
        e.platform,
        e.step,
        e.event_id,
        e.order_id,
        e.order_key,
        e.session,
        e.ref,
        e.seen_at,
        e.event_at,
        e.event_time_sent,
        -- A clock of an unknown zone is at most fourteen hours away.
        case when s.has_zone = false then 50400 else 0 end as doubt_s,
        -- Shop visits may be reported for longer (62 days).
        case when e.action_source = 'physical_store' then 5356800 else 604800 end as oldest_s,
        -- What the sender wrote could be read, else the model put the time of sending there.
        utc(e.event_time_sent) is not null as is_readable,
        coalesce(regexp_full_match(trim(e.event_time_sent), '[0-9]{12,}([.][0-9]+)?'), false) as is_milliseconds,
        -- Seconds of the first years after 1970: nobody filled the field in.
        coalesce(regexp_full_match(trim(e.event_time_sent), '-?[0-9]{1,8}([.][0-9]+)?'), false) as is_unfilled,
        u.flaw as untruth,
        u.hours,
        u.happened_at,
        w.shift_s
    from events e
    left join sources s on s.source = e.source
    left join untrue_times u on u.event_key = e.event_key
    left join borrowed_times w on w.event_key = e.event_key
    where e.channel = 'server'
      and e.step is not null
      and e.event_time_sent is not null
),
judged as (
    select
        *,
        case
            when is_milliseconds then 'milliseconds'
            when is_unfilled then 'stale'
            when not is_readable then null
            when untruth = 'fixed_time' then untruth
            when epoch(event_at) - epoch(seen_at) > 300 + doubt_s and shift_s is not null then 'visitors_clock'
            when epoch(event_at) - epoch(seen_at) > 300 + doubt_s then 'future'
            when epoch(seen_at) - epoch(event_at) > oldest_s + doubt_s then 'stale'
            else untruth
        end as flaw,
        doubt_s > 0
            and (epoch(event_at) - epoch(seen_at) > 300 or epoch(seen_at) - epoch(event_at) > oldest_s) as is_doubtful
    from timed
)
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref) as subject,
    order_id,
    session,
    case
        when flaw is not null then false
        when is_doubtful then null
        when is_readable then true
    end as ok,
    case
        when flaw = 'fixed_time' then 'a time of its own' || coalesce(': it happened at ' || strftime(happened_at, '%Y-%m-%d %H:%M:%S UTC'), '')
        when flaw in ('zone_shift', 'day_shift') and happened_at is not null then 'the time at which it happened, ' || strftime(happened_at, '%Y-%m-%d %H:%M:%S UTC')
        when flaw in ('zone_shift', 'day_shift') then 'the time at which it happened'
        else 'at most ' || cast(cast(oldest_s / 86400 as integer) as varchar) || ' days before it was sent, and not after'
    end as expected,
    case
        when flaw = 'milliseconds' then 'sent as ' || event_time_sent || ', ' || length(split_part(trim(event_time_sent), '.', 1)) || ' digits'
        when is_unfilled then 'sent as ' || event_time_sent || ', a time in the years after 1970'
        when not is_readable then 'sent as ' || event_time_sent || ', which cannot be read as a time'
        when is_doubtful and flaw is null
            then 'event time ' || strftime(event_at, '%Y-%m-%d %H:%M:%S UTC') || ', sent ' || strftime(seen_at, '%Y-%m-%d %H:%M:%S')
                || ' in a time zone that nothing names for this log'
        else 'event time ' || strftime(event_at, '%Y-%m-%d %H:%M:%S UTC') || ', sent ' || strftime(seen_at, '%Y-%m-%d %H:%M:%S UTC')
            || case flaw
                when 'zone_shift' then ': ' || number_text(cast(hours as decimal(4, 2))) || case when hours = 1 then ' hour early' else ' hours early' end
                when 'day_shift' then ': ' || cast(cast(hours / 24 as integer) as varchar) || case when hours = 24 then ' day early' else ' days early' end
                when 'fixed_time' then '; other events claim the same'
                when 'visitors_clock' then '; its browser''s clock is ' || counted(cast(round(-shift_s / 60) as integer), 'minute') || ' fast'
                else ''
            end
    end as actual,
    flaw as cause,
    -- Only Meta publishes what it does with such a time. Another visitor's clock is right.
    case when platform <> 'meta' or flaw = 'visitors_clock' then 'warning' end as severity,
    ref,
    cast(null as varchar) as other_ref
from judged

-- Logs whose times name no zone were read in the plan's, else as UTC. UTC holds where an event's own time, of a named zone, says the
-- same; the plan's holds unless every event's own time is off by the same hours.

-- A log whose events fit its times as those of UTC, and not as those of the plan's zone, was written in UTC, as most programs do: its
-- times are told anew. What waited before it left fits neither. But where a page, by a clock of a named zone, called at the moment that
-- the log has in the plan's zone, the log is right and the events' own times are not.
insert into zoneless_logs
with own_times as (
    select
        e.source,
        e.platform,
        e.event_id,
        e.seen_at,
        epoch(e.seen_at) - epoch(utc(e.event_time_sent)) as as_read_s,
        epoch(clock_in_zone(e.seen_at)) - epoch(utc(e.event_time_sent)) as as_utc_s
    from events e
    join sources s on s.source = e.source
    cross join launch l
    where not s.has_zone
      and l.has_zone
      and e.event_time_sent is not null
      and not names_no_zone(e.event_time_sent)
),
fits as (
    select
        source,
        count(*) filter (where is_beside(as_utc_s)) * 2 > count(*)
            and count(*) filter (where as_utc_s < -300) * 10 <= count(*) as is_utc
    from own_times
    group by source
    -- In Europe what waited an hour fits the plan's zone.
    having count(*) filter (where is_beside(as_read_s)) * 10 <= count(*)
),
page_calls as (
    select
        o.source,
        bool_or(abs(epoch(b.seen_at) - epoch(o.seen_at)) <= 600) and not bool_or(abs(epoch(b.seen_at) - epoch(clock_in_zone(o.seen_at))) <= 600)
            as is_plans
    from own_times o
    join fits f on f.source = o.source
    join events b on b.event_id = o.event_id and b.platform = o.platform and b.channel = 'browser'
    join sources s on s.source = b.source
    where s.has_zone
    group by o.source
)
select
    s.source,
    coalesce(f.is_utc and not coalesce(c.is_plans, false), false),
    coalesce(c.is_plans, false)
from sources s
left join fits f on f.source = s.source
left join page_calls c on c.source = s.source
where not s.has_zone;

update events
set seen_at = clock_in_zone(seen_at),
    event_at = case when event_time_sent is null then clock_in_zone(event_at) else event_at end
where source in (select source from zoneless_logs where is_utc);

update actions
set started_at = clock_in_zone(started_at),
    finished_at = clock_in_zone(finished_at)
where source in (select source from zoneless_logs where is_utc);

update landings
set landed_at = clock_in_zone(landed_at)
where source in (select source from zoneless_logs where is_utc);

update seen_spans
set first_at = clock_in_zone(first_at),
    last_at = clock_in_zone(last_at)
where source in (select source from zoneless_logs where is_utc);

with zoneless as (
    select source from sources where not has_zone
),
own_times as (
    select
        source,
        seen_at,
        utc(event_time_sent) as told_at,
        event_id
    from events
    where event_time_sent is not null
      and utc(event_time_sent) is not null
      and not names_no_zone(event_time_sent)
),
offsets as (
    select
        t.source,
        min(epoch(t.seen_at) - epoch(t.told_at)) as least,
        max(epoch(t.seen_at) - epoch(t.told_at)) as most
    from own_times t
    join zoneless z on z.source = t.source
    group by t.source
),
contradicted as (
    -- Half a day at most, and the same for all: a queue is never that even.
    select source
    from offsets
    where most - least <= 600
      and least(abs(least), abs(most)) between 1500 and 50400
      and abs(least - 1800 * round(least / 1800)) <= 300
),
confirmed as (
    select z.source
    from zoneless z
    cross join launch l
    where l.has_zone
      and z.source not in (select source from contradicted)
    union
    select source from zoneless_logs where is_utc or is_plans
    union
    select t.source
    from own_times t
    join zoneless z on z.source = t.source
    where abs(epoch(t.seen_at) - epoch(t.told_at)) <= 600
    union
    -- what the page called at the moment that its server copy names
    select e.source
    from zoneless z
    join events e on e.source = z.source
    join own_times t on t.event_id = e.event_id
    where t.source <> e.source
      and abs(epoch(t.told_at) - epoch(e.seen_at)) <= 600
)
update sources
set has_zone = true
where source in (select source from confirmed);

update sources
set gaps = concat_ws('; ', gaps, 'its times name no zone, and all events'' own times differ from them by the same hours: the plan''s zone is not this log''s')
where not has_zone
  and (select has_zone from launch);

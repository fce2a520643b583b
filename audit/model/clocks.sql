-- Logs whose times name no zone were read as UTC: they are where an event's own time, of a named zone, says the same.
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
      and not regexp_full_match(event_time_sent, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+')
),
confirmed as (
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

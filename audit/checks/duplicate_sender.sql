/*
title    = "One sender reports each step on each channel"
failure  = "Two senders report the same step on one channel"
facet    = "senders"
severity = "blocker"
severity_other_steps = "warning"
follows  = ["two_conversion_points"]
needs    = []
why      = """
When two pieces of code report the same act, each brings its own id and its own idea of the value. Counts double, and nobody
can say which number is right until one of them is switched off.
"""

[causes.codeless_and_coded]
means       = "A rule of Meta's Event Setup Tool fires beside the shop's own code. A rule's event has no id, so it can never be merged."
first_check = "In Events Manager open the pixel's settings, start the Event Setup Tool on the page where this event fires, and look for its rule there."
not_yet     = "Do not remove the coded event; it is the one that carries an id, items and the true value."
remedy      = "Delete the rule in the Event Setup Tool and keep the coded event."
owner       = "media"

[causes.script_and_noscript]
means       = "The image meant for browsers without JavaScript fires although JavaScript ran, so the step is sent twice."
first_check = "Look in the page's source for the pixel image: it stands outside its noscript tag, or a plugin preloads it."
not_yet     = "Do not remove the script; the image carries neither an id nor items."
remedy      = "Delete the hard-coded image for this step, or put it back inside a noscript tag."
owner       = "theme"

[causes.two_agents]
means       = "Two installations of the pixel, each naming itself differently, fire the same step: for example a tag container and a shop app."
first_check = "The finding names both; look in each tool for the trigger of this step."
not_yet     = "Do not uninstall the pixel everywhere; events of other steps may come from only one of the two."
remedy      = "Decide which tool owns this step, and switch this one trigger off in the other."
owner       = "tracking"

[causes.two_scripts]
means       = "Two scripts of the site fire the same step for the same act."
first_check = "Open both scripts that the finding names and search for the event's name; one is usually an old theme snippet."
not_yet     = "Do not hide the second one by giving it the same event id; the next change of either breaks that again."
remedy      = "Remove the call from one of the two scripts and note the other in the register of senders."
owner       = "theme"

[causes.two_backends]
means       = "Two server-side senders report the same step, for example the storefront's relay and the shop system itself."
first_check = "Look in the shop system for a setting that sends conversion events by itself, such as one that triggers Purchase on payment."
not_yet     = "Do not stop both server senders to be safe; sales hidden by ad blockers would then be lost."
remedy      = "Choose one server sender for this step, switch the other's event off, and record the choice in the register. Two instances of one service are one entry there: sender = \"worker-*\"."
owner       = "data"
*/
with repeated_steps as (
    -- Hardly an act is told twice on one channel. Only those that are need a closer look.
    select
        unit,
        platform,
        step
    from unit_events
    group by unit, platform, step
    having sum(case when channel = 'browser' then 1 else 0 end) > 1
        or sum(case when channel = 'server' then 1 else 0 end) > 1
),
repeated_events as (
    select
        e.event_key,
        e.platform,
        e.step,
        e.channel,
        e.dataset,
        e.session,
        e.items,
        e.happened_at,
        e.unit,
        e.order_id
    from repeated_steps r
    join unit_events e
        on e.unit = r.unit
       and e.step = r.step
       and e.platform = r.platform
),
units as (
    select
        platform,
        step,
        channel,
        unit,
        min(event_key) as first_key,
        min(order_id) as order_id,
        min(session) as session
    from repeated_events
    group by platform, step, channel, unit
),
-- Neighbours in time: within one pixel and the same items, and across where one of the two names neither.
neighbours as (
    select
        event_key,
        lag(event_key) over (
            partition by platform, step, channel, unit, dataset, items order by happened_at, event_key
        ) as before_key
    from repeated_events
    union all
    select
        event_key,
        lag(event_key) over (partition by platform, step, channel, unit order by happened_at, event_key) as before_key
    from repeated_events
),
doubles as (
    select
        n.event_key,
        n.before_key,
        case
            when a.is_codeless <> b.is_codeless then 'codeless_and_coded'
            when a.is_noscript <> b.is_noscript then 'script_and_noscript'
            when a.channel = 'browser' and (a.agent is distinct from b.agent or a.partner_agent is distinct from b.partner_agent)
                then 'two_agents'
            when a.channel = 'browser' and (a.initiator <> b.initiator or a.log_sender <> b.log_sender) then 'two_scripts'
            when a.channel = 'server' and (
                a.endpoint <> b.endpoint
                or a.relay_store <> b.relay_store
                or a.partner_agent is distinct from b.partner_agent
                or a.log_sender <> b.log_sender
                -- one program in two versions is one sender
                or regexp_extract(a.user_agent, '^[^/ ]+') <> regexp_extract(b.user_agent, '^[^/ ]+')
            ) then 'two_backends'
        end as cause
    from neighbours n
    join events a on a.event_key = n.before_key
    join events b on b.event_key = n.event_key
    where (a.dataset = b.dataset or a.dataset is null or b.dataset is null)
      and (a.items = b.items or a.items is null or b.items is null or a.step = 'Purchase')
      -- an order is bought once, whenever its copies arrive; other steps may rightly come again in a visit
      and (
          a.step = 'Purchase'
          or (
              abs(epoch(coalesce(b.event_at, b.seen_at)) - epoch(coalesce(a.event_at, a.seen_at)))
                  <= case when a.channel = 'browser' then 60 else 300 end
              and (a.page_load = b.page_load or a.page_load is null or b.page_load is null)
          )
      )
      -- a capture and a log of calls that both saw one send are two witnesses, not two senders
      and not (
          a.channel = 'browser'
          and a.source <> b.source
          and (a.endpoint = 'decoded_log') <> (b.endpoint = 'decoded_log')
          and (a.event_id = b.event_id or a.event_id is null or b.event_id is null)
      )
),
placed_doubles as (
    select
        e.platform,
        e.step,
        e.channel,
        e.unit,
        d.cause,
        d.before_key,
        d.event_key,
        row_number() over (
            partition by e.platform, e.step, e.channel, e.unit
            order by
                case d.cause when 'codeless_and_coded' then 1 when 'script_and_noscript' then 2 else 3 end, d.event_key, d.before_key
        ) as nth
    from doubles d
    join repeated_events e on e.event_key = d.event_key
    where d.cause is not null
),
first_doubles as (
    select
        d.platform,
        d.step,
        d.channel,
        d.unit,
        d.cause,
        b.session,
        a.ref,
        b.ref as other_ref,
        a.sender || coalesce(' (id ' || a.event_id || ')', ' (no id)')
            || coalesce(' from ' || case when d.cause = 'two_agents' then a.initiator end, '')
            || ' and ' || b.sender || coalesce(' (id ' || b.event_id || ')', ' (no id)')
            || coalesce(' from ' || case when d.cause = 'two_agents' then b.initiator end, '')
            || coalesce(', pixel ' || coalesce(b.dataset, a.dataset), '') as senders
    from placed_doubles d
    join events a on a.event_key = d.before_key
    join events b on b.event_key = d.event_key
    where d.nth = 1
),
-- Server copies of one name, id and pixel that arrive within the window are counted once (domain 5.1). A relay names no pixel:
-- whether it reaches the same one is not known.
merged_units as (
    select
        e.platform,
        e.step,
        e.unit
    from first_doubles d
    join repeated_events e
        on e.unit = d.unit
       and e.step = d.step
       and e.platform = d.platform
       and e.channel = d.channel
    join events v on v.event_key = e.event_key
    join plan_limits w on w.name = 'dedup_window_s'
    where d.cause = 'two_backends'
      and e.platform in ('meta', 'tiktok')
    group by e.platform, e.step, e.unit, w.amount
    having count(v.event_id) = count(*)
       and min(v.event_id) = max(v.event_id)
       and min(v.event_name) = max(v.event_name)
       and min(coalesce(v.dataset, '')) = max(coalesce(v.dataset, ''))
       and min(coalesce(v.relay_store, '')) = max(coalesce(v.relay_store, ''))
       and count(v.seen_at) = count(*)
       and epoch(max(v.seen_at)) - epoch(min(v.seen_at)) <= w.amount
),
-- A register entry that names its senders (sender = "worker-*") claims them as one.
merged_senders as (
    select distinct
        e.platform,
        e.step,
        e.unit,
        v.dataset,
        v.log_sender
    from merged_units m
    join repeated_events e
        on e.unit = m.unit
       and e.step = m.step
       and e.platform = m.platform
    join events v on v.event_key = e.event_key
    where e.channel = 'server'
),
claiming_entries as (
    select distinct
        m.platform,
        m.step,
        m.unit,
        m.log_sender,
        c.entry
    from merged_senders m
    join observed_senders f
        on f.log_sender = m.log_sender
       and f.platform = m.platform
       and f.channel = 'server'
       and f.dataset is not distinct from m.dataset
    join sender_claims c on c.fingerprint = f.fingerprint and c.step = m.step
    join plan_senders p on p.entry = c.entry
    where p.sender is not null
),
declared_as_one as (
    select distinct
        c.platform,
        c.step,
        c.unit
    from (
        select platform, step, unit, entry, count(*) as names
        from claiming_entries
        group by platform, step, unit, entry
    ) c
    join (
        select platform, step, unit, count(*) as names
        from merged_senders
        group by platform, step, unit
    ) m
        on m.unit = c.unit
       and m.step = c.step
       and m.platform = c.platform
       and m.names = c.names
),
judged_doubles as (
    select
        d.*,
        m.unit is not null as is_merged,
        p.unit is not null as is_declared
    from first_doubles d
    left join merged_units m
        on d.cause = 'two_backends'
       and m.unit = d.unit
       and m.step = d.step
       and m.platform = d.platform
    left join declared_as_one p
        on d.cause = 'two_backends'
       and p.unit = d.unit
       and p.step = d.step
       and p.platform = d.platform
)
select
    e.platform,
    e.step,
    e.unit as subject,
    e.order_id,
    e.session,
    true as ok,
    'one ' || e.channel || ' sender' as expected,
    e.channel || ': ' || e.sender as actual,
    null as cause,
    null as severity,
    e.ref,
    null as other_ref
from unit_events e
left join repeated_events r on r.event_key = e.event_key
where r.event_key is null
union all
select
    s.platform,
    s.step,
    s.unit,
    s.order_id,
    coalesce(d.session, s.session),
    d.cause is null or d.is_declared,
    'one ' || s.channel || ' sender',
    s.channel || ': ' || case when d.cause is null or d.is_declared then e.sender else d.senders end
        || case when d.is_merged and not d.is_declared then '; one id within the window, counted once' else '' end,
    case when not d.is_declared then d.cause end,
    case when d.is_merged then 'warning' end,
    coalesce(d.ref, e.ref),
    d.other_ref
from units s
join events e on e.event_key = s.first_key
left join judged_doubles d
    on d.platform = s.platform
   and d.step = s.step
   and d.channel = s.channel
   and d.unit = s.unit

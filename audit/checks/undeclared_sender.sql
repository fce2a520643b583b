/*
title       = "Every sender of a core event is in the register"
failure     = "A sender that nobody declared reports core events"
facet       = "senders"
severity    = "blocker"
deciding    = true
follows  = ["duplicate_sender", "wrong_store"]
needs       = ["register"]
why         = """
A sender nobody knows about can double sales, change their value or stop without notice, and nobody would be asked. Numbers
can be trusted only when each sender of each step is known.
"""
means       = "The evidence shows a sender of a core event that no entry of the register claims."
first_check = "Ask the owners listed in the register who installed the sender that the finding names; look in the tag container and the shop's apps."
not_yet     = "Do not remove it before you know what it does; it may be the only sender of a step you need."
remedy      = "Enter it in the register with an owner, or switch it off."
owner       = "tracking"
*/
with observed as (
    select
        platform,
        channel,
        step,
        fingerprint,
        sender,
        dataset,
        initiator,
        events,
        first_key
    from sender_steps
    where step is not null
      -- a pixel the plan does not name is unknown_dataset's question
      and in_plan
),
claimed as (
    select distinct
        fingerprint,
        step
    from sender_claims
),
senders as (
    select
        o.platform,
        o.channel,
        o.step,
        o.sender,
        o.dataset,
        sum(o.events) as events,
        sum(case when c.fingerprint is null then o.events else 0 end) as undeclared,
        min(case when c.fingerprint is null then o.initiator end) as initiator,
        min(case when c.fingerprint is null then o.first_key end) as undeclared_key,
        min(o.first_key) as first_key
    from observed o
    left join claimed c
        on c.fingerprint = o.fingerprint
       and c.step = o.step
    group by o.platform, o.channel, o.step, o.sender, o.dataset
)
select
    s.platform,
    s.step,
    s.sender as subject,
    cast(null as varchar) as order_id,
    cast(null as varchar) as session,
    s.undeclared = 0 as ok,
    'an entry of the register for ' || s.step || ', ' || s.channel as expected,
    case when s.undeclared = 0 then 'declared' else
        cast(s.undeclared as varchar) || case when s.undeclared = 1 then ' event' else ' events' end || ' from the ' || s.channel
            || coalesce(' to pixel ' || s.dataset, '')
            || coalesce(', called by ' || case when s.sender <> 'script ' || s.initiator then s.initiator end, '')
            || ', claimed by no entry'
    end as actual,
    cast(null as varchar) as cause,
    e.ref,
    cast(null as varchar) as other_ref
from senders s
join events e on e.event_key = coalesce(s.undeclared_key, s.first_key)

/*
title       = "Every core event has one owner"
failure     = "Nobody, or more than one, answers for a core event"
facet       = "senders"
severity    = "blocker"
deciding    = true
follows  = ["duplicate_sender", "wrong_store"]
needs       = ["register"]
why         = """
When a number looks wrong, one person must be able to say where it comes from and mend it. An event without an owner, or
with two, is the one that stays broken.
"""
means       = "The register gives this event, on this platform and channel, no owner, or several with no single primary one."
first_check = "Open the register at the entries that the finding names and ask each owner whether they would answer a call about this event."
not_yet     = "Do not write your own name in to pass the gate; the owner must be able to change the sender."
remedy      = "Name one owner, or mark one entry as primary = true and the others false."
owner       = "media"

[causes.no_entry]
follows     = ["undeclared_sender"]
means       = "No entry of the register speaks of this event on this platform and channel, so nobody is named for it."
first_check = "See in the packet under 'Who sends what' which sender it is, and ask who installed it."
not_yet     = "Do not write your own name in to pass the gate; the owner must be able to change the sender."
remedy      = "Enter the sender in the register with its events and one owner."
owner       = "media"
*/
with observed as (
    select
        platform,
        channel,
        step,
        dataset,
        fingerprint,
        first_key
    from sender_steps
    where step is not null
      and in_plan
),
subjects as (
    select
        platform,
        channel,
        step,
        dataset,
        min(first_key) as first_key
    from observed
    group by platform, channel, step, dataset
),
-- entries that speak of this event; entries of another pixel do not
covering as (
    select
        s.platform,
        s.channel,
        s.step,
        s.dataset,
        p.entry,
        p.name,
        p.owner,
        coalesce(p.is_primary, false) as is_primary
    from subjects s
    join plan_senders p
        on p.platform = s.platform
       and p.channel = s.channel
    join plan_sender_steps t
        on t.entry = p.entry
       and t.step = s.step
    where p.dataset is null
       or coalesce(s.dataset, '') like p.dataset escape '!'
),
coverage as (
    select
        platform,
        channel,
        step,
        dataset,
        count(*) as entries,
        count(distinct owner) as owners,
        count(distinct case when is_primary then owner end) as primary_owners,
        min(owner) as owner,
        max(owner) as other_owner,
        min(name) as name
    from covering
    group by platform, channel, step, dataset
),
-- what really sends it is claimed by entries without an owner only
ownerless as (
    select
        claims.platform,
        claims.channel,
        claims.step,
        claims.dataset,
        min(claims.name) as name
    from (
        select
            o.platform,
            o.channel,
            o.step,
            o.dataset,
            o.fingerprint,
            min(p.name) as name
        from observed o
        join sender_claims c
            on c.fingerprint = o.fingerprint
           and c.step = o.step
        join plan_senders p on p.entry = c.entry
        group by o.platform, o.channel, o.step, o.dataset, o.fingerprint
        having count(p.owner) = 0
    ) claims
    group by claims.platform, claims.channel, claims.step, claims.dataset
)
select
    s.platform,
    s.step,
    s.channel || ' ' || s.step as subject,
    cast(null as varchar) as order_id,
    cast(null as varchar) as session,
    coalesce(c.owners, 0) > 0
        and (c.owners = 1 or c.primary_owners = 1)
        and u.platform is null as ok,
    'one owner of ' || s.step || ' from the ' || s.channel || coalesce(', pixel ' || s.dataset, '') as expected,
    case
        when coalesce(c.entries, 0) = 0 then 'no entry of the register'
        when c.owners = 0 then 'entry ''' || c.name || ''' names no owner'
        when u.platform is not null then 'its sender is entry ''' || u.name || ''', which names no owner'
        when c.owners = 1 then c.owner
        when c.primary_owners = 1 then cast(c.owners as varchar) || ' owners, one of them primary'
        when c.primary_owners = 0 then cast(c.owners as varchar) || ' owners (' || c.owner || ', ' || c.other_owner || '), none primary'
        else cast(c.primary_owners as varchar) || ' owners are primary at once (' || c.owner || ', ' || c.other_owner || ')'
    end as actual,
    case when coalesce(c.entries, 0) = 0 then 'no_entry' end as cause,
    e.ref,
    cast(null as varchar) as other_ref
from subjects s
join events e on e.event_key = s.first_key
left join coverage c
    on c.platform = s.platform
   and c.channel = s.channel
   and c.step = s.step
   and c.dataset is not distinct from s.dataset
left join ownerless u
    on u.platform = s.platform
   and u.channel = s.channel
   and u.step = s.step
   and u.dataset is not distinct from s.dataset

-- Who sends what.

-- Events by how they were sent and the step they tell of: few rows, however many events there are.
create table sent_kinds as
select
    platform,
    channel,
    sender,
    sender_kind,
    agent,
    partner_agent,
    initiator,
    dataset,
    relay_store,
    log_sender,
    step,
    in_plan,
    count(*) as events,
    min(event_key) as first_key
from events
group by
    platform, channel, sender, sender_kind, agent, partner_agent, initiator, dataset, relay_store, log_sender, step, in_plan;

-- Every way of sending seen in the evidence, with what identifies it.
create table observed_senders as
select
    row_number() over (order by platform, channel, sender, agent, partner_agent, initiator, dataset, relay_store, log_sender) as fingerprint,
    platform,
    channel,
    sender,
    sender_kind,
    agent,
    partner_agent,
    initiator,
    dataset,
    relay_store,
    log_sender
from sent_kinds
group by platform, channel, sender, sender_kind, agent, partner_agent, initiator, dataset, relay_store, log_sender;

-- What each of them sent: how often each step, and the first event of it.
create table sender_steps as
select
    f.fingerprint,
    f.platform,
    f.channel,
    f.sender,
    f.dataset,
    f.initiator,
    k.step,
    k.in_plan,
    k.events,
    k.first_key
from sent_kinds k
join observed_senders f
    on f.platform = k.platform
   and f.channel = k.channel
   and f.sender is not distinct from k.sender
   and f.sender_kind is not distinct from k.sender_kind
   and f.agent is not distinct from k.agent
   and f.partner_agent is not distinct from k.partner_agent
   and f.initiator is not distinct from k.initiator
   and f.dataset is not distinct from k.dataset
   and f.relay_store is not distinct from k.relay_store
   and f.log_sender is not distinct from k.log_sender;

create view event_fingerprints as
select
    e.event_key,
    f.fingerprint
from events e
join observed_senders f
    on f.platform = e.platform
   and f.channel = e.channel
   and f.sender is not distinct from e.sender
   and f.sender_kind is not distinct from e.sender_kind
   and f.agent is not distinct from e.agent
   and f.partner_agent is not distinct from e.partner_agent
   and f.initiator is not distinct from e.initiator
   and f.dataset is not distinct from e.dataset
   and f.relay_store is not distinct from e.relay_store
   and f.log_sender is not distinct from e.log_sender;

-- Which register entry claims which way of sending, per step. An entry without match claims what no other claims.
create table sender_claims as
with matched as (
    select
        f.fingerprint,
        p.entry
    from observed_senders f
    join plan_senders p
        on p.platform = f.platform
       and p.channel = f.channel
    where p.has_match
      and (p.agent is null or coalesce(f.agent, '') like p.agent escape '!')
      and (p.partner_agent is null or coalesce(f.partner_agent, '') like p.partner_agent escape '!')
      and (p.initiator is null or coalesce(f.initiator, '') like p.initiator escape '!')
      and (p.dataset is null or coalesce(f.dataset, '') like p.dataset escape '!')
      and (p.relay_store is null or coalesce(f.relay_store, '') like p.relay_store escape '!')
      and (p.sender is null or coalesce(f.log_sender, '') like p.sender escape '!')
),
matched_steps as (
    select
        m.fingerprint,
        s.step,
        m.entry
    from matched m
    join plan_sender_steps s on s.entry = m.entry
),
rest as (
    select
        f.fingerprint,
        s.step,
        p.entry
    from observed_senders f
    join plan_senders p
        on p.platform = f.platform
       and p.channel = f.channel
    join plan_sender_steps s on s.entry = p.entry
    left join matched_steps m on m.fingerprint = f.fingerprint and m.step = s.step
    where not p.has_match
      and m.fingerprint is null
)
select fingerprint, step, entry from matched_steps
union all
select fingerprint, step, entry from rest;

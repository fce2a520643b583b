/*
title       = "Events respect the consent on record"
failure     = "An event and the consent on record do not agree"
facet       = "privacy"
severity    = "warning"
needs       = ["events"]
why         = """
Where the same evidence shows that a shopper refused, or asked for limited use, an event that ignores it is a legal risk, and one
that every browser can show to an authority.
"""
means       = "The record shows consent denied when this event left, or limited use asked for on one side and not on the other."
first_check = "After a refusal: open the site, refuse consent, and watch which requests still leave. Where only limited use differs: compare both copies of the event; nobody need have refused."
not_yet     = "Do not switch the consent banner off or make it pre-accepted to get the numbers back."
remedy      = "Tie this sender to the consent tool, hand the answer on to the server, and send the limited-use flag from both sides or from neither."
owner       = "tracking"

[causes.opted_out]
failure     = "Server events ask the platform not to use them for optimisation"
means       = "The server sends opt_out with these events: Meta counts them for attribution and does not let them steer the delivery of ads. No shopper's refusal stands behind it: consent was granted, or each and every event carries it."
first_check = "Look where the sender sets opt_out: a fixed value, a test left behind, or a consent field read the wrong way round."
not_yet     = "Do not change bids or audiences because the campaign does not learn, before the events feed it again."
remedy      = "Send opt_out for the shoppers who refused, from the consent tool's answer, and leave it out for all others."
owner       = "tracking"

[causes.limited_for_all]
failure     = "Every server event asks for limited use"
means       = "The limited-use flag stands on each server event, whoever the shopper is: no refusal stands behind it, and some may have granted consent. The platforms apply it to people in certain states of the USA; there it limits retargeting and measurement."
first_check = "Ask whether somebody decided to limit the use for everybody, or whether the flag should follow the consent tool."
not_yet     = "Do not take it away before the answer: where the law asks for it, it has to stay."
remedy      = "Tie the flag to the shopper's own choice, or note the decision as a waiver."
owner       = "tracking"
*/
with told as (
    select
        e.platform,
        e.step,
        coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref) as subject,
        e.order_id,
        e.session,
        e.consent <> 'denied' as ok,
        'no event while consent is denied' as expected,
        e.channel || ' ' || e.event_name || ' sent with consent ' || e.consent as actual,
        e.ref,
        cast(null as varchar) as other_ref
    from events e
    where e.consent in ('granted', 'denied')
      and (e.channel = 'server' or (coalesce(e.status, 200) <> 0 and e.net_error is null))
),
-- Limited use is only comparable where both wires can say it.
flagged as (
    select
        p.platform,
        p.step,
        coalesce(p.order_id, p.order_key, p.browser_id) as subject,
        p.order_id,
        p.session,
        contains(coalesce(b.limited_use, ''), 'LDU') = contains(coalesce(s.limited_use, ''), 'LDU') as ok,
        'the same limited-use flag on both sides' as expected,
        'browser ' || case when contains(b.limited_use, 'LDU') then 'with' else 'without' end || ' limited use, server '
            || case when contains(s.limited_use, 'LDU') then 'with' else 'without' end as actual,
        p.browser_ref as ref,
        p.server_ref as other_ref
    from pairs p
    join events b on b.event_key = p.browser_key
    join events s on s.event_key = p.server_key
    where p.kind = 'exact'
      and b.endpoint in ('meta_pixel', 'tiktok_pixel')
      and (contains(b.limited_use, 'LDU') or contains(s.limited_use, 'LDU'))
),
-- What the flags say, against the consent that the event or its browser copy has on record.
limits as (
    select
        e.event_key,
        e.platform,
        e.step,
        e.order_id,
        e.session,
        coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref) as subject,
        e.event_name,
        contains(e.limited_use, 'opt_out') as is_opted_out,
        coalesce(e.consent, b.consent) as consent,
        e.ref
    from sent_events e
    left join event_pairs p on p.server_key = e.event_key and p.kind = 'exact'
    left join events b on b.event_key = p.browser_key
    where e.channel = 'server'
      and e.limited_use is not null
),
server_steps as (
    select
        platform,
        step,
        count(*) as events,
        count(distinct coalesce(order_id, session, ref)) as shoppers
    from sent_events
    where channel = 'server'
      and platform in (select platform from limits)
    group by platform, step
),
-- A flag on each event of several shoppers follows none of them.
blankets as (
    select
        l.platform,
        l.step,
        bool_and(l.is_opted_out) as is_opted_out,
        min(s.events) as events,
        min(s.shoppers) as shoppers,
        count(distinct case when l.consent = 'granted' then l.event_key end) as granted,
        min(l.ref) as ref
    from limits l
    join server_steps s on s.platform = l.platform and s.step = l.step
    group by l.platform, l.step
    having count(distinct l.event_key) = min(s.events)
       and min(s.shoppers) >= 2
       and not coalesce(bool_or(l.consent = 'denied'), false)
       and (bool_and(l.is_opted_out) or not bool_or(l.is_opted_out))
)
select
    platform,
    step,
    subject,
    order_id,
    session,
    ok,
    expected,
    actual,
    cast(null as varchar) as cause,
    cast(null as varchar) as severity,
    ref,
    other_ref
from told
union all
select
    platform,
    step,
    subject,
    order_id,
    session,
    ok,
    expected,
    actual,
    cast(null as varchar),
    cast(null as varchar),
    ref,
    other_ref
from flagged
union all
select
    platform,
    step,
    'all server events',
    cast(null as varchar),
    cast(null as varchar),
    false,
    'flags that follow the shopper''s own choice',
    case when is_opted_out then 'opt_out' else 'limited use' end || ' on each of ' || counted(events, 'server event') || ' of ' || counted(shoppers, 'shopper')
        || case when granted > 0 then ', ' || granted || ' of them with consent granted' else ', none of whom is known to have refused' end,
    case when is_opted_out then 'opted_out' else 'limited_for_all' end,
    case when not is_opted_out then 'note' end,
    ref,
    cast(null as varchar)
from blankets
union all
select
    l.platform,
    l.step,
    l.subject,
    l.order_id,
    l.session,
    false,
    'no opt_out while consent is granted',
    'server ' || l.event_name || ' sent with opt_out, consent granted',
    'opted_out',
    cast(null as varchar),
    l.ref,
    cast(null as varchar)
from limits l
left join blankets b on b.platform = l.platform and b.step = l.step
where l.is_opted_out
  and l.consent = 'granted'
  and b.platform is null

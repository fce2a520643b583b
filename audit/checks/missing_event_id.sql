/*
title    = "Every event that is sent from both sides carries an event_id"
failure  = "An event that is sent from both sides has no event_id"
facet    = "dedup"
severity = "blocker"
severity_other_steps = "warning"
deciding = true
follows  = ["duplicate_sender"]
needs    = []
why      = """
The event_id is what lets Meta and TikTok see that the browser's report and the server's report are one sale. A copy without
an id cannot be merged with anything, so the sale may be counted twice.
"""

[causes.codeless]
means       = "The event comes from a rule of Meta's Event Setup Tool. Such a rule cannot send an id."
first_check = "In Events Manager open the pixel's settings, start the Event Setup Tool on the page where this event fires, and look for its rule there."
not_yet     = "Do not build a server copy for this rule; it could never be merged with it."
remedy      = "Replace the rule by an event in the shop's code that carries an id, then delete the rule."
owner       = "media"

[causes.misplaced]
failure     = "An event that is sent from both sides has its event_id where Meta does not look"
means       = "The id was sent, but among the event's data, where Meta does not look for it."
first_check = "Find the pixel call for this event: eventID stands in the third argument, it belongs in the fourth."
not_yet     = "Do not invent a new id on the server side; the id itself is fine, only its place is wrong."
remedy      = "Move eventID out of the parameters into the call's last argument, as { eventID: … }."
owner       = "tracking"

[causes.empty_string]
means       = "The field for the id is there but empty: the page or server had no id at that moment."
first_check = "See where the id is made and whether the event leaves before that has happened."
not_yet     = "Do not fill the gap with a fixed text; all events would then share one id."
remedy      = "Make the id before the event is sent, and hand the same text to both sides."
owner       = "tracking"

[causes.absent]
means       = "This sender does not send an id at all."
first_check = "Look at the sender that the finding names: is there a setting or an argument for the event id, and is it left out?"
not_yet     = "Do not switch off the other side to stop double counting; first try to give both the same id."
remedy      = "Pass the id that the other side already uses to this sender, and place one test order."
owner       = "tracking"
*/
with two_sided as (
    select
        platform,
        step
    from plan_requirements
    where platform in ('meta', 'tiktok')
    group by platform, step
    having count(distinct channel) = 2
),
-- Other steps that both sides sent all the same, for one act: what has no id there is counted twice as well.
answered as (
    select b.event_key
    from probable_pairs p
    join sent_events b on b.event_key = p.browser_key
    join sent_events s on s.event_key = p.server_key
    where b.event_id is null
    union
    select s.event_key
    from probable_pairs p
    join sent_events b on b.event_key = p.browser_key
    join sent_events s on s.event_key = p.server_key
    where s.event_id is null
)
select
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref) as subject,
    e.order_id,
    e.session,
    e.event_id is not null as ok,
    'an event_id on the ' || e.channel || ' event' as expected,
    case
        when e.event_id is not null then 'id ' || e.event_id
        when e.is_codeless then 'none: rule ' || coalesce(e.rule, '(unnumbered)') || ' of the Event Setup Tool'
        when e.event_id_state = 'misplaced' then 'none in its place: the id stands among the parameters, sent by ' || e.sender
        when e.event_id_state = 'empty' then 'an empty text, sent by ' || e.sender
        else 'none, sent by ' || e.sender
    end as actual,
    case
        when e.event_id is not null then null
        when e.is_codeless then 'codeless'
        when e.event_id_state = 'misplaced' then 'misplaced'
        when e.event_id_state = 'empty' then 'empty_string'
        else 'absent'
    end as cause,
    e.ref,
    cast(null as varchar) as other_ref
from sent_events e
left join two_sided t
    on t.platform = e.platform
   and t.step = e.step
left join answered a on a.event_key = e.event_key
where t.step is not null
   or (a.event_key is not null and e.platform in ('meta', 'tiktok'))

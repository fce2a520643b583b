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
        coalesce(b.limited_use, '') = coalesce(s.limited_use, '') as ok,
        'the same limited-use flag on both sides' as expected,
        'browser ' || case when b.limited_use is null then 'without' else 'with' end || ' limited use, server '
            || case when s.limited_use is null then 'without' else 'with' end as actual,
        p.browser_ref as ref,
        p.server_ref as other_ref
    from pairs p
    join events b on b.event_key = p.browser_key
    join events s on s.event_key = p.server_key
    where p.kind = 'exact'
      and b.endpoint in ('meta_pixel', 'tiktok_pixel')
      and (b.limited_use is not null or s.limited_use is not null)
)
select platform, step, subject, order_id, session, ok, expected, actual, cast(null as varchar) as cause, ref, other_ref
from told
union all
select platform, step, subject, order_id, session, ok, expected, actual, cast(null as varchar), ref, other_ref
from flagged

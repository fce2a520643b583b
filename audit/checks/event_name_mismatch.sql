/*
title    = "Browser and server copies carry one event name"
failure  = "The two copies of an event carry different names"
facet    = "dedup"
severity = "blocker"
severity_other_steps = "warning"
deciding = true
needs    = ["browser events", "server events"]
why      = """
Platforms merge two copies only when both the id and the event name are the same. Under two names one sale is counted twice,
and the campaign may optimise for a name that only half of the sales carry.
"""

[causes.tiktok_rename]
means       = "TikTok knows this sale under several names (CompletePayment, Purchase, PlaceAnOrder), and the two sides use different ones."
first_check = "See which name the campaign optimises for in TikTok Ads Manager; that is the one to keep."
not_yet     = "Do not switch the campaign to the other name; that restarts its learning and leaves the double count."
remedy      = "Use one of the names on both sides, the campaign's own, and place one test order."
owner       = "tracking"

[causes.case]
means       = "The two names differ only in capital letters or spaces; to the platform one of them is a custom event of your own."
first_check = "Compare the two names that the finding shows with the platform's spelling; the one that deviates is the one to change."
not_yet     = "Do not build a custom conversion on the misspelt name."
remedy      = "Spell the event exactly as the platform does, on both sides."
owner       = "tracking"

[causes.other]
means       = "The two sides give one event two different names."
first_check = "Find the table or setting that translates shop events into platform events on the side with the unusual name."
not_yet     = "Do not judge cost per purchase by either name while the sales are split between two."
remedy      = "Map the shop event to the same platform event on both sides."
owner       = "data"
*/
with names as (
    select
        e.platform,
        e.event_id,
        e.event_name,
        e.step,
        max(case when e.channel = 'browser' then 1 else 0 end) as in_browser,
        max(case when e.channel = 'server' then 1 else 0 end) as on_server,
        min(e.order_id) as order_id,
        min(e.order_key) as order_key,
        min(e.session) as session,
        min(case when e.channel = 'browser' then e.ref end) as browser_ref,
        min(case when e.channel = 'server' then e.ref end) as server_ref
    from id_events c
    join events e on e.event_key = c.event_key
    where e.platform in ('meta', 'tiktok')
      and e.event_name <> ''
      and e.in_plan
    group by e.platform, e.event_id, e.event_name, e.step
),
-- One id, sent by each side under a name the other side does not use for it. Two different core steps under one id are two
-- acts (a visit's id on each of them), not two names of one.
split as (
    select
        b.platform,
        coalesce(b.step, s.step) as step,
        b.event_id,
        b.event_name as browser_name,
        s.event_name as server_name,
        coalesce(b.order_id, s.order_id) as order_id,
        coalesce(b.order_key, s.order_key) as order_key,
        coalesce(b.session, s.session) as session,
        b.browser_ref,
        s.server_ref,
        row_number() over (
            partition by b.platform, b.event_id, coalesce(b.step, s.step)
            order by case when b.step = s.step then 0 else 1 end, b.event_name, s.event_name
        ) as nth
    from names b
    join names s
        on s.platform = b.platform
       and s.event_id = b.event_id
       and s.event_name <> b.event_name
       and (s.step = b.step or s.step is null or b.step is null)
    where b.in_browser = 1
      and b.on_server = 0
      and s.on_server = 1
      and s.in_browser = 0
      and coalesce(b.step, s.step) is not null
),
judged as (
    select
        platform,
        step,
        event_id,
        event_name as browser_name,
        event_name as server_name,
        order_id,
        order_key,
        session,
        browser_ref,
        server_ref
    from names
    where in_browser = 1
      and on_server = 1
      and step is not null
    union all
    select
        platform,
        step,
        event_id,
        browser_name,
        server_name,
        order_id,
        order_key,
        session,
        browser_ref,
        server_ref
    from split
    where nth = 1
    union all
    -- A plain id names one event on both sides.
    select
        c.platform,
        c.step,
        b.event_id,
        b.event_name,
        s.event_name,
        b.order_id,
        least(b.order_key, s.order_key),
        least(b.session, s.session),
        b.ref,
        s.ref
    from id_copies c
    join events b on b.event_key = c.browser_key
    join events s on s.event_key = c.server_key
    where c.is_plain
      and c.platform in ('meta', 'tiktok')
)
select
    platform,
    step,
    coalesce(order_id, order_key, event_id) as subject,
    order_id,
    session,
    browser_name = server_name as ok,
    'one event name on both sides' as expected,
    'browser ' || browser_name || ', server ' || server_name || ', both with id ' || event_id as actual,
    case
        when browser_name = server_name then null
        when lower(trim(browser_name)) = lower(trim(server_name)) then 'case'
        when platform = 'tiktok'
            and browser_name in ('Purchase', 'CompletePayment', 'PlaceAnOrder')
            and server_name in ('Purchase', 'CompletePayment', 'PlaceAnOrder') then 'tiktok_rename'
        else 'other'
    end as cause,
    browser_ref as ref,
    server_ref as other_ref
from judged

/*
title    = "Events come from allowed domains"
failure  = "An event names a domain that is not on the allow list"
facet    = "delivery"
severity = "blocker"
severity_other_steps = "warning"
needs    = ["allowed domains"]
why      = """
With an allow list (Meta calls it Traffic permissions) the platform drops events of any domain that is not on it, and says so
nowhere but in its own settings: the pixel fires, the relay accepts, and nothing is recorded.
"""

[causes.staging]
means       = "The event names a staging, preview or test site."
first_check = "Look where the address comes from: a fixed setting in the sender, or a test site that uses the live pixel."
not_yet     = "Do not put the staging site on the allow list: its test sales would feed the live ads."
remedy      = "Send the address of the page the shopper is on, and give the staging site a pixel of its own."
owner       = "tracking"

[causes.localhost]
means       = "The event names a developer's own machine or a private network."
first_check = "Search the sender's settings for a base address left over from development."
not_yet     = "Do not allow localhost in the platform's settings."
remedy      = "Read the address from the page itself or from the live shop's setting, then repeat the test order."
owner       = "tracking"

[causes.www]
means       = "The list names www. before this domain: it covers what stands below www. and not the domain itself."
first_check = "Compare allowed_domains in audit.toml with Traffic permissions in Events Manager: is www. written in both, or in the plan alone?"
not_yet     = "Do not redirect the shop or rebuild the pixel for this; it is one line of a list."
remedy      = "Put the domain without www. on the list, at the platform and in the plan: it covers www. and every other subdomain."
owner       = "media"

[causes.other]
means       = "The event names a domain that nobody put on the list."
first_check = "Find out whose domain it is: a second shop, a checkout or payment host, a landing page, or somebody else's site with your pixel."
not_yet     = "Do not switch the allow list off: it also keeps strangers out."
remedy      = "Put the domain on the platform's list and into the plan if shoppers visit it; else remove the pixel there."
owner       = "media"
*/
with hosted as (
    select
        e.event_key,
        e.platform,
        e.step,
        e.order_id,
        e.order_key,
        e.event_id,
        e.session,
        e.ref,
        rtrim(lower(e.page_host), '.') as host
    from events e
    join (select distinct platform from plan_domains) p on p.platform = e.platform
    where e.step is not null
      -- a pixel the plan does not name, and another shop in the same log, are no business of this list
      and e.in_plan
),
hosts as (
    select distinct platform, host
    from hosted
    where host is not null
),
-- A domain covers its subdomains.
covered as (
    select h.platform, h.host
    from hosts h
    join plan_domains d on d.platform = h.platform
    where h.host = d.domain
       or ends_with(h.host, '.' || d.domain)
    group by h.platform, h.host
),
-- Where this launch's own sales come from: there the list drops them.
selling as (
    select distinct platform, host
    from hosted
    where order_id is not null
      and host is not null
),
lists as (
    select
        platform,
        string_agg(domain, ', ' order by domain) as domains
    from plan_domains
    group by platform
)
select
    h.platform,
    h.step,
    coalesce(h.order_id, h.order_key, h.event_id, h.session, h.ref) as subject,
    h.order_id,
    h.session,
    case when h.host is not null then c.host is not null end as ok,
    l.domains || ' or a subdomain' as expected,
    coalesce(h.host, 'no page named') as actual,
    case
        when h.host is null or c.host is not null then null
        when is_local_host(h.host) then 'localhost'
        when is_trial_host(h.host) then 'staging'
        when w.domain is not null then 'www'
        else 'other'
    end as cause,
    case when h.step = 'Purchase' or s.host is not null then 'blocker' else 'warning' end as severity,
    h.ref,
    cast(null as varchar) as other_ref
from hosted h
join lists l on l.platform = h.platform
left join covered c on c.platform = h.platform and c.host = h.host
left join selling s on s.platform = h.platform and s.host = h.host
left join plan_domains w on w.platform = h.platform and w.domain = 'www.' || h.host

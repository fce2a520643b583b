/*
title    = "Standard events carry their standard names"
failure  = "A standard event is misspelled and became a custom one"
facet    = "payload"
severity = "warning"
follows  = ["event_name_mismatch"]
needs    = []
why      = """
Names are read letter by letter. 'purchase' is to Meta a custom event that no purchase campaign optimises for and no purchase column
counts, however much it looks like the real one.
"""
means       = "The name differs from a standard one only in capitals, spaces or marks, or is the one that SnackVideo has for its other side, so the platform takes it for something of your own."
first_check = "Search code and tags for the name as the finding writes it, with the marks around it."
not_yet     = "Do not build a custom conversion on the misspelled name; it would live beside the real one for ever."
remedy      = "Write the standard name exactly, on both sides, and send one test event."
owner       = "tracking"
*/
with standard_names as (
    select * from (values
        ('meta', 'ViewContent'), ('meta', 'AddToCart'), ('meta', 'InitiateCheckout'), ('meta', 'Purchase'),
        ('meta', 'AddPaymentInfo'), ('meta', 'AddToWishlist'), ('meta', 'CompleteRegistration'), ('meta', 'Contact'),
        ('meta', 'CustomizeProduct'), ('meta', 'Donate'), ('meta', 'FindLocation'), ('meta', 'Lead'), ('meta', 'PageView'),
        ('meta', 'Schedule'), ('meta', 'Search'), ('meta', 'StartTrial'), ('meta', 'SubmitApplication'), ('meta', 'Subscribe'),
        ('tiktok', 'ViewContent'), ('tiktok', 'AddToCart'), ('tiktok', 'InitiateCheckout'), ('tiktok', 'CompletePayment'),
        ('tiktok', 'Purchase'), ('tiktok', 'AddPaymentInfo'), ('tiktok', 'PlaceAnOrder'), ('tiktok', 'Search'),
        ('tiktok', 'AddToWishlist'), ('tiktok', 'CompleteRegistration'), ('tiktok', 'Contact'), ('tiktok', 'Subscribe'),
        ('tiktok', 'SubmitForm'), ('tiktok', 'Lead'), ('tiktok', 'Download'), ('tiktok', 'ClickButton'),
        ('tiktok', 'CustomizeProduct'), ('tiktok', 'FindLocation'), ('tiktok', 'Schedule'), ('tiktok', 'ApplicationApproval'),
        ('tiktok', 'SubmitApplication'), ('tiktok', 'StartTrial'), ('tiktok', 'Pageview'),
        ('snackvideo', 'contentView'), ('snackvideo', 'addToCart'), ('snackvideo', 'initiatedCheckout'), ('snackvideo', 'purchase'),
        ('snackvideo', 'completeRegistration'), ('snackvideo', 'formSubmit'), ('snackvideo', 'buttonClick'), ('snackvideo', 'pageview'),
        ('snackvideo', 'EVENT_CONTENT_VIEW'), ('snackvideo', 'EVENT_ADD_TO_CART'), ('snackvideo', 'EVENT_INITIATED_CHECKOUT'),
        ('snackvideo', 'EVENT_PURCHASE'), ('snackvideo', 'EVENT_COMPLETE_REGISTRATION'), ('snackvideo', 'EVENT_FORM_SUBMIT')
    ) as t(platform, name)
),
-- How a name sounds: letters and digits only, in small ones. Near names that sound otherwise are listed.
sounds as (
    select
        platform,
        regexp_replace(lower(name), '[^a-z0-9]', '', 'g') as sound,
        min(name) as name
    from standard_names
    group by platform, regexp_replace(lower(name), '[^a-z0-9]', '', 'g')
    union all
    select * from (values
        ('meta', 'viewcontents', 'ViewContent'), ('meta', 'contentview', 'ViewContent'),
        ('meta', 'addedtocart', 'AddToCart'), ('meta', 'initiatedcheckout', 'InitiateCheckout'), ('meta', 'initatecheckout', 'InitiateCheckout'),
        ('meta', 'purchased', 'Purchase'), ('meta', 'purchases', 'Purchase'),
        ('tiktok', 'viewcontents', 'ViewContent'), ('tiktok', 'contentview', 'ViewContent'),
        ('tiktok', 'addedtocart', 'AddToCart'), ('tiktok', 'initiatedcheckout', 'InitiateCheckout'),
        ('tiktok', 'completepayments', 'CompletePayment'), ('tiktok', 'completedpayment', 'CompletePayment'),
        ('tiktok', 'placeorder', 'PlaceAnOrder'),
        ('snackvideo', 'viewcontent', 'contentView'), ('snackvideo', 'initiatecheckout', 'initiatedCheckout')
    ) as t(platform, sound, name)
),
-- SnackVideo's pixel and Kwai's own API have names of their own for one step; which of them the relay takes is not published.
twins as (
    select
        p.name as pixel_name,
        a.name as api_name
    from standard_names p
    join standard_names a on a.name = 'EVENT_' || upper(regexp_replace(p.name, '([A-Z])', '_\1', 'g'))
    where p.platform = 'snackvideo'
),
names as (
    select
        platform,
        channel,
        event_name,
        coalesce(endpoint = 'kwai_event_api', false) as is_kwai_api,
        count(*) as event_count,
        min(event_key) as first_key,
        max(step) as step
    from events
    where event_name <> ''
      and in_plan
    group by platform, channel, event_name, coalesce(endpoint = 'kwai_event_api', false)
),
judged as (
    select
        n.*,
        -- A name the plan gives to a step is meant as it stands.
        coalesce(a.api_name, p.pixel_name, case when s.name is null and n.step is null then l.name end) as meant
    from names n
    left join twins a on a.pixel_name = n.event_name and n.is_kwai_api
    left join twins p on p.api_name = n.event_name and n.platform = 'snackvideo' and n.channel = 'browser'
    left join standard_names s on s.platform = n.platform and s.name = n.event_name
    left join sounds l on l.platform = n.platform and l.sound = regexp_replace(lower(n.event_name), '[^a-z0-9]', '', 'g')
)
select
    j.platform,
    coalesce(j.step, p.step) as step,
    j.event_name as subject,
    cast(null as varchar) as order_id,
    j.meant is null as ok,
    case when j.meant is null then 'a standard name, or one of your own' else '"' || j.meant || '"' end as expected,
    '"' || j.event_name || '", ' || cast(j.event_count as varchar) || ' ' || j.channel
        || case when j.event_count = 1 then ' event' else ' events' end as actual,
    cast(null as varchar) as cause,
    e.ref,
    cast(null as varchar) as other_ref
from judged j
join events e on e.event_key = j.first_key
left join plan_steps p on p.platform = j.platform and p.event_name = j.meant

/*
title    = "Addresses sent to platforms hold no personal data"
failure  = "A page address with personal data went to a platform"
facet    = "privacy"
severity = "blocker"
needs    = ["events"]
why      = """
The pixel sends the page's full address and the page before it. An e-mail or phone number in there reaches the platform in plain
text, without consent and against its terms; platforms answer with stripped data or a blocked pixel.
"""

[causes.email]
means       = "An e-mail address stands in the page address or in the address of the page before it."
first_check = "Open the page that the finding names and see which link or redirect puts the e-mail into the address: a thank-you redirect, a newsletter link, a login form."
not_yet     = "Do not switch server events off; the address is what leaks, and the page pixel sends it too."
remedy      = "Pass the order or a random key in the address instead of the e-mail, and send a form's fields in the request body."
owner       = "theme"

[causes.phone]
means       = "A phone number stands in the page address or in the address of the page before it."
first_check = "Open the page that the finding names and see which link or form puts the number into the address; chat and payment links often do."
not_yet     = "Do not just rename the parameter; the number would leak under another name."
remedy      = "Keep the number out of addresses: look it up on the page by the order's key."
owner       = "theme"
*/
select
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref) as subject,
    e.order_id,
    e.session,
    e.personal_in_url is null as ok,
    'an address without personal data' as expected,
    case
        when e.personal_in_url is null then 'none found'
        else e.channel || ' ' || e.event_name || ': ' || e.personal_in_url || coalesce(' (' || e.page_host || e.page_path || ')', '')
    end as actual,
    case
        when e.personal_in_url like '%email%' then 'email'
        when e.personal_in_url is not null then 'phone'
    end as cause,
    e.ref,
    cast(null as varchar) as other_ref
from events e
-- What a blocker stopped has not reached anybody.
where (e.channel = 'server' or (coalesce(e.status, 200) <> 0 and e.net_error is null))
  and (e.page_url is not null or e.referrer_host is not null or e.personal_in_url is not null)

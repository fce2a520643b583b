/*
title       = "Personal data is hashed where the platform asks for it"
failure     = "Personal data was sent in plain text where a hash is required"
facet       = "privacy"
severity    = "blocker"
needs       = ["events"]
why         = """
Meta and TikTok want e-mail, phone and names as SHA-256 on their own interfaces and from the browser. Plain text exposes the
buyer, breaks the terms, and cannot be matched either.
"""
means       = "User-data fields that must be hashed were sent as plain text. The storefront relay is not meant: it takes plain text by design and hashes for you."
first_check = "Look at the step that fills these fields and see whether the hashing function runs for all of them and on this path."
not_yet     = "Do not remove the fields for good; hashed, they are what credits sales to ads."
remedy      = "Trim, put in small letters, hash with SHA-256, then send; ask whether the plain values must be deleted from logs."
owner       = "data"

[causes.external_id]
means       = "The customer id (external_id) is an e-mail address or a phone number, in plain text. Meta takes a shop's own customer number as it is; this it may not get."
first_check = "Look at what the code takes for the customer's id: login names are often addresses, and a chat shop's customers are phone numbers."
not_yet     = "Do not leave the customer id out for good; a stable one tells buyers apart where cookies are lost."
remedy      = "Send the shop's own customer number, the same from page and server (to TikTok hashed), or hash the address with SHA-256."
owner       = "data"
*/
select
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref) as subject,
    e.order_id,
    e.session,
    e.plain_keys is null as ok,
    'user data as SHA-256' as expected,
    case
        when e.plain_keys is null then 'hashed'
        else e.channel || ' ' || e.event_name || ': plain text in ' || replace(e.plain_keys, ',', ', ')
    end as actual,
    -- TikTok's own interface wants any customer id hashed.
    case when e.plain_keys = 'external_id' and e.endpoint <> 'tiktok_events_api' then 'external_id' end as cause,
    e.ref,
    cast(null as varchar) as other_ref
from events e
where e.endpoint in ('meta_pixel', 'meta_capi', 'tiktok_pixel', 'tiktok_events_api')
  and (e.plain_keys is not null or e.has_email or e.has_phone or e.has_external_id)
  -- What a blocker stopped has not reached anybody.
  and (e.channel = 'server' or (coalesce(e.status, 200) <> 0 and e.net_error is null))

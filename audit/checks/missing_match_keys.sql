/*
title       = "Server Purchases say who bought"
failure     = "A server Purchase does not say who bought, or in a form nobody can match"
facet       = "attribution"
severity    = "warning"
needs       = ["server events"]
why         = """
When a click id is lost, an e-mail, a phone number or a customer id is what lets the platform match the buyer. The order has
them; a Purchase without any is matched by chance.
"""
means       = "The server Purchase names neither e-mail nor phone nor external id, or only the hash of an empty field, although a buyer stands behind every order."
first_check = "Look at the code that builds this request: does it have the order's customer at hand, and does the buyer's consent allow to send it?"
not_yet     = "Do not ask shoppers for more data or put it into page addresses; the order already holds what is needed."
remedy      = "Send the order's e-mail and phone in the form the interface asks for, hashed for the platforms' own interfaces, and a stable customer id. Leave out a field that is empty: its hash is the same for everybody."
owner       = "data"

[causes.local_phone]
means       = "The buyer's phone number was hashed as it is dialled at home, without its country code. The platform hashes numbers with the code, so this hash matches nobody."
first_check = "Look at the line that prepares the number: 0812… must become 62812… (for TikTok +62812…) before it is hashed."
not_yet     = "Do not count the phone as a match key, and do not send the plain number instead."
remedy      = "Put the country code in front of the number, in the form the receiver asks for, and hash that."
owner       = "data"
*/
with purchases as (
    select
        e.*,
        -- Their own interfaces want the number hashed, with its code; a relay is given it plain and does both.
        e.endpoint not like '%relay'
            and not coalesce(contains(e.plain_keys, 'ph'), false)
            and coalesce(e.phone_digest in (o.phone_home_digest, o.phone_bare_digest), false) as is_local_phone,
        o.ref as order_ref
    from sent_visit_events e
    left join orders o on o.order_id = e.order_id
    where e.channel = 'server'
      and e.step = 'Purchase'
      and e.platform in ('meta', 'tiktok')
      -- A buyer who refused is owed silence.
      and coalesce(e.consent, 'granted') <> 'denied'
)
select
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.visit, e.ref) as subject,
    e.order_id,
    e.visit as session,
    case
        when e.is_local_phone then false
        when e.has_email or e.has_phone or e.has_external_id then true
        when e.blotted_keys like '%user data%' then null
        else false
    end as ok,
    case when e.is_local_phone then 'the buyer''s phone with its country code, hashed'
        else 'e-mail, phone or external id of the buyer' end as expected,
    case
        when e.is_local_phone then 'hash of the order''s phone without its country code'
            || case when e.has_email or e.has_external_id then ', beside ' || concat_ws(' and ',
                    case when e.has_email then 'e-mail' end,
                    case when e.has_external_id then 'external id' end)
                else ', and no other key' end
        when e.has_email or e.has_phone or e.has_external_id then concat_ws(', ',
            case when e.has_email then 'e-mail' end,
            case when e.has_phone then 'phone' end,
            case when e.has_external_id then 'external id' end)
        when e.blotted_keys like '%user data%' then 'user data that the log blotted out'
        when e.void_keys is not null
            then 'none of them: an empty text, or a word such as undefined, was sent or hashed as ' || e.void_keys
        else 'none of them'
    end as actual,
    case when e.is_local_phone then 'local_phone' end as cause,
    e.ref,
    case when e.is_local_phone then e.order_ref end as other_ref
from purchases e

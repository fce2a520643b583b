/*
title       = "Server Purchases say who bought"
failure     = "A server Purchase carries no e-mail, phone or external id"
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
*/
select
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.visit, e.ref) as subject,
    e.order_id,
    e.visit as session,
    case
        when e.has_email or e.has_phone or e.has_external_id then true
        when e.blotted_keys like '%user data%' then null
        else false
    end as ok,
    'e-mail, phone or external id of the buyer' as expected,
    case
        when e.has_email or e.has_phone or e.has_external_id then concat_ws(', ',
            case when e.has_email then 'e-mail' end,
            case when e.has_phone then 'phone' end,
            case when e.has_external_id then 'external id' end)
        when e.blotted_keys like '%user data%' then 'user data that the log blotted out'
        when e.void_keys is not null
            then 'none of them: an empty text, or a word such as undefined, was sent or hashed as ' || e.void_keys
        else 'none of them'
    end as actual,
    cast(null as varchar) as cause,
    e.ref,
    cast(null as varchar) as other_ref
from sent_visit_events e
where e.channel = 'server'
  and e.step = 'Purchase'
  and e.platform in ('meta', 'tiktok')
  -- A buyer who refused is owed silence.
  and coalesce(e.consent, 'granted') <> 'denied'

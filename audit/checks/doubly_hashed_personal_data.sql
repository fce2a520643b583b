/*
title       = "Buyer data is hashed once"
failure     = "Buyer data was hashed twice"
facet       = "privacy"
severity    = "warning"
needs       = ["events", "orders"]
why         = """
A hash of a hash looks right and matches nobody: the platform compares it with single hashes. The buyer's data leaves the shop
and earns nothing in return.
"""
means       = "The value sent is the SHA-256 of the SHA-256 of the order's own e-mail or phone: two systems in a row hash it."
first_check = "Follow the field from shop to platform and find the two steps that hash: often the shop does, and then the tag or the app again."
not_yet     = "Do not add more buyer fields to raise match quality; the ones you send are not readable yet."
remedy      = "Hash in one place only; give the second step the switch 'already hashed', or plain text."
owner       = "data"
*/
with compared as (
    select
        e.platform,
        e.step,
        e.channel,
        e.event_name,
        e.order_id,
        e.session,
        e.ref,
        o.ref as order_ref,
        coalesce(e.email_digest = o.email_double_digest, false) as is_double_email,
        coalesce(e.phone_digest = o.phone_double_digest, false) as is_double_phone
    from events e
    join orders o on o.order_id = e.order_id
    where (e.email_digest is not null and o.email_double_digest is not null)
       or (e.phone_digest is not null and o.phone_double_digest is not null)
)
select
    platform,
    step,
    order_id as subject,
    order_id,
    session,
    not is_double_email and not is_double_phone as ok,
    'the order''s e-mail and phone, hashed once' as expected,
    case
        when not is_double_email and not is_double_phone then 'no double hash'
        else channel || ' ' || event_name || ': hash of a hash of the order''s '
            || concat_ws(' and ', case when is_double_email then 'e-mail' end, case when is_double_phone then 'phone' end)
    end as actual,
    cast(null as varchar) as cause,
    ref,
    order_ref as other_ref
from compared

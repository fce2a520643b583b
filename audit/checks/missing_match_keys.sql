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
means       = "The server Purchase names neither e-mail nor phone nor external id, or only the hash of an empty field or of the customer number 0 that every guest has, although a buyer stands behind every order."
first_check = "Look at the code that builds this request: does it have the order's customer at hand, and does the buyer's consent allow to send it?"
not_yet     = "Do not ask shoppers for more data or put it into page addresses; the order already holds what is needed."
remedy      = "Send the order's e-mail and phone in the form the interface asks for, hashed for the platforms' own interfaces, and a stable customer id. Leave out a field that is empty, and the customer number of guests: their hash is the same for everybody."
owner       = "data"

[causes.local_phone]
means       = "The buyer's phone number was hashed as it is dialled at home, without its country code. The platform hashes numbers with the code, so this hash matches nobody."
first_check = "Look at the line that prepares the number: 0812… must become 62812… (for TikTok +62812…) before it is hashed."
not_yet     = "Do not count the phone as a match key, and do not send the plain number instead."
remedy      = "Put the country code in front of the number, in the form the receiver asks for, and hash that."
owner       = "data"

[causes.not_normalised]
means       = "The buyer's e-mail was hashed as it was typed, with a capital letter or a blank in it. The platform hashes addresses in small letters and without blanks, so this hash matches nobody."
first_check = "Look at the line that hashes the address: it must trim it and put it in small letters first."
not_yet     = "Do not ask shoppers to type more carefully, and do not send the plain address instead."
remedy      = "Trim the address, put it in small letters, then hash it, on each path that sends it."
owner       = "data"

[causes.wrong_hash]
means       = "What was sent as e-mail or phone is a shorter hash than SHA-256, as MD5 (32 characters) or SHA-1 (40) make it. The platform compares SHA-256, so it matches nobody."
first_check = "Look up which hash function this code or this field of the customer database uses; SHA-256 gives 64 characters."
not_yet     = "Do not hash the short hash once more with SHA-256; that matches nobody either."
remedy      = "Take the plain value, bring it into the form the platform asks for, and hash it with SHA-256."
owner       = "data"
*/
with purchases as (
    select
        e.*,
        -- Their own interfaces want buyer data hashed; a relay is given it plain, and does what is needed.
        e.endpoint not like '%relay' as is_direct,
        o.email_typed_digest,
        o.email_blank_digest,
        o.email_capital_digest,
        o.phone_home_digest,
        o.phone_bare_digest,
        o.ref as order_ref
    from sent_visit_events e
    left join orders o on o.order_id = e.order_id
    where e.channel = 'server'
      and e.step = 'Purchase'
      and e.platform in ('meta', 'tiktok')
      -- A buyer who refused is owed silence.
      and coalesce(e.consent, 'granted') <> 'denied'
),
compared as (
    select
        *,
        case when is_direct then other_hash_keys end as other_hashes,
        case
            when not is_direct then null
            when email_digest = email_typed_digest then 'hash of the order''s e-mail as it was typed'
            when email_digest = email_blank_digest then 'hash of the order''s e-mail with a blank behind it'
            when email_digest = email_capital_digest then 'hash of the order''s e-mail with a capital letter'
        end as odd_email,
        case
            when is_direct
                and not coalesce(contains(plain_keys, 'ph'), false)
                and phone_digest in (phone_home_digest, phone_bare_digest) then 'hash of the order''s phone without its country code'
        end as odd_phone
    from purchases
),
judged as (
    select
        *,
        coalesce(other_hashes, odd_email, odd_phone) is not null as is_unmatched,
        nullif(concat_ws('; ', 'another hash than SHA-256 as ' || other_hashes, odd_email, odd_phone), '') as unmatched,
        nullif(concat_ws(' and ',
            case when has_email and odd_email is null and not contains(coalesce(other_hashes, ''), 'e-mail') then 'e-mail' end,
            case when has_phone and odd_phone is null and not contains(coalesce(other_hashes, ''), 'phone') then 'phone' end,
            case when has_external_id then 'external id' end), '') as other_keys
    from compared
)
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, visit, ref) as subject,
    order_id,
    visit as session,
    case
        when is_unmatched then false
        when has_email or has_phone or has_external_id then true
        when blotted_keys like '%user data%' then null
        else false
    end as ok,
    case
        when other_hashes is not null then 'the buyer''s e-mail or phone as SHA-256, 64 characters'
        when odd_email is not null then 'the buyer''s e-mail in small letters and without blanks, hashed'
        when odd_phone is not null then 'the buyer''s phone with its country code, hashed'
        else 'e-mail, phone or external id of the buyer'
    end as expected,
    case
        when is_unmatched then unmatched || coalesce(', beside ' || other_keys, ', and no other key')
        when has_email or has_phone or has_external_id then concat_ws(', ',
            case when has_email then 'e-mail' end,
            case when has_phone then 'phone' end,
            case when has_external_id then 'external id' end)
        when blotted_keys like '%user data%' then 'user data that the log blotted out'
        when void_keys is not null
            then 'none of them: an empty text, a 0, or a word such as undefined, was sent or hashed as ' || void_keys
        else 'none of them'
    end as actual,
    case
        when other_hashes is not null then 'wrong_hash'
        when odd_email is not null then 'not_normalised'
        when odd_phone is not null then 'local_phone'
    end as cause,
    ref,
    case when odd_email is not null or odd_phone is not null then order_ref end as other_ref
from judged

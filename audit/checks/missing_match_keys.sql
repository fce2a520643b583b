/*
title       = "Server Purchases say who bought"
failure     = "A server Purchase does not say who bought in a form the platform can match"
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
failure     = "A server Purchase names its buyer's phone in a form nobody can match"
means       = "The buyer's phone number was hashed as it is dialled at home, without its country code. The platform hashes numbers with the code, so this hash matches nobody."
first_check = "Look at the line that prepares the number: 0812… must become 62812… (for TikTok +62812…) before it is hashed."
not_yet     = "Do not count the phone as a match key, and do not send the plain number instead."
remedy      = "Put the country code in front of the number, in the form the receiver asks for, and hash that."
owner       = "data"

[causes.not_normalised]
failure     = "A server Purchase names its buyer's e-mail in a form nobody can match"
means       = "The buyer's e-mail was hashed as it was typed, with a capital letter or a blank in it. The platform hashes addresses in small letters and without blanks, so this hash matches nobody."
first_check = "Look at the line that hashes the address: it must trim it and put it in small letters first."
not_yet     = "Do not ask shoppers to type more carefully, and do not send the plain address instead."
remedy      = "Trim the address, put it in small letters, then hash it, on each path that sends it."
owner       = "data"

[causes.wrong_hash]
failure     = "A server Purchase names its buyer by a hash the platform does not read"
means       = "What was sent as e-mail or phone is a shorter hash than SHA-256, as MD5 (32 characters) or SHA-1 (40) make it. The platform compares SHA-256, so it matches nobody."
first_check = "Look up which hash function this code or this field of the customer database uses; SHA-256 gives 64 characters."
not_yet     = "Do not hash the short hash once more with SHA-256; that matches nobody either."
remedy      = "Take the plain value, bring it into the form the platform asks for, and hash it with SHA-256."
owner       = "data"

[causes.other_buyer]
failure     = "A server Purchase names another buyer"
means       = "The e-mail or phone on this Purchase is another buyer's: that of another order, or one and the same for the buyers of several orders, while the export holds another one for this order. The platform credits the sale to the wrong person, or to nobody."
first_check = "Look where this sender takes the customer from: a page or an object that is kept in a cache, a variable that outlives its request, the shop's own test account."
not_yet     = "Do not judge audiences or the match quality score by these events: the field is filled, with the wrong person."
remedy      = "Read the customer from the order that the Purchase is of, for each request anew, and keep customer data out of every cache."
owner       = "data"
*/
with purchases as (
    select
        e.*,
        -- Their own interfaces want buyer data hashed; a relay is given it plain, and does what is needed.
        e.endpoint not like '%relay' as is_direct,
        o.email_digest as order_email_digest,
        o.phone_digest as order_phone_digest,
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
-- What is not this order's own, in no form of it; beside it what else the order tells of its buyer.
foreign_keys as (
    select
        event_key,
        platform,
        order_id,
        browser_id,
        'e-mail' as kind,
        email_digest as digest,
        order_email_digest as own_digest,
        order_phone_digest as beside_digest
    from purchases
    where email_digest <> order_email_digest
      and email_digest not in (coalesce(email_typed_digest, ''), coalesce(email_blank_digest, ''), coalesce(email_capital_digest, ''))
    union all
    select
        event_key,
        platform,
        order_id,
        browser_id,
        'phone',
        phone_digest,
        order_phone_digest,
        order_email_digest
    from purchases
    where phone_digest <> order_phone_digest
      and phone_digest not in (coalesce(phone_home_digest, ''), coalesce(phone_bare_digest, ''))
),
owners as (
    select
        order_id,
        'e-mail' as kind,
        email_digest as digest,
        phone_digest as beside_digest
    from orders
    where email_digest is not null
    union all
    select
        order_id,
        'phone',
        phone_digest,
        email_digest
    from orders
    where phone_digest is not null
),
owner_browsers as (
    select
        w.kind,
        w.digest,
        q.platform,
        q.browser_id,
        min(w.order_id) as order_id
    from owners w
    join purchases q on q.order_id = w.order_id
    group by w.kind, w.digest, q.platform, q.browser_id
),
known_owners as (
    select
        kind,
        digest,
        platform,
        min(order_id) as order_id
    from owner_browsers
    group by kind, digest, platform
    having count(browser_id) = count(*)
),
same_persons as (
    select distinct
        kind,
        digest,
        beside_digest
    from owners
),
-- One browser, or one person with two addresses, may well buy under an account's address and type another one.
of_other_orders as (
    select
        f.event_key,
        f.kind,
        k.order_id as other_order
    from foreign_keys f
    join known_owners k on k.kind = f.kind and k.digest = f.digest and k.platform = f.platform
    left join owner_browsers b
        on b.kind = f.kind
       and b.digest = f.digest
       and b.platform = f.platform
       and b.browser_id = f.browser_id
    left join same_persons p on p.kind = f.kind and p.digest = f.digest and p.beside_digest = f.beside_digest
    where f.browser_id is not null
      and b.digest is null
      and p.digest is null
),
of_several as (
    select
        platform,
        kind,
        digest,
        count(distinct order_id) as orders
    from foreign_keys
    group by platform, kind, digest
    having count(distinct own_digest) >= 3
       and count(distinct browser_id) >= 3
),
strangers as (
    select
        f.event_key,
        string_agg(
            case
                when s.orders is not null then 'one ' || f.kind || ' for the buyers of ' || s.orders || ' orders'
                else f.kind || ' of the buyer of order ' || o.other_order
            end,
            '; ' order by f.kind) as told,
        string_agg(f.kind, ', ' order by f.kind) as kinds
    from foreign_keys f
    left join of_other_orders o on o.event_key = f.event_key and o.kind = f.kind
    left join of_several s on s.platform = f.platform and s.kind = f.kind and s.digest = f.digest
    where o.event_key is not null
       or s.digest is not null
    group by f.event_key
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
        end as odd_phone,
        n.told as stranger,
        coalesce(n.kinds, '') as stranger_kinds
    from purchases
    left join strangers n using (event_key)
),
judged as (
    select
        *,
        coalesce(other_hashes, odd_email, odd_phone, stranger) is not null as is_unmatched,
        nullif(concat_ws('; ', 'another hash than SHA-256 as ' || other_hashes, odd_email, odd_phone, stranger), '') as unmatched,
        nullif(concat_ws(' and ',
            case
                when has_email
                    and odd_email is null
                    and not contains(coalesce(other_hashes, ''), 'e-mail')
                    and not contains(stranger_kinds, 'e-mail') then 'e-mail'
            end,
            case
                when has_phone
                    and odd_phone is null
                    and not contains(coalesce(other_hashes, ''), 'phone')
                    and not contains(stranger_kinds, 'phone') then 'phone'
            end,
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
        when stranger is not null then 'what the order tells of its own buyer'
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
        when stranger is not null then 'other_buyer'
    end as cause,
    ref,
    case when odd_email is not null or odd_phone is not null or stranger is not null then order_ref end as other_ref
from judged

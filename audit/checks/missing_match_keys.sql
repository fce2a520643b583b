/*
title       = "Server Purchases say who bought"
failure     = "A Purchase does not say who bought in a form the platform can match"
facet       = "attribution"
severity    = "warning"
needs       = ["server events"]
why         = """
When a click id is lost, an e-mail, a phone number or a customer id is what lets the platform match the buyer. The order has
them; a Purchase without any is matched by chance.
"""
means       = "The server Purchase names neither e-mail nor phone nor external id, or only the hash of an empty field or of the customer number 0 that every guest has, although a buyer stands behind every order."
first_check = "Look at the code that builds this request: does it have the order's customer at hand, and does the buyer's consent allow to send it? Where TikTok's request does hold them, they stand in the wrong place: in user beside the event for event/track, inside its context for the older pixel/track."
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
means       = "What was sent as e-mail or phone is no SHA-256 in hexadecimal (64 characters): MD5 has 32, SHA-1 has 40, SHA-256 written in base64 has 44. The platform compares the 64 characters, so it matches nobody."
first_check = "Look up which hash function this code or this field of the customer database uses, and in which form it writes the hash; SHA-256 gives 64 characters, 0 to 9 and a to f."
not_yet     = "Do not hash that hash once more with SHA-256; that matches nobody either."
remedy      = "Take the plain value, bring it into the form the platform asks for, and hash it with SHA-256."
owner       = "data"

[causes.swapped_fields]
failure     = "A server Purchase names its buyer's e-mail and phone in each other's field"
means       = "The hash in the field for the phone is that of the buyer's e-mail, or the other way round. The platform compares phones with phones, so it matches nobody."
first_check = "Look at the line that fills both fields: a shared variable, a copied line, two columns of the customer database taken for each other."
not_yet     = "Do not count the field as a match key because it is filled and has the right length."
remedy      = "Send the e-mail's hash as e-mail and the phone's as phone, and leave a field out where the order has nothing for it."
owner       = "data"

[causes.one_browser]
failure     = "Server Purchases name one browser for all buyers"
means       = "The Purchases of different buyers all carry one and the same browser id (fbp, ttp). The platform takes them for one person, who buys again and again; the ads that brought the others get nothing."
first_check = "Open the shop in two fresh browsers and compare their _fbp or _ttp cookies: a cookie set by a cached page or by the server is the same in both. If they differ, look where the sender keeps the one it saw first."
not_yet     = "Do not judge audiences or the match quality score by these events: the field is filled, with one browser for all."
remedy      = "Let each browser's pixel write its own cookie, keep cookies out of every cache, and read the id from the request of the order it belongs to."
owner       = "tracking"

[causes.server_itself]
failure     = "A server Purchase names the server in the place of its buyer's device"
means       = "The IP address or user agent sent as the buyer's belongs to the server or program that sends the event. The platform looks for a buyer on that machine, and finds none."
first_check = "Look where the sender takes both fields from: the request it makes itself, a proxy in front of the shop, or the browser's own request for the order."
not_yet     = "Do not fill the fields with a fixed text to quiet the platform's warning; leave them out where the browser's are not known."
remedy      = "Store the browser's IP address (behind a proxy: the first of X-Forwarded-For) and user agent with the order, and send those."
owner       = "data"

[causes.unknown_hash]
failure     = "The hashes of the buyers' e-mail are nobody's"
means       = "On no order is the hash that of its buyer's e-mail or phone, in any form the order tells: something was added before hashing, or another field or an already hashed text was hashed. Nobody can be matched by it."
first_check = "Hash your own test buyer's address, in small letters and without blanks, and compare it with the request. If it fits, the export holds other addresses: stand-ins, or a payer's."
not_yet     = "Do not collect more personal data: the address is there, only its hash is of no use."
remedy      = "Hash the address of the order by itself with plain SHA-256, without a key or prefix."
owner       = "data"

[causes.other_buyer]
failure     = "A Purchase names another buyer"
means       = "What this Purchase says of its buyer is another's: the e-mail or phone of another order, or one e-mail, phone or customer id for the buyers of many orders, who are known to be different people. The platform credits the sale to the wrong person, or to nobody."
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
        o.email_double_digest,
        o.ref as order_ref
    from sent_visit_events e
    left join orders o on o.order_id = e.order_id
    where (e.channel = 'server'
        -- A browser need not say who bought; whom it names has to be the buyer.
        or (e.channel = 'browser' and (e.email_digest <> o.email_digest or e.phone_digest <> o.phone_digest)))
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
-- One key on the Purchases of many: a customer id whose orders tell three buyers apart, or anything that stands for a day's browsers.
marked as (
    select
        event_key,
        platform,
        'external id' as kind,
        customer_digest as mark,
        order_id,
        order_email_digest as person,
        browser_id
    from purchases
    where customer_digest is not null
    union all
    select
        event_key,
        platform,
        case when has_email then 'e-mail' else 'phone' end,
        contact_digest,
        order_id,
        cast(null as varchar),
        browser_id
    from purchases
    where contact_digest is not null
      and order_email_digest is null
      and order_phone_digest is null
    union all
    select
        event_key,
        platform,
        'IP address',
        ip_digest,
        order_id,
        cast(null as varchar),
        browser_id
    from purchases
    where ip_digest is not null
    union all
    select
        event_key,
        platform,
        'browser id',
        hash(browser_id),
        order_id,
        coalesce(order_email_digest, cast(contact_digest as varchar), cast(customer_digest as varchar)),
        cast(null as varchar)
    from purchases
    where browser_id is not null
),
-- Almost every key is one buyer's: only what stands on three Purchases is looked at closely.
shared_marks as (
    select
        platform,
        kind,
        mark
    from marked
    group by platform, kind, mark
    having count(*) >= 3
),
shared as (
    select m.*
    from marked m
    join shared_marks s on s.platform = m.platform and s.kind = m.kind and s.mark = m.mark
),
all_orders as (
    select
        platform,
        kind,
        count(*) as orders
    from (
        select distinct
            platform,
            kind,
            mark,
            order_id
        from marked
        where order_id is not null
          and kind in (select kind from shared_marks where kind in ('IP address', 'browser id'))
    ) t
    group by platform, kind
),
marks as (
    select
        m.*,
        a.orders as all_orders
    from (
        select
            platform,
            kind,
            mark,
            count(distinct order_id) as orders,
            count(distinct person) as persons,
            count(distinct browser_id) as browsers
        from shared
        group by platform, kind, mark
    ) m
    left join all_orders a on a.platform = m.platform and a.kind = m.kind
),
-- Where the pages show a browser id each, the copies tell the server's apart from them.
told_browsers as (
    select
        platform,
        count(distinct browser_id) as browsers
    from sent_visit_events
    where channel = 'browser'
      and step = 'Purchase'
      and browser_id is not null
    group by platform
),
crowds as (
    select
        m.platform,
        m.kind,
        m.mark,
        m.orders
    from marks m
    left join told_browsers t on t.platform = m.platform
    where case m.kind
            when 'external id' then m.browsers >= 20 or (m.persons >= 3 and m.browsers >= 3)
            -- a phone company's customers share an address, and one seller may order for many
            when 'IP address' then m.browsers >= 20 and m.orders * 2 >= m.all_orders
            when 'browser id' then m.persons >= 20 and m.orders * 2 >= m.all_orders and coalesce(t.browsers, 0) < 3
            else m.browsers >= 20
        end
),
crowded as (
    select
        m.event_key,
        max(case when c.kind in ('external id', 'e-mail', 'phone') then 'one ' || c.kind || ' for the buyers of ' || c.orders || ' orders' end) as one_buyer,
        max(case when c.kind in ('external id', 'e-mail', 'phone') then c.kind end) as one_kind,
        max(case when c.kind = 'browser id' then 'one browser id for the buyers of ' || c.orders || ' orders' end) as one_browser,
        max(case when c.kind = 'IP address' then 'one IP address for the buyers of ' || c.orders || ' orders' end) as one_address
    from shared m
    join crowds c on c.platform = m.platform and c.kind = m.kind and c.mark = m.mark
    group by m.event_key
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
-- Of three buyers or more none is told by the hash of their e-mail: what was hashed was something else. A phone is written in too many ways,
-- and an export that holds hashes alone may have made them with a key of its own: then no form with a blank is known.
told_emails as (
    select platform, order_id, order_email_digest as own_digest, email_digest as digest, event_key
    from purchases
    where channel = 'server'
      and is_direct
      and order_email_digest is not null
      and email_blank_digest is not null
      and email_digest not in (coalesce(email_double_digest, ''), coalesce(order_phone_digest, ''))
),
unknown_hashes as (
    select
        t.platform,
        count(distinct t.order_id) as orders
    from told_emails t
    left join foreign_keys f on f.event_key = t.event_key and f.kind = 'e-mail'
    left join owners w on w.kind = 'e-mail' and w.digest = t.digest
    group by t.platform
    having count(f.event_key) = count(*)
       and count(w.digest) = 0
       -- One tester with an account writes another address into each order and is told by the account's.
       and count(distinct t.own_digest) >= 3
       and count(distinct t.digest) >= 3
       and count(distinct t.digest) >= 3
),
strangers as (
    select
        f.event_key,
        bool_or(s.orders is null and o.event_key is null) as is_unknown,
        string_agg(
            case
                when u.orders is not null and s.orders is null and o.event_key is null
                    then 'a hash of something else than the order''s e-mail, as for all ' || u.orders || ' orders'
                when s.orders is not null then 'one ' || f.kind || ' for the buyers of ' || s.orders || ' orders'
                else f.kind || ' of the buyer of order ' || o.other_order
            end,
            '; ' order by f.kind) as told,
        string_agg(f.kind, ', ' order by f.kind) as kinds
    from foreign_keys f
    left join of_other_orders o on o.event_key = f.event_key and o.kind = f.kind
    left join of_several s on s.platform = f.platform and s.kind = f.kind and s.digest = f.digest
    left join told_emails t on t.event_key = f.event_key and f.kind = 'e-mail'
    left join unknown_hashes u on u.platform = t.platform
    where o.event_key is not null
       or s.digest is not null
       or u.platform is not null
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
        nullif(concat_ws(' and ',
            case when phone_digest = order_email_digest and phone_digest is distinct from order_phone_digest then 'the e-mail as phone' end,
            case when email_digest = order_phone_digest and email_digest is distinct from order_email_digest then 'the phone as e-mail' end), '') as swapped,
        coalesce(n.told, w.one_buyer) as stranger,
        concat_ws(', ', n.kinds, w.one_kind) as stranger_kinds,
        coalesce(n.is_unknown, false) and w.one_buyer is null as is_unknown,
        w.one_browser,
        nullif(concat_ws('; ',
            case when machine_keys = 'IP address' then 'the IP address of a private network'
                when machine_keys = 'user agent' then 'the user agent of a program'
                when machine_keys is not null then 'the IP address of a private network and the user agent of a program' end,
            w.one_address), '') as machine
    from purchases
    left join strangers n using (event_key)
    left join crowded w using (event_key)
),
judged as (
    select
        *,
        coalesce(other_hashes, odd_email, odd_phone, swapped, stranger, one_browser, machine) is not null as is_unmatched,
        nullif(concat_ws('; ', 'another hash than SHA-256 as ' || other_hashes, odd_email, odd_phone, swapped, stranger, one_browser, machine), '') as unmatched,
        nullif(concat_ws(' and ',
            case
                when has_email
                    and odd_email is null
                    and not contains(coalesce(swapped, ''), 'as e-mail')
                    and not contains(coalesce(other_hashes, ''), 'e-mail')
                    and not contains(stranger_kinds, 'e-mail') then 'e-mail'
            end,
            case
                when has_phone
                    and odd_phone is null
                    and not contains(coalesce(swapped, ''), 'as phone')
                    and not contains(coalesce(other_hashes, ''), 'phone')
                    and not contains(stranger_kinds, 'phone') then 'phone'
            end,
            case when has_external_id and not contains(stranger_kinds, 'external id') then 'external id' end), '') as other_keys
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
        when channel = 'browser' then 'what the order tells of its own buyer'
        when other_hashes is not null then 'the buyer''s e-mail or phone as SHA-256, 64 characters'
        when odd_email is not null then 'the buyer''s e-mail in small letters and without blanks, hashed'
        when odd_phone is not null then 'the buyer''s phone with its country code, hashed'
        when swapped is not null then 'the buyer''s e-mail as e-mail, the phone as phone'
        when is_unknown then 'the buyer''s own e-mail, hashed'
        when stranger is not null then 'what the order tells of its own buyer'
        when one_browser is not null then 'the id of the buyer''s own browser'
        when machine is not null then 'IP address and user agent of the buyer''s own device'
        else 'e-mail, phone or external id of the buyer'
    end as expected,
    case
        when channel = 'browser' then 'browser: ' || stranger
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
        when channel = 'browser' then 'other_buyer'
        when other_hashes is not null then 'wrong_hash'
        when odd_email is not null then 'not_normalised'
        when odd_phone is not null then 'local_phone'
        when swapped is not null then 'swapped_fields'
        when is_unknown then 'unknown_hash'
        when stranger is not null then 'other_buyer'
        when one_browser is not null then 'one_browser'
        when machine is not null then 'server_itself'
    end as cause,
    ref,
    case when odd_email is not null or odd_phone is not null or swapped is not null or stranger is not null then order_ref end as other_ref
from judged
where channel = 'server'
   or stranger is not null

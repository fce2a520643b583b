/*
title    = "Every value is a plain number"
failure  = "The value is no plain number of whole currency units"
facet    = "money"
severity = "blocker"
severity_other_steps = "warning"
needs    = []
why      = """
Platforms read digits and one decimal point, nothing else. A currency sign, a thousands mark or a word makes the value unreadable:
the event is refused or counted as worth nothing. Below zero it reports no sale at all.
"""

[causes.currency_sign]
means       = "A currency sign or code stands inside the value, as in 'Rp 150.000'."
first_check = "Look whether the value is read from the price shown on the page; the shown text carries the sign."
not_yet     = "Do not strip the sign in the tag and stop there: the marks between the thousands are still in it."
remedy      = "Take the number from the order or the data layer, and send the currency in its own field."
owner       = "theme"

[causes.thousands_separator]
means       = "The value has marks between its thousands, as in '1.500.000' or '1,500.00'."
first_check = "Find the formatting function between the order and the tag; it belongs to the page, not to tracking."
not_yet     = "Do not replace all dots and commas by hand; '1.500' and '1,500' mean different things in different shops."
remedy      = "Send the unformatted number."
owner       = "theme"

[causes.negative]
failure     = "The value is below zero"
means       = "The value is below zero: a refund or a correction was sent as a sale."
first_check = "Look which job sends after a refund or an edit of the order; purchases are only ever added."
not_yet     = "Do not send negative purchases to correct earlier ones; they undo nothing. Take refunds from the shop's own reports."
remedy      = "Send nothing on refunds through this sender, and report the order's amount once."
owner       = "data"

[causes.decimal_comma]
failure     = "The value is written with a decimal comma, which platforms do not read"
means       = "The number is right for the buyer's eye and wrong for the platform: '96,40' must be sent as 96.40."
first_check = "Find the formatting function between the order and the tag; the shop's language puts the comma there."
not_yet     = "Do not cut the value at the comma; every sale would lose its cents."
remedy      = "Send the number before it is formatted, with a point for the decimals."
owner       = "theme"

[causes.text]
means       = "The value is a word or another text, such as 'undefined' or 'NaN'."
first_check = "Log the variable at the moment the event is built: a missing field or a failed sum turns into such a word."
not_yet     = "Do not judge campaigns by value until it is gone; these sales count as nothing."
remedy      = "Repair the variable so that it holds a number with a decimal point, and do not send the field while it cannot."
owner       = "tracking"
*/
with written as (
    -- What is no number.
    select
        event_key,
        trim(value_sent) as text,
        -- What is left when digits, marks and spaces are taken away: a sign or a code of a currency, or a word.
        regexp_replace(lower(trim(value_sent)), '[0-9.,'' +-]', '', 'g') as letters
    from sent_events
    where value is null
      and trim(value_sent) <> ''
),
signed as (
    select
        w.event_key,
        w.text,
        regexp_matches(w.text, '[0-9]')
            and (c.currency is not null or regexp_full_match(w.letters, 'rp|rm|kr|zł|r|s|[a-z]{0,3}[$€£¥₹₩₫฿₱₽₺₦₪]')) as has_sign
    from written w
    left join currencies c on c.currency = upper(w.letters)
),
misread as (
    select
        event_key,
        case
            when has_sign then 'currency_sign'
            when regexp_full_match(text, '[+-]?[0-9]{1,3}([.,'' ][0-9]{2,3})+([.,][0-9]{1,2})?') and length(regexp_replace(text, '[^.,'' ]', '', 'g')) > 1
                then 'thousands_separator'
            when regexp_full_match(text, '[+-]?[0-9]{1,3}[,'' ][0-9]{3}') then 'thousands_separator'
            when regexp_full_match(text, '[+-]?[0-9]+,[0-9]{1,2}') then 'decimal_comma'
            else 'text'
        end as fault
    from signed
)
select
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref) as subject,
    e.order_id,
    e.session,
    m.event_key is null and e.value >= 0 as ok,
    'a plain number, such as 150000 or 59.54' as expected,
    e.channel || ' sent "' || e.value_sent || '"' as actual,
    case when e.value < 0 then 'negative' else m.fault end as cause,
    e.ref,
    null as other_ref
from sent_events e
left join misread m on m.event_key = e.event_key
where trim(e.value_sent) <> ''

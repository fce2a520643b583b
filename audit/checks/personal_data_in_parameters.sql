/*
title    = "Event parameters hold no personal data"
failure  = "Event parameters carry personal data in plain text"
facet    = "privacy"
severity = "blocker"
needs    = ["events"]
why      = """
Event parameters describe the sale, not the buyer. An e-mail or phone number among them reaches the platform in plain text,
against its terms, and can get the event stripped or the pixel restricted.
"""

[causes.email]
means       = "An e-mail address stands among the event's parameters."
first_check = "Look at the parameters of the event that the finding names in the data layer: often a whole customer object is handed over."
not_yet     = "Do not hash it in place and leave it there; parameters are no place for buyer data in any form."
remedy      = "Remove the field from the parameters; send buyer data only in the user-data fields made for it."
owner       = "tracking"

[causes.phone]
means       = "A phone number stands among the event's parameters."
first_check = "Look at the parameters of the event that the finding names in the data layer: often a form's fields or a shipping address are handed over."
not_yet     = "Do not hash it in place and leave it there; parameters are no place for buyer data in any form."
remedy      = "Remove the field from the parameters; send buyer data only in the user-data fields made for it."
owner       = "tracking"

[causes.event_id]
means       = "An e-mail address or a phone number is part of the event's id."
first_check = "Look at the line that builds the event id: it joins the buyer's address or number with the order, often to make the id one of a kind."
not_yet     = "Do not change the id on one side only; browser and server copies merge through it."
remedy      = "Build the id from the order's number and the event's name alone, in the same way on every side."
owner       = "tracking"
*/
with told as (
    select
        *,
        trim(replace(replace(personal_in_params, 'email in the event id', ''), 'phone in the event id', ''), ', ') as beside_the_id
    from events
)
select
    e.platform,
    e.step,
    coalesce(e.order_id, e.order_key, e.event_id, e.session, e.ref) as subject,
    e.order_id,
    e.session,
    e.personal_in_params is null as ok,
    'parameters without personal data' as expected,
    case
        when e.personal_in_params is null then 'none found'
        else e.channel || ' ' || e.event_name || ': ' || concat_ws(', ',
            nullif(e.beside_the_id, '') || ' in the parameters',
            case when e.personal_in_params like '%email in the event id%' then 'email in the event id' end,
            case when e.personal_in_params like '%phone in the event id%' then 'phone in the event id' end)
    end as actual,
    case
        when e.beside_the_id = '' then 'event_id'
        when e.beside_the_id like '%email%' then 'email'
        when e.personal_in_params is not null then 'phone'
    end as cause,
    e.ref,
    cast(null as varchar) as other_ref
from told e
-- What a blocker stopped has not reached anybody.
where e.channel = 'server'
   or (coalesce(e.status, 200) <> 0 and e.net_error is null)

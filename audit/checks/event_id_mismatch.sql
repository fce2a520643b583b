/*
title    = "Browser and server copies share one event_id"
failure  = "The two copies of an event carry different event_ids"
facet    = "dedup"
severity = "blocker"
severity_other_steps = "warning"
deciding = true
follows  = ["duplicate_sender"]
needs    = ["browser events", "server events"]
why      = """
Meta and TikTok merge the browser copy and the server copy of a sale when both carry the same event_id. With two ids an order
counts twice, cost per purchase looks half of what it is, and budget follows a number that is not there. Meta may still merge some
copies by the browser's id (fbp) or the customer's; nobody can count on it.
"""

[causes.case]
means       = "The two ids differ only in capital letters; platforms compare them letter by letter."
first_check = "Find where one side changes the case of the id, usually a lower-casing step in the tag or the backend."
not_yet     = "Do not switch off the server event to stop the double count; it is the copy that survives blockers."
remedy      = "Pass the id through unchanged on both sides and place one test order."
owner       = "data"

[causes.prefix_or_suffix]
means       = "One id is the other with something added before or after it, such as the event name."
first_check = "Compare the two ids that the finding shows: the added part names the template or tag that adds it."
not_yet     = "Do not judge cost per purchase while each order may count twice."
remedy      = "Build the id once, where the order is known, and hand the finished text to both sides."
owner       = "data"

[causes.whitespace_or_encoding]
means       = "The ids are the same text written differently: spaces around it, percent signs from a URL left in, or &amp; from a page where & belongs."
first_check = "Look for a step that only one side runs: a trim, a URL encoding, a template that escapes text for the page."
not_yet     = "Do not add a second tag to fill the gap; it would make a third copy."
remedy      = "Decode and trim the id once before it is used on either side."
owner       = "data"

[causes.number_or_padding]
means       = "One side treats the id as a number: leading zeros or a decimal part were lost, or the last of more than fifteen digits were rounded."
first_check = "Look for a number type in the data layer, the tag variable or the database column that holds the id."
not_yet     = "Do not renumber orders; the id only has to be kept as text."
remedy      = "Keep the id as text from the order to both requests."
owner       = "data"

[causes.placeholder]
means       = "One side sent a placeholder such as 'undefined' where the id should be: the order was not known when it was built."
first_check = "Log the order object at the moment the id is built; its id field is missing or has another name."
not_yet     = "Do not raise budget on these numbers: every order shares the placeholder."
remedy      = "Read the order id from the field the checkout answer really has, and send nothing while it is missing."
owner       = "tracking"

[causes.regenerated]
means       = "The two sides do not share one id: at least one of them makes up its own, and nothing of it can be found in the other."
first_check = "See which of the two ids looks random or holds a moment of time: search that side's code or tag for the place where it generates an id instead of receiving it."
not_yet     = "Do not scale or judge return on ad spend yet: each of these events may count twice."
remedy      = "Generate the id once in the page, send it along to the server, and reuse it there."
owner       = "data"
*/
with texts as (
    select
        *,
        trim(unescaped_text(coalesce(form_text(browser_id), browser_id))) as browser_text,
        trim(unescaped_text(coalesce(form_text(server_id), server_id))) as server_text,
        ltrim(regexp_replace(browser_id, '[.]0+$', ''), '0') as browser_number,
        ltrim(regexp_replace(server_id, '[.]0+$', ''), '0') as server_number
    from pairs
    where kind <> 'exact'
      and platform in ('meta', 'tiktok')
      and step is not null
      and browser_id is not null
      and server_id is not null
      -- one id under two names is event_name_mismatch's question
      and (browser_name = server_name or browser_id <> server_id)
      and (is_browser_in_plan or is_server_in_plan)
),
judged as (
    select
        *,
        case
            when lower(browser_id) = lower(server_id) then 'case'
            when browser_text = server_text then 'whitespace_or_encoding'
            when browser_number = server_number and regexp_full_match(browser_number, '[0-9]*') then 'number_or_padding'
            when is_rounded(browser_id, server_id) or is_rounded(server_id, browser_id) then 'number_or_padding'
            when is_placeholder(browser_id) or is_placeholder(server_id) then 'placeholder'
            -- a short text inside a long one proves nothing
            when length(browser_id) >= 4 and length(server_id) >= 4 and (
                ends_with(browser_id, server_id) or ends_with(server_id, browser_id)
                or starts_with(browser_id, server_id) or starts_with(server_id, browser_id)
            ) then 'prefix_or_suffix'
            -- the order's own number in both, each in its own setting
            when length(order_key) >= 4 and contains(browser_id, order_key) and contains(server_id, order_key) then 'prefix_or_suffix'
            else 'regenerated'
        end as cause_if_different
    from texts
)
select
    platform,
    step,
    coalesce(order_id, order_key, browser_id) as subject,
    order_id,
    session,
    browser_id = server_id as ok,
    'one event_id on both sides' as expected,
    'browser ' || told_id(browser_id) || ', server ' || told_id(server_id) as actual,
    case when browser_id <> server_id then cause_if_different end as cause,
    browser_ref as ref,
    server_ref as other_ref
from judged
union all
-- What was paired by one id has one id. Copies that meet on a pixel the plan does not name show nothing of the plan's.
select
    platform,
    step,
    coalesce(order_id, order_key, browser_id),
    order_id,
    session,
    true,
    'one event_id on both sides',
    'browser ' || browser_id || ', server ' || server_id,
    cast(null as varchar),
    browser_ref,
    server_ref
from pairs
where kind = 'exact'
  and platform in ('meta', 'tiktok')
  and step is not null
  and is_browser_in_plan
  and is_server_in_plan

/*
title    = "Browser and server copies report the same money"
failure  = "The two copies of one event differ in value or currency"
facet    = "money"
severity = "blocker"
severity_other_steps = "warning"
follows  = ["value_mismatch", "currency_mismatch", "missing_value",
            "missing_currency", "invalid_value", "invalid_currency", "reused_event_id"]
needs    = ["browser events", "server events"]
why      = """
The platform keeps one of the two copies and does not say which. When they differ, the money of each sale depends on which request
was faster, and the same campaign reports other numbers tomorrow.
"""

[causes.total]
means       = "One copy reports the order's total, the other the amount the plan names."
first_check = "Open both requests of one order: the larger number usually holds shipping and tax."
not_yet     = "Do not average the two; the platform keeps only one copy, and nobody knows which."
remedy      = "Build the value once, where the order is known, and hand the same number to both sides."
owner       = "tracking"

[causes.gross_revenue]
means       = "One copy reports gross revenue, with shipping and fees, the other does not."
first_check = "Look which side reads gross_revenue from the order, and which field the other one reads."
not_yet     = "Do not switch off the side with the larger number before it is known which one is right."
remedy      = "Let both sides read the field the plan names."
owner       = "tracking"

[causes.net_revenue]
means       = "One copy reports net revenue: it leaves out shipping and fees that the other copy holds."
first_check = "Compare the value setting of the server's integration with the page's code; only one was set to net."
not_yet     = "Do not compare server-only with browser-only days until both say the same."
remedy      = "Set both sides to the amount the plan names."
owner       = "data"

[causes.subtotal]
means       = "One copy reports the goods alone, the other also shipping and tax."
first_check = "See whether one side builds the value from the cart and the other from the order."
not_yet     = "Do not add shipping by hand on one side; rates change."
remedy      = "Let both sides take the value from the created order."
owner       = "tracking"

[causes.total_less_shipping]
means       = "One copy leaves out shipping, the other does not."
first_check = "Find the line that subtracts shipping; it stands on one side only."
not_yet     = "Do not judge return on ad spend by whichever number looks better."
remedy      = "Agree on with or without shipping, write it into the plan, and change the side that differs."
owner       = "tracking"

[causes.total_less_tax]
means       = "One copy leaves out tax, the other does not."
first_check = "Compare the tax settings of the two integrations."
not_yet     = "Do not turn off tax in the shop to make them equal."
remedy      = "Set both integrations to report with tax, or both without it."
owner       = "data"

[causes.total_less_shipping_and_tax]
means       = "One copy leaves out both shipping and tax, the other does not."
first_check = "Look for a checkbox such as 'exclude tax and shipping' in one plugin that the other does not have."
not_yet     = "Do not install a third plugin to settle it."
remedy      = "Set the plugin that can be set to what the other sends."
owner       = "data"

[causes.before_discount]
means       = "One copy ignores the coupon, the other reports what was paid."
first_check = "Place a test order with a coupon and compare both requests."
not_yet     = "Do not stop coupon campaigns because their return differs by side."
remedy      = "Let the side with the catalogue price read the order instead."
owner       = "tracking"

[causes.total_less_fees]
means       = "One copy leaves out the payment fee, the other does not."
first_check = "Check whether the server reads the payment provider's settlement instead of the order."
not_yet     = "Do not treat the gap as lost sales."
remedy      = "Read the order's amount on both sides."
owner       = "data"

[causes.total_with_unique_code]
means       = "One copy holds the price before the unique transfer code, the other the amount with it."
first_check = "See whether the page computes the value before the order exists; the code is drawn with the order."
not_yet     = "Do not widen the tolerance to swallow it."
remedy      = "Send the page's event after the checkout answered, with the amount of that answer."
owner       = "tracking"

[causes.presentment_total]
means       = "One copy reports the buyer's currency, the other the shop's."
first_check = "Read the currency beside each number: the two pairs may both be right, but a platform keeps only one."
not_yet     = "Do not switch off multi-currency selling."
remedy      = "Let both sides read the same money object of the order."
owner       = "data"

[causes.current_total]
means       = "One copy reports the total after refunds or edits, the other the total at the start."
first_check = "Compare when each copy left with the order's last change."
not_yet     = "Do not send corrected purchases again; they would count as new ones."
remedy      = "Send the server's copy when the order is created, or keep the first amount for it."
owner       = "data"

[causes.times_100]
means       = "One copy is a hundred times the other: one side speaks in cents."
first_check = "Look at the type of the price on each side; whole numbers without a point are often cents."
not_yet     = "Do not let value bidding run while one copy of each sale is a hundredfold."
remedy      = "Convert once, and hand the same number to both sides."
owner       = "tracking"

[causes.divided_by_100]
means       = "One copy is a hundredth of the other: one side divided a price that was in whole units already."
first_check = "Look for a division by one hundred that only one side runs."
not_yet     = "Do not pause campaigns because the smaller copy shows poor return."
remedy      = "Leave out the division where the price comes in whole units, and repeat the test order."
owner       = "data"

[causes.thousands_separator]
means       = "One copy lost its thousands: a formatted price was read as a decimal number on one side."
first_check = "Find the side that reads the price from text on the page."
not_yet     = "Do not multiply by a thousand in the tag."
remedy      = "Take the raw number from the order on both sides."
owner       = "theme"

[causes.rounded]
failure     = "The two copies of one event are rounded differently"
means       = "The copies differ by a few cents, or one of them has no cents: one side adds up prices or taxes that are rounded one by one, or cuts to whole units."
first_check = "Compare both values with the order: the one that is not its amount is worked out instead of read."
not_yet     = "Do not look for shipping, tax or coupons between the two; where only cents differ, the campaigns' numbers stand."
remedy      = "Build the value once and hand the same number to both sides."
owner       = "tracking"

[causes.currency]
means       = "Both copies report the same number, in two currencies: one side fills in a currency of its own."
first_check = "Compare the currency of both requests with the shop's: a tag or server that is given none often falls back to USD."
not_yet     = "Do not change the account's currency or convert the reports; one of the two copies is right."
remedy      = "Let the side that differs read the currency from the cart or the order, and set no default."
owner       = "data"

[causes.unexplained]
means       = "The two copies differ in value, and nothing in evidence says why."
first_check = "Put both requests of one order beside the order and look which of them matches it."
not_yet     = "Do not delete one copy to make the difference go away; the other may be the wrong one."
remedy      = "Build value and currency once and send the same pair from both sides."
owner       = "tracking"
*/
-- Copies of one event for certain: one id, or one order. Both carry a number; a missing or unreadable one is judged as such.
with copies as (
    select
        b.platform,
        b.step,
        coalesce(b.session, s.session) as session,
        coalesce(b.order_id, s.order_id) as order_id,
        coalesce(b.order_id, s.order_id, b.order_key, s.order_key, b.event_id, b.session, s.session, b.ref) as subject,
        p.browser_key,
        p.server_key,
        b.ref as browser_ref,
        s.ref as server_ref,
        b.value as browser_value,
        s.value as server_value,
        b.currency as browser_currency,
        s.currency as server_currency,
        bounded_tolerance(c.tolerance, greatest(b.value, s.value)) as tolerance,
        c.digits
    from event_pairs p
    join events b on b.event_key = p.browser_key
    join events s on s.event_key = p.server_key
    left join currencies c on c.currency = coalesce(b.currency, s.currency)
    where b.step is not null
      and b.in_plan
      and b.value >= 0
      and s.value >= 0
      and (p.kind = 'exact' or b.order_id is not null or s.order_id is not null)
),
compared as (
    select
        *,
        abs(browser_value - server_value) <= tolerance as same_value,
        coalesce(browser_currency = server_currency, true) as same_currency
    from copies
),
different as (
    select
        browser_key,
        server_key
    from compared
    where not (same_value and same_currency)
),
-- Which side is not the plan's amount, and what it is instead: only an order can say.
different_readings as (
    select
        d.browser_key,
        d.server_key,
        b.basis as browser_basis,
        b.slip as browser_slip,
        b.is_plan_basis and b.slip = 'none' as browser_right,
        s.basis as server_basis,
        s.slip as server_slip,
        s.is_plan_basis and s.slip = 'none' as server_right
    from different d
    left join value_readings b on b.event_key = d.browser_key and b.nth = 1
    left join value_readings s on s.event_key = d.server_key and s.nth = 1
),
explained as (
    select
        x.*,
        r.browser_basis,
        r.browser_slip,
        r.browser_right,
        r.server_basis,
        r.server_slip,
        r.server_right,
        w.order_id is not null as is_two_currencies,
        case
            when not x.same_value and x.same_currency
                then coalesce(
                    rounding_of(x.browser_value, x.server_value, x.digits),
                    rounding_of(x.server_value, x.browser_value, x.digits))
        end as rounding
    from compared x
    left join different_readings r on r.browser_key = x.browser_key and r.server_key = x.server_key
    left join two_currency_orders w on w.order_id = x.order_id
),
caused as (
    select
        *,
        case
            when same_value then 'currency'
            when coalesce(browser_right, false) and server_basis is not null
                then case when server_slip = 'none' then named_basis(server_basis) else server_slip end
            when coalesce(server_right, false) and browser_basis is not null
                then case when browser_slip = 'none' then named_basis(browser_basis) else browser_slip end
            when is_two_currencies and not same_currency then 'presentment_total'
            -- Without an order: the server's number read by the browser's.
            when browser_value > 0 and abs(server_value - browser_value * 100) <= tolerance * 100 then 'times_100'
            when server_value > 0 and abs(server_value * 100 - browser_value) <= tolerance then 'divided_by_100'
            when browser_value >= 1000 and (abs(server_value * 1000 - browser_value) <= tolerance or server_value = floor(browser_value / 1000))
                then 'thousands_separator'
            when server_value >= 1000 and (abs(browser_value * 1000 - server_value) <= tolerance or browser_value = floor(server_value / 1000))
                then 'thousands_separator'
            when rounding is not null then 'rounded'
            else 'unexplained'
        end as cause_if_different
    from explained
)
select
    platform,
    step,
    subject,
    order_id,
    session,
    same_value and same_currency as ok,
    'one value and currency on both sides' as expected,
    'browser ' || money_text(browser_value, browser_currency)
        || case when not same_value and browser_basis is not null then ' (' || reading_text(browser_basis, browser_slip) || ')' else '' end
        || ', server ' || money_text(server_value, server_currency)
        || case when not same_value and server_basis is not null then ' (' || reading_text(server_basis, server_slip) || ')' else '' end as actual,
    case when not (same_value and same_currency) then cause_if_different end as cause,
    -- The buyer's number with the buyer's currency and the shop's with the shop's are the same money.
    case
        when browser_currency <> server_currency
         and ((browser_right and server_basis = 'presentment_total') or (server_right and browser_basis = 'presentment_total'))
         and browser_slip = 'none' and server_slip = 'none' then 'warning'
        when is_two_currencies and cause_if_different = 'presentment_total' then 'warning'
        when rounding = 'cents' and cause_if_different = 'rounded' then 'warning'
    end as severity,
    browser_ref as ref,
    server_ref as other_ref
from caused

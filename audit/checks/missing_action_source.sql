/*
title    = "Every server event says where it happened"
failure  = "A server event lacks action_source, or says that it happened elsewhere than in the online shop"
facet    = "payload"
severity = "warning"
needs    = ["server events"]
why      = """
Meta asks each server event where the act took place: on the website, by phone, in a shop; TikTok asks it of each request
(event_source). Without that, or with another place, the event may be refused or left out of website campaigns.
"""
means       = "The server sends events straight to Meta without the field action_source."
first_check = "Read one request of this sender: the field stands beside event_name and event_time."
not_yet     = "Do not set it to 'other' just to fill it; website purchases would leave the website's reports."
remedy      = "Send action_source = website for what happened in the online shop."
owner       = "data"

[causes.elsewhere]
means       = "The page sent this event too, under the same id, so it happened on the website; the server's copy names another place."
first_check = "Look where this sender takes the field from: a constant of the first example, or the setting of a till, a CRM or an app that shares the code."
not_yet     = "Do not read the website's and the shops' reports against each other: the same sale stands in both, or in the wrong one."
remedy      = "Send action_source = website (TikTok: event_source = web) for what happened in the online shop, and keep the other places for sales made there."
owner       = "data"

[causes.sold_elsewhere]
failure     = "A sale that was not made on the website is told as one of the website"
means       = "The export says that this order was sold at a till, on a marketplace or by a subscription that renews itself, and no page sent it; the server tells it as a sale of the website. Campaigns for the website are credited with it."
first_check = "Look which orders this sender takes: a hook on every new order also brings those of tills, marketplaces and renewals."
not_yet     = "Do not raise budgets on these sales: no ad led to the website for them."
remedy      = "Send the orders of the online shop alone, or say where each was made: physical_store for a till, system_generated for a renewal."
owner       = "data"
*/
with page_copies as (
    select
        server_key,
        min(browser_ref) as browser_ref
    from pairs
    where kind = 'exact'
      and platform in ('meta', 'tiktok')
    group by server_key
),
-- Orders of another place than the website, and of no page. Only what is plainly one: what was typed in by the shop, or came through an
-- interface, may be the site's, and a source may be where the buyer came from. WooCommerce calls renewals 'subscription', others the
-- first order of one as well, which is placed on the website.
other_orders as (
    select
        order_id,
        order_source,
        ref
    from orders o
    where event_duty = 'no'
      and starts_with(duty_reason, 'sold through ')
      and regexp_full_match(lower(trim(order_source)),
          'pos|(shopify|woo|square)[ _-]?pos|pos[ _-].*|point[ _-]of[ _-]sale|till|retail|retail[ _-]store|in[ _-]?store|offline|physical[ _-]store|toko fisik'
          || '|(amazon|ebay|shopee|lazada|tokopedia|bukalapak|blibli|zalora|mercado ?li[bv]re|walmart|etsy|trendyol|allegro|daraz)([ _.-].*)?'
          || '|tiktok[ _-]shop|market[ _-]?place|subscription|subscription_contract(_.*)?|subscription[ _-]renewal|renewal|recurring')
      and (lower(trim(order_source)) not in ('subscription', 'recurring')
          or exists (select 1 from sources f where f.source = o.source and f.loader = 'woocommerce'))
      and not exists (select 1 from events e where e.order_id = o.order_id and e.channel = 'browser')
),
asked as (
    select
        e.*,
        case e.platform when 'tiktok' then 'event_source' else 'action_source' end as field,
        case e.platform when 'tiktok' then 'web' else 'website' end as website,
        p.browser_ref,
        case when lower(e.action_source) in ('website', 'web') then s.order_source end as sold_through,
        s.ref as order_ref
    from sent_events e
    left join page_copies p on p.server_key = e.event_key
    left join other_orders s on s.order_id = e.order_id
    where e.endpoint = 'meta_capi'
       or (e.endpoint = 'tiktok_events_api' and e.action_source <> '')
)
select
    platform,
    step,
    coalesce(order_id, order_key, event_id, session, ref) as subject,
    order_id,
    session,
    case
        when coalesce(action_source, '') = '' then false
        when sold_through is not null then false
        when lower(action_source) = website or browser_ref is null then true
        -- An app may show the shop's own pages, and their pixel with them.
        when lower(action_source) = 'app' then null
        else false
    end as ok,
    case
        when sold_through is not null then 'the place where it was sold, or no event'
        when browser_ref is not null and action_source <> '' then field || ' ' || website || ', as the page sent it too'
        else field || ', such as ' || website
    end as expected,
    case
        when sold_through is not null then field || ' ' || action_source || ', the order was sold through ' || sold_through
        when action_source <> '' then field || ' ' || action_source
        when action_source = '' then 'an empty ' || field
        else 'no ' || field
    end as actual,
    case
        when sold_through is not null then 'sold_elsewhere'
        when action_source <> '' and lower(action_source) not in (website, 'app') and browser_ref is not null then 'elsewhere'
    end as cause,
    ref,
    case when sold_through is not null then order_ref when action_source <> '' and lower(action_source) <> website then browser_ref end as other_ref
from asked

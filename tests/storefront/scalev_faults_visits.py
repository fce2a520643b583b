"""The named faults of the Scalev shop: visitors, the chain of events and delivery."""

from __future__ import annotations

from . import scalev_lines as line
from .faults import Fault
from .scalev_lines import SHOP, shop_fault
from .web_files import Edit

VISITORS = {
    "lost_click_ids": shop_fault(
        "The click-id cookies are written for the landing page's path only, so no later page sees them.",
        line.REMEMBER,
        "  if (value) writeCookie(name, value, days, location.pathname);",
    ),
    "fbc_not_forwarded": shop_fault("The Meta relay request leaves out `fbc`.", line.META_FBC, ""),
    "fbp_not_forwarded": shop_fault("The Meta relay request leaves out `fbp`.", line.META_FBP, ""),
    "ttclid_not_forwarded": shop_fault("The TikTok relay request leaves out `ttclid`.", line.TIKTOK_TTCLID, ""),
    "ttp_not_forwarded": shop_fault("The TikTok relay request leaves out `ttp`.", line.TIKTOK_TTP, ""),
    "click_id_not_forwarded": shop_fault(
        "The SnackVideo click id is looked for in the address only, so later pages send nothing to the relay.",
        line.SNACKVIDEO_CLICK,
        '  const clickId = new URLSearchParams(location.search).get("click_id");',
    ),
    "snackvideo_without_click_id": shop_fault(
        "SnackVideo relay requests are sent for shoppers without a click id; the relay refuses them.",
        line.SNACKVIDEO_GUARD,
        "",
        ("meta",),
    ),
    "snackvideo_invented_click_id": shop_fault(
        "SnackVideo relay requests for shoppers without a click id carry a made-up one.",
        line.SNACKVIDEO_CLICK,
        '  const clickId = visitor().clickId ?? "organic";',
        ("meta",),
    ),
    "restamped_fbc": shop_fault(
        "The relay's `fbc` is built anew, with the present time, for each event.",
        line.META_FBC,
        "      fbc: fbc?.replace(/\\d{13}/, Date.now()),\n",
    ),
    "truncated_fbclid": shop_fault(
        "The click id is cut to fifty characters at the landing.",
        line.FBCLID,
        '  const fbclid = query.get("fbclid")?.slice(0, 50);',
    ),
    "lowercased_fbclid": shop_fault(
        "The click id is put in small letters at the landing.",
        line.FBCLID,
        '  const fbclid = query.get("fbclid")?.toLowerCase();',
    ),
    "truncated_server_fbc": shop_fault(
        "Only the relay's `fbc` is cut, as by a short database column.",
        line.META_FBC,
        "      fbc: fbc?.slice(0, 64),\n",
    ),
    "fbc_in_seconds": shop_fault(
        "`fbc` carries its creation time in seconds.",
        line.FBC_STAMP,
        "`fb.1.${Math.round(Date.now() / 1000)}.${fbclid}`",
    ),
}

CHAIN = {
    "no_browser_purchase": shop_fault(
        "The Meta pixel is not called for Purchase.", f"  {line.FBQ}", f"  if (!moment.order) {line.FBQ}"
    ),
    "no_server_purchase": shop_fault(
        "The Meta relay is not called for Purchase.", line.META_RELAY, '  if (!moment.order) await relay("meta", {'
    ),
    "no_purchase_at_all": shop_fault(
        "Meta gets no Purchase, on neither side.",
        "    sendMeta(names.meta, idOf(names.meta), moment),",
        "    moment.order || sendMeta(names.meta, idOf(names.meta), moment),",
    ),
    "no_view_content": shop_fault("The product page sends nothing.", line.VIEW_CALL, '  document.body.dataset.sent += " view";'),
    "no_initiate_checkout": shop_fault(
        "The checkout page sends nothing.", line.CHECKOUT_CALL, '  document.body.dataset.sent += " checkout";'
    ),
    "purchase_before_checkout": Fault(
        "Purchase fires when the button is pressed, before the order exists.",
        (
            Edit(
                SHOP,
                line.ORDER_ACTION,
                f"  await trackPurchase(cart.order_preview, cart.items, buyer);\n{line.ORDER_ACTION}",
            ),
            Edit(SHOP, line.PURCHASE_CALL, ""),
        ),
    ),
    "cart_event_before_action": Fault(
        "AddToCart fires before the cart has answered.",
        (
            Edit(
                SHOP,
                line.CART_ACTION,
                f'  await track("cart", {{ items: [{{ ...item, quantity }}], value: item.price * quantity }});\n{line.CART_ACTION}',
            ),
            Edit(SHOP, line.CART_CALL, ""),
        ),
    ),
    "cart_event_on_page_load": shop_fault(
        "AddToCart also fires when a product page opens.",
        line.VIEW_CALL,
        f'{line.VIEW_CALL}\n  await track("cart", {{ items: [{{ ...item, quantity: 1 }}], value: item.price }});',
    ),
    "cart_event_on_next_page": shop_fault(
        "The checkout page sends AddToCart once more for what lies in the cart.",
        line.CHECKOUT_CALL,
        f'  await track("cart", {{ items: cart.items, value: itemsValue(cart.items) }});\n{line.CHECKOUT_CALL}',
    ),
    "meta_blocked": Fault(
        "A blocker in the shopper's browser stops every request to Meta's event host.",
        blocked=frozenset({"www.facebook.com"}),
    ),
    "meta_library_blocked": Fault(
        "A blocker in the shopper's browser stops Meta's library.", blocked=frozenset({"connect.facebook.net"})
    ),
    "tiktok_blocked": Fault("A blocker in the shopper's browser stops TikTok.", blocked=frozenset({"analytics.tiktok.com"})),
    "spam_order_purchase": Fault(
        "Purchase fires for an order the shop marks as spam.", (Edit(SHOP, line.SPAM_GUARD, ""),), buyer="spam"
    ),
    "spam_order_skipped": Fault("Not a fault: the order is spam and, rightly, sends no Purchase.", buyer="spam"),
}

DELIVERY = {
    "relay_rejected": shop_fault(
        "Meta relay events name the event in a field the relay does not know; it answers 400.",
        line.META_EVENT,
        "events: [{ event_id: eventId, name, parameters }],",
    ),
    "wrong_store": shop_fault(
        "Relay requests go to another store of the same business.",
        line.RELAY_STORE,
        'const RELAY = "https://api.scalev.com/v3/stores/store_Zp81vNc60KyE/public/analytics";',
    ),
    "localhost_source_url": shop_fault(
        "Relay requests name a developer's own machine as the page.",
        line.SOURCE_URL,
        '    event_source_url: "http://localhost:3000" + location.pathname,\n',
    ),
    "staging_source_url": shop_fault(
        "Relay requests name the staging site as the page.",
        line.SOURCE_URL,
        '    event_source_url: "https://staging.example.net" + location.pathname,\n',
    ),
    "missing_source_url": shop_fault("Relay requests name no page.", line.SOURCE_URL, ""),
    "missing_referrer": shop_fault("Relay requests name no referrer.", line.REFERRER, ""),
    "test_code": shop_fault(
        "A test event code was left in every relay request.",
        line.SOURCE_URL,
        f'{line.SOURCE_URL}    test_event_code: "TEST48213",\n',
    ),
    "missing_variants": shop_fault("Relay requests carry no items.", line.RELAY_ITEMS, f"  return {{}};\n{line.RELAY_ITEMS}"),
    "numeric_item_ids": shop_fault(
        "Relay items carry the checkout's numeric ids.",
        line.RELAY_VARIANT,
        ".map((item) => ({ variant_unique_id: String(item.id),",
    ),
    "parent_item_ids": shop_fault(
        "The Meta pixel names the parent product where the relay names the variant.",
        line.FBQ,
        'fbq("track", name, { ...parameters, content_ids: ["product_8Xk2mQ"], contents: undefined }, { eventID: eventId });',
    ),
    "email_in_url": shop_fault(
        "The thank-you page's address carries the buyer's e-mail.",
        line.THANK_YOU_URL,
        "  location.assign(`/thank-you/${order.secret_slug}?email=${buyer.email}`);",
    ),
    "email_in_parameters": shop_fault(
        "The Meta pixel's parameters carry the buyer's e-mail in plain text.",
        line.FBQ,
        'fbq("track", name, { ...parameters, customer: moment.buyer?.meta.em }, { eventID: eventId });',
    ),
}

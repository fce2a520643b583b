"""The named faults of the Scalev shop: ids, senders and money."""

from __future__ import annotations

from .faults import Fault
from .scalev_lines import (
    FBQ,
    META_EVENT,
    ORDER_ID,
    PAYMENT,
    PURCHASE_CALL,
    SHOP,
    THANK_YOU,
    TIKTOK_EVENT,
    TTQ,
    VALUE,
    shop_fault,
)
from .web_files import Edit

RANDOM_ORDER_ID = "const orderEventId = (order, name) => (order.ids ??= {})[name] ??= newEventId(name);"

IDS = {
    "regenerate_event_ids": shop_fault(
        "The relay copy of every Meta event gets a fresh id instead of the browser's.",
        META_EVENT,
        'events: [{ event_id: newEventId("srv"), event_name: name, parameters }],',
    ),
    "regenerate_tiktok_ids": shop_fault(
        "The relay copy of every TikTok event gets a fresh id instead of the browser's.",
        TIKTOK_EVENT,
        'events: [{ event_id: newEventId("srv"), event: name, parameters }],',
    ),
    "prefix_server_ids": shop_fault(
        "The relay copy of every Meta event has `capi_` before its id.",
        META_EVENT,
        "events: [{ event_id: `capi_${eventId}`, event_name: name, parameters }],",
    ),
    "uppercase_server_ids": shop_fault(
        "The relay copy of every Meta event has its id in capitals.",
        META_EVENT,
        "events: [{ event_id: eventId.toUpperCase(), event_name: name, parameters }],",
    ),
    "missing_event_id": shop_fault("The Meta pixel is called without an event id.", FBQ, 'fbq("track", name, parameters);'),
    "missing_tiktok_event_id": shop_fault(
        "The TikTok pixel is called without an event id.", TTQ, 'ttq("track", name, parameters);'
    ),
    "event_id_third_argument": shop_fault(
        "The Meta event id stands among the parameters (third argument) instead of in the options.",
        FBQ,
        'fbq("track", name, { ...parameters, eventID: eventId });',
    ),
    "undefined_order_id": shop_fault(
        "The order's number is read from a field that does not exist: every Purchase is `undefined-…`.",
        ORDER_ID,
        "const orderEventId = (order, name) => `${order.number}-${name}-FORM`;",
    ),
    "random_purchase_ids": shop_fault(
        "Purchase ids are random, though equal on both sides: not the plan's template.", ORDER_ID, RANDOM_ORDER_ID
    ),
    "fixed_view_id": shop_fault(
        "A page cache baked one ViewContent id into the page: all shoppers share it (record two orders).",
        "  const shared = newEventId(",
        '  const shared = step === "view" ? "view_content_5e1f0c7a" : newEventId(',
    ),
    "tiktok_purchase_name": shop_fault(
        "The browser calls TikTok's purchase `Purchase`, the relay calls it `CompletePayment`.",
        TTQ,
        'ttq("track", name.replace("CompletePayment", "Purchase"), parameters, { event_id: eventId });',
    ),
}

SENDERS = {
    "double_sender": Fault(
        "A Meta Purchase tag in the tag container fires beside the shop's own code, with an id of its own.",
        (Edit("gtm.js", "const tags = [];", "const tags = [metaPurchase];"),),
    ),
    "second_pixel": shop_fault(
        "A second Meta pixel, unknown to the plan, is initialised beside the first.",
        'const META_PIXELS = ["4907283615028341"];',
        'const META_PIXELS = ["4907283615028341", "7715520394418826"];',
    ),
    "double_call": shop_fault("The Meta pixel is called twice for each event, with the same id.", f"  {FBQ}", f"  {FBQ}\n  {FBQ}"),
    "double_relay": shop_fault(
        "The relay gets each Meta Purchase a second time, under a new id.",
        META_EVENT,
        'events: [eventId, ...(moment.order ? [newEventId("retry")] : [])]'
        ".map((event_id) => ({ event_id, event_name: name, parameters })),",
    ),
    "reload_refires": Fault(
        "Purchase fires whenever the thank-you page opens, each time with a new id; the shopper reloads it.",
        (
            Edit(SHOP, f"{PURCHASE_CALL}\n", ""),
            Edit(SHOP, THANK_YOU, f"{THANK_YOU}  await trackPurchase(order, items, buyer);\n"),
            Edit(SHOP, ORDER_ID, RANDOM_ORDER_ID),
        ),
        visits=("reload",),
    ),
    "payment_page_purchase": Fault(
        "Purchase fires at order creation and again, under another id, when the payment page opens.",
        (
            Edit(SHOP, PAYMENT, f"{PAYMENT}  await trackPurchase(order, items, buyer);\n"),
            Edit(SHOP, "-FORM`;", '-${document.body.dataset.page === "payment" ? "PAID" : "FORM"}`;'),
        ),
        visits=("payment",),
    ),
}

MONEY = {
    "value_without_shipping": shop_fault(
        "Purchase value leaves out shipping, on both sides and every platform.",
        VALUE,
        "const orderValue = (order) => Math.round(Number(order.gross_revenue) - Number(order.shipping_cost));",
    ),
    "value_times_100": shop_fault(
        "Purchase value is sent in hundredths.",
        VALUE,
        "const orderValue = (order) => Math.round(Number(order.gross_revenue) * 100);",
    ),
    "value_thousands": shop_fault(
        "The formatted total, with dots between thousands, is read back as a decimal number.",
        VALUE,
        'const orderValue = (order) => parseFloat(Number(order.gross_revenue).toLocaleString("id-ID"));',
    ),
    "browser_value_without_shipping": shop_fault(
        "Only the Meta pixel's Purchase leaves out shipping; the relay copy is right.",
        FBQ,
        'fbq("track", name, { ...parameters, value: moment.value - (moment.order?.shipping_cost ?? 0) }, { eventID: eventId });',
    ),
    "currency_usd": shop_fault(
        "The Meta pixel falls back to USD.",
        FBQ,
        'fbq("track", name, { ...parameters, currency: "USD" }, { eventID: eventId });',
    ),
    "missing_currency": shop_fault(
        "The Meta pixel's events carry no currency.",
        FBQ,
        'fbq("track", name, { ...parameters, currency: undefined }, { eventID: eventId });',
    ),
    "missing_value": shop_fault(
        "The Meta pixel's events carry no value.",
        FBQ,
        'fbq("track", name, { ...parameters, value: undefined }, { eventID: eventId });',
    ),
    "value_as_text": shop_fault(
        "The Meta pixel's value is the formatted text with the currency sign.",
        FBQ,
        'fbq("track", name, { ...parameters, value: `Rp${moment.value.toLocaleString("id-ID")}` }, { eventID: eventId });',
    ),
}

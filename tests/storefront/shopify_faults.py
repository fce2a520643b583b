"""The named faults of the Shopify-like shop."""

from __future__ import annotations

from typing import Any

from .faults import Fault
from .goods import SECOND_META_PIXEL
from .web_files import Edit

PIXEL = "shop_pixel.js"
META_CALL = '  fbq("track", names.meta, metaParameters(lines, value, order), { eventID: idOf(names.meta) });'
TIKTOK_CALL = '  ttq("track", names.tiktok, tiktokParameters(lines, value, order), { event_id: idOf(names.tiktok) });'
ORDER_VALUE = "const orderValue = (order) => Number(order.total_price);"
CURRENCY = 'const CURRENCY = "USD";'
ORDER_ID = '${order.name.replace("#", "")}-${name}-WEB`;'


def _pixel(story: str, old: str, new: str, visits: tuple[str, ...] = ()) -> Fault:
    return Fault(story, (Edit(PIXEL, old, new),), visits=visits)


def _backend(story: str, **settings: Any) -> Fault:
    return Fault(story, settings=settings)


SHOPIFY_FAULTS = {
    "server_regenerates_ids": _backend("The backend makes up its own event ids.", regenerate_ids=True),
    "server_drops_ids": _backend("The backend sends no event ids.", drop_ids=True),
    "server_subtotal": _backend("The backend reports the subtotal instead of the total.", amount="subtotal_price"),
    "server_currency": _backend("The backend reports the wrong currency.", currency="EUR"),
    "server_other_pixel": _backend("The backend sends to another Meta pixel.", meta_pixel=SECOND_META_PIXEL),
    "server_tiktok_name": _backend("The backend calls TikTok's purchase `Purchase`.", tiktok_event="Purchase"),
    "server_no_action_source": _backend("Meta server events lack `action_source`.", action_source=None),
    "server_test_code": _backend("A test event code was left in the backend.", test_event_code="TEST48213"),
    "server_plain_text": _backend("The backend sends e-mail and phone without hashing.", plain_text=True),
    "server_hashes_twice": _backend("The backend hashes e-mail and phone twice.", hash_twice=True),
    "server_milliseconds": _backend("The backend sends `event_time` in milliseconds.", milliseconds=True),
    "server_stale_time": _backend("The backend's `event_time` is nine days old.", hours_old=216),
    "server_lost_click_ids": _backend("The backend forwards no click or browser ids.", forward_click_ids=False),
    "server_token_expired": _backend("Meta refuses the backend's token.", token_expired=True),
    "server_no_meta": _backend("The backend sends nothing to Meta.", send_to=("tiktok",)),
    "server_sends_twice": _backend("The backend sends each order twice, to Meta with a new id.", send_again=True),
    "missing_event_id": _pixel(
        "The Meta pixel is called without an event id.",
        META_CALL,
        '  fbq("track", names.meta, metaParameters(lines, value, order));',
    ),
    "tiktok_purchase_name": _pixel(
        "The TikTok pixel's purchase is called `Purchase`.",
        TIKTOK_CALL,
        TIKTOK_CALL.replace("names.tiktok, t", 'names.tiktok.replace("CompletePayment", "Purchase"), t'),
    ),
    "value_subtotal": _pixel(
        "The pixels report items only: no discount, shipping or tax.",
        ORDER_VALUE,
        "const orderValue = (order) => linesValue(order.line_items);",
    ),
    "value_times_100": _pixel(
        "The pixels report cents.", ORDER_VALUE, "const orderValue = (order) => Math.round(order.total_price * 100);"
    ),
    "currency_idr": _pixel("The pixels report another currency.", CURRENCY, 'const CURRENCY = "IDR";'),
    "reload_refires": _pixel(
        "The thank-you page makes a new Purchase id when it is opened again; the shopper reloads it.",
        ORDER_ID,
        '${order.name.replace("#", "")}-${name}-WEB${reloaded ? `-${Date.now()}` : ""}`;\n'
        'const reloaded = performance.getEntriesByType("navigation")[0].type === "reload";',
        ("reload",),
    ),
    "reload_same_id": _pixel(
        "Not a fault: the shopper reloads the thank-you page and the same id is sent again.",
        ORDER_ID,
        ORDER_ID,
        ("reload",),
    ),
}

"""The lines of the Scalev storefront that a fault may change, word for word."""

from __future__ import annotations

from .faults import SHOPPER_WITH_EVERY_CLICK_ID, Fault
from .web_files import Edit

SHOP = "storefront.js"

FBQ = 'fbq("track", name, parameters, { eventID: eventId });'
TTQ = 'ttq("track", name, parameters, { event_id: eventId });'
META_RELAY = '  await relay("meta", {'
META_EVENT = "events: [{ event_id: eventId, event_name: name, parameters }],"
TIKTOK_EVENT = "events: [{ event_id: eventId, event: name, parameters }],"
META_FBC = "      fbc,\n"
META_FBP = "      fbp,\n"
TIKTOK_TTCLID = "      ttclid,\n"
TIKTOK_TTP = "      ttp,\n"
SNACKVIDEO_CLICK = "  const clickId = visitor().clickId;"
SNACKVIDEO_GUARD = "  if (!clickId) return;"
SNACKVIDEO_FIELD = "    click_id: clickId,"

VALUE = "const orderValue = (order) => Math.round(Number(order.gross_revenue));"
ORDER_ID = "const orderEventId = (order, name) => `${order.order_id}-${name}-FORM`;"

VIEW_CALL = '  await track("view", { items: [{ ...item, quantity: 1 }], value: item.price });'
CART_ACTION = '  const line = await api("POST", "/public/cart/items", { [`${item.kind}_id`]: item.id, quantity });'
CART_CALL = '  await track("cart", { items: [line], value: itemsValue([line]) });'
CHECKOUT_CALL = '  await track("checkout", { items: cart.items, value: itemsValue(cart.items) });'
ORDER_ACTION = '  const order = await api("POST", "/public/checkout", buyer);'
PURCHASE_CALL = "  await trackPurchase(order, cart.items, buyer);"
SPAM_GUARD = "  if (order.is_probably_spam) return;\n"
LAST_ORDER = '  const { order, items, buyer } = JSON.parse(sessionStorage.getItem("last"));\n'
THANK_YOU = f"async function thankYouPage() {{\n{LAST_ORDER}"
PAYMENT = f"async function paymentPage() {{\n{LAST_ORDER}"
THANK_YOU_URL = "  location.assign(`/thank-you/${order.secret_slug}`);"

REMEMBER = '  if (value) writeCookie(name, value, days, "/");'
FBCLID = '  const fbclid = query.get("fbclid");'
FBC_STAMP = "`fb.1.${Date.now()}.${fbclid}`"
RELAY_STORE = "const RELAY = `${STORE}/public/analytics`;"
SOURCE_URL = "    event_source_url: location.href,\n"
REFERRER = "    referrer_url: document.referrer || undefined,\n"
RELAY_VARIANT = ".map((item) => ({ variant_unique_id: item.unique_id,"
RELAY_ITEMS = "  return { variants: variants.length"


def shop_fault(story: str, old: str, new: str, sources: tuple[str, ...] = SHOPPER_WITH_EVERY_CLICK_ID) -> Fault:
    """A fault of one line."""
    return Fault(story, (Edit(SHOP, old, new),), sources=sources)

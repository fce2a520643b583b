"""Variations of the Japanese shop that look odd and are right: each must leave no root."""

from __future__ import annotations

import json

from tests.faults.decoded_delivery import DAY, totals
from tests.faults.decoded_shop import META, SHOPPERS, SNACKVIDEO, STORE, hashed
from tests.faults.decoded_visitors import FBC, mails, phones
from tests.faults.launch import Launch, Send
from tests.faults.slips import Case, both, each, more_orders, put, slow_clock

SECOND_PIXEL = "5520918830179999"


def _same_line_twice(launch: Launch) -> None:
    for send in list(launch.sends):
        launch.again(send, 0)


def _accepted_on_retry(launch: Launch) -> None:
    for send in launch.some("meta", "server", "Purchase"):
        twin = launch.again(send, 0)
        first = send.row
        first["status"], first["response"] = 500, {"error": {"message": "Please retry", "code": 2, "fbtrace_id": "A"}}
        twin.row["ts"] = first["ts"].replace(":05.", ":35.")


def _mail_in_two_forms(launch: Launch) -> None:
    """An older hash, and the address as typed, beside the one that matches."""
    mails(launch, "Buyer{}@Example.com", "buyer{}@example.com")
    for send in launch.some("meta", "server"):
        send.person["em"] = ["0" * 32, hashed(f"Buyer{send.shopper}@Example.com"), *send.person["em"]]
def _nothing_wrong(launch: Launch) -> None:
    """Each send says in its log's own words that all went well, or of the try before it."""
    for number, send in enumerate(launch.sends):
        send.row["error"] = ("", "none", False, 0, {}, [])[number % 6]
    for send in launch.some(channel="server"):
        send.row["result"] = "sent"
    for send in launch.some("meta", "server") + launch.some("tiktok", "server"):
        del send.row["status"]
        send.row["error"] = "connect ECONNREFUSED 157.240.1.35:443"


def _unanswered_then_accepted(launch: Launch) -> None:
    """The relay of a platform without event ids took too long once."""
    for send in launch.some("snackvideo", "server", "Purchase"):
        launch.again(send, 20)
        send.row["status"] = None


def _phone_in_two_forms(launch: Launch) -> None:
    phones(launch, "81", "+81")
    for send in launch.some("meta", "server", "Purchase"):
        send.person["ph"].insert(0, hashed(f"0901234567{send.shopper}"))


def _second_declared_pixel(launch: Launch) -> None:
    launch.plan["platforms"]["meta"]["datasets"].append(SECOND_PIXEL)
    for send in launch.some("meta"):
        twin = launch.again(send, 0)
        if send.channel == "browser":
            twin.row["pixel_id"] = SECOND_PIXEL
        else:
            twin.row["url"] = twin.row["url"].replace(META, SECOND_PIXEL)


def _padded(launch: Launch) -> None:
    for send in launch.some("meta", step="Purchase") + launch.some("tiktok", step="Purchase"):
        send.event["event_id"] = send.event["event_id"].replace("NT1042", "00000")
        for page in ("page_url", "event_source_url"):
            if page in send.event:
                send.event[page] = send.event[page].replace("NT1042", "00000")
        if "page" in send.event:
            send.event["page"]["url"] = send.event["page"]["url"].replace("NT1042", "00000")
    for send in launch.some("snackvideo", step="Purchase"):
        holder, name = (send.event, "page_url") if send.channel == "browser" else (send.row["body"], "event_source_url")
        holder[name] = holder[name].replace("NT1042", "00000")
    for row in launch.orders:
        row["order_id"] = row["order_id"].replace("NT1042", "00000")
    launch.plan["launch"]["test_orders"] = [row["order_id"] for row in launch.orders]


def _free_order(launch: Launch) -> None:
    shopper = SHOPPERS[1]
    launch.orders[1].update(total=0, shipping=0, fees=0, tax=0, subtotal=0, discount=shopper.goods)
    for send in launch.some(step="Purchase", shopper=2):
        send.money["value"] = 0


def _seen_again(launch: Launch) -> None:
    for send in launch.some(step="ViewContent"):
        twin = launch.again(send, 21)
        if "event_id" in twin.event:
            twin.event["event_id"] += "b"


def _reloaded(launch: Launch) -> None:
    for send in launch.some(step="Purchase", shopper=1):
        if send.platform != "snackvideo":
            launch.again(send, 600)


def _second_device(launch: Launch) -> None:
    """One checkout, its id made of its token, opened on a second device from a recovery mail."""
    for send in launch.some("meta", step="InitiateCheckout", shopper=1) + launch.some("tiktok", "browser", "InitiateCheckout", 1):
        twin = launch.again(send, 3 * 3600)
        twin.person.pop("fbc", None)
        twin.person.pop("_fbc", None)
        for name in ("fbp", "_fbp"):
            if name in twin.person:
                twin.person[name] = "fb.1.1794963600000.417829049991"
        if "_ttp" in twin.person:
            twin.person["_ttp"] = "01KA4QZZZZZ98V6T2JYQ5W0RNC_.tt.1"
            twin.row["session"] = "visit-8"


def _other_events(launch: Launch) -> None:
    for name in ("AddPaymentInfo", "Lead", "Subscribe", "Subscribe", "PageView"):
        for send in launch.some("meta", "browser", "Purchase"):
            twin = launch.again(send, 3)
            twin.step = name
            twin.event["event"] = name
            twin.event["event_id"] = f"{name}.{send.shopper}.{len(launch.sends)}"
            twin.event["params"] = {}


def _unique_code(launch: Launch) -> None:
    launch.plan["purchase"]["value"] = "total_with_unique_code"
    for number, row in enumerate(launch.orders):
        row["unique_code"] = 217 + number
    for send in launch.some(step="Purchase"):
        send.money["value"] += 216 + send.shopper


def _paid_first(launch: Launch) -> None:
    launch.plan["purchase"]["conversion_point"] = "payment_confirmed"


def _zoned(launch: Launch) -> None:
    for send in launch.sends:
        hour = int(send.row["ts"][11:13]) + 9
        send.row["ts"] = f"{send.row['ts'][:11]}{hour:02d}{send.row['ts'][13:].replace('Z', '+09:00')}"


def _cancelled_later(launch: Launch) -> None:
    launch.orders[0].update(status="cancelled", cancelled_at="2026-11-19T03:00:00Z")


def _nobody(launch: Launch) -> None:
    """A shopper without any ad."""
    for send in launch.some(shopper=1):
        for name in ("fbc", "_fbc"):
            send.person.pop(name, None)
        for name in ("page_url", "event_source_url"):
            if name in send.event:
                send.event[name] = send.event[name].split("?")[0]


_KWAI_NAMES = {
    "ViewContent": "EVENT_CONTENT_VIEW", "AddToCart": "EVENT_ADD_TO_CART", "InitiateCheckout": "EVENT_INITIATED_CHECKOUT",
    "Purchase": "EVENT_PURCHASE",
}  # fmt: skip


def _through_kwais_own_api(launch: Launch) -> None:
    """The platform's own endpoint instead of the relay: its body has no field for an order and none for a page."""
    for send in launch.some("snackvideo", "server"):
        shopper = SHOPPERS[send.shopper - 1]
        properties = {"currency": "JPY", "value": send.money["value"], "content_id": shopper.item, "content_type": "product"}
        send.row["url"] = "https://www.adsnebula.com/log/common/api"
        send.row["headers"].pop("x-scalev-storefront-api-key", None)
        send.row.update(status=200, response={"result": 1})
        send.row["body"] = {
            "clickid": shopper.click("snackvideo"), "event_name": _KWAI_NAMES[send.step], "is_attributed": 1, "mmpcode": "PL",
            "pixelId": SNACKVIDEO, "properties": json.dumps(properties), "testFlag": False, "trackFlag": False,
        }  # fmt: skip
    launch.plan["platforms"]["snackvideo"].pop("relay_store", None)


def _slash(send: Send) -> None:
    send.event["event_source_url"] = f"{send.event['event_source_url'].partition('?')[0]}/"


def _shops_own_address(launch: Launch) -> None:
    """The address of the shop's own help desk, in a link to the page and in the text of a product."""
    for send in launch.some("meta", step="ViewContent") + launch.some("tiktok", "browser", "ViewContent"):
        send.event["page_url" if send.channel == "browser" else "event_source_url"] += "&contact_email=support%40nagisa.example.com"
        send.money["description"] = "Questions? shop@nagisa.example.com"


def _no_sources(launch: Launch) -> None:
    for row in launch.orders:
        row.pop("source")


def _other_shop(launch: Launch) -> None:
    """The relay's log holds a shop of the same prices: another store, its own pages and its own shoppers."""
    for send in launch.some("snackvideo", "server"):
        twin = launch.again(send, 60)
        twin.row["url"] = twin.row["url"].replace(STORE, "store_Zw90TtYb4RmC")
        body = twin.row["body"]
        body["click_id"] = f"{body['click_id'][:-6]}other{send.shopper}"
        page = body["event_source_url"].partition("?")[0]
        body["event_source_url"] = page.replace("nagisa", "hibari").replace("NT1042", "HB77")


def _fraction(send: Send) -> None:
    send.money["value"] = f"{send.money['value']}.00"


def _rotated(launch: Launch) -> None:
    """The pixel log was rotated, and the older file holds the first lines of the newer one."""
    for send in launch.some(channel="browser", shopper=1):
        launch.extra.append(("browser/pixels.1.ndjson", send.row))


CASES = (
    Case("clean", lambda launch: None, alone=True),
    Case("lines in no order", lambda launch: setattr(launch, "in_order", False)),
    Case("every line twice", _same_line_twice),
    Case("refused once, accepted on the retry", _accepted_on_retry),
    Case(
        "addresses typed with capitals, hashed in small letters",
        lambda launch: mails(launch, "Buyer{}@Example.com ", "buyer{}@example.com"),
    ),
    Case("addresses hashed in two forms, the useless one first", _mail_in_two_forms),
    Case("no answer once, accepted on the retry", _unanswered_then_accepted),
    Case(
        "the shop's own customer number, as long as a telephone number",
        each(lambda s: s.person.update(external_id=[f"819012345{s.shopper}00"]), "meta", "server"),
    ),
    Case("phones hashed in two forms, the useless one first", _phone_in_two_forms),
    Case("phones hashed with their code, in the form each platform asks for", lambda launch: phones(launch, "81", "+81")),
    Case(
        "till, draft and marketplace orders without events",
        more_orders({"source": "pos"}, {"source": "shopify_draft_order"}, {"source": "tokopedia"}),
    ),
    Case("spam and test orders without events", more_orders({"is_spam": "true"}, {"is_test": "true"})),
    Case(
        "orders of last week", more_orders(*({"created_at": f"2026-11-{day:02d}T05:00:00Z", "paid_at": ""} for day in range(8, 13)))
    ),
    Case("second pixel of the plan", _second_declared_pixel),
    Case("facebook-nodejs-business-sdk#308 zero-padded order numbers", _padded),
    Case("order for nothing", _free_order),
    Case("SnackVideo's server events through Kwai's own API", _through_kwais_own_api),
    Case("product seen twice", _seen_again),
    Case("thank-you page reloaded under the same id", _reloaded),
    Case("one checkout on two devices", _second_device),
    Case("facebook-for-woocommerce#1055 events that are no core step", _other_events),
    Case("unique code added to every total", _unique_code),
    Case("paid-only plan, purchase after the payment", _paid_first),
    Case("times in the shop's own zone", _zoned),
    Case("order cancelled a day later", _cancelled_later),
    Case("shopper without an ad", _nobody),
    Case("capi-param-builder#13 fbc with a fifth part", each(put("person", "fbc", f"{FBC}.AQYCAQMA"), "meta", "server", None, 1)),
    Case("fbc with the older fifth part", each(put("person", "fbc", f"{FBC}.BA"), "meta", "server", None, 1)),
    Case("hashes with an appendix", each(lambda s: s.person.update(em=[f"{s.person['em'][0]}.AQYAAQMA"]), "meta", "server")),
    Case("values written with their decimals", each(_fraction, "meta", None, "Purchase")),
    Case("currency in small letters", each(put("money", "currency", "jpy"))),
    Case("trailing slash on one side", each(_slash, "meta", "server", "Purchase")),
    Case(
        "ids of an order as long as a telephone number",
        both(
            each(put("event", "page_url", lambda u: f"{u}?order=081234567890"), "meta", "browser", "Purchase"),
            each(put("event", "event_source_url", lambda u: f"{u}?order=081234567890"), "meta", "server", "Purchase"),
        ),
    ),
    Case("the shop's own published address", _shops_own_address),
    Case("totals agree", totals(("shopify", 3, DAY), ("meta", 3, DAY), ("tiktok", 3, DAY))),
    Case(
        "server twenty minutes late", each(lambda s: s.row.update(ts=s.row["ts"].replace(":02:05", ":22:05")), "tiktok", "server")
    ),
    Case("the export does not say where orders came from", _no_sources),
    Case("another shop of the same prices in the relay's log", _other_shop),
    Case("the id list names the parent beside the variant", each(lambda s: s.money["content_ids"].append("P-100"), "meta")),
    Case("opt_out for one shopper", each(put("event", "opt_out", True), "meta", "server", None, 2)),
    Case("device two hours slow, its time taken over by the server", slow_clock(7200, copied=True), alone=True),
    Case("device ten minutes slow, its time taken over by the server", slow_clock(600, copied=True), alone=True),
    Case("device three hours slow, only the sales have server copies", slow_clock(10800, sales_only=True), alone=True),
    Case(
        "device ten minutes slow, only the sales have server copies, its time taken over",
        slow_clock(600, copied=True, sales_only=True),
        alone=True,
    ),
    Case("pixel logs that share their lines", _rotated, alone=True),
    Case(
        "orders given up on the way to their payment",
        more_orders(
            {"status": "canceled", "payment_status": "", "payment_method": "stripe", "paid_at": ""},
            {"status": "pending_payment", "payment_status": "pending", "paid_at": ""},
        ),
    ),
    Case("columns for errors and outcomes that hold nothing", _nothing_wrong, alone=True),
)

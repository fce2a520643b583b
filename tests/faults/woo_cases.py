"""The German shop's slips that only raw pixel requests show."""

from __future__ import annotations

import json

from tests.faults.decoded_shop import hashed
from tests.faults.launch import Launch, Row, Send
from tests.faults.slips import Case, both, each, lose, lost, put
from tests.faults.woo_innocents import visits_of
from tests.faults.woo_shop import FBCLID, SHIPPING, SHOPPERS, SITE
from tests.faults.woo_threads import worth


def _rule(launch: Launch) -> None:
    """A rule of the Event Setup Tool fires beside the shop's code."""
    for send in launch.some("meta", "browser", "Purchase"):
        twin = launch.again(send, 0.4)
        for name in ("eid", "cd[value]", "cd[currency]", "cd[contents]", "cd[content_ids]"):
            twin.event.pop(name)
        twin.event |= {"es": "automatic", "tm": 3, "cs_est": "true", "est_source": "775300129", "ec": 2}


def _only_rule(launch: Launch) -> None:
    for send in launch.some("meta", "browser", "AddToCart"):
        send.event.pop("eid")
        send.event |= {"es": "automatic", "tm": 3, "cs_est": "true", "est_source": "775300130"}


def _noscript(launch: Launch) -> None:
    for send in launch.some("meta", "browser", "Purchase"):
        twin = launch.again(send, 0.2)
        for name in ("eid", "ec", "it", "v", "a", "fbp", "fbc"):
            twin.event.pop(name, None)
        twin.event["noscript"] = 1


def _gap(launch: Launch) -> None:
    """The checkout's own hit is lost; the page's counter shows it was made."""
    for send in launch.some("meta", "browser", "InitiateCheckout"):
        launch.drop(send)
        for number, counter in ((0, 0), (1, 2)):
            twin = launch.again(send, 1.0 + number)
            twin.event.pop("eid")
            twin.event |= {"ev": "PageView" if number == 0 else "AddPaymentInfo", "ec": counter, "it": send.event["it"]}
            twin.step = twin.event["ev"]


def _landing_lost(launch: Launch) -> None:
    for send in launch.some("meta", "browser", None, 1):
        send.event.pop("fbc", None)


def _other_pixel(send: Send) -> None:
    send.event["id"] = "9910283746551120"


def blocked(send: Send) -> None:
    send.row["status"] = 0
    send.row["error"] = "net::ERR_BLOCKED_BY_CLIENT"


def _test_site(send: Send) -> None:
    page: Row = send.event["context"]["page"]
    page["url"] = page["url"].replace(SITE, "https://test.laden.example.net")


def _visits_only(launch: Launch) -> None:
    """The hoster's access log was handed in as the server's."""
    launch.extra += [("server/access.ndjson", row) for row in visits_of(launch)]
    launch.drop(*launch.some("meta", "server"))


def _first_line(send: Send) -> None:
    items = [SHOPPERS[send.shopper - 1].lines[0].retailer_id]
    lines = [{"id": items[0], "quantity": 1}]
    if send.channel == "browser":
        send.money |= {"cd[content_ids]": json.dumps(items), "cd[contents]": json.dumps(lines)}
    else:
        send.money.update(content_ids=items, contents=lines)


CASES = (
    Case("rule of the event setup tool beside the code", _rule, ("duplicate_sender:codeless_and_coded@meta",)),
    Case("cart event made by a rule only", _only_rule, ("missing_event_id:codeless@meta",)),
    Case("pixel image fires with scripts on", _noscript, ("duplicate_sender:script_and_noscript@meta",)),
    Case("checkout hit lost, its number is missing", _gap, ("missing_browser_event:counter_gap@meta",), alone=True),
    Case("browser blocks every hit", each(blocked, "meta", "browser"), ("missing_browser_event:blocked@meta",)),
    Case(
        "browser purchase goes to another pixel",
        each(_other_pixel, "meta", "browser", "Purchase"),
        ("dataset_mismatch@meta",),
    ),
    Case(
        "id among the parameters",
        each(lambda s: s.event.update({"cd[eventID]": s.event.pop("eid")}), "meta", "browser"),
        ("missing_event_id:misplaced@meta",),
    ),
    Case("shipping left out", worth(lambda s: s.total - SHIPPING), ("value_mismatch:total_less_shipping",)),
    Case("value in cents", worth(lambda s: s.total * 100, "meta"), ("value_mismatch:times_100@meta",)),
    Case("decimal point lost", worth(lambda s: s.total / 100, "tiktok"), ("value_mismatch:divided_by_100@tiktok",)),
    Case(
        "value with a decimal comma",
        each(put("money", "cd[value]", lambda v: str(v).replace(".", ",")), "meta", "browser", "Purchase"),
        ("invalid_value:decimal_comma@meta",),
    ),
    Case("browser forgets fbc", _landing_lost, ("missing_fbc:browser@meta",)),
    Case(
        "fbc of the browser decodes a plus",
        both(
            each(put("event", "dl", lambda u: u.replace(FBCLID, f"{FBCLID}%2Bz")), "meta", "browser", "ViewContent", 1),
            each(
                put("event", "event_source_url", lambda u: u.replace(FBCLID, f"{FBCLID}%2Bz")), "meta", "server", "ViewContent", 1
            ),
            each(
                lambda s: s.event["context"]["page"].update(url=f"{SITE}/produkt/jacke-navy/"),
                "tiktok",
                "browser",
                "ViewContent",
                1,
            ),
            each(put("person", "fbc", lambda c: f"{c} z"), "meta", None, None, 1),
        ),
        ("modified_fbc:decoded_plus@meta",),
    ),
    Case("browser forgets fbp", each(lose("event", "fbp"), "meta", "browser", "Purchase"), ("missing_fbp:browser@meta",)),
    Case(
        "tiktok pixel forgets its click",
        each(lambda s: s.event["context"]["ad"].pop("callback"), "tiktok", "browser", None, 2),
        ("missing_ttclid:browser@tiktok",),
    ),
    Case(
        "advanced matching in plain text",
        each(lambda s: s.event.update({"ud[em]": SHOPPERS[s.shopper - 1].mail}), "meta", "browser"),
        ("unhashed_personal_data@meta",),
    ),
    Case(
        "the buyer's address as customer id in advanced matching",
        each(put("event", "ud[external_id]", "dewi@example.com"), "meta", "browser", None, 1),
        ("unhashed_personal_data:external_id@meta",),
    ),
    Case(
        "facebook-for-magento2#44 a cached page names its first visitor for every buyer",
        each(put("event", "ud[em]", hashed(SHOPPERS[0].mail)), "meta", "browser"),
        ("missing_match_keys:other_buyer@meta",),
    ),
    Case(
        "server alone limits the use of data",
        each(lambda s: s.event.update(data_processing_options=["LDU"]), "meta", "server"),
        ("unconsented_event@meta",),
    ),
    Case("tiktok sends no view", lost("tiktok", None, "ViewContent"), ("missing_step:never_fired@tiktok",)),
    Case(
        "tiktok purchase without currency",
        each(lose("money", "currency"), "tiktok", None, "Purchase"),
        ("missing_currency@tiktok",),
    ),
    Case("tiktok value missing", each(lose("money", "value"), "tiktok", None, "Purchase"), ("missing_value:absent@tiktok",)),
    Case(
        "owner forgotten in the register",
        lambda launch: launch.plan["senders"][2].pop("owner"),
        ("unowned_event@tiktok",),
    ),
    Case(
        "the register has no entry for TikTok: who sends there and who answers for it is one question",
        lambda launch: launch.plan["senders"].pop(2),
        ("undeclared_sender@tiktok",),
    ),
    Case("page address of the test site", each(_test_site, "tiktok"), ("disallowed_domain:staging@tiktok",)),
    Case("the web server's list of visits is handed in as the server's log", _visits_only, ("incomplete_capture:other_requests",)),
    Case(
        "purchase names the first line only, on both sides",
        each(_first_line, "meta", None, "Purchase", 3),
        ("item_mismatch:missing_line@meta",),
    ),
)

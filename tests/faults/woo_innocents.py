"""Variations of the German shop that look odd and are right: each must leave no root."""

from __future__ import annotations

import copy
from typing import Any

from tests.faults.launch import Launch, Row, Send
from tests.faults.slips import Case, each, more_orders, order, plan, put
from tests.faults.woo_shop import SITE, TIKTOK, TIKTOK_PIXEL


def _twins(launch: Launch) -> None:
    """Chromium's privacy-sandbox copies and the follow-ups of a redirect."""
    for send in launch.some("meta", "browser"):
        sandbox = copy.deepcopy(send.row)
        sandbox["url"] = "https://www.facebook.com/privacy_sandbox/pixel/register/trigger/"
        sandbox["query"]["rqm"] = "FGET"
        follow = copy.deepcopy(send.row)
        follow["query"] = {"redirect": 0} | dict(reversed(follow["query"].items()))
        launch.extra += [("browser/pixels.ndjson", sandbox), ("browser/pixels.ndjson", follow)]


def _telemetry(launch: Launch) -> None:
    for send in launch.some("tiktok", "browser"):
        for path in ("act", "inter", "perf"):
            body = {name: value for name, value in send.event.items() if name not in ("event", "properties")}
            row = send.row | {"url": f"{TIKTOK_PIXEL}/{path}", "body": body | {"event_id": "", "action": "Metadata"}}
            launch.extra.append(("browser/pixels.ndjson", row))
    for send in launch.some("meta", "browser"):
        for name in ("Microdata", "SubscribedButtonClick"):
            twin = copy.deepcopy(send.row)
            twin["query"] |= {"ev": name, "es": "automatic", "ec": 5}
            twin["query"].pop("eid")
            launch.extra.append(("browser/pixels.ndjson", twin))


def _pageviews(launch: Launch) -> None:
    for send in launch.some("tiktok", "browser"):
        twin = launch.again(send, -2)
        twin.step = "Pageview"
        twin.event |= {"event": "Pageview", "event_id": "", "properties": {}}
        twin.event["message_id"] = twin.event["message_id"].replace("messageId-", "messageId-9")
    for send in launch.some("meta", "browser"):
        twin = launch.again(send, -2)
        twin.step = "PageView"
        for name in [name for name in twin.event if name.startswith("cd[")] + ["eid"]:
            twin.event.pop(name)
        twin.event |= {"ev": "PageView", "ec": 0, "it": send.event["it"]}


def _routes(launch: Launch) -> None:
    """A single-page shop: the pixel stays, the route changes, and each route is a page view."""
    _pageviews(launch)
    for send in launch.some("meta", "browser", "PageView"):
        for number, route in enumerate(("groessen", "pflege")):
            twin = launch.again(send, 6.0 + 5 * number)
            twin.event |= {"dl": f"{SITE}/produkt/jacke-navy/{route}", "ec": 2 + number, "it": send.event["it"]}


def _message_twice(launch: Launch) -> None:
    for send in launch.some("tiktok", "browser"):
        twin = copy.deepcopy(send.row)
        twin["ts"] = twin["ts"].replace("158Z", "190Z")
        launch.extra.append(("browser/pixels.ndjson", twin))


def _posted(send: Send) -> None:
    send.row["method"] = "POST"
    send.event["rqm"] = "formPOST"


def _cut(send: Send) -> None:
    send.event["dl"] = f"{SITE}/"
    send.event |= {"pm": 1, "hrl": "a1b2c3"}


def _not_confirmed(launch: Launch) -> None:
    key: dict[str, Any] = {"dedupe_key": "event_id", "overall_browser_coverage_from_dedupe_key": {"percentage": 0}}
    launch.documents["quality.json"] = {
        "web": [
            {
                "event_name": "Purchase",
                "event_match_quality": {
                    "composite_score": 6.2,
                    "diagnostics": [
                        {
                            "name": "Event deduplication. Not meeting best practices", "description": "0 % deduplicated",
                            "percentage": 100, "affected_event_count": 3, "total_event_count": 3,
                        }
                    ],
                },
                "dedupe_key_feedback": [key],
            }
        ]
    }  # fmt: skip


def _sequential_numbers(launch: Launch) -> None:
    """A plugin shows buyers a number of its own; pages and events keep the id."""
    for number, row in enumerate(launch.orders):
        row["number"] = f"R-2026-{4410 + number}"
    launch.plan["launch"]["test_orders"] = [row["number"] for row in launch.orders]


def _window_shopper(launch: Launch) -> None:
    launch.drop(*launch.some(None, None, "Purchase", 3))
    launch.orders.pop()
    launch.plan["launch"]["test_orders"].pop()


def _item_texts(send: Send) -> None:
    items = send.money["content_ids"]
    send.money["content_ids"] = "[" + ", ".join(f'"{item}"' for item in items) + "]"


def _numbered_campaign(launch: Launch) -> None:
    """Ad parameters survive to the thank-you page, and a campaign has the number of another order."""
    for send in launch.some(step="Purchase", shopper=2):
        holder = send.event["context"]["page"] if send.platform == "tiktok" else send.event
        page = "url" if send.platform == "tiktok" else "dl" if send.channel == "browser" else "event_source_url"
        holder[page] += "&utm_id=54763&utm_campaign=54766&campaign_id=54763"


def visits_of(launch: Launch) -> list[Row]:
    """What the shop's web server was asked for, as its access log keeps it."""
    return [
        {
            "ts": send.row["ts"], "remote_addr": f"198.51.100.{send.shopper}", "host": SITE.removeprefix("https://"),
            "request_method": "GET", "request_uri": send.event["dl"].removeprefix(SITE), "status": 200, "body_bytes_sent": 20411,
            "http_referer": f"{SITE}/",
        }
        for send in launch.some("meta", "browser")
    ]  # fmt: skip


def _visits(launch: Launch) -> None:
    launch.extra += [("server/access.ndjson", row) for row in visits_of(launch)]


CASES = (
    Case("clean", lambda launch: None, alone=True),
    Case("a campaign with the number of another order", _numbered_campaign),
    Case("ConversionsAPI-Tag-for-GoogleTagManager#25 the platform says 0 % though ids agree", _not_confirmed),
    Case("privacy-sandbox twins and redirect follow-ups", _twins),
    Case("telemetry of both pixels", _telemetry),
    Case("page views, tiktok's without an id", _pageviews, alone=True),
    Case("route changes of a single-page shop", _routes),
    Case("one message twice", _message_twice),
    Case("hits as form posts", each(_posted, "meta", "browser"), alone=True),
    Case("meta cuts the page to its origin", each(_cut, "meta", "browser", "InitiateCheckout"), alone=True),
    Case("facebook-for-woocommerce#3946 renewal order", more_orders({"created_via": "subscription"})),
    Case("order typed in by the shop", more_orders({"created_via": "admin"})),
    Case("cart that was never placed", more_orders({"status": "checkout-draft"})),
    Case("numbers of a plugin", _sequential_numbers, alone=True),
    Case("facebook-for-woocommerce#1889 item ids as a text", each(_item_texts, "meta", "server")),
    Case("value with more digits than money has", each(put("money", "value", lambda v: f"{v}00001"), "meta", "server", "Purchase")),
    Case("several pixels, one declared for tiktok only", plan("platforms.tiktok.datasets", [TIKTOK, "C9F3LSRC77U2H8V5D6FF"])),
    Case("a shopper who did not buy", _window_shopper),
    Case("the web server's list of visits beside the server's log", _visits, alone=True),
    Case("order in the shop's trash", order(1, status="trash")),
)

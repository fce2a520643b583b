"""The Japanese shop's slips on the way: delivery, payloads, privacy, totals."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.faults.decoded_shop import SHOPPERS, STORE, email, hashed
from tests.faults.launch import Launch, Send, shift
from tests.faults.slips import Case, Change, Slip, answer, both, each, lose, order, plan, put, slow_clock


def _graph_error(code: int, subcode: int | None, title: str, status: int = 400) -> Change:
    error: dict[str, Any] = {"message": "Invalid parameter", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    if subcode:
        error |= {"error_subcode": subcode, "error_user_title": title}
    return answer(status, {"error": error})


def _relay_body(**fields: Any) -> Slip:
    return each(lambda send: send.row["body"].update(fields), "snackvideo", "server")


def _keyless(send: Send) -> None:
    send.row["headers"].pop("x-scalev-storefront-api-key")
    answer(401, {"error": "Unauthorized", "error_code": "unauthorized", "message": "A storefront API key is required"})(send)


def _near_miss(launch: Launch) -> None:
    for send in launch.some("tiktok", "browser", "AddToCart"):
        twin = launch.again(send, 0.4)
        twin.step = "addtocart"
        twin.event |= {"event": "addtocart", "event_id": f"{twin.event['event_id']}-2"}


def _late(launch: Launch) -> None:
    for send in launch.some("meta", "server"):
        told = send.event["event_time"]
        shift(send, 3 * 3600)
        send.event["event_time"] = told


def _source(url: str) -> Change:
    return put("event", "event_source_url", lambda old: url + old.removeprefix("https://nagisa.example.com"))


def _batch(launch: Launch) -> None:
    """The orders' purchases leave in one request, one of them without its currency; the platform refuses them all."""
    first, *others = launch.some("meta", "server", "Purchase")
    launch.drop(*others)
    shift(first, 2 * 3600 + 60)
    first.event["event_time"] -= 2 * 3600 + 60
    first.row["body"]["data"] += [send.event for send in others]
    others[0].money.pop("currency")
    _graph_error(100, 2804010, "Missing Currency for Purchase Event")(first)


def _visit_in_one_batch(launch: Launch) -> None:
    """All steps of a visit leave in one request, the sale without its currency; the platform refuses them all."""
    first, *others = launch.some("meta", "server", shopper=1)
    launch.drop(*others)
    first.row["ts"] = others[-1].row["ts"]
    first.row["body"]["data"] += [send.event for send in others]
    others[-1].money.pop("currency")
    _graph_error(100, 2804010, "Missing Currency for Purchase Event")(first)


DELIVERY = (
    Case(
        "token expired", each(_graph_error(190, 463, "Session Expired"), "meta", "server"), ("rejected_request:unauthorised@meta",)
    ),
    Case("too many requests", each(_graph_error(4, None, "", 429), "meta", "server"), ("rejected_request:rate_limited@meta",)),
    Case("graph is down", each(_graph_error(2, None, "", 500), "meta", "server"), ("rejected_request:server_error@meta",)),
    Case(
        "tiktok refuses with status 200",
        each(
            answer(200, {"code": 40002, "message": "Batch.0.properties.contents.0.content_id: Not a valid string"}),
            "tiktok",
            "server",
        ),
        ("rejected_request:bad_request@tiktok",),
    ),
    Case(
        "the server cannot reach Meta",
        each(lambda s: s.row.update(status=0, response=None, error="connect ECONNREFUSED 157.240.1.35:443"), "meta", "server"),
        ("rejected_request:no_connection@meta",),
    ),
    Case(
        "no status was recorded", each(lambda s: s.row.pop("status"), "snackvideo", "server"), ("unconfirmed_delivery@snackvideo",)
    ),
    Case("server is three hours late", _late, ("late_event@meta",)),
    Case(
        "event time in milliseconds",
        each(put("event", "event_time", lambda t: t * 1000), "meta", "server"),
        ("event_time_out_of_range:milliseconds@meta",),
    ),
    Case(
        "event time nine days old",
        each(put("event", "event_time", lambda t: t - 9 * 86400), "meta", "server"),
        ("event_time_out_of_range:stale@meta",),
    ),
    Case(
        "adsmurai-facebook-pixel-and-conversions-api#3 event time in the future",
        each(put("event", "event_time", lambda t: t + 9 * 3600), "meta", "server"),
        ("event_time_out_of_range:future@meta",),
    ),
    Case(
        "event time nine hours back",
        each(put("event", "event_time", lambda t: t - 9 * 3600), "tiktok", "server"),
        ("event_time_out_of_range:zone_shift@tiktok",),
    ),
    Case(
        "event time of the day before",
        each(put("event", "event_time", lambda t: t - 86400), "meta", "server"),
        ("event_time_out_of_range:day_shift@meta",),
    ),
    Case(
        "event time sent as nothing",
        each(put("event", "event_time", 0), "meta", "server"),
        ("event_time_out_of_range:stale@meta",),
    ),
    Case(
        "event time taken once when the server started",
        each(put("event", "event_time", int(SHOPPERS[0].start.timestamp()) - 3000), "meta", "server"),
        ("event_time_out_of_range:fixed_time@meta",),
    ),
    Case(
        "test code left in",
        each(lambda s: s.row["body"].update(test_event_code="TEST48213"), "meta", "server"),
        ("test_code_in_production@meta",),
    ),
    Case(
        "server names a developer's machine",
        each(_source("http://localhost:8080"), "meta", "server"),
        ("disallowed_domain:localhost@meta",),
    ),
    Case(
        "server names the staging site",
        each(_source("https://staging.example.net"), "meta", "server"),
        ("disallowed_domain:staging@meta",),
    ),
    Case(
        "server names the payment provider",
        each(_source("https://pay.example.org"), "meta", "server"),
        ("disallowed_domain:other@meta",),
    ),
    Case(
        "facebook-for-woocommerce#4006 server names the ajax address",
        each(
            put("event", "event_source_url", "https://nagisa.example.com/?wc-ajax=update_order_review"),
            "meta",
            "server",
            "Purchase",
        ),
        ("source_url_mismatch@meta",),
    ),
    Case(
        "relay of another store",
        each(lambda s: s.row.update(url=s.row["url"].replace(STORE, "store_OtherBrand77")), "snackvideo", "server"),
        ("wrong_store@snackvideo",),
    ),
    Case(
        "relay hears no page",
        each(lambda s: s.row["body"].pop("event_source_url"), "snackvideo", "server", "ViewContent"),
        ("missing_source_url@snackvideo",),
    ),
)
PAYLOAD = (
    Case(
        "the server takes over a fast device's time",
        slow_clock(-7200, copied=True),
        ("event_time_out_of_range:visitors_clock@meta", "event_time_out_of_range:visitors_clock@tiktok"),
    ),
    Case(
        "one bad event refuses the whole batch",
        both(_batch, plan("limits", {"late_after": "6h"})),
        ("missing_currency@meta",),
    ),
    Case("one sale without its currency refuses the whole visit", _visit_in_one_batch, ("missing_currency@meta",)),
    Case(
        "relay event with an id it does not know",
        each(put("event", "event_id", "purchase-1"), "snackvideo", "server"),
        ("schema_violation:unknown_field@snackvideo",),
    ),
    Case(
        "relay told its store in the body",
        _relay_body(custom_domain="nagisa.example.com"),
        ("schema_violation:store_named_in_body@snackvideo",),
    ),
    Case(
        "relay without its key",
        each(_keyless, "snackvideo", "server"),
        ("rejected_request:unauthorised@snackvideo",),
    ),
    Case(
        "relay items without a list",
        each(lambda s: s.row["body"].pop("variants"), "snackvideo", "server"),
        ("missing_items:relay_items@snackvideo",),
    ),
    Case(
        "relay items by number",
        each(lambda s: s.row["body"]["variants"][0].update(variant_unique_id="81204"), "snackvideo", "server"),
        ("numeric_item_id@snackvideo",),
    ),
    Case(
        "cart events name no item",
        each(lose("money", "contents", "content_ids"), "meta", None, "AddToCart"),
        ("missing_items:parameters@meta",),
    ),
    Case("no action source", each(lose("event", "action_source"), "meta", "server"), ("missing_action_source@meta",)),
    Case(
        "server says the shop's sales came about by themselves",
        each(put("event", "action_source", "system_generated"), "meta", "server"),
        ("missing_action_source:elsewhere@meta",),
    ),
    Case(
        "server files the shop's sales under those of its stores",
        each(lambda s: s.row["body"].update(event_source="offline"), "tiktok", "server"),
        ("missing_action_source:elsewhere@tiktok",),
    ),
    Case(
        "a near miss of an event's name beside the right one",
        _near_miss,
        ("nonstandard_event_name@tiktok",),
    ),
    Case(
        "one side's name differs in its capitals",
        each(put("event", "event", "viewcontent"), "meta", "browser", "ViewContent"),
        ("event_name_mismatch:case@meta",),
    ),
    Case(
        "a near miss is the only name of a step",
        each(put("event", "event", "ContentView"), "snackvideo", "browser", "ViewContent"),
        ("nonstandard_event_name@snackvideo",),
    ),
)
PRIVACY = (
    Case(
        "address of the buyer in the page's address",
        each(put("event", "page_url", lambda u: f"{u}?email=buyer%40example.com"), "tiktok", "browser", "Purchase"),
        ("personal_data_in_url:email@tiktok",),
    ),
    Case(
        "telephone in the parameters",
        each(put("money", "phone", "+819012345678"), "meta", "browser", "Purchase"),
        ("personal_data_in_parameters:phone@meta",),
    ),
    Case(
        "server sends plain addresses",
        each(lambda s: s.person.update(em=[email(s.shopper)]), "meta", "server"),
        ("unhashed_personal_data@meta",),
    ),
    Case(
        "the buyer's address as customer id",
        each(lambda s: s.person.update(external_id=[email(s.shopper)]), "meta", "server"),
        ("unhashed_personal_data:external_id@meta",),
    ),
    Case(
        "the buyer's telephone number as customer id",
        each(lambda s: s.person.update(external_id=f"+8190123456{s.shopper}0"), "meta", "server"),
        ("unhashed_personal_data:external_id@meta",),
    ),
    Case(
        "the buyer's address in the event id",
        both(
            lambda launch: launch.plan["purchase"].pop("event_id"),
            each(lambda s: s.event.update(event_id=f"{email(s.shopper)}-{s.event['event_id']}"), "meta", None, "Purchase"),
        ),
        ("personal_data_in_parameters:event_id@meta",),
    ),
    Case(
        "segmentio/action-destinations#2022 hash of a hash",
        each(lambda s: s.person.update(em=[hashed(hashed(email(s.shopper)))]), "meta", "server"),
        ("doubly_hashed_personal_data@meta",),
    ),
    Case(
        "segmentio/action-destinations#2033 hash of a hash",
        each(lambda s: s.person.update(email=hashed(hashed(email(s.shopper)))), "tiktok", "server"),
        ("doubly_hashed_personal_data@tiktok",),
    ),
    Case(
        "events although consent was denied",
        each(put("row", "consent", "denied"), "tiktok", "browser", None, 2),
        ("unconsented_event@tiktok",),
    ),
    Case(
        "token in the log",
        each(lambda s: s.row.update(url=f"{s.row['url']}?access_token=EAAGm0PX4ZCps"), "meta", "server", "Purchase", 1),
        ("secret_in_log",),
    ),
)


def totals(*counts: tuple[str, int, int]) -> Slip:
    """Daily totals of the launch's day, as the sources report them."""

    def slip(launch: Launch) -> None:
        for source, count, value in counts:
            launch.totals.append(
                {"date": "2026-11-18", "source": source, "event": "Purchase", "count": count, "value": value, "currency": "JPY"}
            )

    return slip


DAY = sum(shopper.total for shopper in SHOPPERS)
REVIEW = (
    Case(
        "meta counts more than the shop sold", totals(("shopify", 3, DAY), ("meta", 5, DAY + 9000)), ("daily_gap:unexplained@meta",)
    ),
    Case(
        "a waiver past its date",
        both(
            order(1, total=99),
            plan(
                "waivers",
                [{"check": "value_mismatch", "reason": "known", "owner": "media", "expires": date(2026, 11, 1)}],
            ),
        ),
        ("expired_waiver", "value_mismatch:unexplained"),
    ),
)
CASES = DELIVERY + PAYLOAD + PRIVACY + REVIEW

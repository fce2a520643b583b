"""What a file may lack, in the words its loader says it in: which checks that stops, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

_BODIES = ("missing_browser_event", "missing_server_event", "event_id_mismatch", "value_mismatch")
_TIMES = ("late_event", "early_event", "event_time_out_of_range")
_ALL_COLUMNS = "Export the orders again with every column: shop exports lose columns when they are edited in a spreadsheet."


@dataclass(frozen=True)
class Remedy:
    """One kind of gap: how a loader words it, the checks it stops for this file's rows, and the way out."""

    words: str  # a part of the loader's own sentence
    stops: tuple[str, ...]
    do: str


#: The first whose words stand in a gap is meant.
REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        "was asked for",
        ("value_mismatch", "inconsistent_value_basis", "excluded_order_purchase"),
        "Add the field to the GraphQL query and save its answer again.",
    ),
    Remedy(
        "were asked for",
        ("item_mismatch", "contents_total_mismatch"),
        "Add lineItems (sku, quantity, originalUnitPriceSet, variant, product) to the GraphQL query and save its answer again.",
    ),
    Remedy(
        "goes to a platform or a relay",
        ("missing_server_event", "event_id_mismatch", "channel_value_mismatch", "rejected_request"),
        "Hand in the log of whatever sends the events (the plugin's or backend's own, the tag server's, the relay's). A web"
        " server's list of visits does not record what the shop sent.",
    ),
    Remedy(
        "without their bodies",
        ("missing_server_event", "event_id_mismatch", "channel_value_mismatch", "schema_violation"),
        "Log the body of each request too (nginx: $request_body), or export the log where they are sent from. Personal data in it"
        " may stay blotted out.",
    ),
    Remedy(
        "no request bodies",
        _BODIES,
        "Save the HAR from the browser's own DevTools ('Export HAR'); calls to TikTok and to a relay, and long ones to Meta, are in"
        " bodies only.",
    ),
    Remedy(
        "no entries",
        ("missing_browser_event", "missing_step"),
        "Record again: open DevTools > Network before the landing page, tick 'Preserve log', and save before closing the window.",
    ),
    Remedy(
        "no page navigation",
        ("missing_step", "step_out_of_order", "missing_click_id"),
        "Tick 'Preserve log' and begin before the landing page loads, with the ad's click id in the address.",
    ),
    Remedy(
        "no response status, and no requests but",
        ("rejected_request", "blocked_request", "event_without_action"),
        "Fine beside a HAR of the same visit; alone it cannot show whether a request was blocked or refused. Save a HAR too.",
    ),
    Remedy(
        "no response status",
        ("rejected_request", "blocked_request", "unconfirmed_delivery"),
        "Export the log with the status and the body of each answer; a HAR saved while requests were running has none.",
    ),
    Remedy(
        "payloads only",
        ("late_event", "rejected_request", "unconfirmed_delivery", "dataset_mismatch"),
        "Export the log of the requests themselves: time, address, body, status and answer of each.",
    ),
    Remedy("no times of sending", ("late_event",), "Export through Cloud Logging or BigQuery, which add the time of each line."),
    Remedy(
        "read as UTC",
        (*_TIMES, "missing_browser_event", "missing_server_event"),
        'Name the zone of the clock that wrote them: [launch] timezone = "Asia/Jakarta" in audit.toml; or log times like'
        " 2026-11-20T14:05:00+07:00.",
    ),
    Remedy(
        "without a time zone",
        (*_TIMES, "order_without_purchase", "daily_gap"),
        'Name the shop\'s zone in audit.toml: [launch] timezone = "Asia/Jakarta".',
    ),
    Remedy(
        "order time",
        (*_TIMES, "two_conversion_points"),
        "Export the orders with their times, written like 2026-11-20T14:05:00+07:00. Day-first dates are never guessed.",
    ),
    Remedy(
        "N. Revenue is net",
        ("value_mismatch", "channel_value_mismatch"),
        "Save the answer of /wp-json/wc/v3/orders instead: it holds each part of the amount.",
    ),
    Remedy("spam", ("excluded_order_purchase", "order_without_purchase"), "Add the spam column to the export."),
    Remedy("cancelled orders", ("excluded_order_purchase",), _ALL_COLUMNS),
    Remedy("never touched the web pixel", ("order_without_purchase", "excluded_order_purchase"), _ALL_COLUMNS),
    Remedy(
        "sold elsewhere",
        ("order_without_purchase", "value_mismatch", "missing_browser_event", "missing_server_event"),
        "Place a test order in the web shop itself and export it: orders of other channels must not have events.",
    ),
    Remedy("match keys", ("missing_match_keys",), _ALL_COLUMNS),
    Remedy("currenc", ("currency_mismatch", "value_mismatch"), "Export the currency beside each amount; it is never assumed."),
    Remedy(
        "item", ("item_mismatch", "contents_total_mismatch"), "Export the orders with their lines: item id or SKU, quantity, price."
    ),
    Remedy("Total column", ("value_mismatch", "order_without_purchase"), _ALL_COLUMNS),
    Remedy(
        "that cannot be read",
        ("value_mismatch",),
        "Export amounts as plain numbers with a point (150000.00), without currency signs and thousands separators.",
    ),
    Remedy("cannot be told", ("value_mismatch", "inconsistent_value_basis"), _ALL_COLUMNS),
    Remedy("total", ("value_mismatch", "daily_gap"), _ALL_COLUMNS),
    Remedy(
        "public orders without order_id",
        ("nondeterministic_purchase_id",),
        "Save the order as the API or the webhook order.created gives it; the slim public order lacks its number.",
    ),
    Remedy(
        "there is no row in it",
        ("missing_browser_event", "missing_server_event", "order_without_purchase"),
        "Export it again over the days of the test, without a filter.",
    ),
    Remedy(
        "nothing of it was used",
        ("missing_browser_event", "missing_server_event"),
        "Look whether it is the right file and hour: it holds no request to a platform or a relay, and no order.",
    ),
)


def remedy(gap: str) -> Remedy | None:
    """What to do about a gap; ``None`` where the sentence itself says all."""
    return next((known for known in REMEDIES if known.words in gap), None)

"""``pixel-audit init``: a commented plan and the input folders, each with a note on how to export that evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audit.errors import OutputError
from audit.inputs import NOTE_NAME, PLAN_NAME

SHOPS = ("shopify", "woocommerce", "scalev", "other")

_ORDERS = {
    "shopify": "Shopify admin > Orders > Export > 'CSV for Excel, Numbers, or other spreadsheet programs'. Choose the test orders'"
    " dates. The Admin API's orders as JSON, REST or GraphQL, work too and know more (second currency, test flag, cancellations).",
    "woocommerce": "The REST answer of /wp-json/wc/v3/orders saved as JSON (best: it has money by part). The CSV of an export"
    " plugin with every column works too. The CSV of Analytics > Orders knows net revenue only.",
    "scalev": "The order as the Scalev API or a webhook (order.created) gives it, saved as JSON; several orders as a list.",
    "other": "Any CSV, JSON or Parquet with order_id, created_at (with its zone), currency, total, and what the shop has of"
    " paid_at, status, subtotal, discount, shipping, tax, fees, refunded, items.",
}
_UNOPENED = (
    "Hand the file in as it was downloaded: a spreadsheet that opens and saves it rounds long ids (6.38E+12) and rewrites times."
)
_SERVER = {
    "shopify": "The tag server's or backend's log of requests to the Conversions API and the Events API: time, address, body,"
    " status and answer of each. Server GTM: the tag's own log ('always' in its settings).\n\nWhat Shopify's own Meta and TikTok"
    " apps send leaves no log to export: that side stays 'not proven'. Look it up in Test Events, copy its rows (see evidence/),"
    " and give it as the reason when you sign.",
    "woocommerce": "The log of what sends the events. Meta for WooCommerce: switch its debug mode on before the test order, then"
    " WooCommerce > Status > Logs. Otherwise the backend's log of requests: time, address, body, status, answer. The web server's"
    " access log is no such log: it holds what came in, not what was sent.",
    "scalev": "Nothing, when the page itself calls the relay: the HAR holds those requests. Otherwise the log of whatever calls"
    " /v3/stores/{store}/public/analytics/…: time, address, body, status.",
    "other": "One request a line (NDJSON) or a CSV: ts, method, url, body, status, response.",
}
_BROWSER = """Record the whole path of one test order: from the ad's landing page, with its click id in the address, to
the thank-you page.

1. Open DevTools > Network. Tick 'Preserve log' and 'Disable cache'.
2. Open the landing page, the product, the cart, the checkout; place the order; wait five seconds on the thank-you page.
3. Click the arrow 'Export HAR (sanitized)' above the rows; in older browsers right-click a row > 'Save all as HAR with content'.
   Put the file here.

One file a shopper. A private window gives a clean shopper. SnackVideo's browser calls do not show in a HAR: add a pixel log
(one call a line: ts, platform, pixel_id, event, params, page_url, cookies, session) if you advertise there.
"""


@dataclass(frozen=True)
class Written:
    """What ``init`` wrote and what it found in place."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def scaffold(folder: Path, shop: str) -> Written:
    """Writes the plan and the folders; what is there already stays as it is.

    Raises:
        OutputError: the folder cannot be written.
    """
    files = {
        folder / PLAN_NAME: plan_text(shop),
        folder / "browser" / NOTE_NAME: f"# Browser capture\n\n{_BROWSER}",
        folder / "server" / NOTE_NAME: f"# Server log\n\n{_SERVER[shop]}\n",
        folder / "orders" / NOTE_NAME: f"# Order export\n\n{_ORDERS[shop]}\n\n{_UNOPENED}\n",
        folder / "totals" / NOTE_NAME: (
            "# Daily totals, for the review reconciliation\n\nA CSV with date, source, event, count, value, currency (source: meta,"
            " tiktok, snackvideo, shopify, ga4, server), or the CSV downloads of GA4 and Ads Manager.\n"
        ),
        folder / "evidence" / NOTE_NAME: (
            "# Attachments\n\nScreenshots of Test Events and of the order admin. Name them under [[evidence]] in audit.toml; they"
            " are embedded in the packet with their sha256, pictures above 300 kB made smaller.\n\n"
            "Test Events has no export. Its rows can be copied by hand into a CSV with the columns event, source (Browser or\n"
            "Server), event_id, status (Processed or Deduplicated); put it here without naming it in the plan.\n"
        ),
    }
    written: list[Path] = []
    kept: list[Path] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("x", encoding="utf-8") as file:
                    file.write(text)
                written.append(path)
            except FileExistsError:
                kept.append(path)
            except BaseException:
                path.unlink(missing_ok=True)  # half a plan would be kept as the user's own next time
                raise
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}). Name another folder.") from error
    return Written(tuple(written), tuple(kept))


def plan_text(shop: str) -> str:
    """A commented plan for one type of shop; every line that needs a person's answer says so."""
    server = '["server/*"]' if shop != "scalev" else '["server/*"]   # may stay empty: the HAR holds the relay calls'
    relay = '# relay_store = "store_xxx"                    # the store in the relay\'s address\n' if shop == "scalev" else ""
    value = {"scalev": "gross_revenue"}.get(shop, "total")
    template = '"{order_id}-{event_name}-FORM"' if shop == "scalev" else '"{order_id}"'
    return f"""# The plan of this launch. Lines that begin with '#' are suggestions: remove the '#' and fill in.

[launch]
# name = "Black shirt, November"               # at the head of the packet
# timezone = "Asia/Jakarta"                    # the shop's: for days, for clock times, for exports that name no zone
# test_orders = ["1001"]                       # default: every order in the export

[owners]                                       # who answers for what; names appear beside each finding
# tracking = "…"
# media = "…"
# data = "…"

# [inputs]                                     # used when pixel-audit run is called without a path
# paths = ["browser/*", {server.split("   ", 1)[0].strip("[]")}, "orders/*", "totals/*", "evidence/*.csv"]

[purchase]
conversion_point = "order_created"             # or "payment_confirmed"
{_beside(f'value = "{value}"', "the order amount a Purchase must report")}
{_beside(f"# event_id = {template}", "the id every Purchase must carry, if it is built from the order")}

# Name every platform you advertise on: of one that is left out nothing is called missing. With none named, those that got
# events are judged.
# [platforms.meta]
# datasets = ["1234567890123456"]              # pixel ids
# allowed_domains = ["shop.example.com"]       # as in Traffic permissions
{relay}
# [platforms.tiktok]
# datasets = ["CXXXXXXXXXXXXXXXXXXX"]

# [platforms.snackvideo]
# datasets = ["…"]

# The register: who may send what. Without it the answer is at best 'not proven'; the packet prints the senders it saw,
# ready to be pasted here.
# [[senders]]
# name = "Theme code"
# platform = "meta"
# channel = "browser"
# events = ["ViewContent", "AddToCart", "InitiateCheckout", "Purchase"]
# owner = "tracking"
# primary = true
"""


def _beside(line: str, comment: str) -> str:
    return f"{line:<46} # {comment}"

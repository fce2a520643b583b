"""The plans the two shops' tracking teams wrote for their launches."""

from __future__ import annotations

from collections.abc import Sequence

from .goods import META_PIXEL, SCALEV_STORE, SNACKVIDEO_PIXEL, TIKTOK_PIXEL

CORE = '["ViewContent", "AddToCart", "InitiateCheckout", "Purchase"]'
BOTH = (
    '{ ViewContent = ["browser", "server"], AddToCart = ["browser", "server"], '
    'InitiateCheckout = ["browser", "server"], Purchase = ["browser", "server"] }'
)


def scalev_plan(name: str, orders: Sequence[str]) -> str:
    """The plan of the Scalev shop."""
    head = _head(name, "Asia/Jakarta", orders, ["browser/*.har", "browser/*.ndjson", "relay/*.ndjson", "orders/*.json"])
    rules = _purchase("{order_id}-{event_name}-FORM", "gross_revenue", "IDR = 1")
    accounts = {"meta": META_PIXEL, "tiktok": TIKTOK_PIXEL, "snackvideo": SNACKVIDEO_PIXEL}
    platforms = "".join(
        _platform(platform, dataset, BOTH if platform != "snackvideo" else "", f'relay_store = "{SCALEV_STORE}"')
        for platform, dataset in accounts.items()
    )
    senders = "".join(
        _sender("Storefront code", platform, "browser", "tracking", match=f'dataset = "{dataset}"')
        + _sender("Scalev relay", platform, "server", "tracking", match=f'relay_store = "{SCALEV_STORE}"')
        for platform, dataset in accounts.items()
    )
    return head + rules + platforms + senders


def shopify_plan(name: str, orders: Sequence[str]) -> str:
    """The plan of the Shopify-like shop: the browser sends every step, the backend only Purchase."""
    head = _head(name, "America/New_York", orders, ["browser/*.har", "server/*.ndjson", "orders/*.csv"])
    rules = _purchase("{order_id}-{event_name}-WEB", "total", "USD = 0.01")
    accounts = {"meta": META_PIXEL, "tiktok": TIKTOK_PIXEL}
    platforms = "".join(_platform(platform, dataset, "") for platform, dataset in accounts.items())
    senders = "".join(
        _sender("Shop pixel script", platform, "browser", "theme", match=f'dataset = "{dataset}"')
        + _sender("Shop backend", platform, "server", "data", match='sender = "shop-backend"', events='["Purchase"]')
        for platform, dataset in accounts.items()
    )
    return head + rules + platforms + senders


def _head(name: str, timezone: str, orders: Sequence[str], paths: Sequence[str]) -> str:
    return (
        f'[launch]\nname = "{name}"\ntimezone = "{timezone}"\ntest_orders = {_list(orders)}\n'
        "next_review = 2026-12-04\n\n"
        '[owners]\ntracking = "Tracking team"\nmedia = "Media team"\ndata = "Data team"\nstore = "Store team"\n'
        'theme = "Theme team"\noperations = "Operations team"\n\n'
        f"[inputs]\npaths = {_list(paths)}\n\n"
    )


def _purchase(template: str, value: str, tolerance: str) -> str:
    return (
        f'[purchase]\nconversion_point = "order_created"\nevent_id = "{template}"\nvalue = "{value}"\n'
        f"tolerance = {{ {tolerance} }}\n\n"
    )


def _platform(platform: str, dataset: str, require: str, extra: str = "") -> str:
    lines = [f"[platforms.{platform}]", f'datasets = ["{dataset}"]', 'allowed_domains = ["shop.example.com"]']
    lines += [extra] if extra else []
    lines += [f"require = {require}"] if require else []
    return "\n".join(lines) + "\n\n"


def _sender(name: str, platform: str, channel: str, owner: str, *, match: str, events: str = CORE) -> str:
    return (
        f'[[senders]]\nname = "{name}"\nplatform = "{platform}"\nchannel = "{channel}"\nevents = {events}\n'
        f'owner = "{owner}"\nprimary = true\nmatch = {{ {match} }}\n\n'
    )


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{text}"' for text in texts) + "]"

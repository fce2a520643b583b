"""Where shoppers come from: ad links with click ids shaped like the real ones."""

from __future__ import annotations

import random
from dataclasses import dataclass
from urllib.parse import urlencode

URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True)
class Landing:
    """One arrival: the ad network's name, the page the ad links to and the referring site."""

    source: str
    query: str
    referrer: str

    def url(self, host: str) -> str:
        """The full address the shopper arrives at."""
        return f"https://{host}/promo/november?{self.query}"


def landing(source: str, rng: random.Random) -> Landing:
    """A landing from `meta`, `tiktok`, `snackvideo`, `all` (every click id at once) or `direct`."""
    clicks = {
        "fbclid": "IwY2xjawNq" + _text(rng, 78),
        "ttclid": "E.C.P." + _text(rng, 96),
        "click_id": "CNqK" + _text(rng, 52),
    }
    wanted = {"meta": ("fbclid",), "tiktok": ("ttclid",), "snackvideo": ("click_id",), "all": tuple(clicks)}
    referrers = {
        "meta": "https://l.facebook.com/",
        "tiktok": "https://www.tiktok.com/",
        "snackvideo": "https://www.snackvideo.com/",
        "all": "https://l.facebook.com/",
    }
    chosen = {name: clicks[name] for name in wanted.get(source, ())}
    campaign = {"utm_source": source, "utm_medium": "paid", "utm_campaign": "november"}
    query = urlencode(campaign if source != "direct" else {}) + ("&" + urlencode(chosen) if chosen else "")
    return Landing(source, query, referrers.get(source, ""))


def _text(rng: random.Random, length: int) -> str:
    return "".join(rng.choice(URL_SAFE) for _ in range(length))

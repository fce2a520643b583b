"""The Shopify-like shop's own backend: on each order it calls Meta's and TikTok's server APIs and logs the calls."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .answers import utc_text
from .goods import META_PIXEL, TIKTOK_PIXEL

#: The backend keeps its token out of its log.
TOKEN = "***"
VISITOR_IP = "203.0.113.24"


@dataclass(frozen=True)
class Settings:
    """The backend's settings; every default is the right one."""

    regenerate_ids: bool = False
    drop_ids: bool = False
    amount: str = "total_price"
    currency: str = "USD"
    meta_pixel: str = META_PIXEL
    tiktok_event: str = "CompletePayment"
    action_source: str | None = "website"
    test_event_code: str | None = None
    plain_text: bool = False
    hash_twice: bool = False
    milliseconds: bool = False
    hours_old: int = 0
    forward_click_ids: bool = True
    token_expired: bool = False
    send_to: tuple[str, ...] = ("meta", "tiktok")
    send_again: bool = False


@dataclass
class ShopBackend:
    """Sends a Purchase for each order to both platforms and keeps the log."""

    settings: Settings
    log: list[dict[str, Any]] = field(default_factory=list)

    def order_created(self, order: dict[str, Any]) -> None:
        """The webhook's handler."""
        for again in (False, True) if self.settings.send_again else (False,):
            if "meta" in self.settings.send_to:
                self._meta(order, again)
            if "tiktok" in self.settings.send_to:
                self._tiktok(order)

    def _meta(self, order: dict[str, Any], again: bool) -> None:
        event = {
            "event_name": "Purchase",
            "event_time": self._event_time(order),
            "event_id": str(uuid.uuid4()) if again else self._event_id(order, "Purchase"),
            "action_source": self.settings.action_source,
            "event_source_url": order["thank_you_url"],
            "user_data": self._meta_user(order),
            "custom_data": {
                "value": float(order[self.settings.amount]),
                "currency": self.settings.currency,
                "content_type": "product",
                "content_ids": [line["sku"] for line in order["line_items"]],
                "contents": [
                    {"id": line["sku"], "quantity": line["quantity"], "item_price": line["price"] / 100}
                    for line in order["line_items"]
                ],
                "order_id": order["name"].removeprefix("#"),
            },
        }
        body: dict[str, Any] = {"data": [_without_none(event)]}
        if self.settings.test_event_code:
            body["test_event_code"] = self.settings.test_event_code
        url = f"https://graph.facebook.com/v23.0/{self.settings.meta_pixel}/events?access_token={TOKEN}"
        status, response = self._graph_answer()
        self._note(url, body, status, response)

    def _tiktok(self, order: dict[str, Any]) -> None:
        buyer, known = order["buyer"], order["attributes"] if self.settings.forward_click_ids else {}
        event = {
            "event": self.settings.tiktok_event,
            "event_time": self._event_time(order),
            "event_id": self._event_id(order, "CompletePayment"),
            "user": _without_none(
                {
                    "email": self._hashed(buyer["email"]),
                    "phone": self._hashed(f"+{buyer['phone']}"),
                    "external_id": self._hashed(buyer["email"]),
                    "ttclid": known.get("_ttclid"),
                    "ttp": known.get("_ttp"),
                    "ip": VISITOR_IP,
                    "user_agent": order["user_agent"],
                }
            ),
            "page": {"url": order["thank_you_url"]},
            "properties": {
                "contents": [
                    {
                        "content_id": line["sku"],
                        "content_name": line["title"],
                        "quantity": line["quantity"],
                        "price": line["price"] / 100,
                    }
                    for line in order["line_items"]
                ],
                "content_type": "product",
                "currency": self.settings.currency,
                "value": float(order[self.settings.amount]),
                "order_id": order["name"].removeprefix("#"),
            },
        }
        body = {"event_source": "web", "event_source_id": TIKTOK_PIXEL, "data": [_without_none(event)]}
        response = {"code": 0, "message": "OK", "request_id": uuid.uuid4().hex, "data": {}}
        self._note("https://business-api.tiktok.com/open_api/v1.3/event/track/", body, 200, response)

    def _meta_user(self, order: dict[str, Any]) -> dict[str, Any]:
        buyer, known = order["buyer"], order["attributes"] if self.settings.forward_click_ids else {}
        first, *rest = buyer["name"].lower().split(" ")
        return _without_none(
            {
                "em": [self._hashed(buyer["email"])],
                "ph": [self._hashed(buyer["phone"])],
                "fn": [self._hashed(first)],
                "ln": [self._hashed("".join(rest))],
                "ct": [self._hashed(buyer["city"].lower().replace(" ", ""))],
                "country": [self._hashed("us")],
                "external_id": [self._hashed(buyer["email"])],
                "client_ip_address": VISITOR_IP,
                "client_user_agent": order["user_agent"],
                "fbp": known.get("_fbp"),
                "fbc": known.get("_fbc"),
            }
        )

    def _hashed(self, text: str) -> str:
        if self.settings.plain_text:
            return text
        once = hashlib.sha256(text.strip().lower().encode()).hexdigest()
        return hashlib.sha256(once.encode()).hexdigest() if self.settings.hash_twice else once

    def _event_id(self, order: dict[str, Any], name: str) -> str | None:
        if self.settings.drop_ids:
            return None
        return str(uuid.uuid4()) if self.settings.regenerate_ids else f"{order['name'].removeprefix('#')}-{name}-WEB"

    def _event_time(self, order: dict[str, Any]) -> int:
        seconds = int(order["created_at"].timestamp()) - self.settings.hours_old * 3600
        return seconds * 1000 if self.settings.milliseconds else seconds

    def _graph_answer(self) -> tuple[int, dict[str, Any]]:
        trace = "A" + uuid.uuid4().hex[:22]
        if self.settings.token_expired:
            error = {
                "message": "Error validating access token: Session has expired.",
                "type": "OAuthException",
                "code": 190,
                "error_subcode": 463,
                "fbtrace_id": trace,
            }
            return 401, {"error": error}
        return 200, {"events_received": 1, "messages": [], "fbtrace_id": trace}

    def _note(self, url: str, body: dict[str, Any], status: int, response: dict[str, Any]) -> None:
        self.log.append(
            {
                "ts": utc_text(datetime.now(UTC)),
                "method": "POST",
                "url": url,
                "body": body,
                "status": status,
                "response": response,
                "headers": {"Content-Type": "application/json", "User-Agent": "sample-backend/2.3"},
                "sender": "shop-backend",
            }
        )


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}

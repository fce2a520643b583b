"""A shop made ready to run: who answers, how a shopper walks through it, what evidence it leaves."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from .answers import Answer, Request
from .faults import Fault
from .journeys import Reader, Visit, scalev_visit, shopify_visit
from .plan import scalev_plan, shopify_plan
from .platforms import answer_platform
from .scalev import ScalevShop
from .shop_backend import Settings, ShopBackend
from .shopify import ShopifyShop
from .shopify_csv import write_orders_csv
from .web_files import WebFiles


class ShopRun(Protocol):
    """What a recording needs from a shop."""

    def answer(self, request: Request) -> Answer:
        """Answers any host."""

    def note_pixel_call(self, call: dict[str, Any]) -> None:
        """Hears of a call that leaves no known request."""

    def visit(self, reader: Reader, visit: Visit) -> None:
        """Walks one shopper through the shop."""

    def write(self, folder: Path, launch: str) -> tuple[str, ...]:
        """Writes logs, orders and plan; gives the order ids."""


class ScalevRun:
    """The Scalev shop."""

    def __init__(self, fault: Fault, rng: random.Random) -> None:
        self._fault = fault
        self._files = WebFiles(fault.edits)
        self._shop = ScalevShop(self._files, rng)
        self._calls: list[dict[str, Any]] = []
        self._visits = 0

    def answer(self, request: Request) -> Answer:
        """Shop, relay, then platforms."""
        known = self._shop.answer(request) or answer_platform(request, self._files, self._fault.blocked)
        return known or Answer(404)

    def note_pixel_call(self, call: dict[str, Any]) -> None:
        """Keeps a SnackVideo pixel call as the helper extension would."""
        self._calls.append({**call, "sender": "storefront.js", "session": f"visit-{self._visits}"})

    def visit(self, reader: Reader, visit: Visit) -> None:
        """One shopper."""
        self._visits += 1
        scalev_visit(reader, visit)

    def write(self, folder: Path, launch: str) -> tuple[str, ...]:
        """Pixel log, relay log, orders, plan."""
        ids = tuple(str(order["order_id"]) for order in self._shop.orders)
        write_lines(folder / "browser" / "snackvideo-calls.ndjson", self._calls)
        write_lines(folder / "relay" / "relay.ndjson", self._shop.relay_log)
        write_text(folder / "orders" / "orders.json", json.dumps(self._shop.orders, indent=1) + "\n")
        write_text(folder / "audit.toml", scalev_plan(launch, ids))
        return ids


class ShopifyRun:
    """The Shopify-like shop with its own backend."""

    def __init__(self, fault: Fault, rng: random.Random) -> None:
        self._fault = fault
        self._files = WebFiles(fault.edits)
        self._backend = ShopBackend(Settings(**fault.settings))
        self._shop = ShopifyShop(self._files, rng, self._backend.order_created)

    def answer(self, request: Request) -> Answer:
        """Shop, then platforms."""
        known = self._shop.answer(request) or answer_platform(request, self._files, self._fault.blocked)
        return known or Answer(404)

    def note_pixel_call(self, call: dict[str, Any]) -> None:
        """This shop has no SnackVideo pixel."""
        raise AssertionError(f"unexpected pixel call: {call}")

    def visit(self, reader: Reader, visit: Visit) -> None:
        """One shopper."""
        self._shop.new_shopper()
        shopify_visit(reader, visit)

    def write(self, folder: Path, launch: str) -> tuple[str, ...]:
        """Server log, order export, plan."""
        ids = tuple(str(order["number"]) for order in self._shop.orders)
        write_lines(folder / "server" / "shop-backend.ndjson", self._backend.log)
        write_orders_csv(folder / "orders" / "orders_export.csv", self._shop.orders)
        write_text(folder / "audit.toml", shopify_plan(launch, ids))
        return ids


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """NDJSON, one compact object a line."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows))


def write_text(path: Path, text: str) -> None:
    """A text file in a folder made when needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")

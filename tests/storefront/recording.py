"""Runs a shop with some shoppers in Chromium and writes the evidence a tracking owner would collect."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from .browser import chromium, shopper
from .catalogue import FAULTS
from .faults import NO_FAULT, Fault
from .goods import BASKETS, BUYERS, SPAMMER
from .journeys import READING_MS, Reader, Visit
from .landings import landing
from .runs import ScalevRun, ShopifyRun, ShopRun

SOURCES = {"scalev": ("meta", "tiktok", "snackvideo"), "shopify": ("meta", "tiktok")}


@dataclass(frozen=True)
class Recording:
    """What was written: `browser/*.har` (and a pixel log), `relay/` or `server/`, `orders/`, `audit.toml`."""

    folder: Path
    orders: tuple[str, ...]
    hars: tuple[Path, ...]


def record(
    out_dir: Path,
    shop: str = "scalev",
    fault: str | None = None,
    orders: int = 1,
    sources: Sequence[str] | None = None,
    *,
    launch: str = "Black shirt, November",
    seed: int = 1,
    pace_ms: int = READING_MS,
    browser: Browser | None = None,
) -> Recording:
    """Records `orders` shoppers, one after another, in a shop that has the named fault or none.

    `sources` are the ads they come from, in turn: `meta`, `tiktok`, `snackvideo`, `all` (a link with every click id)
    or `direct`; by default the fault's own, and without a fault one of each. `pace_ms` is how long a shopper reads a
    page: under 500 the pixels' late telemetry does not leave. `browser` is reused when given.
    """
    told = FAULTS[shop][fault] if fault else NO_FAULT
    chosen = tuple(sources or (told.sources if fault else SOURCES[shop]))
    rng = random.Random(seed)
    run: ShopRun = ScalevRun(told, rng) if shop == "scalev" else ShopifyRun(told, rng)
    hars = []
    with _browser(browser) as chrome:
        for index in range(orders):
            source = chosen[index % len(chosen)]
            har = out_dir / "browser" / f"order-{index + 1}-{source}.har"
            with shopper(chrome, har, run.answer, run.note_pixel_call) as (page, traffic):
                run.visit(Reader(page, traffic, pace_ms), _visit(told, source, index, shop, rng))
            hars.append(har)
    return Recording(out_dir, run.write(out_dir, launch), tuple(hars))


def _visit(fault: Fault, source: str, index: int, shop: str, rng: random.Random) -> Visit:
    buyer = SPAMMER if fault.buyer == "spam" else BUYERS[shop][index % len(BUYERS[shop])]
    return Visit(landing(source, rng), BASKETS[shop][index % len(BASKETS[shop])], buyer, fault.visits)


@contextmanager
def _browser(given: Browser | None) -> Iterator[Browser]:
    if given is not None:
        yield given
        return
    with chromium() as opened:
        yield opened

"""Every named fault, by shop."""

from __future__ import annotations

from .faults import Fault
from .scalev_faults import IDS, MONEY, SENDERS
from .scalev_faults_visits import CHAIN, DELIVERY, VISITORS
from .shopify_faults import SHOPIFY_FAULTS

FAULTS: dict[str, dict[str, Fault]] = {
    "scalev": {**IDS, **SENDERS, **MONEY, **VISITORS, **CHAIN, **DELIVERY},
    "shopify": SHOPIFY_FAULTS,
}

"""What a named fault is: one slip in an otherwise clean shop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .web_files import Edit

SHOPPER_WITH_EVERY_CLICK_ID = ("all",)


@dataclass(frozen=True)
class Fault:
    """What somebody changed, told in a sentence, and the change itself.

    `edits` alter a script, `settings` the shop's backend, `visits` make the shopper do more after buying
    (`reload` the thank-you page, open the `payment` page), `blocked` names hosts an ad blocker stops, `sources`
    are the ads the shoppers come from, `buyer` is `regular` or `spam`.
    """

    story: str
    edits: tuple[Edit, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    visits: tuple[str, ...] = ()
    blocked: frozenset[str] = frozenset()
    sources: tuple[str, ...] = SHOPPER_WITH_EVERY_CLICK_ID
    buyer: str = "regular"


NO_FAULT = Fault("Nothing is wrong.")

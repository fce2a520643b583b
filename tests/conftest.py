"""What every test may see, and the fault matrix's account at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.sharing import sharing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MATRIX = "fault matrix"


def pytest_configure(config: pytest.Config) -> None:
    """What tests share lies in one folder of the run; its workers inherit it."""
    if not hasattr(config, "workerinput"):
        kept = ExitStack()
        kept.enter_context(sharing())
        config.add_cleanup(kept.close)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one Chromium of a run; every page and every shopper gets a profile of its own."""
    from tests.storefront.browser import chromium  # a run without a browser test starts none

    with chromium() as opened:
        yield opened


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line: how many slips were found, how many for the right cause, and what cried wolf."""
    told: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                told.update({name: count for name, counts in report.user_properties if name == MATRIX for name, count in counts})
    if told["faults"] or told["innocents"]:
        terminalreporter.write_line(
            f"fault matrix: faults found {told['found']}/{told['faults']}, causes right {told['right']}/{told['faults']}, "
            f"false roots {told['false roots']}, innocent variations silent {told['silent']}/{told['innocents']}"
        )

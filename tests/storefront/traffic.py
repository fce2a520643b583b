"""What a shopper's pages have asked for, and the patience to stay on a page until all of it was answered.

A shopper who leaves by the clock leaves something behind on a busy machine: a hit that was cut off, or never begun. Here
nobody leaves by the clock: a page is left when everything it has to ask for is asked and answered.
"""

from __future__ import annotations

import time

from playwright.sync_api import BrowserContext, Page, Request

#: So often the page must have nothing to do, one time after another, with nothing asked for in between.
TIMES = 3
PATIENCE_S = 60
POLL_MS = 5

#: Scripts that have run, or will never run, are marked as the page hears of them.
WATCH = """
for (const type of ["load", "error"]) document.addEventListener(type, (event) => { event.target.isThere = true; }, true);
"""
#: Resolves once the page has nothing to do: every script it asked for has run and every form it posted has its answer.
IDLE = """(leaving) => new Promise((resolve) => {
    const waiting = (form) => form.target && document.querySelector(`iframe[name=${form.target}]`)?.contentDocument;
    const missing = () => [...document.querySelectorAll("script[src]")].some((script) => !script.isThere)
        || [...document.forms].some(waiting);
    const look = () => {
        if (missing()) return later(5);
        // Who leaves takes the page's clocks along: what was to be sent later is not begun and cut off, it is never begun.
        if (leaving) for (let clock = setTimeout(() => {}); clock > 0; clock--) clearTimeout(clock);
        return resolve();
    };
    const later = (delay) => scheduler.postTask(look, { priority: "background", delay });  // after whatever else is to do
    later(0);
})"""


class Traffic:
    """Every request of one shopper that has begun, and those still without an answer."""

    def __init__(self, context: BrowserContext) -> None:
        self._begun = 0
        self._open: list[Request] = []
        context.add_init_script(WATCH)
        context.on("request", self._begin)
        context.on("requestfinished", self._end)
        context.on("requestfailed", self._end)

    def _begin(self, request: Request) -> None:
        self._begun += 1
        self._open.append(request)

    def _end(self, request: Request) -> None:
        self._open.remove(request)

    def settle(self, page: Page, *, leaving: bool = False) -> None:
        """Stays until the page has run its scripts and everything it asked for is answered.

        Who is `leaving` stops its clocks: what the page would send later it never begins.
        """
        times = 0
        while times < TIMES:
            begun = self._begun
            page.evaluate(IDLE, leaving)
            self.answered(page)
            times = times + 1 if self._begun == begun else 0

    def answered(self, page: Page, but: Request | None = None) -> None:
        """Waits until every request, but the one named, has its answer."""
        until = time.monotonic() + PATIENCE_S
        while waiting := [request for request in self._open if request is not but]:
            if time.monotonic() > until:
                raise TimeoutError("never answered: " + ", ".join(request.url[:120] for request in waiting))
            page.wait_for_timeout(POLL_MS)

"""The fault matrix: a slip in a clean shop gives its own root and no other; an innocent variation gives none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet
from playwright.sync_api import Browser

from tests.conftest import MATRIX
from tests.faults import (
    decoded_cases,
    decoded_delivery,
    decoded_money,
    decoded_visitors,
    innocents,
    recorded_cases,
    woo_cases,
    woo_innocents,
    woo_threads,
)
from tests.faults.decoded_shop import decoded_launch
from tests.faults.judging import NOW, Answer, audited, missed, strangers
from tests.faults.launch import Launch
from tests.faults.slips import Case
from tests.faults.woo_shop import woo_launch
from tests.storefront import record

Built = tuple[Callable[[], Launch], Case]
Tell = Callable[[str, object], None]
DECODED = (decoded_cases.CASES, decoded_money.CASES, decoded_visitors.CASES, decoded_delivery.CASES)
WOO = (woo_threads.CASES, woo_cases.CASES)
FAULTS: list[Built] = [
    *((decoded_launch, case) for module in DECODED for case in module),
    *((woo_launch, case) for module in WOO for case in module),
]
INNOCENTS: list[Built] = [
    *((decoded_launch, case) for case in innocents.CASES),
    *((woo_launch, case) for case in woo_innocents.CASES),
]
RECORDED = [
    (shop, name, roots)
    for shop, table in (("scalev", recorded_cases.SCALEV), ("shopify", recorded_cases.SHOPIFY))
    for name, roots in table.items()
]
#: A clean recording is a story too, and its acceptance table is held in every run.
RECORDED_INNOCENTS = [
    pytest.param(shop, name, id=f"{shop}: {name or 'clean'}", marks=() if name else (pytest.mark.soak,))
    for shop, names in recorded_cases.INNOCENT.items()
    for name in ("", *names)
]


def _named(cases: list[Built]) -> list[ParameterSet]:
    return [pytest.param(build, case, id=f"{_shop(build)}: {case.name}") for build, case in cases]


def _shop(build: Callable[[], Launch]) -> str:
    return build.__name__.removesuffix("_launch")


def _shown_before(cases: list[Built]) -> frozenset[str]:
    """Slips left to the soak, another way into what is shown: of the same shop their checks, of the shop before the very causes."""
    shown: set[tuple[str, str]] = set()
    causes: set[tuple[str, str]] = set()
    later = set()
    for build, case in cases:
        checks = {(build.__name__, root.partition(":")[0].partition("@")[0]) for root in case.roots}
        named = {root.partition("@")[0] for root in case.roots}
        if checks <= shown or named <= {cause for shop, cause in causes if shop != build.__name__}:
            later.add(case.name)
            continue
        shown |= checks
        causes |= {(build.__name__, cause) for cause in named}
    return frozenset(later)


def _side_by_side(cases: list[Built]) -> list[ParameterSet]:
    """The slips of one shop, of which some share a launch: two that concern Meta alone, one that concerns another platform alone.

    The soak tries each in a launch of its own.
    """
    later = _shown_before(cases)
    sets = []
    for build in dict.fromkeys(build for build, _ in cases):
        shown = [case for built, case in cases if built is build and case.name not in later]
        of_meta = [case for case in shown if _platforms(case) == {"meta"} and not case.alone]
        of_others = [case for case in shown if _platforms(case) and _platforms(case) <= {"tiktok", "snackvideo"} and not case.alone]
        half = -(-len(of_meta) // 2)
        together = zip_longest(of_meta[:half], of_meta[half:], of_others[:half])
        groups = [[case for case in group if case] for group in together]
        groups += [[case] for case in shown if not any(case in group for group in groups)]
        sets += [pytest.param(build, group, id=f"{_shop(build)}: {' + '.join(case.name for case in group)}") for group in groups]
    return sets


def _platforms(case: Case) -> set[str]:
    """The platforms a slip's roots name; the empty text stands for any."""
    return {root.partition("@")[2] for root in case.roots}


def _handfuls(cases: list[Built]) -> list[ParameterSet]:
    """Innocent variations of one shop, six in a launch: if that leaves no root, none of them does. The soak tries each alone."""
    sets = []
    for build in dict.fromkeys(build for build, _ in cases):
        shop = _shop(build)
        together = [case for built, case in cases if built is build and not case.alone]
        groups = [[case] for built, case in cases if built is build and case.alone]
        groups += [together[start : start + 6] for start in range(0, len(together), 6)]
        sets += [pytest.param(build, group, id=f"{shop}: {' + '.join(case.name for case in group)}") for group in groups]
    return sets


def _judge(answer: Answer, cases: Sequence[tuple[str, ...]], tell: Tell) -> None:
    """Tells the account at the end of the run, then fails with every finding that is missing or one too many.

    A case is the roots that its slip must leave; an innocent variation has none.
    """
    slips = [roots for roots in cases if roots]
    innocents = len([roots for roots in cases if not roots])
    expected = [root for roots in slips for root in roots]
    lost, more = missed(answer, expected), strangers(answer, expected)
    checks = {finding.check for finding in answer.findings if finding.because_of is None}
    found = [roots for roots in slips if all(root.partition(":")[0].partition("@")[0] in checks for root in roots)]
    right = [roots for roots in slips if not missed(answer, roots)]
    counts = {"faults": len(slips), "found": len(found), "right": len(right)}
    counts |= {"innocents": innocents, "silent": innocents * (not more)}
    tell(MATRIX, [*counts.items(), ("false roots", len(more))])
    assert not answer.broken
    assert not lost, "\n".join(["not named:", *lost, "named:", *(root.text for root in answer.findings)])
    assert not more, "\n".join(["nobody expected:", *(root.text for root in more)])


def _audited(build: Callable[[], Launch], cases: list[Case], folder: Path) -> Answer:
    launch = build()
    for case in cases:
        case.slip(launch)
    launch.write(folder)
    return audited(folder, NOW)


@pytest.mark.parametrize(("build", "cases"), _side_by_side(FAULTS))
def test_a_slip_gives_its_root_and_no_other(
    build: Callable[[], Launch], cases: list[Case], tmp_path: Path, record_property: Tell
) -> None:
    _judge(_audited(build, cases, tmp_path), [case.roots for case in cases], record_property)


@pytest.mark.soak
@pytest.mark.parametrize(("build", "case"), _named(FAULTS))
def test_a_slip_alone_gives_its_root_and_no_other(
    build: Callable[[], Launch], case: Case, tmp_path: Path, record_property: Tell
) -> None:
    _judge(_audited(build, [case], tmp_path), [case.roots], record_property)


@pytest.mark.parametrize(("build", "cases"), _handfuls(INNOCENTS))
def test_innocent_variations_are_silent(
    build: Callable[[], Launch], cases: list[Case], tmp_path: Path, record_property: Tell
) -> None:
    answer = _audited(build, cases, tmp_path)
    _judge(answer, [()] * len(cases), record_property)
    assert answer.decision in ("GO", "GO_WITH_CONDITIONS")


@pytest.mark.soak
@pytest.mark.parametrize(("build", "case"), _named(INNOCENTS))
def test_an_innocent_variation_alone_is_silent(
    build: Callable[[], Launch], case: Case, tmp_path: Path, record_property: Tell
) -> None:
    answer = _audited(build, [case], tmp_path)
    _judge(answer, [()], record_property)
    assert answer.decision in ("GO", "GO_WITH_CONDITIONS")


@pytest.mark.parametrize(
    ("shop", "name", "roots"),
    [
        pytest.param(
            shop, name, roots, id=f"{shop}: {name}", marks=() if name in recorded_cases.ALWAYS[shop] else (pytest.mark.soak,)
        )
        for shop, name, roots in RECORDED
    ],
)
def test_a_slip_recorded_in_a_browser_gives_its_root_and_no_other(
    shop: str, name: str, roots: tuple[str, ...], tmp_path: Path, browser: Browser, record_property: Tell
) -> None:
    orders = 2 if name in recorded_cases.NEEDS_TWO_ORDERS else 1
    record(tmp_path, shop, name, orders, pace_ms=20, browser=browser)
    _judge(audited(tmp_path), [roots], record_property)


@pytest.mark.parametrize(("shop", "name"), RECORDED_INNOCENTS)
def test_an_innocent_recording_is_silent(shop: str, name: str, tmp_path: Path, browser: Browser, record_property: Tell) -> None:
    record(tmp_path, shop, name or None, 1 if name else 3, pace_ms=20, browser=browser)
    answer = audited(tmp_path)
    _judge(answer, [()], record_property)
    assert answer.decision != "STOP" if name else answer.decision in ("GO", "GO_WITH_CONDITIONS")

"""What must not matter: the order of rows, how a log is cut, the zone times are written in, a file handed in twice, names."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.faults import decoded_cases, decoded_delivery, decoded_money, decoded_visitors, woo_cases, woo_threads
from tests.faults.decoded_shop import decoded_launch
from tests.faults.judging import NOW, audited
from tests.faults.launch import Launch
from tests.faults.slips import Case
from tests.faults.woo_shop import woo_launch

Roots = frozenset[tuple[str, str | None, str | None]]
LOGS = ("browser/pixels.ndjson", "server/requests.ndjson")
CASES: dict[str, tuple[Callable[[], Launch], Case]] = {
    case.name: (build, case)
    for build, cases in (
        (decoded_launch, (*decoded_cases.CASES, *decoded_money.CASES, *decoded_visitors.CASES, *decoded_delivery.CASES)),
        (woo_launch, (*woo_threads.CASES, *woo_cases.CASES)),
    )
    for case in cases
}
#: Every run makes each change to one of so many, in turns; the soak makes each to all.
ALWAYS = 2
TRIED = (
    "server ids made anew",
    "container tag fires a purchase of its own",
    "thank-you page makes a new id when opened again",
    "fbc in small letters",
    "token expired",
    "facebook-for-woocommerce#983 theme snippet beside the plugin",
    "facebook-for-magento2#91 one browser id, a server id a send",
)


def _permute(folder: Path) -> None:
    dice = random.Random(7)
    for name in LOGS:
        lines = (folder / name).read_text("utf-8").splitlines(keepends=True)
        dice.shuffle(lines)
        (folder / name).write_text("".join(lines), "utf-8")


def _split(folder: Path) -> None:
    for name in LOGS:
        path = folder / name
        lines = path.read_text("utf-8").splitlines(keepends=True)
        path.unlink()
        for part in range(3):
            path.with_stem(f"{path.stem}-{part}").write_text("".join(lines[part::3]), "utf-8")


def _other_zone(folder: Path) -> None:
    """The logs write their times in Tokyo's zone."""
    zone = timezone(timedelta(hours=9))
    for name in LOGS:
        path = folder / name
        text = re.sub(
            r'(?<="ts": ")[^"]+',
            lambda found: datetime.fromisoformat(found[0]).astimezone(zone).isoformat(timespec="milliseconds"),
            path.read_text("utf-8"),
        )
        path.write_text(text, "utf-8")


def _twice(folder: Path) -> None:
    for name in LOGS:
        path = folder / name
        path.with_stem(f"{path.stem}-copy").write_bytes(path.read_bytes())


def _rename(folder: Path) -> None:
    """Every pixel, order and event id becomes another of its kind, the same one everywhere."""
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8")
            for old, new in (
                ("NT1042", "KX7731"),
                ("5476", "8812"),
                ("5520918830174462", "5520918830170001"),
                ("338192", "338777"),
            ):
                text = text.replace(old, new)
            path.write_text(text, "utf-8")


CHANGES = {
    "rows permuted": _permute,
    "logs split": _split,
    "times in another zone": _other_zone,
    "files handed in twice": _twice,
    "ids renamed": _rename,
}


def _roots(folder: Path) -> Roots:
    return frozenset((root.check, root.cause, root.platform) for root in audited(folder, NOW).roots())


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Roots]:
    known: dict[str, Roots] = {}

    def roots(name: str) -> Roots:
        if name not in known:
            known[name] = _roots(_written(name, tmp_path_factory.mktemp("untouched")))
        return known[name]

    return roots


def _written(name: str, folder: Path) -> Path:
    build, case = CASES[name]
    launch = build()
    case.slip(launch)
    launch.write(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param(name, change, marks=() if n == c % ALWAYS else (pytest.mark.soak,))
        for n, name in enumerate(TRIED)
        for c, change in enumerate(CHANGES)
    ],
)
def test_it_changes_no_root(name: str, change: str, tmp_path: Path, expected: Callable[[str], Roots]) -> None:
    _written(name, tmp_path)
    CHANGES[change](tmp_path)
    assert _roots(tmp_path) == expected(name)

"""Nothing of a person and no key reaches an output, whatever field of whatever file it stands in (tests/canaries.py)."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from audit.cli import main
from reports.leaks import leaks
from tests.canaries import KINDS, plant
from tests.loaders.test_folder_of_everything import FILES

#: Nobody can tell a name or a street from a word. They are kept where the whole sense of a field is to name something (an event, an
#: id, an article, an order, a sender, a page), and nowhere else.
NAMING = re.compile(
    r"(?i)(?:[?.→]|^)(?:eid|ev|event|event_?name|event_?id|id of the event|name|partner_agent|sender"
    r"|number|order(?:[ _]?(?:id|number|name|#|number_formatted))?|\+order|sku|lineitem sku|variant.*|orderlines.*|line_?items.*"
    r"|content_ids?.*|contents.*|event_source_url\S*|url\S*|page_url\S*)(?: \(behind\)|/path|/plain path)*$"
)
#: What no pattern can tell from a word.
WORDS = frozenset({"name", "address"})


ALL = tuple(KINDS)


@dataclass(frozen=True)
class Written:
    """What one run over every kind of file wrote, by place, and the kind and place of every canary, by its number."""

    texts: dict[str, str]
    planted: tuple[tuple[str, str], ...]

    def leaked(self) -> set[tuple[str, str, str]]:
        """Kind and origin of every canary that stands in an output, and which output that is."""
        made = set()
        for place, text in self.texts.items():
            bare = re.sub(r"[ ().-]", "", text)
            for kind, (_, mark) in KINDS.items():
                for hit in re.findall(mark, bare if kind.startswith(("phone", "card")) else text, re.I):
                    planted, origin = self.planted[_number(kind, hit)]
                    if planted == kind:  # a number may stand for more than one of them
                        made.add((kind, origin, place))
        return made


def run_over(kind_of: Callable[[int], str], root: Path) -> Written:
    """Every kind of file with a canary in each of its places, of the kind named for its number, through one run."""
    planted: list[tuple[str, str]] = []
    for name, (loader, text) in FILES.items():
        canaries = plant(name, text, lambda n: KINDS[kind_of(n)][0](n), len(planted))
        planted += [(kind_of(len(planted) + n), f"{loader}: {place}") for n, place in enumerate(canaries.places)]
        path = root / "evidence" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(canaries.text, encoding="utf-8")
    words = ["run", str(root / "evidence"), "--out", str(root / "packet"), "--exit-zero", "--now", "2026-11-21T00:00:00Z"]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    run = json.loads((root / "packet" / "run.json").read_text(encoding="utf-8"))
    assert sum(source["kept"] for source in run["sources"]) > 900
    texts = {path.name: path.read_bytes().decode("utf-8", "replace") for path in sorted((root / "packet").iterdir())}
    cells = dict(_cells(root / "packet" / "audit.duckdb"))
    return Written({"the terminal": result.output} | texts | cells, tuple(planted))


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    with duckdb.connect(str(path), read_only=True) as con:
        for (table,) in con.execute("select table_name from duckdb_tables()").fetchall():
            for (column,) in con.execute(f'select column_name from (describe "{table}")').fetchall():
                rows = con.execute(f'select distinct "{column}"::varchar from "{table}" where "{column}" is not null').fetchall()
                yield f"{table}.{column}", "\n".join(row[0] for row in rows)


def _number(kind: str, found: str) -> int:
    if kind == "IP":
        high, low = found.split(".")
        return int(high) * 250 + int(low)
    if kind == "e-mail in base64":
        return int(b64decode(found))
    if kind == "e-mail in figures":
        return int(bytes.fromhex(found))
    return int(found, 16 if kind == "IPv6" else 10)


def unwanted(written: Written) -> set[tuple[str, str, str]]:
    """What must stand nowhere: a name or an address may stand where a field names something."""
    return {
        (kind, origin, place)
        for kind, origin, place in written.leaked()
        if kind not in WORDS or not NAMING.search(origin.partition(": ")[2])
    }


# Neighbouring places have canaries of different kinds; each kind in each place is planted by `make soak`, below.
def test_no_canary_in_any_field_reaches_an_output(tmp_path: Path) -> None:
    written = run_over(lambda n: ALL[n % len(ALL)], tmp_path)
    assert unwanted(written) == set()
    assert leaks(tmp_path / "packet") == ()
    # The search itself works: names in what names events and orders, of which nobody can tell that they are people's, are found.
    assert {"findings.csv", "packet.html", "run.json", "orders.order_id"} <= {place for _, _, place in written.leaked()}


@pytest.mark.soak
@pytest.mark.parametrize("kind", ALL)
def test_no_canary_of_a_kind_reaches_an_output_from_anywhere(kind: str, tmp_path: Path) -> None:
    assert unwanted(run_over(lambda _: kind, tmp_path)) == set()
    assert leaks(tmp_path / "packet") == ()

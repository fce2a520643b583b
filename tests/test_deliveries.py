"""One relay request, two witnesses: the page that sent it and the relay that answered it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit import engine
from audit.plan import Plan

STORY = Path(__file__).parent.parent / "sample_data" / "regenerated_ids"
LAUNCH = STORY.parent / "clean_launch"
SERVER_PURCHASES = """
    select count(*), count(distinct event_id), string_agg(distinct relay_store, ' '), bool_and(accepted)
    from events
    where channel = 'server' and platform = 'meta' and step = 'Purchase'
"""

Row = dict[str, Any]


def _with_log(folder: Path, change: Callable[[Row], object]) -> engine.Read:
    """The sound launch, with each Meta Purchase in the relay's log changed."""
    rows = [json.loads(line) for line in (LAUNCH / "relay" / "relay.ndjson").read_text("utf-8").splitlines()]
    for row in rows:
        if "/meta/" in row["url"] and row["body"]["events"][0]["event_name"] == "Purchase":
            change(row)
    log = folder / "relay.ndjson"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    files = [log, *sorted((LAUNCH / "browser").glob("*.har"))]
    return engine.read([engine.InputFile(path, path.name) for path in files], Plan())


def _parameters(row: Row) -> Row:
    parameters: Row = row["body"]["events"][0]["parameters"]
    return parameters


def _spelled_anew(row: Row) -> None:
    parameters = _parameters(row)
    parameters |= {"value": f"{float(parameters['value']):.2f}", "currency": parameters["currency"].lower()}
    row["body"]["events"][0]["parameters"] = dict(reversed(parameters.items()))
    for item in parameters["contents"]:
        item["item_price"] = str(float(item["item_price"]))


def _blotted(row: Row) -> None:
    parameters = _parameters(row)
    parameters |= {"value": "***", "contents": [{"id": "[redacted]", "quantity": 1}]}
    del parameters["currency"]


@pytest.mark.parametrize("change", [lambda row: None, _spelled_anew, _blotted], ids=["as sent", "spelled anew", "blotted out"])
def test_what_two_witnesses_saw_alike_is_one_send(change: Callable[[Row], object], tmp_path: Path) -> None:
    audit = _with_log(tmp_path, change)
    assert audit.con.execute(SERVER_PURCHASES).fetchone() == (3, 3, "store_h4TqLm29XbRw", True)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: _parameters(row).update(value=1),
        lambda row: _parameters(row).update(currency="USD"),
        lambda row: _parameters(row).update(contents=[{"id": "another", "quantity": 1}]),
        lambda row: row["body"].update(variants=[{"variant_unique_id": "another", "quantity": 1}]),
        lambda row: row.update(url=row["url"].replace("store_h4TqLm29XbRw", "store_h4TqLm29XbRx")),
    ],
    ids=["value", "currency", "items", "the relay's own items", "store"],
)
def test_two_witnesses_who_disagree_saw_two_sends(change: Callable[[Row], object], tmp_path: Path) -> None:
    count, ids, *_ = _with_log(tmp_path, change).con.execute(SERVER_PURCHASES).fetchone() or ()
    assert (count, ids) == (6, 3)


def test_a_refusal_in_the_relays_own_log_counts_whatever_the_page_was_told(tmp_path: Path) -> None:
    audit = _with_log(tmp_path, lambda row: row.update(status=502, response=None))
    told = "select status, accepted, answer_text, count(*) from events where channel = 'server' and status <> 204 group by all"
    assert audit.con.execute(told).fetchall() == [(502, False, "by the relay's own log; the page was told HTTP 204", 3)]


def test_the_relays_log_knows_the_answer_a_page_did_not_wait_for(tmp_path: Path) -> None:
    log = tmp_path / "relay.ndjson"
    shutil.copy(STORY / "relay" / "relay.ndjson", log)
    capture = tmp_path / "page.har"
    recorded = json.loads(next((STORY / "browser").glob("*.har")).read_text("utf-8"))
    for entry in recorded["log"]["entries"]:
        if "/public/analytics/" in entry["request"]["url"]:
            entry["response"] |= {"status": 0, "_error": "net::ERR_ABORTED"}
    capture.write_text(json.dumps(recorded), encoding="utf-8")

    alone = engine.run([engine.InputFile(capture, "page.har")], Plan(), select=frozenset())
    both = engine.run([engine.InputFile(p, p.name) for p in (capture, log)], Plan(), select=frozenset())

    outcomes = "select outcome, count(*) from deliveries group by outcome"
    assert alone.con.execute(outcomes).fetchall() == [("unanswered", 12)]
    assert both.con.execute(outcomes).fetchall() == [("accepted", 12)]
    assert both.con.execute("select distinct net_error from events where channel = 'server'").fetchall() == [(None,)]


def _twice(at: str, milliseconds: int) -> str:
    return (datetime.fromisoformat(at) + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")


@pytest.mark.parametrize(
    ("in_page", "in_log", "sends"),
    [(0, 5, 1), (4, 0, 1), (4, 5, 2), (0, 400, 2)],
    ids=["a log of two hops", "a capture of page and worker", "called twice, seen by both", "sent again soon after"],
)
def test_a_request_one_witness_wrote_down_twice_is_one_send(in_page: int, in_log: int, sends: int, tmp_path: Path) -> None:
    log = tmp_path / "relay.ndjson"
    rows = [json.loads(line) for line in (LAUNCH / "relay" / "relay.ndjson").read_text("utf-8").splitlines()]
    if in_log:
        rows = [twin for row in rows for twin in (row, row | {"ts": _twice(row["ts"], in_log)})]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    captures = []
    for path in sorted((LAUNCH / "browser").glob("*.har")):
        recorded = json.loads(path.read_text("utf-8"))
        entries = recorded["log"]["entries"]
        if in_page:
            relayed = [entry for entry in entries if "/public/analytics/" in entry["request"]["url"]]
            entries += [entry | {"startedDateTime": _twice(entry["startedDateTime"], in_page)} for entry in relayed]
        captures.append(tmp_path / path.name)
        captures[-1].write_text(json.dumps(recorded), encoding="utf-8")

    audit = engine.run([engine.InputFile(path, path.name) for path in (log, *captures)], Plan(), select=frozenset())

    purchases = "select count(*) from events where channel = 'server' and platform = 'snackvideo' and step = 'Purchase'"
    assert audit.con.execute(purchases).fetchall() == [(sends,)]

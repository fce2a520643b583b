"""One relay request, two witnesses: the page that sent it and the relay that answered it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from audit import engine
from audit.plan import Plan

STORY = Path(__file__).parent.parent / "sample_data" / "regenerated_ids"


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

"""Two runs compared: fixed, new, still open, and what nobody looked at again; in the terminal, in Markdown, in the packet."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from audit.check import catalogue
from audit.cli import main
from audit.errors import InputError
from audit.verdict import Answer
from reports.comparison import as_text, compare, in_short, standing
from reports.formats import html, markdown, table
from reports.formats import json as run_format
from reports.packet import Packet
from reports.run_file import read_run
from tests.packets import packet_of


def run_of(story: str) -> dict[str, Any]:
    return run_format.document(packet_of(story))


def compared(old: str, new: str) -> Packet:
    return replace(packet_of(new), changes=compare(run_of(old), run_of(new)))


def a_run(*findings: dict[str, Any], orders: tuple[str, ...] = ("1001", "1002", "1003"), **more: Any) -> dict[str, Any]:
    """A run in which every check judged something, and these findings came of it."""
    return {
        "schema": "pixel-audit/run/1",
        "decision": "STOP" if findings else "GO",
        "launch": {"name": "Launch", "window": [None, None], "test_orders": list(orders)},
        "gates": [],
        "table": [{"platform": "meta", "event": "Purchase", "browser": 1, "server": 1, "orders": 1}],
        "checks": [{"id": c.id, "facet": c.facet, "examined": 3, "verdict": "PASS"} for c in catalogue().values()],
        "findings": list(findings),
        "sources": [],
    } | more


def row(check: str = "value_mismatch", order: str | None = "1001", **more: Any) -> dict[str, Any]:
    return {
        "check": check, "severity": "blocker", "platform": "meta", "event": "Purchase", "subject": order, "order_id": order,
        "actual": "x", "cause": None, "ok": False, "refs": [], "waived": None, "because_of": None,
    } | more  # fmt: skip


def told(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[tuple[str, ...]]]:
    changes = compare(old, new)
    lists = {"fixed": changes.fixed, "new": changes.new, "open": changes.still_open, "not judged": changes.not_judged}
    return {name: [change.subjects for change in found] for name, found in lists.items() if found}


def test_a_finding_is_the_same_by_check_platform_event_and_subject() -> None:
    old = a_run(row(order="1001"), row(order="1002"))
    new = a_run(row(order="1002", actual="another amount"), row(order="1003"))
    assert told(old, new) == {"fixed": [("1001",)], "new": [("1003",)], "open": [("1002",)]}


def test_the_same_fault_on_the_orders_of_a_new_test_is_still_open() -> None:
    old, new = a_run(row(order="1001"), orders=("1001",)), a_run(row(order="2001"), orders=("2001",))
    assert told(old, new) == {"open": [("2001",)]}
    assert told(old, a_run(orders=("2001",))) == {"fixed": [("1001",)]}


@pytest.mark.parametrize("kind", ["email", "phone", "card", "ip", "cookie", "secret"])
def test_a_masked_order_is_the_same_order_in_the_next_run(kind: str) -> None:
    """Behind a mask stands a mark that is another one each run."""
    first, second = f"PO [{kind}] 3cb849", f"PO [{kind}] d4561a"
    old = a_run(row(order=first), orders=(first, "1002"))
    assert told(old, a_run(row(order=second), orders=(second, "1002"))) == {"open": [(second,)]}
    assert told(old, a_run(row(order="1002"), orders=(second, "1002"))) == {"fixed": [(first,)], "new": [("1002",)]}
    sender = [row("undeclared_sender", None, subject=f"relay [email] {mark}") for mark in ("3cb849", "d4561a")]
    assert told(a_run(sender[0]), a_run(sender[1])) == {"open": [("relay [email] d4561a",)]}


def test_another_sender_is_another_finding() -> None:
    old = a_run(row("undeclared_sender", None, subject="tag manager"))
    new = a_run(row("undeclared_sender", None, subject="shop app"))
    assert told(old, new) == {"fixed": [("tag manager",)], "new": [("shop app",)]}


@pytest.mark.parametrize("how", ["not run", "nothing examined", "platform not seen", "cannot tell"])
def test_what_nobody_looked_at_again_is_not_fixed(how: str) -> None:
    new = a_run(orders=("2001",))
    if how == "not run":
        new["checks"] = [check | {"verdict": "NOT_RUN"} for check in new["checks"]]
    elif how == "nothing examined":
        new["checks"] = [check | {"examined": 0} for check in new["checks"]]
    elif how == "platform not seen":
        new["table"] = []
    else:
        new["findings"] = [row(order="2001", ok=None)]
    assert told(a_run(row()), new) == {"not judged": [("1001",)]}


def test_a_waived_finding_stays_open_and_says_so() -> None:
    changes = compare(a_run(row()), a_run(row(waived={"reason": "agreed", "owner": "media", "expires": "2026-12-01"})))
    assert [change.waived for change in changes.still_open] == [True]
    assert ", waived" in as_text(changes)


WAIVED = {"reason": "agreed", "owner": "media", "expires": "2026-12-01"}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {"waived": WAIVED}, "waived now"),
        ({"waived": WAIVED}, {}, "no longer waived"),
        ({"waived": WAIVED}, {"waived": WAIVED}, "waived"),
        ({"because_of": "duplicate_sender"}, {}, "followed from another before"),
        ({"because_of": "duplicate_sender", "waived": WAIVED}, {}, "no longer waived, followed from another before"),
    ],
)
def test_what_is_open_in_both_says_what_became_of_it(before: Any, after: Any, told: str) -> None:
    changes = compare(a_run(row(**before)), a_run(row(**after)))
    (change,) = changes.still_open
    assert ", ".join(standing(change)) == told
    assert f", {told}\n" in as_text(changes)
    if change.turns and "waived" in change.turns[0]:
        assert in_short(changes) == f"0 fixed, 0 new, 1 still open (1 {change.turns[0]})"
    packet = replace(packet_of("wrong_value"), changes=changes)
    assert f", {told}</span>" in html.render(packet)
    assert (f"- Open ({told}): " in markdown.render(packet)) is bool(change.turns)


@pytest.mark.parametrize("verdict", ["NOT_RUN", "cannot tell"])
def test_what_nobody_could_see_before_is_new_and_says_so(verdict: str) -> None:
    old = a_run(row(ok=None)) if verdict == "cannot tell" else a_run()
    if verdict == "NOT_RUN":
        old["checks"] = [check | {"verdict": "NOT_RUN"} for check in old["checks"]]
    changes = compare(old, a_run(row()))
    assert "blocker  value_mismatch: meta Purchase 1001, not judged before\n" in as_text(changes)
    assert in_short(changes) == "0 fixed, 1 new (1 not judged before), 0 still open"
    assert "- New (not judged before): " in markdown.render(replace(packet_of("wrong_value"), changes=changes))
    assert "not judged before" not in as_text(compare(a_run(), a_run(row())))


@pytest.mark.parametrize(
    ("browser", "server", "refs", "then"),
    [
        (0, 1, ["a.har#1"], "not judged"),
        (0, 1, ["a.har#1", "log.ndjson:2"], "not judged"),
        (1, 0, ["a.har#1", "log.ndjson:2"], "not judged"),
        (0, 1, ["log.ndjson:2", "orders.csv:2"], "fixed"),
        (1, 0, ["a.har#1", "orders.csv:2"], "fixed"),
        (1, 1, ["a.har#1", "log.ndjson:2"], "fixed"),
    ],
)
def test_what_one_side_s_evidence_proved_is_not_fixed_without_that_side(browser: int, server: int, refs: Any, then: str) -> None:
    kinds = {"a.har": "browser", "log.ndjson": "server", "orders.csv": "orders"}
    old = a_run(row(refs=refs), sources=[{"path": path, "kind": kind} for path, kind in kinds.items()])
    table = [{"platform": "meta", "event": "Purchase", "browser": browser, "server": server, "orders": 1}]
    assert told(old, a_run(table=table)) == {then: [("1001",)]}
    # A page that alone sent all there is to a relay: its capture is the browser's, its events are the server's.
    old["table"] = [table[0] | {"browser": 0, "server": 1}]
    if refs == ["a.har#1"]:
        assert told(old, a_run(table=table)) == {"fixed": [("1001",)]}


@pytest.mark.parametrize(("side", "then"), [("server", "fixed"), ("browser", "not judged")])
def test_a_step_that_a_server_s_log_holds_no_more_was_switched_off(side: str, then: str) -> None:
    sources = [{"path": "a.har", "kind": "browser"}, {"path": "log.ndjson", "kind": "server"}]
    both = {"platform": "meta", "browser": 1, "server": 1, "orders": 1}
    added, sold = both | {"event": "AddToCart"}, both | {"event": "Purchase"}
    refs = ["log.ndjson:2" if side == "server" else "a.har#1"]
    old = a_run(row("missing_value", event="AddToCart", refs=refs), sources=sources, table=[added, sold])
    assert told(old, a_run(table=[added | {side: 0}, sold])) == {then: [("1001",)]}


@pytest.mark.parametrize(
    ("name", "cause", "then"),
    [
        ("monday.har", "no_content", {"open": [("monday.har",)]}),
        ("tuesday.har", "no_content", {"open": [("tuesday.har",)]}),
        ("tuesday.har", "cut_off", {"fixed": [("monday.har",)], "new": [("tuesday.har",)]}),
    ],
)
def test_a_file_recorded_anew_with_the_same_flaw_leaves_it_open(name: str, cause: str, then: dict[str, Any]) -> None:
    def of(file: str, cause: str) -> dict[str, Any]:
        return a_run(row("incomplete_capture", None, subject=file, cause=cause), sources=[{"path": file, "kind": "browser"}])

    assert told(of("monday.har", "no_content"), of(name, cause)) == then


def test_a_file_mended_is_fixed_though_another_one_has_the_flaw() -> None:
    both = [{"path": "a.har", "kind": "browser"}, {"path": "b.har", "kind": "browser"}]
    rows = [row("incomplete_capture", None, subject=source["path"]) for source in both]
    changes = told(a_run(*rows, sources=both), a_run(rows[1], sources=both))
    assert changes == {"fixed": [("a.har",)], "open": [("b.har",)]}


def test_a_fault_of_many_orders_is_one_line_with_its_numbers() -> None:
    orders = tuple(str(number) for number in range(2000, 2812))
    changes = compare(
        a_run(*(row(order=o) for o in orders), orders=orders), a_run(*(row(order=o) for o in orders[:3]), orders=orders)
    )
    assert [(c.before, c.after) for c in changes.still_open] == [(3, 3)]
    assert [(c.before, c.after) for c in changes.fixed] == [(809, 0)]
    assert "2003, 2004, 2005 and 806 more (809 rows)" in as_text(changes)


def test_a_mended_launch_says_what_was_fixed_and_what_became_of_the_gates() -> None:
    changes = compare(run_of("wrong_value"), run_of("clean_launch"))
    assert (changes.before, changes.after) == ("STOP", "GO_WITH_CONDITIONS")
    assert {(c.check, c.platform) for c in changes.fixed} == {("value_mismatch", p) for p in ("meta", "tiktok", "snackvideo")}
    assert [c.check for c in changes.new] == []
    assert ("undedupable_event", "snackvideo") in [(c.check, c.platform) for c in changes.still_open]
    assert changes.gates == (("money", Answer.FAIL, Answer.PASS),)
    assert in_short(changes).startswith("3 fixed, 0 new, ")


def test_on_the_terminal_as_in_the_packet_only_roots_are_counted() -> None:
    told = as_text(compare(run_of("clean_launch"), run_of("double_sender"))).splitlines()
    assert "new: 1, and 3 that merely follow" in told
    assert in_short(compare(run_of("clean_launch"), run_of("double_sender"))).startswith("0 fixed, 1 new, ")


def test_packets_of_two_names_may_be_two_launches() -> None:
    told = as_text(compare(run_of("wrong_value"), run_of("clean_launch"))).splitlines()
    names = "Black shirt, value without shipping -> Black shirt, November"
    assert told[1] == f"launch: {names}. If these are two launches, 'fixed' only means: not found here."
    assert not [line for line in as_text(compare(run_of("wrong_value"), run_of("wrong_value"))).splitlines() if "launch" in line]


def test_the_change_stands_in_the_terminal_in_markdown_and_in_the_packet() -> None:
    packet = compared("wrong_value", "regenerated_ids")
    assert packet.changes is not None
    short = in_short(packet.changes)
    assert f"Since the last packet (Stop): {short}." in table.render(packet, width=140)
    assert f"{short}." in markdown.render(packet)
    page = html.render(packet)
    section = page[page.index('<section id="changes"') : page.index('<section id="signoff"')]
    for title in ("New", "Still open", "Fixed", "Not judged again"):
        assert f"<h3>{title} " in section
    for change in packet.changes.new:
        assert change.title in section
        assert all(subject in section for subject in change.subjects)
    assert 'href="#changes"' in page[: page.index("</nav>")]
    assert 'id="changes"' not in html.render(packet_of("regenerated_ids"))


def test_a_run_takes_a_folder_or_a_file_as_its_baseline(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "run.json").write_text(run_format.render(packet_of("wrong_value")), encoding="utf-8")
    for baseline in (tmp_path / "old", tmp_path / "old" / "run.json"):
        words = [
            "demo",
            "clean_launch",
            "--baseline",
            str(baseline),
            "--out",
            str(tmp_path / "new"),
            "--now",
            "2026-11-20T12:00:00Z",
        ]
        result = CliRunner().invoke(main, words, catch_exceptions=False)
        assert "Since the last packet (Stop): 3 fixed, 0 new" in result.stdout
    assert 'id="changes"' in (tmp_path / "new" / "packet.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["", "[1]", '{"schema": "other"}', '{"schema": "pixel-audit/run/1"}', "[" * 100_000])
def test_a_baseline_that_is_no_run_is_a_mistake_that_judges_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"run\.json: "):
        read_run(tmp_path)
    result = CliRunner().invoke(main, ["demo", "--baseline", str(tmp_path), "--out", str(tmp_path / "p")])
    assert result.exit_code == 2
    assert not (tmp_path / "p").exists()


def test_a_check_of_an_older_version_keeps_its_name() -> None:
    old = a_run(row("check_that_was"))
    assert [(c.title, c.subjects) for c in compare(old, json.loads(json.dumps(a_run()))).not_judged] == [
        ("check_that_was", ("1001",))
    ]

"""What a packet says: roots with their consequences, who acts, what was not tested, and nothing private."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from json import dumps, loads
from pathlib import Path

import pytest

from audit import engine, verdict
from audit.check import catalogue
from audit.inputs import find_inputs
from audit.plan import Plan, Waiver
from audit.plan_file import read_plan
from reports import drawings
from reports.findings import who
from reports.formats import csv, html, json, markdown, table
from reports.packet import build
from tests.faults.judging import NOW as JUDGED
from tests.faults.woo_innocents import visits_of
from tests.faults.woo_shop import woo_launch
from tests.packets import NOW, STORIES, audited, evidence_of, packet_of

NAMES = sorted(path.name for path in STORIES.iterdir() if (path / "audit.toml").is_file())


def test_a_stop_names_its_root_and_folds_what_follows() -> None:
    packet = packet_of("double_sender")
    assert packet.decision == "STOP"
    assert [reason.anchor.split("-")[1] for reason in packet.reasons] == ["duplicate_sender"]
    root = packet.problems[0]
    assert root.check == "duplicate_sender"
    assert "duplicate_purchase" in [followed.check for followed in root.follows]
    assert all(row.because_of is None for problem in packet.problems for row in problem.rows)


def test_no_two_causes_share_a_headline() -> None:
    for name in NAMES:
        told = [(problem.headline, problem.who) for problem in packet_of(name).problems]
        assert len(set(told)) == len(told), name
    headlines = [problem.headline for problem in packet_of("lost_click_ids").problems if problem.check == "missing_fbc"]
    assert headlines == [
        "The browser sent a Meta event without the ad click of its visit",
        "The server sent a Meta event without the ad click of its visit",
    ]


def test_a_headline_does_not_deny_what_its_cause_says() -> None:
    checks = catalogue()
    told = (("missing_browser_event", "blocked"), ("missing_server_event", "rejected"), ("early_event", "clock_differs"))
    for check, cause in told:
        assert checks[check].cause(cause).failure != checks[check].failure
    batch = {checks["rejected_request"].cause(cause).failure for cause in ("batch_poisoned", "missing_currency", "bad_request")}
    assert len(batch) == 3


def test_a_bare_number_is_not_read_as_a_count() -> None:
    (row, *_) = packet_of("double_sender").problems[0].rows
    told = replace(row, platform="meta", step="AddToCart", order_id=None)
    assert who([replace(told, subject="1")]) == "Meta AddToCart, “1”"
    assert who([replace(told, subject="c-1")]) == "Meta AddToCart, c-1"


def test_an_order_names_its_own_problems_in_their_words() -> None:
    for name in NAMES:
        packet = packet_of(name)
        told = {problem.anchor: problem.headline for problem in packet.problems}
        assert all(told[anchor] == headline for card in packet.orders for anchor, headline in card.problems), name


def test_what_cannot_be_told_is_never_headed_as_if_it_were_so() -> None:
    without_orders = [file for file in evidence_of("clean_launch") if "orders" not in file.name]
    audit = engine.run(without_orders, read_plan(STORIES / "clean_launch" / "audit.toml"), now=NOW)
    unclear = [problem for problem in build(audit, verdict.judge(audit)).problems if problem.status == "cannot tell"]
    assert unclear
    assert all(problem.headline.startswith("Cannot tell whether ") for problem in unclear)


def test_each_reason_names_who_acts_and_where_to_look_first() -> None:
    for name in NAMES:
        for reason in packet_of(name).reasons:
            assert reason.sentence.endswith(".")
            assert reason.owner.endswith(" team"), reason
            assert reason.first_check


def test_what_a_condition_leaves_open_is_told_as_the_reason(tmp_path: Path) -> None:
    """Whether an order grew after its Purchase cannot be told; that goods are missing in the event is a condition alone."""
    files = []
    for file in evidence_of("shopify_launch"):
        kept = tmp_path / file.path.name
        text = file.path.read_text(encoding="utf-8")
        if file.path.suffix == ".csv":
            (row,) = [line for line in text.splitlines() if "Canvas Cap" in line]
            text = text.replace("50.50,5.00,4.04,59.54", "60.50,5.00,4.84,70.34")
            text += row.replace("Canvas Cap,12.50,,CAP-01", "Sticker,10.00,,STK-1") + "\n"
        kept.write_text(text, encoding="utf-8")
        files.append(engine.InputFile(kept, file.name))
    audit = engine.run(files, read_plan(STORIES / "shopify_launch" / "audit.toml"), now=NOW)
    packet = build(audit, verdict.judge(audit))
    assert packet.decision == "NOT_PROVEN"
    assert [reason.row.check for reason in packet.reasons if reason.row] == ["item_mismatch"]


def test_without_a_plan_the_packet_asks_for_the_register_and_prints_one() -> None:
    packet = packet_of("shopify_launch", with_plan=False)
    assert packet.decision == "NOT_PROVEN"
    assert "whether each core event comes once, from a sender the register names" in packet.reasons[0].sentence
    assert packet.reasons[0].owner == "Tracking owner"
    assert packet.assumptions


def test_without_a_plan_the_packet_is_signed_for_none() -> None:
    assert "Signed for no plan and the evidence" in html.render(packet_of("double_sender", with_plan=False))
    assert "Signed for the plan <code" in html.render(packet_of("double_sender"))


def test_a_file_that_cannot_answer_what_is_not_tested_is_named_beside_it(tmp_path: Path) -> None:
    """Who handed in an access log reads "supply the server's log" and thinks it was supplied."""
    launch = woo_launch()
    launch.extra += [("server/access.ndjson", row) for row in visits_of(launch)]
    launch.drop(*launch.some("meta", "server"))
    launch.write(tmp_path)
    plan = read_plan(tmp_path / "audit.toml")
    found = engine.run(find_inputs((tmp_path,), plan), plan, now=JUDGED)
    packet = build(found, verdict.judge(found))
    assert packet.decision == "NOT_PROVEN"
    first, second = packet.reasons
    assert first.sentence.startswith("Not tested: ")
    assert second.sentence == "The log handed in as the server's does not hold what was sent: server/access.ndjson."


def test_what_a_file_lacks_is_told_before_what_cannot_be_told_without_it(tmp_path: Path) -> None:
    files = []
    for file in evidence_of("shopify_launch"):
        kept = tmp_path / file.path.name
        text = file.path.read_text(encoding="utf-8")
        if file.path.suffix == ".har":
            capture = loads(text)
            for entry in capture["log"]["entries"]:
                entry["request"].pop("postData", None)
            text = dumps(capture)
        kept.write_text(text, encoding="utf-8")
        files.append(engine.InputFile(kept, file.name))
    audit = engine.run(files, read_plan(STORIES / "shopify_launch" / "audit.toml"), now=NOW)
    packet = build(audit, verdict.judge(audit))
    assert packet.decision == "NOT_PROVEN"
    first, *others = packet.reasons
    assert first.sentence == "A file lacks what the audit needs from it: 2 cases."
    assert others
    assert all(reason.sentence.startswith("Cannot tell whether ") for reason in others)


def test_orders_and_platforms_nobody_asks_for_are_told_as_such() -> None:
    plan = read_plan(STORIES / "shopify_launch" / "audit.toml")
    rows = audited("shopify_launch").con.execute("select order_id from orders order by all").fetchall()
    (order, *others) = [row[0] for row in rows]
    audit = engine.run(
        evidence_of("shopify_launch"),
        replace(plan, test_orders=(order,), platforms={"meta": plan.platforms["meta"]}),
        now=NOW,
    )
    packet = build(audit, verdict.judge(audit))
    assert {row.platform for row in packet.rows} == {"meta"}
    assert packet.untested[0].what == "Whether anything is missing on TikTok, which got events and which the plan does not name"
    assert len(others) == 1
    assert (
        "The plan lists 1 test order: whether anything is missing is judged for it alone;"
        " 1 other order of the export is not asked for."
        in packet.assumptions
    )


def test_limits_wider_than_usual_are_told_beside_what_they_let_pass() -> None:
    plan = read_plan(STORIES / "shopify_launch" / "audit.toml")
    wide = replace(plan, late_after_s=86400.0, missing_share=0.5, totals_tolerance=0.1, tolerance={"EUR": Decimal(10)})
    audit = engine.run(evidence_of("shopify_launch"), wide, now=NOW)
    assert build(audit, verdict.judge(audit)).assumptions[-1] == (
        "The plan sets wider limits than usual, and a pass means no more than they do:"
        " an event may arrive 24 hours late (usually 1); 50% of a day's orders may lack an event (usually 5%);"
        " daily totals may differ by 10% (usually 5%);"
        " a value may differ by 10 EUR, at most by a twentieth of its order."
    )


def test_a_step_that_the_plan_asks_of_no_channel_is_told() -> None:
    plan = read_plan(STORIES / "shopify_launch" / "audit.toml")
    meta = replace(plan.platforms["meta"], require={"ViewContent": (), "AddToCart": (), "Purchase": ("browser",)})
    audit = engine.run(evidence_of("shopify_launch"), replace(plan, platforms={"meta": meta}), now=NOW)
    assert (
        "Meta: the plan asks for no ViewContent and no AddToCart; a pass does not include what is not asked for."
        in build(audit, verdict.judge(audit)).assumptions
    )


def test_a_step_that_a_platforms_rows_name_is_not_said_again() -> None:
    rows = next(problem for problem in packet_of("double_sender").problems).rows
    one = replace(rows[0], platform="meta", step="Purchase", order_id=None)
    assert who([one, replace(one, platform=None)]).startswith("Meta Purchase")
    assert " and " not in who([one, replace(one, platform=None)])


def test_steps_are_named_in_the_order_of_the_path() -> None:
    rows = next(problem for problem in packet_of("lost_click_ids").problems if problem.check == "missing_fbc").rows
    assert who(list(rows)) == "Meta ViewContent, Meta AddToCart, Meta InitiateCheckout and Meta Purchase, 4 cases"


def test_platforms_are_named_in_the_order_of_the_tables() -> None:
    one = next(problem for problem in packet_of("wrong_value").problems).rows[0]
    rows = [replace(one, platform=platform, step="Purchase") for platform in ("meta", "snackvideo", "tiktok")]
    assert who(rows).startswith("Meta Purchase, TikTok Purchase and SnackVideo Purchase")


@pytest.mark.parametrize("name", NAMES)
def test_the_printed_register_is_a_plan_that_claims_every_sender(name: str, tmp_path: Path) -> None:
    bare = engine.run(evidence_of(name), Plan(), now=NOW, select=frozenset({"undeclared_sender"}))
    text = build(bare, verdict.judge(bare)).inventory.register
    file = tmp_path / "audit.toml"
    file.write_text(text, encoding="utf-8")
    plan = read_plan(file)
    seen = {(s.platform, s.channel) for s in packet_of(name).inventory.senders if s.events}
    assert {(s.platform, s.channel) for s in plan.senders} == seen
    assert tomllib.loads(text)["senders"]


def test_a_waived_blocker_is_told_as_waived_and_never_as_a_pass() -> None:
    plan = read_plan(STORIES / "wrong_value" / "audit.toml")
    waiver = Waiver("value_mismatch", "Known since Monday", "media", date(2026, 12, 1), "*")
    audit = engine.run(evidence_of("wrong_value"), replace(plan, waivers=(waiver,)), now=NOW)
    told = table.render(build(audit, verdict.judge(audit)), width=140)
    assert "Pass         Value and currency reconcile to the order (6 waived)" in told
    assert "waived 2" in next(line for line in told.splitlines() if line.startswith(" Purchase"))
    flat = " ".join(told.split())
    assert "the amount the event must report, accepted until 2026-12-01 by Media team: Known since Monday." in flat


def test_ids_of_one_side_alone_are_no_proof_that_copies_merge() -> None:
    rows = {(row.platform, row.step): row for row in packet_of("shopify_launch").rows}
    answers = {step: {c.facet: c.answer.name for c in rows["meta", step].cells}["dedup"] for step in ("ViewContent", "Purchase")}
    assert answers == {"ViewContent": "NOT_APPLICABLE", "Purchase": "PASS"}


def test_of_a_relay_only_shops_that_call_one_are_told() -> None:
    for name, count in (("shopify_launch", 0), ("clean_launch", 2)):
        packet = packet_of(name)
        assert sum("relay" in item.what.lower() for item in (*packet.undecidable, *packet.untested)) == count


def test_where_the_plan_names_every_sender_no_register_is_printed() -> None:
    assert packet_of("clean_launch").inventory.register == ""


def test_beside_a_register_only_the_undeclared_senders_are_printed() -> None:
    plan = read_plan(STORIES / "clean_launch" / "audit.toml")
    only = tuple(sender for sender in plan.senders if sender.platform != "meta" or sender.channel == "server")
    audit = engine.run(evidence_of("clean_launch"), replace(plan, senders=only), now=NOW)
    (entry,) = tomllib.loads(build(audit, verdict.judge(audit)).inventory.register)["senders"]
    assert (entry["platform"], entry["channel"], entry["primary"]) == ("meta", "browser", True)


def test_an_untested_check_is_never_told_as_a_pass() -> None:
    packet = packet_of("clean_launch")
    for item in packet.untested:
        assert item.what.startswith("Whether ")
    assert len(packet.undecidable) == 4


@pytest.mark.parametrize("name", NAMES)
def test_no_click_or_browser_id_is_written_whole(name: str) -> None:
    columns = ("click_id", "browser_id", "landing_click", "cookie_click", "cookie_browser")
    union = " union ".join(f"select {column} from events" for column in columns)
    read = engine.read(evidence_of(name), read_plan(STORIES / name / "audit.toml"), now=NOW)
    found = read.con.execute(f"select * from ({union}) where length({columns[0]}) > 16").fetchall()
    secrets = [row[0] for row in found]
    assert secrets
    packet = packet_of(name)
    for text in (html.render(packet), json.render(packet), csv.render(packet), markdown.render(packet), table.render(packet)):
        assert not [secret for secret in secrets if secret in text]


def test_a_value_is_explained_by_the_amount_it_equals() -> None:
    card = packet_of("wrong_value").orders[0]
    assert card.bridge is not None
    assert card.bridge.expected.startswith("Gross revenue, IDR ")
    assert {sent.explained for sent in card.bridge.sent} == {"equals net revenue"}
    parts = [part for part in card.bridge.parts if not part.is_sum]
    total = next(part for part in card.bridge.parts if part.is_sum)
    assert sum(part.amount for part in parts) == total.amount


def test_copies_without_a_shared_id_are_joined_by_a_broken_line() -> None:
    card = packet_of("regenerated_ids").orders[0]
    meta = {point.key for point in card.points if point.lane == "meta"}
    kinds = {link.kind for link in card.links if link.browser in meta}
    assert kinds == {"broken"}
    looks = [shape.look for shape in drawings.timeline(card).shapes]
    assert "tl-join broken" in looks
    assert "tl-join shared" in looks


def test_a_differing_field_is_marked_and_a_masked_one_is_not() -> None:
    card = packet_of("regenerated_ids").orders[0]
    marks = {field.name: field.mark for c in card.comparisons if c.platform == "meta" for field in c.fields}
    assert marks["Event id"] == "differs"
    assert marks["Value"] == "same"
    assert marks["Personal data"] == ""


@pytest.mark.parametrize("name", NAMES)
def test_the_same_audit_gives_the_same_bytes(name: str) -> None:
    audit = audited(name)
    again = build(audit, verdict.judge(audit))
    for form in (html, json, csv, markdown):
        assert form.render(again) == form.render(packet_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_small_and_has_no_dangling_link(name: str) -> None:
    for with_plan in (True, False):
        page = html.render(packet_of(name, with_plan=with_plan))
        assert len(page.encode()) < 1024 * 1024
        anchors = re.findall(r' id="([^"]+)"', page)
        assert len(anchors) == len(set(anchors))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)
        assert " style=" not in page


def test_no_code_stands_where_a_word_belongs() -> None:
    for name in NAMES:
        page = html.render(packet_of(name, with_plan=False))
        body = page[page.index("<main>") : page.index('<section id="appendix"')]
        text = re.sub(r"<pre.*?</pre>|<[^>]+>", " ", body, flags=re.S)
        assert not re.findall(r"NOT_RUN|NOT_APPLICABLE|NOT_PROVEN|GO_WITH|UNCLEAR|\bFAIL\b|\bNone\b", text)


def test_the_empty_plan_has_no_owner_but_every_role_reads_well() -> None:
    assert Plan().owners == {}
    assert {p.owner.split(" ")[-1] for p in packet_of("double_sender", with_plan=False).problems} == {"owner"}


def test_a_waived_fault_stays_in_sight() -> None:
    root = STORIES / "double_sender"
    waiver = Waiver("duplicate_sender", "The agency removes the tag.", "media", date(2026, 12, 1))
    plan = replace(read_plan(root / "audit.toml"), waivers=(waiver,))
    audit = engine.run(evidence_of("double_sender"), plan, now=NOW)
    packet = build(audit, verdict.judge(audit))
    assert packet.decision == "GO_WITH_CONDITIONS"
    assert any("The agency removes the tag" in reason.sentence for reason in packet.reasons)
    cells = {cell.facet: cell for row in packet.rows if (row.platform, row.step) == ("meta", "Purchase") for cell in row.cells}
    assert cells["senders"].waived == 2
    assert [p.check for p in packet.problems if p.status == "waived"] == ["duplicate_sender"]
    page = html.render(packet)
    assert "2 waived" in page
    assert "until 2026-12-01 by Media team" in page


def test_each_waiver_is_told_beside_what_it_covers() -> None:
    root = STORIES / "lost_click_ids"
    first = Waiver("missing_fbc", "The banner comes first.", "media", date(2026, 12, 1), "261120TVKDKT")
    cart = "add_to_cart_184ed448-6df5-4c63-9786-9e6ee3856fa9"
    second = Waiver("missing_fbc", "Nobody bids for carts.", "Agency", date(2027, 2, 1), cart)
    audit = engine.run(evidence_of("lost_click_ids"), replace(read_plan(root / "audit.toml"), waivers=(first, second)), now=NOW)
    packet = build(audit, verdict.judge(audit))
    waived = [p for p in packet.problems if p.status == "waived"]
    assert waived
    assert {tuple(sorted(w.reason for w in p.waivers)) for p in waived} == {("Nobody bids for carts.", "The banner comes first.")}
    page = html.render(packet)
    assert "<b>Waived</b> until 2026-12-01 by Media team: The banner comes first. (261120TVKDKT)" in page
    assert "<b>Waived</b> until 2027-02-01 by Agency: Nobody bids for carts. (add_to_cart_" in page


def test_what_a_fault_would_mean_is_not_told_of_what_cannot_be_told() -> None:
    packet = packet_of("lost_click_ids")
    (open_one,) = [p for p in packet.problems if p.status == "cannot tell"]
    assert open_one.texts
    assert f"<b>If not:</b> {open_one.texts.means}" in html.render(packet)
    assert f"- If not: {open_one.texts.means}" in markdown.problem(open_one)
    assert [p.check for p in packet.problems if p.texts and p.texts.supposed] == [open_one.check]
    told = replace(open_one, texts=replace(open_one.texts, supposed=False))
    assert "If not" not in markdown.problem(told)


def test_what_cannot_be_told_is_explained_by_the_texts_written_for_it(tmp_path: Path) -> None:
    launch = woo_launch()
    launch.drop(*[send for send in launch.sends if send.shopper == 3])
    launch.write(tmp_path)
    plan = read_plan(tmp_path / "audit.toml")
    audit = engine.run(find_inputs((tmp_path,), plan), plan, now=JUDGED)
    packet = build(audit, verdict.judge(audit))
    texts = {p.check: p.texts for p in packet.problems if p.status == "cannot tell" and p.cause is None}
    step = texts["missing_step"]
    assert step
    assert not step.supposed


def test_the_legend_explains_every_mark_of_a_timeline() -> None:
    page = html.render(packet_of("regenerated_ids"))
    legend = page.partition('<ul class="legend"')[2].partition("</ul>")[0]
    looks = set(re.findall(r'class="(tl-(?:mark|ghost|join)[^"]*)"', page))
    assert looks <= set(re.findall(r'class="([^"]*)"', legend))
    assert {"tl-mark warn", "tl-mark stop"} <= looks


def test_what_is_missing_is_asked_for_once() -> None:
    packet = packet_of("shopify_launch", with_plan=False)
    supplies = [item.supply for item in packet.untested]
    assert len(supplies) == len(set(supplies))
    asked = {check for item in packet.untested for check in item.checks}
    assert asked == {line.id for line in packet.checks if line.state == "not_run"} - {"expired_waiver"}


@pytest.mark.parametrize("hindrance", ["a folder that cannot be written to", "Python may keep nothing"])
def test_where_no_compiled_template_can_be_kept_the_packet_is_the_same(hindrance: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    packet = packet_of("clean_launch")
    kept = html.render(packet)
    if hindrance == "Python may keep nothing":
        monkeypatch.setattr("sys.dont_write_bytecode", True)
    else:
        monkeypatch.setattr("jinja2.FileSystemBytecodeCache.dump_bytecode", refused)
        monkeypatch.setattr("jinja2.FileSystemBytecodeCache.load_bytecode", lambda *_: None)
    monkeypatch.setattr(html, "_environment", html._environment.__wrapped__)  # anew, not as it was made before
    assert html.render(packet) == kept

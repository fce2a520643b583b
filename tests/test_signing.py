"""Signatures bind what was seen; verify names whatever no longer agrees, and whatever gives somebody away."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from audit.cli import main
from audit.errors import InputError
from reports.files import seal
from reports.leaks import _found
from reports.signing import read_signoff, sign
from reports.verifying import verify
from tests.stories import demo

STORIES = Path(__file__).parent.parent / "sample_data"
NOW = "2026-11-20T12:00:00Z"
TIME = datetime(2026, 11, 20, 13, tzinfo=UTC)
NOTHING_SHOWS = "nothing shows whether the files are as the run wrote them"
REASON = "The value is corrected on Monday; until then no budget is raised"


def pixel_audit(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A launch that may go and one that must stop, with their evidence beside them."""
    root = tmp_path_factory.mktemp("made")
    for story in ("clean_launch", "wrong_value"):
        shutil.copytree(demo(story) / "packet", root / story / "packet")
        shutil.copytree(STORIES / story, root / story / "evidence")
    return root


@pytest.fixture
def clean(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "clean_launch" / "packet", tmp_path / "packet"))


@pytest.fixture
def stopped(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "wrong_value" / "packet", tmp_path / "stopped"))


def signed(folder: Path, role: str = "media", *, accept: bool = True, reason: str | None = None) -> dict[str, Any]:
    return sign(folder, role=role, name="Rani Wulandari", accept=accept, reason=reason, time=TIME)


def edit(file: Path, change: Any) -> None:
    """A file changed by somebody who seals the packet anew: what is noticed then is noticed by what the files say."""
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    seal(file.parent)


def test_a_signature_binds_role_name_answer_time_files_and_inputs(clean: Path) -> None:
    signature = signed(clean)
    run = json.loads((clean / "run.json").read_text(encoding="utf-8"))
    assert (signature["role"], signature["name"], signature["answer"]) == ("media", "Rani Wulandari", "accepted")
    assert (signature["decision"], signature["time"]) == ("GO_WITH_CONDITIONS", "2026-11-20T13:00:00Z")
    assert set(signature["files"]) == {"packet.html", "run.json", "findings.csv", "audit.duckdb"}
    assert signature["inputs"] == {source["path"]: source["sha256"] for source in run["sources"]}
    assert verify(clean).disagreements == ()


@pytest.mark.parametrize("key", ["role", "name", "answer", "reason", "decision", "time", "files", "inputs", "after"])
def test_no_part_of_a_signature_can_be_altered(clean: Path, key: str) -> None:
    signed(clean)
    other: dict[str, Any] = {"role": "tracking", "answer": "refused", "time": "2026-11-20T13:00:01Z", "files": {}, "inputs": {}}
    edit(clean / "signoff.json", lambda signoff: signoff["signatures"][0].update({key: other.get(key, "other")}))
    assert any("was altered after signing" in sentence for sentence in verify(clean).disagreements)


def test_an_accepted_packet_carries_media_and_tracking(clean: Path) -> None:
    signed(clean, "media")
    one = verify(clean)
    assert (one.holds, one.accepted) == (True, False)
    assert "not accepted yet: no signature of tracking" in one.notes
    signed(clean, "store")
    signed(clean, "tracking")
    assert verify(clean).accepted
    assert pixel_audit("verify", clean).output.endswith("packet, run and signatures agree; accepted by media and tracking\n")


def test_who_accepted_and_then_refused_has_refused(clean: Path) -> None:
    signed(clean, "media")
    signed(clean, "tracking")
    signed(clean, "media", accept=False, reason="the relay was moved")
    assert not verify(clean).accepted
    assert "refused: signature of Rani Wulandari (media)" in verify(clean).notes
    assert len(read_signoff(clean)) == 3


def test_an_input_that_was_swapped_is_named(clean: Path, made: Path, tmp_path: Path) -> None:
    evidence = Path(shutil.copytree(made / "clean_launch" / "evidence", tmp_path / "evidence"))
    signed(clean)
    assert verify(clean, evidence).disagreements == ()
    run = json.loads((clean / "run.json").read_text(encoding="utf-8"))
    first, second = (evidence / source["path"] for source in run["sources"][:2])
    first.write_bytes(first.read_bytes() + b" ")
    second.unlink()
    result = pixel_audit("verify", clean, "--inputs", evidence)
    assert result.exit_code == 1
    assert f"does not agree: input {run['sources'][0]['path']} changed since the run" in result.output
    assert f"does not agree: input {run['sources'][1]['path']} is not in {evidence}" in result.output


def test_evidence_that_lies_in_other_folders_is_the_same_evidence(clean: Path, made: Path, tmp_path: Path) -> None:
    sources = json.loads((clean / "run.json").read_text(encoding="utf-8"))["sources"]
    unpacked = tmp_path / "mail" / "evidence"
    unpacked.mkdir(parents=True)
    for source in sources:
        shutil.copy(made / "clean_launch" / "evidence" / source["path"], unpacked)
    found = verify(clean, tmp_path / "mail")
    assert found.disagreements == ()
    name = Path(sources[0]["path"]).name
    assert f"input {sources[0]['path']} lies there as evidence/{name}" in found.notes
    (unpacked / name).write_bytes(b"{}")
    assert verify(clean, tmp_path / "mail").disagreements == (f"input {sources[0]['path']} is not in {tmp_path / 'mail'}",)


def test_a_folder_of_inputs_that_is_none_is_a_mistake(clean: Path, tmp_path: Path) -> None:
    result = pixel_audit("verify", clean, "--inputs", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert f"{tmp_path / 'nowhere'}: no such folder. Name the one the evidence lies in." in result.output


def test_a_page_that_came_alone_asks_for_the_rest_of_its_packet(clean: Path, tmp_path: Path) -> None:
    words = "Name the packet's folder; packet.html alone can be read, not signed, verified or compared."
    for command in (("verify",), ("sign", "--role", "media", "--name", "R")):
        assert f"{clean / 'packet.html'}: a page. {words}" in pixel_audit(*command, clean / "packet.html").output
        alone = tmp_path / command[0]
        alone.mkdir()
        shutil.copy(clean / "packet.html", alone)
        result = pixel_audit(*command, alone)
        assert result.exit_code == 2
        assert f"{alone / 'run.json'}: cannot be read: it is not beside packet.html. Ask for the whole folder" in result.output


def test_another_evidence_behind_the_run_is_named(clean: Path) -> None:
    signed(clean)
    edit(clean / "run.json", lambda run: run["sources"][0].update(sha256="0" * 64))
    told = verify(clean).disagreements
    path = json.loads((clean / "run.json").read_text(encoding="utf-8"))["sources"][0]["path"]
    assert f"signature of Rani Wulandari (media): input {path} is not the one that was signed" in told
    assert "packet.html was made from other inputs than run.json" in told


def test_a_changed_decision_is_named_even_where_nobody_signed(stopped: Path) -> None:
    edit(stopped / "run.json", lambda run: run.update(decision="GO"))
    told = verify(stopped).disagreements
    assert "run.json says GO, but its gates and findings give STOP" in told
    assert "packet.html does not carry the decision of run.json, GO" in told
    assert pixel_audit("verify", stopped).exit_code == 1


def test_a_gate_made_green_does_not_hide_its_blocker(stopped: Path) -> None:
    def green(run: dict[str, Any]) -> None:
        run["decision"] = "GO_WITH_CONDITIONS"
        for gate in run["gates"]:
            gate["verdict"] = "PASS"

    edit(stopped / "run.json", green)
    assert "run.json says GO_WITH_CONDITIONS, but its gates and findings give STOP" in verify(stopped).disagreements


@pytest.mark.parametrize("name", ["packet.html", "run.json", "findings.csv", "audit.duckdb"])
def test_a_file_changed_after_signing_is_named(clean: Path, name: str) -> None:
    signed(clean)
    (clean / name).write_bytes((clean / name).read_bytes() + b"\n")
    assert f"signature of Rani Wulandari (media): {name} changed since" in verify(clean).disagreements


def test_a_file_that_was_signed_and_is_gone_is_named(clean: Path) -> None:
    database = (clean / "audit.duckdb").read_bytes()
    (clean / "audit.duckdb").unlink()
    assert verify(clean).disagreements == ()
    assert "audit.duckdb is not in the folder" in verify(clean).notes
    signed(clean)
    assert verify(clean).disagreements == ()
    (clean / "findings.csv").unlink()
    (clean / "audit.duckdb").write_bytes(database)
    told = verify(clean).disagreements
    assert "signature of Rani Wulandari (media): findings.csv is gone" in told
    assert "signature of Rani Wulandari (media): audit.duckdb was not signed" in told


UNSEALED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a cell of the findings": (lambda p: _add(p / "findings.csv", b"x"), "findings.csv is not as the run wrote it"),
    "a byte of the page": (lambda p: _add(p / "packet.html", b" "), "packet.html is not as the run wrote it"),
    "a space in the run": (lambda p: _add(p / "run.json", b" "), "run.json is not as the run wrote it"),
    "a row of the database": (lambda p: _without_findings(p / "audit.duckdb"), "audit.duckdb is not as the run wrote it"),
    "the seal": (lambda p: (p / "packet.sha256").unlink(), f"packet.sha256 is gone: {NOTHING_SHOWS}"),
    "a line of the seal": (lambda p: _add(p / "packet.sha256", b"x"), f"packet.sha256 was edited: {NOTHING_SHOWS}"),
    "a log of changes": (
        lambda p: (p / "audit.duckdb.wal").write_bytes(b"x"),
        "audit.duckdb.wal lies beside the database and changes what it shows when it is opened",
    ),
    "a link": (lambda p: _linked(p / "findings.csv"), "findings.csv is a link, not a file of the packet"),
}


def _add(file: Path, content: bytes) -> None:
    file.write_bytes(file.read_bytes() + content)


def _without_findings(file: Path) -> None:
    with duckdb.connect(str(file)) as con:
        con.execute("delete from tallies")


def _linked(file: Path) -> None:
    file.rename(file.parent.parent / "elsewhere.csv")
    file.symlink_to(file.parent.parent / "elsewhere.csv")


@pytest.mark.parametrize("what", UNSEALED)
def test_what_was_changed_is_named_even_where_nobody_signed(clean: Path, what: str) -> None:
    change, told = UNSEALED[what]
    change(clean)
    assert verify(clean).disagreements == (told,)


def test_the_seal_can_be_checked_without_this_program(clean: Path) -> None:
    lines = (clean / "packet.sha256").read_text(encoding="utf-8").splitlines()
    digests = [f"{hashlib.sha256((clean / line[66:]).read_bytes()).hexdigest()}  {line[66:]}" for line in lines]
    assert lines == digests
    assert [line[66:] for line in lines] == ["packet.html", "run.json", "findings.csv", "audit.duckdb"]


def test_a_changed_packet_is_accepted_by_nobody_but_may_be_refused(clean: Path) -> None:
    _add(clean / "findings.csv", b"\n")
    told = "findings.csv is not as the run wrote it. Nobody can accept that; run the audit again, or sign with --refuse."
    with pytest.raises(InputError, match=re.escape(told)):
        signed(clean)
    signed(clean, accept=False, reason="somebody edited the findings")


def test_a_reason_that_names_a_person_is_not_signed_for_good(clean: Path) -> None:
    told = "--reason: holds what looks like e-mail address. A signature stays for good; say it without."
    with pytest.raises(InputError, match=re.escape(told)):
        signed(clean, reason="agreed with dewi.lestari@mail.co.id")
    assert not (clean / "signoff.json").exists()


def test_what_else_lies_in_the_folder_is_told_and_vouched_for_by_nobody(clean: Path) -> None:
    (clean / "notes.txt").write_text("dewi.lestari@mail.co.id", encoding="utf-8")
    one = "1 other file or folder lies in there: it is no part of the packet, bound by no signature and searched by nobody"
    assert one in verify(clean).notes
    (clean / "screenshots").mkdir()
    two = "2 other files or folders lie in there: they are no part of the packet, bound by no signature and searched by nobody"
    assert two in verify(clean).notes


def test_no_signature_can_be_taken_out_from_between(clean: Path) -> None:
    for role in ("media", "tracking", "data"):
        signed(clean, role)
    assert verify(clean).holds
    edit(clean / "signoff.json", lambda signoff: signoff["signatures"].pop(1))
    assert verify(clean).disagreements == ("signature of Rani Wulandari (data): the signature before it was taken out or changed",)


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "sources": lambda run: run.update(sources=5),
    "senders": lambda run: run.update(senders=None),
    "decision": lambda run: run.update(decision=[]),
    "launch.window": lambda run: run["launch"].update(window=["yesterday", None]),
    "findings[0].waived": lambda run: run["findings"][0].update(waived=5),
}


@pytest.mark.parametrize("place", DAMAGES)
def test_a_run_of_another_form_is_a_mistake_wherever_it_is_read(clean: Path, stopped: Path, place: str) -> None:
    edit(stopped / "run.json", DAMAGES[place])
    for words in (
        ("verify", stopped),
        ("sign", stopped, "--role", "media", "--name", "A", "--refuse"),
        ("diff", clean, stopped),
        ("demo", "--baseline", stopped, "--out", clean),
    ):
        result = pixel_audit(*words)
        assert result.exit_code == 2
        assert f"run.json: a run of pixel-audit that is damaged or was edited (at {place}). Run the audit again." in result.stderr


def test_half_a_character_in_a_run_is_no_json(clean: Path) -> None:
    text = (clean / "run.json").read_text(encoding="utf-8")
    (clean / "run.json").write_text(text.replace('"name": "', '"name": "\\ud83d', 1), encoding="utf-8")
    result = pixel_audit("verify", clean)
    assert result.exit_code == 2
    assert "run.json: not valid JSON" in result.stderr


@pytest.mark.parametrize("name", ["packet.html", "run.json", "findings.csv", "audit.duckdb", "packet.sha256", "signoff.json"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(clean: Path, name: str) -> None:
    (clean / name).unlink(missing_ok=True)
    os.mkfifo(clean / name)
    for words in (("verify", clean), ("sign", clean, "--role", "media", "--name", "A")):
        result = pixel_audit(*words)
        assert result.exit_code == 2
        assert f"{name}: " in result.stderr


def test_a_packet_of_evidence_without_any_time_is_read_back_too(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,currency,total\n1001,IDR,150000\n", encoding="utf-8")
    pixel_audit("run", tmp_path / "orders.csv", "--out", tmp_path / "packet", "--now", NOW)
    assert json.loads((tmp_path / "packet" / "run.json").read_text(encoding="utf-8"))["launch"]["window"] == [None, None]
    assert verify(tmp_path / "packet").holds
    assert pixel_audit("diff", tmp_path / "packet", tmp_path / "packet").exit_code == 0


def test_no_input_outside_the_folder_is_read(clean: Path, made: Path) -> None:
    edit(clean / "run.json", lambda run: run["sources"][0].update(path="../../packet/run.json"))
    evidence = made / "clean_launch" / "evidence"
    assert f"input ../../packet/run.json is not in {evidence}" in verify(clean, evidence).disagreements


@pytest.mark.parametrize("name", ["packet.html", "run.json"])
def test_a_packet_that_is_not_whole_is_signed_by_nobody(clean: Path, name: str) -> None:
    (clean / name).unlink()
    with pytest.raises(InputError, match="cannot be read"):
        signed(clean)
    assert not (clean / "signoff.json").exists()


@pytest.mark.parametrize("decision", ["STOP", "NOT_PROVEN"])
def test_accepting_what_is_no_go_needs_a_reason(stopped: Path, decision: str) -> None:
    edit(stopped / "run.json", lambda run: run.update(decision=decision))
    with pytest.raises(InputError, match="accepting it anyway needs a reason"):
        signed(stopped, reason="  ")
    assert not (stopped / "signoff.json").exists()
    signed(stopped, accept=False)
    signed(stopped, reason=REASON)
    assert any(REASON in note for note in verify(stopped).notes)


@pytest.mark.parametrize("how", ["into the folder", "as baseline"])
def test_an_accepted_stop_shows_in_the_packet_rendered_next(stopped: Path, tmp_path: Path, how: str) -> None:
    signed(stopped, reason=REASON)
    out = stopped if how == "into the folder" else tmp_path / "next"
    words: list[str | Path] = [] if how == "into the folder" else ["--baseline", stopped]
    result = pixel_audit("demo", "wrong_value", "--out", out, *words, "--now", "2026-11-21T09:00:00Z")
    flat = " ".join(result.stdout.split())
    assert f"accepted on 20 Nov 2026 although it said Stop: Rani Wulandari (media), because: {REASON}." in flat
    page = (out / "packet.html").read_text(encoding="utf-8")
    section = page[page.index('<section id="signoff"') : page.index('<section id="appendix"')]
    assert "Accepted all the same" in section
    assert REASON in section
    assert "20 Nov 2026, 20:00:00" in section


def test_a_signature_is_of_one_packet_only_until_its_role_signs_the_next(stopped: Path) -> None:
    signed(stopped, reason=REASON)
    again = pixel_audit("demo", "wrong_value", "--out", stopped, "--now", "2026-11-21T09:00:00Z")
    said = "Signed before by Rani Wulandari (media): this is a new packet, which has to be signed anew."
    assert said in " ".join(again.stdout.split())
    assert "signature of Rani Wulandari (media): packet.html changed since" in verify(stopped).disagreements
    signed(stopped, reason=REASON)
    renewed = verify(stopped)
    assert renewed.holds
    assert any("of an earlier packet" in note for note in renewed.notes)


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"schema": "pixel-audit/signoff/1", "signatures": [{"role": "media"}]}', '{"schema": "x", "signatures": []}'],
)
def test_a_damaged_signoff_is_a_mistake_that_changes_nothing(clean: Path, content: str) -> None:
    (clean / "signoff.json").write_text(content, encoding="utf-8")
    before = (clean / "packet.html").read_bytes()
    for words in (("verify", clean), ("sign", clean, "--role", "media", "--name", "A"), ("demo", "--out", clean)):
        result = pixel_audit(*words)
        assert result.exit_code == 2
        assert "signoff.json: damaged" in result.stderr
    assert (clean / "packet.html").read_bytes() == before


# ---------------------------------------------------------------------- what must not stand in a packet

SECRETS = {
    "e-mail address": [
        "dewi.lestari@mail.co.id",
        "dewi.lestari%40mail.co.id",
        "dewi%2540mail.co.id",
        "déwi@kanári.example",
        "dewi&#64;mail.id",
    ],
    "phone number": [
        "+62 812-3456-7890",
        "%2B6281234567890",
        "0812-3456-7890",
        "+62 812\u20113456\u20117890",
        "wa.me/6281234567890",
    ],
    "IP address": ["203.0.113.77", "2001:db8:77::5"],
    "access token": [
        "access_token=EAAGm0PX4ZCpsBAKZCmZBZA",
        "EAAGm0PX4ZCpsBAKZCmZBZAd8sD9f",
        '"access_token": "9f8e7d6c5b4a39281706"',
        "xoxb-1234567890-abcdef",
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "shptka_0123456789abcdef01234567",
        "github_pat_11ABCDEFG0123456789ab",
    ],
    "authorization": ["Bearer 9f8e7d6c5b4a39281706", "Authorization: Basic ZGV3aTpyYWhhc2lh"],
    "cookie": ["Cookie: session=9f8e7d6c5b4a", "fb.1.1795168800000.1098115397"],
}


def test_a_packet_of_ours_gives_nobody_away(clean: Path, stopped: Path) -> None:
    assert verify(clean).leaks == verify(stopped).leaks == ()


#: Text columns that take a spelling each.
COLUMNS = ("page_url", "items", "agent", "initiator", "answer_text", "net_error", "partner_agent", "rule")


def _planted(packet: Path, texts: list[str]) -> list[str]:
    """Where in the database each of these texts stands from now on."""
    columns = dict(zip(COLUMNS, texts, strict=False))
    assert len(columns) == len(texts)
    with duckdb.connect(str(packet / "audit.duckdb")) as con:
        planted = ", ".join(f"{column} = ?" for column in columns)
        con.execute(f"update events set {planted}", [f"https://shop.example/?x={text}" for text in columns.values()])
    return [f"audit.duckdb, events.{column}" for column in columns]


@pytest.mark.parametrize("kind", SECRETS)
def test_every_spelling_in_the_database_is_named_and_never_printed(clean: Path, kind: str) -> None:
    places = _planted(clean, SECRETS[kind])
    result = pixel_audit("verify", clean)
    assert result.exit_code == 1
    for place in places:
        assert f"must not be there: {place} holds {kind}" in result.output
    assert not [text for text in SECRETS[kind] if text in result.output]


@pytest.mark.parametrize("name", ["packet.html", "findings.csv", "attachment"])
@pytest.mark.parametrize("kind", SECRETS)
def test_what_gives_somebody_away_is_named_and_never_printed(clean: Path, name: str, kind: str) -> None:
    text = SECRETS[kind][0]
    if name == "attachment":
        content = base64.b64encode(f"note\n{text}\n".encode()).decode()
        page = (clean / "packet.html").read_text(encoding="utf-8")
        attached = f'<a href="data:text/csv;base64,{content}" download="a.csv">a.csv</a>'
        (clean / "packet.html").write_text(page.replace("</main>", f"{attached}</main>"), encoding="utf-8")
    else:
        with (clean / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n")
    result = pixel_audit("verify", clean)
    place = {"attachment": "an attachment in packet.html"}.get(name, name)
    assert result.exit_code == 1
    assert f"must not be there: {place} holds {kind}" in result.output
    assert text not in result.output


DEFINITIONS = {
    "a view": ("create view shown as select 'dewi.lestari@mail.co.id' as owner", "what duckdb_views() tells of it,"),
    "a column": ("alter table events alter column page_url set default '+62 812-3456-7890'", "what duckdb_tables() tells of it,"),
    "a comment": ("comment on column events.page_url is 'dewi.lestari@mail.co.id'", "what duckdb_columns() tells of it,"),
    "a macro": ("create macro own() as 'dewi.lestari@mail.co.id'", "what duckdb_functions() tells of it,"),
    "a type": ("create type who as enum ('dewi.lestari@mail.co.id')", "what duckdb_types() tells of it,"),
    "another schema": ("create schema x; create table x.y as select 'dewi.lestari@mail.co.id' as who", "y.who"),
    "a name": ('create table "dewi.lestari@mail.co.id" as select 1 as one', "what duckdb_tables() tells of it,"),
    "a row taken out": (
        "update events set page_url = 'x=dewi.lestari@mail.co.id'; checkpoint; update events set page_url = null",
        "among its bytes,",
    ),
}


def test_what_no_cell_holds_is_found_in_a_database_too(clean: Path) -> None:
    with duckdb.connect(str(clean / "audit.duckdb")) as con:
        for statements, _ in DEFINITIONS.values():
            con.execute(statements)
    found = verify(clean).leaks
    missed = {w for w, (_, place) in DEFINITIONS.items() if not any(t.startswith(f"audit.duckdb, {place} holds ") for t in found)}
    assert missed == {"a row taken out"}  # what a table still holds is told once
    assert not any("dewi" in told or "3456" in told for told in found)


def test_what_a_row_left_in_its_page_is_found(clean: Path) -> None:
    statements, place = DEFINITIONS["a row taken out"]
    with duckdb.connect(str(clean / "audit.duckdb")) as con:
        con.execute(statements)
    assert [told.partition(" holds ")[0] for told in verify(clean).leaks] == [f"audit.duckdb, {place}"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("dewi%40mail%2Eid", "e-mail address"), ("dewi [at] mail.id", "e-mail address"), ("dewi at mail dot id", "e-mail address"),
        ("ZGV3aUBtYWlsLmlk", "e-mail address"), ("/u/eyJ0byI6ImRld2lAbWFpbC5pZCJ9/", "e-mail address"),
        ("KzYyODEyMzQ1Njc4OTA=", "phone number"), ("62812-3456-7890", "phone number"), ("no_hp=081234567890", "phone number"),
        ("look at shop.example.com", None), ("WA-0812260001", None), ("aWQgMTIzNDU2Nzg5MDEyMw", None), ("6281234567890", None),
        ("628450.050000", None), ("4111 1111 1111 1111", "card number"), ("3782-822463-10005", "card number"),
        ("card=4111111111111111", "card number"), ("4111 1111 1111 1112", None), ("4111111111111111", None),
        ("dewi @ mail.com", "e-mail address"), ("dewi@ kanari.co.id", "e-mail address"), ("relay @ shop.example", None),
        (r"dewi\x40mail.com", "e-mail address"), ("64657769406d61696c2e636f6d", "e-mail address"),
        ("006281277000999", "phone number"), ("00628123456780", None), ("０９０－１２３４－５６７８", "phone number"),
        ("Mid-server-AbCdEf1234567890", "access token"),
    ],
)  # fmt: skip
def test_it_is_found_however_it_is_spelt(text: str, kind: str | None) -> None:
    assert [found for _, found in _found([("x", text)], frozenset())] == [kind] * (kind is not None)


def test_what_the_plan_itself_tells_of_people_is_said_when_the_packet_is_written(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,currency,total\n1001,IDR,150000\n", encoding="utf-8")
    plan = tmp_path / "audit.toml"
    said = "note: the packet holds what looks like e-mail address and phone number. It stands in the plan, in a file's name"
    for name, told in (("Black shirt", False), ("Ask dewi.lestari@mail.co.id, +62 812-3456-7890", True)):
        plan.write_text(f'[launch]\nname = "{name}"\n', encoding="utf-8")
        result = pixel_audit("run", tmp_path, "--out", tmp_path / "packet", "--now", NOW)
        assert (said in result.stderr) is told


HARMLESS = [
    "eaa1c94a7d35b3ab9e1d0c2b4f6a8d7c",
    "b4f006281234567890c",
    "Chrome/120.0.0.0",
    "0.0812345678901",
    "logo@2x.png",
    "0812345678",
]


def test_a_test_order_that_looks_like_a_telephone_number_is_masked_wherever_it_stands(tmp_path: Path) -> None:
    evidence = Path(shutil.copytree(STORIES / "wrong_value", tmp_path / "evidence"))
    for file in evidence.rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes().replace(b"261120RNDCDV", b"PO 0812-3456-789"))
    assert pixel_audit("run", evidence, "--out", tmp_path / "packet", "--now", NOW).exit_code == 1
    assert verify(tmp_path / "packet").leaks == ()
    run = json.loads((tmp_path / "packet" / "run.json").read_text(encoding="utf-8"))
    (order,) = run["launch"]["test_orders"]
    assert order.startswith("PO [phone] ")
    assert order in {row["order_id"] for row in run["findings"]}


def test_what_only_looks_like_it_is_not_named(clean: Path) -> None:
    _planted(clean, HARMLESS)
    assert verify(clean).leaks == ()


def test_owners_and_signers_may_go_by_their_address(clean: Path) -> None:
    def owned(run: dict[str, Any]) -> None:
        run["table"][0]["owner"] = "ads@shop.example"

    edit(clean / "run.json", owned)
    sign(clean, role="media", name="rani@shop.example", accept=True, reason=None, time=TIME)
    assert verify(clean).leaks == ()

"""Files that are no evidence: each is told what it is, and what to do with what it holds."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from audit import engine
from audit.errors import InputError
from audit.plan import Plan

FILES = {
    "orders.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook: save it as CSV"),
    "admin.png": (b"\x89PNG\r\n\x1a\n", "a picture: name it under [[evidence]] in audit.toml"),
    "orders.csv": (b"\xef\xbb\xbf<!DOCTYPE html><html><body>Sign in</body></html>", "a web page, perhaps a login page"),
    "orders.pdf": (b"%PDF-1.7\n", "a PDF: export the same as CSV or JSON"),
    "products_export.csv": (b"Handle,Title,Body (HTML),Vendor\nkaos,Kaos,,Toko\n", "a list of products: export the orders instead"),
    "customers.csv": (
        b"Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Total Spent\n1,Rina,W,,no,5\n",
        "a list of customers: export the orders instead",
    ),
    "payouts.csv": (
        b"Transaction Date,Type,Order,Card Brand,Payout Status,Amount\n2026-11-20,charge,#1001,visa,paid,5\n",
        "a list of payouts: export the orders instead",
    ),
    "handed.log": (
        b'{"level":30,"time":1795168800000,"request":{"_pixel_id":"1","_events":[{"_event_name":"Purchase","_user_data":{}}]}}\n',
        "what Meta's client was handed before it hashed it",
    ),
    "console.log": (
        b"2026-11-20T10:00:00.000Z {\n  url: 'https://graph.facebook.com/v23.0/1/events',\n  body: { data: [ [Object] ] }\n}\n",
        "a log of objects as Node prints them, cut short at [Object]: log JSON.stringify()",
    ),
    "pretty.log": (
        b'[10:00:00.000] INFO (7): sent\n    url: "https://graph.facebook.com/v23.0/1/events"\n    body: {\n      "data": [\n',
        "a log laid out for reading, as pino-pretty does",
    ),
    "debug.log": (
        b"send: b'POST /v23.0/1/events HTTP/1.1\\r\\nHost: graph.facebook.com\\r\\n\\r\\n'\nsend: b'{\"data\": []}'\n",
        "a dump of a connection: log address, body, status and answer",
    ),
    "audit.toml": (b"[launch]\nname = 'x'\n", "another plan: each launch is audited alone"),
    "access.log": (
        b'10.0.0.1 - - [28/Nov/2026:14:01:31 +0500] "POST /relay HTTP/1.1" 200 12 "-" "curl"\n',
        "a web server's list of visits: hand in the log of what was sent to the platforms, with bodies, instead.",
    ),
    "GTM-ABC_v3.json": (
        b'{\n    "exportFormatVersion": 2,\n    "exportTime": "2026-11-20 10:00:00"\n}',
        "a container of Tag Manager: it holds settings and nothing that was sent, leave it out.",
    ),
    "thanks.mhtml": (
        b"From: <Saved by Blink>\nMIME-Version: 1.0\nContent-Type: multipart/related;\n",
        "a saved web page: record the visit as a HAR instead.",
    ),
    "run.json": (b'{\n  "schema": "pixel-audit/run/1",\n  "decision": "GO"}', "a file of an earlier packet: leave it out"),
}


def _refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        engine.read([engine.InputFile(path, path.name, named=True)], Plan())
    return str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_kind_is_told_by_its_content(name: str, tmp_path: Path) -> None:
    content, words = FILES[name]
    (tmp_path / name).write_bytes(content)
    assert _refused(tmp_path / name).startswith(f"{name}: cannot be read as evidence; it is {words}")


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("xl/workbook.xml", "an Excel workbook: save it as CSV"),
        ("Index/Document.iwa", "a Numbers spreadsheet: save it as CSV"),
        ("content.xml", "an OpenDocument spreadsheet: save it as CSV"),
        ("word/document.xml", "a Word document: hand in the file that its rows were copied from"),
        ("raw/01_c.txt", "an archive of Fiddler: export the sessions as HAR 1.2 instead"),
        ("a.har", "a zip archive: unpack it"),
    ],
)
def test_a_zip_is_a_workbook_or_an_archive(member: str, words: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "launch.zip", "w") as packed:
        packed.writestr(member, "x")
    assert words in _refused(tmp_path / "launch.zip")


def test_in_a_folder_it_is_named_with_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "admin.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "orders.csv").write_text("order_id,created_at,currency,total\n1,2026-11-20T10:00:00Z,IDR,5\n", encoding="utf-8")
    files = [engine.InputFile(path, path.name) for path in sorted(tmp_path.iterdir())]
    assert engine.read(files, Plan()).unrecognised == ("admin.png (a picture: name it under [[evidence]] in audit.toml)",)

"""Files that are no evidence, told by their first bytes: what they are, and how what they hold can be handed in."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

_HEAD_BYTES = 65_536
_WORKBOOK = "an Excel workbook: save it as CSV"
_PICTURE = "a picture: name it under [[evidence]] in audit.toml"
_PAGE = "a web page, perhaps a login page in place of the export: export it again"
_STARTS = (
    (b"\xd0\xcf\x11\xe0", _WORKBOOK),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"%PDF", "a PDF: export the same as CSV or JSON"),
    (b"<!doctype html", _PAGE),
    (b"<html", _PAGE),
    (b"Rar!", "an archive: unpack it into the folder"),
    (b"7z\xbc\xaf", "an archive: unpack it into the folder"),
)
#: What the members of a zip begin with, where it is a document of its own.
_PACKED = (
    ("xl/", _WORKBOOK),
    ("Index/Document.iwa", "a Numbers spreadsheet: save it as CSV"),
    ("content.xml", "an OpenDocument spreadsheet: save it as CSV"),
    ("word/", "a Word document: hand in the file that its rows were copied from"),
    ("raw/", "an archive of Fiddler: export the sessions as HAR 1.2 instead"),
)
#: A line of a web server's log in the common or combined form.
_VISIT = re.compile(rb'\S+ \S+ \S+ \[[^\]]{10,40}\] "[A-Z]{3,7} \S+ HTTP/')
#: What the other exports of a shop's admin are headed with.
_LISTS = (
    (("handle,title,",), "a list of products: export the orders instead"),
    (("first name,last name,email,", "total spent"), "a list of customers: export the orders instead"),
    (("payout status",), "a list of payouts: export the orders instead"),
)
#: What a log of requests looks like that was written for a reader's eyes, or too early.
_LOGS = (
    (
        re.compile(rb'"_event_name".*"_user_data"|"_user_data".*"_event_name"', re.DOTALL),
        "what Meta's client was handed before it hashed it, with people's data in it: log event.normalize() and the answer instead",
    ),
    (
        re.compile(rb"\[Object\]"),
        "a log of objects as Node prints them, cut short at [Object]: log JSON.stringify() of what was sent and of the answer",
    ),
    (
        re.compile(rb"(?m)^ {4}(?:req|url|request|body|payload): (?:\{|\")"),
        "a log laid out for reading, as pino-pretty does: hand in the log as JSON, one object a line",
    ),
    (
        re.compile(rb"send: b['\"]POST /|http\.client"),
        "a dump of a connection: log address, body, status and answer of each request as JSON",
    ),
)


def what_is(path: Path) -> str:
    """“an Excel workbook: save it as CSV”; empty where nothing is known of such a file."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return ""
    if head.startswith(b"PK"):
        return _of_zip(path)
    if path.name == "audit.toml":
        return "another plan: each launch is audited alone, in the folder that holds its audit.toml"
    if b'"schema": "pixel-audit/run/' in head:
        return "a file of an earlier packet: leave it out"
    if b'"exportFormatVersion"' in head:
        return "a container of Tag Manager: it holds settings and nothing that was sent, leave it out"
    if _VISIT.match(head):
        return "a web server's list of visits: hand in the log of what was sent to the platforms, with bodies, instead"
    if b"\nContent-Type: multipart/related" in head:
        return "a saved web page: record the visit as a HAR instead"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    heading = text.partition(b"\n")[0].decode("utf-8", "replace").replace('"', "").replace(";", ",")
    told = next((words for marks, words in _LISTS if all(mark in heading for mark in marks)), "")
    told = told or next((words for mark, words in _LOGS if mark.search(head)), "")
    return next((words for start, words in _STARTS if head.startswith(start) or text.startswith(start)), told)


def _of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        names = []
    kinds = (words for start, words in _PACKED if any(name.startswith(start) for name in names))
    return next(kinds, "a zip archive: unpack it into the folder")

"""Looks through the files of a packet for what must never stand in one: people, and keys to their accounts.

What is found is named by kind and place, never printed. The patterns are narrow enough that a packet of ours is silent; an
attachment that travels in the packet is read too, since whoever opens the packet can read it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import duckdb

from audit.errors import InputError

_FILES = ("packet.html", "run.json", "findings.csv", "packet.sha256", "signoff.json")
_DATABASE = "audit.duckdb"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
#: Kind of secret -> how it looks, plainly or percent-encoded. Small letters make no token of Meta's: a digest may begin with eaa.
PATTERNS = {
    # From the beginning of a word only: from each of its letters a page full of long words would take its time.
    "e-mail address": re.compile(
        r"(?<![\w.%+-])[\w.%+-]+(?:[@\uff20]|%(?:25)*40|&(?:amp;)*(?:#0*64|#x0*40|commat);|\\+u0040)(?:[\w%-]{1,63}[.\uff0e])+"
        r"(?:[^\W\d_]{2,24}|xn--[a-z0-9-]+)\b",
        re.I,
    ),
    "phone number": re.compile(
        r"(?<![\w+])(?:[+\uff0b]|%2b|&#43;)[1-9\uff11-\uff19](?:[ ()./\xa0\u2000-\u2015\u202a-\u202f\u3000-]{0,2}\d){8,14}(?!\d)"
        r"|(?<![\w.+-])08[1-9]\d{0,2}[ .\xa0\u2010-\u2015-]\d{3,4}[ .\xa0\u2010-\u2015-]?\d{2,5}(?![\w-])"
        r"|\b(?:phone|tel|telp|whatsapp|wa|msisdn)(?:\.me/|[\"']?[=:][\"']?)\d{9,15}\b",
        re.I,
    ),
    "IP address": re.compile(
        rf"(?<![\w./-])(?:{_OCTET}\.){{3}}{_OCTET}(?![\w.-])"
        r"|\b(?:[23][\da-f]{3}|fe80|f[cd][\da-f]{2})(?::[\da-f]{1,4}){1,6}::[\da-f]"
    ),
    "access token": re.compile(
        r"\b(?:(?i:(?:access[_-]?token|api[_-]?key|client[_-]?secret)(?:=|%3d|\"\s*:\s*\"|&#34;:\s*&#34;)[\w|.%-]{16,})"
        r"|EAA[A-Za-z0-9]{24,}|shp(?:at|ca|pa|ss)_[0-9a-f]{16,}|[spr]k_(?:live|test)_\w{16,}|c[ks]_[0-9a-f]{32,}"
        r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}|whsec_\w{16,}"
        r"|xox[abeprs]-[\w-]{10,}|gh[opsru]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|AKIA[0-9A-Z]{16}\b|AIza[\w-]{30,}"
        r"|ya29\.[\w-]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}|sk-(?:proj|svcacct|ant)-[\w-]{16,}|1//0[\w-]{20,}"
        r"|(?:bot)?\d{6,12}:AA[\w-]{30,}|hooks\.slack\.com/services/[\w/-]{10,})|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    ),
    "authorization": re.compile(r"\bbearer\s+[\w.~+/-]{16,}|\bauthorization\b[\"']?\s*[:=]\s*[\"']?\w+\s+[\w.~+/=-]{8,}", re.I),
    "cookie": re.compile(
        r"\b(?:set-)?cookie\b[\"']?\s*[:=]\s*[\"']?[\w.-]+=[^\s;\"']{4,}|\bfb\.[0-9]\.[0-9]{10,13}\.[\w-]{6,}", re.I
    ),
}
_ATTACHED = re.compile(r"data:([a-z]+/[\w.+-]+);base64,([A-Za-z0-9+/]+=*)")
_FILE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".js", ".css", ".json", ".html")


def leaks(folder: Path) -> tuple[str, ...]:
    """What stands where in a packet's files, a sentence each; none: nothing was found.

    Raises:
        InputError: a file of the packet cannot be read.
    """
    try:
        found = _found(_texts(folder), _named_people(folder))
    except (OSError, duckdb.Error) as error:
        raise InputError(f"{folder}: cannot be searched for personal data ({error}). Run the audit again.") from error
    return tuple(f"{place} holds {kind if number == 1 else f'{kind}, {number} times'}" for (place, kind), number in found.items())


def told_by_hand(folder: Path, signed: Path) -> tuple[str, ...]:
    """Kinds of personal data on the page of a packet just written: of a log nothing gets there, of a plan's texts everything does.

    ``signed`` is the folder whose signatures the page shows.

    Raises:
        OSError: the page cannot be read.
    """
    found = _found(_page((folder / "packet.html").read_text(encoding="utf-8")), _named_people(folder) | _signers(signed))
    return tuple(dict.fromkeys(kind for _, kind in found))


def _found(texts: Iterable[tuple[str, str]], allowed: frozenset[str]) -> dict[tuple[str, str], int]:
    """How often each kind stands in each place."""
    found: dict[tuple[str, str], int] = {}
    for place, text in texts:
        for kind, pattern in PATTERNS.items():
            hits = [hit for hit in pattern.findall(text) if not _harmless(hit, allowed)]
            if hits:
                found[place, kind] = found.get((place, kind), 0) + len(hits)
    return found


def _harmless(hit: str, allowed: frozenset[str]) -> bool:
    """Owners and signers may go by their address; a file named like an address is none, and neither is what means this machine."""
    return _is_own(hit) or hit.lower() in allowed or hit.lower().endswith(_FILE_ENDINGS)


def _is_own(hit: str) -> bool:
    """Whether this is every machine's own address; a check that asks for it shows its query in the packet."""
    try:
        address = ip_address(hit)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _named_people(folder: Path) -> frozenset[str]:
    """The addresses of those who answer for something: owners in the plan, and whoever signed."""
    run: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    rows = [*run.get("table", ()), *run.get("senders", ()), *(row.get("waived") or {} for row in run.get("findings", ()))]
    owners = (str(row.get("owner") or "") for row in (*rows, *run.get("findings", ())))
    return _addresses(owners) | _signers(folder)


def _signers(folder: Path) -> frozenset[str]:
    if not (folder / "signoff.json").is_file():
        return frozenset()
    signoff = json.loads((folder / "signoff.json").read_text(encoding="utf-8"))
    return _addresses(str(entry.get("name")) for entry in signoff.get("signatures", ()))


def _addresses(names: Iterable[str]) -> frozenset[str]:
    return frozenset(hit.lower() for name in names for hit in PATTERNS["e-mail address"].findall(name))


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for name in _FILES:
        path = folder / name
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if name == "packet.html":
            yield from _page(text)
        else:
            yield name, text
    if (folder / _DATABASE).is_file():
        yield from _cells(folder / _DATABASE)


def _page(text: str) -> Iterator[tuple[str, str]]:
    for media_type, content in _ATTACHED.findall(text):
        if media_type.startswith("text/") or media_type == "application/json":
            yield "an attachment in packet.html", _decoded(content)
    yield "packet.html", _ATTACHED.sub("", text)


def _decoded(content: str) -> str:
    try:
        raw = base64.b64decode(content, validate=True)
    except binascii.Error:
        return ""
    is_wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")  # as a spreadsheet saves "Unicode text"
    return raw.decode("utf-16" if is_wide else "utf-8", errors="replace")


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    """Every text in every column of the database, each once, a batch at a time."""
    with duckdb.connect(str(path), read_only=True, config={"enable_external_access": False}) as con:
        tables = [row[0] for row in con.execute("select table_name from duckdb_tables() order by table_name").fetchall()]
        for table in tables:
            for (column,) in con.execute(f"select column_name from (describe {_name(table)})").fetchall():
                cells = f"select distinct {_name(column)}::varchar as cell from {_name(table)}"
                asked = con.execute(f"select cell from ({cells}) where cell is not null")
                while rows := asked.fetchmany(10_000):
                    yield f"{path.name}, {table}.{column}", "\n".join(row[0] for row in rows)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'

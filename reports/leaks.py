"""Looks through the files of a packet for what must never stand in one: people, and keys to their accounts.

What is found is named by kind and place, never printed. The patterns are narrow enough that a packet of ours is silent; an
attachment that travels in the packet is read too, since whoever opens the packet can read it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import duckdb

from audit.errors import InputError

_FILES = ("packet.html", "run.json", "findings.csv", "packet.sha256", "signoff.json")
_DATABASE = "audit.duckdb"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
#: What stands between the figures of a telephone number.
_GAP = r"[ ()./\xa0\xad\u2000-\u2015\u202a-\u202f\u2060\u2212\u3000\u30fc\ufeff\uff0d-]{0,2}"
#: The same between the groups of a card's.
_STEP = r"[ .+_\xa0\u2010-\u2015-]"
#: Where a blank before the @ is an address's; elsewhere it may be a sender's name (relay @ shop.example).
_PROVIDER = (
    r"(?:g(?:oogle)?mail|y(?:ahoo|mail)|hotmail|outlook|live|icloud|e?mail|proton(?:mail)?|rocketmail|gmx)"
    r"(?:\.[a-z]{2,3}){1,2}\b"
)
#: Kind of secret -> how it looks, plainly or percent-encoded. Small letters make no token of Meta's: a digest may begin with eaa.
#: Many patterns in one begin with what all of them may begin with: that alone is asked of most places.
PATTERNS = {
    # From the beginning of a word only: from each of its letters a page full of long words would take its time.
    "e-mail address": re.compile(
        r"(?<![\w.%+-])[\w.%+-]+(?:[@\uff20\ufe6b]|%(?:25)*40|&(?:amp;)*(?:#0*64|#x0*40|commat);|\\+(?:u0040|x40)"
        r"| ?[\[({<] ?at ?[\])}>]) ?"
        r"(?:[\w%-]{1,63}(?:[.\u3002\uff0e]| ?[\[({<] ?dot ?[\])}>] ?))+(?:[^\W\d_]{2,24}|xn--[a-z0-9-]+)\b"
        rf"| at [\w-]+ dot [a-z]{{2,24}}\b|[\w.%+-] {{1,2}}@ {{0,2}}{_PROVIDER}|[\w.%+-]@\[[\da-f:.]{{7,39}}\]",
        re.I,
    ),
    "phone number": re.compile(
        r"(?=[+\uff0b%&06\uff10-\uff19hmptw_])(?:"
        rf"(?<![\w+])(?:[+\uff0b]|%2b|&#43;)[1-9\uff11-\uff19](?:{_GAP}\d){{8,14}}(?!\d)"
        r"|(?<![\w.+-])08[1-9]\d{0,2}[ .\xa0\u2010-\u2015-]\d{3,4}[ .\xa0\u2010-\u2015-]?\d{2,5}(?![\w-])"
        r"|(?<![\w.+-])628[1-9]\d{1,2}[ \xa0\u2010-\u2015-]\d{3,4}[ \xa0\u2010-\u2015-]?\d{2,5}(?![\w-])"
        r"|(?<![^\W_])00628[1-9]\d{7,10}(?![^\W_])"
        r"|[\uff10-\uff19](?:[ \u2010-\u2015\u2212\u3000\u30fc\uff0d-]?[\uff10-\uff19]){7,}"
        r"|\b(?:phone|tel|telp|whatsapp|wa|msisdn)(?:\.me/|[\"']?[=:][\"']?)\d{9,15}\b"
        r"|(?:\b|_)(?:hp|handphone|ponsel|phone|telp?|telepon|whatsapp|wa|mobile)(?:[_ ]?(?:no|nr|number))?[\"' :=/.]{1,4}"
        r"(?:62|0)8[1-9]\d{7,10}\b)",
        re.I,
    ),
    "card number": re.compile(
        rf"(?=[2-6ckp])(?:(?<![^\W_])(?:[2-6]\d{{3}}(?:{_STEP}\d{{4}}){{3}}|3[47]\d\d{_STEP}\d{{6}}{_STEP}\d{{5}})(?![^\W_])"
        r"|(?:card|kartu|kredit|cc|pan)[ _-]?(?:no|nr|num|number|nomor)?\\?[\"' ]{0,2}[:=]\\?[\"' ]{0,2}[2-6]\d{14,15}(?!\d))",
        re.I,
    ),
    "IP address": re.compile(
        rf"(?<![\w./-])(?:{_OCTET}\.){{3}}{_OCTET}(?![\w.-])"
        r"|\b(?:[23][\da-f]{3}|fe80|f[cd][\da-f]{2})(?::[\da-f]{1,4}){1,6}::[\da-f]"
    ),
    "access token": re.compile(
        r"\b(?:(?i:(?:access[_-]?token|api[_-]?key|client[_-]?secret)(?:=|%3d|\"\s*:\s*\"|&#34;:\s*&#34;)[\w|.%-]{16,})"
        r"|EAA[A-Za-z0-9]{24,}|shp(?:at|ca|pa|ss|ua|tka)_[0-9a-f]{16,}|[spr]k_(?:live|test)_\w{16,}|c[ks]_[0-9a-f]{32,}"
        r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}|whsec_\w{16,}"
        r"|xox[abeprs]-[\w-]{10,}|gh[opsru]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|A[KS]IA[0-9A-Z]{16}\b|AIza[\w-]{30,}"
        r"|ya29\.[\w-]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}|sk-(?:proj|svcacct|ant)-[\w-]{16,}|1//0[\w-]{20,}"
        r"|Mid-(?:server|client)-[\w-]{8,}|(?:xnd_(?:production|development|public)|rzp_(?:live|test))_\w{8,}"
        r"|(?:bot)?\d{6,12}:AA[\w-]{30,}|hooks\.slack\.com/services/[\w/-]{10,})|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    ),
    "authorization": re.compile(r"\bbearer\s+[\w.~+/-]{16,}|\bauthorization\b[\"']?\s*[:=]\s*[\"']?\w+\s+[\w.~+/=-]{8,}", re.I),
    "cookie": re.compile(
        r"\b(?:set-)?cookie\b[\"']?\s*[:=]\s*[\"']?[\w.-]+=[^\s;\"']{4,}|\bfb\.[0-9]\.[0-9]{10,13}\.[\w-]{6,}", re.I
    ),
}
_ISSUERS = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|6(?:011|2\d\d|4[4-9]\d|5\d\d)\d{12}"
)
#: What a line has to hold before those patterns are asked that may begin with any letter or figure.
_DIGITS = re.compile(rf"\d(?:(?:{_GAP}|[+_])\d){{7}}")
_MARKS = {
    "e-mail address": re.compile(r"[@\uff20\ufe6b]|40|64|commat| at |[\[({<] ?at ?[\])}>]", re.I),
    "phone number": _DIGITS,
    "card number": _DIGITS,
    "IP address": re.compile(r"\d\.\d|::"),
}
_ATTACHED = re.compile(r"data:([a-z]+/[\w.+-]+)(?:;[\w=-]+)*;base64,([A-Za-z0-9+/]+=*)")
#: A point of a host's name as an address or a page may write it.
_POINT = re.compile(r"%(?:25)*2e|&#0*46;", re.I)
#: What may be a text in base64: that of ASCII has no signs but letters and digits, unless it holds ?, > or ~.
_ENCODED = re.compile(r"[A-Za-z0-9]{12,}")
#: What a database says of itself, each a table function of DuckDB: a name, a definition or a comment may tell of people too.
_CATALOGUES = ("tables", "views", "columns", "indexes", "sequences", "functions", "types", "schemas", "constraints", "triggers")
#: What is found among the bytes of a database, where they are no text: the page of a row that was taken out again is still there.
_IN_BYTES = {
    "e-mail address": re.compile(rb"@[A-Za-z0-9-]{2,63}(?:[.][A-Za-z0-9-]{2,63}){0,3}[.](?:com|net|org|co|id|io|me|my|sg|vn|ph)"),
    "phone number": re.compile(rb"[+]62[ .-]?8[1-9](?:[ .-]?[0-9]){7,11}"),
    "access token": re.compile(rb"EAA[A-Za-z0-9]{24,}|sk_live_[A-Za-z0-9]{16,}|shp(?:at|ca|pa|ss)_[0-9a-f]{16,}"),
}
_NAME_BEFORE = re.compile(rb"[A-Za-z0-9._%+-]{3,64}\Z")
_FILE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".js", ".css", ".json", ".html")


def leaks(folder: Path) -> tuple[str, ...]:
    """What stands where in a packet's files, a sentence each; none: nothing was found.

    Raises:
        InputError: a file of the packet cannot be read.
    """
    try:
        allowed = _named_people(folder)
        found = _found(_texts(folder), allowed)
        if (folder / _DATABASE).is_file():
            known = {kind for place, kind in found if place.startswith(_DATABASE)}
            found |= {key: n for key, n in _found(_bytes(folder / _DATABASE, allowed), allowed).items() if key[1] not in known}
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


def kinds_in(text: str) -> tuple[str, ...]:
    """Kinds of personal data and keys in a text that somebody wrote by hand."""
    return tuple(kind for _, kind in _found([("", text)], frozenset()))


def _found(texts: Iterable[tuple[str, str]], allowed: frozenset[str]) -> dict[tuple[str, str], int]:
    """How often each kind stands in each place."""
    found: dict[tuple[str, str], int] = {}
    for place, plain in texts:
        text = "\n".join((_POINT.sub(".", plain), *_encoded(plain)))
        lines = text.split("\n")
        marked = {mark: "\n".join(filter(mark.search, lines)) for mark in set(_MARKS.values())}
        for kind, pattern in PATTERNS.items():
            asked = marked[_MARKS[kind]] if kind in _MARKS else text
            hits = [hit for hit in pattern.findall(asked) if not _harmless(hit, allowed) and _SURE.get(kind, bool)(hit)]
            if hits:
                found[place, kind] = found.get((place, kind), 0) + len(hits)
    return found


def _encoded(text: str) -> Iterator[str]:
    """What stands in it in base64, or in hexadecimal figures."""
    for word in set(_ENCODED.findall(text)):
        for decode in (_of_base64, bytes.fromhex):
            with suppress(ValueError):
                found = decode(word).decode("ascii")
                if " ".join(found.split()).isprintable():
                    yield found


def _of_base64(word: str) -> bytes:
    return base64.b64decode(word + "=" * (-len(word) % 4))


def _is_card(hit: str) -> bool:
    """Whether it begins as an issuer's does and ends in the check figure of Luhn."""
    digits = re.sub(r"\D", "", hit)
    sums = sum(sum(divmod(int(digit) * (1 + n % 2), 10)) for n, digit in enumerate(reversed(digits)))
    return sums % 10 == 0 and _ISSUERS.fullmatch(digits) is not None


def _is_no_article(hit: str) -> bool:
    """An article's number (GTIN) is filled up with zeros to fourteen figures, and has a check figure too."""
    if not hit.startswith("00") or len(hit) > 14:
        return True
    return sum(int(digit) * (1 + n % 2 * 2) for n, digit in enumerate(reversed(hit))) % 10 != 0


#: What has to hold of a hit besides its looks.
_SURE: dict[str, Callable[[str], bool]] = {"card number": _is_card, "phone number": _is_no_article}


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
        yield from _database(folder / _DATABASE)


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


def _database(path: Path) -> Iterator[tuple[str, str]]:
    """Every text in every column of the database, each once, a batch at a time; then how its tables and views are defined."""
    with duckdb.connect(str(path), read_only=True, config={"enable_external_access": False}) as con:
        columns = con.execute(
            """
            select c.schema_name, c.table_name, c.column_name
            from duckdb_columns() c
            join duckdb_tables() t on t.table_oid = c.table_oid and t.database_name = c.database_name
            where c.database_name = current_database()
            order by all
            """
        ).fetchall()
        for schema, table, column in columns:
            cells = f"select distinct {_name(column)}::varchar as cell from {_name(schema)}.{_name(table)}"
            asked = con.execute(f"select cell from ({cells}) where cell is not null")
            place = f"{table}.{column}" if re.fullmatch("[a-z0-9_]+[.][a-z0-9_]+", f"{table}.{column}") else "a column"
            while rows := asked.fetchmany(10_000):
                yield f"{path.name}, {place}", "\n".join(row[0] for row in rows)
        for catalogue in _CATALOGUES:
            asked = con.execute(f"select c::varchar from duckdb_{catalogue}() c where c.database_name = current_database()")
            yield f"{path.name}, what duckdb_{catalogue}() tells of it,", "\n".join(row[0] for row in asked.fetchall())


def _bytes(path: Path, allowed: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What stands in the pages of the database, whether or not a table still holds it; one text follows another without a mark."""
    hits: list[str] = []
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        for kind, pattern in _IN_BYTES.items():
            for found in pattern.finditer(data):
                name = _NAME_BEFORE.search(data[max(0, found.start() - 64) : found.start()]) if kind == "e-mail address" else None
                hit = ((name[0] if name else b"") + found[0]).decode("ascii")
                if (name or kind != "e-mail address") and not hit.lower().endswith(tuple(allowed)):
                    hits.append(hit)
    yield f"{path.name}, among its bytes,", "\n".join(hits)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'

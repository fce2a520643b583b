"""Personal data and keys planted in every field of every kind of file, one place at a time, and looked for in everything written.

A file is copied row by row, each copy with one place changed: a value, a part of an address or of a form, a name of a key or of a
column. Every canary has a mark that stands nowhere else, so a mark in an output is a leak, and its number says of what place.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

#: Kind of canary -> how the one of that number is written, and the mark that must stand nowhere.
KINDS: dict[str, tuple[Callable[[int], str], str]] = {
    "e-mail": (lambda n: f"qzxmail{n}@kanari.example", r"qzxmail(\d+)"),
    "encoded e-mail": (lambda n: f"qzxmeil{n}%2540kanari.example", r"qzxmeil(\d+)"),
    "e-mail of no ASCII": (lambda n: f"qzxmél{n}@kanári.example", r"qzxm(?:é|%C3%A9|\\u00e9)l(\d+)"),
    "e-mail as markup": (lambda n: f"qzxmarked{n}&#64;kanari.example", r"qzxmarked(\d+)"),
    "e-mail in base64": (lambda n: b64encode(f"qzx{n:06d}@kanari.com".encode()).decode(), r"cXp4([A-Za-z0-9]{8})"),
    "e-mail for people alone": (lambda n: f"qzxspelt{n} [at] kanari.example", r"qzxspelt(\d+)"),
    "e-mail between blanks": (lambda n: f"qzxblank{n} @ mail.com", r"qzxblank(\d+)"),
    "e-mail in figures": (lambda n: f"qzx{n:06d}@kanari.com".encode().hex(), r"717a78([0-9a-f]{12})"),
    "card": (lambda n: _card(f"411177{n:09d}"), r"411177(\d{9})"),
    "phone": (lambda n: f"+62 812-7700-{n:06d}", r"8127700(\d{6})"),
    "phone at home": (lambda n: f"0813-7700-{n:05d}", r"8137700(\d{5})"),
    "phone of a phone book": (lambda n: f"+62\u00a0814\u20117700\u2011{n:06d}", r"814.7700.(\d{6})"),
    "phone without its plus": (lambda n: f"62815-7700-{n:05d}", r"8157700(\d{5})"),
    "phone behind its name": (lambda n: f"no hp 081677{n:06d}", r"81677(\d{6})"),
    "phone from abroad": (lambda n: f"call 0062817770{n:05d}1", r"817770(\d{5})1"),
    "IP": (lambda n: f"203.0.{n // 250}.{n % 250}", r"203\.0\.(\d+\.\d+)"),
    "IPv6": (lambda n: f"2001:db8:77::{n:x}", r"2001:db8:77::([0-9a-f]+)"),
    "cookie": (lambda n: f"Cookie: PHPSESSID=qzxcook{n}abcdef", r"qzxcook(\d+)"),
    "cookie in JSON": (lambda n: f'{{"cookie": "jar=qzxjar{n}abc"}}', r"qzxjar(\d+)"),
    "token": (lambda n: f"EAAqzxtok{n}ABCDEFGHIJKLMN", r"qzxtok(\d+)"),
    "API key": (lambda n: f"sk_live_qzxkey{n}ABCDEFGHIJKLMN", r"qzxkey(\d+)"),
    "named key": (lambda n: f"api_key=qzxnamed{n}ABCDEFGH", r"qzxnamed(\d+)"),
    "authorization": (lambda n: f"Authorization: Bearer qzxauth{n}abcdefghijkl", r"qzxauth(\d+)"),
    "authorization of another kind": (lambda n: f"Authorization: Token qzxother{n}abcdef", r"qzxother(\d+)"),
    "key in JSON": (lambda n: f'{{\\"access_token\\": \\"qzxjson{n}abcdef\\"}}', r"qzxjson(\d+)"),
    "key between spaces": (lambda n: f"api_key = qzxspaced{n}abcdef", r"qzxspaced(\d+)"),
    "key of another service": (lambda n: f"github_pat_qzxhub{n}ABCDEFGHIJKLMNOPQ", r"qzxhub(\d+)"),
    "key of a guest": (lambda n: f"ASIA{n:08d}QZXGUEST", r"ASIA(\d{8})QZXGUEST"),
    "key of a theme": (lambda n: f"shptka_qzxtheme{n}abcdef", r"qzxtheme(\d+)"),
    "password": (lambda n: f"user_password=qzxpass{n}", r"qzxpass(\d+)"),
    "name": (lambda n: f"Qzxdewi{n} Kusumawardhani", r"qzxdewi(\d+)"),
    "address": (lambda n: f"Jl. Qzxmelati{n} No. 17 RT 05", r"qzxmelati(\d+)"),
}


def _card(figures: str) -> str:
    """A card's number in groups; its last figure is checked by all others."""
    sums = sum(sum(divmod(int(figure) * (2 - n % 2), 10)) for n, figure in enumerate(reversed(figures)))
    return "-".join(re.findall("....", f"{figures}{-sums % 10}"))


@dataclass(frozen=True)
class Planted:
    """A file with its canaries, and where each of them stands."""

    text: str
    places: tuple[str, ...]  # by number, from ``first`` on


class _Planter:
    def __init__(self, write: Callable[[int], str], first: int) -> None:
        self.write = write
        self.first = first
        self.places: list[str] = []

    def __call__(self, place: str) -> str:
        self.places.append(place)
        return self.write(self.first + len(self.places) - 1)


def plant(name: str, text: str, write: Callable[[int], str], first: int) -> Planted:
    """The file with a canary in each of its places; ``first`` is the number of the first."""
    planter = _Planter(write, first)
    text = text.removeprefix("\ufeff")
    if name.endswith((".csv", ".tab")):
        planted = _table(text, planter)
    elif name.endswith(".txt"):
        planted = _lines(text, planter)
    elif name.endswith(".har") or text.lstrip()[:1] not in "[{":
        planted = _document(json.loads(text), planter)
    else:
        planted = _documents(text, planter)
    return Planted(planted, tuple(planter.places))


def _lines(text: str, planter: _Planter) -> str:
    """JSON within a line, in the first line or below others that tell the same request; else a file of JSON like the others."""
    try:
        return _documents(text, planter)
    except json.JSONDecodeError:
        before, found, rest = text.partition('{"')
        if not found:
            return _printed(text, planter)
        row, end = json.JSONDecoder().raw_decode(found + rest)
        behind = rest[end - len(found) :].rstrip("\n")
        after = behind if "\n" in before else behind.partition("\n")[0]
        return text + "".join(f"{before}{json.dumps(copy)}{after}\n" for copy in _copies(row, "", planter))


def _printed(text: str, planter: _Planter) -> str:
    """A line in which Python printed what it sent."""
    before, found, rest = text.partition("{'")
    printed = re.sub(r"Decimal\('([0-9.]+)'\)", r"\1", found + rest)
    body, behind = next(
        (ast.literal_eval(printed[:end]), printed[end:].partition("\n")[0])
        for end in (place.end() for place in re.finditer("}", printed))
        if printed[:end].count("{") == printed[:end].count("}")
    )
    return text + "".join(f"{before}{copy!r}{behind}\n" for copy in _copies(body, "", planter))


def _documents(text: str, planter: _Planter) -> str:
    try:
        return _document(json.loads(text), planter)
    except json.JSONDecodeError:
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        return "".join(json.dumps(row) + "\n" for row in _copies(rows[0], "", planter)) + text


def _document(document: Any, planter: _Planter) -> str:
    """Lists of rows grow by the copies; around them each place is changed once."""
    if isinstance(document, dict) and "log" in document:
        log = document["log"]
        entries = [copy for n, entry in enumerate(log["entries"][:3]) for copy in _copies(entry, f"entries[{n}]", planter)]
        pages = [copy for page in log.get("pages", ())[:1] for copy in _copies(page, "pages[0]", planter)]
        log |= {"entries": log["entries"] + entries} | ({"pages": log["pages"] + pages} if pages else {})
        return json.dumps(document)
    if isinstance(document, list):
        return json.dumps(document + _copies(document[0], "[0]", planter))
    for key, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            document = document | {key: value + _copies(value[0], f"{key}[0]", planter)}
            return json.dumps(document)
    if "order" in document:
        return json.dumps([document["order"], *_copies(document["order"], "order", planter)])
    return "".join(json.dumps(row) + "\n" for row in (document, *_copies(document, "", planter)))


def _copies(row: Any, where: str, planter: _Planter) -> list[Any]:
    """The row once for each of its places, that place changed."""
    made = []
    for place, put in _places(row, where):
        copy = deepcopy(row)
        made.append(put(copy, planter(place)))
    return made


_Put = Callable[[Any, str], Any]


def _places(value: Any, where: str) -> Iterator[tuple[str, _Put]]:
    if isinstance(value, dict):
        yield f"{where}.?", lambda whole, canary: {**whole, canary: "x", "note": canary}
        for key, inner in value.items():
            for place, put in _places(inner, f"{where}.{key}"):
                yield place, _under_key(key, put)
        return
    if isinstance(value, list):
        for n, inner in enumerate(value[:2]):
            for place, put in _places(inner, f"{where}[{n}]"):
                yield place, _at(n, put)
        return
    yield where, lambda _, canary: canary
    if not isinstance(value, str) or not value:
        return
    yield f"{where} (behind)", lambda whole, canary: f"{whole} {canary}"
    if value[:1] in "{[":
        try:
            inner = json.loads(value)
        except json.JSONDecodeError:
            return
        for place, put in _places(inner, f"{where}→"):
            yield place, _in_text(put)
    elif "=" in value:
        yield from _parameters(value, where)
    elif value.startswith("http"):
        yield f"{where}/path", lambda whole, canary: f"{whole.rstrip('/')}/{quote(canary)}"
        yield f"{where}/plain path", lambda whole, canary: f"{whole.rstrip('/')}/{canary}"


def _under_key(key: str, put: _Put) -> _Put:
    return lambda whole, canary: {**whole, key: put(whole[key], canary)}


def _at(n: int, put: _Put) -> _Put:
    return lambda whole, canary: [*whole[:n], put(whole[n], canary), *whole[n + 1 :]]


def _in_text(put: _Put) -> _Put:
    return lambda whole, canary: json.dumps(put(json.loads(whole), canary))


def _parameters(value: str, where: str) -> Iterator[tuple[str, _Put]]:
    """An address with a query, or a form: each parameter's value, and some more; JSON in a parameter is left to the others."""
    head, mark, query = value.partition("?") if value.startswith("http") else ("", "", value)
    parts = query.split("&")
    if head:
        yield f"{where}/path", lambda _, canary: f"{head}/{quote(canary)}{mark}{query}"
    for n, part in enumerate(parts):
        name = part.partition("=")[0]
        yield f"{where}?{name}", _joined(f"{head}{mark}", parts[:n], name, parts[n + 1 :])
    for name in ("utm_source", "order", "fbclid", "ttclid", "click_id", "dl", "cd[note]", "note"):
        yield f"{where}?+{name}", _joined(f"{head}{mark}", parts, name, [])
    within = "https://shop.example.com/a?utm_source="
    yield f"{where}?+dl?", lambda _, canary: f"{head}{mark}{query}&dl={quote(within + quote(canary), safe='')}"


def _joined(head: str, before: list[str], name: str, behind: list[str]) -> _Put:
    return lambda _, canary: head + "&".join([*before, f"{name}={quote(canary)}", *behind])


def _table(text: str, planter: _Planter) -> str:
    delimiter = "\t" if "\t" in text.splitlines()[0] else ";" if text.splitlines()[0].count(";") > 2 else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    head = max(range(min(len(rows) - 1, 12)), key=lambda n: (len(rows[n]), -n))
    header, first = rows[head], rows[head + 1]
    made = []
    for n, name in enumerate(header):
        cells = first + [""] * (len(header) - len(first))
        made.append([*cells[:n], planter(name), *cells[n + 1 :]])
        made.append([*cells[:n], f"{cells[n]} {planter(f'{name} (behind)')}", *cells[n + 1 :]])
    rows[head] = [*header, planter("a column's name")]
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator="\n").writerows([*rows, *made])
    return written.getvalue()

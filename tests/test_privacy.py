"""What the model takes for personal data, a secret or a refusal, and what only looks like it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from audit import engine
from audit.plan import Plan

PIXEL = "https://www.facebook.com/tr/?id=4907283615028341&it=1795168800000&v=2.9.203&"
SHOP = "https://shop.example.com/"
GOOGLE = "https://www.google-analytics.com/g/collect?v=2&tid=G-4KD82MF7Q0&en=page_view&gcs="
CAPI = "https://graph.facebook.com/v23.0/4907283615028341/events"


def _entry(second: int, url: str, mime: str = "text/plain") -> dict[str, Any]:
    return {
        "startedDateTime": f"2026-11-20T10:00:{second:02d}.000Z", "time": 5, "pageref": "page_1",
        "request": {"method": "GET", "url": url, "headers": []},
        "response": {"status": 200, "content": {"mimeType": mime}},
    }  # fmt: skip


def _hit(second: int, name: str, page: str = SHOP, more: str = "") -> dict[str, Any]:
    return _entry(second, f"{PIXEL}ev={name}&ts={1795168800000 + second * 1000}&dl={quote(page, safe='')}{more}")


def _capture(folder: Path, *entries: dict[str, Any], phone: str = "") -> engine.Audit:
    files = [folder / "a.har"]
    log = {"version": "1.2", "entries": [_entry(0, SHOP, "text/html"), *entries]}
    files[0].write_text(json.dumps({"log": log}), encoding="utf-8")
    if phone:
        files.append(folder / "orders.csv")
        table = f"order_id,created_at,currency,total,phone\n1001,2026-11-20T10:00:09Z,IDR,150000,{phone}\n"
        files[1].write_text(table, encoding="utf-8")
    return engine.run([engine.InputFile(path, path.name, named=True) for path in files], Plan())


def _ask(audit: engine.Audit, what: str) -> list[tuple[Any, ...]]:
    return audit.con.execute(f"select event_name, {what} from events order by event_key").fetchall()


def _told(text: str, macro: str) -> object:
    row = engine.connect().execute(f"select {macro}(?)", [text]).fetchone()
    return row[0] if row else None


def test_consent_is_the_last_word_of_the_page_before_the_event(tmp_path: Path) -> None:
    audit = _capture(
        tmp_path, _entry(1, f"{GOOGLE}G100"), _hit(2, "PageView"), _entry(20, f"{GOOGLE}G110"), _hit(30, "ViewContent")
    )
    assert _ask(audit, "consent") == [("PageView", "denied"), ("ViewContent", "granted")]


def test_a_yes_reported_just_after_the_event_takes_the_no_back(tmp_path: Path) -> None:
    audit = _capture(tmp_path, _entry(1, f"{GOOGLE}G100"), _hit(2, "PageView"), _entry(3, f"{GOOGLE}G111"))
    assert _ask(audit, "consent") == [("PageView", None)]


def test_an_order_s_own_phone_is_personal_under_any_name(tmp_path: Path) -> None:
    audit = _capture(
        tmp_path,
        _hit(1, "PageView", f"{SHOP}thanks/081234567890"),
        _hit(2, "ViewContent", f"{SHOP}goods/081234567891"),
        _hit(3, "Purchase", SHOP, "&cd[note]=081234567890"),
        phone="081234567890",
    )
    assert _ask(audit, "personal_in_url, personal_in_params") == [
        ("PageView", "phone in the page URL", None),
        ("ViewContent", None, None),
        ("Purchase", None, "phone"),
    ]


@pytest.mark.parametrize("text", ["jo@mail.co.id", "a=jo%40mail.com", "jo@site.com/index.html", "jo@php.net"])
def test_an_address_is_found(text: str) -> None:
    assert _told(text, "has_email") is True


@pytest.mark.parametrize("text", ["logo@2x.png", "img=logo@2x.png&e=1", "jquery@3.7.min.js", "https://s.com/@name/2"])
def test_a_file_name_is_no_address(text: str) -> None:
    assert _told(text, "has_email") is False


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("jo@mail.com", True),
        ("+628123456789", True),
        ("***", False),
        ("j***@mail.com", False),
        ("[redacted]", False),
        ("a" * 64, False),
    ],
)
def test_what_a_log_blotted_out_is_not_called_plain_text(text: str, plain: bool) -> None:
    assert _told(text, "plain_text") is plain


@pytest.mark.parametrize(
    ("query", "secret"),
    [("access_token=EAAGm0PX4ZCpsBA", True), ("access_token=[redacted]", False), ("access_token=********", False)],
)
def test_a_blotted_out_token_is_no_secret(tmp_path: Path, query: str, secret: bool) -> None:
    event = {"event_name": "Purchase", "event_time": 1795168800, "user_data": {}, "custom_data": {}}
    row = {"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": f"{CAPI}?{query}", "body": {"data": [event]}, "status": 200}
    path = tmp_path / "server.ndjson"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    audit = engine.run([engine.InputFile(path, path.name, named=True)], Plan())
    assert _ask(audit, "has_secret") == [("Purchase", secret)]


def test_a_currency_and_a_consent_are_a_code_and_a_yes_or_no_whatever_a_log_put_there(tmp_path: Path) -> None:
    log = tmp_path / "pixel.ndjson"
    row = {"ts": "2026-11-20T10:00:00Z", "platform": "meta", "pixel_id": "1", "event": "Purchase", "consent": "ask jo@mail.com",
           "params": {"value": 1, "currency": "jonathan.smith@mail.example.com"}}  # fmt: skip
    log.write_text(json.dumps(row) + "\n", encoding="utf-8")
    audit = engine.run([engine.InputFile(log, log.name, named=True)], Plan())
    assert _ask(audit, "currency, currency_sent, consent") == [("Purchase", "[EMAIL]", "[email]", None)]


@pytest.mark.parametrize(
    ("sent", "first", "plain"),
    [
        ("[]", None, False), ("[null]", None, False),
        (f'["{"a" * 64}",null]', "a" * 64, False), (f'[null,"{"a" * 64}"]', "a" * 64, False),
        ('["jo@mail.com",null]', "jo@mail.com", True), ("", None, False), ("jo@mail.com", "jo@mail.com", True),
    ],
)  # fmt: skip
def test_a_nothing_in_a_list_is_nobody_s_data(sent: str, first: str | None, plain: bool) -> None:
    con = engine.connect()
    assert con.execute("select first_of($t), is_plain($t)", {"t": sent}).fetchone() == (first, plain)

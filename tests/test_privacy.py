"""What the model takes for personal data, a secret or a refusal, and what only looks like it."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from audit import engine
from audit.plan import Plan, Sender, Waiver
from tests.sharing import words

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


def _capture(folder: Path, *entries: dict[str, Any], phone: str = "", order: str = "1001") -> engine.Read:
    files = [folder / "a.har"]
    log = {"version": "1.2", "entries": [_entry(0, SHOP, "text/html"), *entries]}
    files[0].write_text(json.dumps({"log": log}), encoding="utf-8")
    if phone:
        files.append(folder / "orders.csv")
        table = f"order_id,created_at,currency,total,phone\n{order},2026-11-20T10:00:09Z,IDR,150000,{phone}\n"
        files[1].write_text(table, encoding="utf-8")
    return engine.read([engine.InputFile(path, path.name, named=True) for path in files], Plan())


def _ask(audit: engine.Read | engine.Audit, what: str) -> list[tuple[Any, ...]]:
    return audit.con.execute(f"select event_name, {what} from events order by event_key").fetchall()


def _told(text: object, macro: str) -> object:
    row = words().execute(f"select {macro}(?)", [text]).fetchone()
    return row[0] if row else None


def test_consent_is_the_last_word_of_the_page_before_the_event(tmp_path: Path) -> None:
    audit = _capture(
        tmp_path, _entry(1, f"{GOOGLE}G100"), _hit(2, "PageView"), _entry(20, f"{GOOGLE}G110"), _hit(30, "ViewContent")
    )
    assert _ask(audit, "consent") == [("PageView", "denied"), ("ViewContent", "granted")]


def test_a_yes_reported_just_after_the_event_takes_the_no_back(tmp_path: Path) -> None:
    audit = _capture(tmp_path, _entry(1, f"{GOOGLE}G100"), _hit(2, "PageView"), _entry(3, f"{GOOGLE}G111"))
    assert _ask(audit, "consent") == [("PageView", None)]


@pytest.mark.parametrize(
    ("said", "page", "consent"),
    [
        ("G100", f"{SHOP}checkout/order-received/1001/", "denied"),
        ("G111", f"{SHOP}checkout/order-received/1001/", None),
        ("G100", f"{SHOP}goods/1001/", None),
        ("G100", f"{SHOP}checkout/order-received/1002/", None),
    ],
    ids=["refused on the order's page", "granted there", "refused on another page", "refused on another order's page"],
)
def test_a_refusal_on_the_page_of_an_order_holds_for_its_server_purchase(
    said: str, page: str, consent: str | None, tmp_path: Path
) -> None:
    event = {"event_name": "Purchase", "event_time": 1795168809, "user_data": {}, "custom_data": {"order_id": "1001"}}
    row = {"ts": "2026-11-20T10:00:09Z", "method": "POST", "url": CAPI, "body": {"data": [event]}, "status": 200}
    entries = [_entry(0, SHOP, "text/html"), _entry(5, f"{GOOGLE}{said}&dl={quote(page, safe='')}")]
    contents = {
        "a.har": json.dumps({"log": {"version": "1.2", "entries": entries}}),
        "server.ndjson": json.dumps(row) + "\n",
        "orders.csv": "order_id,created_at,currency,total\n1001,2026-11-20T10:00:08Z,IDR,1\n1002,2026-11-20T10:00:09Z,IDR,1\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    audit = engine.read([engine.InputFile(tmp_path / name, name, named=True) for name in contents], Plan())
    assert _ask(audit, "consent") == [("Purchase", consent)]


@pytest.mark.parametrize(
    ("query", "body", "later", "refused"),
    [
        ("G100&en=purchase&ep.transaction_id=1001", None, None, ["1001"]),
        ("G100&en=purchase&epn.transaction_id=%231001", None, None, ["1001"]),
        ("G100", "en=page_view\r\nen=purchase&ep.transaction_id=1001&epn.value=1", None, ["1001"]),
        ("G100&en=purchase&ep.transaction_id=1001", None, "G111", []),
        ("G111&en=purchase&ep.transaction_id=1001", None, None, []),
        ("G100&en=purchase&ep.transaction_id=11001", None, None, []),
    ],
    ids=["in the address", "as a number, with a mark", "in a line of a batch", "a yes followed", "granted", "another order"],
)
def test_a_refusal_holds_for_the_order_that_the_hit_itself_names(
    query: str, body: str | None, later: str | None, refused: list[str], tmp_path: Path
) -> None:
    hit = _entry(5, f"{GOOGLE}{query}&dl={quote(SHOP, safe='')}")
    if body is not None:
        hit["request"] |= {"method": "POST", "postData": {"mimeType": "text/plain", "text": body}}
    more = [_entry(9, f"{GOOGLE}{later}")] if later else []
    audit = _capture(tmp_path, hit, *more, phone="+628121234567")
    assert [order for (order,) in audit.con.execute("select order_id from refused_orders").fetchall()] == refused


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


def test_an_order_s_own_phone_in_an_event_id_is_personal_and_shown_nowhere(tmp_path: Path) -> None:
    ids = ("lead-6281234567890-1", "lead-081234567890-1", "lead-6281234567891-1", "order-1795168800000")
    hits = [_hit(n, "Purchase", SHOP, f"&eid={eid}") for n, eid in enumerate(ids)]
    audit = _capture(tmp_path, *hits, phone="081234567890")
    found = audit.con.execute("select event_id, personal_in_params from events order by event_key").fetchall()
    assert [told for _, told in found] == [*["phone in the event id"] * 2, None, None]
    assert re.fullmatch(r"lead-\[phone [0-9a-f]{6}\]-1", found[0][0])
    assert found[0][0] != found[1][0]
    assert [event_id for event_id, _ in found[2:]] == list(ids[2:])


def test_an_order_that_is_numbered_by_telephone_keeps_its_number(tmp_path: Path) -> None:
    audit = _capture(tmp_path, _hit(1, "Purchase", SHOP, "&eid=081234567890-Purchase"), phone="081234567890", order="081234567890")
    assert _ask(audit, "event_id, personal_in_params") == [("Purchase", "081234567890-Purchase", None)]


def test_a_plan_finds_an_order_whose_number_looks_like_a_telephone_s(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "order_id,created_at,currency,total\nPO 0812-3456-789,2026-11-20T10:00:09Z,IDR,1\n1002,2026-11-20T10:00:09Z,IDR,1\n"
    )
    waiver = Waiver("missing_step", "seen by hand", "data", date(2027, 1, 1), subject="PO 0812-3456-789")
    plan = Plan(test_orders=("#PO 0812-3456-789",), waivers=(waiver,))
    audit = engine.run([engine.InputFile(orders, orders.name, named=True)], plan, now=datetime(2026, 11, 21))
    assert audit.con.execute("select is_named, order_id = '1002' from orders order by 2").fetchall() == [
        (True, False),
        (False, True),
    ]
    subjects = "select distinct w.subject = o.order_id from plan_waivers w, orders o where o.is_named"
    assert audit.con.execute(subjects).fetchall() == [(True,)]


def _sent(folder: Path, *events: dict[str, Any]) -> list[str | None]:
    """What of each server event is called plain text or personal, where an order has a telephone number."""
    made = {"event_name": "Purchase", "event_time": 1795168809, "user_data": {}}
    row = {"method": "POST", "url": CAPI, "status": 200}
    rows = [row | {"ts": f"2026-11-20T10:00:{n:02d}Z", "body": {"data": [made | told]}} for n, told in enumerate(events)]
    contents = {
        "server.ndjson": "".join(json.dumps(row) + "\n" for row in rows),
        "orders.csv": "order_id,created_at,currency,total,phone\n{order},2026-11-20T10:00:08Z,IDR,1,+62 812-3456-7890\n",
    }
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    audit = engine.read([engine.InputFile(folder / name, name, named=True) for name in contents], Plan())
    assert not any("mail.com" in str(row) or "81234567" in str(row) for row in audit.con.execute("from events").fetchall())
    return [plain or personal for _, plain, personal in _ask(audit, "plain_keys, personal_in_params")]


def test_a_customer_id_that_is_an_address_or_a_phone_number_is_plain_text(tmp_path: Path) -> None:
    plain = {
        "jo@mail.com": "external_id",
        ("jo@mail.com",): "external_id",
        "+62 812-0000-0001": "external_id",
        ("+6281200000001",): "external_id",
        "6281234567890": "external_id",
        "6281200000001": None,
        "gid://shopify/Customer/6281200000001": None,
        "cust_8821": None,
        "j***@mail.com": None,
        "a" * 64: None,
    }
    assert _sent(tmp_path, *({"user_data": {"external_id": told}} for told in plain)) == list(plain.values())


def test_an_address_in_an_event_id_is_personal_the_name_of_a_message_is_not(tmp_path: Path) -> None:
    personal = {
        "jo@mail.com-1001": "email in the event id",
        "Purchase_jo%40mail.com": "email in the event id",
        "550e8400-e29b-41d4-a716-446655440000@shop.example": None,
        "1001@shop.example": None,
        "Purchase@1001": None,
    }
    assert _sent(tmp_path, *({"event_id": told} for told in personal)) == list(personal.values())


@pytest.mark.parametrize("text", ["jo@mail.co.id", "a=jo%40mail.com", "jo@site.com/index.html", "jo@php.net"])
def test_an_address_is_found(text: str) -> None:
    assert _told(text, "has_email") is True


@pytest.mark.parametrize("text", ["logo@2x.png", "img=logo@2x.png&e=1", "jquery@3.7.min.js", "https://s.com/@name/2"])
def test_a_file_name_is_no_address(text: str) -> None:
    assert _told(text, "has_email") is False


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("phone=6281234567890", True), ("no_hp=081234567890", True), ("notelp=081234567890", True), ("telepon=081234567890", True),
        ("nowa=6281234567890", True), ("handphone=081234567890", True), ("telefono=%2b34911234567", True),
        ("telefon=03012345678", True), ("celular=11987654321", True), ('"customer_cellphone":"5551234567"', True),
        ("hotel=81234567890", False), ("phone_case=6281234567890", False), ("telepon=Jakarta", False), ("id=6281234567890", False),
    ],
)  # fmt: skip
def test_a_phone_is_known_by_the_name_of_its_field(text: str, phone: bool) -> None:
    assert _told(text, "has_phone_field") is phone


@pytest.mark.parametrize(
    ("text", "is_personal"),
    [
        ("contact_email=support@shop.example.com", False),
        ("contact_email=support%40shop.example.com&x=1", False),
        ("mailto:Shop@Example.com", False),
        ("help@mail.shop.example.com", False),
        ("help@brand.test", False),
        ('{"description":"Ask shop@brand.test or support@example.com"}', False),
        ("support@shop.example.com jane@mail.test", True),
        ("jane@mail.test", True),
        ("support@shop.example.com.mail.test", True),
        ("jane@notexample.com", True),
        ("?email=tester@shop.example.com", True),
        ('{"customer_email":"tester@brand.test"}', True),
        ("cd[email]=tester@example.com", True),
        ("no address", False),
    ],
)
def test_the_shops_own_address_is_nobodys(text: str, is_personal: bool) -> None:
    con = words()
    con.execute("set variable own_domains = 'brand.test|other.test'")
    found = con.execute("select has_customer_email(?, 'shop.example.com')", [text]).fetchone()
    con.execute("set variable own_domains = ''")
    assert found == (is_personal,)


def test_a_page_nobody_knows_owns_no_address() -> None:
    assert words().execute("select has_customer_email('support@shop.example.com', null)").fetchone() == (True,)


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
    audit = engine.read([engine.InputFile(path, path.name, named=True)], Plan())
    assert _ask(audit, "has_secret") == [("Purchase", secret)]


def test_a_currency_and_a_consent_are_a_code_and_a_yes_or_no_whatever_a_log_put_there(tmp_path: Path) -> None:
    log = tmp_path / "pixel.ndjson"
    row = {"ts": "2026-11-20T10:00:00Z", "platform": "meta", "pixel_id": "1", "event": "Purchase", "consent": "ask jo@mail.com",
           "params": {"value": 1, "currency": "jonathan.smith@mail.example.com"}}  # fmt: skip
    log.write_text(json.dumps(row) + "\n", encoding="utf-8")
    audit = engine.read([engine.InputFile(log, log.name, named=True)], Plan())
    assert _ask(audit, "currency, currency_sent, consent") == [
        ("Purchase", "[text of 31 characters]", "[text of 31 characters]", None)
    ]


CONSENT: tuple[tuple[object, str | None], ...] = (
    ("granted", "granted"), ("Accepted", "granted"), (True, "granted"), ("G110", "granted"), ("denied", "denied"),
    ("Rejected", "denied"), ("opt-out", "denied"), (False, "denied"), (0, "denied"), ("necessary", "denied"), ("G101", "denied"),
    ({"ad_storage": "denied", "analytics_storage": "granted"}, "denied"), ("necessary:true,marketing:true", "granted"),
    ({"necessary": True, "marketing": False}, "denied"), ({"analytics_storage": "denied"}, None), ("pending", None), ("", None),
)  # fmt: skip


def test_a_log_says_yes_or_no_in_its_own_word(tmp_path: Path) -> None:
    logs: dict[str, dict[str, object]] = {
        "pixel.ndjson": {"platform": "meta", "pixel_id": "1", "event": "Purchase"},
        "server.ndjson": {"url": CAPI, "body": {"data": [{"event_name": "Purchase"}]}},
    }
    for name, row in logs.items():
        rows = [row | {"ts": f"2026-11-20T10:00:{n:02d}Z", "consent": said} for n, (said, _) in enumerate(CONSENT)]
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    read = engine.read([engine.InputFile(tmp_path / name, name, named=True) for name in logs], Plan())
    told = read.con.execute("select source, place, consent from events order by source, place").fetchall()
    assert told == [(name, place, consent) for name in logs for place, (_, consent) in enumerate(CONSENT, start=1)]


@pytest.mark.parametrize(
    ("sent", "first", "plain"),
    [
        ("[]", None, False), ("[null]", None, False),
        (f'["{"a" * 64}",null]', "a" * 64, False), (f'[null,"{"a" * 64}"]', "a" * 64, False),
        ('["jo@mail.com",null]', "jo@mail.com", True), ("", None, False), ("jo@mail.com", "jo@mail.com", True),
    ],
)  # fmt: skip
def test_a_nothing_in_a_list_is_nobody_s_data(sent: str, first: str | None, plain: bool) -> None:
    assert words().execute("select first_of($t), is_plain($t)", {"t": sent}).fetchone() == (first, plain)


@pytest.mark.parametrize(
    "text",
    [
        "5aa08123-0812-4123-8123-081234567890", "0.0812345678901", "evt_0812345678901", "1795168800-0812345678", "6281234567890",
        "add::12", "2041::Purchase", "0812260001", "081234567890", "sk_blackshirt",
        "Error validating access token: Session has expired",         "order:10:20:30",
        "Chrome/120.0.0.0", "Basic Package Deal", "key_1234567890", "wc_order_8fKq2LmN", "fb.1.x",
        "eaa1c94a7d35b3ab9e1d0c2b4f6a8d7c", "/en-us/black-shirt", "250130JQHFZG", "https://shop.example/p?variant=1&utm_source=meta",
    ],
)  # fmt: skip
def test_an_id_that_only_looks_like_somebody_s_stays_as_it_is(text: str) -> None:
    assert _told(text, "masked") == _told(text, "masked_id") == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("dewi&#64;mail.com", "[email]"), ("dewi&#x40;mail.com", "[email]"), ("dewi&amp;#064;mail.com", "[email]"),
        ("dewi&commat;mail.com", "[email]"), (r"dewi\u0040mail.com", "[email]"), ("dewi＠mail.com", "[email]"),
        ("ｄｅｗｉ＠ｍａｉｌ．ｃｏｍ", "[email]"), ("sean.o'brien@mail.com", "[email]"), ("dewi!x@mail.com", "[email]"),
        ("https://dewi:geheim@shop.example/a", "https://[email]/a"),
        ("call +62\u00a0812\u00a07700\u00a00999", "call [phone]"), ("+62 812\u20117700\u20110999", "[phone]"),
        ("＋６２８１２７７０００９９９", "[phone]"), ("&#43;6281277000999", "[phone]"), ("090-1234-5678", "[phone]"),
        ("0062 812 7700 0999", "[phone]"), ("(555) 123-4567", "[phone]"), ("(11) 91234-5678", "[phone]"),
        ("0812\u00a07700\u00a0999", "[phone]"), ("/send/wa.me/6281277000999", "/send/wa.me/[phone]"),
        ("lead_phone=081277000999", "lead_phone=[phone]"), ("tel:0812.7700.0999", "tel:[phone]"),
        ("WA: 81277000999", "WA: [phone]"),
        ("ya29.a0AfH6SMBx1234567890abc", "[secret]"), ("SG.abcdefghijklmnop_q.rstuvwxyz0123456789", "[secret]"),
        ("github_pat_11ABCDEFG0123456789ab", "[secret]"), ("glpat-abcdefgh_ijklmnop", "[secret]"),
        ("sk-proj-abcdefghijklmnop", "[secret]"), ("bot123456789:AAabcdefghijklmnopqrstuvwxyz012345", "[secret]"),
        ("https://hooks.slack.com/services/T0/B0/abcdefgh", "https://[secret]"), ("1//0gabcdefghijklmnopqrstuvwx", "[secret]"),
        ("-----BEGIN PRIVATE KEY-----MIIEvQ", "[secret]"), ("appsecret_proof=0a1b2c3d", "appsecret_proof=[secret]"),
        ("_ga=GA1.1.1234567890.1763600000", "_ga=[cookie]"),
        ("dewi [at] mail.com", "[email]"), ("dewi(at)mail(dot)com", "[email]"), ("to dewi at mail dot com", "to [email]"),
        ("dewi%40mail%2Ecom", "[email]"), ("dewi&#64;mail&#46;com", "[email]"),
        ("ref ZGV3aUBtYWlsLmNvbQ==", "ref [email]=="), ("RGV3aUB5YWhvby5jby5pZA", "[email]"), ("eHlhbmlAbWFpbC5pZA", "[email]"),
        ("x=eyJlbWFpbCI6ImRld2lAbWFpbC5jb20ifQ==", "x=[email]=="), ("/u/ZGV3aUBtYWlsLm5ldA/p", "/u/[email]/p"),
        ("62812-3456-7890", "[phone]"), ("081 234 567 890", "[phone]"), ("0812 345 678 90", "[phone]"),
        ("no_hp=081234567890", "no_hp=[phone]"), ("nomor wa 081234567890", "nomor wa [phone]"),
        ("HP: 6281234567890", "HP: [phone]"),
        ("/wa/6281234567890", "/wa/[phone]"), ("wa_click_6281234567890", "wa_click_[phone]"),
        ('"userPhone":"81234567890"', '"userPhone":"[phone]"'), ("handphone=081234567890", "handphone=[phone]"),
        ("PHPSESSID: abcdef123", "[cookie]"), ("wordpress_logged_in_1a2b=dewi%7C1795", "[cookie]"),
        ('{"cookie":"jar=1a2b; cart=1"}', '{"[cookie]"}'), (r'\"Cookie\": \"jar=1a2b\"', r'\"[cookie]"'),
        ("4111 1111 1111 1111", "[card]"), ("4111-1111-1111-1111", "[card]"), ("pay 3782 822463 10005 now", "pay [card] now"),
        ("4111+1111+1111+1111", "[card]"), ("evt_5500\u00a00000\u00a00000\u00a00004", "evt_[card]"),
        ("card_number=4111111111111111", "card_number=[card]"),
        (r'\"cardNumber\":\"378282246310005\"', r'\"cardNumber\":\"[card]\"'),
        ("creditCard=4006281111111110", "creditCard=[card]"), ("dewi @ mail.com", "[email]"), ("dewi @yahoo.co.id", "[email]"),
        ("to dewi.l@ kanari.co.id", "to [email]"), ("dewi@[203.0.113.7]", "[email]"), (r"dewi\x40mail.com", "[email]"),
        ("dewi＠mail。com", "[email]"), ("64657769406d61696c2e636f6d", "[email]"), ("64657769406D61696C2E6964", "[email]"),
        ("0062812770009991", "[phone]"), ("lead_006281277000999", "lead_[phone]"), ("00628127700099", "[phone]"),
        ("０９０－１２３４－５６７８", "[phone]"),
        ("+62\u00ad812\u00ad7700\u00ad0999", "[phone]"),
        ("203%2E0%2E113%2E7", "[ip]"), ("Mid-server-AbCdEf1234567890", "[secret]"), ("xnd_production_AbC123456789def", "[secret]"),
        ("rzp_live_AbCdEfGh12345678", "[secret]"),
        ('Authorization: Digest username="dewi", response="0a1b2c"', "[secret]"),
        ("Authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0a1b2c3d", "[secret]"),
        ('{"authorization":"abcdefgh","order":"1001"}', '{"[secret]","order":"1001"}'),
        ("ASIAIOSFODNN7EXAMPLE", "[secret]"), ("shptka_0123456789abcdef", "[secret]"), ("+62/812/7700999", "[phone]"),
    ],
)  # fmt: skip
def test_however_it_is_written_it_is_masked(text: str, shown: str) -> None:
    assert _told(text, "masked") == shown


@pytest.mark.parametrize(
    "text",
    [
        "24.11.20.001", "01-0001-2026", "07-2026-0012", "00123 456 789", "HP: 1234567890 laptop",
        "INV/2026/11/0812-001", "00123-20261120", "2026-11-20 10:00:00", "0112-2026", "phone case 12",
        "phone-case-12345678",
        "tel 12", "SKU (500) 12-3456", "sk-kaos-hitam-polos-lengan-pendek", "GA4 view_item", "shop@home", "1&#45;2",
        "wa_blast_20261120", "R-1//0815", "BOT:AA-1",
        "WA-0812260001", "wa_0812260001_Purchase", "INV-0812-2026-0001", "08122026-0001", "hp-8470-12345678", "628450.050000",
        "index.php?081234567890",
        "4111 1111 1111 1112", "4907283615028341", "4111111111111111", "7111-1111-1111-1111", "2026-1120-0000-0001",
        "550e8400-4111-1111-1111-111144665544", "00628123456780", "0000628127700099", "relay @ shop.example",
        "live @ live.shop.com",
        "follow us @shop.id", "5 pcs @ 50.000", "mid-server-room", "Mid-Season-Sale", "size １０", "pan size 24",
        "look at shop.example.com", "cat_at_home.com", "Rebate[at]", "Purchase (at) 10", "IwAR0123456789LmNvbabcdef5jb2klm",
        "d05-1234-5678", "5aa0-0123-4567-8901", "https://www.tiktok.com/@shop.id/video/7512345678901234567",
    ],
)  # fmt: skip
def test_what_names_an_order_or_an_article_stays_readable(text: str) -> None:
    assert _told(text, "masked") == text


def test_the_ids_of_two_people_stay_two_ids() -> None:
    query = "select masked_id('jo@mail.com'), masked_id('an@mail.com'), masked_id('jo@mail.com')"
    first, second, again = words().execute(query).fetchone() or ("", "", "")
    assert first != second
    assert first == again
    assert first.startswith("[email] ")


@pytest.mark.parametrize(
    ("macro", "text", "shown"),
    [
        ("value_told", "Rp 150.000", "Rp 150.000"), ("value_told", "NaN", "NaN"),
        ("value_told", "{{ order.total }}", "{{ order.total }}"),
        ("value_told", "Dewi Lestari", "[text of 12 characters]"),
        ("time_shown", "20/11/2026 10:00", "20/11/2026 10:00"), ("time_shown", "someday", "someday"),
        ("time_shown", "Dewi Lestari", "[text of 12 characters]"),
        ("code_shown", "rupiah", "rupiah"), ("code_shown", "Dewi Lestari", "[text of 12 characters]"),
        ("word_shown", "system_generated", "system_generated"), ("word_shown", "Dewi Lestari", "[text of 12 characters]"),
        ("shown_id", "fb.1.1795168800000.1098115397", "fb.1.1795168…5397 (29 characters)"),
        ("shown_id", "dewi@mail.com", "[text of 13 characters]"), ("shown_id", "ZGV3aUBtYWlsLmNvbQ==", "[text of 20 characters]"),
        ("name_shown", "Lead 081234567890", "Lead [phone]"), ("name_shown", "chat_6281234567890_sent", "chat_[phone]_sent"),
        ("name_shown", "Order_250130_0812260", "Order_250130_0812260"), ("name_shown", "v1795168081234567", "v1795168081234567"),
    ],
)  # fmt: skip
def test_a_field_of_a_fixed_kind_shows_nothing_else(macro: str, text: str, shown: str) -> None:
    assert _told(text, macro) == shown


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("utm_content=081234567890", "utm_content=[phone]"),
        ("utm_term=dewi_6281234567890&utm_id=7", "utm_term=dewi_[phone]&utm_id=7"),
        ("utm_content=120210081234567890", "utm_content=120210081234567890"), ("order_id=6281234567890", "order_id=6281234567890"),
        ("utm_source=ZGV3aUBtYWlsLmNvbQ%3D%3D", "utm_source=[email]=="),
    ],
)  # fmt: skip
def test_how_a_link_is_marked_is_no_order_s_number(query: str, shown: str) -> None:
    assert _told(f"https://shop.example.com/a?{query}", "masked_address") == f"https://shop.example.com/a?{shown}"


def test_click_ids_in_an_address_are_shortened() -> None:
    told = _told("https://shop.example.com/a?utm_source=meta&fbclid=IwAR0123456789abcdefghijklmnop", "masked_address")
    assert told == "https://shop.example.com/a?utm_source=meta&fbclid=IwAR01234567…mnop"


@pytest.mark.parametrize("senders", [("relay-a", "relay-b"), ("10.0.4.17", "10.0.4.18"), ("a@shop.example", "b@shop.example")])
def test_two_senders_that_go_by_addresses_stay_two(senders: tuple[str, str], tmp_path: Path) -> None:
    log = tmp_path / "server.ndjson"
    rows = [
        {"ts": f"2026-11-20T10:00:0{n}Z", "method": "POST", "url": CAPI, "status": 200, "sender": sender, "body": {"data": [
            {"event_name": "Purchase", "event_time": 1795168800, "event_id": f"{n}", "user_data": {}, "custom_data": {}}]}}
        for n, sender in enumerate(senders)
    ]  # fmt: skip
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    audit = engine.read([engine.InputFile(log, log.name, named=True)], Plan())
    assert audit.con.execute("select count(distinct sender) from events").fetchone() == (2,)


@pytest.mark.parametrize("text", ["Invalid phone 6281277000999", "Invalid phone 081277000999", "call +62 812 7700 0999"])
def test_a_number_in_an_answer_is_a_phone_s(text: str) -> None:
    assert "[phone]" in str(_told(_told(text, "masked"), "without_rests"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Invalid email dewi.lestari@ma", "Invalid email [email]"), ("Invalid email dewi.lestari@", "Invalid email [email]"),
        ("Invalid email dewi%40mail", "Invalid email [email]"), ("bad phone 81277000999", "bad phone [phone]"),
        ("pixel 4907283615028341 @ v23.0", "pixel 4907283615028341 @ v23.0"), ("code 40002, 812 events", "code 40002, 812 events"),
    ],
)  # fmt: skip
def test_what_an_answer_breaks_off_in_is_masked_too(text: str, shown: str) -> None:
    assert _told(_told(text, "masked"), "without_rests") == shown


def test_the_texts_of_a_row_are_masked_each_by_itself() -> None:
    texts = ["dewi@shop.example", "Purchase", None, "call +62 812 7700 0999", "dewi@shop.example"]
    shown = {"dewi@shop.example": "[email]", "Purchase": "Purchase", "call +62 812 7700 0999": "call [phone]"}
    assert _told(texts, "masks_of") == shown
    assert _told(["Purchase", None, "IDR"], "masks_of") is None


def test_a_register_entry_finds_a_sender_that_goes_by_an_address(tmp_path: Path) -> None:
    log = tmp_path / "server.ndjson"
    event = {"event_name": "Purchase", "event_time": 1795168800, "event_id": "1", "user_data": {}, "custom_data": {}}
    row = {"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": CAPI, "body": {"data": [event]}, "status": 200,
           "sender": "relay@proj.iam.gserviceaccount.com"}  # fmt: skip
    log.write_text(json.dumps(row) + "\n", encoding="utf-8")
    sender = Sender("Relay", "meta", "server", owner="data", match={"sender": "relay@proj.iam.gserviceaccount.com"})
    audit = engine.run([engine.InputFile(log, log.name, named=True)], Plan(senders=(sender,)), select=frozenset())
    assert audit.con.execute("select distinct entry from sender_claims").fetchall() == [(0,)]


def test_an_order_s_own_phone_is_shown_in_no_address(tmp_path: Path) -> None:
    audit = _capture(tmp_path, _hit(1, "PageView", f"{SHOP}thanks/081234567890"), phone="081234567890")
    assert _ask(audit, "page_url, page_path") == [("PageView", f"{SHOP}thanks/[phone]", "/thanks/[phone]")]


def test_an_order_s_own_phone_stands_nowhere_and_other_numbers_stay(tmp_path: Path) -> None:
    pages = (
        "thanks?tel=081234567890&order=987654321", "thanks?order=6281234567890", "goods/987654321?order_id=081234567890",
        "u/6281234567890?fbclid=IwAR0123456789abcdefghijklmnop", "thanks/5550001112223334",
    )  # fmt: skip
    hits = [_hit(n, "PageView", SHOP + page) for n, page in enumerate(pages)]
    hits += [_hit(7, "Lead", SHOP, "&eid=lead-6281234567890"), _hit(8, "Purchase", SHOP, "&eid=1001&cd[order_id]=6281234567890")]
    con = _capture(tmp_path, *hits, phone="081234567890", order="987654321").con
    shown = con.execute("select page_url from events where event_name = 'PageView'").fetchall()
    assert [url.removeprefix(SHOP) for (url,) in shown] == [
        "thanks?order=987654321", "thanks?order=[phone]", "goods/987654321?order_id=[phone]",
        "u/[phone]?fbclid=IwAR01234567…mnop", "thanks/5550001112223334",
    ]  # fmt: skip
    texts = [str(con.execute(f"from {table}").fetchall()) for table in ("events", "landings", "order_candidates")]
    assert [table for table in texts if "81234567890" in table] == []
    found = con.execute("select personal_in_params from events where event_name = 'Lead'").fetchone()
    assert found == ("phone in the event id",)


def test_no_field_of_a_wire_is_shown_as_it_is(tmp_path: Path) -> None:
    call = {"ts": "2026-11-20T10:00:00Z", "platform": "meta", "pixel_id": "1", "event": "Purchase", "page_load": "dewi@mail.com/1"}
    answer = {"error": {"message": "no", "code": "Dewi Lestari"}}
    body = {"data": [{"event_name": "Purchase", "event_time": 1795168800, "user_data": {}, "custom_data": {}}]}
    row = {"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": CAPI, "body": body, "status": 400, "response": answer}
    for name, told in (("calls.ndjson", call), ("server.ndjson", row)):
        (tmp_path / name).write_text(json.dumps(told) + "\n", encoding="utf-8")
    log = {"version": "1.2", "entries": [_hit(1, "Purchase", SHOP, "&est_source=dewi@mail.com")]}
    (tmp_path / "a.har").write_text(json.dumps({"log": log}), encoding="utf-8")
    files = [engine.InputFile(path, path.name, named=True) for path in sorted(tmp_path.iterdir())]
    con = engine.read(files, Plan()).con
    assert not {"dewi", "Dewi"} & set(re.findall("[Dd]ewi", str(con.execute("from events").fetchall())))
    assert con.execute("select answer_code from events where status = 400").fetchone() == ("[text of 12 characters]",)


@pytest.mark.parametrize("at", ["&#64;", "&#x40;", "&amp;#64;", "&commat;"])
def test_an_at_sign_written_as_markup_does_not_cut_an_address_in_two(at: str, tmp_path: Path) -> None:
    page = f"{SHOP}thanks/dewi{at}mail.com/"
    audit = _capture(tmp_path, _entry(1, f"{PIXEL}ev=Purchase&eid=A-1-dewi{at}mail.com&dl={quote(page, safe='')}"))
    assert _ask(audit, "event_id like '[email]%', page_url") == [("Purchase", True, f"{SHOP}thanks/[email]/")]

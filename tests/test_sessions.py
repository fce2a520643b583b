"""Which visit a server event belongs to, where no browser copy of its id tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit import engine
from audit.plan import Plan

FBP, OTHER_FBP = "fb.1.1795168800000.123456789", "fb.1.1795168800000.987654321"
FBC = "fb.1.1795168800000.IwAR2abcdefgh"


def _page(ts: str) -> dict[str, object]:
    return {
        "ts": ts, "platform": "meta", "pixel_id": "1234567890", "event": "ViewContent", "event_id": f"b-{ts}", "params": {},
        "page_url": "https://shop.example/p", "cookies": {"_fbp": FBP, "_fbc": FBC},
    }  # fmt: skip


def _sent(ts: str, user: dict[str, str]) -> dict[str, object]:
    event = {"event_name": "Purchase", "event_id": "s-1", "action_source": "website", "user_data": user}
    return {
        "ts": ts,
        "method": "POST",
        "url": "https://graph.facebook.com/v23.0/1234567890/events",
        "body": {"data": [event]},
        "status": 200,
    }


def _visits(folder: Path, *sent: dict[str, object]) -> list[str]:
    """Whose visit each server event is: the page's, or its own."""
    pages = [_page("2026-11-20T10:00:00Z"), _page("2026-11-20T10:10:00Z")]
    (folder / "pixels.ndjson").write_text("".join(json.dumps(row) + "\n" for row in pages), encoding="utf-8")
    (folder / "server.ndjson").write_text("".join(json.dumps(row) + "\n" for row in sent), encoding="utf-8")
    files = [engine.InputFile(folder / name, name) for name in ("pixels.ndjson", "server.ndjson")]
    audit = engine.read(files, Plan())
    rows = audit.con.execute(
        "select session in (select session from events where channel = 'browser'), session from events"
        " where channel = 'server' order by event_key"
    ).fetchall()
    audit.con.close()
    return ["the page's" if is_page else session for is_page, session in rows]


@pytest.mark.parametrize(
    ("ts", "user"),
    [
        ("2026-11-20T10:11:00Z", {"fbp": FBP}),
        ("2026-11-20T14:00:00Z", {"fbp": FBP}),  # the same browser, however late
        ("2026-11-20T10:11:00Z", {"fbc": FBC}),
        ("2026-11-20T10:39:00Z", {"fbc": FBC}),  # within the thirty minutes that end a visit
        ("2026-11-20T14:00:00Z", {"fbc": FBC, "fbp": FBP}),
    ],
)
def test_a_browser_id_ties_a_server_event_to_its_shopper_and_a_click_does_within_the_visit(
    ts: str, user: dict[str, str], tmp_path: Path
) -> None:
    assert _visits(tmp_path, _sent(ts, user)) == ["the page's"]


@pytest.mark.parametrize(
    ("ts", "user"),
    [
        ("2026-11-20T10:11:00Z", {"fbc": FBC, "fbp": OTHER_FBP}),  # another browser
        ("2026-11-20T14:00:00Z", {"fbc": FBC}),  # hours later
    ],
)
def test_a_copied_ad_link_ties_no_other_shopper(ts: str, user: dict[str, str], tmp_path: Path) -> None:
    (visit,) = _visits(tmp_path, _sent(ts, user))
    assert visit != "the page's"


def test_others_who_opened_the_copied_link_are_shoppers_of_their_own(tmp_path: Path) -> None:
    sent = [_sent("2026-11-20T14:00:00Z", {"fbc": FBC, "fbp": f"fb.1.1795168800000.{n}"}) for n in (11111111, 22222222)]
    assert len(set(_visits(tmp_path, *sent))) == 2


@pytest.mark.parametrize(("browsers", "visits"), [(2, 1), (3, 3), (4, 4)])
def test_browsers_that_opened_one_copied_link_within_minutes_are_shoppers_of_their_own_from_the_third_on(
    browsers: int, visits: int, tmp_path: Path
) -> None:
    """Two may be one shopper's: a shop and a checkout of another domain, with a cookie each."""
    pages = [
        _page(f"2026-11-20T10:{n + 4 * step:02d}:00Z") | {"cookies": {"_fbp": f"fb.1.1795168800000.{n}1111111", "_fbc": FBC}}
        for n in range(browsers)
        for step in range(2)
    ]
    (tmp_path / "pixels.ndjson").write_text("".join(json.dumps(row) + "\n" for row in pages), encoding="utf-8")
    audit = engine.read([engine.InputFile(tmp_path / "pixels.ndjson", "pixels.ndjson")], Plan())
    assert audit.con.execute("select count(distinct session) from events").fetchone() == (visits,)


def _visits_of_a_recording(folder: Path, *steps: tuple[str, str]) -> list[int]:
    """The number of each step's visit in one HAR."""
    hit = "https://www.facebook.com/tr/?id=1234567890&fbp=" + FBP
    entries = [
        {
            "startedDateTime": f"2026-11-20T{time}:00.000Z",
            "pageref": f"page_{number}",
            "request": {"method": "GET", "url": f"{hit}&ev={step}&eid=e{number}", "headers": []},
            "response": {"status": 200, "content": {"mimeType": "text/plain"}},
        }
        for number, (time, step) in enumerate(steps)
    ]
    har = {"log": {"version": "1.2", "creator": {"name": "test"}, "entries": entries}}
    (folder / "visit.har").write_text(json.dumps(har), encoding="utf-8")
    audit = engine.read([engine.InputFile(folder / "visit.har", "visit.har")], Plan())
    names = [row[0] for row in audit.con.execute("select session from events order by event_key").fetchall()]
    return [sorted(set(names)).index(name) for name in names]


def test_a_recording_goes_on_while_the_shopper_waits_for_the_payment(tmp_path: Path) -> None:
    steps = (("10:00", "ViewContent"), ("10:02", "InitiateCheckout"), ("10:50", "Purchase"), ("10:50", "PageView"))
    assert _visits_of_a_recording(tmp_path, *steps) == [0, 0, 0, 0]


def test_what_follows_long_after_the_sale_is_another_visit(tmp_path: Path) -> None:
    steps = (("10:00", "ViewContent"), ("10:05", "Purchase"), ("10:50", "ViewContent"), ("10:55", "Purchase"))
    assert _visits_of_a_recording(tmp_path, *steps) == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("checkout", "visits"), [("https://shop.myshopify.com/checkouts/1", 1), ("https://www.shop.example/checkout", 2)]
)
def test_a_checkout_of_another_domain_has_a_cookie_of_its_own(checkout: str, visits: int, tmp_path: Path) -> None:
    """A second id on the same domain is another shopper, or the same one in a clean profile."""
    pages = (("https://shop.example/p", "ViewContent", FBP), (checkout, "InitiateCheckout", OTHER_FBP))
    hit = "https://www.facebook.com/tr/?id=12345"
    entries = [
        {
            "startedDateTime": f"2026-11-20T10:0{number}:00.000Z",
            "pageref": f"page_{number}",
            "request": {"method": "GET", "url": f"{hit}&ev={step}&fbp={fbp}&dl={page}", "headers": []},
            "response": {"status": 200, "content": {"mimeType": "text/plain"}},
        }
        for number, (page, step, fbp) in enumerate(pages)
    ]
    har = {"log": {"version": "1.2", "creator": {"name": "test"}, "entries": entries}}
    (tmp_path / "visit.har").write_text(json.dumps(har), encoding="utf-8")
    audit = engine.read([engine.InputFile(tmp_path / "visit.har", "visit.har")], Plan())
    assert audit.con.execute("select count(distinct session) from events").fetchone() == (visits,)


def test_the_longer_of_two_order_numbers_in_an_id_is_the_one_it_names(tmp_path: Path) -> None:
    sent = [_sent("2026-11-20T10:11:00Z", {"fbp": FBP}) for _ in range(2)]
    for row, key in zip(sent, ("1001", "STG-1001"), strict=True):
        row["body"]["data"][0]["event_id"] = f"order_{key}"  # type: ignore[index]
    (tmp_path / "server.ndjson").write_text("".join(json.dumps(row) + "\n" for row in sent), encoding="utf-8")
    orders = "order_id,created_at,currency,total\n1001,2026-11-20T10:10:00Z,EUR,5\nSTG-1001,2026-11-20T10:10:00Z,EUR,5\n"
    (tmp_path / "orders.csv").write_text(orders, encoding="utf-8")
    files = [engine.InputFile(tmp_path / name, name) for name in ("server.ndjson", "orders.csv")]
    audit = engine.run(files, Plan(), select=frozenset())
    assert audit.con.execute("select order_id from events order by event_key").fetchall() == [("1001",), ("STG-1001",)]


@pytest.mark.parametrize(("browsers", "visits"), [(4, 1), (5, 5)])
def test_a_browser_id_sent_for_everybody_ties_nobody(browsers: int, visits: int, tmp_path: Path) -> None:
    """One _fbp from a cached page, and each browser's own _ttp."""
    pages = [
        _page(f"2026-11-20T10:{n + 4 * step:02d}:00Z") | {"cookies": {"_fbp": "fb.1.1795168800000.1111111", "_ttp": f"01K{n}.tt.1"}}
        for n in range(browsers)
        for step in range(2)
    ]
    (tmp_path / "pixels.ndjson").write_text("".join(json.dumps(row) + "\n" for row in pages), encoding="utf-8")
    audit = engine.read([engine.InputFile(tmp_path / "pixels.ndjson", "pixels.ndjson")], Plan())
    assert audit.con.execute("select count(distinct session) from events").fetchone() == (visits,)

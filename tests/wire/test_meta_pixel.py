"""Meta's browser pixel on the wire: what is an event, what is a copy, what is telemetry (documented query strings)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.wire.decoding import decode

TR = "https://www.facebook.com/tr/?"
#: The parameter order and forms of a documented Purchase hit.
PURCHASE = (
    "id=1234567890123456&ev=Purchase&dl=https%3A%2F%2Fshop.example.com%2Fthank-you%2F1001%3Ffbclid%3DIwAR0aB&rl="
    "&if=false&ts=1763632800123&cd[value]=150000&cd[currency]=IDR&cd[content_ids]=%5B%22variant_a%22%5D"
    "&cd[contents]=%5B%7B%22id%22%3A%22variant_a%22%2C%22quantity%22%3A1%2C%22item_price%22%3A150000%7D%5D"
    "&sw=1440&sh=900&v=2.9.138&r=stable&ec=2&o=30&fbp=fb.1.1763632700000.123456789&fbc=fb.1.1763632700000.IwAR0aB"
    "&it=1763632799000&coo=false&eid=1001-Purchase-FORM&tm=1&rqm=GET"
)


def test_a_get_hit_is_one_event(tmp_path: Path) -> None:
    (event,) = decode(tmp_path, {"method": "GET", "url": TR + PURCHASE})
    assert event["platform"] == "meta"
    assert event["channel"] == "browser"
    assert event["dataset"] == "1234567890123456"
    assert event["step"] == "Purchase"
    assert event["event_id"] == "1001-Purchase-FORM"
    assert event["value"] == Decimal(150000)
    assert event["currency"] == "IDR"
    assert event["items"] == "variant_a"
    assert event["browser_id"] == "fb.1.1763632700000.123456789"
    assert event["landing_click"] == "IwAR0aB"
    assert event["counter"] == 2
    assert event["page_url"] == "https://shop.example.com/thank-you/1001?fbclid=IwAR0aB"


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ('["variant_a"]', None),
        ('["shirt","variant_a"]', None),
        ('["shirt","cap"]', "cap,shirt"),
        ("[]", None),
        ("variant_b", None),
    ],
)
def test_an_id_list_that_leaves_out_what_contents_names_is_kept(listed: str, told: str | None, tmp_path: Path) -> None:
    hit = PURCHASE.replace("%5B%22variant_a%22%5D", quote(listed))
    (event,) = decode(tmp_path, {"method": "GET", "url": TR + hit})
    assert (event["items"], event["other_items"]) == ("variant_a", told)


def test_brackets_may_be_percent_encoded(tmp_path: Path) -> None:
    encoded = PURCHASE.replace("[", "%5B").replace("]", "%5D")
    (event,) = decode(tmp_path, {"method": "GET", "url": TR + encoded})
    assert event["value"] == Decimal(150000)


def test_a_form_post_carries_the_same_event_in_its_body(tmp_path: Path) -> None:
    (event,) = decode(tmp_path, {"url": "https://www.facebook.com/tr/", "body": PURCHASE})
    assert (event["event_id"], event["value"]) == ("1001-Purchase-FORM", Decimal(150000))


@pytest.mark.parametrize(
    "copy",
    [
        TR + "redirect=0&" + PURCHASE,
        "https://www.facebook.com/privacy_sandbox/pixel/register/trigger/?" + PURCHASE,
    ],
    ids=["redirect follow-up", "privacy sandbox twin"],
)
def test_a_copy_is_no_second_event(copy: str, tmp_path: Path) -> None:
    assert len(decode(tmp_path, {"method": "GET", "url": TR + PURCHASE}, {"method": "GET", "url": copy})) == 1


def test_a_reload_is_a_second_event(tmp_path: Path) -> None:
    again = PURCHASE.replace("ts=1763632800123", "ts=1763632900123")
    assert len(decode(tmp_path, {"method": "GET", "url": TR + PURCHASE}, {"method": "GET", "url": TR + again})) == 2


@pytest.mark.parametrize("name", ["SubscribedButtonClick", "Microdata", "PixelInitialized", "UserProperties"])
def test_telemetry_is_no_event(name: str, tmp_path: Path) -> None:
    hit = PURCHASE.replace("ev=Purchase", f"ev={name}")
    assert decode(tmp_path, {"method": "GET", "url": TR + hit + "&es=automatic"}) == []


def test_a_rule_of_the_event_setup_tool_is_a_codeless_event(tmp_path: Path) -> None:
    hit = PURCHASE.replace("&eid=1001-Purchase-FORM", "") + "&es=automatic&tm=3&cs_est=true&est_source=998877"
    (event,) = decode(tmp_path, {"method": "GET", "url": TR + hit})
    assert (event["is_codeless"], event["sender"], event["event_id"]) == (True, "Event Setup Tool rule 998877", None)


def test_an_id_in_the_third_argument_is_misplaced(tmp_path: Path) -> None:
    hit = PURCHASE.replace("&eid=1001-Purchase-FORM", "&cd[eventID]=1001-Purchase-FORM")
    (event,) = decode(tmp_path, {"method": "GET", "url": TR + hit})
    assert (event["event_id"], event["event_id_state"]) == (None, "misplaced")


def test_a_page_cut_to_its_origin_is_known_as_such(tmp_path: Path) -> None:
    (event,) = decode(tmp_path, {"method": "GET", "url": TR + PURCHASE + "&pm=1&hrl=a1b2c3"})
    assert event["page_cut"] is True


def test_hashed_and_plain_user_data_are_told_apart_and_never_kept(tmp_path: Path) -> None:
    digest = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
    (hashed,) = decode(tmp_path, {"method": "GET", "url": f"{TR}{PURCHASE}&ud[em]={digest}"})
    (plain,) = decode(tmp_path, {"method": "GET", "url": f"{TR}{PURCHASE}&ud[em]=john_smith%40gmail.com"})
    assert (hashed["has_email"], hashed["plain_keys"]) == (True, None)
    assert (plain["has_email"], plain["plain_keys"]) == (True, "em")
    assert hashed["email_digest"] != digest
    assert "john_smith" not in str(plain)


def _multipart(query: str, boundary: str = "----WebKitFormBoundaryAbC123") -> str:
    """The FormData a beacon sends, as a browser writes it."""
    from urllib.parse import parse_qsl

    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parse_qsl(query, keep_blank_values=True)
    )
    return "".join(parts) + f"--{boundary}--\r\n"


def test_a_beacon_carries_the_same_event_in_a_multipart_body(tmp_path: Path) -> None:
    (event,) = decode(tmp_path, {"url": "https://www.facebook.com/tr/", "body": _multipart(PURCHASE.replace("rqm=GET", "rqm=SB"))})
    assert (event["dataset"], event["step"], event["event_id"]) == ("1234567890123456", "Purchase", "1001-Purchase-FORM")
    assert (event["value"], event["items"], event["landing_click"]) == (Decimal(150000), "variant_a", "IwAR0aB")
    assert event["browser_id"] == "fb.1.1763632700000.123456789"


def test_a_batch_is_one_event_a_query_string(tmp_path: Path) -> None:
    from urllib.parse import urlencode

    view = PURCHASE.replace("ev=Purchase", "ev=ViewContent").replace("eid=1001-Purchase-FORM", "eid=view-1").replace("ec=2", "ec=1")
    form = {"batch": "1", "events[0]": view, "events[1]": PURCHASE}
    for body in (urlencode(form), _multipart(urlencode(form))):
        found = decode(tmp_path, {"url": "https://www.facebook.com/tr/", "body": body})
        assert sorted((e["step"], e["event_id"]) for e in found) == [("Purchase", "1001-Purchase-FORM"), ("ViewContent", "view-1")]
        assert {e["ref"] for e in found} == {"requests.ndjson:1"}


def test_a_batch_of_one_event_sent_again_is_a_copy(tmp_path: Path) -> None:
    from urllib.parse import urlencode

    batch = urlencode({"batch": "1", "events[0]": PURCHASE})
    assert (
        len(decode(tmp_path, {"method": "GET", "url": TR + PURCHASE}, {"url": "https://www.facebook.com/tr/", "body": batch})) == 1
    )

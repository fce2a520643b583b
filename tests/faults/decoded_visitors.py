"""The Japanese shop's slips with the ids of its visitors."""

from __future__ import annotations

import hashlib

from tests.faults.decoded_shop import SHOPPERS, email, hashed
from tests.faults.launch import Launch, Send, millis
from tests.faults.slips import Case, Slip, both, each, lose, put

FBC = SHOPPERS[0].fbc or ""
CLICK = SHOPPERS[0].click("meta") or ""


def fbc(text: str) -> Slip:
    """What the server sends as the click id of the shopper who came through a Meta ad."""
    return each(put("person", "fbc", text), "meta", "server", None, 1)


def _restamped(send: Send) -> None:
    send.person["fbc"] = f"fb.1.{send.event['event_time'] * 1000}.{CLICK}"


def _landing_without_fbc(launch: Launch) -> None:
    for send in launch.some("meta", "server", "ViewContent", 1):
        send.person.pop("fbc")


def _old_cookie(launch: Launch) -> None:
    old = f"fb.1.{1763424000000 - 9_000_000_000}.{CLICK}"
    for send in launch.some("meta", None, None, 1):
        send.person["_fbc" if send.channel == "browser" else "fbc"] = old
        if send.step == "ViewContent":
            page = "page_url" if send.channel == "browser" else "event_source_url"
            send.event[page] = send.event[page].split("?")[0]
    for send in launch.some("tiktok", None, "ViewContent", 1) + launch.some("snackvideo", None, "ViewContent", 1):
        send.event["page_url"] = send.event["page_url"].split("?")[0]


def phones(launch: Launch, meta: str, tiktok: str) -> None:
    """The export tells each buyer's number (090-1234-567…), and the server sends its hash, this written before the number."""
    for shopper, order in enumerate(launch.orders, start=1):
        order["phone"] = f"090-1234-567{shopper}"
    for send in launch.some("meta", "server", "Purchase"):
        send.person["ph"] = [hashed(f"{meta}901234567{send.shopper}")]
    for send in launch.some("tiktok", "server", "Purchase"):
        send.person["phone"] = hashed(f"{tiktok}901234567{send.shopper}")


def _local_phone(launch: Launch) -> None:
    phones(launch, "0", "+81")


def _bare_phone(launch: Launch) -> None:
    phones(launch, "81", "")


def mails(launch: Launch, exported: str, sent: str) -> None:
    """The export writes each buyer's address in one way (``{}``: its number), and the server hashes it in another."""
    for shopper, row in enumerate(launch.orders, start=1):
        row["email"] = exported.format(shopper)
    for send in launch.some("meta", "server"):
        send.person["em"] = [hashed(sent.format(send.shopper))]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _clickless_relay(launch: Launch) -> None:
    for send in launch.some("snackvideo", "server"):
        send.row["body"].pop("click_id")
        send.row["status"] = 400
        send.row["response"] = {"error": "Bad Request", "error_code": "invalid_request", "message": "click_id is required"}


def _invented_click(launch: Launch) -> None:
    """The relay hears of a shopper who came through no SnackVideo ad."""
    for send in launch.some("snackvideo", "server"):
        twin = launch.again(send, -7200)
        twin.shopper = 1
        for text in ("event_source_url",):
            twin.row["body"][text] = twin.row["body"][text].split("?")[0].replace("NT10423", "NT10421").replace("geta", "yukata")
        twin.row["body"]["click_id"] = "organic-visitor-0001"
        twin.row["body"]["variants"] = [{"variant_unique_id": "variant_YUKATA-NV-M", "quantity": 1}]
        cart = twin.step != "Purchase"
        twin.money.update(value=SHOPPERS[0].goods if cart else SHOPPERS[0].total, content_id="YUKATA-NV-M")


CASES = (
    Case("server forgets fbc", each(lose("person", "fbc"), "meta", "server", None, 1), ("missing_fbc:server@meta",)),
    Case("facebook-for-woocommerce#1889 fbc sent empty", fbc(""), ("missing_fbc:empty_string@meta",)),
    Case("Facebook-Pixel-for-Wordpress#79 first server event has no fbc", _landing_without_fbc, ("missing_fbc:first_event@meta",)),
    Case(
        "adsmurai-facebook-conversions-api-client#6 fbc without its click",
        fbc(FBC.removesuffix(CLICK)),
        ("malformed_fbc:no_click_part@meta",),
    ),
    Case("fbc in seconds", fbc(f"fb.1.1763427600.{CLICK}"), ("malformed_fbc:seconds@meta",)),
    Case("fbc still encoded", fbc(FBC.replace(".", "%2E")), ("malformed_fbc:encoded@meta",)),
    Case("the bare click id as fbc", fbc(CLICK), ("malformed_fbc:text@meta",)),
    Case("fbp as fbc", each(lambda s: s.person.update(fbc=s.person["fbp"]), "meta", "server"), ("malformed_fbc:browser_id@meta",)),
    Case(
        "fbp as fbc of Purchases without an ad",
        both(*(each(lambda s: s.person.update(fbc=s.person["fbp"]), "meta", "server", "Purchase", n) for n in (2, 3))),
        ("malformed_fbc:browser_id@meta",),
    ),
    Case("fbc in small letters", fbc(FBC.lower()), ("modified_fbc:case@meta",)),
    Case("gobii-platform#188 fbc cut by a column", fbc(FBC[:64]), ("modified_fbc:truncated@meta",)),
    Case("fbc of an earlier click", fbc(FBC.replace(CLICK, "IwAR2older_click_of_last_week")), ("modified_fbc:unknown@meta",)),
    Case("posthog#32844 fbc stamped with the present time", each(_restamped, "meta", "server", None, 1), ("restamped_fbc@meta",)),
    Case("fbc a hundred days old", _old_cookie, ("expired_fbc@meta",)),
    Case("server forgets fbp", each(lose("person", "fbp"), "meta", "server"), ("missing_fbp:server@meta",)),
    Case(
        "managed-components/facebook-pixel#2 fbp is a uuid",
        each(put("person", "fbp", "5b1f0a6e-41d2-4c7b-9f55-0f6d2f1c8a10"), "meta", "server"),
        ("malformed_fbp:server@meta",),
    ),
    Case(
        "stape-io/facebook-tag#17 server makes its own fbp",
        each(lambda s: s.person.update(fbp=f"fb.1.1763430000000.90817263540{s.shopper}"), "meta", "server"),
        ("click_id_mismatch:fbp@meta",),
    ),
    Case("server forgets ttclid", each(lose("person", "ttclid"), "tiktok", "server", None, 2), ("missing_ttclid:server@tiktok",)),
    Case("server forgets ttp", each(lose("person", "ttp"), "tiktok", "server"), ("missing_ttp:server@tiktok",)),
    Case(
        "server's ttclid is another",
        each(put("person", "ttclid", "E.C.P.AnotherClick_9xW2"), "tiktok", "server", None, 2),
        ("click_id_mismatch:ttclid@tiktok",),
    ),
    Case(
        "server builds fbc for everybody, with nothing in it",
        each(lambda s: s.person.update(fbc=f"fb.1.{millis(SHOPPERS[s.shopper - 1].start)}.undefined"), "meta", "server"),
        ("malformed_fbc:text@meta",),
    ),
    Case(
        "server sends the word undefined as ttclid",
        each(put("person", "ttclid", "undefined"), "tiktok", "server"),
        ("click_id_mismatch:word@tiktok",),
    ),
    Case("relay request without its click id", _clickless_relay, ("unclicked_server_event:absent@snackvideo",)),
    Case("relay request with an invented click id", _invented_click, ("unclicked_server_event:invented@snackvideo",)),
    Case("server hashes the phone without its country code", _local_phone, ("missing_match_keys:local_phone@meta",)),
    Case("server hashes the phone without code or 0", _bare_phone, ("missing_match_keys:local_phone@tiktok",)),
    Case(
        "server hashes the address as it was typed",
        lambda launch: mails(launch, "Buyer{}@Example.com", "Buyer{}@Example.com"),
        ("missing_match_keys:not_normalised@meta",),
    ),
    Case(
        "server hashes the blank behind the address too",
        lambda launch: mails(launch, "buyer{}@example.com", "buyer{}@example.com "),
        ("missing_match_keys:not_normalised@meta",),
    ),
    Case(
        "server hashes the address with MD5",
        each(lambda s: s.person.update(em=[_md5(email(s.shopper))]), "meta", "server"),
        ("missing_match_keys:wrong_hash@meta",),
    ),
    Case(
        "server hashes the address with SHA-1",
        each(lambda s: s.person.update(email=_sha1(email(s.shopper))), "tiktok", "server"),
        ("missing_match_keys:wrong_hash@tiktok",),
    ),
    Case(
        "server knows guests by the customer number 0",
        each(lambda s: s.person.update(em=[], external_id=[hashed("0")]), "meta", "server", "Purchase"),
        ("missing_match_keys@meta",),
    ),
    Case(
        "server tells every sale with the first buyer's address",
        each(lambda s: s.person.update(em=[hashed(email(1))]), "meta", "server"),
        ("missing_match_keys:other_buyer@meta",),
    ),
    Case(
        "server keeps the first shopper's fbp for everybody",
        each(lambda s: s.person.update(fbp="fb.1.1763430000000.908172635400"), "meta", "server"),
        ("click_id_mismatch:one_browser@meta",),
    ),
    Case(
        "server sends one customer number for everybody",
        each(lambda s: s.person.update(external_id=[hashed("customer 42")]), "meta", "server"),
        ("missing_match_keys:other_buyer@meta",),
    ),
    Case(
        "server names itself as the buyer's device",
        each(lambda s: s.person.update(client_ip_address="10.4.0.17", client_user_agent="axios/1.7.2"), "meta", "server"),
        ("missing_match_keys:server_itself@meta",),
    ),
    Case(
        "server knows nobody",
        each(lose("person", "em", "external_id"), "meta", "server", "Purchase"),
        ("missing_match_keys@meta",),
    ),
    Case(
        "the server asks for no optimisation, for every shopper",
        each(put("event", "opt_out", True), "meta", "server"),
        ("unconsented_event:opted_out@meta",),
    ),
    Case(
        "opt_out for a shopper who granted consent",
        both(
            each(put("event", "opt_out", True), "meta", "server", None, 1),
            each(put("row", "consent", "granted"), "meta", "browser"),
        ),
        ("unconsented_event:opted_out@meta",),
    ),
    Case(
        "server fills e-mail and phone with each other's hash",
        both(
            lambda launch: phones(launch, "81", "+81"),
            each(lambda s: s.person.update(em=s.person["ph"], ph=s.person["em"]), "meta", "server", "Purchase"),
        ),
        ("missing_match_keys:swapped_fields@meta",),
    ),
)

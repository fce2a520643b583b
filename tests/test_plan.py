"""The plan: what it says, what it says when silent, and what each mistake in it reads like."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from audit.errors import PlanError
from audit.plan import Plan
from audit.plan_file import read_plan


def _plan(folder: Path, text: str) -> Plan:
    path = folder / "audit.toml"
    path.write_text(text, encoding="utf-8")
    return read_plan(path)


def test_a_silent_plan_has_the_defaults(tmp_path: Path) -> None:
    plan = _plan(tmp_path, "")
    assert (plan.timezone, plan.value, plan.conversion_point, plan.dedup_window_s) == (None, "total", "order_created", 172800)
    assert plan.click_id_days == {"meta": 90, "tiktok": 7, "snackvideo": 7}


def test_a_full_plan_is_read(tmp_path: Path) -> None:
    plan = _plan(
        tmp_path,
        """
        [launch]
        name = "Black shirt"
        timezone = "Asia/Jakarta"
        test_orders = ["250130JQHFZG"]
        next_review = 2026-12-01
        [purchase]
        event_id = "{order_id}-{event_name}-FORM"
        value = "gross_revenue"
        tolerance = { IDR = 1, USD = 0.01 }
        [platforms.meta]
        datasets = ["1234567890"]
        allowed_domains = ["*.Example.com"]
        require = { Purchase = ["browser", "server"], ViewContent = "browser" }
        [[senders]]
        name = "Storefront code"
        platform = "meta"
        channel = "browser"
        owner = "tracking"
        primary = true
        match = { initiator = "*/assets/app.js" }
        [[waivers]]
        check = "value_mismatch"
        reason = "known"
        owner = "media"
        expires = 2026-12-01
        [limits]
        late_after = "90m"
        click_id_days = { meta = 28 }
        """,
    )
    assert plan.next_review == date(2026, 12, 1)
    assert plan.tolerance == {"IDR": Decimal(1), "USD": Decimal("0.01")}
    assert plan.platforms["meta"].allowed_domains == ("example.com",)
    assert plan.platforms["meta"].require["ViewContent"] == ("browser",)
    assert plan.senders[0].match == {"initiator": "*/assets/app.js"}
    assert plan.waivers[0].subject == "*"
    assert plan.late_after_s == 5400
    assert plan.click_id_days == {"meta": 28, "tiktok": 7, "snackvideo": 7}


def test_a_plan_saved_by_a_windows_editor_is_read(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_bytes(b"\xef\xbb\xbf[launch]\r\nname = 'x'\r\n")
    assert read_plan(path).name == "x"


@pytest.mark.parametrize("text", ["\t[launch]\t\n\tname\t=\t'x'\n", "[launch]\nname = ' x '\n", "[launch]\r\nname = 'x'\r\n\r\n"])
def test_blanks_around_a_name_or_a_value_are_nothing(text: str, tmp_path: Path) -> None:
    ids = "[platforms.meta]\ndatasets = [' 1234567890123456']\nallowed_domains = ['example.com ']\n"
    plan = _plan(tmp_path, text + ids)
    assert plan.name == "x"
    assert plan.platforms["meta"].datasets == ("1234567890123456",)
    assert plan.platforms["meta"].allowed_domains == ("example.com",)


WAIVER = "reason = 'agreed'\nowner = 'media'\nexpires = 2026-12-01"
MISTAKES = {
    "[launch]\nnmae = 'x'": "launch.nmae: unknown key. Did you mean 'name'? Known here: name, timezone, test_orders, next_review.",
    "[platform.meta]\ndatasets = []": "platform: unknown key. Did you mean 'platforms'?",
    "[launch]\ntimezone = 'Jakarta'": "launch.timezone: 'Jakarta' is no time zone. Use a name like \"Asia/Jakarta\".",
    "[purchase]\nvalue = 'gross'": "purchase.value: 'gross' is not known. Did you mean 'gross_revenue'?",
    "[purchase]\nevent_id = 'x'": "purchase.event_id: must hold {order_id} exactly once",
    "[purchase]\nevent_id = '{order_id}-{name}'": "purchase.event_id: knows {order_id} and {event_name} only, not ['name']",
    "[limits]\nlate_after = 3600": 'limits.late_after: must be a duration such as "48h" or "30m", is 3600',
    '[limits]\ndedup_window = "72h"': "limits.dedup_window: must be at most 48h: Meta and TikTok merge no copies further apart",
    '[limits]\nlate_after = "240h"': "limits.late_after: must be at most 168h: Meta refuses what is older than seven days",
    "[limits]\nmissing_share = 5": "limits.missing_share: must lie between 0 and 1, is 5",
    "[launch]\nnext_review = '2026-12-01'": "launch.next_review: must be a date such as 2026-12-01 (no quotes), is a text",
    "[launch]\ntest_orders = [1001]": "launch.test_orders: must be a list of texts, holds a number: write it in quotes",
    "[platforms.meta]\ndatasets = ['']": "datasets: must be a list of texts, holds an empty text: fill it in or take it out",
    "[platforms.meta]\nrequire = { Purchase = ['web'] }": "platforms.meta.require.Purchase: 'web' is not known.",
    "[platforms.meta]\nrequire = { Purchase = [] }": "platforms.meta.require.Purchase: names no channel. Write",
    "[platforms.google]\ndatasets = []": "platforms.google: unknown key. Did you mean",
    "[platforms.meta]\nrequire = { CompletePayment = ['browser'] }": "CompletePayment: unknown key. Did you mean 'Purchase'?",
    "[[senders]]\nname = 'x'\nplatform = 'facebook'\nchannel = 'browser'": "'facebook' is not known. Did you mean 'meta'?",
    "[[senders]]\nname = 'x'\nplatform = 'meta'\nchannel = 'pixel'": "'pixel' is not known. Did you mean 'browser'?",
    "[purchase]\ntolerance = { Rp = 1 }": "purchase.tolerance.Rp: must be a currency code of three letters, such as IDR",
    "[launch]\nname = “Black shirt”": "Texts stand in straight quotes: \"…\".",
    "[senders]\nname = 'x'\n\n[[senders]]\nname = 'y'": "Write every [[senders]] with two brackets, the first one too.",
    "[inputs]\npaths = [\"orders\\*.csv\"]": "Write paths with / instead of \\.",
    "[[senders]]\nname = 'x'\nplatform = 'meta'": "senders[1].channel: is missing; every sender has a name, a platform",
    "[[waivers]]\ncheck = 'x'": "waivers[1].reason: is missing; a waiver has a check, a reason, an owner and an expiry",
    f"[[waivers]]\ncheck = 'value_mismatched'\n{WAIVER}": "no check 'value_mismatched'. Did you mean 'value_mismatch'?",
    "[launch]\nname = ' '": "launch.name: must be a text, is empty",
    "[platforms.facebook]\ndatasets = []": "platforms.facebook: unknown key. Did you mean 'meta'?",
    "[platforms.meta]\nallowed_domains = ['https://www.example.com/']":
        "'https://www.example.com/' is an address. Write its domain alone: 'www.example.com'.",
    "[platforms.meta]\nallowed_domains = ['*.co.id']":
        "'*.co.id' is no shop's own: it would cover every site below it. Write the whole domain.",
    "[platforms.meta]\nallowed_domains = ['shop.example.com', 'com']": "'com' is no shop's own",
    "[[senders]]\nname = 'x'\nplatform = 'meta'\nchannel = 'server'\nowner = 'trackng'":
        "senders[1].owner: 'trackng' is no role. Did you mean 'tracking'? Any other text names a person or a team.",
    "[senders]\nname = 'x'": "senders: must be written as [[senders]], is a table",
    "[[mapping]]\nfiles = 'a'\nkind = 'request_log'\nfields = { timestamp = 'when' }":
        "mapping[1].fields.timestamp: unknown field. Did you mean 'ts'? Our name stands on the left.",
    "[[mapping]]\nfiles = 'a'\nkind = 'orders'\nfields = { order_nr = 'nr' }": "unknown field. Did you mean 'order_id'?",
    "[owners]\nboss = 'x'": "owners.boss: unknown key.",
    # What only the marks of TOML are wrong with.
    "[launch]\nname = Kaos hitam": "Texts stand in straight quotes: \"…\".",
    "[platforms.tiktok]\ndatasets = [CT7K2M3C77U9QF4RBEV0]": "Texts stand in straight quotes: \"…\".",
    "[owners]\ntracking = rina@example.com": "Texts stand in straight quotes: \"…\".",
    "[launch]\nname = 'Rina's launch'": "Texts with a quote in them stand in the other kind of quotes: \"Rina's launch\".",
    "[launch]\nname = \"Kaos \"hitam\"\"": "stand in the other kind of quotes",
    "[launch]\nname = \"Kaos hitam\n": "A quote is missing at the end of this text.",
    "[launch]\nnext_review = 01-12-2026": "Dates are written 2026-12-01: year, month, day, without quotes.",
    "[launch]\nnext_review = 2026-12-1": "Dates are written 2026-12-01: year, month, day, without quotes.",
    "[limits]\ntotals_tolerance = 0,05": "Fractions are written with a point: 0.05.",
    "[purchase]\ntolerance = { IDR = 1, USD = 0,01 }": "Fractions are written with a point: 0.05.",
    "[[senders]]\nname = 'x'\nprimary = True": "Write true or false, in small letters and without quotes.",
    "[launch]\nname =\ntimezone = 'UTC'": "Nothing stands behind the '=': fill it in, or take the line out.",
    "[launch]\nname: 'x'": "A name and its value are joined by '=', not by ':'.",
    "[launch]\nname = 'x',\ntimezone = 'UTC'": "Nothing stands behind a value: take the last sign of the line away.",
    "[platforms.meta]\ndatasets = ['1234567890123456'": "A list ends with ]: [\"…\", \"…\"].",
    "[launch] name = 'x'": "A heading stands on a line of its own.",
    "[launch]\nname = 'x' timezone = 'UTC'": "Every name and its value stand on a line of their own.",
    "[platforms.meta]\nrequire = {\n  Purchase = ['browser']\n}": "A table in { } stands on one line, from bracket to bracket.",
    "[platforms.tiktok]\ndatasets = [\n  CT7K2M3C77U9QF4RBEV0,\n]": "Texts stand in straight quotes: \"…\".",
    "[launch]\nname = 'x'\n[launch]\ntimezone = 'UTC'":
        "[launch] stands twice: put its lines under the first one and take the second heading out.",
    "[platforms.meta]\ndatasets = ['1']\n# [platforms.tiktok]\ndatasets = ['C']\n":
        "One name stands twice under a heading; a heading between the two may still begin with '#'.",
    # A heading that was left behind its mark.
    "[purchase]\nvalue = 'total'\n# [platforms.meta]\ndatasets = ['1']":
        "purchase.datasets: unknown key. It belongs under [platforms.meta]: see whether a '#' still stands before that line.",
    "# [launch]\nname = 'x'": "name: unknown key. It belongs under [launch] or [[senders]]: see whether a '#'",
    "[owners]\npaths = ['browser/*']": "owners.paths: unknown key. It belongs under [inputs]: see whether a '#'",
    # What would be compared with the evidence and never fit.
    "[platforms.snackvideo]\ndatasets = ['…']": "platforms.snackvideo.datasets: still holds the '…' of the draft: fill it in",
    "[owners]\ntracking = '…'": "owners.tracking: still holds the '…' of the draft: fill it in",
    "[platforms.meta]\ndatasets = ['1234567890123456, 2345678901234567']":
        "is no pixel id. Write each alone, in quotes, as the platform shows it: \"1234567890123456\".",
    "[platforms.meta]\ndatasets = ['https://business.facebook.com/events_manager2/list/dataset/1']": "is no pixel id.",
    "[platforms.meta]\ndatasets = ['act_1234567890']": "is no pixel id.",
    "[launch]\ntest_orders = '1001, 1002'": "launch.test_orders: '1001, 1002' is several orders in one text: [\"1001\", \"1002\"].",
    "[purchase]\nevent_id = '{{order_id}}'":
        "purchase.event_id: knows {order_id} and {event_name} only, each in one pair of braces",
    "[platforms.meta]\nallowed_domains = ['toko hitam']": "'toko hitam' is no domain. Write it as it stands in an address:",
    "[launch]\ntimezone = 'GMT+5'": "launch.timezone: 'GMT+5' is no time zone. Use a name like \"Asia/Karachi\".",
    "[launch]\ntimezone = 'UTC -3'": "launch.timezone: 'UTC -3' is no time zone. Use a name like \"America/Sao_Paulo\".",
    "[launch]\ntimezone = '+05:30'": "launch.timezone: '+05:30' is no time zone. Use a name like \"Asia/Kolkata\".",
    "[launch]\ntimezone = '+13:00'": "launch.timezone: '+13:00' is no time zone. Use a name like \"Asia/Jakarta\".",
    "[launch]\ntimezone = 'PKT'": "launch.timezone: 'PKT' is no time zone. Use a name like \"Asia/Karachi\".",
    "[launch]\ntimezone = 'Asia/Karachii'": "launch.timezone: 'Asia/Karachii' is no time zone. Use a name like \"Asia/Karachi\".",
    "[launch]\ntimezone = 'Kolkatta'": "launch.timezone: 'Kolkatta' is no time zone. Use a name like \"Asia/Kolkata\".",
    "[launch]\ntimezone = 'WITA'": "launch.timezone: 'WITA' is no time zone. Use a name like \"Asia/Makassar\".",
    "[launch]\ntimezone = 'asia/tokyo'": "launch.timezone: 'asia/tokyo' is no time zone. Use a name like \"Asia/Tokyo\".",
    "[[senders]]\nname = 'x'\nplatform = ['meta', 'tiktok']\nchannel = 'browser'":
        "senders[1].platform: must be one of meta, tiktok, snackvideo, is a list",
    f"[[waivers]]\ncheck = 'The value sent is not the amount the event must report'\n{WAIVER}": "Did you mean 'value_mismatch'?",
    f"[[waivers]]\ncheck = '1'\n{WAIVER}":
        "no check '1'. findings.csv names the check of each finding; 'pixel-audit checks' lists them all.",
    "[launch\nname = 1": "not valid TOML",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_names_its_key_and_the_way_out(text: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        _plan(tmp_path, text)
    assert MISTAKES[text] in str(caught.value)
    assert str(tmp_path / "audit.toml") in str(caught.value)

"""Reads ``audit.toml`` strictly: an unknown key, a wrong type or an impossible value is an error that names the key."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from audit.check import catalogue, no_such_check
from audit.errors import PlanError
from audit.loaders import _request_fields, _table_words, totals
from audit.plan import (
    BASES,
    CARDS,
    CHANNELS,
    CLICK_ID_DAYS,
    MATCH_KEYS,
    PLATFORMS,
    ROLES,
    STEPS,
    Evidence,
    FieldMapping,
    Plan,
    Platform,
    Sender,
    Waiver,
)  # fmt: skip
from audit.plan_slips import HEADINGS, is_pixel_id, is_public_suffix, nearest, nearest_zone, way_out
from audit.plan_values import Values, kind_of

#: Our names of the fields of each kind of file, with the names they go by besides.
MAPPED = {"request_log": _request_fields.SYNONYMS, "orders": _table_words.SYNONYMS, "totals": totals.SYNONYMS}


def read_plan(path: Path) -> Plan:
    """The plan of a launch.

    Raises:
        PlanError: the file cannot be read, is no TOML, or holds a key or value the plan does not know.
    """
    try:
        written = path.read_bytes()
        # Windows editors put a mark before the first letter.
        table = tomllib.loads(written.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"))
    except OSError as error:
        raise PlanError(f"{path}: the plan cannot be read ({error.strerror}). Check the path given to --plan.") from error
    except UnicodeDecodeError as error:
        raise PlanError(f"{path}: the plan is not UTF-8 text. Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{path}: not valid TOML: {error}. {way_out(str(error), written.decode())}") from error
    except (RecursionError, ValueError) as error:
        raise PlanError(
            f"{path}: holds a value no plan has (a number of thousands of digits, or hundreds of lists in one"
            " another). Write the plan again with 'pixel-audit init'."
        ) from error
    return replace(_plan(Values(path), table), written=written)


def _plan(read: Values, table: dict[str, Any]) -> Plan:
    known = (
        "launch", "owners", "inputs", "purchase", "platforms", "senders", "waivers", "evidence", "limits", "gates",
        "mapping",
    )  # fmt: skip
    read.keys("", table, known)
    parts: dict[str, Any] = {"path": read.path}
    parts |= _launch(read, table.get("launch", {}))
    parts["owners"] = {
        key: read.text(f"owners.{key}", value) for key, value in read.keys("owners", table.get("owners", {}), ROLES).items()
    }
    inputs = read.keys("inputs", table.get("inputs", {}), HEADINGS["[inputs]"])
    parts["inputs"] = read.texts("inputs.paths", inputs.get("paths", []))
    parts |= _purchase(read, table.get("purchase", {}))
    platforms = read.keys("platforms", table.get("platforms", {}), PLATFORMS)
    parts["platforms"] = {name: _platform(read, name, value) for name, value in platforms.items()}
    parts["senders"] = read.each("senders", table.get("senders", []), partial(_sender, read))
    parts["waivers"] = read.each("waivers", table.get("waivers", []), partial(_waiver, read))
    parts["evidence"] = read.each("evidence", table.get("evidence", []), partial(_evidence, read))
    parts["mappings"] = read.each("mapping", table.get("mapping", []), partial(_mapping, read))
    parts |= _limits(read, table.get("limits", {}))
    gates = read.keys("gates", table.get("gates", {}), HEADINGS["[gates]"])
    if "reconciliation" in gates:
        parts["reconciliation"] = read.choice("gates.reconciliation", gates["reconciliation"], ("required", "when_supplied"))
    return Plan(**parts)


def _launch(read: Values, value: object) -> dict[str, Any]:
    table = read.keys("launch", value, HEADINGS["[launch]"])
    parts: dict[str, Any] = {}
    if "name" in table:
        parts["name"] = read.text("launch.name", table["name"])
    if "timezone" in table:
        zone = read.text("launch.timezone", table["timezone"])
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise read.fail("launch.timezone", f'{zone!r} is no time zone. Use a name like "{nearest_zone(zone)}".') from error
        parts["timezone"] = zone
    if "test_orders" in table:
        parts["test_orders"] = read.texts("launch.test_orders", table["test_orders"])
        for order in parts["test_orders"]:
            if "," in order:
                alone = ", ".join(f'"{part.strip()}"' for part in order.split(","))
                raise read.fail("launch.test_orders", f"{order!r} is several orders in one text: [{alone}].")
    if "next_review" in table:
        parts["next_review"] = read.day("launch.next_review", table["next_review"])
    return parts


def _purchase(read: Values, value: object) -> dict[str, Any]:
    table = read.keys("purchase", value, HEADINGS["[purchase]"])
    parts: dict[str, Any] = {}
    if "conversion_point" in table:
        parts["conversion_point"] = read.choice(
            "purchase.conversion_point", table["conversion_point"], ("order_created", "payment_confirmed")
        )
    if "event_id" in table:
        template = read.text("purchase.event_id", table["event_id"])
        if template.count("{order_id}") != 1:
            raise read.fail("purchase.event_id", "must hold {order_id} exactly once")
        other = set(re.findall(r"\{([^{}]*)\}", template)) - {"order_id", "event_name"}
        if other:
            raise read.fail("purchase.event_id", f"knows {{order_id}} and {{event_name}} only, not {sorted(other)}")
        if re.search(r"[{}]", template.replace("{order_id}", "").replace("{event_name}", "")):
            raise read.fail("purchase.event_id", "knows {order_id} and {event_name} only, each in one pair of braces")
        parts["event_id"] = template
    if "value" in table:
        parts["value"] = read.choice("purchase.value", table["value"], BASES)
    if "tolerance" in table:
        tolerance = table["tolerance"]
        if not isinstance(tolerance, dict):
            raise read.fail("purchase.tolerance", "must be a table such as { IDR = 1, USD = 0.01 }")
        for currency in tolerance:
            if not re.fullmatch(r"[A-Za-z]{3}", currency):
                raise read.fail(f"purchase.tolerance.{currency}", "must be a currency code of three letters, such as IDR")
        parts["tolerance"] = {
            currency.upper(): Decimal(str(read.number(f"purchase.tolerance.{currency}", amount, 0, 1e9)))
            for currency, amount in tolerance.items()
        }
    return parts


def _platform(read: Values, name: str, value: object) -> Platform:
    place = f"platforms.{name}"
    table = read.keys(place, value, HEADINGS["[platforms.meta]"])
    events = read.keys(f"{place}.events", table.get("events", {}), STEPS)
    require = read.keys(f"{place}.require", table.get("require", {}), STEPS)
    for step, channels in require.items():
        for channel in read.texts(f"{place}.require.{step}", channels):
            read.choice(f"{place}.require.{step}", channel, CHANNELS)
        if step == "Purchase" and not channels:
            fault = 'names no channel. Write "browser", "server" or both: without sales nothing is judged.'
            raise read.fail(f"{place}.require.Purchase", fault)
    datasets = read.texts(f"{place}.datasets", table.get("datasets", []))
    for dataset in datasets:
        if not is_pixel_id(dataset):
            raise read.fail(
                f"{place}.datasets",
                f'{dataset!r} is no pixel id. Write each alone, in quotes, as the platform shows it: "1234567890123456".',
            )
    return Platform(
        datasets=datasets,
        allowed_domains=tuple(
            _domain(read, f"{place}.allowed_domains", text)
            for text in read.texts(f"{place}.allowed_domains", table.get("allowed_domains", []))
        ),
        relay_store=read.text(f"{place}.relay_store", table["relay_store"]) if "relay_store" in table else None,
        events={step: read.texts(f"{place}.events.{step}", names) for step, names in events.items()},
        require={step: read.texts(f"{place}.require.{step}", channels) for step, channels in require.items()},
    )


def _domain(read: Values, key: str, text: str) -> str:
    if "/" in text or ":" in text:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or "shop.example.com"
        raise read.fail(key, f"{text!r} is an address. Write its domain alone: {host!r}.")
    if re.search(r"\s", text):
        raise read.fail(key, f"{text!r} is no domain. Write it as it stands in an address: 'shop.example.com'.")
    domain = text.lower().removeprefix("*.").strip(".")
    if is_public_suffix(domain):
        raise read.fail(key, f"{text!r} is no shop's own: it would cover every site below it. Write the whole domain.")
    return domain


def _owner(read: Values, key: str, value: object) -> str:
    """A role or free text; what is nearly a role is taken for a slip of the pen."""
    owner = read.text(key, value)
    near = difflib.get_close_matches(owner, ROLES, n=1, cutoff=0.85)
    if near and owner not in ROLES:
        raise read.fail(key, f"{owner!r} is no role. Did you mean {near[0]!r}? Any other text names a person or a team.")
    return owner


def _sender(read: Values, place: str, value: object) -> Sender:
    table = read.keys(place, value, HEADINGS["[[senders]]"])
    for key in ("name", "platform", "channel"):
        if key not in table:
            raise read.fail(f"{place}.{key}", "is missing; every sender has a name, a platform and a channel")
    events = read.texts(f"{place}.events", table.get("events", list(STEPS)))
    for step in events:
        read.choice(f"{place}.events", step, STEPS)
    primary = table.get("primary", False)
    if not isinstance(primary, bool):
        raise read.fail(f"{place}.primary", f"must be true or false, is {kind_of(primary)}")
    match = read.keys(f"{place}.match", table.get("match", {}), MATCH_KEYS)
    return Sender(
        name=read.text(f"{place}.name", table["name"]),
        platform=read.choice(f"{place}.platform", table["platform"], PLATFORMS),
        channel=read.choice(f"{place}.channel", table["channel"], CHANNELS),
        events=events,
        owner=_owner(read, f"{place}.owner", table["owner"]) if "owner" in table else None,
        primary=primary,
        match={key: read.text(f"{place}.match.{key}", text) for key, text in match.items()},
    )


def _waiver(read: Values, place: str, value: object) -> Waiver:
    table = read.keys(place, value, HEADINGS["[[waivers]]"])
    for key in ("check", "reason", "owner", "expires"):
        if key not in table:
            raise read.fail(f"{place}.{key}", "is missing; a waiver has a check, a reason, an owner and an expiry")
    check = read.text(f"{place}.check", table["check"])
    if check not in catalogue():
        raise read.fail(f"{place}.check", no_such_check(check))
    return Waiver(
        check=check,
        reason=read.text(f"{place}.reason", table["reason"]),
        owner=_owner(read, f"{place}.owner", table["owner"]),
        expires=read.day(f"{place}.expires", table["expires"]),
        subject=read.text(f"{place}.subject", table.get("subject", "*")).removeprefix("#"),
    )


def _evidence(read: Values, place: str, value: object) -> Evidence:
    table = read.keys(place, value, HEADINGS["[[evidence]]"])
    for key in ("card", "file"):
        if key not in table:
            raise read.fail(f"{place}.{key}", "is missing; an attachment has a card and a file")
    return Evidence(
        card=read.choice(f"{place}.card", table["card"], CARDS),
        file=read.path.parent / read.text(f"{place}.file", table["file"]),
        note=read.text(f"{place}.note", table["note"]) if "note" in table else "",
    )


def _mapping(read: Values, place: str, value: object) -> FieldMapping:
    table = read.keys(place, value, HEADINGS["[[mapping]]"])
    for key in ("files", "kind", "fields"):
        if key not in table:
            raise read.fail(f"{place}.{key}", "is missing; a mapping has files, kind and fields")
    if not isinstance(table["fields"], dict):
        raise read.fail(f"{place}.fields", 'must be a table: our name = "their.name"')
    kind = read.choice(f"{place}.kind", table["kind"], ("pixel_log", *MAPPED))
    for key in table["fields"]:
        # Of a decoded pixel log any field may be named.
        if kind in MAPPED and key not in MAPPED[kind]:
            near = next((ours for ours, theirs in MAPPED[kind].items() if key in theirs), nearest(key, tuple(MAPPED[kind])))
            raise read.fail(f"{place}.fields.{key}", f"unknown field. Did you mean {near!r}? Our name stands on the left.")
    return FieldMapping(
        files=read.text(f"{place}.files", table["files"]),
        kind=kind,
        # The heading of a column may end in a blank.
        fields={key: text for key, text in table["fields"].items() if read.text(f"{place}.fields.{key}", text)},
    )


def _limits(read: Values, value: object) -> dict[str, Any]:
    table = read.keys("limits", value, HEADINGS["[limits]"])
    parts: dict[str, Any] = {}
    for key in ("late_after", "dedup_window"):
        if key in table:
            parts[f"{key}_s"] = read.duration(f"limits.{key}", table[key])
    for key, hours, why in (
        ("dedup_window", 48, "Meta and TikTok merge no copies further apart"),
        ("late_after", 168, "Meta refuses what is older than seven days"),
    ):
        if parts.get(f"{key}_s", 0) > hours * 3600:
            raise read.fail(f"limits.{key}", f"must be at most {hours}h: {why}")
    for key in ("totals_tolerance", "missing_share"):
        if key in table:
            parts[key] = read.number(f"limits.{key}", table[key], 0, 1)
    days = read.keys("limits.click_id_days", table.get("click_id_days", {}), PLATFORMS)
    parts["click_id_days"] = CLICK_ID_DAYS | {
        name: read.number(f"limits.click_id_days.{name}", amount, 0, 3650) for name, amount in days.items()
    }
    return parts

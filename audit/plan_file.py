"""Reads ``audit.toml`` strictly: an unknown key, a wrong type or an impossible value is an error that names the key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from audit.check import catalogue, no_such_check
from audit.errors import PlanError
from audit.loaders import _request_fields, totals
from audit.loaders import table as orders
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
from audit.plan_slips import is_pixel_id, is_public_suffix, nearest, nearest_zone, unknown_key, way_out

T = TypeVar("T")

#: Our names of the fields of each kind of file, with the names they go by besides.
MAPPED = {"request_log": _request_fields.SYNONYMS, "orders": orders.SYNONYMS, "totals": totals.SYNONYMS}

_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|m|h|d)\s*$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


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
    return replace(_Reader(path).plan(table), written=written)


class _Reader:
    """Reads tables with their place, so that every error can name it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, key: str, message: str) -> PlanError:
        return PlanError(f"{self.path}: {key}: {message}")

    def keys(self, place: str, table: object, known: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(table, dict):
            raise self.fail(place, f"must be a table, is {_kind(table)}")
        for key in table:
            if key not in known:
                where = f"{place}.{key}" if place else key
                raise self.fail(where, unknown_key(key, known))
        return table

    def text(self, key: str, value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.fail(key, f"must be a text, is {'empty' if isinstance(value, str) else _kind(value)}")
        if value.strip() == "…":
            raise self.fail(key, "still holds the '…' of the draft: fill it in, or take the line out")
        return value.strip()

    def texts(self, key: str, value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            return (self.text(key, value),)
        if not isinstance(value, list):
            raise self.fail(key, f"must be a list of texts, is {_kind(value)}")
        for item in value:
            if not isinstance(item, str) or not item.strip():
                told = "an empty text: fill it in or take it out" if isinstance(item, str) else f"{_kind(item)}: write it in quotes"
                raise self.fail(key, f"must be a list of texts, holds {told}")
        return tuple(self.text(key, item) for item in value)

    def day(self, key: str, value: object) -> date:
        if type(value) is not date:
            raise self.fail(key, f"must be a date such as 2026-12-01 (no quotes), is {_kind(value)}")
        return value

    def number(self, key: str, value: object, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(key, f"must be a number, is {_kind(value)}")
        if not low <= value <= high:
            raise self.fail(key, f"must lie between {low:g} and {high:g}, is {value:g}")
        return float(value)

    def choice(self, key: str, value: object, allowed: tuple[str, ...]) -> str:
        if not isinstance(value, str):
            raise self.fail(key, f"must be one of {', '.join(allowed)}, is {_kind(value)}")
        if value not in allowed:
            raise self.fail(key, f"{value!r} is not known. Did you mean {nearest(value, allowed)!r}? Known: {', '.join(allowed)}.")
        return value

    def duration(self, key: str, value: object) -> float:
        found = _DURATION.match(value) if isinstance(value, str) else None
        if found is None:
            raise self.fail(key, f'must be a duration such as "48h" or "30m", is {value!r}')
        return float(found[1]) * _SECONDS[found[2]]

    # ------------------------------------------------------------------ the tables

    def plan(self, table: dict[str, Any]) -> Plan:
        known = (
            "launch", "owners", "inputs", "purchase", "platforms", "senders", "waivers", "evidence", "limits", "gates",
            "mapping",
        )  # fmt: skip
        self.keys("", table, known)
        parts: dict[str, Any] = {"path": self.path}
        parts |= self.launch(table.get("launch", {}))
        parts["owners"] = {
            key: self.text(f"owners.{key}", value) for key, value in self.keys("owners", table.get("owners", {}), ROLES).items()
        }
        inputs = self.keys("inputs", table.get("inputs", {}), ("paths",))
        parts["inputs"] = self.texts("inputs.paths", inputs.get("paths", []))
        parts |= self.purchase(table.get("purchase", {}))
        platforms = self.keys("platforms", table.get("platforms", {}), PLATFORMS)
        parts["platforms"] = {name: self.platform(name, value) for name, value in platforms.items()}
        parts["senders"] = self.each("senders", table.get("senders", []), self.sender)
        parts["waivers"] = self.each("waivers", table.get("waivers", []), self.waiver)
        parts["evidence"] = self.each("evidence", table.get("evidence", []), self.evidence)
        parts["mappings"] = self.each("mapping", table.get("mapping", []), self.mapping)
        parts |= self.limits(table.get("limits", {}))
        gates = self.keys("gates", table.get("gates", {}), ("reconciliation",))
        if "reconciliation" in gates:
            parts["reconciliation"] = self.choice("gates.reconciliation", gates["reconciliation"], ("required", "when_supplied"))
        return Plan(**parts)

    def each(self, place: str, value: object, read: Callable[[str, object], T]) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise self.fail(place, f"must be written as [[{place}]], is {_kind(value)}")
        return tuple(read(f"{place}[{number}]", item) for number, item in enumerate(value, start=1))

    def launch(self, value: object) -> dict[str, Any]:
        table = self.keys("launch", value, ("name", "timezone", "test_orders", "next_review"))
        parts: dict[str, Any] = {}
        if "name" in table:
            parts["name"] = self.text("launch.name", table["name"])
        if "timezone" in table:
            zone = self.text("launch.timezone", table["timezone"])
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise self.fail("launch.timezone", f'{zone!r} is no time zone. Use a name like "{nearest_zone(zone)}".') from error
            parts["timezone"] = zone
        if "test_orders" in table:
            parts["test_orders"] = self.texts("launch.test_orders", table["test_orders"])
            for order in parts["test_orders"]:
                if "," in order:
                    alone = ", ".join(f'"{part.strip()}"' for part in order.split(","))
                    raise self.fail("launch.test_orders", f"{order!r} is several orders in one text: [{alone}].")
        if "next_review" in table:
            parts["next_review"] = self.day("launch.next_review", table["next_review"])
        return parts

    def purchase(self, value: object) -> dict[str, Any]:
        table = self.keys("purchase", value, ("conversion_point", "event_id", "value", "tolerance"))
        parts: dict[str, Any] = {}
        if "conversion_point" in table:
            parts["conversion_point"] = self.choice(
                "purchase.conversion_point", table["conversion_point"], ("order_created", "payment_confirmed")
            )
        if "event_id" in table:
            template = self.text("purchase.event_id", table["event_id"])
            if template.count("{order_id}") != 1:
                raise self.fail("purchase.event_id", "must hold {order_id} exactly once")
            other = set(re.findall(r"\{([^{}]*)\}", template)) - {"order_id", "event_name"}
            if other:
                raise self.fail("purchase.event_id", f"knows {{order_id}} and {{event_name}} only, not {sorted(other)}")
            if re.search(r"[{}]", template.replace("{order_id}", "").replace("{event_name}", "")):
                raise self.fail("purchase.event_id", "knows {order_id} and {event_name} only, each in one pair of braces")
            parts["event_id"] = template
        if "value" in table:
            parts["value"] = self.choice("purchase.value", table["value"], BASES)
        if "tolerance" in table:
            tolerance = table["tolerance"]
            if not isinstance(tolerance, dict):
                raise self.fail("purchase.tolerance", "must be a table such as { IDR = 1, USD = 0.01 }")
            for currency in tolerance:
                if not re.fullmatch(r"[A-Za-z]{3}", currency):
                    raise self.fail(f"purchase.tolerance.{currency}", "must be a currency code of three letters, such as IDR")
            parts["tolerance"] = {
                currency.upper(): Decimal(str(self.number(f"purchase.tolerance.{currency}", amount, 0, 1e9)))
                for currency, amount in tolerance.items()
            }
        return parts

    def platform(self, name: str, value: object) -> Platform:
        place = f"platforms.{name}"
        table = self.keys(place, value, ("datasets", "allowed_domains", "relay_store", "events", "require"))
        events = self.keys(f"{place}.events", table.get("events", {}), STEPS)
        require = self.keys(f"{place}.require", table.get("require", {}), STEPS)
        for step, channels in require.items():
            for channel in self.texts(f"{place}.require.{step}", channels):
                self.choice(f"{place}.require.{step}", channel, CHANNELS)
        datasets = self.texts(f"{place}.datasets", table.get("datasets", []))
        for dataset in datasets:
            if not is_pixel_id(dataset):
                raise self.fail(
                    f"{place}.datasets",
                    f'{dataset!r} is no pixel id. Write each alone, in quotes, as the platform shows it: "1234567890123456".',
                )
        return Platform(
            datasets=datasets,
            allowed_domains=tuple(
                self.domain(f"{place}.allowed_domains", text)
                for text in self.texts(f"{place}.allowed_domains", table.get("allowed_domains", []))
            ),
            relay_store=self.text(f"{place}.relay_store", table["relay_store"]) if "relay_store" in table else None,
            events={step: self.texts(f"{place}.events.{step}", names) for step, names in events.items()},
            require={step: self.texts(f"{place}.require.{step}", channels) for step, channels in require.items()},
        )

    def domain(self, key: str, text: str) -> str:
        if "/" in text or ":" in text:
            host = urlsplit(text if "//" in text else f"//{text}").hostname or "shop.example.com"
            raise self.fail(key, f"{text!r} is an address. Write its domain alone: {host!r}.")
        if re.search(r"\s", text):
            raise self.fail(key, f"{text!r} is no domain. Write it as it stands in an address: 'shop.example.com'.")
        domain = text.lower().removeprefix("*.").strip(".")
        if is_public_suffix(domain):
            raise self.fail(key, f"{text!r} is no shop's own: it would cover every site below it. Write the whole domain.")
        return domain

    def owner(self, key: str, value: object) -> str:
        """A role or free text; what is nearly a role is taken for a slip of the pen."""
        owner = self.text(key, value)
        near = difflib.get_close_matches(owner, ROLES, n=1, cutoff=0.85)
        if near and owner not in ROLES:
            raise self.fail(key, f"{owner!r} is no role. Did you mean {near[0]!r}? Any other text names a person or a team.")
        return owner

    def sender(self, place: str, value: object) -> Sender:
        table = self.keys(place, value, ("name", "platform", "channel", "events", "owner", "primary", "match"))
        for key in ("name", "platform", "channel"):
            if key not in table:
                raise self.fail(f"{place}.{key}", "is missing; every sender has a name, a platform and a channel")
        events = self.texts(f"{place}.events", table.get("events", list(STEPS)))
        for step in events:
            self.choice(f"{place}.events", step, STEPS)
        primary = table.get("primary", False)
        if not isinstance(primary, bool):
            raise self.fail(f"{place}.primary", f"must be true or false, is {_kind(primary)}")
        match = self.keys(f"{place}.match", table.get("match", {}), MATCH_KEYS)
        return Sender(
            name=self.text(f"{place}.name", table["name"]),
            platform=self.choice(f"{place}.platform", table["platform"], PLATFORMS),
            channel=self.choice(f"{place}.channel", table["channel"], CHANNELS),
            events=events,
            owner=self.owner(f"{place}.owner", table["owner"]) if "owner" in table else None,
            primary=primary,
            match={key: self.text(f"{place}.match.{key}", text) for key, text in match.items()},
        )

    def waiver(self, place: str, value: object) -> Waiver:
        table = self.keys(place, value, ("check", "subject", "reason", "owner", "expires"))
        for key in ("check", "reason", "owner", "expires"):
            if key not in table:
                raise self.fail(f"{place}.{key}", "is missing; a waiver has a check, a reason, an owner and an expiry")
        check = self.text(f"{place}.check", table["check"])
        if check not in catalogue():
            raise self.fail(f"{place}.check", no_such_check(check))
        return Waiver(
            check=check,
            reason=self.text(f"{place}.reason", table["reason"]),
            owner=self.owner(f"{place}.owner", table["owner"]),
            expires=self.day(f"{place}.expires", table["expires"]),
            subject=self.text(f"{place}.subject", table.get("subject", "*")).removeprefix("#"),
        )

    def evidence(self, place: str, value: object) -> Evidence:
        table = self.keys(place, value, ("card", "file", "note"))
        for key in ("card", "file"):
            if key not in table:
                raise self.fail(f"{place}.{key}", "is missing; an attachment has a card and a file")
        return Evidence(
            card=self.choice(f"{place}.card", table["card"], CARDS),
            file=self.path.parent / self.text(f"{place}.file", table["file"]),
            note=self.text(f"{place}.note", table["note"]) if "note" in table else "",
        )

    def mapping(self, place: str, value: object) -> FieldMapping:
        table = self.keys(place, value, ("files", "kind", "fields"))
        for key in ("files", "kind", "fields"):
            if key not in table:
                raise self.fail(f"{place}.{key}", "is missing; a mapping has files, kind and fields")
        if not isinstance(table["fields"], dict):
            raise self.fail(f"{place}.fields", 'must be a table: our name = "their.name"')
        kind = self.choice(f"{place}.kind", table["kind"], ("pixel_log", *MAPPED))
        for key in table["fields"]:
            # Of a decoded pixel log any field may be named.
            if kind in MAPPED and key not in MAPPED[kind]:
                near = next((ours for ours, theirs in MAPPED[kind].items() if key in theirs), nearest(key, tuple(MAPPED[kind])))
                raise self.fail(f"{place}.fields.{key}", f"unknown field. Did you mean {near!r}? Our name stands on the left.")
        return FieldMapping(
            files=self.text(f"{place}.files", table["files"]),
            kind=kind,
            # The heading of a column may end in a blank.
            fields={key: text for key, text in table["fields"].items() if self.text(f"{place}.fields.{key}", text)},
        )

    def limits(self, value: object) -> dict[str, Any]:
        known = ("late_after", "dedup_window", "totals_tolerance", "missing_share", "click_id_days")
        table = self.keys("limits", value, known)
        parts: dict[str, Any] = {}
        for key in ("late_after", "dedup_window"):
            if key in table:
                parts[f"{key}_s"] = self.duration(f"limits.{key}", table[key])
        for key, hours, why in (
            ("dedup_window", 48, "Meta and TikTok merge no copies further apart"),
            ("late_after", 168, "Meta refuses what is older than seven days"),
        ):
            if parts.get(f"{key}_s", 0) > hours * 3600:
                raise self.fail(f"limits.{key}", f"must be at most {hours}h: {why}")
        for key in ("totals_tolerance", "missing_share"):
            if key in table:
                parts[key] = self.number(f"limits.{key}", table[key], 0, 1)
        days = self.keys("limits.click_id_days", table.get("click_id_days", {}), PLATFORMS)
        parts["click_id_days"] = CLICK_ID_DAYS | {
            name: self.number(f"limits.click_id_days.{name}", amount, 0, 3650) for name, amount in days.items()
        }
        return parts


def _kind(value: object) -> str:
    names = {str: "a text", bool: "true/false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), f"a {type(value).__name__}")

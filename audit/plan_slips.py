"""Slips of the pen in a plan: what was likely meant, and how a line that is no TOML is mended."""

from __future__ import annotations

import difflib
import re
from zoneinfo import available_timezones

#: What people call a platform, a step or a channel besides.
_OTHER_NAMES = {
    "facebook": "meta", "instagram": "meta", "fb": "meta", "kwai": "snackvideo", "snack": "snackvideo",
    "completepayment": "Purchase", "placeanorder": "Purchase", "initiatedcheckout": "InitiateCheckout",
    "contentview": "ViewContent", "web": "browser", "pixel": "browser", "capi": "server", "relay": "server",
}  # fmt: skip


def nearest(word: str, known: tuple[str, ...]) -> str:
    """What was likely meant: another name of the same thing, else the most alike."""
    other = _OTHER_NAMES.get(word.lower())
    return other if other in known else difflib.get_close_matches(word, known, n=1, cutoff=0.0)[0]


_OTHER_QUOTES = """Texts with a quote in them stand in the other kind of quotes: "Rina's launch"."""
#: The marks of a line that is no TOML -> its way out; the first that fits counts.
_WAYS_OUT = (
    (re.compile("[“”‘’„]"), 'Texts stand in straight quotes: "…".'),
    (re.compile(r"\\"), "Write paths with / instead of \\."),
    (re.compile(r"^\s*\[.*\]\s*[^\s#]"), "A heading stands on a line of its own."),
    (re.compile(r"\{\s*$"), "A table in { } stands on one line, from bracket to bracket."),
    (re.compile(r"^\s*[\w.-]+\s*:"), "A name and its value are joined by '=', not by ':'."),
    (re.compile(r"=\s*(#|$)"), "Nothing stands behind the '=': fill it in, or take the line out."),
    (re.compile(r"=\s*(True|TRUE|False|FALSE|[Yy]es|[Nn]o|on|off)\b"), "Write true or false, in small letters and without quotes."),
    (re.compile(r"=\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"), "Dates are written 2026-12-01: year, month, day, without quotes."),
    (re.compile(r"=\s*\d+,\d"), "Fractions are written with a point: 0.05."),
    (re.compile(r"(=\s*\[?|^)\s*[^\W\d][^=]*$"), 'Texts stand in straight quotes: "…".'),
    (re.compile(r"""=\s*('[^']*'|"[^"]*")\s+[\w.-]+\s*="""), "Every name and its value stand on a line of their own."),
    (re.compile(r"""=\s*('[^']*'|"[^"]*")\s*[^\s#,;]"""), _OTHER_QUOTES),
    (re.compile(r"""=\s*('[^']*|"[^"]*)$"""), "A quote is missing at the end of this text."),
    (re.compile(r"=.*[,;\u00a0]\s*$"), "Nothing stands behind a value: take the last sign of the line away."),
)  # fmt: skip


def way_out(error: str, text: str) -> str:
    """What to do about a line that is no TOML: by the marks in it that people commonly get wrong."""
    place = re.search(r"line (\d+)", error)
    lines = text.splitlines() or [""]
    line = lines[min(int(place[1]), len(lines)) - 1] if place else next((line for line in lines[::-1] if line.strip()), "")
    if "twice" in error:
        return f"{line.strip()} stands twice: put its lines under the first one and take the second heading out."
    if "overwrite" in error and line.startswith("[["):
        return f"Write every {line.strip()} with two brackets, the first one too."
    if "overwrite" in error:
        return "One name stands twice under a heading; a heading between the two may still begin with '#'."
    if "Unclosed array" in error:
        return 'A list ends with ]: ["…", "…"].'
    return next((words for marks, words in _WAYS_OUT if marks.search(line)), "Mend that place and run again.")


#: The names that may stand under each heading of a plan.
HEADINGS = {
    "[launch]": ("name", "timezone", "test_orders", "next_review"),
    "[inputs]": ("paths",),
    "[purchase]": ("conversion_point", "event_id", "value", "tolerance"),
    "[platforms.meta]": ("datasets", "allowed_domains", "relay_store", "events", "require"),
    "[[senders]]": ("name", "platform", "channel", "events", "owner", "primary", "match"),
    "[[waivers]]": ("check", "subject", "reason", "owner", "expires"),
    "[[evidence]]": ("card", "file", "note"),
    "[limits]": ("late_after", "dedup_window", "totals_tolerance", "missing_share", "click_id_days"),
    "[gates]": ("reconciliation",),
    "[[mapping]]": ("files", "kind", "fields"),
}


def unknown_key(key: str, known: tuple[str, ...]) -> str:
    """What is said of a key that is not known here: where it belongs, else what was likely meant."""
    headings = [heading for heading, keys in HEADINGS.items() if key in keys]
    if headings and not difflib.get_close_matches(key, known, n=1, cutoff=0.85):
        told = f"It belongs under {' or '.join(headings)}: see whether a '#' still stands before that line."
    else:
        told = f"Did you mean {nearest(key, known)!r}?"
    return f"unknown key. {told} Known here: {', '.join(known)}."


#: What clocks are called where a launch may run.
_CLOCKS = {
    "wib": "Asia/Jakarta", "wita": "Asia/Makassar", "wit": "Asia/Jayapura", "pkt": "Asia/Karachi", "ist": "Asia/Kolkata",
    "sgt": "Asia/Singapore", "myt": "Asia/Kuala_Lumpur", "pht": "Asia/Manila", "cest": "Europe/Berlin", "bst": "Europe/London",
}  # fmt: skip
#: Hours east of Greenwich -> one zone of many that keeps them, in winter at least.
_OFFSETS = {
    -5: "America/Bogota", -3: "America/Sao_Paulo", 0: "UTC", 1: "Europe/Berlin", 2: "Africa/Johannesburg", 3: "Asia/Riyadh",
    4: "Asia/Dubai", 5: "Asia/Karachi", 5.5: "Asia/Kolkata", 6: "Asia/Dhaka", 6.5: "Asia/Yangon", 7: "Asia/Jakarta",
    8: "Asia/Singapore", 9: "Asia/Tokyo", 10: "Australia/Brisbane",
}  # fmt: skip
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-])?(\d{1,2})(?::?(\d\d))?")


def nearest_zone(word: str) -> str:
    """A time zone's name as the library writes it, for another spelling of it, its city alone, or an offset it keeps."""
    # The zones below Etc count their hours the other way round: GMT+5 is no way to write Etc/GMT+5.
    zones = {zone.lower(): zone for zone in sorted(available_timezones()) if not zone.startswith("Etc/GMT")}
    cities = {zone.rpartition("/")[2]: name for zone, name in zones.items() if "/" in zone}
    asked = word.strip().lower().replace(" ", "_")
    known = _CLOCKS.get(asked) or zones.get(asked) or cities.get(asked) or _with_offset(asked.replace("_", ""))
    if known is None and "/" in asked:
        known = next((zones[alike] for alike in difflib.get_close_matches(asked, zones, n=1, cutoff=0.8)), None)
    if known is None:
        known = next((cities[alike] for alike in difflib.get_close_matches(asked, cities, n=1, cutoff=0.8)), None)
    return known or "Asia/Jakarta"


def _with_offset(text: str) -> str | None:
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    hours = int(found[2]) + int(found[3] or 0) / 60
    return _OFFSETS.get(-hours if found[1] == "-" else hours)


def is_pixel_id(text: str) -> bool:
    """Whether it may be the id of one pixel: no list, no address, and no ad account."""
    return not re.search(r"[\s,;/:]", text) and not text.startswith("act_")


def is_public_suffix(domain: str) -> bool:
    """Whether anybody may register names below it (com, co.id): as an allowed domain it would allow every shop."""
    first, _, rest = domain.partition(".")
    if "." in rest or (rest and len(first) > 3):
        return False
    from publicsuffixlist import PublicSuffixList  # its list is read at import: only where a domain is as short as a suffix

    return bool(PublicSuffixList(accept_unknown=False, only_icann=True).publicsuffix(domain) == domain)

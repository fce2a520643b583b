"""Slips of the pen in a plan: what was likely meant, and how a line that is no TOML is mended."""

from __future__ import annotations

import difflib
import re

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


def way_out(error: str, text: str) -> str:
    """What to do about a line that is no TOML: by the marks in it that people commonly get wrong."""
    place = re.search(r"line (\d+)", error)
    lines = text.splitlines()
    line = lines[int(place[1]) - 1] if place and int(place[1]) <= len(lines) else ""
    if any(mark in line for mark in "“”‘’„"):
        return 'Texts stand in straight quotes: "…".'
    if "\\" in line:
        return "Write paths with / instead of \\."
    if "overwrite" in error and line.startswith("[["):
        return f"Write every {line.strip()} with two brackets, the first one too."
    return "Mend that place and run again."


def is_public_suffix(domain: str) -> bool:
    """Whether anybody may register names below it (com, co.id): as an allowed domain it would allow every shop."""
    first, _, rest = domain.partition(".")
    if "." in rest or (rest and len(first) > 3):
        return False
    from publicsuffixlist import PublicSuffixList  # its list is read at import: only where a domain is as short as a suffix

    return bool(PublicSuffixList(accept_unknown=False, only_icann=True).publicsuffix(domain) == domain)

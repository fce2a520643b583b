"""The plain words of the packet: what a media buyer reads where the program has codes."""

from __future__ import annotations

from collections.abc import Mapping

from audit.plan import ROLES
from audit.verdict import Answer
from audit.wording import counted
from reports.parts import Change, Gate, Reason, Signature

PLATFORMS = {"meta": "Meta", "tiktok": "TikTok", "snackvideo": "SnackVideo"}
CHANNELS = {"browser": "Browser", "server": "Server"}

DECISIONS = {
    "GO": "Go",
    "GO_WITH_CONDITIONS": "Go, with conditions",
    "STOP": "Stop",
    "NOT_PROVEN": "Not proven",
}
#: Reasons that a first screen shows; the packet has them all.
REASONS = 3
#: What the decision asks of its readers, in one sentence.
MEANINGS = {
    "GO": "Every gate that decides was judged on evidence, and every one of them passed.",
    "GO_WITH_CONDITIONS": "Every gate that decides was passed. The conditions below stay open, and each has an owner.",
    "STOP": "Numbers would be wrong, or data would leak. Do not launch until the points below are mended and tested again.",
    "NOT_PROVEN": "Nothing here proves a fault, and nothing proves that all is well. What is missing is named below.",
}
#: Colour families of the decision and of the answers; the words carry the meaning, the colour only repeats it.
TONES = {"GO": "pass", "GO_WITH_CONDITIONS": "warn", "STOP": "stop", "NOT_PROVEN": "open"}

ANSWERS = {
    Answer.NOT_APPLICABLE: "No subject",
    Answer.PASS: "Pass",
    Answer.UNCLEAR: "Cannot tell",
    Answer.NOT_RUN: "Not tested",
    Answer.FAIL: "Stop",
    Answer.ERROR: "Check broke",
}
ANSWER_TONES = {
    Answer.NOT_APPLICABLE: "none",
    Answer.PASS: "pass",
    Answer.UNCLEAR: "open",
    Answer.NOT_RUN: "open",
    Answer.FAIL: "stop",
    Answer.ERROR: "stop",
}
SEVERITIES = {"blocker": "Blocker", "warning": "Warning", "note": "Note"}
SEVERITY_TONES = {"blocker": "stop", "warning": "warn", "note": "none"}

FACETS = {
    "chain": "Event chain",
    "dedup": "Deduplication",
    "money": "Money",
    "senders": "Senders",
    "reconciliation": "Reconciliation",
    "attribution": "Attribution",
    "delivery": "Delivery",
    "payload": "Payload",
    "privacy": "Privacy",
    "evidence": "Evidence",
}
#: The shopper's act behind each step.
ACTIONS = {
    "ViewContent": "A product page is opened",
    "AddToCart": "A product goes into the cart",
    "InitiateCheckout": "Checkout begins",
    "Purchase": "The order is placed",
}
PAID_ACTION = "The payment is confirmed"

CARDS = {
    "test_events": "Test events",
    "order_admin": "Order records",
    "trigger_sources": "Trigger-source inventory",
    "reconciliation": "Review reconciliation",
}
BASES = {
    "total": "the order total",
    "gross_revenue": "gross revenue",
    "net_revenue": "net revenue",
    "subtotal": "the subtotal",
    "total_less_shipping": "the total without shipping",
    "total_less_tax": "the total without tax",
    "total_less_shipping_and_tax": "the total without shipping and tax",
    "before_discount": "the goods before discount",
    "total_less_fees": "the total without fees",
    "total_with_unique_code": "the total with its unique code",
    "presentment_total": "the total in the shopper's currency",
    "current_total": "the total after refunds and edits",
}
SLIPS = {
    "times_100": "100 times",
    "divided_by_100": "a hundredth of",
    "thousands_separator": "a thousandth of",
}
#: Who can supply a kind of evidence that is missing.
SUPPLIERS = {
    "browser events": "tracking",
    "server events": "data",
    "orders": "store",
    "register": "tracking",
    "totals": "media",
    "diagnostics": "media",
}

#: What no file can show, whatever is supplied; said instead of guessed.
OF_RELAYS = (
    (
        "Which pixel a relay forwards to",
        "Open the relay's own settings and compare the pixel named there with the one in the plan.",
    ),
    (
        "What the relay's own “trigger purchase” setting sends",
        "Look the setting up in the relay's settings and write down whether it is on.",
    ),
)
UNDECIDABLE = (
    (
        "Whether consent withdrawn before the pixel loaded is respected",
        "Refuse consent in a fresh browser window and watch that nothing is sent.",
    ),
    (
        "Whether a failure of the tracking would block the checkout",
        "Block the pixel and relay addresses in a browser and place a test order.",
    ),
)


def step_of(platform: str | None, step: str | None) -> str:
    """“Meta Purchase”; whatever of both is known."""
    return " ".join(word for word in (PLATFORMS.get(platform or "", platform or ""), step or "") if word)


def listed(words: list[str], limit: int = 3) -> str:
    """“a, b and c”; “a, b, c and 4 more” above the limit."""
    if len(words) > limit + 1:
        return f"{', '.join(words[:limit])} and {len(words) - limit} more"
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def lowered(sentence: str) -> str:
    """A sentence that goes on inside another one: its first letter small, unless the word is a name."""
    first = sentence.split(" ", 1)[0]
    if any(letter.isupper() for letter in first[1:]) or first in (*PLATFORMS.values(), "Purchase"):
        return sentence
    return sentence[:1].lower() + sentence[1:]


def owner_of(owners: Mapping[str, str], role: str) -> str:
    """Who answers for something: the plan's name for the role, else the role itself, else the free text it is."""
    if role in owners:
        return owners[role]
    return f"{role.capitalize()} owner" if role in ROLES else role


def unread(names: tuple[str, ...], limit: int = 3) -> str:
    """“Files of no known format were not read: orders.xlsx (an Excel workbook: …). …”; empty where there are none."""
    if not names:
        return ""
    told = f"Files of no known format were not read: {listed(list(names), limit)}."
    if all(": " in name for name in names):  # what to do with each stands beside it
        return told
    return f"{told} What is evidence among them, export as CSV or JSON; 'pixel-audit doctor' lists the formats."


def accepted_against(signature: Signature) -> str:
    """“Accepted on 20 Nov 2026 although it said Stop: A. Person (media), because: …”."""
    because = f", because: {signature.reason.rstrip('.')}" if signature.reason else ""
    return (
        f"An earlier packet was accepted on {signature.at.day} although it said {DECISIONS[signature.decision]}:"
        f" {signature.name} ({signature.role}){because}"
    )


def change_words(change: Change) -> str:
    """“The value sent is not the order amount: Meta Purchase, 261120RNDCDV”."""
    where = ", ".join(filter(None, (step_of(change.platform, change.step), listed(list(change.subjects)))))
    return f"{change.title}: {where}" if where else change.title


def also(gate: Gate) -> list[str]:
    """“2 warnings”, “8 waived”: what stands beside a gate's answer."""
    return [
        *([counted(gate.warnings, "warning")] if gate.warnings else []),
        *([f"{gate.waived} waived"] if gate.waived else []),
    ]


def follows(gate: Gate, reasons: tuple[Reason, ...]) -> str:
    """“follows from 1”: the reason shown that a gate's answer merely follows from; empty where it stands for itself."""
    if gate.root is None:
        return ""
    number = next((number for number, reason in enumerate(reasons[:REASONS], start=1) if reason.anchor == gate.root), None)
    return f"follows from {number}" if number else "follows from a finding"


def aside(gate: Gate) -> str:
    """Why a gate of the five that was not judged holds nothing up: a Go beside “Not tested” would look like a slip."""
    stands_aside = gate.id == "reconciliation" and not gate.blocking and gate.answer is Answer.NOT_RUN
    return "does not decide without daily totals" if stands_aside else ""

"""Packets of the sample stories, and one in which every text is hostile."""

from __future__ import annotations

import pickle
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from audit import engine, verdict
from audit.plan import Plan
from audit.plan_file import read_plan
from reports.comparison import compare
from reports.formats import json as run_format
from reports.packet import Packet, build
from reports.parts import Signature
from reports.text import Moment, moment
from tests.sharing import shared

STORIES = Path(__file__).parent.parent / "sample_data"
NOW = datetime(2026, 11, 20, 12)
_NOT_EVIDENCE = (".toml", ".md", ".txt", ".py", ".pyc")

#: What a log may hold in any field. It must come out as text, in every place.
HOSTILE = '</script></style>"\'><script>window.hacked=1</script><img src=x onerror="window.hacked=1">\\u2028{{7*7}}'
#: Words the packet looks up; they come from the program, never from a log.
_CODES = frozenset({
    "platform", "step", "facet", "severity", "decision", "tone", "channel", "standing", "lane", "kind", "mark", "state", "id",
    "anchor", "worst", "ok", "check", "status", "judged", "role", "before", "after", "gates", "answer", "until", "because_of",
})  # fmt: skip


def evidence_of(story: str) -> list[engine.InputFile]:
    """The files of a sample story."""
    root = STORIES / story
    return [
        engine.InputFile(path, path.relative_to(root).as_posix())
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix not in _NOT_EVIDENCE
    ]


@cache
def audited(story: str, *, with_plan: bool = True) -> engine.Audit:
    """A sample story, audited with its plan or without any."""
    plan = read_plan(STORIES / story / "audit.toml") if with_plan else Plan()
    return engine.run(evidence_of(story), plan, now=NOW)


@cache
def packet_of(story: str, *, with_plan: bool = True) -> Packet:
    """The packet of a sample story."""
    name = f"packet of {story}{'' if with_plan else ' without its plan'}"
    packet: Packet = pickle.loads((shared(name, partial(_pickled, story, with_plan)) / "packet").read_bytes())
    return packet


def _pickled(story: str, with_plan: bool, folder: Path) -> None:
    audit = audited(story, with_plan=with_plan)
    (folder / "packet").write_bytes(pickle.dumps(build(audit, verdict.judge(audit))))


def compared(story: str, before: str) -> Packet:
    """A packet with everything earlier in it: what changed since another one, and an accepted Stop."""
    packet = packet_of(story)
    old, new = run_format.document(packet_of(before)), run_format.document(packet)
    zone = ZoneInfo(packet.launch.timezone)
    at = moment(datetime(2026, 11, 19, 9), zone)
    assert at is not None
    signatures = (
        Signature("media", "Rani Wulandari", "accepted", "STOP", "The value is corrected on Monday", at),
        Signature("tracking", "Bayu Santoso", "refused", "STOP", None, at),
    )
    return replace(packet, changes=compare(old, new, zone), signatures=signatures)


def hostile(packet: Packet) -> Packet:
    """The same packet with every text that a log or a plan could have written replaced by an attack."""
    poisoned: Packet = _poisoned(packet, "")
    return poisoned


def _poisoned(value: Any, name: str) -> Any:
    if isinstance(value, (Enum, Moment)):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _poisoned(getattr(value, f.name), f.name) for f in fields(value)})
    if isinstance(value, tuple):
        # Pairs inside a packet begin with a code or a place; their texts come after it.
        return tuple(_poisoned(item, name) for item in value)
    if isinstance(value, str) and name not in _CODES:
        return value if name in {"others", "problems"} else HOSTILE
    return value

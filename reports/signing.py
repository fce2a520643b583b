"""Signatures of a packet: who accepted or refused it, in which role, bound to the bytes they saw.

A signature binds role, name, answer and time to the sha256 of every file of the packet and of every input. It proves
that what was signed is what lies there now; it is no cryptographic identity. ``signoff.json`` is only ever added to: the last
signature of a role is the one that counts, and those before it stay readable.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from audit.errors import InputError
from audit.plan import ROLES
from reports.files import digests_of, text_of, unsealed
from reports.leaks import kinds_in
from reports.parts import Signature
from reports.place import claim, refusal
from reports.run_file import read_run
from reports.text import moment
from reports.words import listed

SIGNOFF = "signoff.json"
SCHEMA = "pixel-audit/signoff/1"
#: An accepted packet carries both.
NEEDED_ROLES = ("media", "tracking")
#: Accepting these needs a reason.
NOT_GO = ("STOP", "NOT_PROVEN")


def sign(folder: Path, *, role: str, name: str, accept: bool, reason: str | None, time: datetime) -> dict[str, Any]:
    """Adds a signature to the folder's ``signoff.json`` and returns it. ``time`` is UTC where it has no zone.

    Raises:
        InputError: there is no packet, a name is missing, a STOP or an edited packet is accepted, or the reason names a person.
        OutputError: the file cannot be written.
    """
    read_run(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: a file. Name the folder of the packet.")
    if not name.strip():
        raise InputError('a signature needs a name: --name "…".')
    if found := kinds_in(reason or ""):
        raise InputError(f"--reason: holds what looks like {listed(list(found))}. A signature stays for good; say it without.")
    with claim(folder) as place:
        run = read_run(folder)
        if accept and run["decision"] in NOT_GO and not (reason or "").strip():
            raise InputError(f'the decision is {run["decision"]}; accepting it anyway needs a reason: --reason "…".')
        digests = digests_of(folder)
        if accept and (wrong := unsealed(folder, digests)):
            raise InputError(f"{folder}: {wrong[0]}. Nobody can accept that; run the audit again, or sign with --refuse.")
        before = read_signoff(folder)
        body: dict[str, Any] = {
            "role": role,
            "name": " ".join(name.split()),
            "answer": "accepted" if accept else "refused",
            "reason": (reason or "").strip() or None,
            "decision": run["decision"],
            "time": (time.astimezone(UTC) if time.tzinfo else time).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "files": {file: digest for file, digest in digests.items() if digest},
            "inputs": {source["path"]: source["sha256"] for source in run["sources"]},
            "after": before[-1]["signature"] if before else None,
        }
        signature = body | {"signature": binding(body)}
        signoff = {"schema": SCHEMA, "signatures": [*before, signature]}
        try:
            ready = place.new / SIGNOFF
            ready.write_text(json.dumps(signoff, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            ready.replace(folder / SIGNOFF)
        except OSError as error:
            raise refusal(folder / SIGNOFF, error) from error
    return signature


def read_signoff(folder: Path) -> list[dict[str, Any]]:
    """The folder's signatures, the oldest first; none where nobody signed yet.

    Raises:
        InputError: the file is damaged.
    """
    path = folder / SIGNOFF
    if not path.exists():
        return []
    try:
        signoff = json.loads(text_of(path))
        json.dumps(signoff, ensure_ascii=False).encode()  # half a character can be shown nowhere
        found = signoff["signatures"]
        whole = signoff["schema"] == SCHEMA and isinstance(found, list) and all(map(_is_signature, found))
    except (InputError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise InputError(f"{path}: damaged. Put back the file that was signed, or remove it and sign again.")
    return list(found)


def _is_signature(entry: Any) -> bool:
    if not isinstance(entry, dict) or entry.get("role") not in ROLES or entry.get("answer") not in ("accepted", "refused"):
        return False
    datetime.strptime(entry["time"], "%Y-%m-%dT%H:%M:%SZ")
    texts = (entry["name"], entry["decision"], entry["signature"], *entry["files"].values(), *entry["inputs"].values())
    perhaps = (entry["reason"], entry["after"])
    return all(isinstance(text, str) for text in texts) and all(isinstance(text, (str, type(None))) for text in perhaps)


def earlier_signatures(folders: tuple[Path, ...], zone: ZoneInfo) -> tuple[Signature, ...]:
    """The signatures that lie in these folders, each once, the oldest first, as the next packet shows them.

    Raises:
        InputError: a ``signoff.json`` is damaged.
    """
    found = {entry["signature"]: entry for folder in folders if folder.is_dir() for entry in read_signoff(folder)}
    made = []
    for entry in sorted(found.values(), key=lambda e: (e["time"], e["role"], e["name"])):
        at = moment(datetime.strptime(entry["time"], "%Y-%m-%dT%H:%M:%SZ"), zone)
        assert at is not None
        made.append(Signature(entry["role"], entry["name"], entry["answer"], entry["decision"], entry["reason"], at))
    return tuple(made)


def binding(body: dict[str, Any]) -> str:
    """What ties the parts of a signature together."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()

"""Signatures of a packet: who accepted or refused it, in which role, bound to the bytes they saw.

A signature binds role, name, answer and time to the sha256 of ``packet.html``, of ``run.json`` and of every input. It proves
that what was signed is what lies there now; it is no cryptographic identity.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.errors import InputError, OutputError
from reports.comparison import read_run

SIGNOFF = "signoff.json"
SCHEMA = "pixel-audit/signoff/1"
#: An accepted packet carries both.
NEEDED_ROLES = ("media", "tracking")
SIGNED_FILES = ("packet.html", "run.json")


@dataclass(frozen=True)
class Verification:
    """Whether packet, inputs and signatures still agree."""

    disagreements: tuple[str, ...]  # sentences; none: all agree
    notes: tuple[str, ...]
    accepted: bool  # both roles signed it as accepted, and everything agrees


def sign(folder: Path, *, role: str, name: str, accept: bool, reason: str | None, time: datetime) -> dict[str, Any]:
    """Adds a signature to the folder's ``signoff.json`` and returns it.

    Raises:
        InputError: there is no packet, a name is missing, or a STOP is accepted without a reason.
        OutputError: the file cannot be written.
    """
    run = read_run(folder)
    if not name.strip():
        raise InputError('a signature needs a name: --name "…".')
    if accept and run["decision"] in ("STOP", "NOT_PROVEN") and not (reason or "").strip():
        raise InputError(f'the decision is {run["decision"]}; accepting it anyway needs a reason: --reason "…".')
    body: dict[str, Any] = {
        "role": role,
        "name": name.strip(),
        "answer": "accepted" if accept else "refused",
        "reason": (reason or "").strip() or None,
        "decision": run["decision"],
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "files": {file: _digest(folder / file) for file in SIGNED_FILES},
        "inputs": {source["path"]: source["sha256"] for source in run["sources"]},
    }
    signature = body | {"signature": _binding(body)}
    signoff = read_signoff(folder)
    signoff["signatures"].append(signature)
    path, partial = folder / SIGNOFF, folder / f".{SIGNOFF}.partial"
    try:
        partial.write_text(json.dumps(signoff, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}). The packet itself is untouched.") from error
    return signature


def read_signoff(folder: Path) -> dict[str, Any]:
    """The folder's signatures; an empty list where nobody signed yet.

    Raises:
        InputError: the file is damaged.
    """
    path = folder / SIGNOFF
    if not path.exists():
        return {"schema": SCHEMA, "signatures": []}
    try:
        signoff = json.loads(path.read_text(encoding="utf-8"))
        whole = signoff["schema"] == SCHEMA and isinstance(signoff["signatures"], list)
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise InputError(f"{path}: damaged. Put back the file that was signed, or remove it and sign again.")
    return dict(signoff)


def verify(folder: Path, inputs: Path | None = None) -> Verification:
    """Recomputes every hash and the decision, and names what no longer agrees.

    ``inputs`` is the folder the evidence lies in; without it the inputs' hashes are compared between run and signatures only.
    """
    run = read_run(folder)
    signatures = read_signoff(folder)["signatures"]
    wrong: list[str] = []
    notes: list[str] = []
    recomputed = _decision(run)
    if recomputed != run["decision"]:
        wrong.append(f"run.json says {run['decision']}, but its gates and findings give {recomputed}")
    hashes = {file: _digest(folder / file) for file in SIGNED_FILES}
    for signature in signatures:
        wrong += _disagreements(signature, run, hashes)
    if inputs is None:
        notes.append("inputs were not read again; name their folder with --inputs to compare them too")
    else:
        for source in run["sources"]:
            path = inputs / source["path"]
            if not path.is_file():
                wrong.append(f"input {source['path']} is not in {inputs}")
            elif _digest(path) != source["sha256"]:
                wrong.append(f"input {source['path']} changed since the run")
    accepting = {s.get("role") for s in signatures if s.get("answer") == "accepted"}
    missing = [role for role in NEEDED_ROLES if role not in accepting]
    if missing:
        notes.append(f"not accepted yet: no accepting signature of {' and '.join(missing)}")
    return Verification(tuple(wrong), tuple(notes), not missing and not wrong)


def _disagreements(signature: dict[str, Any], run: dict[str, Any], hashes: dict[str, str]) -> list[str]:
    who = f"signature of {signature.get('name')} ({signature.get('role')})"
    body = {key: value for key, value in signature.items() if key != "signature"}
    if _binding(body) != signature.get("signature"):
        return [f"{who} was altered after signing"]
    wrong = [f"{who}: {file} changed since" for file, digest in hashes.items() if body.get("files", {}).get(file) != digest]
    if body.get("decision") != run["decision"]:
        wrong.append(f"{who}: signed {body.get('decision')}, the run says {run['decision']}")
    if body.get("inputs") != {source["path"]: source["sha256"] for source in run["sources"]}:
        wrong.append(f"{who}: the inputs of the run are not those that were signed")
    return wrong


def _decision(run: dict[str, Any]) -> str:
    """The decision rule on what a run.json holds (contract, Decision)."""
    verdicts = [(gate["verdict"], gate["blocking"]) for gate in run["gates"]]
    blocked = any(row["ok"] is False and row["severity"] == "blocker" and row["waived"] is None for row in run["findings"])
    if blocked or any(verdict in ("FAIL", "ERROR") for verdict, _ in verdicts):
        return "STOP"
    if any(blocking and verdict in ("NOT_RUN", "UNCLEAR", "NOT_APPLICABLE") for verdict, blocking in verdicts):
        return "NOT_PROVEN"
    conditions = any(row["ok"] is False and (row["waived"] is not None or row["severity"] == "warning") for row in run["findings"])
    return "GO_WITH_CONDITIONS" if conditions else "GO"


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). The packet is not whole; run the audit again.") from error
    return digest.hexdigest()


def _binding(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()

"""Whether a packet, the evidence it was made from and the signatures on it still agree, and whether it gives anybody away."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.errors import InputError
from audit.inputs import OUTPUT_FILES
from reports.files import digest_of, digests_of, text_of, unsealed
from reports.leaks import leaks
from reports.run_file import read_run
from reports.signing import NEEDED_ROLES, NOT_GO, binding, read_signoff
from reports.words import DECISIONS

#: Whoever opens a database applies the changes logged beside it.
_LOG = "audit.duckdb.wal"


@dataclass(frozen=True)
class Verification:
    """Whether packet, inputs and signatures still agree."""

    disagreements: tuple[str, ...]  # sentences; none: all agree
    leaks: tuple[str, ...]  # what stands in the packet and should not; never the value itself
    notes: tuple[str, ...]
    accepted: bool  # both roles signed it as accepted, and everything agrees

    @property
    def holds(self) -> bool:
        """Nothing disagrees and nothing leaks."""
        return not self.disagreements and not self.leaks


def verify(folder: Path, inputs: Path | None = None) -> Verification:
    """Recomputes every hash and the decision, and names what no longer agrees.

    ``inputs`` is the folder the evidence lies in; without it the inputs' hashes are compared between run, packet and signatures.

    Raises:
        InputError: there is no packet or no such folder of inputs, or its ``signoff.json`` is damaged.
    """
    run = read_run(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: a file. Name the folder of the packet.")
    hashes = digests_of(folder)
    wrong = [*_of_links(folder), *unsealed(folder, hashes), *_of_the_run(run), *_of_the_page(folder, run)]
    notes = [f"{file} is not in the folder" for file, digest in hashes.items() if digest is None]
    notes += _of_strangers(folder)
    signatures = read_signoff(folder)
    wrong += _of_the_order(signatures)
    last = {signature["role"]: signature for signature in signatures}
    for signature in signatures:
        found = _of_a_signature(signature, run, hashes)
        if signature is last[signature["role"]]:
            wrong += found
        elif found:
            notes.append(f"{_who(signature)}: of an earlier packet; the role has signed again since")
    if inputs is None:
        notes.append("inputs were not read again; name their folder with --inputs to compare them too")
    else:
        lacking, elsewhere = _of_the_inputs(run, inputs)
        wrong += lacking
        notes += elsewhere
    missing = [role for role in NEEDED_ROLES if role not in last]
    refused = [_who(signature) for signature in last.values() if signature["answer"] == "refused"]
    if missing:
        notes.append(f"not accepted yet: no signature of {' and '.join(missing)}")
    notes += [f"refused: {who}" for who in refused]
    notes += [
        f"accepted although the decision is {s['decision']}: {_who(s)}, because: {s['reason']}"
        for s in last.values()
        if s["answer"] == "accepted" and s["decision"] in NOT_GO
    ]
    told = leaks(folder)
    return Verification(tuple(wrong), told, tuple(notes), not (missing or refused or wrong or told))


def _who(signature: dict[str, Any]) -> str:
    return f"signature of {signature['name']} ({signature['role']})"


def _of_links(folder: Path) -> list[str]:
    beside = [f"{_LOG} lies beside the database and changes what it shows when it is opened"] if (folder / _LOG).exists() else []
    return beside + [f"{name} is a link, not a file of the packet" for name in sorted(OUTPUT_FILES) if (folder / name).is_symlink()]


def _of_strangers(folder: Path) -> list[str]:
    """A packet may have been written into a folder that holds other things."""
    number = sum(entry.name not in (*OUTPUT_FILES, _LOG) for entry in folder.iterdir())
    if not number:
        return []
    lies, they = ("other file or folder lies", "it is") if number == 1 else ("other files or folders lie", "they are")
    return [f"{number} {lies} in there: {they} no part of the packet, bound by no signature and searched by nobody"]


def _of_the_order(signatures: list[dict[str, Any]]) -> list[str]:
    """Each signature names the one before it: none can be taken out of the middle."""
    before = [None, *(signature["signature"] for signature in signatures)]
    return [
        f"{_who(signature)}: the signature before it was taken out or changed"
        for signature, last in zip(signatures, before, strict=False)
        if signature["after"] != last
    ]


def _of_the_run(run: dict[str, Any]) -> list[str]:
    recomputed = _decision(run)
    if recomputed == run["decision"]:
        return []
    return [f"run.json says {run['decision']}, but its gates and findings give {recomputed}"]


def _of_the_page(folder: Path, run: dict[str, Any]) -> list[str]:
    """What packet.html says of itself, against run.json."""
    page = text_of(folder / "packet.html")
    wrong = []
    if f"<title>{DECISIONS.get(run['decision'], '')}: " not in page:
        wrong.append(f"packet.html does not carry the decision of run.json, {run['decision']}")
    inputs = hashlib.sha256("\n".join(sorted(source["sha256"] for source in run["sources"])).encode()).hexdigest()
    if inputs not in page:
        wrong.append("packet.html was made from other inputs than run.json")
    return wrong


def _of_the_inputs(run: dict[str, Any], inputs: Path) -> tuple[list[str], list[str]]:
    """What no longer agrees, and which inputs lie elsewhere in the folder than where the run found them.

    Raises:
        InputError: there is no such folder.
    """
    if not inputs.is_dir():
        raise InputError(f"{inputs}: no such folder. Name the one the evidence lies in.")
    wrong, elsewhere = [], []
    for source in run["sources"]:
        path = inputs / source["path"]
        if path.is_file() and path.resolve().is_relative_to(inputs.resolve()):
            if digest_of(path) != source["sha256"]:
                wrong.append(f"input {source['path']} changed since the run")
        elif other := _same_file(inputs, path.name, source["sha256"]):
            elsewhere.append(f"input {source['path']} lies there as {other.relative_to(inputs).as_posix()}")
        else:
            wrong.append(f"input {source['path']} is not in {inputs}")
    return wrong, elsewhere


def _same_file(inputs: Path, name: str, digest: str) -> Path | None:
    """A file of this name and content: evidence is unpacked into other folders, or was named folder by folder."""
    found = (Path(folder) / name for folder, _, files in os.walk(inputs) if name in files)
    return next((path for path in found if not path.is_symlink() and digest_of(path) == digest), None)


def _of_a_signature(signature: dict[str, Any], run: dict[str, Any], hashes: dict[str, str | None]) -> list[str]:
    who = _who(signature)
    body = {key: value for key, value in signature.items() if key != "signature"}
    if binding(body) != signature["signature"]:
        return [f"{who} was altered after signing"]
    files = body["files"]
    wrong = [
        f"{who}: {file} {'changed since' if digest and file in files else 'is gone' if file in files else 'was not signed'}"
        for file, digest in hashes.items()
        if files.get(file) != digest
    ]
    if body["decision"] != run["decision"]:
        wrong.append(f"{who}: signed {body['decision']}, the run says {run['decision']}")
    signed = body["inputs"]
    now = {source["path"]: source["sha256"] for source in run["sources"]}
    changed = sorted(path for path in signed.keys() | now.keys() if signed.get(path) != now.get(path))
    wrong += [f"{who}: input {path} is not the one that was signed" for path in changed]
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

"""A ``run.json`` read back: of whatever stands in one that was edited, nothing is taken that has not the promised form."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs

from audit.errors import InputError
from reports.files import check
from reports.place import put_right

SCHEMA = "pixel-audit/run/1"
_ALONE = "packet.html alone can be read, not signed, verified or compared."


def read_run(path: Path) -> dict[str, Any]:
    """A ``run.json``, or the one in a packet's folder.

    Raises:
        InputError: it is missing, or no run of this program.
    """
    put_right(path)
    if path.suffix == ".html" and path.is_file():
        raise InputError(f"{path}: a page. Name the packet's folder; {_ALONE}")
    file = path / "run.json" if path.is_dir() else path
    if not file.exists() and (path / "packet.html").is_file():
        raise InputError(f"{file}: cannot be read: it is not beside packet.html. Ask for the whole folder of the packet; {_ALONE}")
    check(file)
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
        json.dumps(run, ensure_ascii=False).encode()  # half a character can be shown nowhere
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}). Name a packet folder or its run.json.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: not valid JSON ({error}). Name a run.json that pixel-audit wrote.") from error
    if not isinstance(run, dict) or run.get("schema") != SCHEMA:
        raise InputError(f"{file}: not a run of pixel-audit (no schema {SCHEMA!r}). Name a run.json that pixel-audit wrote.")
    place = _damage(run)
    if place is not None:
        raise InputError(f"{file}: a run of pixel-audit that is damaged or was edited (at {place}). Run the audit again.")
    return run


def _damage(run: dict[str, Any]) -> str | None:
    """Where the run has not the form its schema promises."""
    for error in _schema().iter_errors(run):
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)[1:] or "the top"
    try:
        for time in run["launch"]["window"]:
            datetime.fromisoformat(time or "2026-01-01")
    except ValueError:
        return "launch.window"
    return None


@cache
def _schema() -> jsonschema_rs.Validator:
    text = (files("audit") / "schemas" / "run.json").read_text(encoding="utf-8")
    return jsonschema_rs.validator_for(json.loads(text))

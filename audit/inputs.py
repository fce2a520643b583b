"""Which files are evidence: the paths a user names, the folders they stand in, and what in a folder is none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from audit.engine import InputFile
from audit.errors import InputError
from audit.loaders._har_entries import ATTACHED
from audit.plan import Plan

PLAN_NAME = "audit.toml"
#: Notes that ``pixel-audit init`` leaves in the input folders.
NOTE_NAME = "HOW-TO-EXPORT.md"
#: A folder that holds this is an earlier output, never evidence.
OUTPUT_MARK = "run.json"
#: No folder of evidence has others so far below it; a tree without end would take as long to walk.
_DEEPEST = 50
OUTPUT_FILES = frozenset({"packet.html", "run.json", "findings.csv", "audit.duckdb", "packet.sha256", "signoff.json"})


def find_plan(paths: tuple[Path, ...], named: Path | None) -> Path | None:
    """The plan to read: the one named, else ``audit.toml`` in the first folder given, else in the current folder when no
    path is given at all.

    Raises:
        InputError: the named plan does not exist.
    """
    if named is not None:
        if not named.is_file():
            raise InputError(f"{named}: no such plan. Check the path given to --plan, or write one with 'pixel-audit init'.")
        return named
    folders = [path for path in paths if path.is_dir()] if paths else [Path()]
    candidate = folders[0] / PLAN_NAME if folders else None
    return candidate if candidate is not None and candidate.is_file() else None


def overlooked_plan(paths: tuple[Path, ...]) -> Path | None:
    """The plan of the launch that the named files or subfolders belong to, where it is not looked for."""
    above = (folder / PLAN_NAME for path in paths for folder in (path, path.parent, path.parent.parent))
    return next((plan for plan in above if plan.is_file()), None)


def find_inputs(paths: tuple[Path, ...], plan: Plan, out: Path | None = None) -> list[InputFile]:
    """The evidence files, each with the name it goes by in references: relative to the folder it was found in.

    Raises:
        InputError: a path does not exist or is a plan, a pattern of the plan matches nothing, or there is nothing to read.
    """
    skipped = {path.resolve() for path in (plan.path, *(e.file for e in plan.evidence)) if path is not None}
    if paths:
        found = list(_from_paths(paths, skipped, Path(os.path.realpath(out)) if out else None))
    elif plan.path is not None and plan.inputs:
        found = list(_from_plan(plan, skipped))
    else:
        raise InputError(
            "nothing to audit: name files or a folder, or list them under inputs.paths in audit.toml."
            " 'pixel-audit demo' shows a finished example."
        )
    if not found:
        named = ", ".join(map(str, paths)) or str(plan.path.parent if plan.path else "")
        if any(_is_output(path) for path in paths):
            raise InputError(
                f"{named}: an earlier packet, which is no evidence. Name the folder that holds the HAR, the server's request"
                " log and the order export; 'pixel-audit diff' compares packets."
            )
        raise InputError(
            f"{named}: no evidence in there yet. Put a HAR, a server request log and the shop's order export into the folder."
        )
    return found


def _from_paths(paths: tuple[Path, ...], skipped: set[Path], out: Path | None) -> Iterator[InputFile]:
    folders = [path for path in paths if path.is_dir()]
    for path in paths:
        if path.is_dir():
            prefix = f"{path.resolve().name}/" if len(folders) > 1 else ""
            for file in _walk(path, path.resolve(), skipped, out):
                yield InputFile(file, prefix + file.relative_to(path).as_posix())
        elif path.suffix == ".toml" and path.exists():
            raise InputError(f"{path}: a plan is no evidence. Name it with --plan, and beside it the files or their folder.")
        elif path.exists():
            yield InputFile(path, path.name, named=True)
        else:
            raise InputError(f"{path}: no such file or folder. Check the path.")


def _walk(folder: Path, root: Path, skipped: set[Path], out: Path | None, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    above |= {folder.resolve()}
    if len(above) > _DEEPEST:
        raise InputError(
            f"{root}: folders lie more than {_DEEPEST} deep in it, which no evidence does. Name the folder that holds the files."
        )
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed ({error.strerror}). Check its permissions.") from error
    has_capture = any(entry.suffix == ".har" for entry in entries)
    for entry in entries:
        if has_capture and ATTACHED.fullmatch(entry.name):  # a body of the capture beside it, which is read with that
            continue
        try:
            resolved = entry.resolve()
        except (OSError, RuntimeError):  # a link that leads to itself
            continue
        # A link that leads out of the folder is not part of it.
        if entry.name.startswith(".") or entry.name == NOTE_NAME or not resolved.is_relative_to(root):
            continue
        if entry.is_dir():
            # A link to a folder above would lead round in circles.
            if resolved != out and resolved not in above and not _is_output(entry):
                yield from _walk(entry, root, skipped, out, above)
        elif resolved not in skipped and not (entry.name in OUTPUT_FILES and _is_output(folder)) and entry.is_file():
            yield entry


def _is_output(folder: Path) -> bool:
    return (folder / "packet.html").is_file() and (folder / OUTPUT_MARK).is_file()


def _from_plan(plan: Plan, skipped: set[Path]) -> Iterator[InputFile]:
    assert plan.path is not None
    root = plan.path.parent
    seen: set[Path] = set()
    for pattern in plan.inputs:
        files = _matches(root, pattern)
        # A folder that init made and nobody filled is no slip of the pen.
        if not files and not ((root / pattern).parent / NOTE_NAME).is_file():
            raise InputError(
                f"{plan.path}: inputs.paths: {pattern!r} matches no file beside the plan. Put the file there, or mend the pattern."
            )
        for file in files:
            if file.resolve() not in seen | skipped:
                seen.add(file.resolve())
                yield InputFile(file, _relative(file, root))


def _matches(root: Path, pattern: str) -> Iterable[Path]:
    if Path(pattern).is_absolute():
        return [Path(pattern)] if Path(pattern).is_file() else []
    literal = root / pattern
    if literal.is_file():
        return [literal]
    try:
        return sorted(
            path
            for path in root.glob(pattern)
            if path.is_file() and path.name != NOTE_NAME and not _is_hidden(path.relative_to(root).parts)
        )
    except ValueError as error:
        raise InputError(f"inputs.paths: {pattern!r} is no pattern ({error}).") from error
    except RecursionError as error:
        raise InputError(
            f"inputs.paths: {pattern!r} leads through folders that are nested without end. Mend the pattern."
        ) from error


def _is_hidden(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") and part not in (".", "..") for part in parts)


def _relative(file: Path, root: Path) -> str:
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return file.name

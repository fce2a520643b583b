"""The files of a packet: read only where they are what they should be, and sealed by the run that wrote them.

``packet.sha256`` holds the digest of each file as the run wrote it, in the form ``sha256sum --check`` knows. It shows what was
changed afterwards, by whatever program; it proves nothing against somebody who seals anew. That is what signatures are for.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from audit.errors import InputError

SEAL = "packet.sha256"
#: There is no packet without these.
NEEDED_FILES = ("packet.html", "run.json")
SEALED_FILES = (*NEEDED_FILES, "findings.csv", "audit.duckdb")
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def seal(folder: Path) -> None:
    """Writes the digest of every file that stands in the folder.

    Raises:
        OSError: a file cannot be read, or the seal cannot be written.
    """
    lines = [f"{_sha256(folder / name)}  {name}\n" for name in SEALED_FILES if (folder / name).is_file()]
    (folder / SEAL).write_text("".join(lines), encoding="utf-8", newline="\n")


def digests_of(folder: Path) -> dict[str, str | None]:
    """The sha256 of every file of a packet; None: it is not there, and need not be.

    Raises:
        InputError: the page or the run is missing, or a file cannot be read.
    """
    present = [file for file in SEALED_FILES if file in NEEDED_FILES or (folder / file).exists()]
    return {file: digest_of(folder / file) if file in present else None for file in SEALED_FILES}


def unsealed(folder: Path, digests: dict[str, str | None]) -> tuple[str, ...]:
    """What is not as the run wrote it, a sentence each. A file that was left out of the folder is no contradiction.

    Raises:
        InputError: the seal cannot be read.
    """
    if not (folder / SEAL).exists():
        return (f"{SEAL} is gone: nothing shows whether the files are as the run wrote them",)
    lines = [_LINE.fullmatch(line) for line in text_of(folder / SEAL).splitlines()]
    written = {line[2]: line[1] for line in lines if line}
    if None in lines or not set(NEEDED_FILES) <= set(written) <= set(SEALED_FILES):
        return (f"{SEAL} was edited: nothing shows whether the files are as the run wrote them",)
    return tuple(
        f"{name} {'is not as the run wrote it' if name in written else 'was not written by the run'}"
        for name, digest in digests.items()
        if digest is not None and digest != written.get(name)
    )


def text_of(path: Path) -> str:
    """What stands in a file of a packet.

    Raises:
        InputError: it is no file, cannot be read, or is no text.
    """
    check(path)
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). The packet is not whole; run the audit again.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: no UTF-8 text (byte {error.start}). It was edited or damaged; run the audit again.") from error


def digest_of(path: Path) -> str:
    """The sha256 of a file.

    Raises:
        InputError: it is no file, or cannot be read.
    """
    check(path)
    try:
        return _sha256(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). The packet is not whole; run the audit again.") from error


def check(path: Path) -> None:
    """Opening a pipe would wait for ever: only a file is opened.

    Raises:
        InputError: it is there, and no file.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: cannot be read (it is no file). The packet is not whole; run the audit again.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The few errors a user can cause; each says what is wrong, where, and what to do next."""

from __future__ import annotations

import re


class AuditError(Exception):
    """Something the reader of the message can mend: a file, a plan, an option. The command line exits 2."""


class InputError(AuditError):
    """Evidence that cannot be read: missing, half-written, of no known format, or claimed by several loaders."""


class PlanError(AuditError):
    """A mistake in ``audit.toml``; names the key and, for a typo, the nearest valid one."""


class OutputError(AuditError):
    """The packet could not be written; what stood there before is untouched."""


class SpaceError(AuditError):
    """Memory or disk did not suffice for the evidence; nothing was judged and nothing written."""


class CheckFileError(Exception):
    """A check's file breaks its own format: a fault of the program, not of the user, so it keeps its traceback."""


def told_without_values(error: BaseException) -> str:
    """What an error says in its first line, but for what it quotes: that may be somebody's data."""
    first = next(iter(str(error).strip().splitlines()), "")
    return re.sub(r"(?<!\w)([\"']).*\1", r"\1…\1", first)

"""What the command line and a notebook take alike: names of checks, and a time. A slip in one is told in the same words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from audit.check import catalogue, no_such_check
from audit.errors import InputError


def checks_named(names: str | Iterable[str]) -> frozenset[str]:
    """The checks of these names; one name may stand alone.

    Raises:
        InputError: there is no such check.
    """
    given = frozenset((names,) if isinstance(names, str) else names)
    for name in sorted(given - catalogue().keys()):
        raise InputError(no_such_check(name))
    return given


def time_named(given: str | datetime | None, option: str) -> datetime | None:
    """A time as UTC without a zone; one that names no zone is UTC.

    Raises:
        InputError: a text is no time, or none of ours: a zone must be able to move it.
    """
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given)
        except ValueError as error:
            raise InputError(f"{option}: {given!r} is no time. Write it like 2026-11-20T12:00:00Z.") from error
    if given is None:
        return None
    if not 1970 <= given.year < 3000:
        raise InputError(f"{option}: {given.isoformat()!r} is no time that an audit can be of. Write it like 2026-11-20T12:00:00Z.")
    return given.astimezone(UTC).replace(tzinfo=None) if given.tzinfo is not None else given

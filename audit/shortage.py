"""When memory or disk do not suffice: the database's words for it, told as what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from audit.errors import InputError, SpaceError

_FULL = ("No space left on device", "File too large", "quota exceeded", "failed to offload data block", "max_temp_directory_size")


def is_shortage(error: BaseException | None) -> bool:
    """Whether the database ran out of memory or disk: nothing is wrong with what it was reading or asking."""
    return isinstance(error, duckdb.OutOfMemoryException) or (
        # What is committed is written too, and an end of it that fails has a name of its own.
        isinstance(error, duckdb.IOException | duckdb.TransactionException) and "Could not write" in str(error)
    )


@contextmanager
def shortage_told(spill: Path | None, bound: str) -> Iterator[None]:
    """Turns a shortage into a sentence, also where a loader took it for a damaged file.

    Raises:
        SpaceError: memory or disk did not suffice.
    """
    try:
        yield
    except (duckdb.Error, InputError) as error:
        cause = error if isinstance(error, duckdb.Error) else error.__cause__
        if not is_shortage(cause):
            raise
        if spill is not None and any(words in str(cause) for words in _FULL):
            raise SpaceError(
                f"{spill.parent}: this disk is full. The events, and what exceeds the memory bound ({bound}), are kept there while"
                " the audit runs. Free space, set TMPDIR to a folder on a larger disk, or allow more with --memory."
            ) from error
        raise SpaceError(
            f"the memory bound ({bound}) is too small for this evidence. Allow more with --memory, or audit fewer files at once."
        ) from error

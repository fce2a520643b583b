"""A file must not change while it is read: its sha256 and its rows are to be of the same bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from audit.errors import InputError
from audit.loaders._source import Source, stamp_of
from audit.loaders._unpacking import DAMAGED


@contextmanager
def steady(source: Source) -> Iterator[None]:
    """Makes sure that what is read here are the bytes whose sha256 was taken.

    Raises:
        InputError: the file changed meanwhile, breaks off, or can no longer be read.
    """
    try:
        yield
    except (InputError, *DAMAGED) as error:
        _check(source, error)
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{source.name}: cannot be read to its end ({reason}). Copy it again.") from error
    _check(source, None)


def _check(source: Source, error: Exception | None) -> None:
    try:
        now = stamp_of(source.path.stat())
        if not os.access(source.path, os.R_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as lost:
        raise InputError(
            f"{source.name}: was taken away while it was being read ({lost.strerror}). Put a copy where nothing changes it and"
            " audit that."
        ) from lost
    if source.stamp is not None and now != source.stamp:
        is_longer = now[:2] == source.stamp[:2] and now[2] > source.stamp[2]
        raise InputError(
            f"{source.name}: {'grew' if is_longer else 'changed'} while it was being read: something still writes to it. Copy it"
            " and audit the copy, so that the answer belongs to bytes that can be kept."
        ) from error

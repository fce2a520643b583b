"""The sha256 of every file, taken by a thread of its own while the files are read."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from audit.errors import InputError
from audit.loaders._source import Source


class Digests:
    """Digests under way. Only two files of one size can be the same: for those the digests are waited for."""

    def __init__(self) -> None:
        """Nothing is under way yet."""
        self._pool = ThreadPoolExecutor(1)
        self._digests: dict[Path, Future[str]] = {}
        self._sizes: dict[int, list[Source]] = {}
        self._is_over = False

    def __enter__(self) -> Self:
        """Ends with the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nobody waits for what is no longer wanted."""
        self._is_over = True
        self._pool.shutdown(cancel_futures=True)

    def is_repeated(self, source: Source) -> bool:
        """Begins with a file; whether the same bytes were met before, under another name or in another place.

        Raises:
            InputError: the file can no longer be read.
        """
        self._digests[source.path] = self._pool.submit(self._digest, source.path)
        others = self._sizes.setdefault(source.size, [])
        is_repeated = bool(others) and self.of(source) in {self.of(other) for other in others}
        if not is_repeated:
            others.append(source)
        return is_repeated

    def of(self, source: Source) -> str:
        """The digest of a file.

        Raises:
            InputError: the file can no longer be read.
        """
        try:
            return self._digests[source.path].result()
        except OSError as error:
            raise InputError(f"{source.path}: cannot be read ({error.strerror}). Check the path and its permissions.") from error

    def _digest(self, path: Path) -> str:
        digest = hashlib.sha256()
        with path.open("rb") as raw:
            while not self._is_over and (chunk := raw.read(1 << 20)):
                digest.update(chunk)
        return digest.hexdigest()

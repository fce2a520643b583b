"""An error of Meta's client for Python, which tells its request and the answer over several lines of a log.

      Path:    https://graph.facebook.com/v23.0/1234567890/events
      Params:  {'data': '["{…}"]'}

      Status:  400
      Response:
        {
          "error": {…}
        }
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_PART = re.compile(rb"\s+(Path|Params|Status|Response): *(.*)")
_DATED = re.compile(rb"\W?\d")


def joined_errors(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers; such an error is one line, at the place of its address, and begins with the time before it."""
    dated, parts, number_of_error = b"", [b""], 0
    for number, line in enumerate(lines, start=1):
        found = _PART.match(line)
        if found and found[1] == b"Path":
            if number_of_error:
                yield number_of_error, b" ".join(parts)
            number_of_error, parts = number, [dated, b"POST", found[2].strip()]
        elif number_of_error and (found or line[:1] in b" \t\r\n"):
            parts.append((found[2] if found else line).strip())
        else:
            if number_of_error:
                yield number_of_error, b" ".join(parts)
                number_of_error = 0
            dated = line[:40].rstrip() if _DATED.match(line) else dated
            yield number, line
    if number_of_error:
        yield number_of_error, b" ".join(parts)

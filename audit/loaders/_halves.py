"""Half a character: what is left of an emoji that a program cut in two (``\\ud83d``). JSON of JavaScript and Python may hold one;
the database takes no such text.
"""

from __future__ import annotations

import re

#: An escape, so that none is seen in the middle of another; a whole pair; a half.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def without_halves(text: bytes) -> bytes:
    """The JSON with U+FFFD in place of each half."""
    return _ESCAPE.sub(lambda found: b"\\ufffd" if found[1] else found[0], text)

"""What a terminal, a browser or a spreadsheet would obey instead of show, made readable."""

from __future__ import annotations

import re

#: Control characters but the line's end and the tab (a terminal would obey them: colours, titles, a wiped screen), what turns
#: the direction of reading round (Unicode TR36, 3.7), and halves of characters, which no output can hold.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def in_one_line(text: str) -> str:
    """The text with no line's end in it: a name from a log must not begin a line of its own."""
    return " ".join(text.split())


def visible(text: str) -> str:
    """The text with such characters written out (``\\u001b``), as JSON would: there the value stays the same."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

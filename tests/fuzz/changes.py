"""Small cruelties done to real evidence: to its bytes, and to the values of its JSON."""

from __future__ import annotations

import json
from random import Random
from typing import Any

#: What has broken somebody's parser before.
WORDS = (
    "", " ", "\0", "\ufeff", "\ud800", "😀", "é", "\u202e", "'", '"', "`", "\\", "\\u", "\n", "\r", "\t", "%", "%zz", "%00",
    "%ff%fe", "+", "&", "=", "&&==", ";", ",", "[", "]", "{", "}", "[" * 300, "[" * 5000, "{x=" * 5000, '{"a":' * 300, "(" * 50,
    "a" * 70_000, "9" * 5000, "%25" * 500, "null", "None", "NaN", "Infinity", "-0", "0", "-1", "1e999", "1e-999", "9" * 40,
    "0." + "9" * 60, "1,000.00", "1.000,00", "2147483648", "9223372036854775808", "true", "[]", "{}", '[{"id":null}]',
    '{"a":1,"a":2}', "2026-11-20T10:00:00Z", "0000-00-00", "9999-12-31T23:59:59+14:00", "1969-01-01T00:00:00Z", "99999999999999",
    "'; drop table events; --", '"; select 1; --', "$1", "?", "{{7*7}}", "${x}", "<script>alert(1)</script>", "=1+1",
    "../../etc/passwd", "file:///etc/passwd", "https://", "https://[::1", "http://a@b@c/", "https://x:99999/", "data:,", "//",
    "fb.1.x.y", "fb.1.9999999999999999.1", "a" * 64, "0x1F", "1_000", "١٢٣", "ſ", "İ",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**30, -(10**18), 2**31, 2**63, [], {}, [[]], [{}], {"": ""}, [None], [1, "a", {}],
    {"a": {"a": {}}}, [[[[[[]]]]]], {"id": 1}, [0] * 500,
)  # fmt: skip


def change_bytes(random: Random, data: bytes) -> bytes:
    """The same bytes with a few places cut, doubled, swapped, flipped or filled."""
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(data))
        to = min(len(data), at + random.choice((1, 1, 2, 8, 60, 900)))
        match random.randrange(6):
            case 0:
                data = data[:at] + data[to:]
            case 1:
                data = data[:at] + data[at:to] * random.choice((2, 3, 40)) + data[to:]
            case 2:
                data = data[:at] + random.choice(WORDS).encode("utf-8", "surrogatepass") + data[at:]
            case 3:
                data = data[:at] + random.choice(WORDS).encode("utf-8", "surrogatepass") + data[to:]
            case 4:
                data = data[:at] + bytes(byte ^ (1 << random.randrange(8)) for byte in data[at : at + 1]) + data[at + 1 :]
            case _:
                data = data[:at] if random.random() < 0.3 else data[:at] + random.randbytes(random.choice((1, 4))) + data[to:]
    return data


def change_text(random: Random, text: str) -> str:
    """A text with a few places changed; text stays text."""
    return change_bytes(random, text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


def change_value(random: Random, value: Any) -> Any:
    """A JSON value with one place in it changed, whatever stands there; JSON within a text is changed from within."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(list(value))
        changed = dict(value)
        match random.randrange(8):
            case 0:
                del changed[key]
            case 1:
                changed[change_text(random, key)] = changed.pop(key)
            case _:
                changed[key] = change_value(random, value[key])
        return changed
    if isinstance(value, list) and value and random.random() < 0.9:
        at = random.randrange(len(value))
        match random.randrange(6):
            case 0:
                return value[:at] + value[at + 1 :]
            case 1:
                return value[:at] + value[at : at + 1] * 30 + value[at:]
            case _:
                return [*value[:at], change_value(random, value[at]), *value[at + 1 :]]
    if isinstance(value, str) and random.random() < 0.85:
        if value[:1] in ("{", "[") and random.random() < 0.7:
            try:
                return json.dumps(change_value(random, json.loads(value)))
            except (ValueError, RecursionError):
                pass
        return change_text(random, value)
    return random.choice((*VALUES, *WORDS))

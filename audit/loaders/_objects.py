"""The object within a line or a text: JSON, or a dict as Python prints it; a text that is JSON, and a list that is an object."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

_DECODER = json.JSONDecoder()
_OBJECT = re.compile(r'\{\s*"')
_START = re.compile(r"\{\s*(['\"])")
#: A part of what Python prints: a text, a bracket, a sign between parts, a number, a word; an amount among its decimals.
_PART = re.compile(
    r"\s*(?:(?P<text>b?'(?:[^'\\]|\\.)*'|b?\"(?:[^\"\\]|\\.)*\")|(?P<open>[\[{(])|(?P<close>[\]})])|(?P<sign>[,:])"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?P<word>None|True|False)\b|Decimal\('(?P<amount>-?\d+(?:\.\d+)?)'\))"
)
_WORDS = {"None": "null", "True": "true", "False": "false"}
_BRACKETS = {"(": "[", ")": "]"}


def object_in(line: str) -> tuple[str, Any, str] | None:
    """What stands before the first object of a line, the object, and what stands behind it."""
    start = _START.search(line)
    if start and start[1] == "'" and (found := _printed(line, start.start())):
        return found
    start = _OBJECT.search(line)
    if not start:
        return None
    try:
        value, end = _DECODER.raw_decode(line, start.start())
    except (ValueError, RecursionError):
        return None
    return line[: start.start()], value, line[end:]


def _printed(line: str, start: int) -> tuple[str, Any, str] | None:
    """A dict in Python's notation, written over as JSON part by part: what is no plain value in it makes all of it unread."""
    parts: list[str] = []
    at, depth = start, 0
    while part := _PART.match(line, at):
        at = part.end()
        kind, text = part.lastgroup, part[part.lastgroup or 0]
        if kind == "close" and parts[-1] == ",":  # (1,)
            parts.pop()
        parts.append(_as_json(kind, text))
        depth += (kind == "open") - (kind == "close")
        if depth == 0:
            break
    try:
        return line[:start], json.loads("".join(parts)), line[at:]
    except (ValueError, RecursionError):
        return None


def _as_json(kind: str | None, text: str) -> str:
    if kind == "text":
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return "?"
        return json.dumps(value.decode(errors="replace") if isinstance(value, bytes) else value)
    return _BRACKETS.get(text, _WORDS.get(text, text))


def unpacked(part: Any) -> Any:
    """What a text holds that is JSON; anything else as it is."""
    if not isinstance(part, str):
        return part
    try:
        return json.loads(part)
    except (ValueError, RecursionError):
        return part


def named_parts(parts: list[Any]) -> Any:
    """A list whose entries each hold a name and what it names, as the object that it is; any other as it is."""
    if _are(parts, {"field", "value"}, "field"):  # a row as the interface of CloudWatch Insights answers it
        return {part["field"]: part["value"] for part in parts}
    if _are(parts, {"key", "value"}, "key") and all(map(_is_typed, parts)):  # attributes as OpenTelemetry exports them
        return {part["key"]: next(iter(part["value"].values())) for part in parts}
    return parts


def _are(parts: list[Any], keys: set[str], name: str) -> bool:
    return bool(parts) and all(isinstance(part, dict) and part.keys() == keys and isinstance(part[name], str) for part in parts)


def _is_typed(part: dict[str, Any]) -> bool:
    """Whether a value stands in a box that names its type: {"stringValue": …}."""
    return isinstance(part["value"], dict) and [str(name)[-5:] for name in part["value"]] == ["Value"]

"""What SARIF 2.1.0 asks of the objects we write: its names, its closed words, its required parts, and nothing beside them.

Written from the standard (OASIS, sections 3.13 to 3.35) and narrower than it (the test holds the log against models made from
the standard's own schema too): an object or a property we do not write today is refused until it is added here.
"""

from __future__ import annotations

from typing import Any


def _object(required: str, **properties: Any) -> dict[str, Any]:
    """An object that has these properties and no others."""
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


_TEXT = {"type": "string", "minLength": 1}
_MESSAGE = _object("text", text=_TEXT)  # 3.11: a message has text or an id
_BAG = {"type": "object", "properties": {"tags": {"type": "array", "items": _TEXT, "uniqueItems": True}}}  # 3.8
_LEVEL = {"enum": ["none", "note", "warning", "error"]}  # 3.27.10
_LOCATION = _object(
    "physicalLocation",
    physicalLocation=_object(
        "artifactLocation",
        artifactLocation=_object("uri", uri=_TEXT | {"format": "uri-reference"}),  # 3.4.3
        region=_object("startLine", startLine={"type": "integer", "minimum": 1}),  # 3.30.5
    ),
    message=_MESSAGE,
)
_RESULT = _object(
    "ruleId ruleIndex kind level message locations partialFingerprints",
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},  # 3.27.9
    level=_LEVEL,
    message=_MESSAGE,
    locations={"type": "array", "items": _LOCATION, "minItems": 1},  # GitHub asks for one, the standard does not
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},  # 3.27.17
    suppressions={
        "type": "array",
        "uniqueItems": True,
        "items": _object("kind", kind={"enum": ["inSource", "external"]}, justification=_TEXT),  # 3.35
    },
    properties=_BAG,
) | {
    # 3.27.10: a result that is no failure has no level.
    "if": {"properties": {"kind": {"const": "fail"}}},
    "else": {"properties": {"level": {"const": "none"}}},
}
_RULE = _object(
    "id shortDescription",
    id=_TEXT,
    shortDescription=_MESSAGE,
    fullDescription=_MESSAGE,
    defaultConfiguration=_object("level", level=_LEVEL),
    properties=_BAG,
)
_DRIVER = _object("name", name=_TEXT, rules={"type": "array", "items": _RULE, "uniqueItems": True})
SCHEMA: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | _object(
    "$schema version runs",
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "items": _object(
            "tool results",
            tool=_object("driver", driver=_DRIVER),
            results={"type": "array", "items": _RESULT},
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        ),
    },
    **{"$schema": {"type": "string", "format": "uri"}},
)

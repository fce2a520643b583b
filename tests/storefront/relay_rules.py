"""When the relay accepts a request and when it refuses it, after its published schema."""

from __future__ import annotations

from typing import Any

from .answers import Answer, json_answer

TOP_LEVEL = {"meta": "user_data", "tiktok": "user", "snackvideo": "click_id"}
EVENT_FIELDS = {
    "meta": ({"event_id", "event_name"}, {"event_id", "event_name", "parameters"}),
    "tiktok": ({"event_id", "event"}, {"event_id", "event", "parameters"}),
    "snackvideo": ({"event_name"}, {"event_name", "properties"}),
}
ITEM_FIELDS = {"variants": "variant_unique_id", "bundle_price_options": "bundle_price_option_unique_id"}


def judge(platform: str, body: Any) -> Answer:
    """204 when the body follows the schema; else 400 with the relay's own error shape, or 404 for no such route."""
    if platform not in EVENT_FIELDS:
        return refusal(404, "not_found", "No such route.")
    problem = _problem(platform, body)
    return refusal(400, "bad_request", problem) if problem else Answer(204)


def refusal(status: int, code: str, message: str) -> Answer:
    """An error answer."""
    return json_answer({"error": code, "error_code": code, "message": message, "errors": {}}, status)


def _problem(platform: str, body: Any) -> str | None:
    if not body.get(TOP_LEVEL[platform]):
        return f"{TOP_LEVEL[platform]} is required."
    events = body.get("events")
    if not isinstance(events, list) or not events:
        return "events must hold at least one event."
    required, allowed = EVENT_FIELDS[platform]
    for event in events:
        for name in sorted(required):
            if not isinstance(event.get(name), str):
                return f"events.0.{name} is required."
        if extra := set(event) - allowed:
            return f"events.0 has unknown fields: {', '.join(sorted(extra))}."
    return _item_problem(body)


def _item_problem(body: Any) -> str | None:
    for name, identifier in ITEM_FIELDS.items():
        for item in body.get(name) or []:
            if not isinstance(item.get(identifier), str):
                return f"{name}.0.{identifier} must be a string."
            if set(item) != {identifier, "quantity"}:
                return f"{name}.0 has missing or unknown fields."
    return None

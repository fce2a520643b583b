"""Counts in words."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """“1 order”, “3 orders”, “2 currencies”, “2 taxes”."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{number} {noun[:-1]}ies"
    return f"{number} {noun}{'es' if noun.endswith('x') else 's'}"

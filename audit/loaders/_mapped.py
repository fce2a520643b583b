"""What ``[[mapping]]`` says of a log: where its rows stand, and which of its fields are ours."""

from __future__ import annotations

import duckdb

from audit.loaders._source import Source


def list_key(source: Source) -> str | None:
    """The key of the list that holds the rows, in a mapped document that is no list itself."""
    if source.mapped_kind is None or source.shape != "json_object":
        return None
    return next((key for key in source.keys if source.members.get(key)), None)


def name_fields(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Gives the fields of ``records`` our names, the plan's mapping says which; our own may stand within ``params`` or
    ``cookies`` and are then written with a dot.
    """
    for ours, theirs in source.fields.items():
        paths = [[theirs], *([theirs.split(".")] if "." in theirs else [])]
        found = ", ".join(f"json_extract(record, '{_pointer(path)}')" for path in paths)
        value = f"coalesce({found})" if len(paths) > 1 else found
        outer, _, inner = ours.partition(".")
        named = f"json_object({_text(inner)}, {value})" if inner else value
        con.execute(f"update records set record = json_merge_patch(record, json_object({_text(outer)}, {named}))")


def _pointer(parts: list[str]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1").replace("'", "''") for part in parts)


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"

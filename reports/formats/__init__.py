"""The packet as text: one module a format, each with ``render(packet) -> str``."""

from __future__ import annotations

from importlib import import_module

from reports.packet import Packet


def render(name: str, packet: Packet, *, colour: bool = False) -> str:
    """The packet in one format; colour only where the format is meant for a terminal."""
    module = import_module(f"reports.formats.{name}")
    text = module.render(packet, colour=colour) if name == "table" else module.render(packet)
    return str(text)

"""One module a format; each has ``render(packet, …) -> str`` and reads nothing but the packet."""

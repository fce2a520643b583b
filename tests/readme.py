"""The generated parts of the README: commands, formats, checks. ``python -m tests.readme`` writes them."""

from __future__ import annotations

from pathlib import Path

from audit.check import catalogue
from audit.cli import main
from audit.loaders import loaders

README = Path(__file__).parent.parent / "README.md"


def commands() -> str:
    """The commands with their first sentence."""
    rows = [
        f"| `pixel-audit {name}` | {(command.help or '').strip().splitlines()[0]} |"
        for name, command in sorted(main.commands.items())
    ]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def formats() -> str:
    """Every format, from the loaders."""
    order = ["browser", "server", "orders", "totals", "diagnostics"]
    rows = [
        f"| {loader.KIND} | {line} |"
        for loader in sorted(loaders().values(), key=lambda loader: order.index(loader.KIND))
        for line in loader.FORMATS
    ]
    return "\n".join(["| evidence | format |", "|---|---|", *rows])


def checks() -> str:
    """Every check, from its file."""
    rows = []
    for check in catalogue().values():
        same = check.severity == check.severity_other_steps
        severity = check.severity if same else f"{check.severity} (Purchase), {check.severity_other_steps}"
        rows.append(f"| {check.facet} | `{check.id}` | {check.failure} | {severity} | {'decides' if check.deciding else ''} |")
    return "\n".join(["| gate | check | fails when | severity | |", "|---|---|---|---|---|", *rows])


def generated(text: str) -> str:
    """The README with its generated parts written anew."""
    for name, part in (("commands", commands()), ("formats", formats()), ("checks", checks())):
        before, mark, rest = text.partition(f"<!-- generated: {name} -->\n")
        text = f"{before}{mark}{part}\n<!-- end -->{rest.partition('<!-- end -->')[2]}"
    return text


if __name__ == "__main__":
    README.write_text(generated(README.read_text(encoding="utf-8")), encoding="utf-8")

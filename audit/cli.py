"""The command line. Nothing else imports click; everything heavy is imported where it is used, so that --help is instant."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from audit.errors import AuditError, InputError
from audit.stopping import Stop, Stopped, stoppable
from audit.terminal import fault_told, make_ready, tell
from audit.visible import in_one_line

FORMATS = ("table", "json", "markdown", "junit", "sarif", "github")
SCHEMAS = ("run", "plan", "pixel-log", "request-log")
_PATH = click.Path(path_type=Path)


class _Group(click.Group):
    """Expected errors and requests to stop become one sentence and an exit code; anything else is a bug and tells where it is."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        make_ready()
        sys.excepthook = fault_told
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with stoppable() as stop:
                ctx.obj = stop
                return super().invoke(ctx)
        except AuditError as error:
            tell(in_one_line(f"pixel-audit: {error}"), err=True)
            ctx.exit(2)
        except Stopped as stopped:
            tell(f"pixel-audit: {stopped}", err=True)
            ctx.exit(stopped.exit_code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pixel-capi-audit", prog_name="pixel-audit")
def main() -> None:
    """Did the test order arrive once, everywhere, with the right money? Joins browser pixels, server events and shop orders
    from files you already have, and answers Go or Stop with the rows that prove it.

    Exit codes: 0 Go (also with conditions), 1 Stop, 2 usage, plan, input or disk error, 3 not proven, 130 stopped by Ctrl-C.
    """


def _options(command: Any) -> Any:
    for option in (
        click.option("--exit-zero", is_flag=True, help="Exit 0 whatever the decision (errors still exit 2)."),
        click.option(
            "--memory",
            metavar="SIZE",
            help="Memory bound such as 2GB; what exceeds it spills to a private temporary folder.",
        ),
        click.option("--strict", is_flag=True, help="Conditions also stop: exit 1 on GO_WITH_CONDITIONS."),
        click.option("--now", "now_text", metavar="TIME", help="Judge as of this time (ISO 8601), for reproducible runs."),
        click.option(
            "--baseline",
            metavar="RUN",
            type=_PATH,
            help="An earlier packet's folder or run.json: the packet says what was fixed, what is new and what is still open.",
        ),
        click.option("--ignore", multiple=True, metavar="CHECK", help="Leave this check out; the packet says so. Repeatable."),
        click.option("--select", multiple=True, metavar="CHECK", help="Ask only this check; the packet says so. Repeatable."),
        click.option(
            "--format",
            "format_",
            type=click.Choice(FORMATS),
            default="table",
            show_default=True,
            help="What to print on stdout.",
        ),
        click.option("--out", type=_PATH, default=Path("packet"), show_default=True, help="Folder for the packet."),
    ):
        command = option(command)
    return command


@main.command()
@click.argument("paths", nargs=-1, type=_PATH)
@click.option("--plan", "plan_path", type=_PATH, help="The plan. Default: audit.toml in the first folder given.")
@_options
def run(paths: tuple[Path, ...], plan_path: Path | None, **options: Any) -> None:
    """Load, check and write the packet.

    PATHS are files or folders with browser captures, server logs and order exports; without any, the plan's inputs.
    """
    _run(paths, plan_path, **options)


@main.command()
@click.argument("story", required=False, default="clean_launch")
@_options
def demo(story: str, **options: Any) -> None:
    """Audit one of the shipped sample stories.

    STORY is clean_launch (the default), shopify_launch, double_sender, lost_click_ids, regenerated_ids or wrong_value.
    """
    stories = _stories()
    if story not in stories:
        raise InputError(f"no story {story!r}. Stories: {', '.join(sorted(stories))}.")
    _run((), stories[story] / "audit.toml", **options)


@main.command()
@click.argument("folder", required=False, default=Path(), type=_PATH)
@click.option("--shop", type=click.Choice(("shopify", "woocommerce", "scalev", "other")), default="other", show_default=True)
def init(folder: Path, shop: str) -> None:
    """Write a commented audit.toml and the input folders, each with a note on how to export that evidence.

    Nothing that is there already is overwritten.
    """
    from audit.scaffold import scaffold

    done = scaffold(folder, shop)
    for path in done.written:
        tell(f"wrote {path}")
    for path in done.kept:
        tell(f"kept  {path} (was there already)")


@main.command()
@click.argument("paths", nargs=-1, type=_PATH)
@click.option("--plan", "plan_path", type=_PATH, help="The plan. Default: audit.toml in the first folder given.")
def doctor(paths: tuple[Path, ...], plan_path: Path | None) -> None:
    """Say what each file holds and lacks, which checks cannot be answered, and what to export from where."""
    from audit import inputs, tables
    from audit.doctor import examine
    from audit.doctor_text import as_text
    from audit.plan import Plan
    from audit.plan_file import read_plan
    from audit.shortage import shortage_told
    from audit.spill import spill_folder

    found = inputs.find_plan(paths, plan_path)
    plan = read_plan(found) if found else Plan()
    files = inputs.find_inputs(paths, plan)
    with spill_folder() as spill, shortage_told(spill, tables.DEFAULT_MEMORY):
        diagnosis = examine(files, plan, spill)
    tell(as_text(diagnosis), end="")


@main.command()
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
def diff(old: Path, new: Path) -> None:
    """Compare two packets (folders or run.json files): findings fixed, new, still open; the decision before and after."""
    from reports.comparison import as_text, compare
    from reports.run_file import read_run

    tell(as_text(compare(read_run(old), read_run(new))), end="")


@main.command()
@click.argument("folder", type=_PATH)
@click.option("--role", required=True, type=click.Choice(("media", "tracking", "theme", "data", "store", "operations")))
@click.option("--name", required=True, help="Who signs.")
@click.option("--accept/--refuse", default=True, show_default=True, help="Accept the packet as launch evidence, or refuse it.")
@click.option("--reason", help="Why; needed to accept a STOP or a NOT_PROVEN.")
@click.option("--now", "now_text", metavar="TIME", help="Time of signing (ISO 8601). Default: now.")
def sign(folder: Path, role: str, name: str, accept: bool, reason: str | None, now_text: str | None) -> None:
    """Add a reviewer's signature to the packet's signoff.json. An accepted packet carries media and tracking."""
    from audit.arguments import time_named
    from reports.signing import sign as sign_packet

    moment = time_named(now_text, "--now") or datetime.now(UTC)
    signed = sign_packet(folder, role=role, name=name, accept=accept, reason=reason, time=moment)
    tell(f"signed: {signed['name']} ({signed['role']}) {signed['answer']} {signed['decision']} at {signed['time']}")


@main.command()
@click.argument("folder", type=_PATH)
@click.option("--inputs", "inputs_folder", type=_PATH, help="The folder the evidence lies in, to compare it too.")
def verify(folder: Path, inputs_folder: Path | None) -> None:
    """Recompute hashes and decision and say whether packet, inputs and signatures still agree. Exits 1 when they do not."""
    from reports.verifying import verify as verify_packet

    found = verify_packet(folder, inputs_folder)
    for sentence in found.disagreements:
        tell(in_one_line(f"does not agree: {sentence}"))
    for sentence in found.leaks:
        tell(in_one_line(f"must not be there: {sentence}"))
    for sentence in found.notes:
        tell(in_one_line(f"note: {sentence}"))
    if found.holds:
        tell("packet, run and signatures agree" + ("; accepted by media and tracking" if found.accepted else ""))
    sys.exit(0 if found.holds else 1)


@main.command()
def checks() -> None:
    """List every check."""
    from audit.explain import listing

    tell(listing(), end="")


@main.command()
@click.argument("check")
def explain(check: str) -> None:
    """Show one check whole: what it asks, why, each cause with its cure, and the SQL."""
    from audit.arguments import checks_named
    from audit.check import catalogue
    from audit.explain import explained

    (name,) = checks_named(check)
    tell(explained(catalogue()[name]))


@main.command()
@click.argument("name", type=click.Choice(SCHEMAS))
def schema(name: str) -> None:
    """Print the JSON Schema of a format."""
    path = Path(__file__).parent / "schemas" / f"{name}.json"
    tell(path.read_text(encoding="utf-8"), end="")


# ---------------------------------------------------------------------- helpers


def _run(
    paths: tuple[Path, ...],
    plan_path: Path | None,
    *,
    out: Path,
    format_: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    baseline: Path | None,
    now_text: str | None,
    strict: bool,
    memory: str | None,
    exit_zero: bool,
) -> None:
    from audit import engine, inputs, tables
    from audit.arguments import checks_named, time_named
    from audit.plan import Plan
    from audit.plan_file import read_plan
    from audit.shortage import shortage_told
    from audit.spill import spill_folder
    from audit.terminal import Progress, printed
    from audit.verdict import exit_code, judge
    from reports import earlier, writing
    from reports.findings import idle_waivers
    from reports.packet import build
    from reports.place import claim, put_in

    now = time_named(now_text, "--now")
    only, without = checks_named(select), checks_named(ignore)
    found = inputs.find_plan(paths, plan_path)
    plan = read_plan(found) if found else Plan()
    files = inputs.find_inputs(paths, plan, out)
    stop = click.get_current_context().find_object(Stop) or Stop()
    stop.meanwhile = "Nothing was written."
    progress = Progress(stop.heed)
    with spill_folder() as spill, claim(out) as place, shortage_told(spill, memory or tables.DEFAULT_MEMORY):
        before = earlier.read(baseline, out)
        audit = engine.run(
            files,
            plan,
            now=now,
            select=only or None,
            ignore=without,
            memory=memory,
            spill=spill,
            out=place.new,
            progress=progress.say,
        )
        progress.say("writing the packet")
        verdict = judge(audit)
        packet = earlier.add(build(audit, verdict), before)
        told = writing.make_ready(place, audit, packet)
        audit.con.close()
        with stop.later():
            put_in(place)
            stop.meanwhile = f"The packet was written before: {out / 'packet.html'}"
    progress.done()
    tell(printed(format_, packet), end="", painted=format_ == "table")
    if found is None and (beside := inputs.overlooked_plan(paths)):
        tell(f"note: {beside} was not read: a plan is looked for in the first folder named. Name it with --plan.", err=True)
    tell(f"packet: {out / 'packet.html'}", err=True)
    for sentence in idle_waivers(packet.waivers, packet.findings):
        tell(in_one_line(f"note: {sentence}"), err=True)
    if told:
        tell(
            f"note: the packet holds what looks like {' and '.join(told)}. It stands in the plan, in a file's name or in an"
            " attachment; 'pixel-audit verify' names the places. Take it out before the packet is passed on.",
            err=True,
        )
    sys.exit(0 if exit_zero else exit_code(verdict.decision, strict=strict))


def _stories() -> dict[str, Path]:
    root = Path(__file__).parent.parent / "sample_data"
    return {path.parent.name: path.parent for path in sorted(root.glob("*/audit.toml"))}


if __name__ == "__main__":
    main()

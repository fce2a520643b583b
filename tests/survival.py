"""The command as a process of its own in a folder of the test's, and ways to end it at a chosen moment.

``python -m tests.survival SIGNAL MOMENTS… -- WORDS…`` runs the command once for each moment and ends it there: at its nth change
of the file system within the current folder. Every moment there is can so be tried, and no clock is asked.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from reports.verifying import verify

ROOT = Path(__file__).parent.parent
CLEAN = ROOT / "sample_data" / "clean_launch"
#: The smallest evidence: what matters here is how a run ends, not what it says.
ORDERS = CLEAN / "orders" / "orders.json"
FILES = ("audit.duckdb", "findings.csv", "packet.html", "packet.sha256", "run.json")
_CHANGES = frozenset({"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link", "os.chmod", "ctypes.dlsym"})


def environment(folder: Path) -> dict[str, str]:
    """Temporary files lie in the test's folder, too."""
    (folder / "temporary").mkdir(exist_ok=True)
    return os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "temporary")}


def start(folder: Path, *words: str | Path, before: str = "", **options: Any) -> subprocess.Popen[str]:
    """Begins a run in a folder; ``before`` is Python that runs in the process first."""
    code = f"{before}\nimport sys; from audit.cli import main; sys.argv[0] = 'pixel-audit'; main()"
    given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen([sys.executable, "-c", code, *map(str, words)], text=True, cwd=folder, env=environment(folder), **given)


def run(folder: Path, *words: str | Path, before: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
    """A run from beginning to end."""
    with start(folder, *words, before=before, **options) as process:
        stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout or "", stderr or "")


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder, with its bytes."""
    found = sorted(folder.rglob("*"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in found}


def plan(folder: Path, name: str) -> Path:
    """A plan that gives the launch a name: tells one run's packet from another's."""
    path = folder / f"{name}.toml"
    path.write_text(f'[launch]\nname = "{name}"\n', encoding="utf-8")
    return path


def written_by(packet: Path) -> str:
    """The name of the launch in a packet, the same in all its files."""
    assert verify(packet).holds  # a command as any: puts right what a killed run left
    name: str = json.loads((packet / "run.json").read_text(encoding="utf-8"))["launch"]["name"]
    assert name in (packet / "packet.html").read_text(encoding="utf-8")
    return name


#: In the child: the files of a folder are its owner's to protect, even from root.
WITHOUT_PRIVILEGES = """
import ctypes, os
if os.getuid() == 0:
    capset = 126 if os.uname().machine == 'x86_64' else 91
    assert ctypes.CDLL(None).syscall(capset, (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()) == 0
"""


def limited(size: int) -> str:
    """In the child: no file grows beyond this size, as on a full disk."""
    return f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


# ---------------------------------------------------------------------- the process that ends itself


def _main() -> None:
    number = signal.Signals[sys.argv[1]]
    at = sys.argv.index("--")
    # What every run imports is imported once; each run is a process of its own all the same.
    for module in ("audit.engine", "reports.formats.table", "reports.writing"):
        import_module(module)
    from audit.cli import main

    for moment in map(int, sys.argv[2:at]):
        process = os.fork()
        if process == 0:
            _end_at(moment, number)
            sys.argv = ["pixel-audit", *(word.replace("{moment}", f"{moment:02}") for word in sys.argv[at + 1 :])]
            main()
        _, status = os.waitpid(process, 0)
        print(json.dumps({"moment": moment, "exit": os.waitstatus_to_exitcode(status)}), flush=True)
        if sys.stdin.readline().strip() != "on":
            return


def _end_at(moment: int, number: signal.Signals) -> None:
    here, seen = str(Path.cwd()), 0

    def see(event: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        if event not in _CHANGES or (event == "open" and not (isinstance(args[2], int) and args[2] & 3)):
            return
        if event == "ctypes.dlsym" or str(args[0]).startswith(here) or not Path(str(args[0])).is_absolute():
            seen += 1
            if seen == moment:
                os.kill(os.getpid(), number)

    sys.addaudithook(see)


if __name__ == "__main__":
    _main()

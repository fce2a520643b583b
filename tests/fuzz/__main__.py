"""``python -m tests.fuzz [SECONDS]``: every parser under atheris, guided by coverage, then changed evidence through the decoders.

Each parser has a process and so many seconds (default 60) of its own; the decoders, which are SQL, get as many batches as fit in
them. What breaks is printed with the bytes or the seed that did it, and the exit code is 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def guided(name: str, seconds: int) -> None:
    """Fuzzes one parser in this process, which atheris ends."""
    import atheris

    with atheris.instrument_imports(include=["audit", "reports"]):
        from tests.fuzz.parsers import TARGETS, seeds

    with tempfile.TemporaryDirectory(prefix="pixel-audit-fuzz-") as corpus:
        for number, seed in enumerate(seeds(name)):
            (Path(corpus) / str(number)).write_bytes(seed)
        options = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", "-max_len=60000", "-verbosity=0"]
        atheris.Setup([name, corpus, *options, f"-artifact_prefix={tempfile.gettempdir()}/"], TARGETS[name])
        atheris.Fuzz()


def decoded(seconds: int) -> bool:
    """Changed requests through the decoders and every check, from a seed of this moment on."""
    from tests.fuzz.decoders import check

    seed = first = int(time.time())
    while time.time() < first + seconds:
        with tempfile.TemporaryDirectory(prefix="pixel-audit-fuzz-") as folder:
            try:
                check(Path(folder), seed, 300, checks=seed % 4 == 0)
            except Exception as error:
                print(f"decoders: seed {seed}: {type(error).__name__}: {error}", flush=True)
                return False
        seed += 1
    print(f"decoders: {seed - first} batches of 900 rows", flush=True)
    return True


def main() -> None:
    """Fuzzes what is named, or everything."""
    if len(sys.argv) == 3:
        guided(sys.argv[1], int(sys.argv[2]))
        return
    from tests.fuzz.parsers import TARGETS

    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    failed = []
    for name in TARGETS:
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz", name, str(seconds)], capture_output=True, text=True, env=os.environ, check=False
        )
        runs = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Done ")]
        print(f"{name}: {runs[-1] if runs else f'exit {done.returncode}'}", flush=True)
        if done.returncode:
            failed.append(name)
            print((done.stdout + done.stderr)[-4000:], flush=True)
    sys.exit(0 if decoded(seconds) and not failed else 1)


if __name__ == "__main__":
    main()

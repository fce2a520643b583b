"""Writes a packet's files, all or nothing: an interrupted run leaves the old packet whole."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb

import reports.formats.csv as csv_format
import reports.formats.html as html_format
import reports.formats.json as json_format
from audit.engine import Audit
from audit.errors import OutputError
from audit.shortage import is_shortage
from reports.database import export
from reports.files import seal
from reports.leaks import told_by_hand
from reports.packet import Packet
from reports.place import Place, refusal


def make_ready(place: Place, audit: Audit, packet: Packet) -> tuple[str, ...]:
    """The packet's files and their seal, ready to be moved in (:func:`reports.place.put_in`).

    Gives the kinds of personal data that the plan, a file's name or an attachment brought into it. The database is written beside
    the other files: each takes about as long as the other.

    Raises:
        OutputError: they cannot be written; what stood there is untouched.
    """
    try:
        with _beside(audit, place.new / "audit.duckdb"):
            (place.new / "packet.html").write_text(html_format.render(packet), encoding="utf-8", newline="\n")
            (place.new / "run.json").write_text(json_format.render(packet), encoding="utf-8", newline="\n")
            (place.new / "findings.csv").write_text(csv_format.render(packet), encoding="utf-8", newline="")
            by_hand = told_by_hand(place.new, place.shown)
        seal(place.new)
    except OSError as error:
        raise refusal(place.shown, error) from error
    except duckdb.IOException as error:
        if not is_shortage(error):
            raise
        told = re.search(r'Could not write file "[^"]*": ([^\n]+)', str(error))
        reason = told[1] if told else str(error).splitlines()[0]
        raise OutputError(
            f"{place.shown}: cannot be written ({reason}). What stood there is untouched; free space on its disk,"
            " or name another folder."
        ) from error
    return by_hand


#: Seconds until a thread that computes lets another one on. The export comes back to Python some sixty times, for a moment
#: each: with the usual 5 ms it would mostly wait for the page.
_TURN = 0.0001


@contextmanager
def _beside(audit: Audit, path: Path) -> Iterator[None]:
    """Exports the database meanwhile; where the block fails, that is broken off."""
    with _short_turns(), ThreadPoolExecutor(1) as pool:
        exported = pool.submit(export, audit, path)
        try:
            yield
            exported.result()
        except BaseException:
            audit.con.interrupt()
            raise


@contextmanager
def _short_turns() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)

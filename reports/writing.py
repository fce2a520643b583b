"""Writes a packet's files, all or nothing: an interrupted run leaves the old packet whole."""

from __future__ import annotations

import re

import duckdb

import reports.formats.csv as csv_format
import reports.formats.html as html_format
import reports.formats.json as json_format
from audit.engine import Audit
from audit.errors import OutputError
from audit.shortage import is_shortage
from reports.database import export
from reports.files import seal
from reports.packet import Packet
from reports.place import Place, refusal


def make_ready(place: Place, audit: Audit, packet: Packet) -> None:
    """The packet's files and their seal, ready to be moved in (:func:`reports.place.put_in`).

    Raises:
        OutputError: they cannot be written; what stood there is untouched.
    """
    try:
        (place.new / "packet.html").write_text(html_format.render(packet), encoding="utf-8", newline="\n")
        (place.new / "run.json").write_text(json_format.render(packet), encoding="utf-8", newline="\n")
        (place.new / "findings.csv").write_text(csv_format.render(packet), encoding="utf-8", newline="")
        export(audit, place.new / "audit.duckdb")
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

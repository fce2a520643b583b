"""Attachments of the plan as they travel in a packet: small ones whole, large pictures smaller, the digest the file's own."""

from __future__ import annotations

import hashlib
import io
import os
import random
import tracemalloc
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from audit.attachments import LARGEST, Embedded, embed
from audit.errors import PlanError
from audit.plan import Evidence, Plan
from audit.plan_tables import store_plan
from audit.tables import connect


def _attached(folder: Path, name: str, content: bytes, note: str = "") -> Embedded:
    (folder / name).write_bytes(content)
    return embed(Evidence("test_events", folder / name, note))


def _picture(kind: str, side: int, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    noise = random.Random(7).randbytes(side * side * len(mode))
    Image.frombytes(mode, (side, side), noise).save(out, kind)
    return out.getvalue()


def test_a_small_picture_travels_as_it_is(tmp_path: Path) -> None:
    data = _picture("PNG", 100)
    found = _attached(tmp_path, "page.png", data, "order 1001")
    assert found == Embedded("page.png", hashlib.sha256(data).hexdigest(), "image/png", len(data), data, False, "order 1001")
    assert found.is_picture


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("JPEG", "RGB"), ("GIF", "L"), ("WEBP", "RGB")])
def test_a_large_picture_is_made_smaller_and_keeps_the_digest_of_its_file(kind: str, mode: str, tmp_path: Path) -> None:
    data = _picture(kind, 1200, mode)
    found = _attached(tmp_path, "page", data)
    assert len(data) > LARGEST >= len(found.content or b"")
    assert (found.sha256, found.downscaled, found.media_type) == (hashlib.sha256(data).hexdigest(), True, "image/jpeg")
    assert "the sha256 is the original's" in found.note
    with Image.open(io.BytesIO(found.content or b"")) as picture:
        assert picture.format == "JPEG"
        assert picture.width == picture.height >= 300


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("rows.csv", b"event,source,event_id,status\n", "text/csv"),
        ("note.txt", "Größe".encode(), "text/plain"),
        ("page.png", b"no picture at all", "text/plain"),
        ("page.pdf", b"%PDF-1.7\n\xe2\xe3", "application/pdf"),
        ("thing", b"\xff\x00\xfe", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_bytes_say(name: str, content: bytes, kind: str, tmp_path: Path) -> None:
    found = _attached(tmp_path, name, content)
    assert (found.media_type, found.content, found.is_picture) == (kind, content, False)


@pytest.mark.parametrize("content", [b"%PDF-" + b"x" * LARGEST, b"\x89PNG\r\n\x1a\n" + b"x" * LARGEST], ids=["a PDF", "damaged"])
def test_what_cannot_be_made_smaller_stays_beside(content: bytes, tmp_path: Path) -> None:
    found = _attached(tmp_path, "large", content, "the export")
    assert (found.content, found.downscaled) == (None, False)
    assert found.note == "the export (300 kB, too large to travel in the packet: keep it beside)"
    assert found.sha256 == hashlib.sha256(content).hexdigest()


def test_a_missing_file_names_itself(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"evidence: .*gone\.png cannot be read"):
        embed(Evidence("order_admin", tmp_path / "gone.png"))


def test_the_packet_holds_what_the_plan_attached(tmp_path: Path) -> None:
    import base64
    import json

    from click.testing import CliRunner

    from audit.cli import main

    large, rows = _picture("PNG", 1200), b"event,source,event_id,status\nPurchase,Server,1001-Purchase-FORM,Processed\n"
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "page.png").write_bytes(large)
    (tmp_path / "evidence" / "rows.csv").write_bytes(rows)
    (tmp_path / "orders.csv").write_text("order_id,created_at,currency,total\n1001,2026-11-20T10:00:00Z,USD,5\n", encoding="utf-8")
    (tmp_path / "audit.toml").write_text(
        '[[evidence]]\ncard = "test_events"\nfile = "evidence/page.png"\nnote = "order 1001"\n\n'
        '[[evidence]]\ncard = "test_events"\nfile = "evidence/rows.csv"\n',
        encoding="utf-8",
    )
    CliRunner().invoke(main, ["run", str(tmp_path), "--out", str(tmp_path / "packet"), "--now", "2026-11-20T16:00:00Z"])
    html = (tmp_path / "packet" / "packet.html").read_text(encoding="utf-8")
    assert hashlib.sha256(large).hexdigest() in html
    assert hashlib.sha256(rows).hexdigest() in html
    assert "data:image/jpeg;base64," in html
    assert 'download="rows.csv">rows.csv</a>' in html
    assert base64.b64encode(rows).decode() in html
    run = json.loads((tmp_path / "packet" / "run.json").read_text(encoding="utf-8"))
    assert [source["path"] for source in run["sources"]] == ["orders.csv"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "page.png")
    evidence = Evidence("test_events", tmp_path / "page.png", "")
    with pytest.raises(PlanError, match=r"page\.png is no file\. Correct the path in the plan\."):
        embed(evidence)
    with pytest.raises(PlanError, match=r"evidence\[1\]\.file: .*page\.png is no file\. Correct the path\."):
        store_plan(connect(), Plan(evidence=(evidence,)), datetime(2026, 11, 20))


def test_a_recording_of_the_screen_is_not_held_whole(tmp_path: Path) -> None:
    with (tmp_path / "walk.png").open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.truncate(200 << 20)
    tracemalloc.start()
    found = embed(Evidence("test_events", tmp_path / "walk.png", ""))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.content, found.size, found.note) == (
        None,
        200 << 20,
        "209.7 MB, too large to travel in the packet: keep it beside",
    )
    assert peak < 70 << 20


def test_a_picture_of_a_hundred_million_points_stays_beside(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "PNG", pnginfo=_padded(LARGEST))
    found = _attached(tmp_path, "page.png", out.getvalue())
    assert (found.content, found.downscaled) == (None, False)


def _padded(size: int) -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", "".join(random.Random(7).choices("0123456789abcdef", k=size)))
    return info

"""What the plan puts behind an evidence card, as it may travel in a packet: whole, or a picture made smaller.

The digest is always that of the file itself, so that the original beside the packet can be held against it.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from warnings import catch_warnings, simplefilter

from audit.errors import PlanError
from audit.plan import Evidence

#: Pictures above this size are made smaller, other files stay beside the packet.
LARGEST = 300_000
#: No picture of a page is larger; a recording of the screen is, and is not held whole.
_LARGEST_READ = 64 << 20
_SIDE = 1600
_SMALLEST_SIDE = 400
_QUALITIES = (85, 70, 55)
#: What a file begins with -> its media type.
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"%PDF-": "application/pdf",
}
_TEXTS = {".csv": "text/csv", ".txt": "text/plain", ".json": "application/json", ".md": "text/markdown"}


@dataclass(frozen=True)
class Embedded:
    """One attachment; ``content`` is None for a file that stays beside the packet."""

    name: str
    sha256: str
    media_type: str
    size: int
    content: bytes | None
    downscaled: bool
    note: str

    @property
    def is_picture(self) -> bool:
        """Whether a browser shows it as a picture."""
        return self.content is not None and self.media_type.startswith("image/")


def embed(evidence: Evidence, name: str | None = None) -> Embedded:
    """An attachment as it goes into the packet, under its file's name or the one given.

    Raises:
        PlanError: the file cannot be read.
    """
    name = name or evidence.file.name
    try:
        if evidence.file.exists() and not evidence.file.is_file():  # a pipe would be waited for
            raise PlanError(f"evidence: {evidence.file} is no file. Correct the path in the plan.")
        with evidence.file.open("rb") as file:
            digest, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
            file.seek(0)
            data = file.read(_LARGEST_READ)
    except OSError as error:
        raise PlanError(f"evidence: {evidence.file} cannot be read ({error.strerror}). Correct the path in the plan.") from error
    kind = media_type(evidence.file, data)
    content: bytes | None = data
    is_smaller = False
    note = evidence.note
    if size > LARGEST:
        content = _smaller(data) if kind.startswith("image/") and size == len(data) else None
        is_smaller = content is not None
        if content is None:
            note = _joined(note, f"{_size(size)}, too large to travel in the packet: keep it beside")
        else:
            kind = "image/jpeg"
            note = _joined(note, f"shown smaller than the original of {_size(size)}; the sha256 is the original's")
    return Embedded(name, digest, kind, size, content, is_smaller, note)


def media_type(path: Path, data: bytes) -> str:
    """What a file is, by its first bytes; by its name only where it is text."""
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "application/octet-stream"
    return _TEXTS.get(path.suffix.lower(), "text/plain")


def _smaller(data: bytes) -> bytes | None:
    """The picture as a JPEG that fits; ``None`` when it is damaged, a bomb, or will not fit."""
    from PIL import Image  # only here: most plans have no large picture

    try:
        with catch_warnings():
            simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data))
        with picture:
            # A JPEG has no transparency: what shows through is white, as on the page.
            shown = picture.convert("RGBA")
            flat = Image.new("RGB", shown.size, "white")
            flat.paste(shown, mask=shown.getchannel("A"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    side = _SIDE
    while side >= _SMALLEST_SIDE:
        flat.thumbnail((side, side))
        for quality in _QUALITIES:
            out = io.BytesIO()
            flat.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= LARGEST:
                return out.getvalue()
        side = side * 3 // 4
    return None


def _size(length: int) -> str:
    return f"{length / 1_000_000:.1f} MB" if length >= 1_000_000 else f"{length // 1000} kB"


def _joined(note: str, more: str) -> str:
    return f"{note} ({more})" if note else more

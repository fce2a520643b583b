"""Who caused a request, as a recorder's call stack tells it: the script that called the pixel, not the pixel's library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

#: Hosts of the pixels' own libraries: the frame that called them is the sender, not they.
_LIBRARY_HOSTS = re.compile(r"(^|\.)(facebook\.net|facebook\.com|tiktok\.com|tiktokw\.us|kwai\.net|ap4r\.com|ks-la\.net)$")


def initiator(entry: dict[str, Any]) -> str | None:
    """The script that called the pixel: the first call frame below the pixel's library, else the nearest of any script.

    Wrappers a page puts around timers and images stand above the library and are passed over. Query and fragment are cut.
    """
    found = entry.get("_initiator")
    if isinstance(found, str):
        return _script(found)
    if not isinstance(found, dict):
        return None
    frames = [(frame, _host(frame)) for frame in _frames(found.get("stack"))]
    called = next((n for n, (_, host) in enumerate(frames) if _LIBRARY_HOSTS.search(host)), -1)
    for frame, _ in (*frames[called + 1 :], *frames[: max(called, 0)]):
        if (script := _script(frame)) is not None:
            return script
    url = found.get("url")
    return _script(url) if isinstance(url, str) else None


def _frames(stack: object, depth: int = 0) -> Iterator[str]:
    if not isinstance(stack, dict) or depth > 50:
        return
    for frame in stack.get("callFrames") or ():
        if isinstance(frame, dict) and isinstance(frame.get("url"), str):
            yield frame["url"]
    yield from _frames(stack.get("parent"), depth + 1)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _script(url: str) -> str | None:
    host = _host(url)
    if not url.startswith(("http://", "https://")) or not host or _LIBRARY_HOSTS.search(host):
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

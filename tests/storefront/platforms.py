"""The ad platforms' browser-facing hosts, answered locally."""

from __future__ import annotations

from collections.abc import Set

from .answers import Answer, Request, script
from .web_files import WebFiles

LIBRARIES = {
    "connect.facebook.net": "fbevents.js",
    "analytics.tiktok.com": "tiktok_events.js",
    "s21-def.ap4r.com": "kwai_events.js",
    "www.googletagmanager.com": "gtm.js",
}
EVENT_HOSTS = {"www.facebook.com", "analytics.tiktok.com"}


def answer_platform(request: Request, files: WebFiles, blocked: Set[str] = frozenset()) -> Answer | None:
    """The platform's answer, or None when the host belongs to no platform. `blocked` names hosts a blocker stops."""
    if request.host in blocked:
        return Answer(blocked=True)
    if request.host in LIBRARIES and request.path.endswith(".js"):
        return script(files[LIBRARIES[request.host]])
    if request.path.startswith("/signals/config/"):
        return script(_config(request))
    if request.host in EVENT_HOSTS:
        return Answer(mime="image/png" if "privacy_sandbox" in request.path else "text/plain")
    return None


def _config(request: Request) -> str:
    pixel = request.path.rsplit("/", 1)[-1]
    features = ("InferredEvents", "MicrodataJsonLd", "FirstPartyCookies", "BrowserProperties", "LastExternalReferrer")
    calls = "".join(f'instance.optIn("{pixel}","{feature}",true);' for feature in features)
    return f"(function(instance){{{calls}}})({{optIn:function(){{}}}});"

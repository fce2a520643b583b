"""A request that stands somewhere within a row: under ``req``, in a message that is JSON itself, beside its answer.

Loggers agree on the words and not on where they put them, so a request is known by its address, which only a platform's or a
relay's server has, and its other parts are the nearest that go by their name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from audit.loaders._objects import named_parts, object_in
from audit.loaders._request_fields import bare
from audit.loaders._spoken import spoken
from audit.loaders._told_times import microseconds, time_in, utc_of_column

Path = tuple[str | int, ...]
Leaf = tuple[Path, Any]

#: What CloudWatch Logs Insights puts beside the time of a row, which is UTC and does not say so.
_INSIGHTS = frozenset({"@message", "@ptr", "@log", "@logStream", "@ingestionTime", "@requestId", "@type"})
_INSIGHTS_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3}")

_DEPTH = 12
_ENDS = r"/?(?:[?#]|$)"
_ADDRESS = re.compile(
    r"(?:(?:https?:)?//)?(?:"
    rf"graph\.facebook\.com/(?:v[\d.]+/)?\d+/events{_ENDS}|/v\d+\.\d+/\d+/events{_ENDS}"
    rf"|[^\s/]*(?:/[^\s/]+)*/v3/stores/[^\s/]+/public/analytics/(?:meta|tiktok|snackvideo)/events{_ENDS}"
    rf"|(?:business-api\.tiktok\.com)?/open_api/v[\d.]+/(?:event/track|pixel/track|pixel/batch){_ENDS}"
    rf"|www\.adsnebula\.com/log/common/api{_ENDS})"
)
#: What a line must hold to be looked into; a stroke may be escaped.
HINT = re.compile(rb"/events|/event\\*/track|/pixel\\*/(?:track|batch)|/common\\*/api")
_WORDS = re.compile(r"[\s'\"=,;<>()\[\]]+")

_URLS = ("url", "requesturl", "fullurl", "full", "uri", "requesturi", "href", "endpoint", "original", "originalurl", "path")
#: What loggers call the time of a row.
TIMES = (
    "ts", "@timestamp", "timestamp", "time", "datetime", "date", "eventtimestamp", "timeiso8601", "starttime", "startedat",
    "createdat", "sentat", "requestedat", "loggedat", "datecreated", "asctime", "dt", "@t", "timegenerated", "timegenerated[utc]",
    "timestamp[utc]", "realtimetimestamp", "timestampms", "eventtimestampms", "starttimeunixnano", "timeunixnano",
)  # fmt: skip
_METHODS = ("method", "requestmethod", "httpmethod", "verb")
_HEADERS = ("headers", "requestheaders")
_HOSTS = ("host", "httphost", "authority")
#: What loggers call a body.
BODIES = ("body", "requestbody", "payload", "data", "json", "requestdata", "postdata")
_WITHIN_BODY = ("content", "text", "raw", "original")
_STATUSES = ("statuscode", "responsestatus", "httpstatus", "status", "responsecode", "httpcode")
_ANSWERED = frozenset({"response", "res", "resp", "answer", "reply", "result", "apiresponse"})
_ANSWER_BODIES = ("responsebody", "responsedata", "responsejson", "responsetext")
#: Where a request that got no answer says why, and where it would say so of an earlier one.
_FAILURES = ("err", "error", "exception", "errormessage", "curlerror", "failure")
_EARLIER = frozenset({"previous", "prior", "earlier", "lastattempt", "firstattempt", "attempts", "retry", "retries", "history"})
_AGENTS = ("useragent", "httpuseragent")
#: What loggers call the id of a request.
REQUEST_IDS = ("requestid", "reqid", "xrequestid", "correlationid", "traceid")


def requests_in(value: Any, lead: str = "", rest: str = "") -> list[dict[str, Any]]:
    """The requests of a row or a document, each with the names of a request log.

    ``lead`` and ``rest`` are what stood before and behind it in its line: where the address stands there, the row is its body.
    """
    leaves = list(_leaves(value, (), _DEPTH))
    addresses: dict[Path, Path] = {}
    texts = dict(leaves)
    for path, text in leaves:
        if isinstance(text, str) and path and path[-1] in _URLS and _ADDRESS.match(text):
            scope = _scope(path)
            if scope not in addresses or len(path) < len(addresses[scope]):
                addresses[scope] = path
    scopes: dict[Path, list[tuple[int, Leaf]]] = {}
    for number, leaf in enumerate(leaves):
        scopes.setdefault(_scope(leaf[0]), []).append((number, leaf))
    if addresses:
        return [_request(_around(scopes, path), path, texts[path], lead) for path in addresses.values()]
    if urls := _addresses(lead) or _addresses(rest):
        return [spoken(urls[0], value, lead, rest)]
    told: dict[Path, dict[str, Any]] = {}
    for path, text in leaves:
        if isinstance(text, str) and _scope(path) not in told and HINT.search(text.encode(errors="replace")):
            around = _around(scopes, path)
            spoken_of = _within(text, _time_of_row(around, path, lead))
            told |= {_scope(path): _answered_beside(request, around, path) for request in spoken_of}
    return list(told.values())


def _addresses(words: str) -> list[str]:
    return [bare_word for word in _WORDS.split(words) if _ADDRESS.match(bare_word := word.rstrip(":"))]


def _within(text: str, time: Any) -> list[dict[str, Any]]:
    """A request told in words in a field of a row, whose time is the row's: it names its zone more often than the words do."""
    found = object_in(text)
    if not found or not (_addresses(found[0]) or _addresses(found[2])):
        return []
    return [request | ({} if time is None else {"ts": time}) for request in requests_in(found[1], found[0], found[2])]


def _answered_beside(request: dict[str, Any], leaves: list[Leaf], field: Path) -> dict[str, Any]:
    """A request told in words in a field, whose answer, or why it got none, may stand beside that."""
    if "status" in request or "response" in request:
        return request
    beside = _request([(path, value) for path, value in leaves if path[: len(field)] != field], field, request["url"], "")
    names = ("response", "status") if "response" in beside else ("failure",)
    return request | {name: beside[name] for name in names if name in beside}


def _time_of_row(leaves: list[Leaf], field: Path, lead: str) -> Any:
    """The time beside a field, not within it, else the one before the row."""
    times = [
        (-_shared(path, field), TIMES.index(str(path[-1])), number)
        for number, (path, value) in enumerate(leaves)
        if path and path[-1] in TIMES and path[: len(field)] != field and isinstance(value, str | int | float)
    ]
    if not times:
        beside = next((value for path, value in leaves if path == (*field, "time")), None)
        return time_in(lead) if beside is None else microseconds(beside)
    path, value = leaves[min(times)[2]]
    return microseconds(utc_of_column(str(path[-1]), value))


def _shared(path: Path, other: Path) -> int:
    """How far two parts go the same way."""
    return next((n for n, (a, b) in enumerate(zip(path, other, strict=False)) if a != b), min(len(path), len(other)))


def is_address(text: str) -> bool:
    """Whether a text is the address of a platform's or a relay's server."""
    return _ADDRESS.match(text) is not None


def _around(scopes: dict[Path, list[tuple[int, Leaf]]], address: Path) -> list[Leaf]:
    """The parts that may belong to an address, in their order: those of its own entry and of what that stands in.

    A document may hold ten thousand entries; each is looked at once.
    """
    own = [numbered for length in range(len(address) + 1) for numbered in scopes.get(address[:length], ())]
    return [leaf for _, leaf in sorted(own, key=lambda numbered: numbered[0])]


def _leaves(value: Any, path: Path, depth: int) -> Iterator[Leaf]:
    """Every part with the way to it; a text that is JSON, or ends in it, is followed like what it holds."""
    if depth == 0:
        return
    if isinstance(value, list):
        value = named_parts(value)
    if isinstance(value, dict):
        if not _INSIGHTS.isdisjoint(value) and _INSIGHTS_TIME.fullmatch(str(value.get("@timestamp"))):
            value = value | {"@timestamp": f"{value['@timestamp']}Z"}
        for key, inner in value.items():
            way = path + tuple(bare(part) for part in str(key).split(".") if part)
            yield way, inner
            yield from _leaves(inner, way, depth - 1)
    elif isinstance(value, list):
        if _is_loki_entry(value):
            yield (*path, 1, "time"), value[0]
        for number, inner in enumerate(value):
            yield (*path, number), inner
            yield from _leaves(inner, (*path, number), depth - 1)
    elif isinstance(value, str) and HINT.search(value.encode(errors="replace")) and (found := object_in(value)):
        if told := time_in(found[0]):
            yield (*path, "time"), told
        yield from _leaves(found[1], path, depth - 1)


def _is_loki_entry(value: list[Any]) -> bool:
    """A line as Loki's interface answers it: behind its time in nanoseconds."""
    return len(value) in (2, 3) and isinstance(value[1], str) and re.fullmatch(r"\d{19}", str(value[0])) is not None


def _scope(path: Path) -> Path:
    """The innermost entry of a list that a part stands in: each entry holds one request."""
    last = max((place for place, part in enumerate(path) if isinstance(part, int)), default=-1)
    return path[: last + 1]


def _request(leaves: list[Leaf], address: Path, url: str, lead: str) -> dict[str, Any]:
    def nearest(names: tuple[str, ...], fits: Any, without: tuple[Path, ...] = ()) -> Leaf | None:
        near = [
            (-_shared(path, address), not is_answer(path), len(path), names.index(str(path[-1])), number)
            for number, (path, value) in enumerate(leaves)
            if path
            and path[-1] in names
            and fits(path, value)
            and path != address[: len(path)]
            and not any(path[: len(part)] == part for part in without)
        ]
        return leaves[min(near)[4]] if near else None

    def value_of(found: Leaf | None) -> Any:
        return found[1] if found else None

    def is_answer(path: Path) -> bool:
        return any(part in _ANSWERED for part in path[_shared(path, address) :])

    def holds(value: Any) -> bool:
        return isinstance(value, dict) or (isinstance(value, str) and value.strip() != "")

    body = nearest(
        (*BODIES, *_WITHIN_BODY, "request"),
        lambda path, value: (
            not is_answer(path)
            and (path[-1] in BODIES or _is_text_of_request(path, value) or (len(path) > 1 and path[-2] in BODIES))
            and (isinstance(value, str) or (isinstance(value, dict) and not value.keys() <= set(_WITHIN_BODY)))
        ),
    )
    inner = (body[0],) if body else ()
    answer = nearest(
        _ANSWER_BODIES, lambda _, value: holds(value), inner
    ) or nearest(
        (*BODIES, *_WITHIN_BODY, *_ANSWERED), lambda path, value: is_answer(path) and _is_answer_body(path, value), inner
    )  # fmt: skip
    if answer is None and body and body[0][-2:-1] == ("config",):  # axios: the request under config, the answer beside it
        answer = next((leaf for leaf in leaves if leaf[0] == (*body[0][:-2], "data") and holds(leaf[1])), None)
    parts = (*inner, *((answer[0],) if answer else ()))
    status = nearest(
        (*_STATUSES, "code"), lambda path, value: _is_status(value) and (path[-1] != "code" or _is_http_code(path)), parts
    )
    failure = (
        nearest(_FAILURES, lambda path, value: holds(value) and _EARLIER.isdisjoint(path), parts)
        if answer is None and status is None
        else None
    )
    headers = nearest(_HEADERS, lambda path, value: isinstance(value, dict) and not is_answer(path), parts)
    told = nearest(TIMES, lambda _, value: isinstance(value, str | int | float), parts)
    time = utc_of_column(str(told[0][-1]), told[1]) if told else None
    if time is None:
        time = time_in(lead)
    request = {
        "ts": microseconds(time),
        "method": value_of(nearest(_METHODS, lambda _, value: isinstance(value, str) and value.isalpha(), parts)),
        "url": url,
        "body": _unboxed(value_of(body)),
        "status": value_of(status),
        "response": whole_refusal(value_of(answer)),
        "failure": value_of(failure),
        "headers": _plain_headers(value_of(headers)),
        "user_agent": value_of(nearest(_AGENTS, lambda path, value: isinstance(value, str) and not is_answer(path), parts)),
    }
    if request["body"] is None or request["status"] is None:  # its other half may stand in another row
        request["request_id"] = value_of(nearest(REQUEST_IDS, lambda _, value: isinstance(value, str | int), parts))
    if url.startswith("/"):
        request["host"] = value_of(
            nearest(_HOSTS, lambda path, value: isinstance(value, str) and path[:-1] in (address[:-1], (*address[:-1], "headers")))
        )
    return {name: value for name, value in request.items() if value is not None}


def whole_refusal(answer: Any) -> Any:
    """A refusal of Graph of which Meta's own client kept what stands under ``error``, as it was answered."""
    return {"error": answer} if isinstance(answer, dict) and {"fbtrace_id", "message", "code"} <= answer.keys() else answer


def _is_text_of_request(path: Path, value: Any) -> bool:
    return path[-1] == "request" and isinstance(value, str) and value.lstrip().startswith("{")


def _unboxed(body: Any) -> Any:
    """What RudderStack passes on: a body in one of several boxes (``JSON``, ``FORM``). Each event of a form is a text."""
    if not isinstance(body, dict) or not {"JSON", "FORM"} <= body.keys():
        return body
    held = next((part for name in ("JSON", "FORM") if isinstance(part := body[name], dict) and part), None)
    if held is None:
        return body
    return {name: [_parsed(each) for each in part] if isinstance(part, list) else part for name, part in held.items()}


def _parsed(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_answer_body(path: Path, value: Any) -> bool:
    if path[-1] in _ANSWERED:
        return isinstance(value, str) or (
            isinstance(value, dict)
            and (_is_tiktoks(value) or not {bare(str(key)) for key in value} & {*_STATUSES, *BODIES, "headers"})
        )
    return isinstance(value, str) or (isinstance(value, dict) and not value.keys() <= set(_WITHIN_BODY))


def _is_tiktoks(answer: dict[Any, Any]) -> bool:
    """TikTok's own answer has a part ``data``; it is no box for one, unless that holds the code."""
    data = answer.get("data")
    return {"code", "message"} <= answer.keys() and not (isinstance(data, dict) and "code" in data)


def _is_http_code(path: Path) -> bool:
    """Whether ``code`` stands where a status does: Graph has error codes of three digits too, and 200 is one of them."""
    return len(path) == 1 or path[-2] in _ANSWERED


def _is_status(value: Any) -> bool:
    return not isinstance(value, bool) and re.fullmatch(r"[1-5]\d\d", str(value)) is not None


def _plain_headers(headers: Any) -> dict[str, Any] | None:
    """One value a header; servers list them."""
    if not headers:
        return None
    return {name: value[0] if isinstance(value, list) and value else value for name, value in headers.items()}

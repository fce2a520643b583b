"""The fields of a log of requests: the names they go by, whether rows are requests at all, and how their times are written."""

from __future__ import annotations

import re

from audit.loaders import _dates
from audit.loaders._source import Source

#: Our field -> the names a log may use for it, first that holds a value.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "ts": ("ts", "timestamp", "time", "event_time", "@timestamp", "datetime"),
    "method": ("method", "request_method", "http_method"),
    "url": ("url", "request_url", "path", "uri", "request_uri"),
    "host": ("host", "hostname"),
    "body": ("body", "request_body", "payload"),
    "status": ("status", "status_code", "response_status"),
    "response": ("response", "response_body"),
    "headers": ("headers", "request_headers"),
    "sender": ("sender",),
    "session": ("session", "session_id"),
    "referrer": ("referrer", "referer"),
    "initiator": ("initiator",),
    "consent": ("consent",),
    "error": ("error", "net_error"),
    "failure": ("failure",),
    "cookies": ("cookies",),
    "user_agent": ("user_agent",),
    "cookie_text": (),
    "request_line": (),
}
#: More names, of access logs (nginx, Envoy, API gateways), of scripts and of a database's tables: looked for only where the first
#: rows have them.
_ACCESS_LOG: dict[str, tuple[str, ...]] = {
    "ts": (
        "time_iso8601", "start_time", "msec", "requesttimeepoch", "sent_at", "requested_at", "logged_at", "created_at",
        "date_created", "created", "asctime", "dt", "@t", "date",
    ),
    "method": ("httpmethod", "verb"),
    "body": ("post_data", "request_payload", "request_data", "data", "json"),
    "status": ("response_code", "http_status", "http_code"),
    "response": (
        "response_data", "response_text", "response_json", "api_response", "raw_response", "resp_body", "res", "resp", "result",
    ),
    "failure": ("error_message", "err", "exception", "curl_error"),
    "host": ("http_host", "server_name", "domainname", "authority"),
    "referrer": ("http_referer", "http_referrer"),
    "user_agent": ("http_user_agent", "useragent"),
    "cookie_text": ("http_cookie",),
    "request_line": ("request", "requestline"),
}  # fmt: skip
CLOCK_TIME = re.compile(r"^\d{4}(-\d{2}-\d{2}|/\d{1,2}/\d{1,2})[T ][\d:.,]+$")
#: A table of CloudWatch Logs Insights: the time of its rows is UTC and does not say so.
INSIGHTS_TIME = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3}"
_REQUEST_LINE = re.compile(r"^[A-Z]{3,7} (/|https?://)\S* HTTP/\d")
_BROWSER_URL = re.compile(
    r"^(https?://)?(www\.)?(facebook\.com/(tr|privacy_sandbox)|analytics[\w.]*\.tiktokw?\.(com|us)/|connect\.facebook\.net/)"
)


def bare(name: str) -> str:
    """A name as it is compared: ``requestUrl``, ``Request URL`` and ``request_url`` are one."""
    return re.sub(r"[_ -]", "", name.lower())


_URL_KEYS = frozenset(map(bare, SYNONYMS["url"]))
#: Names that a sender gives to its own outcome too ("ok", a job's numbers) and not only to what was answered.
_OWN_WORDS = frozenset({"res", "resp", "result", "apiresponse"})
#: Names too common to tell a request by.
_VAGUE = frozenset({"data", "json", "res", "resp", "result"})
_BESIDE = (
    frozenset(bare(name) for field in ("method", "body", "status", "response") for name in (*SYNONYMS[field], *_ACCESS_LOG[field]))
    - _VAGUE
)


def has_browser_urls(source: Source) -> bool:
    """Whether some of the first rows call an address that only a browser's pixel calls."""
    return any(_BROWSER_URL.match(url) for url in own_urls(source))


def own_urls(source: Source) -> list[str]:
    """The addresses that the first rows name as their own."""
    return [str(record[key] or "") for record in source.records for key in record if bare(key) in _URL_KEYS]


def is_tag_log(keys: frozenset[str]) -> bool:
    """Whether rows are a server tag's request and answer, apart, as Stape's tags and the GTM standard write them."""
    return "type" in keys and {"traceid", "requesturl"} <= {bare(key) for key in keys}


def is_raw(source: Source) -> bool:
    """Whether the rows are requests: a URL or path, and a body, status, response or method beside it."""
    keys = source.record_keys
    names = {bare(key) for key in keys}
    return (
        source.shape in ("ndjson", "json_array", "csv", "parquet")
        and (bool(names & _URL_KEYS) or _has_request_lines(source))
        and bool(names & _BESIDE)
        and not ({"platform", "event"} <= keys)
        and not is_tag_log(keys)
    )


def _has_request_lines(source: Source) -> bool:
    return any(
        _REQUEST_LINE.match(str(record.get(name) or "")) for record in source.records for name in _ACCESS_LOG["request_line"]
    )


def names_of(source: Source, field: str) -> tuple[str, ...]:
    """The names this file may use for a field, as the file spells them."""
    spelled = (*source.keys, *(key for record in source.records for key in record))
    own = {bare(key): key for key in spelled} | {key.lower(): key for key in spelled} | {key: key for key in spelled}
    common = (own.get(name, own.get(bare(name), name)) for name in SYNONYMS.get(field, (field,)))
    rare = (own[bare(name)] for name in _ACCESS_LOG.get(field, ()) if bare(name) in own)
    return tuple(dict.fromkeys((*common, *rare)))


def _first_times(source: Source) -> list[str]:
    names = [source.fields["ts"]] if "ts" in source.fields else list(names_of(source, "ts"))
    texts = (next((str(record[name]) for name in names if record.get(name)), None) for record in source.records)
    return [text for text in texts if text]


def is_insights(source: Source) -> bool:
    if source.shape != "csv" or "ts" in source.fields or "@timestamp" not in source.keys:
        return False
    texts = _first_times(source)
    return bool(texts) and all(re.fullmatch(INSIGHTS_TIME, text) for text in texts)


def is_dated(source: Source) -> bool:
    """Whether the first rows hold a time as people write it."""
    return any(map(_dates.is_written, _first_times(source)))


def is_clock_time(text: str) -> bool:
    """Whether a text is a time that names no zone."""
    return bool(CLOCK_TIME.match(text)) or _dates.names_no_zone(text)


def lacks_zone(source: Source) -> bool:
    """Whether the times of a log's first rows are clock times that name no zone."""
    texts = _first_times(source)
    return bool(texts) and all(map(is_clock_time, texts)) and not is_insights(source)


def field_sql(source: Source, name: str) -> str:
    """SQL for the text of one field of ``record``: the plan's mapping, else the first synonym that holds a value."""
    mapped = source.fields.get(name)
    if mapped:
        paths = [_json_path([mapped]), *([_json_path(mapped.split("."))] if "." in mapped else [])]
    else:
        paths = [_json_path([key]) for key in names_of(source, name)]
    texts = [f"json_extract_string(record, '{path}')" for path in paths]
    parts = texts if mapped else list(map(_as_meant, names_of(source, name), texts))
    return f"coalesce({', '.join(parts)})" if len(parts) > 1 else parts[0]


def _json_path(parts: list[str]) -> str:
    quoted = (part.replace('"', "").replace("'", "''") for part in parts)
    return "$" + "".join(f'."{part}"' for part in quoted)


def first_of(keys: tuple[str, ...], row: str) -> str:
    """SQL for the first of these fields of a row that holds a value."""
    parts = (_as_meant(key, f'{row}."{key}"') for key in keys)
    return f"coalesce({', '.join(['cast(null as varchar)', *parts])})"


def has_own_words(source: Source) -> bool:
    """Whether a log may hold an answer, or a sender's own outcome, under a name of either."""
    return any(bare(key) in _OWN_WORDS for key in names_of(source, "response"))


def _as_meant(key: str, text: str) -> str:
    return f"told_answer({text})" if bare(key) in _OWN_WORDS else text

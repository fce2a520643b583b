"""Reads a check: one ``.sql`` file whose comment is a TOML header and whose query gives one row a subject.

The catalogue is the listing of ``audit/checks``. The header is read strictly: an unknown or a missing key is a fault of
the file. What a query must return is :data:`ROW`; what it may return beside that is :data:`OPTIONAL`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from audit.errors import CheckFileError

FACETS = (
    "chain", "dedup", "money", "senders", "reconciliation", "attribution", "delivery", "payload", "privacy", "evidence",
)  # fmt: skip
SEVERITIES = ("blocker", "warning", "note")
ROW = (
    "platform", "step", "subject", "order_id", "ok", "expected", "actual", "cause", "ref", "other_ref",
)  # fmt: skip
OPTIONAL = ("session", "severity")
OWNERS = ("media", "tracking", "theme", "data", "store", "operations")

#: What a check may need: whether the evidence holds it (one SQL truth), and what to supply when it does not.
NEEDS: dict[str, tuple[str, str]] = {
    "events": (
        "select count(*) > 0 from events",
        "a browser capture (HAR or pixel log) or the server's request log",
    ),
    "browser events": (
        "select count(*) > 0 from events where channel = 'browser'",
        "a browser capture: a HAR saved with 'Preserve log' on, or a pixel log",
    ),
    "browser capture": (
        "select count(*) > 0 from (select ref from events where channel = 'browser'"
        " union all select source from sources where kind = 'browser' and rejected < read_rows)",
        "a browser capture: a HAR saved with 'Preserve log' on, or a pixel log",
    ),
    "server events": (
        "select count(*) > 0 from (select ref from events where channel = 'server'"
        " union all select source from sources where kind = 'server' and rejected < read_rows and coalesce(has_bodies, true))",
        "the server's request log with its bodies (relay or Conversions API), or a HAR in which the page calls the relay",
    ),
    "orders": ("select count(*) > 0 from orders", "the shop's order export"),
    "register": (
        "select has_register from launch",
        "a register of senders: [[senders]] in audit.toml, which the packet prints ready to be filled in",
    ),
    "event id template": (
        "select event_id_template is not null from launch",
        "purchase.event_id in audit.toml, the id a Purchase must carry",
    ),
    "datasets": (
        "select count(*) > 0 from plan_datasets",
        "the pixel ids of each platform: datasets under [platforms.meta] in audit.toml, and so for the others",
    ),
    "allowed domains": (
        "select count(*) > 0 from plan_domains",
        "the domains that events may name: allowed_domains under [platforms.meta] in audit.toml",
    ),
    "relay store": (
        # A shop that calls no relay has no store at one.
        "select (select count(*) > 0 from plan_platforms where relay_store is not null)"
        " or not exists (select 1 from events where relay_store is not null)",
        "the shop's own store at the relay: relay_store under [platforms.meta] in audit.toml",
    ),
    "actions": (
        "select count(*) > 0 from actions",
        "a HAR that holds the storefront's own calls (add to cart, checkout)",
    ),
    "orders or actions": (
        "select count(*) > 0 from (select ref from orders union all select ref from actions)",
        "the shop's order export, or a HAR that holds the storefront's own calls (add to cart, checkout)",
    ),
    "sources": ("select count(*) > 0 from sources", "any evidence at all"),
    "totals": (
        "select count(*) > 0 from totals",
        "daily totals: a CSV with date, source, event, count, value, currency",
    ),
    "diagnostics": ("select count(*) > 0 from diagnostics", "the platform's diagnostics: Meta Dataset Quality JSON"),
    "waivers": ("select count(*) > 0 from plan_waivers", "[[waivers]] in audit.toml, if a gap was accepted"),
}


@dataclass(frozen=True)
class Cause:
    """Why a check fails, told apart by the data. Texts are for the person who pays for the ads."""

    id: str
    failure: str  # what is true when it fails for this cause; the check's own words where one sentence fits all causes
    means: str
    first_check: str
    not_yet: str
    remedy: str
    owner: str  # role, see OWNERS
    follows: tuple[str, ...] = ()  # checks whose blocker in the same row of a log is the reason of this cause
    explains: tuple[str, ...] = ()  # checks whose findings merely follow from this cause, wherever they stand


@dataclass(frozen=True)
class Check:
    """One check: its meaning, its cure and its query."""

    id: str
    title: str  # what is true when it passes
    failure: str  # what is true when it fails
    facet: str
    severity: str  # the highest a row can have; a Purchase's
    severity_other_steps: str
    deciding: bool
    follows: tuple[str, ...]  # checks whose finding may be the reason of this one's, in order of precedence
    needs: tuple[str, ...]
    why: str
    causes: dict[str, Cause]
    own: Cause | None  # the four texts where no cause is told apart
    own_is_open: bool  # those texts are of what cannot be told; all that fails has a cause
    asks_findings: bool  # it reads what the other checks found, so it is asked after all of them
    sql: str

    def tells(self, cause: str | None, ok: bool | None) -> bool:
        """Whether the texts for a finding are of what it says, not of what would be so if it failed."""
        return ok is False or cause is not None or self.own_is_open

    @property
    def owner(self) -> str:
        """The role that answers where no cause is told; where there are no texts for that, the one that answers for most causes."""
        if self.own:
            return self.own.owner
        roles = [each.owner for each in self.causes.values()]
        return max(dict.fromkeys(roles), key=roles.count) if roles else "tracking"

    def cause(self, cause: str | None) -> Cause:
        """The texts for a finding's cause; the check's own where the finding names none."""
        found = self.causes.get(cause) if cause else self.own
        if found is None:
            raise CheckFileError(f"{self.id}.sql: no texts for cause {cause!r}")
        return found


_TEXTS = {"means", "first_check", "not_yet", "remedy", "owner"}
_REQUIRED = {"title", "failure", "facet", "severity", "needs", "why"}
_KNOWN = _REQUIRED | _TEXTS | {"severity_other_steps", "deciding", "follows", "causes", "asks_findings", "own_is_open"}


def read_check(path: Path) -> Check:
    """One check from its file.

    Raises:
        CheckFileError: the header is missing, is no TOML, lacks a key, or holds one that is not known.
    """
    text = path.read_text(encoding="utf-8")
    head, separator, sql = text.partition("*/")
    if not text.startswith("/*") or not separator:
        raise CheckFileError(f"{path.name}: the file must begin with a /* … */ header")
    try:
        header = tomllib.loads(head[2:])
    except tomllib.TOMLDecodeError as error:
        raise CheckFileError(f"{path.name}: header is not valid TOML: {error}") from error
    unknown, missing = header.keys() - _KNOWN, _REQUIRED - header.keys()
    if unknown or missing:
        raise CheckFileError(f"{path.name}: unknown keys {sorted(unknown)}, missing keys {sorted(missing)}")
    failure = header["failure"]
    causes = {name: _cause(path, name, {"failure": failure} | table) for name, table in header.get("causes", {}).items()}
    texts = {key: header[key] for key in _TEXTS & header.keys()}
    own = _cause(path, path.stem, {"failure": failure} | texts) if texts else None
    if not causes and own is None:
        raise CheckFileError(f"{path.name}: neither causes nor texts of its own")
    check = Check(
        id=path.stem,
        title=header["title"],
        failure=failure,
        facet=_one_of(path, "facet", header["facet"], FACETS),
        severity=_one_of(path, "severity", header["severity"], SEVERITIES),
        severity_other_steps=_one_of(
            path, "severity_other_steps", header.get("severity_other_steps", header["severity"]), SEVERITIES
        ),
        deciding=bool(header.get("deciding", False)),
        follows=tuple(header.get("follows", ())),
        needs=tuple(_one_of(path, "needs", need, tuple(NEEDS)) for need in header["needs"]),
        why=" ".join(header["why"].split()),
        causes=causes,
        own=own,
        own_is_open=bool(header.get("own_is_open", False)),
        asks_findings=bool(header.get("asks_findings", False)),
        sql=sql.strip(),
    )
    if not check.sql:
        raise CheckFileError(f"{path.name}: no query after the header")
    return check


def _cause(path: Path, name: str, table: dict[str, Any]) -> Cause:
    roots = {key: tuple(table.get(key, ())) for key in ("follows", "explains")}
    texts = {key: value for key, value in table.items() if key not in roots}
    if texts.keys() != {"failure"} | _TEXTS:
        given = sorted(texts.keys() - {"failure"})
        raise CheckFileError(
            f"{path.name}: cause {name!r} must have exactly {sorted(_TEXTS)}, and may have failure, follows, explains; has {given}"
        )
    _one_of(path, f"owner of {name}", texts["owner"], OWNERS)
    told = {key: " ".join(str(value).split()) for key, value in texts.items()}
    return Cause(id=name, follows=roots["follows"], explains=roots["explains"], **told)


def _one_of(path: Path, key: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise CheckFileError(f"{path.name}: {key} is {value!r}, must be one of {', '.join(allowed)}")
    return value


@cache
def catalogue() -> dict[str, Check]:
    """Every check there is, by id, in the order of the gates and then by name."""
    checks = [read_check(path) for path in (Path(__file__).parent / "checks").glob("*.sql")]
    return {check.id: check for check in sorted(checks, key=lambda c: (FACETS.index(c.facet), c.id))}


def no_such_check(name: str) -> str:
    """What is said where a check is named that does not exist: what was likely meant, and where the names stand."""
    sentences = {
        sentence.rstrip(".").lower(): check.id
        for check in catalogue().values()
        for sentence in (check.title, check.failure, *(cause.failure for cause in check.causes.values()))
    }
    asked = name.strip().rstrip(".").lower()
    alike = get_close_matches(asked, catalogue(), n=1) or get_close_matches(asked, sentences, n=1, cutoff=0.8)
    way = f"Did you mean {sentences.get(alike[0], alike[0])!r}?" if alike else "findings.csv names the check of each finding;"
    return f"no check {name!r}. {way} 'pixel-audit checks' lists them all."

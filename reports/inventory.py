"""The trigger-source inventory: who was seen sending what, against who is registered to."""

from __future__ import annotations

import json
from dataclasses import dataclass

from audit.engine import Audit
from audit.plan import CHANNELS, MATCH_KEYS, PLATFORMS, STEPS
from audit.visible import visible
from reports.words import owner_of

#: Entries of a register that somebody can fill in.
_ENTRIES = 200
_COLUMNS = {"sender": "log_sender"}
#: Who usually answers for a kind of sender.
_ROLES = {"tag_manager": "data", "backend": "data", "codeless": "media", "noscript": "theme"}


@dataclass(frozen=True)
class Sender:
    """One sender of one core event."""

    platform: str
    channel: str
    sender: str
    step: str
    events: int
    standing: str  # declared | undeclared | silent | unregistered
    entry: str | None
    primary: bool
    owner: str | None

    @property
    def declared(self) -> bool | None:
        """Whether the register names it; None without a register."""
        return None if self.standing == "unregistered" else self.standing != "undeclared"


@dataclass(frozen=True)
class Inventory:
    """Who sends what."""

    has_register: bool
    senders: tuple[Sender, ...]
    others: tuple[tuple[str, str, str, int], ...]  # platform, channel, event name, events: no core step
    register: str  # the observed senders that no entry claims, as entries to be filled in


def inventory(audit: Audit) -> Inventory:
    """Observed senders of core events with their standing, declared ones that stayed silent, and a register to fill in."""
    has_register = bool(audit.plan.senders)
    # What the three questions below share: how many events of each step came by each way of sending.
    audit.con.execute(
        """
        create or replace temp table steps_sent as
        select f.fingerprint, e.step, count(*) as events
        from events e
        join event_fingerprints f on f.event_key = e.event_key
        where e.step is not null
        group by f.fingerprint, e.step
        """
    )
    senders = [*_observed(audit, has_register=has_register), *_silent(audit)]
    senders.sort(
        key=lambda s: (PLATFORMS.index(s.platform), STEPS.index(s.step), CHANNELS.index(s.channel), s.sender, s.entry or "")
    )
    others = audit.con.execute(
        """
        select platform, channel, coalesce(event_name, '(no name)'), count(*)
        from events
        where step is null
        group by all
        order by all
        """
    ).fetchall()
    return Inventory(has_register, tuple(senders), tuple((p, c, n, int(k)) for p, c, n, k in others), _register(audit))


def _observed(audit: Audit, *, has_register: bool) -> list[Sender]:
    found = audit.con.execute(
        """
        select f.platform, f.channel, coalesce(f.sender, 'not named'), s.step, c.entry, sum(s.events)
        from steps_sent s
        join observed_senders f on f.fingerprint = s.fingerprint
        left join (select distinct fingerprint, step, entry from sender_claims) c
            on c.fingerprint = s.fingerprint and c.step = s.step
        group by all
        order by all
        """
    ).fetchall()
    made = []
    for platform, channel, sender, step, number, events in found:
        entry = audit.plan.senders[number] if number is not None else None
        standing = "declared" if entry else "undeclared" if has_register else "unregistered"
        made.append(
            Sender(
                platform, channel, sender, step, int(events), standing,
                entry.name if entry else None, bool(entry and entry.primary),
                owner_of(audit.plan.owners, entry.owner) if entry and entry.owner else None,
            )
        )  # fmt: skip
    return made


def _silent(audit: Audit) -> list[Sender]:
    found = audit.con.execute(
        """
        with heard as (
            select distinct c.entry, s.step
            from steps_sent s
            join sender_claims c on c.fingerprint = s.fingerprint and c.step = s.step
        )
        select s.entry, s.step
        from plan_sender_steps s
        left join heard h on h.entry = s.entry and h.step = s.step
        where h.entry is null
        order by all
        """
    ).fetchall()
    made = []
    for number, step in found:
        entry = audit.plan.senders[number]
        owner = owner_of(audit.plan.owners, entry.owner) if entry.owner else None
        made.append(Sender(entry.platform, entry.channel, entry.name, step, 0, "silent", entry.name, entry.primary, owner))
    return made


def _register(audit: Audit) -> str:
    """Whoever sends a core event and stands in no entry, as ``[[senders]]`` tables; only owners are left to be confirmed."""
    identity = ", ".join(f"f.{_COLUMNS.get(key, key)}" for key in MATCH_KEYS)
    groups: dict[tuple[str, str, str, str], tuple[list[str], list[tuple[str | None, ...]]]] = {}
    for platform, channel, sender, kind, step, *marks in audit.con.execute(
        f"""
        select f.platform, f.channel, coalesce(f.sender, 'not named'), coalesce(f.sender_kind, ''), s.step, {identity}
        from steps_sent s
        join observed_senders f on f.fingerprint = s.fingerprint
        where not exists (select 1 from sender_claims c where c.fingerprint = s.fingerprint and c.step = s.step)
        group by all
        order by all
        """
    ).fetchall():
        steps, seen = groups.setdefault((platform, channel, sender, kind), ([], []))
        steps.append(step)
        seen.append(tuple(marks))
    tables = []
    primary = {(sender.platform, sender.channel) for sender in audit.plan.senders if sender.primary}
    for (platform, channel, sender, kind), (steps, seen) in sorted(
        groups.items(), key=lambda g: (PLATFORMS.index(g[0][0]), CHANNELS.index(g[0][1]), -len(g[1][0]), g[0][2], g[0][3])
    ):
        shared = {
            key: values[0]
            for key, *values in zip(MATCH_KEYS, *seen, strict=True)
            if values[0] is not None and len(set(values)) == 1
        }
        match = ", ".join(f"{key} = {_quoted(str(value))}" for key, value in shared.items())
        lines = [
            "[[senders]]",
            f"name     = {_quoted(sender)}",
            f"platform = {_quoted(platform)}",
            f"channel  = {_quoted(channel)}",
            f"events   = [{', '.join(_quoted(step) for step in STEPS if step in steps)}]",
            f"owner    = {_quoted(_ROLES.get(kind, 'tracking'))}  # confirm who answers for it",
            f"primary  = {'false' if (platform, channel) in primary else 'true'}",
        ]
        tables.append("\n".join([*lines, f"match    = {{ {match} }}"] if match else lines))
        primary.add((platform, channel))
    if len(tables) > _ENTRIES:
        more = f"# {len(tables) - _ENTRIES} more, all in run.json: where names change with each event, one entry with a * will do."
        tables[_ENTRIES:] = [more]
    return "\n\n".join(tables)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are all valid there."""
    return visible(json.dumps(text, ensure_ascii=False))

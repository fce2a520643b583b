"""What a case is, and the small edits slips are made of."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.faults.launch import Launch, Row, Send, iso

Slip = Callable[[Launch], None]
Change = Callable[[Send], None]


@dataclass(frozen=True)
class Case:
    """One slip in a clean launch and the roots it must leave, each written ``check:cause@platform``.

    Without a platform any will do; without a cause the check must name none. No roots: an innocent variation. ``alone`` where
    another one would make untrue what it says, or hide what it does.
    """

    name: str
    slip: Slip
    roots: tuple[str, ...] = ()
    alone: bool = False


def each(
    change: Change,
    platform: str | None = None,
    channel: str | None = None,
    step: str | None = None,
    shopper: int | None = None,
) -> Slip:
    """The same change to every send that fits."""

    def slip(launch: Launch) -> None:
        sends = launch.some(platform, channel, step, shopper)
        assert sends, "the slip changes nothing"
        for send in sends:
            change(send)

    return slip


def lost(platform: str | None = None, channel: str | None = None, step: str | None = None, shopper: int | None = None) -> Slip:
    """These sends never happened."""

    def slip(launch: Launch) -> None:
        sends = launch.some(platform, channel, step, shopper)
        assert sends, "the slip loses nothing"
        launch.drop(*sends)

    return slip


def both(*slips: Slip) -> Slip:
    """One slip that shows in several places."""

    def slip(launch: Launch) -> None:
        for one in slips:
            one(launch)

    return slip


def put(part: str, name: str, value: Any) -> Change:
    """A field is given a value, or one made from its present value."""

    def change(send: Send) -> None:
        holder: Row = getattr(send, part)
        holder[name] = value(holder[name]) if callable(value) else value

    return change


def lose(part: str, *names: str) -> Change:
    """Fields are left out."""

    def change(send: Send) -> None:
        for name in names:
            getattr(send, part).pop(name, None)

    return change


def answer(status: int, response: Row | None) -> Change:
    """The server answered otherwise."""

    def change(send: Send) -> None:
        send.row["status"] = status
        send.row["response"] = response

    return change


def order(number: int, **values: Any) -> Slip:
    """The export says something else of the order of this shopper."""

    def slip(launch: Launch) -> None:
        launch.orders[number - 1].update(values)

    return slip


def plan(path: str, value: Any) -> Slip:
    """The plan says something else; ``path`` is dotted."""

    def slip(launch: Launch) -> None:
        *parents, last = path.split(".")
        table = launch.plan
        for name in parents:
            table = table.setdefault(name, {})
        table[last] = value

    return slip


def more_orders(*changes: Row) -> Slip:
    """The export holds orders beside the test orders."""

    def slip(launch: Launch) -> None:
        for number, change in enumerate(changes):
            number_key = "number" if "number" in launch.orders[0] else "order_id"
            launch.orders.append(copy.deepcopy(launch.orders[0]) | {number_key: f"9{number:04d}", "id": 90000 + number} | change)

    return slip


def _device_clock(launch: Launch, seconds: int) -> None:
    """The recorded device's clock: what its browser wrote, and the cookies made there."""
    for send in launch.some(channel="browser"):
        send.row["ts"] = iso(datetime.fromisoformat(send.row["ts"]) + timedelta(seconds=seconds))
    for send in launch.sends:
        for name in {"fbc", "_fbc", "fbp", "_fbp"} & send.person.keys():
            before, made, rest = send.person[name][:5], send.person[name][5:18], send.person[name][18:]
            send.person[name] = f"{before}{int(made) + seconds * 1000}{rest}"


def slow_clock(seconds: int, *, copied: bool = False, sales_only: bool = False) -> Slip:
    """A device behind the time; the server takes its time from the page, or sends the sales alone."""

    def slip(launch: Launch) -> None:
        if sales_only:
            launch.drop(*(send for send in launch.some(channel="server") if send.step != "Purchase"))
            launch.plan["platforms"]["meta"].pop("require")
            for sender in launch.plan["senders"]:
                sender["events"] = ["Purchase"] if sender["channel"] == "server" else sender["events"]
        _device_clock(launch, -seconds)
        if copied:
            for send in launch.some(channel="server"):
                if "event_time" in send.event:
                    send.event["event_time"] -= seconds

    return slip

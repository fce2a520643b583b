"""Pictures as shapes: where each mark stands. The same facts stand in a table beside every picture."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from audit.wording import counted
from reports.bridge import Bridge
from reports.orders import Link, OrderCard, Point
from reports.parts import Predicted
from reports.words import CHANNELS, PLATFORMS


@dataclass(frozen=True)
class Shape:
    """One SVG element: its look is its class, its place its attributes."""

    tag: str
    look: str
    places: tuple[tuple[str, str], ...]
    text: str = ""
    tip: str = ""


@dataclass(frozen=True)
class Drawing:
    """A picture with its description."""

    title: str
    width: int
    height: int
    shapes: tuple[Shape, ...]


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _shape(tag: str, look: str, text: str = "", tip: str = "", **places: float | str) -> Shape:
    named = {key.rstrip("_").replace("_", "-"): value for key, value in places.items()}
    return Shape(tag, look, tuple((k, v if isinstance(v, str) else _n(v)) for k, v in named.items()), text, tip)


def _text(look: str, x: float, y: float, text: str) -> Shape:
    return _shape("text", look, text, x=x, y=y)


# ---------------------------------------------------------------------- the timeline

_GUTTER, _TOP, _ROW, _BAND = 132, 50, 28, 14
_COLUMN, _SLOT, _SAME = 84, 20, 5.0
_JOINS = {
    "shared": "One id joins both copies",
    "broken": "Should be one event; no shared id joins the copies",
    "unruled": "Sent by both sides; this platform has no id that could join them",
}


@dataclass
class _Column:
    kind: str
    begin: float
    end: float
    clock: str
    slots: dict[tuple[str, str | None], list[Point]]

    def width(self) -> float:
        """Room for the column's name, and for as many marks as stand side by side in it."""
        return max(_COLUMN, 24 + 7.2 * len(self.kind), 50 + _SLOT * (max(len(points) for points in self.slots.values()) - 1))


def timeline(card: OrderCard) -> Drawing:
    """Lanes of shop, platforms (browser and server) and order; time runs to the right, one column a moment."""
    columns = _columns(card)
    rows = _rows(card)
    height = max(rows.values(), default=_TOP) + 26
    places: dict[int, tuple[float, float]] = {}
    marks: list[Shape] = []
    heads: list[Shape] = []
    x = float(_GUTTER)
    for column in columns:
        width = column.width()
        heads += [
            _text("tl-step", x + 12, 18, column.kind),
            _text("tl-clock", x + 12, 34, column.clock),
            _shape("line", "tl-grid", x1=x + 3, y1=8, x2=x + 3, y2=height - 8),
        ]
        for (lane, channel), points in column.slots.items():
            for slot, point in enumerate(points):
                place = (x + 22 + slot * _SLOT, float(rows[lane, channel]))
                if point.key:
                    places[point.key] = place
                marks.append(_mark(point, *place))
        marks += _ghosts(card, column, x, rows)
        x += width
    lanes = _lanes(rows, x)
    return Drawing(
        f"Order {card.order_id}: what happened, from left to right",
        int(x) + 8, int(height), (*lanes, *heads, *_joins(card.links, places), *marks),
    )  # fmt: skip


def _columns(card: OrderCard) -> list[_Column]:
    columns: list[_Column] = []
    partner = {link.server: link.browser for link in card.links}
    for point in card.points:
        last = next((c for c in reversed(columns) if c.kind == point.label), None)
        if last is None or point.time - last.end > _SAME:
            last = _Column(point.label, point.time, point.time, point.at.clock, {})
            columns.append(last)
        last.end = max(last.end, point.time)
        last.slots.setdefault((point.lane, point.channel), []).append(point)
    for column in columns:
        order = {p.key: i for points in column.slots.values() for i, p in enumerate(points) if p.channel == "browser"}
        for (_, channel), points in column.slots.items():
            if channel == "server":
                points.sort(key=lambda p: (order.get(partner.get(p.key, -1), 99), p.time, p.key))
    return columns


def _rows(card: OrderCard) -> dict[tuple[str, str | None], int]:
    rows: dict[tuple[str, str | None], int] = {}
    y = _TOP + 10
    if any(p.lane == "shop" for p in card.points):
        rows["shop", None] = y
        y += _ROW + _BAND
    for platform in PLATFORMS:
        if any(p.lane == platform for p in card.points) or any(gap.platform == platform for gap in card.gaps):
            rows[platform, "browser"] = y
            rows[platform, "server"] = y + _ROW
            y += 2 * _ROW + _BAND
    rows["order", None] = y
    return rows


def _lanes(rows: dict[tuple[str, str | None], int], right: float) -> list[Shape]:
    made = []
    for (lane, channel), y in rows.items():
        made.append(_shape("line", "tl-lane", x1=_GUTTER, y1=y, x2=right, y2=y))
        if channel is None:
            made.append(_text("tl-name", 0, y + 4, {"shop": "Shopper", "order": "Order"}[lane]))
        else:
            if channel == "browser":
                made.append(_text("tl-name", 0, y + 4, PLATFORMS[lane]))
            made.append(_text("tl-side", 82, y + 4, CHANNELS[channel].lower()))
    return made


def _mark(point: Point, x: float, y: float) -> Shape:
    where = f", {point.channel}" if point.channel else ""
    tip = ", ".join(filter(None, (f"{point.label}{where}", point.at.clock, point.value, point.note, point.ref)))
    look = f"tl-mark {point.tone}{' refused' if point.note in ('refused', 'failed') else ''}".strip()
    if point.channel == "browser":
        return _shape("circle", look, tip=tip, cx=x, cy=y, r=6)
    if point.channel == "server":
        return _shape("rect", look, tip=tip, x=x - 5.5, y=y - 5.5, width=11, height=11)
    if point.lane == "order":
        return _shape("path", look, tip=tip, d=f"M{_n(x)} {_n(y - 7)}l7 7l-7 7l-7-7z")
    return _shape("path", look, tip=tip, d=f"M{_n(x - 5)} {_n(y - 6)}l10 6l-10 6z")


def _ghosts(card: OrderCard, column: _Column, x: float, rows: dict[tuple[str, str | None], int]) -> list[Shape]:
    made = []
    for gap in card.gaps:
        if gap.step == column.kind and (gap.platform, gap.channel) not in column.slots:
            y = rows[gap.platform, gap.channel]
            tip = f"{PLATFORMS[gap.platform]} {gap.step}: expected in the {gap.channel}, not seen"
            made.append(_shape("circle", "tl-ghost", tip=tip, cx=x + 22, cy=y, r=6.5))
    return made


def _joins(links: tuple[Link, ...], places: dict[int, tuple[float, float]]) -> list[Shape]:
    made = []
    for link in links:
        if link.browser in places and link.server in places:
            (x1, y1), (x2, y2) = places[link.browser], places[link.server]
            made.append(_shape("line", f"tl-join {link.kind}", tip=_JOINS[link.kind], x1=x1, y1=y1, x2=x2, y2=y2))
    return made


# ---------------------------------------------------------------------- the value bridge

_LABEL, _BARS, _LINE, _BAR = 150, 220, 26, 12


def bridge(order_id: str, value: Bridge) -> Drawing:
    """The order's parts as steps towards its total, then each reported value on the same scale."""
    top = max([Decimal(1), *(abs(p.start + p.amount) for p in value.parts), *(s.amount for s in value.sent)])
    if value.parts:
        # A value 100 times too large would squeeze everything else to nothing: it runs off the scale instead.
        total = max(abs(p.start + p.amount) for p in value.parts) or Decimal(1)
        top = min(top, total * 2)
    scale = _BARS / float(top)
    shapes: list[Shape] = []
    y = 8
    for part in value.parts:
        low, high = sorted((part.start, part.start + part.amount))
        look = "br-sum" if part.is_sum else "br-less" if part.amount < 0 else "br-part"
        shapes += _bar(look, y, part.label, part.text, float(low) * scale, float(high - low) * scale)
        y += _LINE
    y += 8 if value.parts else 0
    for sent in value.sent:
        width = min(float(sent.amount) * scale, float(_BARS))
        shapes += _bar(f"br-sent {sent.tone}", y, sent.label, sent.text, 0, width)
        if float(sent.amount) * scale > _BARS:
            shapes.append(_shape("path", "br-off", d=f"M{_LABEL + _BARS - 10} {y - 3}l5 18m3-18l5 18"))
        y += _LINE
    if value.expected_amount is not None and value.sent:
        x = _LABEL + min(float(value.expected_amount) * scale, float(_BARS))
        shapes.insert(0, _shape("line", "br-expected", tip=f"Expected: {value.expected}", x1=x, y1=2, x2=x, y2=y - 4))
    return Drawing(f"Order {order_id}: from its parts to the values reported", _LABEL + _BARS + 95, y + 2, tuple(shapes))


def _bar(look: str, y: float, label: str, text: str, x: float, width: float) -> list[Shape]:
    return [
        _text("br-label", 0, y + 10, label),
        _shape("rect", look, x=_LABEL + x, y=y, width=max(width, 1.5), height=_BAR),
        _text("br-text", _LABEL + x + max(width, 1.5) + 8, y + 10, text),
    ]


# ---------------------------------------------------------------------- orders against counted purchases

_WIDE, _ROOM = 420, 220


def predictions(items: tuple[Predicted, ...]) -> Drawing:
    """Per dataset two bars: the orders there are, and the purchases the platform will count (the open part hatched)."""
    top = max([1, *(max(p.orders, p.high) for p in items)])
    scale = _WIDE / top
    shapes: list[Shape] = []
    y = 4
    for item in items:
        shapes.append(_text("pr-name", 0, y + 12, PLATFORMS[item.platform]))
        shapes.append(_text("pr-set", 0, y + 28, item.dataset or "pixel not known"))
        look = "pass" if item.low == item.high == item.orders else "open" if item.low <= item.orders <= item.high else "stop"
        shapes.append(_shape("rect", "pr-orders", x=_ROOM, y=y + 2, width=max(item.orders * scale, 1.5), height=12))
        shapes.append(_text("pr-text", _ROOM + max(item.orders * scale, 1.5) + 8, y + 12, counted(item.orders, "order")))
        shapes.append(_shape("rect", f"pr-counted {look}", x=_ROOM, y=y + 18, width=max(item.low * scale, 1.5), height=12))
        if item.high > item.low:
            shapes.append(
                _shape(
                    "rect",
                    f"pr-range {look}",
                    x=_ROOM + item.low * scale,
                    y=y + 18,
                    width=(item.high - item.low) * scale,
                    height=12,
                )
            )
        number = f"{item.low}" if item.low == item.high else f"{item.low} to {item.high}"
        shapes.append(_text("pr-text", _ROOM + max(item.high * scale, 1.5) + 8, y + 28, f"{number} counted"))
        y += 48
    return Drawing("Orders against the purchases each platform will count", _ROOM + _WIDE + 110, y, tuple(shapes))

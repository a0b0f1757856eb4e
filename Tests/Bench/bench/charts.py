"""Charts as SVG, readable on light and dark pages; no scripts, no fonts of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 760
CHARACTER = 7.2  # about what one takes in a label
RIGHT = 90  # for the values
ROW = 30
TOP = 64

# Told apart by people who see colours differently, and on both backgrounds.
COLOURS = ("#3b82c4", "#d9822b", "#4f9d5d", "#a05fb0", "#b8860b", "#c0504d")

STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.quiet { fill: #59636e }
.line { stroke: #24292f; stroke-width: 1 }
.grid { stroke: #8b949e; stroke-opacity: .3 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .quiet { fill: #9198a1 } .line { stroke: #e6edf3 }
}
</style>"""


@dataclass(frozen=True)
class Bar:
    """One contestant's median, with its lowest and highest value."""

    label: str
    value: float
    low: float
    high: float
    text: str
    is_marked: bool = False


def _document(height: int, title: str, subtitle: str, content: list[str]) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" aria-label="{escape(title)}">',
            STYLE,
            f'<text x="16" y="24" class="title">{escape(title)}</text>',
            f'<text x="16" y="44" class="quiet">{escape(subtitle)}</text>',
            *content,
            "</svg>\n",
        ]
    )


def bars(title: str, subtitle: str, entries: Sequence[Bar]) -> str:
    """A horizontal bar for each entry, and a line from its lowest to its highest value."""
    longest = max(entry.high for entry in entries) or 1
    left = 26 + CHARACTER * max(len(entry.label) for entry in entries)
    scale = (WIDTH - left - RIGHT) / longest
    content = []
    for number, entry in enumerate(entries):
        y = TOP + number * ROW
        middle = y + 10
        colour = COLOURS[0] if entry.is_marked else "#9aa4ae"
        low, high = left + entry.low * scale, left + entry.high * scale
        content += [
            f'<text x="{left - 10:.1f}" y="{y + 15}" text-anchor="end">{escape(entry.label)}</text>',
            f'<rect x="{left:.1f}" y="{y}" width="{entry.value * scale:.1f}" height="20" rx="2" fill="{colour}"/>',
            f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 4}v8M{high:.1f} {middle - 4}v8" class="line" '
            'fill="none"/>',
            f'<text x="{high + 8:.1f}" y="{y + 15}">{escape(entry.text)}</text>',
        ]
    return _document(TOP + len(entries) * ROW + 10, title, subtitle, content)


def lines(title: str, subtitle: str, labels: Sequence[str], series: dict[str, list[float | None]]) -> str:
    """A line for each series over equally spaced labels, from zero."""
    left, right, height, bottom = 60, 170, 240, 30
    highest = max((value for values in series.values() for value in values if value is not None), default=1) or 1
    step = _step(highest)
    ceiling = step * -(-highest // step)
    across = (WIDTH - left - right) / max(len(labels) - 1, 1)

    def y(value: float) -> float:
        return TOP + height * (1 - value / ceiling)

    content = []
    for number in range(int(ceiling / step + 0.5) + 1):
        value = number * step
        content += [
            f'<path d="M{left} {y(value):.1f}H{WIDTH - right}" class="grid"/>',
            f'<text x="{left - 8}" y="{y(value) + 4:.1f}" text-anchor="end" class="quiet">{value:g}</text>',
        ]
    for number, label in enumerate(labels):
        content.append(
            f'<text x="{left + number * across:.1f}" y="{TOP + height + 20}" text-anchor="middle" class="quiet">'
            f"{escape(label)}</text>"
        )
    for number, (name, values) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = [(left + i * across, y(value)) for i, value in enumerate(values) if value is not None]
        path = "L".join(f"{px:.1f} {py:.1f}" for px, py in points)
        content.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        content += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in points]
        legend = TOP + 16 + number * 22
        content += [
            f'<rect x="{WIDTH - right + 20}" y="{legend - 10}" width="12" height="12" rx="2" fill="{colour}"/>',
            f'<text x="{WIDTH - right + 38}" y="{legend}">{escape(name)}</text>',
        ]
    return _document(TOP + height + bottom + 10, title, subtitle, content)


def _step(highest: float) -> float:
    """1, 2 or 5 times a power of ten, so that there are at most six lines."""
    power = 1.0
    while power * 10 <= highest:
        power *= 10
    while power > highest:
        power /= 10
    return next(power * factor for factor in (0.2, 0.5, 1, 2, 5) if highest / (power * factor) <= 6)

"""Bar charts, drawn on the server as SVG: the geometry is here, the drawing in charts.html.

A chart has no script and loads nothing. Its numbers are in the titles of the bars, which browsers
show and screen readers read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 560, 84
_GAP, _MAX_BAR_WIDTH = 0.25, 64
_MIN_BAR_HEIGHT = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """One value: its rectangle in pixels, its label below, and its title."""

    x: float
    y: float
    width: float
    height: float
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """Vertical bars from left to right. `description` is for screen readers."""

    description: str
    width: int
    height: int
    bars: tuple[Bar, ...]


def bar_chart(description: str, values: Sequence[tuple[str, int, str]]) -> BarChart:
    """Return a chart of (label, value, title); the highest bar is as high as the chart."""
    highest = max((value for _, value, _ in values), default=0) or 1
    step = _WIDTH / max(len(values), 1)
    width = min(step * (1 - _GAP), _MAX_BAR_WIDTH)
    bars = []
    for place, (label, value, title) in enumerate(values):
        height = max(value * _HEIGHT / highest, _MIN_BAR_HEIGHT if value else 0)
        bars.append(
            Bar(
                round(place * step + (step - width) / 2, 1),
                round(_HEIGHT - height, 1),
                round(width, 1),
                round(height, 1),
                label,
                title,
            )
        )
    return BarChart(description, _WIDTH, _HEIGHT, tuple(bars))

"""Bars, drawn on the server as SVG: the geometry here, the drawing in plots.html.

A plot has no script and loads nothing; its numbers are in the titles of its bars, which browsers
show and screen readers read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 560, 84
_GAP, _WIDEST = 0.25, 64
_LEAST = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """One value: its place in the drawing, its label below, and what it says."""

    x: float
    y: float
    width: float
    height: float
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Standing bars from left to right. `about` is read to those who do not see it."""

    about: str
    width: int
    height: int
    bars: tuple[Bar, ...]


def standing_bars(about: str, values: Sequence[tuple[str, int, str]]) -> Plot:
    """(label, value, what it says) as bars, the highest as high as the plot."""
    highest = max((value for _, value, _ in values), default=0) or 1
    step = _WIDTH / max(len(values), 1)
    width = min(step * (1 - _GAP), _WIDEST)
    bars = []
    for place, (label, value, title) in enumerate(values):
        height = max(value * _HEIGHT / highest, _LEAST if value else 0)
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
    return Plot(about, _WIDTH, _HEIGHT, tuple(bars))

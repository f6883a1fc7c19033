"""The doors of providers whose callbacks prove nothing: they make a worker ask at once.

Nothing is booked here. An unknown reference is acknowledged, so that nobody learns which are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.unit import OpenUnit
from core.usecases.follow_prompt import prompt_announced
from gateway.doors import Answered, Door
from gateway.ring import Doorbell

Prove = Callable[[Mapping[str, str], bytes], None]


@dataclass(frozen=True, slots=True)
class Announcements:
    """What those doors have in common: the reference is noted, committed, and a worker rung for."""

    open_unit: OpenUnit
    doorbell: Doorbell

    def door(
        self, channel: str, read: Callable[[bytes], str], prove: Prove | None = None
    ) -> Door[Any]:
        """The callback address of a channel; `read` gives the reference. MTN also sends PUT."""
        rule = f"/payments/{channel}/<key>"
        return Door(rule, channel, read, self.note, methods=("POST", "PUT"), prove=prove)

    def note(self, reference: str) -> Answered:
        """Have this reference looked up now."""
        with self.open_unit() as unit:
            is_open = prompt_announced(unit, reference)
        if is_open:
            self.doorbell.ring("prompts")
        return Answered("noted" if is_open else "known")

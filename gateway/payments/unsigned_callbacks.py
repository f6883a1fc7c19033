"""Callbacks that nobody signed: they only make a worker query the provider at once.

Nothing is booked here. An unknown reference is acknowledged, so that nobody learns which are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.unit import OpenUnit
from core.usecases.payments.prompts import prompt_announced
from gateway.callbacks import CallbackResult, CallbackRoute

Verify = Callable[[Mapping[str, str], bytes], None]


@dataclass(frozen=True, slots=True)
class UnsignedCallbacks:
    """Note the reference in a callback: its commit wakes the worker that queries the provider."""

    open_unit: OpenUnit

    def route(
        self, channel: str, read: Callable[[bytes], str], verify: Verify | None = None
    ) -> CallbackRoute[Any]:
        """The callback address of a channel; `read` gives the reference. MTN also sends PUT."""
        rule = f"/payments/{channel}/<key>"
        return CallbackRoute(rule, channel, read, self.note, methods=("POST", "PUT"), verify=verify)

    def note(self, reference: str) -> CallbackResult:
        """Have this reference looked up now."""
        with self.open_unit() as unit:
            is_open = prompt_announced(unit, reference)
        return CallbackResult("noted" if is_open else "known")

"""Unsigned callbacks: they are never believed, and only make a worker query the provider at once.

Nothing is recorded as paid here. An unknown reference is acknowledged like a known one, so that the
answer does not tell them apart.
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
    """The callback routes of channels that do not sign. The commit wakes the worker that queries
    the provider."""

    open_unit: OpenUnit

    def route(
        self, channel: str, parse: Callable[[bytes], str], verify: Verify | None = None
    ) -> CallbackRoute[Any]:
        """The callback address of a channel; `parse` gives the reference. MTN also sends PUT."""
        rule, methods = f"/payments/{channel}/<key>", ("POST", "PUT")
        return CallbackRoute(rule, channel, parse, self.announce, methods, verify)

    def announce(self, reference: str) -> CallbackResult:
        """Have the prompt of this reference looked up now."""
        with self.open_unit() as unit:
            is_open = prompt_announced(unit, reference)
        return CallbackResult("noted" if is_open else "known")

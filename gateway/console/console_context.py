"""What every page of the console works with: units, limits, the clock, the current operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import current_app, g
from redis import Redis

from core.clock import Clock
from core.market import Market
from core.operator import ConsoleUser
from core.second_factor import TotpSeals
from core.tokens.sealing import Seals
from core.unit import OpenUnit, Unit
from gateway.console.attempts import Attempts
from gateway.guard import Guard
from gateway.limits import Limits

# The market of an empty database, until an owner has set one up.
BLANK_MARKET = Market("", "", 1, "UTC", ("en",), "", "", 0)


@dataclass(frozen=True, slots=True)
class ConsoleContext:
    """The services of the console.

    `open_read_only` opens units in which the database refuses every write. `sealing_key` encrypts a
    device key that an operator types, and cannot decrypt one; without it no key is accepted.
    Users with one of `second_factor_roles` must have a second factor.
    """

    open_read_only: OpenUnit
    open_unit: OpenUnit
    limits: Limits
    redis: Redis
    guard: Guard
    clock: Clock
    attempts: Attempts
    totp_seals: TotpSeals
    second_factor_roles: frozenset[str] = frozenset()
    sealing_key: Seals | None = None

    @contextmanager
    def read_only_unit(self) -> Iterator[Unit]:
        """Open a unit to show a page. Templates format money and days for its market."""
        with self.open_read_only() as unit:
            g.market = unit.market
            yield unit

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """Open a unit that is committed at the end, and rolled back by an error."""
        with self.open_unit() as unit:
            g.market = unit.market
            yield unit


def console() -> ConsoleContext:
    """Return the context of the application that serves this request."""
    context: ConsoleContext = current_app.extensions["console"]
    return context


def current_operator() -> ConsoleUser:
    """Return the user who is logged in. Only for views behind `auth.page`, which checks that."""
    user: ConsoleUser = g.user
    return user

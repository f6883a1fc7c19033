"""What every page of the console works with: units on the books, limits, the work queues, the
operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import current_app, g
from redis import Redis

from core.clock import Clock
from core.market import Market
from core.operator import ConsoleUser
from core.tokens.sealing import Seals
from core.unit import OpenUnit, Unit
from gateway.guard import Guard
from gateway.limits import Limits
from gateway.work_queues import WorkQueues

# What an empty book is worked with, until somebody has set its market up.
BLANK_MARKET = Market("", "", 1, "UTC", ("en",), "", "", 0)


@dataclass(frozen=True, slots=True)
class Desk:
    """`open_read_only_unit` opens units that can write nothing. `sealing_key` seals a device key
    that an operator types, and opens none; without it no key can be entered."""

    open_read_only_unit: OpenUnit
    open_writing: OpenUnit
    limits: Limits
    redis: Redis
    work_queues: WorkQueues
    guard: Guard
    clock: Clock
    sealing_key: Seals | None = None

    @contextmanager
    def reading(self) -> Iterator[Unit]:
        """A unit to show something; templates write money and days as its market does."""
        with self.open_read_only_unit() as unit:
            g.market = unit.market
            yield unit

    @contextmanager
    def writing(self) -> Iterator[Unit]:
        """A unit to change something, committed at the end and rolled back by an error."""
        with self.open_writing() as unit:
            g.market = unit.market
            yield unit


def desk() -> Desk:
    """The desk of the application that serves this request."""
    found: Desk = current_app.extensions["desk"]
    return found


def current_operator() -> ConsoleUser:
    """Who is logged in (gate.py saw to it that somebody is)."""
    user: ConsoleUser = g.user
    return user

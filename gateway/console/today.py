"""The front page: how today goes, and where callers give up."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from redis import Redis, RedisError

from core.unit import Unit
from core.usecases.show_today import COLLECTED_DAYS, Today, show_today
from gateway.console.desk import desk
from gateway.console.gate import page
from gateway.console.plots import Plot, standing
from gateway.console.showing import day, money
from gateway.ussd.drop_off import ends_on

log = logging.getLogger(__name__)

pages = Blueprint("today", __name__)

_DAYS_OF_CALLS, _SCREENS = 7, 8
# How aggregators call a session that came to its end.
_WELL = "Success"


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A screen, how many sessions ended on it in the last days, and how many of those gave up."""

    screen: str
    ended: int
    given_up: int

    @property
    def percent(self) -> int:
        return self.given_up * 100 // self.ended


@page(pages, "/", "see")
def today() -> ResponseReturnValue:
    """Today's figures."""
    with desk().reading() as unit:
        shown = show_today(unit)
        return render_template(
            "today.html",
            unit=unit,
            today=shown,
            money_plot=_money_plot(unit, shown),
            tokens_plot=_tokens_plot(shown.tokens),
            arrears_plot=_arrears_plot(unit, shown),
            given_up=given_up(desk().redis, desk().clock().date()),
            collected_days=COLLECTED_DAYS,
        )


def _money_plot(unit: Unit, shown: Today) -> Plot:
    return standing(
        "Money received on each of the last 14 days",
        [
            (str(on.day), minor, f"{day(on)}: {money(minor, unit.market)}")
            for on, minor in shown.money.items()
        ],
    )


def _tokens_plot(tokens: Mapping[date, int]) -> Plot:
    return standing(
        "Codes made on each of the last 14 days",
        [(str(on.day), issued, f"{day(on)}: {issued}") for on, issued in tokens.items()],
    )


def _arrears_plot(unit: Unit, shown: Today) -> Plot:
    return standing(
        "What is overdue, by age in days",
        [
            (age, minor, f"{age} days: {money(minor, unit.market)} of {people} customers")
            for age, minor, people in shown.arrears
        ],
    )


def given_up(redis: Redis, last: date) -> list[GivenUp] | None:
    """Where most sessions of the last days were given up; None when nobody knows now."""
    ended: dict[str, int] = {}
    lost: dict[str, int] = {}
    try:
        for back in range(_DAYS_OF_CALLS):
            for (screen, status), count in ends_on(redis, last - timedelta(days=back)).items():
                ended[screen] = ended.get(screen, 0) + count
                lost[screen] = lost.get(screen, 0) + (0 if status == _WELL else count)
    except RedisError as error:
        log.warning("console: drop-off not read (%s)", error)
        return None
    screens = [GivenUp(screen, count, lost[screen]) for screen, count in ended.items()]
    return sorted(screens, key=lambda one: (-one.given_up, one.screen))[:_SCREENS]

"""The front page: how today goes, and where callers leave."""

from __future__ import annotations

import logging
from collections.abc import Mapping
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
from gateway.ussd.drop_off import DropOff, drop_off

log = logging.getLogger(__name__)

pages = Blueprint("today", __name__)

_DAYS_OF_CALLS, _SCREENS = 7, 8


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
            left_screens=left_screens(desk().redis, desk().clock().date()),
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


def left_screens(redis: Redis, last: date) -> list[DropOff] | None:
    """Where most callers of the last days left; None when nobody knows now."""
    days = [last - timedelta(days=back) for back in range(_DAYS_OF_CALLS)]
    try:
        return drop_off(redis, days)[:_SCREENS]
    except RedisError as error:
        log.warning("console: drop-off not read (%s)", error)
        return None

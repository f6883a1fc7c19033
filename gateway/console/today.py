"""The front page: how today goes, and where callers leave."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from redis import Redis, RedisError

from core.unit import Unit
from core.usecases.operators.dashboard import (
    COLLECTED_DAYS,
    DAYS_BEFORE,
    TrendFigures,
    show_today,
    show_trend,
)
from gateway.console.desk import desk
from gateway.console.gate import page
from gateway.console.kept import kept
from gateway.console.plots import Plot, standing_bars
from gateway.console.showing import day, money
from gateway.ussd.drop_off import DropOff, drop_off

log = logging.getLogger(__name__)

pages = Blueprint("today", __name__)

_DAYS_OF_CALLS, _SCREENS = 7, 8
_KEPT_S = 600


@page(pages, "/", "see")
def today() -> ResponseReturnValue:
    """Today's figures."""
    with desk().reading() as unit:
        shown, standing = show_today(unit), _standing(unit)
        return render_template(
            "today.html",
            unit=unit,
            today=shown,
            standing=standing,
            kept_minutes=_KEPT_S // 60,
            money_plot=_money_plot(unit, standing.money, shown.money_minor),
            tokens_plot=_tokens_plot(unit, standing.tokens, shown.tokens),
            arrears_plot=_arrears_plot(unit, standing),
            left_screens=left_screens(desk().redis, desk().clock().date()),
            collected_days=COLLECTED_DAYS,
        )


def _standing(unit: Unit) -> TrendFigures:
    """How things stood at most ten minutes ago."""
    name = f"standing:{unit.today.isoformat()}"
    return TrendFigures(**kept(desk().redis, name, _KEPT_S, lambda: asdict(show_trend(unit))))


def _fortnight(unit: Unit, before: Mapping[str, int], now: int) -> list[tuple[date, int]]:
    """The days before, and today."""
    days = [unit.today - timedelta(days=back) for back in range(DAYS_BEFORE, 0, -1)]
    return [(on, before.get(on.isoformat(), 0)) for on in days] + [(unit.today, now)]


def _money_plot(unit: Unit, before: Mapping[str, int], now: int) -> Plot:
    return standing_bars(
        "Money received on each of the last 14 days",
        [
            (str(on.day), minor, f"{day(on)}: {money(minor, unit.market)}")
            for on, minor in _fortnight(unit, before, now)
        ],
    )


def _tokens_plot(unit: Unit, before: Mapping[str, int], now: int) -> Plot:
    return standing_bars(
        "Codes made on each of the last 14 days",
        [
            (str(on.day), issued, f"{day(on)}: {issued}")
            for on, issued in _fortnight(unit, before, now)
        ],
    )


def _arrears_plot(unit: Unit, standing: TrendFigures) -> Plot:
    return standing_bars(
        "What is overdue, by age in days",
        [
            (age, minor, f"{age} days: {money(minor, unit.market)} of {people} customers")
            for age, minor, people in standing.arrears
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

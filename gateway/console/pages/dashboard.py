"""The dashboard: today's figures, the last two weeks, arrears, and where callers hang up."""

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
from gateway.console.auth import page
from gateway.console.cache import cached
from gateway.console.charts import BarChart, bar_chart
from gateway.console.console_context import console
from gateway.console.formatting import day, money
from gateway.ussd.drop_off import DropOff, drop_off

log = logging.getLogger(__name__)

blueprint = Blueprint("dashboard", __name__)

_DAYS_OF_CALLS, _SCREENS = 7, 8
_CACHE_S = 600


@page(blueprint, "/", "view")
def dashboard() -> ResponseReturnValue:
    """Show the dashboard."""
    with console().read_only_unit() as unit:
        today, trend = show_today(unit), _trend(unit)
        return render_template(
            "dashboard.html",
            unit=unit,
            today=today,
            trend=trend,
            cache_minutes=_CACHE_S // 60,
            money_chart=_money_chart(unit, trend.money, today.money_minor),
            tokens_chart=_tokens_chart(unit, trend.tokens, today.tokens),
            arrears_chart=_arrears_chart(unit, trend),
            abandoned_screens=abandoned_screens(console().redis, console().clock().date()),
            collected_days=COLLECTED_DAYS,
        )


def _trend(unit: Unit) -> TrendFigures:
    """Return the trend figures, at most ten minutes old."""
    name = f"trend:{unit.today.isoformat()}"
    return TrendFigures(**cached(console().redis, name, _CACHE_S, lambda: asdict(show_trend(unit))))


def _two_weeks(unit: Unit, before: Mapping[str, int], now: int) -> list[tuple[date, int]]:
    """Return (day, value) of the days before, and of today."""
    days = [unit.today - timedelta(days=back) for back in range(DAYS_BEFORE, 0, -1)]
    return [(on, before.get(on.isoformat(), 0)) for on in days] + [(unit.today, now)]


def _money_chart(unit: Unit, before: Mapping[str, int], now: int) -> BarChart:
    return bar_chart(
        "Money received on each of the last 14 days",
        [
            (str(on.day), minor, f"{day(on)}: {money(minor, unit.market)}")
            for on, minor in _two_weeks(unit, before, now)
        ],
    )


def _tokens_chart(unit: Unit, before: Mapping[str, int], now: int) -> BarChart:
    return bar_chart(
        "Tokens issued on each of the last 14 days",
        [
            (str(on.day), issued, f"{day(on)}: {issued}")
            for on, issued in _two_weeks(unit, before, now)
        ],
    )


def _arrears_chart(unit: Unit, trend: TrendFigures) -> BarChart:
    return bar_chart(
        "Overdue amounts by age in days",
        [
            (age, minor, f"{age} days: {money(minor, unit.market)} of {customers} customers")
            for age, minor, customers in trend.arrears
        ],
    )


def abandoned_screens(redis: Redis, last: date) -> list[DropOff] | None:
    """Return the screens where most callers hung up lately; None if Redis is not available."""
    days = [last - timedelta(days=back) for back in range(_DAYS_OF_CALLS)]
    try:
        return drop_off(redis, days)[:_SCREENS]
    except RedisError as error:
        log.warning("console: cannot read the drop-off counts (%s)", error)
        return None

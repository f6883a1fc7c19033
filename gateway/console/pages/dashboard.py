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
from gateway.console.auth import page
from gateway.console.cache import cached
from gateway.console.charts import BarChart, bar_chart
from gateway.console.console_context import console
from gateway.console.formatting import day, money
from gateway.ussd.drop_off import DropOff, drop_off

log = logging.getLogger(__name__)

blueprint = Blueprint("today", __name__)

_DAYS_OF_CALLS, _SCREENS = 7, 8
_KEPT_S = 600


@page(blueprint, "/", "view")
def today() -> ResponseReturnValue:
    """Today's figures."""
    with console().read_only_unit() as unit:
        shown, standing = show_today(unit), _standing(unit)
        return render_template(
            "today.html",
            unit=unit,
            today=shown,
            standing=standing,
            kept_minutes=_KEPT_S // 60,
            money_chart=_money_chart(unit, standing.money, shown.money_minor),
            tokens_chart=_tokens_chart(unit, standing.tokens, shown.tokens),
            arrears_chart=_arrears_chart(unit, standing),
            left_screens=left_screens(console().redis, console().clock().date()),
            collected_days=COLLECTED_DAYS,
        )


def _standing(unit: Unit) -> TrendFigures:
    """How things stood at most ten minutes ago."""
    name = f"standing:{unit.today.isoformat()}"
    return TrendFigures(**cached(console().redis, name, _KEPT_S, lambda: asdict(show_trend(unit))))


def _fortnight(unit: Unit, before: Mapping[str, int], now: int) -> list[tuple[date, int]]:
    """The days before, and today."""
    days = [unit.today - timedelta(days=back) for back in range(DAYS_BEFORE, 0, -1)]
    return [(on, before.get(on.isoformat(), 0)) for on in days] + [(unit.today, now)]


def _money_chart(unit: Unit, before: Mapping[str, int], now: int) -> BarChart:
    return bar_chart(
        "Money received on each of the last 14 days",
        [
            (str(on.day), minor, f"{day(on)}: {money(minor, unit.market)}")
            for on, minor in _fortnight(unit, before, now)
        ],
    )


def _tokens_chart(unit: Unit, before: Mapping[str, int], now: int) -> BarChart:
    return bar_chart(
        "Codes made on each of the last 14 days",
        [
            (str(on.day), issued, f"{day(on)}: {issued}")
            for on, issued in _fortnight(unit, before, now)
        ],
    )


def _arrears_chart(unit: Unit, standing: TrendFigures) -> BarChart:
    return bar_chart(
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

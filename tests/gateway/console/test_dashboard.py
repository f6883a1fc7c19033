"""The dashboard: its figures are those of the database, and its charts have titles."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from core.refund import NewReturn
from core.usecases.refunds.reversal import record_reversal
from gateway.console.cache import cached
from gateway.console.charts import bar_chart
from gateway.console.pages.dashboard import abandoned_screens
from gateway.redis_client import fail_fast_redis
from gateway.ussd.drop_off import screens_key
from tests.gateway.console.conftest import Console
from tests.support.cast import KIT, METER
from tests.support.scenario import ACCOUNT, NOW


def test_the_dashboard_has_the_figures_of_the_database(console: Console) -> None:
    page = console.login("read_only").get("/").text

    assert "KES 650.00 <small>2 payments today" in page
    assert "<title>24 Nov 2026: KES 650.00</title>" in page
    assert "<b>1</b>in suspense, KES 150.00" in page
    assert "<b>1</b>open cases" in page
    assert re.search(r"today: 1 for [\d.]+ kWh", page)


def test_arrears_are_shown_by_age(console: Console, later: Callable[..., None]) -> None:
    later(days=50)

    page = console.login().get("/").text

    titles = re.findall(r"<title>([\w -]+ days: [^<]+)</title>", page)
    overdue = console.rows(
        "SELECT sum(amount_minor - paid_minor)::bigint FROM instalments WHERE due_on < :today",
        today=(NOW + console.scenario.ahead).date(),
    )[0][0]
    amounts = [int(re.sub(r"\D", "", re.findall(r"KES ([\d,.]+)", title)[0])) for title in titles]
    assert [title.split(" days")[0] for title in titles] == ["1-30", "31-60", "61-90", "over 90"]
    assert sum(amounts) == overdue > 0


def test_what_is_owed_for_money_taken_back_is_in_arrears(
    console: Console, later: Callable[..., None]
) -> None:
    def overdue() -> float:
        page = console.login().get("/").text
        return float(re.findall(r"KES ([\d,.]+) <small>by age", page)[0].replace(",", ""))

    console.scenario.pay("RB1", METER, 500_00)
    console.scenario.apply()
    later(days=1)
    before = overdue()
    with console.scenario.open_unit() as unit:
        record_reversal(unit, ACCOUNT, "RB1", NewReturn(), "test", "told by M-Pesa")
    later(days=1)
    console.redis.flushdb()

    assert console.rows("SELECT amount_minor FROM clawbacks") == [(500_00,)]
    assert overdue() == before + 500


def test_screens_are_sorted_by_how_many_callers_hung_up(console: Console) -> None:
    counts: dict[Any, Any] = {
        "payment.confirm shown": 4,
        "payment.confirm answered": 1,
        "home.home shown": 4,
    }
    console.redis.hset(screens_key(NOW.date()), mapping=counts | {"home.home answered": 4})

    found = abandoned_screens(console.redis, NOW.date())
    assert found is not None

    assert [(row.screen, row.shown, row.left) for row in found] == [
        ("payment.confirm", 4, 3),
        ("home.home", 4, 0),
    ]
    assert "payment.confirm" in console.login().get("/").text


def test_the_dashboard_works_without_redis() -> None:
    nowhere = fail_fast_redis("redis://127.0.0.1:9")

    assert abandoned_screens(nowhere, NOW.date()) is None


def test_the_highest_bar_fills_the_chart_and_zero_has_no_bar() -> None:
    plot = bar_chart(
        "about", [("a", 0, "none"), ("b", 50, "half"), ("c", 100, "all"), ("d", 1, "")]
    )

    none, half, full, little = (bar.height for bar in plot.bars)
    assert (none, half, full) == (0, plot.height / 2, plot.height)
    assert little > 1


def test_a_chart_of_zeros_has_bars_without_height() -> None:
    assert [bar.height for bar in bar_chart("about", [("a", 0, "")]).bars] == [0]


def test_trend_figures_are_cached(console: Console, later: Callable[..., None]) -> None:
    later(days=20)
    browser = console.login()

    def overdue() -> str:
        found: str = re.findall(r"(KES [\d,.]+) <small>by age", browser.get("/").text)[0]
        return found

    before = overdue()
    console.scenario.pay("RB1", KIT, 150_00)
    console.scenario.apply()

    assert overdue() == before
    assert "KES 150.00 <small>1 payment today" in browser.get("/").text
    console.redis.flushdb()
    assert overdue() < before


def test_without_redis_figures_are_computed_each_time() -> None:
    nowhere = fail_fast_redis("redis://127.0.0.1:9")

    assert cached(nowhere, "figures", 60, lambda: {"a": 1}) == {"a": 1}

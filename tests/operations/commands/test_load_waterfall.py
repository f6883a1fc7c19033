"""`dialwatt load`: the order of payment, in versions; the past is never rewritten."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, text

from core.clock import system_clock
from tests.operations.conftest import Ran
from tests.support.builders import NAIROBI

TODAY = system_clock().astimezone(NAIROBI).date()
ORDERS = "SELECT valid_from, steps, lifeline_percent FROM waterfalls ORDER BY 1"


def waterfall(
    day: object, order: str = '["device", "arrears", "access_rate"]', more: str = ""
) -> str:
    return f"[[waterfall]]\nvalid_from = {day}\norder = {order}\n{more}\n"


def test_an_order_of_payment_is_loaded_and_changed_before_its_day(
    dialwatt: Callable[..., Ran], loaded: None, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    later = TODAY + timedelta(days=7)
    first = dialwatt("load", "FILE", content=waterfall(later))
    then = dialwatt("load", "FILE", content=waterfall(later, more="lifeline_percent = 40"))

    assert "waterfalls: 1 new, 0 changed, 0 as before" in first.out
    assert "waterfalls: 0 new, 1 changed, 0 as before" in then.out
    assert rows(ORDERS) == [(later, ["device", "arrears", "access_rate"], 40)]
    assert dialwatt("show", "waterfall").out.splitlines() == [
        "from the beginning: arrears, access_rate, device",
        f"from {later}: device, arrears, access_rate; debts get at most 40 % of money for a meter",
    ]


def test_what_is_wrong_with_an_order_of_payment_is_said(
    dialwatt: Callable[..., Ran], loaded: None, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    wrong = waterfall(TODAY, '["arrears", "acess_rate"]', "lifeline_percent = 120")
    ran = dialwatt("load", "FILE", content=wrong + waterfall("2026-01-01", '["device"]'))

    assert ran.code == 1
    assert f"waterfall \"{TODAY}\": order: 'acess_rate' is none of arrears, access_rate" in ran.err
    assert f'waterfall "{TODAY}": lifeline_percent: must be 0 to 100, not 120' in ran.err
    assert 'waterfall "2026-01-01": order: has to name each of arrears, access_rate' in ran.err
    assert rows(ORDERS) == []


def test_an_order_of_payment_never_rewrites_the_past(
    dialwatt: Callable[..., Ran], loaded: None, engine: Engine
) -> None:
    before = TODAY - timedelta(days=30)
    assert dialwatt("load", "FILE", content=waterfall(before)).code == 0  # before any payment
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO payments (provider_account, receipt, source, amount_minor, currency,"
                " account_raw, payer_kind, paid_at, paid_on, received_at, state, next_attempt_at)"
                " VALUES ('daraja:1', 'R1', 'c2b', 100, 'KES', '?', 'none', now(), :day, now(),"
                " 'suspense', now())"
            ),
            {"day": TODAY - timedelta(days=3)},
        )

    for day in (TODAY - timedelta(days=10), before):
        ran = dialwatt("load", "FILE", content=waterfall(day, more="lifeline_percent = 40"))
        assert (ran.code, f'waterfall "{day}": valid_from: payments were made' in ran.err) == (
            1,
            True,
        )
    assert dialwatt("load", "FILE", content=waterfall(before)).code == 0  # the same again
    assert dialwatt("load", "FILE", content=waterfall(TODAY)).code == 0

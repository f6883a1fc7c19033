"""An agent's use_case under one key happens once, however often and at once the callback comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from core.clock import system_clock
from core.money import Money
from core.pin import Pins
from core.unit import unit_opener
from core.usecases.agents.collect_cash import collect_cash
from core.usecases.sales.sell import NewSale, sell_by_agent
from gateway.ussd.effects import run_once
from gateway.ussd_menus.effect import TURN_KEY, do
from gateway.ussd_menus.engine import Effect
from gateway.ussd_menus.product import product_menu
from gateway.ussd_menus.screen import HOME
from gateway.ussd_menus.session import EffectKey, UssdSession
from gateway.ussd_menus.turn import CallerContext
from tests.support.builders import terms_by_count
from tests.support.cast import JUMA, METER, NEEMA, PEPPER, insert_cast
from tests.support.channels import CHANNELS

CASH = {"msisdn": JUMA, "pin": "4321", "serial": METER, "amount": Money(500_00, "KES")}
COOKER = {
    "msisdn": JUMA,
    "pin": "4321",
    "phone": NEEMA,
    "sale": NewSale(terms_by_count("cooker", 4)),
    "once": TURN_KEY,
}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        insert_cast(connection, system_clock().date())
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("use_case", "values", "counted"),
    [
        (collect_cash, CASH, "SELECT count(*) FROM payments"),
        (sell_by_agent, COOKER, "SELECT count(*) FROM sales WHERE agent_id IS NOT NULL"),
    ],
)
def test_four_callbacks_at_once_do_it_once_and_all_tell_the_same(
    engine: Engine, use_case: Callable[..., Any], values: dict[str, Any], counted: str
) -> None:
    open_unit = unit_opener(engine, pins=Pins(PEPPER), channels=CHANNELS)
    effect = Effect(do(use_case), values, HOME)
    menu, session = product_menu(), UssdSession("en", 156, EffectKey("ATUid_1/0"))
    outcomes = []

    def call() -> None:
        with CallerContext(JUMA, open_unit) as context:
            outcomes.append(run_once(menu, session, effect, context, ("ATUid_1", 7)))

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert len(outcomes) == 4
    assert all(outcome == outcomes[0] for outcome in outcomes)
    with engine.connect() as connection:
        assert connection.execute(text(counted)).scalar_one() == 1
        commissions = "SELECT count(*) FROM journal_entries WHERE kind = 'commission'"
        assert connection.execute(text(commissions)).scalar_one() == 1

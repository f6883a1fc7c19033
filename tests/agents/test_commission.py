"""Commission follows the money: a share of what a sale brings, and never lost when it goes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.errors import Refused
from core.money import Money
from core.plan import ByCount, PlanTerms
from core.usecases.agents.account import AgentAccount, agent_account
from core.usecases.agents.collect_cash import collect_cash
from core.usecases.agents.pay_out import pay_commission, write_off_shortfall
from core.usecases.devices.stock import NamedDevice
from core.usecases.sales.change_sale import discount_sale, reprice_sale
from core.usecases.sales.end_sale import cancel_sale, repossess_sale, settle_sale, write_off_sale
from core.usecases.sales.sell import NewSale, sell_by_agent
from tests.support.cast import JUMA, METER, NEEMA, STOCK_KIT
from tests.support.scenario import Scenario

WHO, WHY = "grace@jua.example", "brought back"


def kes(major: int) -> Money:
    return Money(major * 100, "KES")


@pytest.fixture
def sale_id(scenario: Scenario) -> int:
    """A kit of 600 in four parts, sold by Juma at 5 %."""
    terms = PlanTerms("kit", ByCount(4), "weekly", kes(0))
    sale = NewSale(terms, NamedDevice(STOCK_KIT))
    with scenario.open_unit() as unit:
        sell_by_agent(unit, JUMA, "4321", NEEMA, sale, "s/1")
    return int(scenario.rows("SELECT max(id) FROM sales")[0][0])


def account(scenario: Scenario) -> AgentAccount:
    scenario.check_invariants()
    with scenario.open_unit() as unit:
        return agent_account(unit, JUMA)


def juma(scenario: Scenario) -> int:
    return int(scenario.rows("SELECT id FROM agents WHERE msisdn = :msisdn", msisdn=JUMA)[0][0])


def change(scenario: Scenario, do: Callable[..., object], *values: object) -> None:
    with scenario.open_unit() as unit:
        do(unit, *values, WHO, WHY)


def texts(scenario: Scenario) -> list[str]:
    return [
        row[0]
        for row in scenario.rows("SELECT body FROM sms WHERE msisdn = :to ORDER BY id", to=JUMA)
    ]


def test_a_sale_earns_and_its_cancellation_takes_back(scenario: Scenario, sale_id: int) -> None:
    assert account(scenario).commission == kes(30)
    change(scenario, cancel_sale, sale_id)
    assert account(scenario).commission == kes(0)
    assert scenario.balances().get("expense:commission", 0) == 0
    assert "Commission KES 30 for Lamp kit was taken back" in texts(scenario)[-1]


def test_the_commission_of_a_new_price(scenario: Scenario, sale_id: int) -> None:
    change(scenario, reprice_sale, sale_id, 300_00)
    assert account(scenario).commission == kes(15)
    scenario.ahead = timedelta(minutes=1)
    change(scenario, reprice_sale, sale_id, 800_00)
    assert account(scenario).commission == kes(40)


def test_commission_that_was_paid_out_is_owed_by_the_agent(
    scenario: Scenario, sale_id: int
) -> None:
    with scenario.open_unit() as unit:
        assert pay_commission(unit, juma(scenario), kes(30), ("bank", "V1"), WHO, WHY) == kes(0)
    change(scenario, cancel_sale, sale_id)
    after = account(scenario)
    assert (after.commission, after.owed) == (kes(0), kes(30))
    assert "You owe KES 30" in texts(scenario)[-1]


@pytest.mark.parametrize("end", [cancel_sale, repossess_sale, settle_sale, write_off_sale])
def test_what_a_customer_paid_stays_commissioned(
    scenario: Scenario, sale_id: int, end: Callable[..., object]
) -> None:
    scenario.pay("A1", STOCK_KIT, 200_00)
    scenario.apply()
    change(scenario, end, sale_id)
    assert account(scenario).commission == kes(10)


def test_a_discount_takes_its_share(scenario: Scenario, sale_id: int) -> None:
    change(scenario, discount_sale, sale_id, kes(100))
    assert account(scenario).commission == kes(25)


def test_an_agent_who_owes_nothing_is_paid(scenario: Scenario, sale_id: int) -> None:
    with scenario.open_unit() as unit:
        left = pay_commission(unit, juma(scenario), kes(20), ("office", "V1"), WHO, WHY)
    assert (left, account(scenario).commission) == (kes(10), kes(10))
    assert scenario.balances()["cash:office"] == -20_00
    assert "Commission KES 20 paid out to you. Left KES 10" in texts(scenario)[-1]


@pytest.mark.parametrize(
    ("major", "receipt", "code"),
    [(0, "V2", "amount_invalid"), (11, "V2", "commission_too_large"), (5, "V1", "receipt_used")],
)
def test_a_pay_out_that_cannot_be_is_refused(
    scenario: Scenario, sale_id: int, major: int, receipt: str, code: str
) -> None:
    with scenario.open_unit() as unit:
        pay_commission(unit, juma(scenario), kes(20), ("office", "V1"), WHO, WHY)
    with pytest.raises(Refused, match=code), scenario.open_unit() as unit:
        pay_commission(unit, juma(scenario), kes(major), ("office", receipt), WHO, WHY)


def test_a_shortfall_is_written_off(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        collect_cash(unit, JUMA, "4321", METER, kes(500))
    change(scenario, write_off_shortfall, juma(scenario), kes(200))
    assert account(scenario).owed == kes(300)
    assert scenario.balances()["expense:bad_debt"] == 200_00
    assert "KES 200 need not be paid any more. You owe KES 300" in texts(scenario)[-1]
    with pytest.raises(Refused, match="shortfall_too_large"):
        change(scenario, write_off_shortfall, juma(scenario), kes(301))

"""The office's cash and the bank: banked, and payments that operators take."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.errors import Refused
from core.journal import OwnMoney
from core.money import Money
from core.refund import NewReturn
from core.usecases.cash.bank_cash import bank_cash
from core.usecases.cash.take_payment import OfficePayment, take_payment
from core.usecases.devices.transfer_meter import transfer_meter_by_operator
from core.usecases.refunds.reversal import reverse_by_hand
from core.usecases.refunds.suspense import match_suspense, suggest_matches
from tests.support.cast import AMINA, BARAKA, KIT, METER, STOCK_METER
from tests.support.scenario import NOW, Scenario

WHO, WHY = "grace@jua.example", "paid at the counter"


def kes(major: int) -> Money:
    return Money(major * 100, "KES")


def take(
    scenario: Scenario, account: str, major: int, place: OwnMoney = "office", receipt: str = "R1",
    paid_on: date | None = None,
) -> int:  # fmt: skip
    with scenario.open_unit() as unit:
        taken = OfficePayment(account, kes(major), place, receipt, paid_on)
        return take_payment(unit, taken, WHO, WHY)


@pytest.mark.parametrize(("place", "account"), [("office", "cash:office"), ("bank", "bank")])
def test_a_payment_at_the_office_is_one_like_any_other(
    scenario: Scenario, place: OwnMoney, account: str
) -> None:
    take(scenario, METER, 500, place)
    scenario.apply()
    assert scenario.balances()[account] == 500_00
    assert "clearing:office" not in scenario.balances()
    assert scenario.rows("SELECT kind FROM tokens") == [("energy",)]
    texts = scenario.rows("SELECT body FROM sms WHERE msisdn = :to", to=AMINA)
    assert any("Ref R1" in body for (body,) in texts)
    scenario.check_invariants()
    with pytest.raises(Refused, match="receipt_used"):
        take(scenario, METER, 500, place)


def test_cash_is_refused_where_a_transfer_is_held(scenario: Scenario) -> None:
    with pytest.raises(Refused, match="device_in_stock"):
        take(scenario, STOCK_METER, 500)
    take(scenario, STOCK_METER, 500, "bank")
    assert scenario.states() == ["suspense"]
    assert {"bank": 500_00, "suspense": -500_00}.items() <= scenario.balances().items()
    scenario.check_invariants()


def test_a_transfer_has_the_day_it_came(scenario: Scenario) -> None:
    yesterday = (scenario.now() - timedelta(days=1)).date()
    take(scenario, KIT, 150, "bank", "T1", yesterday)
    assert scenario.rows("SELECT paid_on FROM payments") == [(yesterday,)]
    assert scenario.rows("SELECT value_on FROM journal_entries ORDER BY id DESC LIMIT 1") == [
        (yesterday,)
    ]
    with pytest.raises(Refused, match="day_ahead"):
        take(scenario, KIT, 150, "bank", "T2", yesterday + timedelta(days=2))


@pytest.mark.parametrize(("place", "days_later"), [("bank", 0), ("bank", 2), ("office", 2)])
@pytest.mark.parametrize("moved", [timedelta(hours=-3), timedelta(hours=5)])
def test_where_only_the_day_is_known_a_move_of_that_day_needs_a_person(
    scenario: Scenario, place: OwnMoney, days_later: int, moved: timedelta
) -> None:
    scenario.ahead = moved
    with scenario.open_unit() as unit:
        transfer_meter_by_operator(unit, METER, BARAKA, WHO, "moved house")
    scenario.ahead = timedelta(days=days_later, hours=6)
    take(scenario, METER, 500, place, paid_on=NOW.date())
    assert scenario.states() == ["suspense"]
    ((detail,),) = scenario.rows("SELECT detail FROM cases")
    assert "the money of Amina" in detail
    assert "or Baraka" in detail
    ((payment_id,),) = scenario.rows("SELECT id FROM payments")
    with scenario.open_unit() as unit:
        found = suggest_matches(unit, payment_id)
        match_suspense(unit, payment_id, METER, WHO, "she says so")
    suggested = [(suggestion.serial, suggestion.why) for suggestion in found]
    assert (scenario.account_of(AMINA), "owner_then") in suggested
    scenario.apply()
    assert scenario.states() == ["applied"]
    scenario.check_invariants()


def test_cash_at_the_office_is_of_who_has_the_device_now(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        transfer_meter_by_operator(unit, METER, BARAKA, WHO, "moved house")
    scenario.ahead = timedelta(hours=1)
    take(scenario, METER, 500)
    assert scenario.states() == ["received"]


def test_cash_taken_at_the_office_goes_back_from_the_office(scenario: Scenario) -> None:
    payment_id = take(scenario, KIT, 150)
    scenario.apply()
    with scenario.open_unit() as unit:
        reverse_by_hand(unit, payment_id, NewReturn(), WHO, "a false note")
    assert scenario.balances().get("cash:office", 0) == 0
    scenario.check_invariants()


def test_office_cash_is_banked_once_and_never_more_than_there_is(scenario: Scenario) -> None:
    take(scenario, METER, 500)
    with scenario.open_unit() as unit:
        assert bank_cash(unit, kes(300), "S1", WHO, "Monday") == kes(200)
    assert scenario.balances()["bank"] == 300_00
    for major, receipt, code in ((100, "S1", "receipt_used"), (201, "S2", "cash_too_little")):
        with pytest.raises(Refused, match=code), scenario.open_unit() as unit:
            bank_cash(unit, kes(major), receipt, WHO, "Monday")
    scenario.check_invariants()

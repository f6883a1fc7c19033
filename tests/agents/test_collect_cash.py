"""The same cash within five minutes is asked about, whatever became of the device or the money."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.agent import Agent
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.agents.collect_cash import Collected, collect_cash
from core.usecases.agents.pin import check_pin
from core.usecases.devices.transfer_meter import transfer_meter_by_operator
from core.usecases.payments.hold import unmatch
from tests.support.cast import BARAKA, JUMA, METER
from tests.support.scenario import Scenario


def collect(scenario: Scenario, shillings: int = 24, serial: str = METER) -> Collected:
    with scenario.open_unit() as unit:
        collected = collect_cash(unit, JUMA, "4321", serial, Money(shillings * 100, "KES"))
    assert not isinstance(collected, Refused)
    return collected


def test_the_same_cash_again_is_asked_about(scenario: Scenario) -> None:
    first = collect(scenario)
    again = collect(scenario)

    assert (again.receipt, again.is_repeat) == (first.receipt, True)
    assert not collect(scenario, 25).is_repeat
    scenario.ahead = timedelta(minutes=6)
    assert not collect(scenario).is_repeat


def test_also_when_the_meter_has_changed_hands_since(scenario: Scenario) -> None:
    first = collect(scenario)
    scenario.apply()
    scenario.ahead = timedelta(minutes=1)
    with scenario.open_unit() as unit:
        transfer_meter_by_operator(unit, METER, BARAKA, "ops", "moved house")

    again = collect(scenario)
    assert (again.receipt, again.is_repeat) == (first.receipt, True)


@pytest.mark.parametrize("serial", [METER, f" {METER[:4]}-{METER[4:]}"])
def test_also_when_the_money_is_in_suspense_by_now(scenario: Scenario, serial: str) -> None:
    first = collect(scenario, serial=serial)
    with scenario.open_unit() as unit:
        ((payment_id, customer_id),) = scenario.rows("SELECT id, customer_id FROM payments")
        unmatch(unit, payment_id, [customer_id])

    again = collect(scenario, serial=serial)
    assert (again.receipt, again.is_repeat) == (first.receipt, True)


def test_cash_serves_whom_it_was_quoted_for_or_is_not_taken(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The meter moves while the turn waits for the lock on the agent."""

    def move_meanwhile(unit: Unit, msisdn: str, pin: str) -> Agent | Refused:
        with scenario.open_unit() as other:
            transfer_meter_by_operator(other, METER, BARAKA, "ops", "moved house")
        return check_pin(unit, msisdn, pin)

    monkeypatch.setattr("core.usecases.agents.collect_cash.check_pin", move_meanwhile)
    with pytest.raises(Refused, match="device_moved"):
        collect(scenario)
    assert scenario.states() == []

"""What callers take from stock by themselves: one unpaid device at a time, few a day, for a day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import Refused
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.registration.claims import find_lapsed_claims, release_claim
from core.usecases.registration.self_service import register_own_device
from tests.support.builders import insert_device
from tests.support.cast import READY_KIT, READY_METER
from tests.support.scenario import Scenario
from workers.schedule import release_all

NUMBER = "+254722000555"
OWNERS = "SELECT count(*) FROM devices WHERE serial = :serial AND owner_id IS NOT NULL"


def claim(scenario: Scenario, serial: str) -> None:
    with scenario.open_unit() as unit:
        register_own_device(unit, NewCustomer(NUMBER, "Asha", "Mwangi", None, "en"), serial, "s/1")


def is_owned(scenario: Scenario, serial: str) -> bool:
    return scenario.rows(OWNERS, serial=serial) == [(1,)]


def ask_down_payment(scenario: Scenario) -> None:
    scenario.run("UPDATE plan_offers SET down_payment_minor = 10000 WHERE scheme = 'count'")


def test_a_second_device_waits_for_the_down_payment_of_the_first(scenario: Scenario) -> None:
    ask_down_payment(scenario)
    claim(scenario, READY_KIT)

    with pytest.raises(Refused) as refused:
        claim(scenario, READY_METER)
    assert (refused.value.code, refused.value.values) == ("claim_unpaid", {"serial": READY_KIT})
    scenario.pay("R1", READY_KIT, 100_00)
    scenario.apply()
    claim(scenario, READY_METER)

    assert is_owned(scenario, READY_METER)


def test_a_plan_without_a_down_payment_waits_for_its_first_payment(scenario: Scenario) -> None:
    claim(scenario, READY_KIT)

    with pytest.raises(Refused, match="claim_unpaid"):
        claim(scenario, READY_METER)
    scenario.ahead = timedelta(hours=25)
    assert release_all(scenario.open_unit) == 0
    scenario.pay("R1", READY_KIT, 50_00)
    scenario.apply()
    claim(scenario, READY_METER)

    assert is_owned(scenario, READY_METER)


def test_a_device_without_its_down_payment_goes_back_after_a_day(scenario: Scenario) -> None:
    ask_down_payment(scenario)
    claim(scenario, READY_KIT)

    scenario.ahead = timedelta(hours=23)
    assert release_all(scenario.open_unit) == 0
    scenario.ahead = timedelta(hours=25)
    assert release_all(scenario.open_unit) == 1

    assert not is_owned(scenario, READY_KIT)
    assert scenario.rows("SELECT kind FROM sms WHERE msisdn = :m ORDER BY id DESC LIMIT 1",
                         m=NUMBER) == [("sale_sms.cancelled",)]  # fmt: skip
    assert scenario.rows("SELECT kind FROM token_orders") == [("lock",)]
    scenario.check_invariants()


def test_a_device_that_is_being_paid_stays(scenario: Scenario) -> None:
    ask_down_payment(scenario)
    claim(scenario, READY_KIT)
    scenario.pay("R1", READY_KIT, 50_00)

    scenario.ahead = timedelta(hours=25)
    assert release_all(scenario.open_unit) == 0
    scenario.apply()
    assert scenario.states() == ["applied"]
    assert release_all(scenario.open_unit) == 0

    assert is_owned(scenario, READY_KIT)


def test_a_device_that_was_paid_since_it_was_looked_for_stays(scenario: Scenario) -> None:
    ask_down_payment(scenario)
    claim(scenario, READY_KIT)
    scenario.ahead = timedelta(hours=25)
    with scenario.open_unit() as unit:
        (lapsed,) = find_lapsed_claims(unit)
    scenario.pay("R1", READY_KIT, 100_00)
    scenario.apply()

    with scenario.open_unit() as unit:
        assert not release_claim(unit, lapsed)

    assert is_owned(scenario, READY_KIT)


def test_a_caller_takes_three_devices_a_day(scenario: Scenario) -> None:
    scenario.run(
        "UPDATE devices SET tariff_id = (SELECT min(id) FROM tariffs) WHERE kind = 'meter'"
        " AND owner_id IS NULL"
    )
    stock = scenario.rows(
        "SELECT serial FROM devices WHERE kind = 'meter' AND owner_id IS NULL ORDER BY serial"
    )
    for number in range(4 - len(stock)):
        with scenario.engine.begin() as connection:
            insert_device(
                connection,
                serial=f"0100009999{number}",
                manufacturer_id=1,
                tariff_id=1,
            )
    serials = [serial for (serial,) in stock] + ["01000099990", "01000099991", "01000099992"]

    for serial in serials[:3]:
        claim(scenario, serial)
    with pytest.raises(Refused, match="claims_many"):
        claim(scenario, serials[3])
    scenario.ahead = timedelta(hours=25)
    claim(scenario, serials[3])

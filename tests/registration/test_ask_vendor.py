"""An agent registers a device that is not in stock: the vendor is asked, and the agent goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import Refused
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice, find_in_stock
from core.usecases.registration.ask_vendor import ask_vendor
from core.usecases.registration.by_agent import NewMeter, RegisteredDevice, register_meter
from core.usecases.registration.by_sms import (
    RegistrationRequest,
    list_registration_requests,
    store_registration_request,
)
from core.usecases.registration.vendor_answers import (
    claim_serial_checks,
    complete_registration,
    serial_answered,
)
from core.vend import CheckAnswer, DeviceFound, DeviceNotFound, NotSent
from tests.support.builders import insert_manufacturer
from tests.support.cast import JUMA
from tests.support.scenario import Scenario

NEW, ASHA = "47000000022", "+254711000222"
METER = NamedDevice(NEW, "meter", "star")


@pytest.fixture
def vendor(scenario: Scenario) -> Scenario:
    """A vendor that can be asked whether it has a meter."""
    with scenario.engine.begin() as connection:
        insert_manufacturer(connection, code="star", kinds=("meter",), token_family="stron")
        insert_manufacturer(connection, code="other", kinds=("meter",), token_family="koios")
    scenario.run(
        "INSERT INTO vendor_accounts (vendor, account, actions, pushes_credit, repeat_is_safe,"
        " can_look_up, can_check, can_list, needs_date, code_digits, at_once, set_up_at)"
        " SELECT vendor, 'main', '{energy}', false, false, false, true, false, false, '{20}', 4,"
        " now() FROM unnest(ARRAY['stron', 'koios']) AS vendor"
    )
    return scenario


def ask(scenario: Scenario, serial: str = NEW) -> None:
    with scenario.open_unit() as unit:
        ask_vendor(unit, JUMA, NamedDevice(serial, "meter", "star"))


def answer(scenario: Scenario, given: CheckAnswer) -> int:
    """The worker asks, is answered, and completes what waited; how many questions there were."""
    with scenario.open_unit() as unit:
        checks = claim_serial_checks(unit, ("stron", "main"), 10)
    for check in checks:
        with scenario.open_unit() as unit:
            serial_answered(unit, check, given)
    for _ in range(10):
        with scenario.open_unit() as unit:
            if not complete_registration(unit):
                return len(checks)
    raise AssertionError("it never ends")


def register(scenario: Scenario) -> RegisteredDevice | Refused:
    with scenario.open_unit() as unit:
        customer = NewCustomer(ASHA, "Asha", "Mwangi", "KIB")
        return register_meter(unit, JUMA, "4321", customer, NewMeter(METER, "home"))


def owner(scenario: Scenario) -> list[tuple[object, ...]]:
    return scenario.rows(
        "SELECT c.name, t.code FROM devices d JOIN customers c ON c.id = d.owner_id"
        " JOIN tariffs t ON t.id = d.tariff_id WHERE d.serial = :new",
        new=NEW,
    )


def notified(scenario: Scenario) -> list[object]:
    rows = scenario.rows("SELECT kind FROM sms WHERE msisdn = :juma ORDER BY id", juma=JUMA)
    return [row[0] for row in rows]


def test_an_answer_that_has_come_completes_the_registration_at_once(vendor: Scenario) -> None:
    ask(vendor)
    assert answer(vendor, DeviceFound("single phase")) == 1

    assert register(vendor) == RegisteredDevice(NEW)
    assert owner(vendor) == [("Asha", "home")]


def test_a_serial_that_the_vendor_does_not_have_is_refused_on_the_next_screen(
    vendor: Scenario,
) -> None:
    ask(vendor)
    answer(vendor, DeviceNotFound())

    with vendor.open_unit() as unit, pytest.raises(Refused, match="not_at_vendor"):
        find_in_stock(unit, METER)
    with pytest.raises(Refused, match="not_at_vendor"):
        register(vendor)
    assert vendor.rows("SELECT 1 FROM customer_msisdns WHERE msisdn = :asha", asha=ASHA) == []


def test_without_an_answer_it_waits_and_is_done_when_the_answer_comes(vendor: Scenario) -> None:
    ask(vendor)

    assert register(vendor) == RegisteredDevice(NEW, is_waiting=True)
    assert vendor.rows("SELECT 1 FROM customer_msisdns WHERE msisdn = :asha", asha=ASHA) == []
    with vendor.open_unit() as unit:
        assert list_registration_requests(unit, JUMA) == []
    answer(vendor, DeviceFound())

    assert owner(vendor) == [("Asha", "home")]
    assert notified(vendor) == ["agent_sms.registered"]
    assert answer(vendor, DeviceFound()) == 0
    vendor.check_invariants()


def test_what_waited_is_refused_with_the_reason(vendor: Scenario) -> None:
    register(vendor)
    answer(vendor, DeviceNotFound())

    assert owner(vendor) == []
    assert notified(vendor) == ["agent_sms.not_at_vendor"]


def test_a_vendor_that_is_away_is_asked_again_for_a_day(vendor: Scenario) -> None:
    register(vendor)
    assert answer(vendor, NotSent("no connection")) == 1
    assert answer(vendor, NotSent("no connection")) == 0
    vendor.ahead = timedelta(minutes=2)
    assert answer(vendor, NotSent("no connection")) == 1
    assert notified(vendor) == []
    vendor.ahead = timedelta(days=1, minutes=1)

    assert answer(vendor, NotSent("no connection")) == 1
    assert notified(vendor) == ["agent_sms.vendor_silent"]
    assert owner(vendor) == []


def test_an_agent_cannot_probe_serial_numbers(vendor: Scenario) -> None:
    for last in range(5):
        ask(vendor, f"4700000010{last}")
        answer(vendor, DeviceNotFound())

    with pytest.raises(Refused, match="too_many_guesses"):
        ask(vendor, "47000000200")
    assert answer(vendor, DeviceFound()) == 0


def test_a_text_asks_too(vendor: Scenario) -> None:
    vendor.run("DELETE FROM vendor_accounts WHERE vendor = 'koios'")
    vendor.run("UPDATE manufacturers SET sts = NULL")
    with vendor.open_unit() as unit:
        asha = NewCustomer(ASHA, "Asha", "Mwangi", "KIB")
        store_registration_request(unit, JUMA, RegistrationRequest(NEW, asha, "home"))

    assert answer(vendor, DeviceFound()) == 1

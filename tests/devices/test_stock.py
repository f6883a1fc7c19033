"""A meter that was never imported: entered where its number says everything, once, and noted."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import text

from core.errors import Refused
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice, find_in_stock, find_unassigned
from core.usecases.registration.by_agent import NewMeter, RegisteredDevice, register_meter
from tests.support.builders import insert_manufacturer
from tests.support.cast import BARAKA, JUMA, METER, NEEMA, NEW_METER, STOCK_METER, ZURI
from tests.support.scenario import Scenario


def register_new(
    scenario: Scenario,
    phone: str = NEEMA,
    serial: str = NEW_METER,
    agent: str = JUMA,
    manufacturer: str = "umeme",
) -> RegisteredDevice | Refused:
    meter = NewMeter(NamedDevice(serial, "meter", manufacturer), "home")
    with scenario.open_unit() as unit:
        return register_meter(unit, agent, "4321", NewCustomer(phone), meter)


def meter_row(scenario: Scenario, serial: str = NEW_METER) -> list[tuple[str, dict[str, Any], int]]:
    return scenario.rows(
        "SELECT m.msisdn, d.sts, d.token_counter FROM devices d"
        " JOIN customer_msisdns m ON m.customer_id = d.owner_id WHERE serial = :s",
        s=serial,
    )


def test_a_new_meter_gets_the_data_of_its_manufacturer_and_sells_energy(scenario: Scenario) -> None:
    assert register_new(scenario) == RegisteredDevice(NEW_METER)

    ((owner, sts, counter),) = meter_row(scenario)
    assert (owner, counter) == (NEEMA, 0)
    assert (sts["sgc"], sts["kt"], sts["ea"]) == ("600000", 2, 11)
    assert scenario.rows("SELECT operator, action, subject FROM audit_log") == [
        ("agent 1", "enter_meter", "device")
    ]
    scenario.pay("R1", NEW_METER, 500_00)
    scenario.apply()
    assert scenario.rows("SELECT kind, units FROM tokens") == [("energy", 50)]


def test_one_that_was_imported_is_not_entered_again(scenario: Scenario) -> None:
    register_new(scenario, serial=STOCK_METER)

    assert scenario.rows("SELECT count(*) FROM audit_log") == [(0,)]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"serial": "01000000058"}, "meter_number"),
        ({"serial": "0100000005"}, "meter_number"),
        ({"serial": "NOSUCH"}, "meter_number"),
        ({"manufacturer": "sunlite"}, "office_enters"),
        ({"manufacturer": "plain"}, "office_enters"),
        ({"serial": METER}, "device_taken"),
    ],
)
def test_what_its_number_does_not_tell_is_refused_and_leaves_nothing(
    scenario: Scenario, changed: dict[str, str], code: str
) -> None:
    with scenario.engine.begin() as connection:
        insert_manufacturer(connection, code="plain", token_family="sts", kinds=("meter",))
    before = scenario.rows("SELECT count(*) FROM devices")

    with pytest.raises(Refused) as refused:
        register_new(scenario, **changed)

    assert refused.value.code == code
    assert scenario.rows("SELECT count(*) FROM devices") == before


def test_two_agents_cannot_enter_it_for_two_people(scenario: Scenario) -> None:
    with scenario.engine.begin() as connection:
        connection.execute(text("UPDATE agents SET pin_is_initial = false"))
    answers = []

    def register(agent: str, phone: str) -> None:
        try:
            registered = register_new(scenario, phone, agent=agent)
            assert not isinstance(registered, Refused)
            answers.append(registered.serial)
        except Refused as refused:
            answers.append(refused.code)

    agents = [
        threading.Thread(target=register, args=both) for both in ((JUMA, NEEMA), (ZURI, BARAKA))
    ]
    for agent in agents:
        agent.start()
    for agent in agents:
        agent.join()

    assert sorted(answers) == [NEW_METER, "device_taken"]
    assert len(meter_row(scenario)) == 1


def test_its_number_alone_names_it_only_with_a_single_manufacturer(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        assert find_unassigned(unit, NEW_METER) == NamedDevice(NEW_METER, "meter", "umeme")
        found = find_unassigned(unit, STOCK_METER)
        assert (found.kind, found.manufacturer) == ("meter", "umeme")
    with scenario.engine.begin() as connection:
        sts = '{"ea":11,"dkga":4,"sgc":"600000","krn":2,"ti":"01","kt":2,"ken":255,"base":2014}'
        insert_manufacturer(connection, code="other", token_family="sts", kinds=("meter",), sts=sts)
    with scenario.open_unit() as unit:
        with pytest.raises(Refused, match="office_enters"):
            find_unassigned(unit, NEW_METER)
        assert find_in_stock(unit, NamedDevice(NEW_METER, "meter", "other")) is None

"""Nothing of a manufacturer is given out whose vendor no worker has the credentials of."""

from __future__ import annotations

import pytest

from core.errors import Refused
from core.usecases.catalogue.choices import list_manufacturers
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.enter_device import enter_device
from core.usecases.devices.register_devices import DeviceEntry
from core.usecases.devices.stock import NamedDevice, find_in_stock
from core.usecases.devices.vendor import list_unserved
from core.usecases.payments.quote import quote_payment
from core.usecases.registration.by_agent import NewMeter
from core.usecases.registration.by_operator import register_by_operator
from core.usecases.registration.self_service import find_registrable
from core.usecases.registration.vendor_answers import claim_serial_checks
from core.wording.operator_messages import describe_refusal
from operations.commands.doctor import examine_database
from tests.support.builders import insert_device, insert_manufacturer
from tests.support.cast import AMINA, NEEMA
from tests.support.scenario import Scenario

OWNED, IN_STOCK = "47000000011", "47000000022"
SETTINGS = "VENDOR_STRON_MAIN_"


@pytest.fixture
def unserved(scenario: Scenario) -> Scenario:
    """Amina has a meter of a vendor with whom nothing is set up, and another is in stock."""
    [(home,)] = scenario.rows("SELECT id FROM tariffs WHERE code = 'home'")
    [(amina,)] = scenario.rows(
        "SELECT customer_id FROM customer_msisdns WHERE msisdn = :of", of=AMINA
    )
    with scenario.engine.begin() as connection:
        manufacturer = insert_manufacturer(
            connection, code="star", kinds=("meter",), token_family="stron"
        )
        for serial, owner in ((OWNED, amina), (IN_STOCK, None)):
            insert_device(
                connection,
                serial=serial,
                manufacturer_id=manufacturer,
                owner_id=owner,
                tariff_id=home,
            )
    return scenario


def set_up(scenario: Scenario) -> None:
    scenario.run(
        "INSERT INTO vendor_accounts (vendor, account, actions, pushes_credit, repeat_is_safe,"
        " can_look_up, can_check, can_list, needs_date, code_digits, at_once, set_up_at)"
        " VALUES ('stron', 'main', '{energy}', false, false, false, true, false, false, '{20}',"
        " 4, now())"
    )


def test_it_is_refused_everywhere_before_money_moves(unserved: Scenario) -> None:
    meter = NewMeter(NamedDevice(IN_STOCK), None)
    with unserved.open_unit() as unit:
        with pytest.raises(Refused, match="no_code"):
            quote_payment(unit, OWNED, 500_00)
        with pytest.raises(Refused, match="vendor_not_set_up"):
            find_in_stock(unit, NamedDevice(IN_STOCK))
        with pytest.raises(Refused, match="vendor_not_set_up"):
            find_registrable(unit, NEEMA, IN_STOCK)
        with pytest.raises(Refused, match=SETTINGS):
            register_by_operator(unit, "wanjiku", NewCustomer(NEEMA, "", ""), meter)
        with pytest.raises(Refused, match=SETTINGS):
            enter_device(unit, DeviceEntry("47000000033", "meter", "star"), "wanjiku", "a box")
        assert [
            manufacturer.manufacturer for manufacturer in list_manufacturers(unit, "meter")
        ] == ["umeme"]


def test_once_the_account_is_set_up_everything_is_possible(unserved: Scenario) -> None:
    set_up(unserved)

    with unserved.open_unit() as unit:
        assert quote_payment(unit, OWNED, 500_00).outcome.energy_tenths == 20
        assert find_in_stock(unit, NamedDevice(IN_STOCK))
        assert find_registrable(unit, NEEMA, IN_STOCK).offer == "tariff"
        enter_device(unit, DeviceEntry("47000000033", "meter", "star"), "wanjiku", "a box")
        manufacturers = [
            manufacturer.manufacturer for manufacturer in list_manufacturers(unit, "meter")
        ]
        assert [check.serial for check in claim_serial_checks(unit, ("stron", "main"), 10)] == [
            "47000000033"
        ]
    assert sorted(manufacturers) == ["star", "umeme"]


def test_doctor_names_the_setting_that_is_missing(unserved: Scenario) -> None:
    def check() -> tuple[bool, str]:
        with unserved.engine.connect() as connection:
            found = {each.name: each for each in examine_database(connection, {})}
        return found["vendors of devices"].ok, found["vendors of devices"].detail

    missing = f"no account main with stron: the workers need {SETTINGS}..."
    assert check() == (False, f"2 of Star: {missing}")
    set_up(unserved)
    assert check() == (True, "")


def test_no_setting_is_asked_for_where_there_is_no_driver(unserved: Scenario) -> None:
    unserved.run("UPDATE manufacturers SET token_family = 'paygops' WHERE code = 'star'")
    meter = NewMeter(NamedDevice(IN_STOCK), None)
    with unserved.open_unit() as unit:
        assert list_unserved(unit.connection) == {"star": "there is no driver for paygops"}
        with pytest.raises(Refused) as refused:
            register_by_operator(unit, "wanjiku", NewCustomer(NEEMA, "", ""), meter)
        found = {each.name: each.detail for each in examine_database(unit.connection, {})}

    assert describe_refusal(refused.value).endswith("there is no driver for paygops")
    assert found["vendors of devices"] == "2 of Star: there is no driver for paygops"

"""A device that is known to be one appliance is offered and sold as nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from core.errors import Refused
from core.money import Money
from core.plan import ByCount, PlanTerms
from core.usecases.catalogue.choices import get_appliance, list_appliances
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.product import set_product
from core.usecases.devices.replace_device import replace_device
from core.usecases.devices.stock import check_sellable
from core.usecases.operators.bulk import RefusedEntries
from core.usecases.registration.by_sms import (
    RegistrationRequest,
    get_registration_request,
    store_registration_request,
)
from core.usecases.sales.allowed_plans import set_plan_on
from core.usecases.sales.register_sales import SaleEntry, register_sales
from tests.support.builders import insert_appliance, insert_plan_offer
from tests.support.cast import BARAKA, JUMA, KIT, READY_KIT, STOCK_KIT
from tests.support.scenario import Scenario

PLAN = PlanTerms("kit", ByCount(4), "weekly", Money(0, "KES"))


@pytest.fixture
def radio_kit(scenario: Scenario) -> Scenario:
    """The kit in stock is a radio kit, which costs more than a lamp kit."""
    with scenario.engine.begin() as connection:
        radio = insert_appliance(connection, code="radio", kind="shs", price_minor=900_00)
        insert_plan_offer(connection, code="radio-weeks", appliance_id=radio)
    scenario.run("UPDATE devices SET product_id = :id WHERE serial = :kit", id=radio, kit=STOCK_KIT)
    return scenario


def test_an_agent_is_offered_the_product_that_the_device_is(radio_kit: Scenario) -> None:
    with radio_kit.open_unit() as unit:
        offered = [item.appliance for item in list_appliances(unit, ("shs",), STOCK_KIT)]
        assert offered == ["radio"]
        assert len(list_appliances(unit, ("shs",), "LAMP100")) > 1
        assert len(list_appliances(unit, ("shs",))) > 1


def test_it_is_sold_as_no_other_product(radio_kit: Scenario) -> None:
    asha = NewCustomer("+254711000222", "Asha", "Mwangi", "KIB")
    with radio_kit.open_unit() as unit:
        lamp = get_appliance(unit, "kit")
        with pytest.raises(Refused, match="product_differs"):
            check_sellable(unit, STOCK_KIT, lamp, BARAKA)
        with pytest.raises(Refused, match="product_differs"):
            store_registration_request(unit, JUMA, RegistrationRequest(STOCK_KIT, asha, "kit/4W"))
        with pytest.raises(RefusedEntries) as refused:
            register_sales(unit, [SaleEntry(BARAKA, PLAN, date(2026, 11, 1), STOCK_KIT)])
        assert refused.value.refusals[0][1].code == "product_differs"


def test_only_its_own_plans_can_be_set_on_it(radio_kit: Scenario) -> None:
    with radio_kit.engine.begin() as connection:
        lamp = radio_kit.rows("SELECT id FROM appliances WHERE code = 'kit'")[0][0]
        insert_plan_offer(connection, code="kit-weeks", appliance_id=lamp)
    with radio_kit.open_unit() as unit:
        with pytest.raises(Refused, match="product_differs"):
            set_plan_on(unit, STOCK_KIT, "kit-weeks", "wanjiku", "a test")
        set_plan_on(unit, STOCK_KIT, "radio-weeks", "wanjiku", "a test")


def product_of(scenario: Scenario, serial: str) -> str | None:
    found = scenario.rows(
        "SELECT a.name FROM devices d LEFT JOIN appliances a ON a.id = d.product_id"
        " WHERE d.serial = :serial",
        serial=serial,
    )
    return None if found == [(None,)] else str(found[0][0])


def test_a_product_is_set_and_changed_with_a_reason(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        set_product(unit, STOCK_KIT, "kit", "wanjiku", "as on the box")
    with scenario.open_unit() as unit:
        set_product(unit, STOCK_KIT, "tv", "wanjiku", "a slip")
        with pytest.raises(Refused, match="product_same"):
            set_product(unit, STOCK_KIT, "tv", "wanjiku", "a slip")

    assert product_of(scenario, STOCK_KIT) == "Solar TV"
    assert scenario.rows("SELECT action, reason, details FROM audit_log ORDER BY id") == [
        ("set_product", "as on the box", {"before": None, "after": "Lamp kit"}),
        ("set_product", "a slip", {"before": "Lamp kit", "after": "Solar TV"}),
    ]
    with scenario.open_unit() as unit:
        set_product(unit, STOCK_KIT, None, "wanjiku", "nobody knows")
    assert product_of(scenario, STOCK_KIT) is None


@pytest.mark.parametrize(
    ("serial", "product", "why"),
    [
        (KIT, "tv", "product_of_other_sale"),
        (READY_KIT, "kit", "product_of_other_plan"),
        (STOCK_KIT, "bike", "product_of_other_kind"),
        (STOCK_KIT, "none", "appliance_unknown"),
        ("LAMP999", "kit", "unknown_serial"),
    ],
)
def test_a_product_that_does_not_fit_is_refused(
    scenario: Scenario, serial: str, product: str, why: str
) -> None:
    with scenario.open_unit() as unit, pytest.raises(Refused, match=why):
        set_product(unit, serial, product, "wanjiku", "as on the box")

    assert scenario.rows("SELECT 1 FROM devices WHERE product_id IS NOT NULL") == []


def test_a_broken_device_is_replaced_by_the_same_product_only(radio_kit: Scenario) -> None:
    device_id = radio_kit.device_id(KIT)
    with radio_kit.open_unit() as unit, pytest.raises(Refused, match="product_differs"):
        replace_device(unit, device_id, STOCK_KIT, "wanjiku", "water got in")
    with radio_kit.open_unit() as unit:
        set_product(unit, STOCK_KIT, None, "wanjiku", "a slip")
    with radio_kit.open_unit() as unit:
        replace_device(unit, device_id, STOCK_KIT, "wanjiku", "water got in")

    [(sold,)] = radio_kit.rows(
        "SELECT a.name FROM sales s JOIN appliances a ON a.id = s.appliance_id"
        " JOIN devices d ON d.id = s.device_id WHERE d.serial = :kit",
        kit=STOCK_KIT,
    )
    assert (sold, product_of(radio_kit, STOCK_KIT)) == ("Kit-Lamp100", None)
    radio_kit.check_invariants()


def test_the_device_that_replaces_a_known_product_is_it_too(scenario: Scenario) -> None:
    [(sold,)] = scenario.rows("SELECT code FROM appliances WHERE code LIKE 'kit-lamp100%'")
    with scenario.open_unit() as unit:
        set_product(unit, KIT, sold, "wanjiku", "as on the box")
    with scenario.open_unit() as unit:
        replace_device(unit, scenario.device_id(KIT), STOCK_KIT, "wanjiku", "water got in")

    assert product_of(scenario, STOCK_KIT) == product_of(scenario, KIT)
    assert product_of(scenario, STOCK_KIT)
    scenario.check_invariants()


def test_a_text_that_names_another_product_can_only_be_dropped(scenario: Scenario) -> None:
    asha = NewCustomer("+254711000222", "Asha", "Mwangi", "KIB")
    with scenario.open_unit() as unit:
        request = RegistrationRequest(STOCK_KIT, asha, "kit/4W")
        pending, _ = store_registration_request(unit, JUMA, request)
        get_registration_request(unit, JUMA, pending.request_id)
        set_product(unit, STOCK_KIT, "tv", "wanjiku", "as on the box")
        with pytest.raises(Refused, match="product_differs"):
            get_registration_request(unit, JUMA, pending.request_id)

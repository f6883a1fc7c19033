"""A device that is known to be one appliance is offered and sold as nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from core.errors import Refused
from core.money import Money
from core.plan import ByCount, PlanTerms
from core.usecases.catalogue.choices import get_appliance, list_appliances
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import check_sellable
from core.usecases.operators.bulk import RefusedEntries
from core.usecases.registration.by_sms import RegistrationRequest, store_registration_request
from core.usecases.sales.allowed_plans import set_plan_on
from core.usecases.sales.register_sales import SaleEntry, register_sales
from tests.support.builders import insert_appliance, insert_plan_offer
from tests.support.cast import BARAKA, JUMA, STOCK_KIT
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

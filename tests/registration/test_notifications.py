"""Which SMS are sent after an agent, or a customer alone, has registered or bought something."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from core.errors import Refused
from core.gsm7 import segments
from core.money import Money
from core.plan import PlanTerms
from core.unit import unit_opener
from core.usecases.agents.collect_cash import collect_cash
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice
from core.usecases.registration.by_agent import register_on_plan
from core.usecases.registration.device_requests import decline_device_request, list_device_requests
from core.usecases.registration.self_service import register_own_device, request_device
from core.usecases.sales.sell import NewSale, Sold, sell_by_agent
from core.wording.product import product_wording
from core.wording.slots import DEFAULT_LIMITS
from tests.support.builders import insert_agent, insert_appliance, terms_by_count, terms_by_day
from tests.support.cast import (
    AMINA,
    BARAKA,
    DAY_KIT,
    JUMA,
    METER,
    NEEMA,
    READY_KIT,
    STOCK_BIKE,
    STOCK_KIT,
    STOCK_METER,
    STRANGER,
)
from tests.support.scenario import NOW, Scenario

COOKER = terms_by_count("cooker", 4)


def queued_sms(scenario: Scenario) -> list[tuple[str, str]]:
    return scenario.rows("SELECT msisdn, kind FROM sms ORDER BY id")


def sell_to(
    scenario: Scenario, customer: str = NEEMA, terms: PlanTerms = COOKER, serial: str | None = None
) -> Sold | Refused:
    sale = NewSale(terms, NamedDevice(serial) if serial else None)
    with scenario.open_unit() as unit:
        return sell_by_agent(unit, JUMA, "4321", customer, sale, "s/1")


def test_a_sale_is_told_to_the_customer_with_its_terms_and_to_the_agent(scenario: Scenario) -> None:
    sell_to(scenario)
    sell_to(scenario)  # the same turn again is the same sale

    assert queued_sms(scenario) == [(NEEMA, "agent_sms.agreed_plan"), (JUMA, "agent_sms.sold")]
    ((body,),) = scenario.rows("SELECT body FROM sms WHERE msisdn = :m", m=NEEMA)
    assert "4 x KES 250 kila wiki, ya mwisho KES 250, ya kwanza 1 Des" in body


def test_a_kit_that_is_theirs_already_is_sold_without_a_welcome(scenario: Scenario) -> None:
    scenario.pay("R1", "LAMP200", 150_00)  # Chidi's last: his kit is on no plan any more
    scenario.apply()
    before = queued_sms(scenario)

    sell_to(scenario, "+254711000003", terms_by_count("kit", 4), serial="LAMP200")

    queued = [kind for _, kind in queued_sms(scenario)[len(before) :]]
    assert queued == ["agent_sms.agreed_plan", "agent_sms.sold"]


def test_a_kit_from_stock_is_welcomed_and_its_other_requests_end(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        request_device(unit, NewCustomer(STRANGER, "Otis", "Maina", ""), STOCK_KIT)
        request_device(unit, NewCustomer(NEEMA), STOCK_KIT)

    sell_to(scenario, NEEMA, terms_by_count("kit", 4), serial=STOCK_KIT)

    assert queued_sms(scenario)[3:] == [
        (NEEMA, "agent_sms.welcome"),
        (STRANGER, "agent_sms.request_refused"),
        (NEEMA, "agent_sms.agreed_plan"),
        (JUMA, "agent_sms.sold"),
    ]
    assert scenario.rows("SELECT count(*) FROM device_requests") == [(0,)]


def test_a_request_that_is_refused_ends_and_is_told(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        request_device(unit, NewCustomer(STRANGER, "Otis", "Maina", ""), STOCK_KIT)
        (waiting,) = list_device_requests(unit, JUMA)
        assert decline_device_request(unit, JUMA, waiting.request).serial == STOCK_KIT

    assert queued_sms(scenario)[2:] == [(STRANGER, "agent_sms.request_refused")]
    with scenario.open_unit() as unit, pytest.raises(Refused, match="no_such_request"):
        decline_device_request(unit, JUMA, waiting.request)


def test_a_customer_who_registers_a_ready_kit_gets_its_terms_by_sms(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        register_own_device(unit, NewCustomer(BARAKA), READY_KIT, "s/1")
        register_own_device(unit, NewCustomer(AMINA), DAY_KIT, "s/2")

    assert [kind for _, kind in queued_sms(scenario)] == [
        "agent_sms.welcome",
        "agent_sms.agreed_plan",
        "agent_sms.welcome",
        "agent_sms.agreed_service",
    ]


def test_use_by_the_day_where_no_plan_is_set_earns_no_commission_and_owes_nothing(
    scenario: Scenario,
) -> None:
    with scenario.engine.begin() as connection:
        insert_appliance(
            connection, code="both", kind="shs", price_minor=600_00, price_per_day_minor=20_00
        )
    sale = NewSale(terms_by_day("both"), NamedDevice(STOCK_KIT, "shs", "sunlite"))
    with scenario.open_unit() as unit:
        register_on_plan(unit, JUMA, "4321", NewCustomer(NEEMA), sale, "s/1")

    assert scenario.rows(
        "SELECT scheme, total_minor, price_per_day_minor FROM sales s"
        " JOIN devices d ON d.id = s.device_id WHERE d.serial = :s",
        s=STOCK_KIT,
    ) == [("service", 0, 20_00)]
    assert scenario.rows("SELECT commission_minor FROM agents WHERE msisdn = :m", m=JUMA) == [(0,)]


def test_what_is_not_sold_by_the_day_is_refused(scenario: Scenario) -> None:
    with pytest.raises(Refused, match="service_price"):
        sell_to(scenario, NEEMA, terms_by_day("kit"), serial=STOCK_KIT)


def test_an_agent_is_warned_once_when_the_last_fifth_of_the_limit_is_reached(
    scenario: Scenario,
) -> None:
    def collect(amount: int) -> None:
        with scenario.open_unit() as unit:
            collect_cash(unit, JUMA, "4321", METER, Money(amount * 100, "KES"))

    warnings = []
    for amount in (1500, 100, 100, 300):  # of 2000: 1500, 1600, 1700, 2000 used
        collect(amount)
        warnings.append(
            scenario.rows("SELECT count(*) FROM sms WHERE kind = 'agent_sms.low_float'")[0][0]
        )

    assert warnings == [0, 1, 1, 1]
    assert (
        "KES 400 more"
        in scenario.rows("SELECT body FROM sms WHERE kind = 'agent_sms.low_float'")[0][0]
    )


def test_no_text_of_ours_and_no_refusal_takes_more_than_two_parts() -> None:
    wording, limits = product_wording(), DEFAULT_LIMITS
    too_long = [
        (language.code, message.key)
        for language in wording.translations.values()
        for message in wording.messages.values()
        if message.max_segments is not None or message.key.startswith("refused.")
        if len(segments(language.widest(message, limits))) > 2
    ]
    assert too_long == []


def test_agents_of_the_village_hear_once_a_day_that_a_customer_waits(scenario: Scenario) -> None:
    with scenario.engine.begin() as connection:
        for number, villages in enumerate(["{MAK}", "{KIB}", "{}"]):
            insert_agent(
                connection, msisdn=f"+25471100020{number}", pin_hash="x", villages=villages
            )
        connection.execute(text("DELETE FROM agents WHERE msisdn = :m"), {"m": JUMA})

    def ask(serial: str, now: datetime = NOW) -> None:
        with unit_opener(scenario.engine, lambda: now)() as unit:
            request_device(unit, NewCustomer(STRANGER, "Otis", "Maina", "KIB"), serial)

    ask(STOCK_KIT)
    ask(STOCK_METER)
    queued = [
        msisdn for msisdn, kind in queued_sms(scenario) if kind == "agent_sms.request_waiting"
    ]
    assert queued == ["+254711000201", "+254711000202"]

    ask(STOCK_BIKE, NOW + timedelta(days=1))
    queued = [
        msisdn for msisdn, kind in queued_sms(scenario) if kind == "agent_sms.request_waiting"
    ]
    assert queued == ["+254711000201", "+254711000202"] * 2

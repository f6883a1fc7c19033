"""Registrations by text: checked, stored, told back, and done only with the PIN from the menu."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import text

from core.errors import Refused
from core.money import Money
from core.pin import Pins
from core.plan_quote import PlanQuote, ServiceQuote
from core.usecases.catalogue.choices import TariffOffer
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.messages.inbound import InboundText
from core.usecases.registration.by_agent import RegisteredDevice
from core.usecases.registration.by_sms import (
    KEPT,
    PendingRequest,
    RegistrationRequest,
    confirm_registration,
    drop_registration_request,
    get_registration_request,
    list_registration_requests,
    store_registration_request,
)
from gateway.limits import Limits, SerialGuesses
from gateway.sms.answers import answer_text
from tests.support.builders import give_device, insert_agent
from tests.support.cast import (
    AMINA,
    DAY_KIT,
    JUMA,
    METER,
    NEEMA,
    NEW_METER,
    PEPPER,
    STOCK_KIT,
    STOCK_METER,
    STRANGER,
)
from tests.support.scenario import Scenario

NEWCOMER = "+254711000222"
ASHA = NewCustomer(NEWCOMER, "Asha", "Mwangi", "KIB")


def request(
    scenario: Scenario,
    serial: str = STOCK_METER,
    terms: str = "home",
    agent: str = JUMA,
    **changed: str,
) -> tuple[PendingRequest, TariffOffer | PlanQuote | ServiceQuote]:
    with scenario.open_unit() as unit:
        request = RegistrationRequest(serial, replace(ASHA, **changed), terms)
        return store_registration_request(unit, agent, request)


def confirm_request(
    scenario: Scenario, serial: str = STOCK_METER, pin: str = "4321", agent: str = JUMA
) -> Any:
    request_id = waiting_id(scenario, serial)
    with scenario.open_unit() as unit:
        return confirm_registration(unit, agent, pin, request_id, "session:1")


def waiting_id(scenario: Scenario, serial: str) -> int:
    """The id of the newest request for the device; 0 where there is none."""
    found = scenario.rows(
        "SELECT coalesce(max(id), 0) FROM pending_registrations WHERE serial = :serial",
        serial=serial,
    )
    return int(found[0][0])


def waiting_serials(scenario: Scenario, agent: str = JUMA) -> list[str]:
    with scenario.open_unit() as unit:
        return [request.serial for request in list_registration_requests(unit, agent)]


def owner_of(scenario: Scenario, serial: str) -> tuple[str, str, str] | None:
    rows = scenario.rows(
        "SELECT m.msisdn, c.name, c.surname FROM devices d JOIN customers c ON c.id ="
        " d.owner_id JOIN customer_msisdns m ON m.customer_id = c.id WHERE d.serial = :s",
        s=serial,
    )
    return rows[0] if rows else None


def test_a_request_registers_nothing_until_the_pin_confirms_it(scenario: Scenario) -> None:
    waiting, offer = request(scenario, serial="0100-0000 024", village="kib", terms="HOME")
    assert isinstance(offer, TariffOffer)

    assert (waiting.serial, offer.tariff, waiting.owner) == (STOCK_METER, "home", "Asha Mwangi")
    assert owner_of(scenario, STOCK_METER) is None
    assert waiting_serials(scenario) == [STOCK_METER]

    assert confirm_request(scenario) == RegisteredDevice(STOCK_METER)
    assert owner_of(scenario, STOCK_METER) == (NEWCOMER, "Asha", "Mwangi")
    assert waiting_serials(scenario) == []
    assert scenario.rows("SELECT kind FROM sms ORDER BY id") == [
        ("agent_sms.welcome",),
        ("agent_sms.registered",),
    ]


@pytest.mark.parametrize(
    ("terms", "parts", "each", "down"),
    [
        ("kit/12W", 12, 50_00, 0),
        ("KIT/4m/200", 4, 100_00, 200_00),
        ("kit/@150W", 4, 150_00, 0),
        ("kit/@100d/100", 5, 100_00, 100_00),
    ],
)
def test_a_kit_is_asked_for_with_its_plan(
    scenario: Scenario, terms: str, parts: int, each: int, down: int
) -> None:
    _, quote = request(scenario, STOCK_KIT, terms)
    assert isinstance(quote, PlanQuote)

    assert (quote.parts, quote.each) == (parts, Money(each, "KES"))
    assert quote.down_payment == Money(down, "KES")

    assert confirm_request(scenario, STOCK_KIT) == RegisteredDevice(STOCK_KIT)
    assert scenario.rows(
        "SELECT count(*) FROM instalments i JOIN sales s ON s.id = i.sale_id JOIN devices d"
        " ON d.id = s.device_id WHERE d.serial = :s AND number > 0",
        s=STOCK_KIT,
    ) == [(parts,)]


def test_a_known_number_needs_no_name_and_is_shown_masked(scenario: Scenario) -> None:
    waiting, _ = request(scenario, msisdn=NEEMA, name="", surname="")

    assert waiting.owner == "N***a A."
    assert confirm_request(scenario) == RegisteredDevice(STOCK_METER)
    assert owner_of(scenario, STOCK_METER) == (NEEMA, "Neema", "Achieng")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"agent": AMINA}, "not_an_agent"),
        ({"agent": STRANGER}, "not_an_agent"),
        ({"serial": "NOSUCH"}, "office_enters"),
        ({"serial": METER}, "device_taken"),
        ({"village": "XYZ"}, "village_unknown"),
        ({"terms": "XYZ"}, "tariff_unknown"),
        ({"name": ""}, "name_missing"),
        ({"serial": STOCK_KIT, "terms": "home"}, "plan_unreadable"),
        ({"serial": STOCK_KIT, "terms": "kit/12Y"}, "plan_unreadable"),
        ({"serial": STOCK_KIT, "terms": "nosuch/12W"}, "appliance_unknown"),
        ({"serial": STOCK_KIT, "terms": "cooker/12W"}, "kind_differs"),
        ({"serial": STOCK_KIT, "terms": "kit/999W"}, "plan_count"),
        ({"serial": STOCK_KIT, "terms": "kit/0W"}, "plan_count"),
        ({"serial": STOCK_KIT, "terms": "kit/12W/900"}, "plan_down_payment"),
        ({"serial": STOCK_KIT, "terms": "kit/@9999W"}, "plan_instalment_large"),
        ({"serial": STOCK_KIT, "terms": "kit/@0W"}, "plan_instalment_small"),
    ],
)
def test_what_cannot_be_registered_is_refused_at_once(
    scenario: Scenario, changed: dict[str, str], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        request(scenario, **changed)

    assert refused.value.code == code
    assert scenario.rows("SELECT count(*) FROM pending_registrations") == [(0,)]


def test_a_wrong_pin_registers_nothing_and_the_request_stays(scenario: Scenario) -> None:
    request(scenario)

    refused = confirm_request(scenario, pin="9999")

    assert isinstance(refused, Refused)
    assert refused.code == "pin_wrong"
    assert owner_of(scenario, STOCK_METER) is None
    assert waiting_serials(scenario) == [STOCK_METER]


def test_asking_again_replaces_and_dropping_forgets(scenario: Scenario) -> None:
    request(scenario, name="Wrong")
    request(scenario)
    assert waiting_serials(scenario) == [STOCK_METER]

    with scenario.open_unit() as unit:
        drop_registration_request(unit, JUMA, waiting_id(scenario, STOCK_METER))
    assert waiting_serials(scenario) == []
    with pytest.raises(Refused, match="no_such_request"):
        confirm_request(scenario)


def test_what_was_shown_is_what_is_confirmed(scenario: Scenario) -> None:
    """Anybody can send an SMS with the agent's number as its sender."""
    shown, _ = request(scenario)
    request(scenario, msisdn="+254733666002", name="Evil", surname="Thief")

    with scenario.open_unit() as unit, pytest.raises(Refused, match="no_such_request"):
        confirm_registration(unit, JUMA, "4321", shown.request_id, "session:1")
    with scenario.open_unit() as unit, pytest.raises(Refused, match="no_such_request"):
        drop_registration_request(unit, JUMA, shown.request_id)
    assert owner_of(scenario, STOCK_METER) is None


def test_a_request_that_waited_too_long_is_gone(scenario: Scenario) -> None:
    request(scenario)
    scenario.ahead += KEPT

    assert waiting_serials(scenario) == []
    with pytest.raises(Refused, match="no_such_request"):
        confirm_request(scenario)


def test_agents_see_and_confirm_only_their_own(scenario: Scenario) -> None:
    other = "+254711000199"
    with scenario.engine.begin() as connection:
        insert_agent(connection, msisdn=other, pin_hash=Pins(PEPPER).hash("7777"))
    request(scenario)

    assert waiting_serials(scenario, agent=other) == []
    with pytest.raises(Refused, match="no_such_request"):
        confirm_request(scenario, agent=other, pin="7777")


def test_a_device_that_was_taken_meanwhile_is_refused(scenario: Scenario) -> None:
    request(scenario)
    with scenario.engine.begin() as connection:
        give_device(connection, STOCK_METER, AMINA)

    with pytest.raises(Refused, match="device_taken"):
        confirm_request(scenario)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            f"REG {STOCK_METER} 0711000222 KIB home Asha Mwangi",
            f"Meter {STOCK_METER}, tariff home, for Asha Mwangi {NEWCOMER}. Nothing is registered",
        ),
        (
            f"sajili {STOCK_KIT} 0711000222 kib kit/12W/60 Asha Mwangi",
            f"Lamp kit {STOCK_KIT} for Asha Mwangi {NEWCOMER}: 12 x KES 45 weekly, down KES 60.",
        ),
        ("REG", "Write REG serial phone village tariff name surname, like:"),
        ("REG 01000000024 Asha Mwangi", "Write REG serial phone"),
        (f"REG {METER} 0711000222 KIB home Asha Mwangi", f"{METER} has an owner already."),
    ],
)
def test_an_agent_registers_by_text(
    scenario: Scenario, redis: Redis, body: str, words: str
) -> None:
    with scenario.open_unit() as unit:
        answer_text(unit, InboundText("at", "1", JUMA, body), SerialGuesses(Limits(redis)))

    ((answer,),) = scenario.rows("SELECT body FROM sms")
    assert answer.startswith(words)


def test_others_do_not(scenario: Scenario, redis: Redis) -> None:
    with scenario.open_unit() as unit:
        body = f"REG {STOCK_METER} 0711000222 KIB home Asha Mwangi"
        answer_text(unit, InboundText("at", "1", AMINA, body), SerialGuesses(Limits(redis)))

    assert scenario.rows("SELECT body FROM sms") == [("Only agents can do this.",)]


def test_a_plan_may_be_named_by_the_code_the_operator_gave_it(scenario: Scenario) -> None:
    _, quote = request(scenario, STOCK_KIT, "TV6")
    assert isinstance(quote, PlanQuote)

    assert (quote.appliance, quote.parts, quote.each) == ("tv", 6, Money(150_00, "KES"))
    assert confirm_request(scenario, STOCK_KIT) == RegisteredDevice(STOCK_KIT)


def test_a_kit_may_be_asked_for_by_the_day_in_every_language(scenario: Scenario) -> None:
    for word in ("DAY", "siku", "Jour"):
        _, quote = request(scenario, DAY_KIT, f"sun/{word}")
        assert isinstance(quote, ServiceQuote)
        assert (quote.per_day, quote.least) == (Money(50_00, "KES"), Money(100_00, "KES"))

    assert confirm_request(scenario, DAY_KIT) == RegisteredDevice(DAY_KIT)
    assert scenario.rows("SELECT scheme FROM sales WHERE reference LIKE 'agent:%'") == [
        ("service",)
    ]


def test_a_meter_that_was_never_imported_may_be_asked_for(scenario: Scenario) -> None:
    request(scenario, NEW_METER)
    assert scenario.rows("SELECT count(*) FROM devices WHERE serial = :s", s=NEW_METER) == [(0,)]

    assert confirm_request(scenario, NEW_METER) == RegisteredDevice(NEW_METER)
    assert owner_of(scenario, NEW_METER) == (NEWCOMER, "Asha", "Mwangi")


def test_an_agent_registers_by_text_in_their_own_villages_only(scenario: Scenario) -> None:
    with scenario.engine.begin() as connection:
        connection.execute(
            text("UPDATE agents SET villages = '{MAK}' WHERE msisdn = :m"), {"m": JUMA}
        )

    with pytest.raises(Refused, match="village_unknown"):
        request(scenario, village="KIB")
    assert request(scenario, village="mak")[0].serial == STOCK_METER


def test_what_became_impossible_is_still_listed_and_can_be_dropped(scenario: Scenario) -> None:
    request(scenario, STOCK_KIT, "kit/@600W")
    with scenario.engine.begin() as connection:
        connection.execute(text("UPDATE appliances SET price_minor = 50000 WHERE code = 'kit'"))

    assert waiting_serials(scenario) == [STOCK_KIT]
    with scenario.open_unit() as unit, pytest.raises(Refused, match="plan_instalment_large"):
        get_registration_request(unit, JUMA, waiting_id(scenario, STOCK_KIT))
    with pytest.raises(Refused, match="plan_instalment_large"):
        confirm_request(scenario, STOCK_KIT)


def test_it_is_shown_and_sold_at_the_price_of_the_day(scenario: Scenario) -> None:
    asked = request(scenario, STOCK_KIT, "kit/6M")[1]
    assert isinstance(asked, PlanQuote)
    assert asked.each == Money(100_00, "KES")
    with scenario.engine.begin() as connection:
        connection.execute(text("UPDATE appliances SET price_minor = 120000 WHERE code = 'kit'"))

    with scenario.open_unit() as unit:
        shown = get_registration_request(unit, JUMA, waiting_id(scenario, STOCK_KIT))[1]
        assert isinstance(shown, PlanQuote)
        assert shown.each == Money(200_00, "KES")

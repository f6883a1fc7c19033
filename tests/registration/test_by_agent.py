"""Customer and device in one act, by an agent or oneself: both or neither, and to one person."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, Row, text

from core.errors import Refused
from core.payment import PaymentNotice
from core.pin import Pins
from core.plan import PlanTerms
from core.unit import OpenUnit, Unit, unit_opener
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice
from core.usecases.devices.transfer_meter import transfer_meter
from core.usecases.payments.record import record_payment
from core.usecases.registration.by_agent import (
    NewMeter,
    RegisteredDevice,
    register_meter,
    register_on_plan,
)
from core.usecases.registration.device_requests import get_device_request, list_device_requests
from core.usecases.registration.self_service import register_own_device, request_device
from core.usecases.sales.allowed_plans import set_plan_on
from core.usecases.sales.sell import NewSale, sell_by_agent
from tests.support.builders import terms_by_amount, terms_by_count
from tests.support.cast import (
    AMINA,
    BARAKA,
    JUMA,
    KIT,
    METER,
    NEEMA,
    PEPPER,
    READY_KIT,
    READY_METER,
    STOCK_KIT,
    STOCK_METER,
    STRANGER,
    ZURI,
    insert_cast,
)
from tests.support.scenario import NOW

NEWCOMER = "+254722000001"
WAITING = """
    SELECT count(*) AS n FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
ASHA = NewCustomer(NEWCOMER, "Asha", "Mwangi", "kib")
BY_150 = terms_by_amount("kit", 150_00)


@pytest.fixture
def open_unit(engine: Engine) -> OpenUnit:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM market"))
        insert_cast(connection, NOW.date())
    return unit_opener(engine, lambda: NOW, pins=Pins(PEPPER))


def row_of(engine: Engine, sql: str, **values: str) -> Row[Any]:
    with engine.connect() as connection:
        return connection.execute(text(sql), values).one()


def everything(engine: Engine) -> Row[Any]:
    """How many rows the tables have that a registration writes."""
    return row_of(
        engine,
        "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM sales),"
        " (SELECT count(*) FROM devices WHERE owner_id IS NULL), (SELECT count(*) FROM sms),"
        " (SELECT count(*) FROM journal_entries)",
    )


def owner_of(engine: Engine, serial: str) -> str:
    sql = (
        "SELECT m.msisdn FROM devices d JOIN customer_msisdns m ON m.customer_id = d.owner_id"
        " WHERE d.serial = :serial"
    )
    found: str = row_of(engine, sql, serial=serial).msisdn
    return found


def on_plan(
    unit: Unit, customer: NewCustomer = ASHA, serial: str = STOCK_KIT, terms: PlanTerms = BY_150
) -> RegisteredDevice | Refused:
    sale = NewSale(terms, NamedDevice(serial, "shs", "sunlite"))
    return register_on_plan(unit, JUMA, "4321", customer, sale, "s/1")


def test_a_newcomer_gets_a_name_a_village_and_a_meter_at_once(
    engine: Engine, open_unit: OpenUnit
) -> None:
    meter = NewMeter(NamedDevice(STOCK_METER, "meter", "umeme"), "home")
    with open_unit() as unit:
        register_meter(unit, JUMA, "4321", ASHA, meter)

    customer = row_of(
        engine,
        "SELECT c.name, c.surname, v.code FROM customers c JOIN customer_msisdns m"
        " ON m.customer_id = c.id JOIN villages v ON v.id = c.village_id WHERE m.msisdn = :msisdn",
        msisdn=NEWCOMER,
    )
    assert tuple(customer) == ("Asha", "Mwangi", "KIB")
    assert owner_of(engine, STOCK_METER) == NEWCOMER


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"serial": "NOSUCH"}, "office_enters"),
        ({"serial": KIT}, "device_taken"),
        ({"serial": STOCK_METER}, "device_other"),
        ({"customer": replace(ASHA, village="NAIROBI")}, "village_unknown"),
        ({"terms": terms_by_amount("kit", 601_00)}, "plan_instalment_large"),
        ({"terms": terms_by_count("kit", 521)}, "plan_count"),
        ({"terms": terms_by_amount("kit", 150_00, down_minor=601_00)}, "plan_down_payment"),
        ({"terms": terms_by_amount("tv", 150_00)}, "plan_not_allowed"),
        ({"customer": replace(ASHA, msisdn=AMINA)}, "differs"),
        ({"customer": replace(ASHA, name="")}, "customer_unknown"),
    ],
)
def test_a_refused_registration_leaves_nothing_behind(
    engine: Engine, open_unit: OpenUnit, changed: dict[str, Any], code: str
) -> None:
    before = everything(engine)

    with pytest.raises(Refused) as refused, open_unit() as unit:
        on_plan(unit, **changed)

    assert refused.value.code == code
    assert everything(engine) == before


def test_a_sale_knows_its_agent_and_earns_the_commission_of_its_price(
    engine: Engine, open_unit: OpenUnit
) -> None:
    with open_unit() as unit:
        on_plan(unit)

    sold = row_of(engine, "SELECT a.msisdn FROM sales s JOIN agents a ON a.id = s.agent_id")
    earned = row_of(
        engine, "SELECT commission_minor FROM agents WHERE msisdn = :msisdn", msisdn=JUMA
    )
    assert (sold.msisdn, earned.commission_minor) == (JUMA, 30_00)


def test_where_the_operator_allows_plans_an_agent_sells_by_no_other(
    engine: Engine, open_unit: OpenUnit
) -> None:
    def sell(instalments: int, once: str) -> None:
        sale = NewSale(terms_by_count("tv", instalments), NamedDevice(STOCK_KIT))
        with open_unit() as unit:
            sell_by_agent(unit, JUMA, "4321", NEEMA, sale, once)

    with pytest.raises(Refused) as refused:
        sell(7, "s/1")
    assert refused.value.code == "plan_not_allowed"

    sell(6, "s/2")
    assert owner_of(engine, STOCK_KIT) == NEEMA


def test_two_people_cannot_claim_one_meter(engine: Engine, open_unit: OpenUnit) -> None:
    answers = []

    def claim(msisdn: str) -> None:
        try:
            with open_unit() as unit:
                register_own_device(
                    unit, NewCustomer(msisdn, "Asha", "Mwangi"), READY_METER, f"{msisdn}/1"
                )
            answers.append("theirs")
        except Refused as refused:
            answers.append(refused.code)

    together(*(lambda msisdn=msisdn: claim(msisdn) for msisdn in (NEWCOMER, STRANGER, NEEMA)))

    assert sorted(answers) == ["device_taken", "device_taken", "theirs"]
    assert owner_of(engine, READY_METER) in (NEWCOMER, STRANGER, NEEMA)
    customers = row_of(engine, "SELECT count(*) AS n FROM customers").n
    assert customers == (4 if owner_of(engine, READY_METER) == NEEMA else 5)


def test_a_kit_with_a_plan_is_sold_on_it_to_the_customer_who_registers_it(
    engine: Engine, open_unit: OpenUnit
) -> None:
    with open_unit() as unit:
        register_own_device(unit, NewCustomer(NEEMA), READY_KIT, "s/1")

    plan = row_of(
        engine,
        "SELECT count(*) AS parts, sum(amount_minor) AS total FROM instalments i"
        " JOIN sales s ON s.id = i.sale_id JOIN devices d ON d.id = s.device_id"
        " WHERE d.serial = :serial",
        serial=READY_KIT,
    )
    assert (plan.parts, plan.total) == (6, 900_00)
    assert owner_of(engine, READY_KIT) == NEEMA


@pytest.mark.parametrize("serial", [STOCK_METER, STOCK_KIT])
def test_what_the_operator_has_not_set_up_cannot_be_claimed(
    engine: Engine, open_unit: OpenUnit, serial: str
) -> None:
    with pytest.raises(Refused) as refused, open_unit() as unit:
        register_own_device(unit, NewCustomer(NEEMA), serial, "s/1")

    assert refused.value.code == "device_waits"


def test_a_plan_set_by_an_operator_makes_a_kit_ready_and_is_noted(
    engine: Engine, open_unit: OpenUnit
) -> None:
    with open_unit() as unit:
        set_plan_on(unit, STOCK_KIT, "tv6", "grace", "sold at the market")
    with open_unit() as unit:
        register_own_device(unit, NewCustomer(NEEMA), STOCK_KIT, "s/1")

    assert owner_of(engine, STOCK_KIT) == NEEMA
    assert row_of(engine, "SELECT operator, reason FROM audit_log").operator == "grace"


def test_a_request_waits_for_the_agents_of_its_village_until_the_device_is_out(
    engine: Engine, open_unit: OpenUnit
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE agents SET villages = '{KIB}' WHERE msisdn = :m"), {"m": JUMA}
        )
    with open_unit() as unit:
        request_device(unit, NewCustomer(NEWCOMER, "Asha", "Mwangi", "KIB"), STOCK_KIT)
        request_device(unit, NewCustomer(STRANGER, "Otis", "Maina", "MAK"), STOCK_METER)
        request_device(unit, NewCustomer(NEWCOMER, "Asha", "Mwangi", "KIB"), STOCK_KIT)
        (waiting,) = list_device_requests(unit, JUMA)

    assert (waiting.serial, waiting.owner, waiting.phone) == (STOCK_KIT, "Asha Mwangi", NEWCOMER)
    assert row_of(engine, "SELECT count(*) AS n FROM sms WHERE msisdn = :m", m=NEWCOMER).n == 1
    with open_unit() as unit:
        on_plan(unit)
        with pytest.raises(Refused) as refused:
            get_device_request(unit, JUMA, waiting.request)
    assert refused.value.code == "no_such_request"


def test_one_number_cannot_ask_for_a_whole_warehouse(engine: Engine, open_unit: OpenUnit) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO devices (serial, kind, manufacturer_id)"
                " SELECT 'BOX' || n, 'shs', (SELECT min(id) FROM manufacturers)"
                " FROM generate_series(1, 6) n"
            )
        )
    for number in range(1, 6):
        with open_unit() as unit:
            request_device(unit, NewCustomer(STRANGER, "Otis", "Maina", ""), f"BOX{number}")

    with pytest.raises(Refused) as refused, open_unit() as unit:
        request_device(unit, NewCustomer(STRANGER, "Otis", "Maina", ""), "BOX6")

    assert refused.value.code == "requests_many"


def test_a_moved_meter_leaves_its_debts_behind_and_starts_clean(
    engine: Engine, open_unit: OpenUnit
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE tariff_versions SET access_rate_minor = 10000, access_every_days = 30")
        )
        connection.execute(
            text("UPDATE devices SET access_anchor_on = :on WHERE serial = :serial"),
            {"on": NOW.date() - timedelta(days=45), "serial": METER},
        )

    with open_unit() as unit:
        transfer_meter(unit, JUMA, "4321", METER, BARAKA)

    charge = row_of(
        engine,
        "SELECT m.msisdn, a.amount_minor, a.paid_minor FROM access_charges a"
        " JOIN customer_msisdns m ON m.customer_id = a.customer_id",
    )
    assert tuple(charge) == (AMINA, 100_00, 0)
    meter = row_of(
        engine,
        "SELECT assigned_on, access_anchor_on FROM devices WHERE serial = :serial",
        serial=METER,
    )
    assert tuple(meter) == (NOW.date(), NOW.date())
    assert owner_of(engine, METER) == BARAKA


def test_a_meter_with_money_on_its_way_is_not_moved(engine: Engine, open_unit: OpenUnit) -> None:
    with open_unit() as unit:
        record_payment(
            unit,
            PaymentNotice(
                "daraja:600123", "SKE1", "c2b", 500_00, "KES", METER, "none", None, unit.now
            ),
        )

    with pytest.raises(Refused) as refused, open_unit() as unit:
        transfer_meter(unit, JUMA, "4321", METER, BARAKA)

    assert refused.value.code == "payment_waiting"
    assert owner_of(engine, METER) == AMINA


def test_a_meter_moved_twice_at_once_goes_to_one_of_them(
    engine: Engine, open_unit: OpenUnit
) -> None:
    with engine.begin() as connection:  # another agent, whose lock is another
        connection.execute(text("UPDATE agents SET pin_is_initial = false"))
    answers = []

    def move(agent: str, phone: str) -> None:
        try:
            with open_unit() as unit:
                moved = transfer_meter(unit, agent, "4321", METER, phone)
                assert not isinstance(moved, Refused)
                answers.append(moved.serial)
        except Refused as refused:
            answers.append(refused.code)

    with engine.begin() as first:  # until both have read whose it is and wait for her
        first.execute(text("SELECT FROM customers FOR UPDATE"))
        movers = start(lambda: move(JUMA, BARAKA), lambda: move(ZURI, NEEMA))
        while row_of(engine, WAITING).n < 2:
            assert all(mover.is_alive() for mover in movers)
    finish(movers)

    assert sorted(answers) == [METER, "device_of_another"]
    texts = row_of(
        engine, "SELECT count(*) AS n FROM sms WHERE kind = 'agent_sms.meter_transferred'"
    ).n
    assert texts == 1


def together(*actions: Any) -> None:
    """Run these at once, each in a thread of its own."""
    finish(start(*actions))


def start(*actions: Any) -> list[Thread]:
    workers = [threading.Thread(target=action) for action in actions]
    for worker in workers:
        worker.start()
    return workers


def finish(workers: list[Thread]) -> None:
    for worker in workers:
        worker.join()

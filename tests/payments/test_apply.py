"""Applying payments: once, whole or not at all, beside any number of workers."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.device import Device
from core.errors import BadCallback
from core.payment import PaymentNotice
from core.tokens.family import DeviceSecret
from core.tokens.sts_keys import StsMeter
from core.unit import OpenUnit
from core.usecases.payments.apply import apply_payments
from core.usecases.payments.record import record_payment
from core.usecases.tokens.device_keys import OpenSecret
from tests.support import cast
from tests.support.builders import (
    insert_customer,
    insert_device,
    insert_manufacturer,
    insert_sale,
    insert_tariff,
)
from tests.support.scenario import NOW, Scenario

METER, KIT, OWNER = "01000000016", "KIT1", "+254711000001"
RECEIVED_LEGS = """
    SELECT account, side FROM postings p JOIN journal_entries e ON e.id = p.entry_id
     WHERE e.kind = 'received' ORDER BY p.id
"""
STS = StsMeter(11, 4, "600000", 1, "01", 2, vending_key=bytes(20))


def open_secret(device: Device) -> DeviceSecret:
    sts = STS if device.token_family == "sts" else None
    return DeviceSecret(device.serial, device.token_family, bytes(16), 123456789, sts)


@pytest.fixture
def home(engine: Engine) -> int:
    """Amina: a meter at 100 a kWh, an overdue loan of 300, a kit with two weekly parts of 150."""
    with engine.begin() as connection:
        amina = insert_customer(connection, msisdn=OWNER)
        meters = insert_manufacturer(connection, token_family="sts")
        kits = insert_manufacturer(connection, token_family="openpaygo")
        insert_device(
            connection,
            serial=METER,
            manufacturer_id=meters,
            owner_id=amina,
            tariff_id=insert_tariff(connection),
            assigned_on=date(2026, 11, 1),
        )
        kit = insert_device(
            connection,
            serial=KIT,
            manufacturer_id=kits,
            kind="shs",
            owner_id=amina,
            initial_counter=1,
            token_counter=1,
        )
        insert_sale(
            connection,
            customer_id=amina,
            amounts_minor=(300_00,),
            appliance_kind="other",
            first_due_on=date(2026, 11, 20),
        )
        insert_sale(
            connection,
            customer_id=amina,
            amounts_minor=(150_00, 150_00),
            device_id=kit,
            first_due_on=date(2026, 11, 30),
        )
    return amina


def notice(
    receipt: str = "R1", amount: int = 500_00, account: str = METER, **changes: Any
) -> PaymentNotice:
    values: dict[str, Any] = {
        "provider_account": "daraja:600123",
        "receipt": receipt,
        "source": "c2b",
        "amount_minor": amount,
        "currency": "KES",
        "account": account,
        "payer_kind": "none",
        "payer": None,
        "paid_at": NOW,
    }
    return PaymentNotice(**(values | changes))


def pay(open_unit: OpenUnit, *notices: PaymentNotice) -> None:
    for notice in notices:
        with open_unit() as unit:
            record_payment(unit, notice)


def apply(open_unit: OpenUnit, opener: OpenSecret = open_secret) -> int:
    with open_unit() as unit:
        return apply_payments(unit, opener)


def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def test_a_payment_clears_the_loan_and_the_rest_becomes_energy(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    pay(open_unit, notice())

    apply(open_unit)

    assert rows(engine, "SELECT kind, amount_minor FROM payment_lines ORDER BY number") == [
        ("instalment", 300_00),
        ("energy", 200_00),
    ]
    assert rows(engine, "SELECT kind, units FROM tokens") == [("energy", 20)]


def test_a_receipt_booked_twice_is_one_payment(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    pay(open_unit, notice(), notice(source="stk"))

    apply(open_unit)

    assert rows(engine, "SELECT count(*) FROM payments") == [(1,)]
    assert rows(engine, "SELECT count(*) FROM tokens") == [(1,)]


def test_the_receipt_text_carries_the_token_as_it_is_typed(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    pay(open_unit, notice())

    apply(open_unit)

    [(token,)] = rows(engine, "SELECT text FROM tokens")
    [(body, msisdn, segments)] = rows(engine, "SELECT body, msisdn, segments FROM sms")
    assert " ".join(token[i : i + 4] for i in range(0, 20, 4)) in body
    assert "Paid KES 500: loan 300, 2.0 kWh. Due now KES 0. Ref R1" in body
    assert (msisdn, segments) == (OWNER, 1)


def test_the_last_instalment_brings_the_unlock_and_closes_the_sale(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    pay(open_unit, notice(amount=700_00, account=KIT))

    apply(open_unit)

    assert rows(engine, "SELECT kind FROM tokens") == [("unlock",)]
    assert rows(engine, "SELECT count(*) FROM sales WHERE state = 'complete'") == [(2,)]
    assert rows(engine, "SELECT credit_minor FROM customers") == [(100_00,)]


def test_payments_of_one_batch_see_what_the_earlier_ones_paid(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    pay(open_unit, notice("R1", 300_00), notice("R2", 150_00, KIT), notice("R3", 100_00))

    apply(open_unit)

    assert rows(engine, "SELECT kind, units FROM tokens ORDER BY id") == [
        ("days", 7),
        ("energy", 10),
    ]


def test_a_fee_that_fell_due_this_morning_is_charged_before_the_money_is_applied(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE tariff_versions SET access_rate_minor = 5000, access_every_days = 23")
        )
    pay(open_unit, notice())

    apply(open_unit)

    assert rows(engine, "SELECT kind, amount_minor FROM payment_lines ORDER BY number") == [
        ("instalment", 300_00),
        ("access_rate", 50_00),
        ("energy", 150_00),
    ]


def test_a_payment_that_cannot_be_applied_never_takes_its_neighbours_with_it(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    def kits_only(device: Device) -> Any:
        if device.serial == METER:
            raise KeyError("no vending key")
        return open_secret(device)

    pay(open_unit, notice("R1", 500_00), notice("R2", 150_00, KIT))

    apply(open_unit, kits_only)

    assert rows(engine, "SELECT receipt, state, attempts FROM payments ORDER BY id") == [
        ("R1", "received", 1),
        ("R2", "applied", 0),
    ]
    [(problem,)] = rows(engine, "SELECT problem FROM payments WHERE receipt = 'R1'")
    assert "no vending key" in problem


def test_one_by_one_they_go_by_the_time_they_were_made_too(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    def meters_only(device: Device) -> Any:
        if device.serial == KIT:
            raise KeyError("no key")
        return open_secret(device)

    earlier = notice("R2", 200_00, source="pull", paid_at=NOW - timedelta(hours=2))
    pay(open_unit, notice("R1", 300_00), earlier, notice("R3", 150_00, KIT))

    apply(open_unit, meters_only)

    paid = rows(
        engine,
        "SELECT p.receipt, l.kind, l.amount_minor FROM payment_lines l"
        " JOIN payments p ON p.id = l.payment_id"
        " JOIN entry_ids e ON e.idempotency_key = 'applied:' || p.id ORDER BY e.id, l.number",
    )
    assert paid[0] == ("R2", "instalment", 200_00)
    assert paid[1:] == [("R1", "instalment", 100_00), ("R1", "energy", 200_00)]


def test_a_worker_stopped_before_its_commit_leaves_everything_waiting(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    pay(open_unit, notice())

    def stop_before_commit() -> None:
        with open_unit() as unit:
            apply_payments(unit, open_secret)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_before_commit()

    assert rows(engine, "SELECT state FROM payments") == [("received",)]
    assert rows(engine, "SELECT count(*) FROM tokens") == [(0,)]

    apply(open_unit)

    assert rows(engine, "SELECT state FROM payments") == [("applied",)]
    assert rows(engine, "SELECT count(*) FROM tokens") == [(1,)]


def test_workers_side_by_side_apply_every_payment_once_and_never_reuse_a_counter(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    pay(open_unit, *(notice(f"R{number}", 100_00) for number in range(30)))

    def work() -> None:
        while True:
            with open_unit() as unit:
                if not apply_payments(unit, open_secret, limit=3):
                    return

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    # 3000 paid: 300 of it to the overdue loan, the rest is 27 kWh, 1 kWh a payment.
    assert rows(engine, "SELECT count(*), count(DISTINCT counter), sum(units) FROM tokens") == [
        (27, 27, 270)
    ]
    assert rows(engine, "SELECT DISTINCT state FROM payments") == [("applied",)]


def test_money_for_no_device_is_held_and_a_payer_who_can_be_reached_is_told(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    pay(open_unit, notice(account="NOSUCH", payer_kind="msisdn", payer="+254722000009"))

    assert rows(engine, "SELECT state FROM payments") == [("suspense",)]
    assert rows(engine, RECEIVED_LEGS) == [
        ("clearing:daraja:600123", "debit"),
        ("suspense", "credit"),
    ]
    [(body, msisdn)] = rows(engine, "SELECT body, msisdn FROM sms")
    assert "NOSUCH" in body
    assert msisdn == "+254722000009"


def test_a_payer_who_is_not_the_owner_hears_of_it_without_the_token(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    pay(open_unit, notice(payer_kind="msisdn", payer="+254722000009"))

    apply(open_unit)

    bodies = dict(rows(engine, "SELECT msisdn, body FROM sms"))
    assert "A***a O." in bodies["+254722000009"]
    assert "Token" not in bodies["+254722000009"]
    assert "Token" in bodies[OWNER]


@pytest.mark.parametrize(
    "wrong", [{"amount": 0}, {"currency": "UGX"}], ids=["nothing paid", "another currency"]
)
def test_what_cannot_be_booked_leaves_no_trace(
    engine: Engine, open_unit: OpenUnit, home: int, wrong: dict[str, Any]
) -> None:
    with pytest.raises(BadCallback):
        pay(open_unit, notice(**wrong))

    assert rows(engine, "SELECT count(*) FROM payments") == [(0,)]


@pytest.mark.parametrize(
    ("account", "purpose"),
    [(METER, "device"), (f"{METER} loan", "loan"), ("0100-0000 016", "device")],
)
def test_an_account_is_a_serial_as_people_type_it_and_may_say_loan(
    engine: Engine, open_unit: OpenUnit, home: int, account: str, purpose: str
) -> None:
    pay(open_unit, notice(account=account))

    assert rows(engine, "SELECT purpose FROM payments") == [(purpose,)]


def test_the_last_instalment_of_a_meter_needs_no_unlock(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    with engine.begin() as connection:
        meter_id = connection.execute(
            text("SELECT id FROM devices WHERE serial = :serial"), {"serial": METER}
        ).scalar_one()
        insert_sale(
            connection,
            customer_id=home,
            device_id=meter_id,
            amounts_minor=(100_00,),
            appliance_kind="meter",
            days=0,
            first_due_on=date(2026, 11, 20),
        )
    pay(open_unit, notice(amount=500_00))

    apply(open_unit)

    assert rows(engine, "SELECT kind, units FROM tokens") == [("energy", 10)]


def test_a_callback_is_booked_while_a_worker_holds_the_same_customer(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    pay(open_unit, notice("R1"))

    with open_unit() as working:
        apply_payments(working, open_secret)
        with open_unit() as unit:
            unit.connection.execute(text("SET LOCAL lock_timeout = '500ms'"))
            record_payment(unit, notice("R2"))

    assert rows(engine, "SELECT receipt, state FROM payments ORDER BY id") == [
        ("R1", "applied"),
        ("R2", "received"),
    ]


def test_one_by_one_they_lock_their_customers_in_the_order_of_all_locks(
    scenario: Scenario,
) -> None:
    """The owner of the kit comes after the owner of the meter, and pays first. The order is watched
    in every test."""

    def kits_only(device: Device) -> DeviceSecret:
        if device.serial == cast.METER:
            raise KeyError("no vending key")
        return cast.OPEN_SECRET(device)

    scenario.pay("R1", cast.KIT, 150_00)
    scenario.pay("R2", cast.METER, 500_00)
    with scenario.open_unit() as unit:
        apply_payments(unit, kits_only)

    assert scenario.states() == ["applied", "received"]


def test_a_held_customer_stops_no_payment_of_another(scenario: Scenario) -> None:
    """Nor does a held customer's own payment fail: it is applied when the customer is free."""
    scenario.pay("HELD", cast.KIT, 150_00)
    scenario.pay("FREE", cast.METER, 500_00)
    with scenario.engine.begin() as other:
        other.execute(
            text(
                "SELECT FROM customers c JOIN devices d ON d.owner_id = c.id"
                " WHERE serial = :serial FOR NO KEY UPDATE OF c"
            ),
            {"serial": cast.KIT},
        )
        assert drain(scenario) == 1
        assert scenario.rows("SELECT receipt, state, problem FROM payments ORDER BY id") == [
            ("HELD", "received", None),
            ("FREE", "applied", None),
        ]
    assert drain(scenario) == 1
    assert scenario.states() == ["applied", "applied"]


def test_a_held_device_stops_no_payment_of_another(scenario: Scenario) -> None:
    """Its own payment is applied soon after it is free; it has not failed."""
    scenario.pay("HELD", cast.KIT, 150_00)
    scenario.pay("FREE", cast.METER, 500_00)
    with scenario.engine.begin() as other:
        other.execute(
            text("SELECT FROM devices WHERE serial = :serial FOR NO KEY UPDATE"),
            {"serial": cast.KIT},
        )
        drain(scenario)
        assert scenario.rows("SELECT receipt, state, attempts FROM payments ORDER BY id") == [
            ("HELD", "received", 0),
            ("FREE", "applied", 0),
        ]
    scenario.ahead = timedelta(seconds=6)
    assert drain(scenario) == 1
    assert scenario.states() == ["applied", "applied"]


def drain(scenario: Scenario) -> int:
    """Apply what can be applied, as a worker does; how many payments that were."""
    applied = 0
    while True:
        with scenario.open_unit() as unit:
            found = apply_payments(unit, cast.OPEN_SECRET)
        if not found:
            return applied
        applied += found

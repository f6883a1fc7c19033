"""What a payment would do, and when a channel that asks first is told no."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.errors import Refused
from core.money import Money
from core.unit import OpenUnit
from core.usecases.payments.quote import Quote, quote_payment
from tests.support.builders import (
    insert_customer,
    insert_device,
    insert_manufacturer,
    insert_sale,
    insert_tariff,
)

METER, KIT, IN_STOCK = "METER1", "KIT1", "STOCK1"


@pytest.fixture
def home(engine: Engine) -> int:
    """A meter at 100 a kWh with a minimum of 100, a paid-off kit, and one device in stock."""
    with engine.begin() as connection:
        owner = insert_customer(connection, msisdn="+254711000001")
        manufacturer = insert_manufacturer(connection, token_family="none")
        tariff = insert_tariff(connection, minimum_purchase_minor=100_00)
        shared: dict[str, Any] = {"manufacturer_id": manufacturer, "assigned_on": date(2026, 11, 1)}
        insert_device(connection, serial=METER, owner_id=owner, tariff_id=tariff, **shared)
        insert_device(connection, serial=KIT, kind="shs", owner_id=owner, **shared)
        insert_device(connection, serial=IN_STOCK, kind="shs", manufacturer_id=manufacturer)
    return owner


def owe(engine: Engine, owner: int, amount_minor: int) -> None:
    with engine.begin() as connection:
        insert_sale(
            connection,
            customer_id=owner,
            amounts_minor=(amount_minor,),
            appliance_kind="other",
            first_due_on=date(2026, 11, 20),
        )


def quote(open_unit: OpenUnit, serial: str, amount_minor: int, **options: bool) -> Quote:
    with open_unit() as unit:
        return quote_payment(unit, serial, amount_minor, **options)


@pytest.mark.parametrize(
    ("serial", "amount_minor", "code"),
    [
        ("NOSUCH", 100_00, "unknown_serial"),
        (IN_STOCK, 100_00, "device_in_stock"),
        (METER, 0, "amount_invalid"),
        (METER, 100_50, "amount_invalid"),
        (METER, 250_001_00, "amount_too_large"),
        (METER, 60_00, "below_minimum"),
        (KIT, 100_00, "nothing_to_pay"),
    ],
)
def test_money_that_would_buy_nothing_is_refused_with_the_reason(
    open_unit: OpenUnit, home: int, serial: str, amount_minor: int, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        quote(open_unit, serial, amount_minor)

    assert refused.value.code == code


def test_a_debt_may_be_paid_exactly_however_small(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    owe(engine, home, 60_00)

    assert [line.kind for line in quote(open_unit, METER, 60_00).outcome.lines] == ["instalment"]


def test_old_credit_below_the_minimum_does_not_stop_the_payment_of_a_debt(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    owe(engine, home, 60_00)
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET credit_minor = 4000"))

    lines = quote(open_unit, METER, 60_00).outcome.lines

    assert [(line.kind, line.amount_minor) for line in lines] == [
        ("instalment", 60_00),
        ("credit", 40_00),
    ]


def test_a_remainder_below_the_minimum_after_debts_is_refused(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    owe(engine, home, 300_00)

    with pytest.raises(Refused) as refused:
        quote(open_unit, METER, 360_00)

    assert refused.value.code == "below_minimum"


def test_money_for_a_paid_off_kit_may_pay_another_debt(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    owe(engine, home, 60_00)

    assert quote(open_unit, KIT, 100_00).outcome.credit_minor == 40_00


def test_paying_a_loan_is_not_bound_by_the_minimum_for_energy(
    engine: Engine, open_unit: OpenUnit, home: int
) -> None:
    owe(engine, home, 60_00)

    assert quote(open_unit, METER, 70_00, loan_only=True).outcome.credit_minor == 10_00


def test_a_loan_payment_without_a_loan_is_refused(open_unit: OpenUnit, home: int) -> None:
    with pytest.raises(Refused) as refused:
        quote(open_unit, METER, 500_00, loan_only=True)

    assert refused.value.code == "nothing_to_pay"


@pytest.mark.parametrize(
    ("lifeline", "offered", "least"),
    [(None, 350, 400), (50, 150, 200), (90, 360, 400), (0, 60, 100)],
)
def test_too_little_names_the_least_that_buys_energy_after_the_debts(
    engine: Engine, open_unit: OpenUnit, home: int, lifeline: int | None, offered: int, least: int
) -> None:
    """300 overdue and a minimum purchase of 100; the lifeline keeps a part for energy."""
    owe(engine, home, 300_00)
    if lifeline is not None:
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO waterfalls (valid_from, steps, lifeline_percent) VALUES"
                    " ('2026-01-01', '{arrears,access_rate,device}', :lifeline)"
                ),
                {"lifeline": lifeline},
            )

    with pytest.raises(Refused) as refused:
        quote(open_unit, METER, offered * 100)

    assert refused.value.values["minimum"] == Money(least * 100, "KES")
    assert quote(open_unit, METER, least * 100).outcome.energy_tenths

"""`dialwatt import` of what began earlier: no income, no fees and no days of the past."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.db.invariants import LEDGER, offenders
from core.unit import unit_opener
from core.usecases.catalogue.access_fees import accrue_access_rates
from core.usecases.sales.change_sale import reprice_sale
from core.usecases.sales.end_sale import cancel_sale
from tests.operations.commands.csv_lines import (
    AMINA,
    DEVICES,
    METER,
    SALES,
    STS,
    TODAY,
)

Rows = Callable[..., list[tuple[Any, ...]]]
Imported = Callable[[str, str], tuple[str, str]]
Refused = Callable[[str, str], str]
PAID = SALES.replace("reference", "reference,paid")
BOOKED = """
    SELECT p.account, p.side, p.amount_minor, e.value_on FROM journal_entries e
      JOIN postings p ON p.entry_id = e.id ORDER BY p.id
"""


def check_books(engine: Engine) -> None:
    with unit_opener(engine)() as unit:
        found = {name: offenders(unit.connection, sql, unit.now) for name, sql in LEDGER.items()}
    assert not any(found.values()), found


def test_a_sale_of_another_year_is_no_income_of_this_month(
    imported: Imported, devices: None, rows: Rows, engine: Engine
) -> None:
    imported("sales", f"{SALES}{AMINA},cooker,,1000,0,count,10,,monthly,2023-01-31,,S1\n")
    booked = [(account, side, minor, day.isoformat()) for account, side, minor, day in rows(BOOKED)]
    assert booked == [
        ("receivable:sales", "debit", 1000_00, "2023-01-31"),
        ("equity:opening", "credit", 1000_00, "2023-01-31"),
    ]
    check_books(engine)


def test_what_was_paid_before_closes_instalments_from_the_first_on(
    imported: Imported, devices: None, rows: Rows, engine: Engine
) -> None:
    line = f"{AMINA},lamp3,kit-1,400,100,amount,,150,weekly,2026-11-01,,S1,200\n"
    first, again = imported("sales", PAID + line)
    assert (first, again) == ("sales: 1 new, 0 already there", "sales: 0 new, 1 already there")
    assert rows("SELECT number, paid_minor, days_given FROM instalments ORDER BY number") == [
        (0, 100_00, 0),
        (1, 100_00, 4),
        (2, 0, 0),
    ]
    assert {account for account, *_ in rows(BOOKED)} == {"receivable:sales", "equity:opening"}
    assert rows("SELECT count(*) FROM tokens") == [(0,)]
    check_books(engine)


def test_a_sale_that_was_paid_in_full_is_complete(
    imported: Imported, devices: None, rows: Rows, engine: Engine
) -> None:
    columns = "paid,reference,sold_on,cadence,owner_msisdn,appliance,serial,total,down_payment"
    line = f"400,S1,2024-05-01,weekly,{AMINA},lamp3,KIT1,400,100,amount,,150,\n"
    imported("sales", f"{columns},scheme,count,instalment,first_due_on\n{line}")
    assert rows("SELECT state FROM sales") == [("complete",)]
    check_books(engine)


def test_an_imported_sale_that_is_cancelled_takes_no_income_back(
    imported: Imported, devices: None, rows: Rows, engine: Engine
) -> None:
    imported("sales", f"{PAID}{AMINA},cooker,,1000,0,count,10,,monthly,2023-01-31,,S1,200\n")
    with unit_opener(engine)() as unit:
        sale_id = unit.connection.execute(text("SELECT id FROM sales")).scalar_one()
        reprice_sale(unit, sale_id, 900_00, "wanjiku", "as agreed there")
        cancel_sale(unit, sale_id, "wanjiku", "brought back")
    sums = "SELECT sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END)::int"
    assert rows(f"{sums}, account FROM postings GROUP BY account ORDER BY account") == [
        (0, "equity:opening"),
        (0, "receivable:sales"),
    ]
    check_books(engine)


def test_what_was_paid_is_compared_and_never_more_than_the_price(
    imported: Imported, refused: Refused, devices: None
) -> None:
    line = f"{AMINA},cooker,,1000,0,count,10,,monthly,2023-01-31,,"
    assert "paid: KES 1001.00 is more than the price of KES 1000.00" in refused(
        "sales", f"{PAID}{line}S1,1001\n"
    )
    imported("sales", f"{PAID}{line}S1,600\n")
    assert "paid: the database says KES 600.00, the file says KES 500.00" in refused(
        "sales", f"{PAID}{line}S1,500\n"
    )
    imported("sales", f"{SALES}{line}S1\n")


@pytest.mark.parametrize(
    ("column", "value", "fees"), [("", "", 0), (",access_from", ",", 0), (",access_from", None, 2)]
)
def test_fees_run_from_the_day_of_the_import_or_the_day_given(
    imported: Imported,
    customers: None,
    rows: Rows,
    engine: Engine,
    column: str,
    value: str | None,
    fees: int,
) -> None:
    since = f",{TODAY - timedelta(days=75)}" if value is None else value
    header = DEVICES.replace("\n", f"{column}\n")
    imported("devices", f"{header}{METER},meter,umeme,home,{AMINA},2024-01-01,,,,{STS}{since}\n")
    with unit_opener(engine)() as unit:
        accrue_access_rates(unit, 0, 100)
    assert len(rows("SELECT due_on FROM access_charges")) == fees
    assert rows("SELECT assigned_on::text FROM devices") == [("2024-01-01",)]


def test_what_is_still_to_come_is_no_history(refused: Refused, devices: None) -> None:
    day = TODAY + timedelta(days=2)
    sale = f"{AMINA},cooker,,1000,0,count,10,,monthly,{day},,S1\n"
    assert f"sold_on: {day} is still to come" in refused("sales", SALES + sale)
    meter = f"37000100026,meter,umeme,home,{AMINA},{day},,,,{STS}\n"
    assert f"assigned_on: {day} is still to come" in refused("devices", DEVICES + meter)


def test_where_fees_run_from_is_refused_where_none_do(refused: Refused, customers: None) -> None:
    header = DEVICES.replace("\n", ",access_from\n")
    early = f"{METER},meter,umeme,home,{AMINA},2026-01-02,,,,{STS},2026-01-01\n"
    assert "access_from is before assigned_on" in refused("devices", header + early)
    stock = f"{METER},meter,umeme,home,,,,,,{STS},2026-01-01\n"
    assert "only a meter with owner and tariff" in refused("devices", header + stock)

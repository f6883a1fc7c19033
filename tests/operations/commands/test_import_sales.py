"""`dialwatt import sales`: schedules, references, and sales that are known already."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.operations.commands.csv_lines import AMINA, BARAKA, METER, SALES
from tests.operations.conftest import Ran


def plan(
    rows: Callable[..., list[tuple[Any, ...]]], reference: str
) -> list[tuple[int, date, int, int]]:
    return rows(
        "SELECT i.number, i.due_on, i.amount_minor, i.days FROM instalments i"
        " JOIN sales s ON s.id = i.sale_id WHERE s.reference = :reference ORDER BY 1",
        reference=reference,
    )


def test_a_sale_by_count_splits_its_price(
    imported: Callable[[str, str], tuple[str, str]],
    devices: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    first, again = imported(
        "sales", f"{SALES}{AMINA},cooker,,1000,0,count,3,,monthly,2026-01-31,2026-01-31,S1\n"
    )
    assert first == "sales: 1 new, 0 already there"
    assert again == "sales: 0 new, 1 already there"
    assert plan(rows, "S1") == [
        (1, date(2026, 1, 31), 333_00, 0),
        (2, date(2026, 2, 28), 333_00, 0),
        (3, date(2026, 3, 31), 334_00, 0),
    ]


def test_a_sale_by_amount_buys_days_on_its_device(
    imported: Callable[[str, str], tuple[str, str]],
    devices: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    imported("sales", f"{SALES}{AMINA},lamp3,kit-1,400,100,amount,,150,weekly,2026-11-01,,S1\n")
    assert plan(rows, "S1") == [
        (0, date(2026, 11, 1), 100_00, 0),
        (1, date(2026, 11, 8), 150_00, 7),
        (2, date(2026, 11, 15), 150_00, 7),
    ]
    assert rows("SELECT d.serial FROM sales s JOIN devices d ON d.id = s.device_id") == [("KIT1",)]


def test_a_sale_is_one_balanced_entry(
    imported: Callable[[str, str], tuple[str, str]],
    devices: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    imported("sales", f"{SALES}{AMINA},cooker,,1000,200,count,5,,daily,2026-11-01,,S1\n")
    assert rows(
        "SELECT e.kind, p.account, p.side, p.amount_minor, p.customer_id IS NOT NULL"
        " FROM postings p JOIN journal_entries e ON e.id = p.entry_id"
        " WHERE e.idempotency_key = 'sale:' || (SELECT id FROM sales) ORDER BY p.account"
    ) == [
        ("opening", "equity:opening", "credit", 1000_00, True),
        ("opening", "receivable:sales", "debit", 1000_00, True),
    ]


def test_without_a_total_the_appliance_s_price_counts(
    imported: Callable[[str, str], tuple[str, str]],
    devices: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    imported("sales", f"{SALES}{AMINA},cooker,,,,count,6,300,monthly,2026-11-01,,S1\n")
    assert rows("SELECT total_minor FROM sales") == [(1800_00,)]


def test_a_kit_sold_from_stock_becomes_the_buyer_s(
    imported: Callable[[str, str], tuple[str, str]],
    devices: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    imported("sales", f"{SALES}{BARAKA},lamp3,KIT2,7800,0,amount,,150,weekly,2026-11-10,,S1\n")
    assert rows(
        "SELECT c.name, d.assigned_on FROM devices d JOIN customers c ON c.id = d.owner_id"
        " WHERE d.serial = 'KIT2'"
    ) == [("Baraka", date(2026, 11, 10))]


def test_a_line_without_reference_is_known_by_its_facts(
    imported: Callable[[str, str], tuple[str, str]],
    devices: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    line = f"{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,\n"
    first, again = imported("sales", SALES + line)
    assert (first, again) == ("sales: 1 new, 0 already there", "sales: 0 new, 1 already there")
    another_day = line.replace("2026-11-01", "2026-11-02")
    first, again = imported("sales", SALES + line + another_day)
    assert (first, again) == ("sales: 1 new, 1 already there", "sales: 0 new, 2 already there")
    assert rows("SELECT count(*) FROM sales") == [(2,)]


def test_energy_as_a_service_has_no_instalments(
    dialwatt: Callable[..., Ran],
    imported: Callable[[str, str], tuple[str, str]],
    devices: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    appliance = (
        '[[appliance]]\ncode = "daily"\nname = "Light"\nkind = "shs"\nprice = "0"\n'
        'price_per_day = "20.00"\nminimum_payment = "100.00"\n'
    )
    assert dialwatt("load", "FILE", content=appliance).code == 0
    imported("sales", f"{SALES}{AMINA},daily,KIT1,,,service,,,,2026-11-01,,S1\n")
    assert rows(
        "SELECT scheme, total_minor, price_per_day_minor, minimum_payment_minor FROM sales"
    ) == [("service", 0, 20_00, 100_00)]
    assert rows("SELECT count(*) FROM instalments") == [(0,)]
    assert rows("SELECT count(*) FROM journal_entries") == [(0,)]


BAD_SALES = [
    ("+254722999999,cooker,,1000,0,count,5,,daily,2026-11-01,,", "no customer has the number"),
    ("AMINA,stove,,1000,0,count,5,,daily,2026-11-01,,", 'there is no appliance "stove"'),
    ("AMINA,lamp3,,1000,0,count,5,,daily,2026-11-01,,", "kind shs is sold with its device"),
    ("AMINA,cooker,KIT1,1000,0,count,5,,daily,2026-11-01,,", "of kind other has none"),
    ("AMINA,lamp3,NONE,1000,0,count,5,,daily,2026-11-01,,", "there is no device NONE"),
    (f"AMINA,lamp3,{METER},1000,0,count,5,,daily,2026-11-01,,", "is of kind meter"),
    ("BARAKA,lamp3,KIT1,1000,0,count,5,,daily,2026-11-01,,", "KIT1 has another owner"),
    ("AMINA,cooker,,1000.50,0,count,5,,daily,2026-11-01,,", "the total KES 1000.50 is not"),
    ("AMINA,cooker,,0,0,count,5,,daily,2026-11-01,,", "the total KES 0.00 is not"),
    ("AMINA,cooker,,1000,2000,count,5,,daily,2026-11-01,,", "the down payment KES 2000.00"),
    ("AMINA,cooker,,1000,0,count,,,daily,2026-11-01,,", "scheme amount needs an instalment"),
    ("AMINA,cooker,,1000,0,amount,5,,daily,2026-11-01,,", "scheme amount needs an instalment"),
    ("AMINA,cooker,,1000,0,amount,,1001,daily,2026-11-01,,", "more than the financed amount"),
    ("AMINA,cooker,,1000,0,amount,,1,daily,2026-11-01,,", "a plan has 1 to 520 instalments"),
    ("AMINA,cooker,,1000,0,amount,4,300.50,daily,2026-11-01,,", "a multiple of the cash unit"),
    ("AMINA,cooker,,1000,0,amount,5,300,daily,2026-11-01,,", "the plan has 4 instalments"),
    ("AMINA,cooker,,1000,0,count,5,300,daily,2026-11-01,,", "an instalment is KES 200.00"),
    ("AMINA,cooker,,1000,0,rent,5,,daily,2026-11-01,,", "scheme: 'rent' is none of"),
    ("AMINA,cooker,,1000,0,count,5,,yearly,2026-11-01,,", "cadence: 'yearly' is none of"),
    ("AMINA,cooker,,1000,0,count,5,,,2026-11-01,,", "cadence: is missing"),
    ("AMINA,cooker,,1000,0,count,5,,daily,,,", "sold_on: is missing"),
    ("AMINA,cooker,,1000,0,count,5,,monthly,9999-01-01,,", "sold_on: '9999-01-01' is not between"),
    ("AMINA,cooker,,1000,0,count,5,,daily,2026-11-01,2020-01-01,", "first_due_on: is before"),
    ("AMINA,cooker,,1000,0,service,,,,2026-11-01,,", "scheme service needs a serial"),
    ("AMINA,lamp3,KIT1,1000,0,service,,,,2026-11-01,,", "a price_per_day on appliance"),
]


def test_every_bad_sale_is_reported_and_none_is_imported(
    refused: Callable[[str, str], str], devices: None, subtests: pytest.Subtests
) -> None:
    good = f"{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,GOOD\n"
    for line, wanted in BAD_SALES:
        with subtests.test(line):
            bad = line.replace("AMINA", AMINA).replace("BARAKA", BARAKA)
            errors = refused("sales", f"{SALES}{good}{bad}\n")
            assert "line 2:" not in errors
            assert "line 3: " in errors
            assert wanted in errors


OTHER_SALES = [
    ("BARAKA,cooker,,1000,0,count,5,,daily,2026-11-01,,S1", "is another customer's"),
    ("AMINA,lamp1,KIT1,1000,0,count,5,,daily,2026-11-01,,S1", "is of another device"),
    ("AMINA,cooker,,1001,0,count,5,,daily,2026-11-01,,S1", "another plan"),
    ("AMINA,cooker,,1000,0,count,4,,daily,2026-11-01,,S1", "another plan"),
    ("AMINA,cooker,,1000,0,amount,,200,daily,2026-11-01,,S1", "scheme: the database says count"),
    ("AMINA,cooker,,1000,0,count,5,,daily,2026-11-02,,S1", "sold_on: the database says 2026-11-01"),
    ("AMINA,cooker,,1000,0,count,5,,daily,2026-11-01,2026-11-05,S1", "another plan"),
]


def test_another_sale_under_a_known_reference_is_refused(
    dialwatt: Callable[..., Ran],
    refused: Callable[[str, str], str],
    devices: None,
    subtests: pytest.Subtests,
) -> None:
    sale = f"{SALES}{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,S1\n"
    assert dialwatt("import", "sales", "FILE", content=sale).code == 0
    for line, wanted in OTHER_SALES:
        with subtests.test(line):
            other = line.replace("AMINA", AMINA).replace("BARAKA", BARAKA)
            assert wanted in refused("sales", f"{SALES}{other}\n")


def test_a_device_goes_on_one_plan_only(
    dialwatt: Callable[..., Ran], refused: Callable[[str, str], str], devices: None
) -> None:
    sale = f"{AMINA},lamp3,KIT1,7800,0,amount,,150,weekly,2026-11-01,,S"
    errors = refused("sales", f"{SALES}{sale}1\n{sale}2\n")
    assert "line 3: KIT1 is on a payment plan already" in errors
    assert dialwatt("import", "sales", "FILE", content=f"{SALES}{sale}1\n").code == 0
    assert "line 2: KIT1 is on a payment plan already" in refused("sales", f"{SALES}{sale}2\n")


def test_two_alike_without_reference_need_one(
    refused: Callable[[str, str], str], devices: None
) -> None:
    line = f"{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,\n"
    assert "line 3: the same as line 2" in refused("sales", SALES + line + line)

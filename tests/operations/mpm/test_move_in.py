"""Moving in from MicroPowerManager: its exports, a dry run, all or nothing, repeatable."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.clock import system_clock
from core.db.invariants import LEDGER, offenders
from core.payment import PaymentNotice
from core.unit import unit_opener
from core.usecases.payments.apply import apply_payments
from core.usecases.payments.record import record_payment
from core.usecases.tokens.device_keys import secrets_from
from tests.operations.conftest import Ran

HERE = Path(__file__).parent
OPTIONS = (
    "--as-of",
    "2026-11-24",
    "--tariff",
    "home",
    "--complement",
    str(HERE / "complement.csv"),
)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A folder with the sample exports, to change."""
    return Path(shutil.copytree(HERE / "exports", tmp_path / "exports"))


@pytest.fixture
def move(dialwatt: Callable[..., Ran], exports: Path) -> Callable[..., Ran]:
    """Import that folder; the catalogue is loaded."""
    assert dialwatt("load", str(HERE / "catalogue.toml")).code == 0

    def move(*options: str) -> Ran:
        return dialwatt("import-mpm", str(exports), *OPTIONS, *options)

    return move


@pytest.fixture
def check_invariants(engine: Engine) -> Callable[[], None]:
    """Check every invariant of the ledger."""

    def check_invariants() -> None:
        with engine.connect() as connection:
            found = {
                name: offenders(connection, sql, system_clock()) for name, sql in LEDGER.items()
            }
        assert not any(found.values()), found

    return check_invariants


def change(exports: Path, name: str, before: str, after: str) -> None:
    [file] = exports.glob(f"{name}*")
    content = file.read_text()
    assert before in content
    file.write_text(content.replace(before, after))


PAID = """
    SELECT d.serial, array_agg(CAST(i.paid_minor / 100 AS int) ORDER BY i.number), s.state
      FROM sales s JOIN instalments i ON i.sale_id = s.id LEFT JOIN devices d ON d.id = s.device_id
     GROUP BY s.id, d.serial ORDER BY d.serial NULLS FIRST
"""


def test_people_devices_and_plans_become_ours_and_what_was_paid_stays_paid(
    move: Callable[..., Ran],
    rows: Callable[..., list[tuple[Any, ...]]],
    check_invariants: Callable[[], None],
) -> None:
    ran = move()

    assert ran.code == 0, ran.err
    surplus = "KES 200.00 was received beyond the plan, and stays out of it"
    assert ran.out.splitlines() == [
        "customers           3 new, 0 already there",
        "devices             5 new, 0 already there",
        "plans               4 new, 0 already there",
        "paid before         3 plans opened with KES 2750.00 paid, 0 already",
        f"  mpm:SHS1002:2026-06-06:1000: {surplus}",
        "transactions        5 read, as history: they book nothing",
    ]
    assert rows(PAID) == [
        (None, [300, 300, 250, 0, 0, 0], "open"),
        ("SHS1001", [300, 100, 100, 100, 100, 100, 100, 0, 0, 0, 0], "open"),
        ("SHS1002", [333, 333, 334], "complete"),
        ("SHS1003", [0, 0, 0, 0, 0, 0, 0], "open"),
    ]
    assert rows("SELECT count(*) FROM payments") == [(0,)]
    assert rows(
        "SELECT account, side, CAST(sum(amount_minor) AS int) FROM postings"
        " WHERE account LIKE '%opening' AND side = 'debit' GROUP BY 1, 2"
    ) == [("equity:opening", "debit", 2750_00)]
    assert rows("SELECT count(*) FROM postings WHERE account LIKE 'income:%'") == [(0,)]
    check_invariants()


def test_customers_devices_and_dates_are_theirs(
    move: Callable[..., Ran], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    move()
    assert rows(
        "SELECT n.msisdn, c.name, c.surname, v.code FROM customers c"
        " JOIN customer_msisdns n ON n.customer_id = c.id JOIN villages v ON v.id = c.village_id"
        " ORDER BY 1"
    ) == [
        ("+254722100001", "Amina", "Odhiambo", "KIB"),
        ("+254722100002", "Baraka", "Mwangi", "KIB"),
        ("+254722100003", "Chidi", "Wekesa", "KIB"),
    ]
    assert rows(
        "SELECT d.serial, d.kind, c.name, t.code, d.token_counter FROM devices d"
        " LEFT JOIN customers c ON c.id = d.owner_id LEFT JOIN tariffs t ON t.id = d.tariff_id"
        " ORDER BY 1"
    )[:3] == [
        ("37000100018", "meter", "Amina", "home", 0),
        ("SHS1001", "shs", "Baraka", None, 14),
        ("SHS1002", "shs", "Baraka", None, 9),
    ]
    assert rows("SELECT serial FROM devices WHERE owner_id IS NULL") == [("SHS1004",)]
    assert rows(
        "SELECT d.serial, a.name FROM devices d JOIN appliances a ON a.id = d.product_id ORDER BY 1"
    ) == [("SHS1001", "SHS 50"), ("SHS1002", "SHS 50"), ("SHS1003", "SHS 50")]
    assert rows(
        "SELECT s.cadence, min(i.due_on)::text FROM sales s JOIN instalments i ON i.sale_id = s.id"
        " JOIN devices d ON d.id = s.device_id WHERE i.number > 0 GROUP BY s.id, d.serial"
        " ORDER BY d.serial"
    ) == [("monthly", "2026-07-06"), ("monthly", "2026-07-06"), ("weekly", "2026-11-24")]


def test_a_dry_run_reports_the_same_and_writes_nothing(
    move: Callable[..., Ran], contents: Callable[..., Any]
) -> None:
    before = contents()
    ran = move("--dry-run")
    assert ran.code == 0
    assert "3 plans opened with KES 2750.00 paid" in ran.out
    assert "nothing was written" in ran.out
    assert contents() == before


def test_the_same_exports_again_change_nothing(
    move: Callable[..., Ran], contents: Callable[..., Any]
) -> None:
    move()
    before = contents()
    again = move()
    assert again.code == 0, again.err
    assert "0 new, 4 already there" in again.out
    assert contents() == before


def test_a_payment_afterwards_goes_on_where_the_plan_stood(
    move: Callable[..., Ran],
    engine: Engine,
    environment: dict[str, str],
    rows: Callable[..., list[tuple[Any, ...]]],
    check_invariants: Callable[[], None],
) -> None:
    move()
    open_unit = unit_opener(engine)
    with open_unit() as unit:
        record_payment(
            unit,
            PaymentNotice(
                "daraja:600123", "SKE1A2B3C4", "c2b", 100_00, "KES", "SHS-1001", "none", None,
                system_clock(),
            ),
        )  # fmt: skip
        apply_payments(unit, secrets_from(environment))
    assert rows("SELECT kind, units FROM tokens") == [("days", 30)]
    assert rows("SELECT kind, amount_minor FROM payment_lines") == [("instalment", 100_00)]
    check_invariants()
    assert move().code == 0


BROKEN = [
    ("customer", "+254722100002", "", "phone: is missing"),
    ("customer", "+254722100002", "+254722100001", "the same as customer_export"),
    ("customer", "kibwezi,-,,SHS-1003", "Makindu,-,,SHS-1003", "no village named 'Makindu'"),
    ("customer", "SHS-1003,", "SHS-1001,", "is also another customer's"),
    ("device", "SunLite", "Sun King", "no manufacturer named 'Sun King'"),
    ("device", "SHS-1004,solar_home_system", "SHS-1004,boiler", "device type 'boiler'"),
    ("device", "SHS-1004,solar", "SHS-1005,solar", "this token family needs the device's key"),
    ("appliance", '"total_cost": 700', '"total_cost": 3', "a multiple of the cash unit"),
    ("appliance", '"rate_count": 7', '"rate_count": "seven"', "not a whole number"),
    ("appliance", "SHS-1003", "SHS-9999", "there is no device SHS9999"),
    ("appliance", '"Amina"', '"Zuri"', "no customer is called 'Zuri Odhiambo'"),
    ("outstanding", '"300"', '"3,000"', "is the cadence right?"),
    ("transaction", "600KES", "many KES", "amount: not an amount"),
]


@pytest.mark.parametrize(("name", "before", "after", "reported"), BROKEN)
def test_whatever_cannot_be_is_told_with_its_place_and_then_nothing_is_written(
    move: Callable[..., Ran],
    exports: Path,
    contents: Callable[..., Any],
    name: str,
    before: str,
    after: str,
    reported: str,
) -> None:
    change(exports, name, before, after)
    untouched = contents()
    ran = move()
    assert (ran.code, ran.out) == (1, "")
    assert reported in ran.err
    assert "Nothing was written." in ran.err
    assert "Traceback" not in ran.err
    assert contents() == untouched


def test_everything_wrong_is_told_in_one_run_and_alike_reasons_once(
    move: Callable[..., Ran], exports: Path
) -> None:
    change(exports, "customer", "0722100003", "12")
    change(exports, "device", "SunLite", "Sun King")
    change(exports, "outstanding", '"300"', '"3,000"')
    reported = move().err
    assert "12" in reported
    assert reported.count("Sun King") == 1
    assert "line 3; device_export_20261124_090001.csv, line 4" in reported
    assert "is the cadence right?" in reported


def test_many_places_of_one_reason_are_counted(move: Callable[..., Ran], exports: Path) -> None:
    change(exports, "device", "SunLite", "Sun King")
    assert "line 5 and 1 more)" in move().err


def test_two_customers_of_one_name_are_told_apart_by_device_only(
    move: Callable[..., Ran], exports: Path
) -> None:
    with next(exports.glob("customer*")).open("a") as file:
        file.write(",Amina,Odhiambo,05/01/2026,,,,+254722100009,Kibwezi,,,,,,,,\n")
    assert "2 customers are called 'Amina Odhiambo'" in move().err


def test_without_any_history_it_does_not_guess_what_was_paid(
    move: Callable[..., Ran], exports: Path
) -> None:
    for name in ("outstanding", "transaction"):
        next(exports.glob(f"{name}*")).unlink()
    assert "it is not known what was paid on it" in move().err


@pytest.mark.parametrize(
    ("name", "content"), [("x.csv", "a,b\n1,2\n"), ("x.json", "{"), ("x.csv", "")]
)
def test_a_file_that_is_no_export_is_told(
    move: Callable[..., Ran], exports: Path, name: str, content: str
) -> None:
    (exports / name).write_text(content)
    ran = move()
    assert ran.code == 1
    assert "x." in ran.err


def test_a_folder_without_exports_is_told(
    dialwatt: Callable[..., Ran], loaded: None, tmp_path: Path
) -> None:
    assert "no .csv or .json file" in dialwatt("import-mpm", str(tmp_path)).err

"""`dialwatt import devices`: owners, tariffs, plans, and keys that make tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from core.clock import system_clock
from core.db.devices import find_device
from core.tokens.family import issue_days, issue_energy
from core.usecases.tokens.device_keys import secrets_from
from tests.operations.commands.csv_lines import (
    AMINA,
    BARAKA,
    DEVICES,
    KEY,
    METER,
    SALES,
    STS,
    TODAY,
)
from tests.operations.conftest import Ran


def test_devices_make_tokens_from_what_was_imported(
    engine: Engine, devices: None, environment: dict[str, str]
) -> None:
    open_secret = secrets_from(environment)
    with engine.connect() as connection:
        kit, meter = (
            find_device(connection, serial, with_secrets=True) for serial in ("KIT1", METER)
        )
    assert kit is not None
    assert meter is not None
    (days,) = issue_days(open_secret(kit), kit.token_counter, 30)
    assert len(days.text) == 9
    assert open_secret(kit).key == bytes.fromhex(KEY)
    (energy,) = issue_energy(open_secret(meter), meter.token_counter, 50, system_clock(), 3)
    assert len(energy.text) == 20


def test_a_device_s_key_is_sealed_for_its_own_row(
    rows: Callable[..., list[tuple[Any, ...]]], devices: None
) -> None:
    stored = rows("SELECT serial, sealed_key FROM devices WHERE sealed_key IS NOT NULL")
    assert {serial for serial, _ in stored} == {"KIT1", "KIT2"}
    assert all(bytes.fromhex(KEY) not in bytes(sealed) for _, sealed in stored)
    assert len({bytes(sealed) for _, sealed in stored}) == 2


def test_devices_get_owner_tariff_and_counters(
    rows: Callable[..., list[tuple[Any, ...]]], devices: None
) -> None:
    assert rows(
        "SELECT serial, owner_id IS NOT NULL, tariff_id IS NOT NULL, assigned_on, access_anchor_on,"
        " initial_counter, token_counter, starting_code FROM devices ORDER BY serial"
    ) == [
        (METER, True, True, date(2026, 11, 1), TODAY, 0, 0, None),
        ("KIT1", True, False, date(2026, 11, 1), None, 1, 1, 516959010),
        ("KIT2", False, False, None, None, 1, 1, None),
    ]


def test_an_owned_device_without_a_day_is_assigned_today(
    imported: Callable[[str, str], tuple[str, str]],
    customers: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    imported("devices", f"{DEVICES}{METER},meter,umeme,home,{AMINA},,,,,{STS}\n")
    (day,) = rows("SELECT assigned_on, access_anchor_on FROM devices")
    assert day in [(TODAY, TODAY), (TODAY + timedelta(days=1), TODAY + timedelta(days=1))]


def test_the_same_devices_again_are_already_there(
    imported: Callable[[str, str], tuple[str, str]], customers: None
) -> None:
    first, again = imported(
        "devices",
        f"{DEVICES}{METER},meter,umeme,home,{AMINA},2026-11-01,,,,{STS}\n"
        f"KIT1,shs,sunlite,,,,{KEY},516959010,7,\n",
    )
    assert first == "devices: 2 new, 0 already there"
    assert again == "devices: 0 new, 2 already there"


def test_a_device_that_found_an_owner_since_is_no_difference(
    dialwatt: Callable[..., Ran], devices: None
) -> None:
    sale = f"{SALES}{BARAKA},lamp3,KIT2,7800,0,amount,,150,weekly,2026-11-10,,S1\n"
    assert dialwatt("import", "sales", "FILE", content=sale).code == 0
    ran = dialwatt("import", "devices", "FILE", content=f"{DEVICES}KIT2,shs,sunlite,,,,{KEY},,,\n")
    assert ran.out == "devices: 0 new, 1 already there\n"


PLAN = '[[plan]]\ncode = "lamp-w"\nname = "Weekly"\nappliance = "lamp3"\nscheme = "count"\n'
PLAN += 'count = 52\ncadence = "weekly"\n'
WITH_PLAN = DEVICES.replace("sts\n", "sts,plan\n")


def test_a_kit_in_stock_may_have_its_plan_set(
    dialwatt: Callable[..., Ran],
    customers: None,
    imported: Callable[[str, str], tuple[str, str]],
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    assert dialwatt("load", "FILE", content=PLAN).code == 0

    first, again = imported("devices", f"{WITH_PLAN}KIT9,shs,sunlite,,,,{KEY},,,,lamp-w\n")

    assert (first, again) == (
        "devices: 1 new, 0 already there",
        "devices: 0 new, 1 already there",
    )
    assert rows(
        "SELECT d.serial, p.code FROM devices d JOIN plan_offers p ON p.id = d.plan_offer_id"
    ) == [("KIT9", "lamp-w")]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("S1,shs,sunlite,,,,K,,,,nosuch", 'there is no plan "nosuch"'),
        ("S1,shs,sunlite,,AMINA,,K,,,,lamp-w", "plan: only a kit or an e-bike in stock"),
        ("37000100034,meter,umeme,home,,,,,,STS,lamp-w", "plan: only a kit or an e-bike in stock"),
        ("S1,e_bike,bodavolt,,,,K,,,,lamp-w", "plan: lamp-w is for an appliance of kind shs"),
    ],
)
def test_a_plan_that_does_not_fit_is_reported(
    dialwatt: Callable[..., Ran],
    customers: None,
    refused: Callable[[str, str], str],
    line: str,
    wanted: str,
) -> None:
    assert dialwatt("load", "FILE", content=PLAN).code == 0
    for short, value in (("STS", STS), ("AMINA", AMINA), (",K,", f",{KEY},")):
        line = line.replace(short, value)

    assert wanted in refused("devices", f"{WITH_PLAN}{line}\n")


BAD_DEVICES = [
    ("S/1,x,umeme,,,,,,,", "kind: 'x' is none of meter, shs, e_bike"),
    ("S?1,shs,sunlite,,,,K,,,", "serial: not a serial number"),
    ("S1,shs,unknown,,,,K,,,", 'there is no manufacturer "unknown"'),
    ("S1,meter,sunlite,,,,K,,,", "this manufacturer makes shs, not meter"),
    ("S1,shs,sunlite,home,,,K,,,", "tariff: only meters have one"),
    ("37000100034,meter,umeme,away,,,,,,STS", 'there is no tariff "away"'),
    ("37000100034,meter,umeme,,AMINA,,,,,STS", "tariff: a meter with an owner needs one"),
    ("37000100034,meter,umeme,home,+254722999999,,,,,STS", "no customer has the number"),
    ("37000100034,meter,umeme,home,,2026-11-01,,,,STS", "assigned_on without owner_msisdn"),
    ("37000100034,meter,umeme,home,,,,,,", "sts: an STS meter needs it"),
    ("37000100034,meter,umeme,home,,,,,,ea=11", "sts: the STS data of a meter is written as"),
    ("37000100034,meter,umeme,home,,,,,,KT1", "key type 1"),
    ("37000100034,meter,umeme,home,,,,,,KEN", "the vending key has expired for this meter"),
    ("S1,shs,sunlite,,,,K,,65535,", "no code can be made for S1: a count past 65535"),
    ("37000100034,meter,umeme,home,,,K,,,STS", "secret_key and starting_code do not belong"),
    ("37000100033,meter,umeme,home,,,,,,STS", "37000100033 is no STS meter number"),
    ("3700010003X,meter,umeme,home,,,,,,STS", "3700010003X is no STS meter number"),
    ("S1,shs,sunlite,,,,,,,", "secret_key: this token family needs the device's key"),
    ("S1,shs,sunlite,,,,abc,,,", "secret_key: not hexadecimal"),
    ("S1,shs,sunlite,,,,abcd,,,", "secret_key: has 2 bytes, a device key has 16"),
    ("S1,shs,sunlite,,,,K,1234567890,,", "starting_code: not a whole number"),
    ("S1,shs,sunlite,,,,K,,x,", "count: not a whole number"),
    ("S1,shs,sunlite,,,,K,,99999,", "count: must be 0 to 65535"),
    ("S1,shs,sunlite,,,,K,,,STS", "sts: only STS meters have it"),
    ("S1,shs,sunlite,,AMINA,yesterday,K,,,", "assigned_on: not a date"),
    ("KIT1,shs,sunlite,,AMINA,,11112222333344445555666677778888,516959010,1,", "another key"),
    ("KIT1,shs,sunlite,,AMINA,,K,1,1,", "starting_code: the database says 516959010"),
    ("KIT1,shs,sunlite,,AMINA,,K,516959010,3,", "count: the database says 1, the file says 3"),
    ("KIT1,shs,sunlite,,BARAKA,,K,516959010,1,", "KIT1 has another owner"),
    ("KIT1,shs,sunlite,,AMINA,2026-11-02,K,516959010,1,", "assigned_on: the database says"),
    ("KIT2,shs,sunlite,,AMINA,,K,,,", "KIT2 has another owner"),
]


def test_every_bad_device_is_reported_and_none_is_imported(
    refused: Callable[[str, str], str], devices: None, subtests: pytest.Subtests
) -> None:
    known = {"K": KEY, "STS": STS, "KT1": STS.replace("kt=2", "kt=1")}
    known |= {"KEN": STS.replace("ken=255", "ken=90")}
    known |= {"AMINA": AMINA, "BARAKA": BARAKA}
    for line, wanted in BAD_DEVICES:
        with subtests.test(line):
            bad = ",".join(known.get(cell, cell) for cell in line.split(","))
            errors = refused("devices", f"{DEVICES}GOOD,shs,sunlite,,,,{KEY},,,\n{bad}\n")
            assert "line 2:" not in errors
            assert "line 3: " in errors
            assert wanted in errors
            assert KEY not in errors


def test_a_device_that_a_vendor_serves_needs_no_key_and_has_none(
    dialwatt: Callable[..., Ran],
    imported: Callable[[str, str], tuple[str, str]],
    refused: Callable[[str, str], str],
    customers: None,
) -> None:
    """Also before our account with the vendor is set up: until then nothing is sold for it."""
    manufacturer = (
        '[[manufacturer]]\ncode = "v"\nname = "V"\nkinds = ["meter"]\ntoken = "gomelong"\n'
    )
    assert dialwatt("load", "FILE", content=manufacturer).code == 0
    first, _ = imported("devices", f"{DEVICES}S1,meter,v,home,,,,,,\n")
    assert first == "devices: 1 new, 0 already there"
    errors = refused("devices", f"{DEVICES}S2,meter,v,home,,,{KEY},,,\n")
    assert KEY not in errors


def test_a_device_without_tokens_needs_no_key(
    dialwatt: Callable[..., Ran], imported: Callable[[str, str], tuple[str, str]], customers: None
) -> None:
    manufacturer = '[[manufacturer]]\ncode = "v"\nname = "V"\nkinds = ["e_bike"]\ntoken = "none"\n'
    assert dialwatt("load", "FILE", content=manufacturer).code == 0
    first, _ = imported("devices", f"{DEVICES}B1,e_bike,v,,,,,,,\n")
    assert first == "devices: 1 new, 0 already there"


def test_a_device_knows_what_product_it_is(
    imported: Callable[[str, str], tuple[str, str]],
    refused: Callable[[str, str], str],
    customers: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    header = "model,digits,divider,product," + DEVICES
    kit = f"SK 3,standard,1,lamp3,KIT7,shs,sunlite,,{AMINA},2026-11-01,{KEY},516959010,1,\n"
    assert imported("devices", header + kit)[1] == "devices: 0 new, 1 already there"
    assert rows(
        "SELECT a.code, d.divider, d.digits, d.model FROM devices d"
        " JOIN appliances a ON a.id = d.product_id"
    ) == [("lamp3", 1, "standard", "SK 3")]
    other = kit.replace("lamp3", "tv")
    assert "product: the database says another, the file says tv" in refused(
        "devices", header + other
    )
    assert "KIT7 is Three-lamp kit, not Solar TV" in refused(
        "sales", f"{SALES}{AMINA},tv,KIT7,400,100,amount,,150,weekly,2026-11-01,,S1\n"
    )


def test_a_known_device_without_a_product_gets_the_one_in_the_file(
    imported: Callable[[str, str], tuple[str, str]],
    refused: Callable[[str, str], str],
    customers: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    before = f"KIT8,shs,sunlite,,{AMINA},2026-11-01,{KEY},516959010,1,"
    sold = f"{SALES}{AMINA},lamp3,KIT8,400,100,amount,,150,weekly,2026-11-01,,S1\n"
    imported("devices", f"{DEVICES}{before}\n")
    imported("sales", sold)
    header = f"{DEVICES.strip()},product\n"
    assert "KIT8 is on a plan as Three-lamp kit: end that sale first" in refused(
        "devices", f"{header}{before},tv\n"
    )

    first, again = imported("devices", f"{header}{before},lamp3\n")

    assert first == "devices: 0 new, 1 already there, 1 of them got their product"
    assert again == "devices: 0 new, 1 already there"
    assert rows("SELECT action, reason, details FROM audit_log WHERE subject = 'device'") == [
        (
            "set_product",
            "an imported file names its product",
            {"before": None, "after": "Three-lamp kit"},
        )
    ]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("nothing,,", 'product: there is no appliance "nothing" in the catalogue'),
        ("cooker,,", "product: cooker is of kind other"),
        ("lamp3,256,", "divider: must be 1 to 255, not 256"),
        (
            "lamp3,,few",
            "digits: 'few' is none of standard, restricted, extended, extended_restricted",
        ),
    ],
)
def test_what_does_not_fit_the_product_or_its_codes_is_refused(
    refused: Callable[[str, str], str], customers: None, given: str, reason: str
) -> None:
    header = "product,divider,digits," + DEVICES
    assert reason in refused("devices", f"{header}{given},KIT7,shs,sunlite,,,,{KEY},,,\n")

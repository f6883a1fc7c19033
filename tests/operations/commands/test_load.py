"""`dialwatt load`: by code, in versions, whole or not at all; the past is never rewritten."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.clock import system_clock
from core.pin import verify_pin
from tests.operations.conftest import CATALOGUE, Ran
from tests.support.builders import NAIROBI, insert_customer, insert_device, insert_sale

DEMO = CATALOGUE.read_text(encoding="utf-8")
TODAY = system_clock().astimezone(NAIROBI).date()

VERSIONS = "SELECT valid_from, price_per_kwh_thousandths / 1000 FROM tariff_versions ORDER BY 1"


@pytest.fixture
def load(dialwatt: Callable[..., Ran], loaded: None) -> Callable[..., Ran]:
    """Load the demo's catalogue again, with texts in it replaced."""

    def again(*changes: tuple[str, str]) -> Ran:
        content = DEMO
        for old, new in changes:
            assert old in content
            content = content.replace(old, new, 1)
        return dialwatt("load", "FILE", content=content)

    return again


def version(day: date, price: str) -> tuple[str, str]:
    """A change of the demo's file: another version after its own."""
    more = (
        f'\n[[tariff]]\ncode = "home"\nname = "Home"\nprice_per_kwh = "{price}"\n'
        f"valid_from = {day}\n\n[[appliance]]"
    )
    return "\n[[appliance]]", more


def test_an_empty_book_is_filled(
    dialwatt: Callable[..., Ran], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    ran = dialwatt("load", str(CATALOGUE))
    assert (ran.code, ran.err) == (0, "")
    assert "villages: 2 new, 0 changed, 0 as before" in ran.out
    assert rows("SELECT operator, currency, cash_unit_minor FROM market") == [
        ("Jua Energy", "KES", 100)
    ]
    assert rows("SELECT code, token_family FROM manufacturers ORDER BY code") == [
        ("bodavolt", "nexus_full"),
        ("gridi", "koios"),
        ("mita", "stron"),
        ("sunlite", "openpaygo"),
        ("umeme", "sts"),
    ]


def test_the_same_file_again_changes_nothing(
    load: Callable[..., Ran], contents: Callable[..., Any]
) -> None:
    before = contents()
    ran = load()
    assert ran.code == 0
    assert " 1 new" not in ran.out
    assert contents() == before


def test_names_and_prices_follow_the_file(
    load: Callable[..., Ran], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    ran = load(
        ("Three-lamp kit", "Lamps"),
        ('"7800.00"', '"8000"'),
        ('operator = "Jua', 'operator = "Moto'),
    )
    assert ran.code == 0
    assert rows("SELECT name, price_minor FROM appliances WHERE code = 'lamp3'") == [
        ("Lamps", 8000_00)
    ]
    assert rows("SELECT operator FROM market") == [("Moto Energy",)]


def test_what_a_file_leaves_out_stays(
    dialwatt: Callable[..., Ran], loaded: None, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    content = '[[village]]\ncode = "NEW"\nname = "New"\n'
    assert dialwatt("load", "FILE", content=content).code == 0
    assert rows("SELECT code FROM villages ORDER BY 1") == [("KIB",), ("MAK",), ("NEW",)]


def test_a_new_day_adds_a_version_of_a_tariff(
    load: Callable[..., Ran], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    day = TODAY + timedelta(days=40)
    assert load(version(day, "30.00")).code == 0
    assert rows(VERSIONS) == [(date(2026, 1, 1), 25_00), (day, 30_00)]


def test_a_version_in_force_is_not_changed(
    load: Callable[..., Ran], contents: Callable[..., Any]
) -> None:
    before = contents()
    ran = load(('"25.00"', '"26.00"'))
    assert ran.code == 1
    assert 'tariff "home": valid_from:' in ran.err
    assert "give it a new valid_from" in ran.err
    assert contents() == before


@pytest.fixture
def meter(load: Callable[..., Ran], engine: Engine) -> int:
    """A customer's meter on the tariff `home` since the first of November."""
    with engine.begin() as connection:
        home = connection.execute(text("SELECT id FROM tariffs WHERE code = 'home'")).scalar_one()
        manufacturer = connection.execute(
            text("SELECT id FROM manufacturers WHERE code = 'umeme'")
        ).scalar_one()
        customer = insert_customer(connection, msisdn="+254711000001")
        return insert_device(
            connection,
            serial="37000100018",
            manufacturer_id=manufacturer,
            owner_id=customer,
            tariff_id=home,
            assigned_on=TODAY - timedelta(days=20),
        )


def sell_energy(engine: Engine, meter: int, day: date) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "WITH sold AS (INSERT INTO payments (provider_account, receipt, source,"
                " amount_minor, currency, account_raw, payer_kind, paid_at, paid_on,"
                " received_at, next_attempt_at, state, applied_at, device_id, customer_id)"
                " SELECT 'daraja:1', 'R1', 'test', 100, 'KES', 'X', 'none', :at, :on, :at, :at,"
                " 'applied', :at, id, owner_id FROM devices"
                " WHERE id = :meter RETURNING id) INSERT INTO payment_lines (payment_id, number,"
                " kind, amount_minor, device_id) SELECT id, 1, 'energy', 100, :meter FROM sold"
            ),
            {"at": datetime.combine(day, time(12), UTC), "on": day, "meter": meter},
        )


def test_a_version_of_a_past_day_is_refused_where_energy_was_sold_since(
    load: Callable[..., Ran], engine: Engine, meter: int, contents: Callable[..., Any]
) -> None:
    sell_energy(engine, meter, TODAY - timedelta(days=3))
    before = contents()

    ran = load(version(TODAY - timedelta(days=5), "30.00"))

    assert ran.code == 1
    assert 'tariff "home": valid_from:' in ran.err
    assert f"take {TODAY + timedelta(days=1)} or later" in ran.err
    assert contents() == before


@pytest.mark.parametrize("written", [True, False], ids=["fees written", "fees not written yet"])
def test_a_version_of_a_past_day_is_refused_where_fees_fell_due_since(
    load: Callable[..., Ran],
    dialwatt: Callable[..., Ran],
    engine: Engine,
    meter: int,
    contents: Callable[..., Any],
    written: bool,
) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE tariff_versions SET access_every_days = 10"))
    if written:
        assert dialwatt("accrue").code == 0
    before = contents()

    ran = load(
        ("access_every_days = 30", "access_every_days = 10"),
        version(TODAY - timedelta(days=12), "30.00"),
    )

    assert ran.code == 1
    assert "fees fell due" in ran.err
    assert contents() == before


def test_a_past_version_that_would_bring_fees_of_the_past_is_refused(
    load: Callable[..., Ran], engine: Engine, meter: int, contents: Callable[..., Any]
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE tariff_versions SET access_rate_minor = 0, access_every_days = NULL")
        )
    before = contents()
    last = version(TODAY - timedelta(days=15), "25.00")[1]
    fee = 'access_rate = "50.00"\naccess_every_days = 10\n'
    ran = load(
        ('access_rate = "100.00"\naccess_every_days = 30\n', ""),
        ("\n[[appliance]]", last.replace("valid_from", f"{fee}valid_from")),
    )

    assert ran.code == 1
    assert contents() == before


def test_a_version_of_today_is_refused_where_energy_was_sold_today(
    load: Callable[..., Ran], engine: Engine, meter: int
) -> None:
    sell_energy(engine, meter, TODAY)

    assert load(version(TODAY, "30.00")).code == 1


def test_a_version_of_a_past_day_that_changes_nothing_that_was_is_taken(
    load: Callable[..., Ran], engine: Engine, meter: int, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    """Nothing was sold or charged since, or another version has been in force by then."""
    sell_energy(engine, meter, TODAY - timedelta(days=3))

    assert load(version(TODAY - timedelta(days=2), "30.00")).code == 0
    assert load(version(date(2026, 1, 1) - timedelta(days=9), "20.00")).code == 0
    assert len(rows(VERSIONS)) == 3


def test_a_tariff_without_meters_may_have_any_past(load: Callable[..., Ran]) -> None:
    assert load(version(date(2026, 3, 1), "30.00")).code == 0


def test_a_version_of_a_day_to_come_is_replaced(
    load: Callable[..., Ran], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    day = TODAY + timedelta(days=40)
    load(version(day, "30.00"))
    ran = load(version(day, "31.00"))
    assert ran.code == 0
    assert "tariff versions: 0 new, 1 changed, 1 as before" in ran.out
    assert rows(VERSIONS) == [(date(2026, 1, 1), 25_00), (day, 31_00)]


def test_a_plan_that_does_not_come_out_for_its_appliance_is_told(
    load: Callable[..., Ran], contents: Callable[..., Any]
) -> None:
    before = contents()
    ran = load(
        ('down_payment = "600.00"', 'down_payment = "12000.01"'),
        ('price_per_day = "20.00"', ""),
        ('appliance = "tv"\nscheme = "amount"', 'appliance = "radio"\nscheme = "amount"'),
    )
    assert ran.code == 1
    assert 'plan "tv-weeks": it does not come out for the price of "tv"' in ran.err
    assert 'plan "by-day": scheme: "sunday" has no price_per_day' in ran.err
    assert 'plan "tv-months": appliance: there is no appliance "radio"' in ran.err
    assert contents() == before


def test_an_agent_keeps_the_pin_they_have(
    load: Callable[..., Ran], engine: Engine, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE agents SET pin_hash = 'changed', pin_is_initial = true"))
    assert load(('pin = "4321"', 'pin = "9999"'), ('"20000.00"', '"30000.00"')).code == 0
    assert rows("SELECT pin_hash, pin_is_initial, float_limit_minor FROM agents") == [
        ("changed", True, 30000_00)
    ]


def test_an_agent_s_pin_is_stored_as_a_hash(
    load: Callable[..., Ran], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    ((stored, is_initial),) = rows("SELECT pin_hash, pin_is_initial FROM agents")
    assert verify_pin(stored, "4321", "pepper")
    assert not is_initial  # as the demo's file says


def test_an_agent_of_a_village_nobody_knows_is_told(load: Callable[..., Ran]) -> None:
    ran = load(('["KIB", "MAK"]', '["KIB", "NOWHERE"]'))
    assert ran.code == 1
    assert 'agent "+254711000111": villages: there is no village "NOWHERE"' in ran.err


def test_problems_of_the_file_and_of_the_books_are_told_together(
    load: Callable[..., Ran], contents: Callable[..., Any]
) -> None:
    before = contents()
    ran = load(
        ('["KIB", "MAK"]', '["NOWHERE"]'),
        ('"25.00"', '"26.00"'),
        ('kind = "other"', 'kind = "x"'),
        ("Kibwezi", "Changed"),
    )
    assert ran.code == 1
    for wanted in ("NOWHERE", "valid_from", "kind: 'x'", "Nothing was loaded."):
        assert wanted in ran.err
    assert contents() == before


def test_the_currency_may_change_until_there_are_payments(
    load: Callable[..., Ran], engine: Engine, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    assert load(('"KES"', '"TZS"')).code == 0
    assert load().code == 0
    book_a_payment(engine)
    ran = load(('"KES"', '"TZS"'))
    assert ran.code == 1
    assert "market: currency: there are payments in KES already" in ran.err
    assert rows("SELECT currency FROM market") == [("KES",)]
    assert load(('operator = "Jua', 'operator = "Moto')).code == 0


def test_the_devices_of_a_manufacturer_keep_their_token_family_and_kind(
    load: Callable[..., Ran], engine: Engine
) -> None:
    with engine.begin() as connection:
        manufacturer = connection.execute(
            text("SELECT id FROM manufacturers WHERE code = 'sunlite'")
        ).scalar_one()
        insert_device(
            connection,
            serial="KIT1",
            kind="shs",
            manufacturer_id=manufacturer,
            sealed_key=b"sealed",
        )
    ran = load(('kinds = ["shs"]\ntoken = "openpaygo"', 'kinds = ["e_bike"]\ntoken = "nexus_full"'))
    assert ran.code == 1
    assert 'manufacturer "sunlite": token: devices with keys for openpaygo' in ran.err
    assert 'manufacturer "sunlite": kinds: shs devices' in ran.err


def test_an_appliance_that_was_sold_keeps_its_kind(
    load: Callable[..., Ran], engine: Engine
) -> None:
    with engine.begin() as connection:
        customer = insert_customer(connection, msisdn="+254711000001")
        sale = insert_sale(
            connection, customer_id=customer, amounts_minor=(100_00,), appliance_kind="other"
        )
        connection.execute(
            text(
                "UPDATE sales SET appliance_id = (SELECT id FROM appliances WHERE code = 'cooker')"
                " WHERE id = :sale"
            ),
            {"sale": sale},
        )
    ran = load(('kind = "other"', 'kind = "shs"'))
    assert ran.code == 1
    assert 'appliance "cooker": kind: it has been sold as other' in ran.err


def test_without_a_pepper_no_agent_is_loaded(
    dialwatt: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, contents: Callable[..., Any]
) -> None:
    monkeypatch.delenv("PIN_PEPPER")
    before = contents()
    ran = dialwatt("load", str(CATALOGUE))
    assert ran.code == 1
    assert "PIN_PEPPER is not set" in ran.err
    assert contents() == before


def test_a_file_that_is_not_there_is_told(dialwatt: Callable[..., Ran]) -> None:
    ran = dialwatt("load", "/nowhere/at/all.toml")
    assert (ran.code, ran.out) == (1, "")
    assert "cannot read" in ran.err


def book_a_payment(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO payments (provider_account, receipt, source, amount_minor, currency,"
                " account_raw, payer_kind, paid_at, paid_on, received_at, next_attempt_at, state)"
                " VALUES ('daraja:1', 'R1', 'test', 100, 'KES', 'X', 'none', now(), '2026-11-30',"
                " now(), now(), 'suspense')"
            )
        )

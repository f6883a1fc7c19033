"""The demo: made once, on an empty database, and always with something to look at."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.db.customers import find_customer
from core.db.devices import find_device
from core.tokens.family import issue_days, issue_energy
from core.unit import Unit, unit_opener
from core.usecases.payments.quote import quote_payment
from core.usecases.sales.debts import list_debts
from core.usecases.tokens.device_keys import secrets_from
from operations.demo import cast, device_source, load_demo, on_day
from simulator.devices.virtual_device import display, enter_token, factory_state
from tests.operations.conftest import Ran

DAYS = [
    datetime(2026, 11, 24, 9, tzinfo=UTC),
    datetime(2027, 3, 31, 22, tzinfo=UTC),  # tomorrow in Nairobi, at the end of a month
    datetime(2028, 2, 29, 9, tzinfo=UTC),
]
AMINA, BARAKA, CHIDI, NEEMA = (f"+25472200000{number}" for number in range(1, 5))
METER, KIT, LAST_KIT = "37000100018", "LAMP31001", "LAMP11002"


@pytest.fixture(params=DAYS, ids=str)
def demo(
    request: pytest.FixtureRequest, engine: Engine, environment: dict[str, str]
) -> Callable[..., Any]:
    """The demo as made on some day, and a function that opens Units on that day."""
    assert load_demo(engine, environment, lambda: request.param)
    return unit_opener(engine, lambda: request.param)


def due(unit: Unit, msisdn: str) -> list[tuple[str, int]]:
    customer = find_customer(unit.connection, msisdn)
    assert customer is not None
    debts = list_debts(unit, customer.id)
    return [(line.kind, line.amount_minor) for line in debts.due]


def test_there_is_always_one_overdue_loan_and_one_fee(demo: Callable[..., Any]) -> None:
    with demo() as unit:
        assert due(unit, AMINA) == [("instalment", 300_00), ("access_rate", 100_00)]
        assert due(unit, BARAKA) == due(unit, CHIDI) == []
        assert due(unit, NEEMA) == [("instalment", 150_00)]


def test_paying_500_for_the_demo_meter_clears_the_debts_and_leaves_4_kwh(
    demo: Callable[..., Any],
) -> None:
    with demo() as unit:
        quote = quote_payment(unit, METER, 500_00)
    assert (quote.outcome.energy_tenths, quote.outcome.credit_minor) == (40, 0)


def test_baraka_buys_a_week_and_chidi_unlocks(demo: Callable[..., Any]) -> None:
    with demo() as unit:
        week = quote_payment(unit, KIT, 150_00)
        last = quote_payment(unit, LAST_KIT, 500_00)
    assert list(week.outcome.days.values()) == [7]
    assert len(last.outcome.completed_sales) == 1


def test_it_is_made_once(
    engine: Engine, environment: dict[str, str], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    assert load_demo(engine, environment)
    before = rows("SELECT id, msisdn FROM agents"), rows("SELECT * FROM devices ORDER BY id")
    assert not load_demo(engine, environment)
    assert before == (
        rows("SELECT id, msisdn FROM agents"),
        rows("SELECT * FROM devices ORDER BY id"),
    )


def test_a_book_in_use_is_left_alone(
    engine: Engine,
    environment: dict[str, str],
    loaded: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    assert not load_demo(engine, environment)
    assert rows("SELECT count(*) FROM customers") == [(0,)]


def test_a_demo_that_cannot_be_finished_leaves_an_empty_book(
    engine: Engine, environment: dict[str, str], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    with pytest.raises(Exception, match="DEVICE_KEY_SECRET"):
        load_demo(engine, environment | {"DEVICE_KEY_SECRET": ""})
    assert rows("SELECT count(*) FROM market") == [(0,)]


def test_the_cast_has_the_shape_of_the_contract(
    engine: Engine, environment: dict[str, str]
) -> None:
    load_demo(engine, environment)
    people = cast(engine)
    roles = [person["role"] for person in people]
    assert roles == ["customer"] * 6 + ["agent", "stranger", "stranger"]
    assert people[0] == {
        "name": "Amina Odhiambo",
        "msisdn": AMINA,
        "role": "customer",
        "language": "en",
        "devices": [{"serial": METER, "kind": "meter"}],
    }
    assert people[3]["language"] == "sw"
    assert {device["kind"] for device in people[3]["devices"]} == {"meter", "shs"}
    assert people[6]["pin"] == "4321"
    assert all("pin" not in person for person in people if person["role"] != "agent")


def test_an_empty_book_has_no_cast(engine: Engine, database_url: str) -> None:
    assert cast(engine) == []


def test_the_cast_of_another_operator_is_their_people(
    engine: Engine, loaded: None, dialwatt: Callable[..., Ran]
) -> None:
    people = "msisdn,name,surname,village,language\n+254712123456,Zawadi,,KIB,sw\n"
    assert dialwatt("import", "customers", "FILE", content=people).code == 0
    assert [(person["name"], person["role"]) for person in cast(engine)] == [
        ("Zawadi", "customer"),
        ("Juma Otieno", "agent"),
        ("A stranger", "stranger"),
        ("Another stranger", "stranger"),
    ]
    assert "+254712123456" not in [person["msisdn"] for person in cast(engine)[1:]]


def test_virtual_devices_take_the_codes_the_workers_make(
    engine: Engine, environment: dict[str, str]
) -> None:
    load_demo(engine, environment)
    source, open_secret = device_source(engine, environment), secrets_from(environment)
    for serial, wanted in ((METER, {"kwh": 5.0}), (KIT, {"days": 7, "unlocked": False})):
        with engine.connect() as connection:
            device = find_device(connection, serial, with_secrets=True)
        assert device is not None
        if device.kind == "meter":
            now = datetime.now(UTC)
            (code,) = issue_energy(open_secret(device), device.token_counter, 50, now, 1)
        else:
            (code,) = issue_days(open_secret(device), device.token_counter, 7)
        found = source(serial)
        assert found is not None
        kind, secret, count = found
        typed = enter_token(factory_state(secret, count), code.text, secret)
        assert (kind, typed.accepted, display(typed.state)) == (device.kind, True, wanted)


def test_there_is_no_virtual_device_where_there_is_no_device(
    engine: Engine, environment: dict[str, str]
) -> None:
    load_demo(engine, environment)
    source = device_source(engine, environment)
    assert source("NOSUCH") is None
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE manufacturers SET token_family = 'none' WHERE code = 'sunlite'")
        )
    assert source(KIT) is None


def test_days_count_from_today() -> None:
    today = date(2026, 3, 1)
    assert on_day("a,today,today-1,today+31,x", today) == (
        f"a,2026-03-01,{today - timedelta(days=1)},2026-04-01,x"
    )

"""`dialwatt import customers`: every line or none, every bad line with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from core.unit import unit_opener
from operations.importing.import_file import import_file
from tests.operations.commands.csv_lines import AMINA, BARAKA, CUSTOMERS
from tests.operations.conftest import Ran


def test_customers_are_known_by_their_number_however_it_is_written(
    imported: Callable[[str, str], tuple[str, str]],
    loaded: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    first, again = imported(
        "customers", f"{CUSTOMERS}{AMINA},Amina,Odhiambo,KIB,sw\n0722000002,Baraka,,,\n"
    )
    assert first == "customers: 2 new, 0 already there"
    assert again == "customers: 0 new, 2 already there"
    assert rows(
        "SELECT m.msisdn, c.name, c.surname, c.language, v.code FROM customers c"
        " JOIN customer_msisdns m ON m.customer_id = c.id"
        " LEFT JOIN villages v ON v.id = c.village_id ORDER BY 1"
    ) == [(AMINA, "Amina", "Odhiambo", "sw", "KIB"), (BARAKA, "Baraka", "", "en", None)]


def test_every_bad_customer_is_reported_and_none_is_imported(
    refused: Callable[[str, str], str], customers: None
) -> None:
    errors = refused(
        "customers",
        CUSTOMERS
        + "+254722000009,Good,One,KIB,en\n"
        + "12,Short,Number,KIB,en\n"
        + "+254722000010,,Nameless,KIB,en\n"
        + "+254722000011,No,Village,XXX,en\n"
        + "+254722000012,No,Language,KIB,fr\n"
        + "+254722000009,Good,Again,KIB,en\n"
        + f"{AMINA},Amina,Wanjiru,KIB,en\n",
    )
    assert "line 2:" not in errors
    for wanted in (
        "line 3: msisdn: not a phone number: '12'",
        "line 4: name: is missing",
        'line 5: there is no village "XXX"',
        "line 6: language: the market speaks en, sw, not fr",
        "line 7: the same as line 2",
        "line 8: surname: the database says Odhiambo, the file says Wanjiru",
    ):
        assert wanted in errors


def test_a_language_changed_on_the_phone_is_no_difference(
    imported: Callable[[str, str], tuple[str, str]],
    engine: Engine,
    customers: None,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET language = 'sw'"))
    imported("customers", f"{CUSTOMERS}{AMINA},Amina,Odhiambo,KIB,en\n")
    assert rows("SELECT DISTINCT language FROM customers") == [("sw",)]


def test_a_file_with_a_byte_order_mark_is_read(dialwatt: Callable[..., Ran], loaded: None) -> None:
    content = b"\xef\xbb\xbf" + f"{CUSTOMERS}{AMINA},Amina,Odhiambo,KIB,en\n".encode()
    assert dialwatt("import", "customers", "FILE", content=content).code == 0


SIMPLE = st.text(alphabet="abcXYZ ëç'-", min_size=1, max_size=12).filter(str.strip)
LINES = st.dictionaries(
    st.integers(700_000_000, 799_999_999),
    st.tuples(SIMPLE, st.just("") | SIMPLE, st.sampled_from(["", "KIB", "MAK"])),
    max_size=8,
)


@given(lines=LINES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_importing_twice_is_importing_once(
    lines: dict[int, tuple[str, str, str]],
    engine: Engine,
    loaded: None,
    environment: dict[str, str],
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    content = CUSTOMERS + "".join(
        f"+254{number},{name},{surname},{village},\n"
        for number, (name, surname, village) in lines.items()
    )
    everyone = "SELECT count(*) FROM customer_msisdns"
    with unit_opener(engine)() as unit:
        before = unit.connection.execute(text(everyone)).scalar_one()
        first = import_file(unit, "customers", content, environment)
        again = import_file(unit, "customers", content, environment)
        after = unit.connection.execute(text(everyone)).scalar_one()
        transaction = unit.connection.get_transaction()
        assert transaction is not None
        transaction.rollback()
    assert (again.new, again.known) == (0, len(lines))
    assert after - before == first.new == len(lines)

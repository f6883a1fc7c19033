"""`dialwatt import` with any kind of file."""

from __future__ import annotations

from collections.abc import Callable

from operations.demo import on_day
from tests.operations.commands.csv_lines import CUSTOMERS, TODAY
from tests.operations.conftest import CATALOGUE, Ran


def test_an_empty_database_says_to_load_a_catalogue_first(dialwatt: Callable[..., Ran]) -> None:
    ran = dialwatt("import", "customers", "FILE", content=CUSTOMERS)
    assert ran.code == 1
    assert "load a catalogue (`dialwatt load FILE`)" in ran.err


def test_the_files_of_the_demo_can_be_imported(dialwatt: Callable[..., Ran], loaded: None) -> None:
    for kind in ("customers", "devices", "sales"):
        content = (CATALOGUE.parent / f"{kind}.csv").read_text(encoding="utf-8")
        assert dialwatt("import", kind, "FILE", content=on_day(content, TODAY)).code == 0


def test_a_file_as_a_spreadsheet_saves_it_is_imported_whole_or_not_at_all(
    dialwatt: Callable[..., Ran], loaded: None, rows: Callable[..., list[tuple[object, ...]]]
) -> None:
    header = "msisdn;name;surname;village;language;;\r\n"
    zoe = "00254 722 100 014;Zo\xeb;N\u2019Guessan;KIB;sw;;\r\n"
    content = f"sep=;\r\n{header}{zoe}254722100015.0;Baraka;Mwangi;;;;\r\n"
    refused = dialwatt("import", "customers", "FILE", content=content.encode("cp1252"))
    assert refused.code == 1
    assert "line 4: msisdn: not a phone number: '254722100015.0'" in refused.err
    assert rows("SELECT count(*) FROM customers") == [(0,)]

    content = f"{header}{zoe}0722 100 015;Baraka;Mwangi;;;;\r\n"
    assert dialwatt("import", "customers", "FILE", content=content.encode("cp1252")).code == 0
    assert rows(
        "SELECT m.msisdn, c.name, c.surname FROM customers c"
        " JOIN customer_msisdns m ON m.customer_id = c.id ORDER BY 1"
    ) == [
        ("+254722100014", "Zo\xeb", "N\u2019Guessan"),
        ("+254722100015", "Baraka", "Mwangi"),
    ]

"""`dialwatt accrue`: what has fallen due is written once, however often it runs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from core.clock import system_clock
from core.unit import unit_opener
from tests.operations.conftest import Ran
from tests.support.builders import (
    NAIROBI,
    insert_customer,
    insert_device,
    insert_manufacturer,
    insert_market,
    insert_tariff,
)
from workers.schedule import accrue_all

SINCE = system_clock().astimezone(NAIROBI).date() - timedelta(days=65)


def test_fees_are_written_once_and_page_by_page(
    dialwatt: Callable[..., Ran],
    engine: Engine,
    rows: Callable[..., list[tuple[Any, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workers.schedule._ROWS_A_PAGE", 2)
    with engine.begin() as connection:
        insert_market(connection)
        owner = insert_customer(connection, msisdn="+254711000001")
        manufacturer = insert_manufacturer(connection, token_family="sts")
        tariff = insert_tariff(
            connection, access_rate_minor=100_00, access_every_days=30, valid_from=SINCE
        )
        for number in range(5):
            insert_device(
                connection,
                serial=f"M{number}",
                manufacturer_id=manufacturer,
                owner_id=owner,
                tariff_id=tariff,
                assigned_on=SINCE,
            )
    first = dialwatt("accrue")
    assert (first.code, first.out) == (0, "10 fees written\n")
    again = dialwatt("accrue")
    assert (again.code, again.out) == (0, "0 fees written\n")
    assert rows("SELECT count(*), sum(amount_minor) FROM access_charges") == [(10, 1000_00)]
    assert accrue_all(unit_opener(engine)) == 0


def test_an_empty_database_says_to_load_a_catalogue(dialwatt: Callable[..., Ran]) -> None:
    ran = dialwatt("accrue")
    assert ran.code == 1
    assert "load a catalogue (`dialwatt load FILE`)" in ran.err

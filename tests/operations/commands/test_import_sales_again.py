"""`dialwatt import sales` with a line whose sale was changed since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.money import Money
from core.plan import ByAmount
from core.unit import OpenUnit, unit_opener
from core.usecases.sales.change_sale import NewSchedule, reprice_sale, reschedule_sale
from core.usecases.sales.end_sale import cancel_sale
from tests.operations.commands.csv_lines import AMINA, SALES
from tests.operations.conftest import Ran


@pytest.fixture
def open_unit(engine: Engine) -> OpenUnit:
    return unit_opener(engine)


def sale_id_of(rows: Callable[..., list[tuple[Any, ...]]]) -> int:
    found: int = rows("SELECT min(id) FROM sales")[0][0]
    return found


CHANGES = {
    "a new price": lambda unit, sale: reprice_sale(unit, sale, 1500_00, "grace", "agreed"),
    "another rhythm": lambda unit, sale: reschedule_sale(
        unit, sale, NewSchedule(ByAmount(Money(100_00, "KES")), "weekly"), "grace", "agreed"
    ),
    "returned": lambda unit, sale: cancel_sale(unit, sale, "grace", "returned"),
}


@pytest.mark.parametrize("reference", ["S1", ""])
@pytest.mark.parametrize("change", CHANGES)
def test_the_line_a_sale_was_made_from_changes_nothing_after_it_changed(
    dialwatt: Callable[..., Ran],
    devices: None,
    open_unit: OpenUnit,
    rows: Callable[..., list[tuple[Any, ...]]],
    contents: Callable[..., Any],
    change: str,
    reference: str,
) -> None:
    line = f"{SALES}{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,{reference}\n"
    assert dialwatt("import", "sales", "FILE", content=line).code == 0
    with open_unit() as unit:
        CHANGES[change](unit, sale_id_of(rows))
    before = contents()

    ran = dialwatt("import", "sales", "FILE", content=line)

    assert (ran.code, ran.out.strip()) == (0, "sales: 0 new, 1 already there")
    assert contents() == before


def test_a_sale_changed_twice_is_known_by_how_it_was_made(
    dialwatt: Callable[..., Ran],
    refused: Callable[[str, str], str],
    devices: None,
    open_unit: OpenUnit,
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    line = f"{SALES}{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,S1\n"
    dialwatt("import", "sales", "FILE", content=line)
    for total in (1500_00, 2000_00):
        with open_unit() as unit:
            reprice_sale(unit, sale_id_of(rows), total, "grace", "agreed")

    assert dialwatt("import", "sales", "FILE", content=line).code == 0
    assert "another plan" in refused("sales", line.replace("1000,", "2000,"))


@pytest.mark.parametrize("reference", ["S1", ""])
def test_a_line_without_a_total_is_known_after_the_catalogue_s_price_changed(
    dialwatt: Callable[..., Ran],
    devices: None,
    engine: Engine,
    contents: Callable[..., Any],
    reference: str,
) -> None:
    line = f"{SALES}{AMINA},cooker,,,,count,6,,monthly,2026-11-01,,{reference}\n"
    assert dialwatt("import", "sales", "FILE", content=line).code == 0
    with engine.begin() as connection:
        connection.execute(text("UPDATE appliances SET price_minor = 9000_00, initial_days = 3"))
    before = contents()

    assert dialwatt("import", "sales", "FILE", content=line).code == 0
    assert contents() == before

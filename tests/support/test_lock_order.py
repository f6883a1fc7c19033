"""The watch over all Units finds locks that are taken in another order than everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from core.db.audit import open_case
from core.db.customers import lock_customers
from core.db.devices import lock_devices
from core.unit import OpenUnit, Unit
from tests.support.lock_order import LockWatch, lock_order, watched_locks


@pytest.fixture(autouse=True)
def locks_are_taken_in_order() -> None:
    """Not watched here: these Units break the order on purpose."""


@pytest.fixture
def watch() -> Iterator[LockWatch]:
    with watched_locks() as watch:
        yield watch


def in_one_unit(open_unit: OpenUnit, *steps: Callable[[Unit], object]) -> None:
    with open_unit() as unit:
        for step in steps:
            step(unit)


def customers(*ids: int) -> Callable[[Unit], object]:
    return lambda unit: lock_customers(unit.connection, ids)


def device(unit: Unit) -> None:
    lock_devices(unit.connection, [1], [])


def update_customer(unit: Unit) -> None:
    unit.connection.execute(text("UPDATE customers SET credit_minor = 0"))


def case(key: str) -> Callable[[Unit], object]:
    return lambda unit: open_case(unit.connection, unit.now, "odd", key, "odd")


def test_the_order_is_read_from_the_page_that_states_it() -> None:
    assert lock_order() == [
        *("agents", "prompts", "payments", "customers", "devices", "vendor_accounts"),
        *("circuits", "vends", "cases"),
    ]


@pytest.mark.parametrize(
    "steps",
    [
        (customers(1, 2), device, case("1"), case("2")),
        (customers(1), customers(2), update_customer),
        (customers(1, 2), device, customers(1), update_customer),
    ],
)
def test_the_order_is_kept(
    open_unit: OpenUnit, watch: LockWatch, steps: tuple[Callable[[Unit], object], ...]
) -> None:
    in_one_unit(open_unit, *steps)
    assert watch.found == []


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ((device, customers(1)), "customers is locked after devices"),
        ((device, update_customer), "customers is locked after devices"),
        ((customers(2), customers(1)), "customers 1 is locked after 2"),
        ((customers(1), device, customers(2)), "customers is locked after devices"),
        ((case("2"), case("1")), "case odd:1 is opened after odd:2"),
        (
            (lambda unit: unit.connection.execute(text("SELECT FROM payments FOR UPDATE")),),
            "payments is locked FOR UPDATE, not FOR NO KEY UPDATE",
        ),
    ],
)
def test_another_order_is_found(
    open_unit: OpenUnit,
    watch: LockWatch,
    steps: tuple[Callable[[Unit], object], ...],
    found: str,
) -> None:
    in_one_unit(open_unit, *steps)
    (line,) = watch.found
    assert line.startswith(found)


def test_a_savepoint_that_is_rolled_back_gives_its_locks_back(
    open_unit: OpenUnit, watch: LockWatch
) -> None:
    with open_unit() as unit:
        with unit.connection.begin_nested() as savepoint:
            customers(1, 2)(unit)
            savepoint.rollback()
        customers(2)(unit)
        customers(1)(unit)
    (line,) = watch.found
    assert line.startswith("customers 1 is locked after 2")


def test_each_unit_is_watched_by_itself(open_unit: OpenUnit, watch: LockWatch) -> None:
    in_one_unit(open_unit, device)
    in_one_unit(open_unit, customers(1))
    assert watch.found == []

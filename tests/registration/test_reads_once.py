"""A registration reads each row once: customer, device and appliance.

What was read travels as an object. Every statement that reads a row of these tables a second time
is a round trip for nothing, and may see another state than the first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event

from core.pin import Pins
from core.unit import Unit, unit_opener
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice
from core.usecases.registration.by_agent import NewMeter, register_meter, register_on_plan
from core.usecases.registration.by_operator import register_by_operator
from core.usecases.registration.by_sms import (
    RegistrationRequest,
    confirm_registration,
    store_registration_request,
)
from core.usecases.registration.self_service import register_own_device
from core.usecases.sales.sell import NewSale, sell_by_agent, sell_by_operator
from tests.support.builders import terms_by_amount, terms_by_count
from tests.support.cast import (
    JUMA,
    NEEMA,
    PEPPER,
    READY_KIT,
    READY_METER,
    STOCK_KIT,
    STOCK_METER,
    STRANGER,
)
from tests.support.scenario import NOW, make_scenario

# The tables whose rows must be read once; reading a number reads the customer behind it.
_READ = re.compile(r"\b(?:FROM|JOIN|USING)\s+(customers|devices|appliances)\b")
KNOWN, NEW = NewCustomer(NEEMA), NewCustomer(STRANGER, "Otis", "Maina", "KIB")
METER = NewMeter(NamedDevice(STOCK_METER, "meter", "umeme"), "home")
KIT = NewSale(terms_by_amount("kit", 150_00), NamedDevice(STOCK_KIT, "shs", "sunlite"))
COOKER = NewSale(terms_by_count("cooker", 4))
OPERATOR = ("grace@jua.example", "at the counter")
BY_SMS = RegistrationRequest(STOCK_KIT, NEW, "kit/12W")
REGISTRATIONS: dict[str, Callable[[Unit], Any]] = {
    "an agent, a meter": lambda unit: register_meter(unit, JUMA, "4321", NEW, METER),
    "an agent, a meter to a known customer": lambda unit: register_meter(
        unit, JUMA, "4321", KNOWN, METER
    ),
    "an agent, a kit": lambda unit: register_on_plan(unit, JUMA, "4321", NEW, KIT, "s/1"),
    "an agent, a kit to a known customer": lambda unit: register_on_plan(
        unit, JUMA, "4321", KNOWN, KIT, "s/1"
    ),
    "an agent, a kit by SMS": lambda unit: confirm_registration(unit, JUMA, "4321", 1, "s/1"),
    "an operator, a meter": lambda unit: register_by_operator(unit, OPERATOR[0], NEW, METER),
    "an operator, a kit": lambda unit: register_by_operator(unit, OPERATOR[0], KNOWN, KIT),
    "a stranger, a meter": lambda unit: register_own_device(unit, NEW, READY_METER, "s/1"),
    "a customer, a kit": lambda unit: register_own_device(unit, KNOWN, READY_KIT, "s/1"),
    "an agent sells a cooker": lambda unit: sell_by_agent(unit, JUMA, "4321", NEEMA, COOKER, "s/1"),
    "an agent sells a kit": lambda unit: sell_by_agent(unit, JUMA, "4321", NEEMA, KIT, "s/1"),
    "an operator sells a kit": lambda unit: sell_by_operator(unit, NEEMA, KIT, *OPERATOR),
}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    make_scenario(engine)
    with unit_opener(engine, lambda: NOW)() as unit:
        store_registration_request(unit, JUMA, BY_SMS)
    yield engine
    engine.dispose()


@contextmanager
def reads_of(engine: Engine) -> Iterator[Counter[str]]:
    """How many statements found rows in each of the tables, while the context is open."""
    reads: Counter[str] = Counter()

    def count(_: Any, cursor: Any, statement: str, *__: Any) -> None:
        if cursor.rowcount > 0 and cursor.description:
            reads.update(set(_READ.findall(statement)))

    event.listen(engine, "after_cursor_execute", count)
    yield reads
    event.remove(engine, "after_cursor_execute", count)


@pytest.mark.parametrize("registration", REGISTRATIONS)
def test_a_registration_reads_each_row_once(engine: Engine, registration: str) -> None:
    open_unit = unit_opener(engine, lambda: NOW, pins=Pins(PEPPER))

    with open_unit() as unit, reads_of(engine) as reads:
        done = REGISTRATIONS[registration](unit)

    assert done
    assert {table: times for table, times in reads.items() if times > 1} == {}

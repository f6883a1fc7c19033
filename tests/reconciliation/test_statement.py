"""A movement may have two names: the network's id, and our own reference of the prompt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.db.prompts import lock_prompt
from core.money import Money
from core.movement import Movement, Statement
from core.usecases.payments.prompts import confirm_by_lookup
from core.usecases.payments.request import request_payment
from core.usecases.reconciliation.book_movements import book_missing, in_booking_order, open_cases
from core.usecases.reconciliation.compare import compare_statement
from tests.support.cast import AMINA, METER
from tests.support.scenario import NOW, Scenario

ACCOUNT, OURS = "pawapay:MTN_MOMO_UGA", "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def paid(scenario: Scenario) -> Scenario:
    """A prompt that was paid, booked under the network's id as a callback told it."""
    with scenario.open_unit() as unit:
        prompt_id = request_payment(unit, AMINA, METER, Money(100_00, "KES")).prompt_id
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE prompts SET checkout_reference = %s", (OURS,))
    with scenario.open_unit() as unit:
        prompt = lock_prompt(unit.connection, prompt_id)
        assert prompt is not None
        confirm_by_lookup(unit, prompt, ACCOUNT, "NET-1", 100_00)
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE payments SET source = 'callback'")
    return scenario


@pytest.mark.parametrize("named", [OURS, "NET-1"])
def test_a_statement_may_name_it_either_way(paid: Scenario, named: str) -> None:
    movements = [
        Movement(receipt, "payment", "in", 100_00, NOW + timedelta(minutes=minutes), account=METER)
        for receipt, minutes in (("L1", -5), (named, 0), ("L2", 5))
    ]
    statement = Statement(ACCOUNT, "KES", movements)
    with paid.open_unit() as unit:
        compared = compare_statement(unit, statement)
        open_cases(unit, statement, compared)
        for part in in_booking_order(compared.missing_here):
            book_missing(unit, statement, part, "statement")

    assert compared.matched == 1
    assert compared.missing_there == []
    assert paid.rows("SELECT receipt FROM payments ORDER BY receipt") == [
        ("L1",),
        ("L2",),
        ("NET-1",),
    ]

"""Closing a case about money that is held says what becomes of that money."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.errors import Refused
from core.movement import Movement, Statement
from core.payment import PaymentNotice
from core.unit import Unit
from core.usecases.payments.record import Recorded, record_payment
from core.usecases.reconciliation.book_movements import book_missing, in_booking_order, open_cases
from core.usecases.reconciliation.cases import close_case
from core.usecases.reconciliation.compare import compare_statement
from tests.support.cast import METER
from tests.support.scenario import ACCOUNT, NOW, Scenario

WHO = "ops@jua"


def listed(scenario: Scenario, *receipts: str) -> None:
    """The provider's list, as it would come now: these receipts, around the one that is held."""
    times = range(0, 10 * len(receipts), 10)
    movements = [
        Movement(receipt, "payment", "in", 100_00, NOW + timedelta(minutes=minutes), account=METER)
        for receipt, minutes in zip(receipts, times, strict=True)
    ]
    statement = Statement(ACCOUNT, "KES", movements)
    with scenario.open_unit() as unit:
        compared = compare_statement(unit, statement)
        open_cases(unit, statement, compared)
    for part in in_booking_order(compared.missing_here):
        with scenario.open_unit() as unit:
            book_missing(unit, statement, part, "pull")


@pytest.fixture
def held(scenario: Scenario) -> int:
    """A payment on no list; the id of its case."""
    scenario.ahead = timedelta(minutes=5)
    scenario.pay("R1", METER, 100_00)
    scenario.ahead = timedelta(0)
    listed(scenario, "L1", "L2")
    found: int = scenario.rows("SELECT id FROM cases")[0][0]
    return found


def close(scenario: Scenario, case_id: int, decision: str | None = None) -> None:
    with scenario.open_unit() as unit:
        close_case(unit, case_id, WHO, "the provider confirms it", decision)


def state_of(scenario: Scenario, receipt: str = "R1") -> str:
    found: str = scenario.rows("SELECT state FROM payments WHERE receipt = :r", r=receipt)[0][0]
    return found


def test_a_payment_that_cannot_be_booked_stops_none_behind_it(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(unit: Unit, notice: PaymentNotice, **how: Any) -> Recorded:
        if notice.receipt == "L1":
            unit.connection.exec_driver_sql("UPDATE customers SET credit_minor = -1")
        return record_payment(unit, notice, **how)

    with monkeypatch.context() as patch:
        patch.setattr("core.usecases.reconciliation.book_movements.record_payment", broken)
        listed(scenario, "L1", "L2")
    assert scenario.rows("SELECT receipt FROM payments") == [("L2",)]
    assert scenario.rows("SELECT kind, closed_at FROM cases") == [("movement_failed", None)]

    listed(scenario, "L1", "L2")

    assert scenario.rows("SELECT receipt FROM payments ORDER BY 1") == [("L1",), ("L2",)]
    assert scenario.rows("SELECT count(*) FROM cases WHERE closed_at IS NULL") == [(0,)]


def test_the_money_is_applied_when_the_decision_is_to_apply_it(
    scenario: Scenario, held: int
) -> None:
    close(scenario, held, "apply")
    scenario.apply()

    assert state_of(scenario) == "applied"
    assert scenario.rows("SELECT details ->> 'held' FROM audit_log") == [("apply",)]
    scenario.check_invariants()


def test_the_money_stays_where_it_is_when_the_decision_is_to_keep_it(
    scenario: Scenario, held: int
) -> None:
    close(scenario, held, "keep")
    scenario.apply()

    assert state_of(scenario) == "received"
    assert scenario.rows("SELECT details ->> 'held' FROM audit_log") == [("keep",)]


@pytest.mark.parametrize("decision", [None, "", "burn"])
def test_without_a_decision_the_case_stays_open(
    scenario: Scenario, held: int, decision: str | None
) -> None:
    with pytest.raises(Refused, match="decision_missing"):
        close(scenario, held, decision)

    assert scenario.rows("SELECT closed_at IS NULL FROM cases") == [(True,)]


def test_a_later_list_does_not_hold_again_what_a_person_released(
    scenario: Scenario, held: int
) -> None:
    close(scenario, held, "apply")
    listed(scenario, "L1", "L2")

    scenario.apply()

    assert state_of(scenario) == "applied"


def test_a_later_list_that_shows_it_releases_it_after_the_case_was_closed(
    scenario: Scenario, held: int
) -> None:
    close(scenario, held, "keep")
    listed(scenario, "L1", "R1")

    scenario.apply()

    assert state_of(scenario) == "applied"


def test_a_case_whose_money_is_not_held_any_more_asks_for_nothing(
    scenario: Scenario, held: int
) -> None:
    with scenario.engine.begin() as connection:  # as a replay does
        connection.exec_driver_sql("UPDATE payments SET next_attempt_at = received_at")
    scenario.apply()

    close(scenario, held)

    assert scenario.rows("SELECT closed_at IS NULL FROM cases") == [(False,)]

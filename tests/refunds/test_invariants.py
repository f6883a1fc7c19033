"""What `dialwatt doctor` says where money that went back and the ledger could differ."""

from __future__ import annotations

import pytest

from core.db.invariants import LEDGER, offenders
from core.refund import NewReturn
from core.usecases.refunds.credit import give_credit_back
from core.usecases.refunds.reversal import record_reversal
from tests.support.cast import METER
from tests.support.scenario import ACCOUNT, Scenario

BROKEN = [
    (
        "what went back of a payment equals its returns",
        "UPDATE payments SET returned_minor = returned_minor - 1",
        "payment R1: KES 239.99 went back, returns KES 240.00",
    ),
    (
        "every return equals the lines it took",
        "UPDATE payment_return_lines SET amount_minor = amount_minor - 1 WHERE clawback_minor = 0",
        "payment R1: returns took KES 240.00, of its lines KES 239.99",
    ),
    (
        "no line is taken back twice",
        "UPDATE payment_return_lines SET amount_minor = 31000 WHERE clawback_minor = 0",
        "payment R1, line 1",
    ),
    (
        "clawbacks equal what returns could not take back",
        "UPDATE clawbacks SET amount_minor = amount_minor + 1",
        "payment R1: clawbacks KES 203.01, returns KES 203.00",
    ),
    (
        "money taken in and not sent back equals clearing",
        "UPDATE payment_returns SET source = 'office'",
        f"clearing:{ACCOUNT}: ledger KES 262.00, payments KES 502.00",
    ),
    (
        "money taken in and not sent back equals clearing",
        "UPDATE credit_acts SET amount_minor = 1",
        f"clearing:{ACCOUNT}: ledger KES 262.00, payments KES 264.99",
    ),
    (
        "credit given back and moved equals the ledger",
        "UPDATE credit_acts SET amount_minor = 1",
        "credit act V1: KES 0.01, ledger KES 3.00",
    ),
    (
        "every payment equals its lines",
        "DELETE FROM payment_return_lines; UPDATE payments SET amount_minor = amount_minor",
        "payment R1",
    ),
]


@pytest.mark.parametrize(("name", "broken", "shown"), BROKEN)
def test_doctor_names_the_broken_state(
    scenario: Scenario, name: str, broken: str, shown: str
) -> None:
    scenario.pay("R1", METER, 505_00)  # 300 to the loan, 200 for energy, 5 of credit
    scenario.apply()
    with scenario.open_unit() as unit:
        [(customer_id,)] = scenario.rows("SELECT customer_id FROM payments")
        back = NewReturn(3_00, "provider", "V1")
        give_credit_back(unit, customer_id, back, ACCOUNT, "ops", "asked")
    with scenario.open_unit() as unit:
        record_reversal(unit, ACCOUNT, "R1", NewReturn(240_00, "provider", "B1"), "ops", "M-Pesa")
    scenario.check_invariants()

    for statement in broken.split(";"):
        scenario.run(statement)

    with scenario.open_unit() as unit:
        assert offenders(unit.connection, LEDGER[name], unit.now).startswith(shown)

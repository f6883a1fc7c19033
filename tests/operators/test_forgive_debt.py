"""Fees are waived and clawbacks written off: not owed any more, and so in the ledger."""

from __future__ import annotations

import pytest

from core.db.forgiven import ForgivableKind, forgivable_debts
from core.errors import Refused
from core.refund import NewReturn
from core.usecases.customers.forgive_debt import forgive_debt
from core.usecases.refunds.reversal import record_reversal
from core.usecases.registration.show_customer import show_customer
from tests.support.cast import AMINA, METER
from tests.support.scenario import ACCOUNT, Scenario

WHO, WHY = "grace@jua.example", "the meter was broken"


def debt_of(scenario: Scenario, kind: ForgivableKind) -> int:
    with scenario.open_unit() as unit:
        customer = show_customer(unit, AMINA).customer
        (debt,) = forgivable_debts(unit.connection, kind, customer.id)
    return debt.id


def charge(scenario: Scenario) -> None:
    """Amina's meter has a fee of 100 that was charged, and 40 of it is paid."""
    amina, meter = scenario.rows("SELECT owner_id, id FROM devices WHERE serial = :s", s=METER)[0]
    scenario.run("DELETE FROM instalments")
    scenario.run(
        "INSERT INTO access_charges (device_id, customer_id, due_on, amount_minor)"
        " VALUES (:meter, :amina, '2026-11-01', 10000)",
        meter=meter,
        amina=amina,
    )
    scenario.pay("A1", METER, 40_00)
    scenario.apply()


def forgive(scenario: Scenario, kind: ForgivableKind, debt_id: int) -> int:
    with scenario.open_unit() as unit:
        return forgive_debt(unit, kind, debt_id, WHO, WHY).minor


def test_a_fee_is_waived(scenario: Scenario) -> None:
    charge(scenario)
    fee = debt_of(scenario, "access_rate")
    assert forgive(scenario, "access_rate", fee) == 60_00
    assert scenario.balances()["expense:discount"] == 60_00
    with scenario.open_unit() as unit:
        assert show_customer(unit, AMINA).debts.lines == ()
    body = scenario.rows("SELECT body FROM sms ORDER BY id DESC LIMIT 1")[0][0]
    assert f"KES 60 for {METER}" in body
    assert scenario.rows("SELECT action, subject FROM audit_log") == [("waive_fee", "customer")]
    with pytest.raises(Refused, match="debt_closed"):
        forgive(scenario, "access_rate", fee)
    with pytest.raises(Refused, match="debt_unknown"):
        forgive(scenario, "access_rate", 4242)


def test_a_clawback_is_written_off(scenario: Scenario) -> None:
    scenario.pay("A1", METER, 800_00)
    scenario.apply()
    with scenario.open_unit() as unit:
        record_reversal(unit, ACCOUNT, "A1", NewReturn(), WHO, "the provider took it back")
    clawback = debt_of(scenario, "clawback")
    assert forgive(scenario, "clawback", clawback) == 500_00
    assert scenario.balances()["expense:bad_debt"] == 500_00
    assert "receivable:clawback" not in scenario.balances()
    scenario.check_invariants()
    with scenario.open_unit() as unit:
        kinds = {debt.kind for debt in show_customer(unit, AMINA).debts.lines}
    assert "clawback" not in kinds

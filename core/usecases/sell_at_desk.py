"""An operator sells an appliance to a customer who is known, on a plan or by the day.

A device from stock is handed over in the same act. A customer who is not known yet is registered
with the device (register_at_desk); an agent sells from a phone (sell_appliance).
"""

from __future__ import annotations

from core.db.sales import get_sale_id
from core.unit import Unit
from core.usecases.audit import write_audit
from core.usecases.hand_over import hand_over
from core.usecases.look_up_customer import get_known
from core.usecases.offer import Terms
from core.usecases.stock import is_in_stock
from core.usecases.write_sale import write_sale


def sell_by_operator(
    unit: Unit, msisdn: str, terms: Terms, serial: str | None, operator: str, reason: str
) -> int:
    """The id of the sale, of today. The customer is told by text what was agreed.

    Raises Refused customer_unknown, reason_missing and like `write_sale`.
    """
    buyer = get_known(unit, msisdn)
    is_new_here = serial is not None and is_in_stock(unit, serial)
    reference = f"desk:{serial or buyer.id}:{unit.now.isoformat()}"
    write_sale(unit, msisdn, terms, serial, reference)
    if serial is not None and is_new_here:
        hand_over(unit, buyer, serial)
    sale_id = get_sale_id(unit.connection, reference)
    write_audit(
        unit, operator, "sell", "sale", sale_id, reason, appliance=terms.appliance, serial=serial
    )  # fmt: skip
    return sale_id

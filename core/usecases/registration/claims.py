"""What callers take from stock by themselves: one device at a time until something is paid for it,
and few a day. A device whose down payment does not come within a day goes back to stock.

Serial numbers follow one another: without a limit a stranger could take them all.
"""

from __future__ import annotations

from datetime import timedelta

from core.customer import Customer
from core.db.claims import claims_since, unpaid_claim_of, unpaid_claims
from core.db.sales import lock_sale
from core.errors import Refused
from core.unit import Unit
from core.usecases.operators.audit import ITSELF
from core.usecases.sales.end_sale import cancel_sale

MOST_A_DAY = 3
HELD_FOR = timedelta(days=1)


def check_claims(unit: Unit, customer: Customer) -> None:
    """Raises Refused: claim_unpaid (names the device), claims_many."""
    serial = unpaid_claim_of(unit.connection, customer.id)
    if serial is not None:
        raise Refused("claim_unpaid", serial=serial)
    if claims_since(unit.connection, customer.id, unit.now - timedelta(days=1)) >= MOST_A_DAY:
        raise Refused("claims_many")


def find_lapsed_claims(unit: Unit) -> list[int]:
    """Return the ids of the sales that callers made a day ago or earlier, and paid nothing for."""
    return unpaid_claims(unit.connection, unit.now - HELD_FOR)


def release_claim(unit: Unit, sale_id: int) -> bool:
    """Cancel such a sale: its device goes back to stock, and the caller gets an SMS. False where it
    was paid or ended since it was found.

    Raises Refused where something is on its way for it; the Unit must be rolled back then.
    """
    lock_sale(unit.connection, sale_id)
    if sale_id not in find_lapsed_claims(unit):
        return False
    cancel_sale(unit, sale_id, ITSELF, "no down payment within a day")
    return True

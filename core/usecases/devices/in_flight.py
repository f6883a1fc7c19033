"""What is in flight must land first: no device changes hands, and no plan is changed, meanwhile.

A payment that is being applied, or held for a person; a prompt that a payer may be approving; a
code that is being made. Each refusal says what waits and what to do. What no check can see (money
whose news comes late) serves no other customer either: core.usecases.payments.whose.
"""

from __future__ import annotations

from datetime import timedelta

from core.db.customers import get_customer
from core.db.in_flight import InFlight, about_customer, about_device
from core.errors import Refused
from core.unit import Unit

# After this time a prompt was answered, or the network gave it up.
_ANSWERED_WITHIN = timedelta(minutes=10)


def ensure_nothing_in_flight(unit: Unit, device_id: int, serial: str) -> None:
    """Check that a locked device may change hands or its plan may end.

    Raises Refused: payment_held, payment_waiting, prompt_open, token_being_made.
    """
    found = about_device(unit.connection, device_id, unit.now - _ANSWERED_WITHIN)
    if found.held_receipt is not None:
        raise Refused("payment_held", serial=serial, receipt=found.held_receipt)
    _check_money_moves(unit, found, serial)
    if found.token_waits:
        raise Refused("token_being_made", serial=serial)


def ensure_nothing_moves(unit: Unit, customer_id: int) -> None:
    """Check that no money of a customer is on its way whose payer was told what it would do, before
    what they owe is changed. Money that is held does not count: a person decides about it anyway.

    Raises Refused: payment_waiting, prompt_open.
    """
    found = about_customer(unit.connection, customer_id, unit.now - _ANSWERED_WITHIN)
    _check_money_moves(unit, found, get_customer(unit.connection, customer_id).account)


def _check_money_moves(unit: Unit, found: InFlight, serial: str) -> None:
    """`serial`: of the device, or the account reference of the customer."""
    if found.waiting_receipt is not None:
        raise Refused("payment_waiting", serial=serial, receipt=found.waiting_receipt)
    if found.prompted_at is not None:
        left = found.prompted_at + _ANSWERED_WITHIN - unit.now
        minutes = max(1, -(-int(left.total_seconds()) // 60))
        raise Refused("prompt_open", serial=serial, minutes=minutes)

"""Ask a payer's phone to approve a payment: stores the prompt, which a worker sends."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.prompts import insert_prompt, set_account_reference
from core.money import Money
from core.unit import Unit
from core.usecases.quote_payment import quote_payment

# M-Pesa shows and returns at most 12 characters of account reference (Daraja, STK push).
_REFERENCE_MAX = 12


@dataclass(frozen=True, slots=True)
class Requested:
    """The stored prompt."""

    prompt_id: int


def request_payment(
    unit: Unit, msisdn: str, serial: str, amount: Money, *, loan_only: bool = False
) -> Requested:
    """Queue a prompt to `msisdn` for that device. Raises Refused like `quote_payment`."""
    quote = quote_payment(unit, serial, amount.minor, loan_only=loan_only)
    device = quote.match.device
    prompt_id = insert_prompt(
        unit.connection,
        {
            "msisdn": msisdn,
            "account_reference": device.serial,
            "device_id": device.id,
            "amount_minor": amount.minor,
            "purpose": "loan" if loan_only else "device",
            "now": unit.now,
        },
    )
    if loan_only or len(device.serial) > _REFERENCE_MAX:
        # A reference of our own, which brings the prompt's device and purpose back to us whichever
        # door announces the payment first.
        set_account_reference(unit.connection, prompt_id, f"DW{prompt_id}")
    return Requested(prompt_id)

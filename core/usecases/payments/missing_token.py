"""A payment was applied although its token can never be made: open a case, tell the customer.

The case says what is owed instead: days, or a device to unlock. The rest becomes credit.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.db.audit import open_case
from core.db.payments import get_payment
from core.unit import Unit
from core.usecases.messages.queue import send_sms_to
from core.usecases.payments.batch import AppliedPayment, PaymentBatch
from core.usecases.payments.notify_payer import Payer, reach_payer
from core.wording.messages import sms

KIND = "no_code"


def report_missing_token(
    unit: Unit, batch: PaymentBatch, applied: AppliedPayment, without_token: Mapping[int, str]
) -> None:
    """Open a case for each device without its token; send an SMS to its owner and the payer."""
    receipt, payment_id = applied.payment.receipt, applied.payment.id
    for device_id, reason in without_token.items():
        serial = batch.devices[device_id].serial
        detail = f"{receipt}: no token for {serial} ({reason}); {applied.missing_tokens[device_id]}"
        open_case(unit.connection, unit.now, KIND, f"{payment_id}:{device_id}", detail, payment_id)
        message = sms.no_token(serial=serial, operator=unit.market.operator)
        for role, recipient in _recipients(unit, batch, applied).items():
            dedupe_key = f"no_code:{payment_id}:{device_id}:{role}"
            send_sms_to(unit, recipient, message, dedupe_key, payment_id=payment_id)


def _recipients(unit: Unit, batch: PaymentBatch, applied: AppliedPayment) -> dict[str, Payer]:
    """Return the owner of the device, and the payer where that is another whose number is known."""
    owner = batch.customers[applied.payment.customer_id]
    booked = get_payment(unit.connection, applied.payment.id)
    payer = reach_payer(unit, booked.payer_kind, booked.payer) if booked else None
    recipients = {"owner": Payer(owner.msisdn, owner.language)} if owner.msisdn else {}
    if payer is not None and payer not in recipients.values():
        recipients["payer"] = payer
    return recipients

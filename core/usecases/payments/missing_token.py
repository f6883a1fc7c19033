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
from core.waterfall import Outcome
from core.wording.messages import sms

KIND = "no_code"


def without_tokens(outcome: Outcome, without_token: Mapping[int, str]) -> dict[int, str]:
    """Take out of the outcome what no token will give, so that no receipt promises it.

    Returns what is owed instead, in words, by device id.
    """
    owed = {}
    for device_id in without_token:
        days = outcome.days.pop(device_id, 0)
        owed[device_id] = f"{days} days are owed" if days else "nothing is owed but the credit"
        if device_id in outcome.unlocked_devices:
            outcome.unlocked_devices.remove(device_id)
            owed[device_id] = "the plan is paid, unlock it"
    return owed


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
        for recipient in _recipients(unit, batch, applied):
            dedupe_key = f"no_code:{payment_id}:{device_id}:{recipient.msisdn}"
            send_sms_to(unit, recipient, message, dedupe_key, payment_id=payment_id)


def _recipients(unit: Unit, batch: PaymentBatch, applied: AppliedPayment) -> set[Payer]:
    """Return the owner of the device, and the payer if their number is known."""
    owner = batch.customers[applied.payment.customer_id]
    booked = get_payment(unit.connection, applied.payment.id)
    payer = reach_payer(unit, booked.payer_kind, booked.payer) if booked else None
    recipients = {Payer(owner.msisdn, owner.language)} if owner.msisdn else set()
    return recipients | ({payer} if payer else set())

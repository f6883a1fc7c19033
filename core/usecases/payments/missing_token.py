"""A payment was applied without a code it should have given: a person is asked, people are told.

What the money bought all the same is in the case: days that are owed, a device to be unlocked. The
rest of it is the customer's credit.
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
    """Take out of the outcome what no code will give, so that no receipt promises it; what of it is
    owed, in words, by device."""
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
    """Open a case for each device without its code, and tell its owner and whoever paid."""
    receipt, payment_id = applied.payment.receipt, applied.payment.id
    for device_id, reason in without_token.items():
        serial = batch.devices[device_id].serial
        detail = f"{receipt}: no code for {serial} ({reason}); {applied.missing_tokens[device_id]}"
        open_case(unit.connection, unit.now, KIND, f"{payment_id}:{device_id}", detail, payment_id)
        message = sms.no_token(serial=serial, operator=unit.market.operator)
        for one in _concerned(unit, batch, applied):
            dedupe_key = f"no_code:{payment_id}:{device_id}:{one.msisdn}"
            send_sms_to(unit, one, message, dedupe_key, payment_id=payment_id)


def _concerned(unit: Unit, batch: PaymentBatch, applied: AppliedPayment) -> set[Payer]:
    """The owner of what was paid for, and the payer where they can be reached."""
    owner = batch.customers[applied.payment.customer_id]
    booked = get_payment(unit.connection, applied.payment.id)
    payer = reach_payer(unit, booked.payer_kind, booked.payer) if booked else None
    told = {Payer(owner.msisdn, owner.language)} if owner.msisdn else set()
    return told | ({payer} if payer else set())

"""An operator takes a payment: cash at the office, or a transfer that has come to the bank.

It is recorded like any payment: the waterfall, the codes and the SMS receipt are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from core.errors import Refused
from core.journal import OwnMoney
from core.money import Money
from core.payment import PaymentNotice
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.payments.quote import quote_payment
from core.usecases.payments.record import Recorded, record_payment, record_quoted


@dataclass(frozen=True, slots=True)
class OfficePayment:
    """A payment as an operator types it.

    `account` is what a payer would name: a serial number, with LOAN or not. `receipt` is the number
    of the paper receipt, or of the transfer. `paid_on`: the day the money came; None: now.
    """

    account: str
    amount: Money
    place: OwnMoney
    receipt: str
    paid_on: date | None = None


def take_payment(unit: Unit, taken: OfficePayment, operator: str, reason: str) -> int:
    """Record the payment. Return its id.

    Raises Refused: receipt_used (that number was recorded before), day_ahead, amount_invalid,
    reason_missing. Cash is refused like any payment that is asked for first (`quote_payment`,
    `record_quoted`); a transfer has moved already, so what cannot be matched goes to suspense.
    """
    recorded = _record(unit, taken)
    if not recorded.is_new:
        raise Refused("receipt_used", receipt=taken.receipt)
    write_audit(
        unit, operator, "take_payment", "payment", recorded.payment_id, reason,
        place=taken.place, amount_minor=taken.amount.minor,
    )  # fmt: skip
    return recorded.payment_id


def _record(unit: Unit, taken: OfficePayment) -> Recorded:
    notice = _notice(unit, taken)
    if taken.place == "office":
        quote = quote_payment(unit, taken.account, taken.amount.minor)
        if notice.paid_at == unit.now:
            return record_quoted(unit, notice, quote.owner.id, quote.account)
    if not taken.amount:
        cash_unit = Money(unit.market.cash_unit_minor, taken.amount.currency)
        raise Refused("amount_invalid", cash_unit=cash_unit)
    return record_payment(unit, notice)


def _notice(unit: Unit, taken: OfficePayment) -> PaymentNotice:
    return PaymentNotice(
        provider_account=taken.place,
        receipt=taken.receipt,
        source=taken.place,
        amount_minor=taken.amount.minor,
        currency=taken.amount.currency,
        account=taken.account,
        payer_kind="none",
        payer=None,
        paid_at=_paid_at(unit, taken.paid_on),
    )


def _paid_at(unit: Unit, paid_on: date | None) -> datetime:
    """Return noon of the day in the market, which no time zone moves to another day."""
    if paid_on is None or paid_on == unit.today:
        return unit.now
    if paid_on > unit.today:
        raise Refused("day_ahead")
    return datetime.combine(paid_on, time(12), ZoneInfo(unit.market.timezone))

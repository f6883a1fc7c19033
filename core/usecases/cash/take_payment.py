"""An operator takes a payment: cash at the desk, or a transfer that has come to the bank.

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
from core.usecases.payments.record import record_payment


@dataclass(frozen=True, slots=True)
class DeskPayment:
    """A payment as an operator types it.

    `account` is what a payer would name: a serial number, with LOAN or not. `receipt` is the number
    of the paper receipt, or of the transfer. `paid_on`: the day the money came; None: now.
    """

    account: str
    amount: Money
    place: OwnMoney
    receipt: str
    paid_on: date | None = None


def take_payment(unit: Unit, desk: DeskPayment, operator: str, reason: str) -> int:
    """Record the payment. Return its id.

    Raises Refused: receipt_used (that number was recorded before), paid_on_future, amount_invalid,
    reason_missing. Cash is refused like any payment that is asked for first (`quote_payment`); a
    transfer has moved already, so what cannot be matched goes to suspense.
    """
    if desk.place == "office":
        quote_payment(unit, desk.account, desk.amount.minor)
    if not desk.amount:
        cash_unit = Money(unit.market.cash_unit_minor, desk.amount.currency)
        raise Refused("amount_invalid", cash_unit=cash_unit)
    recorded = record_payment(unit, _notice(unit, desk))
    if not recorded.is_new:
        raise Refused("receipt_used", receipt=desk.receipt)
    write_audit(
        unit, operator, "take_payment", "payment", recorded.payment_id, reason,
        place=desk.place, amount_minor=desk.amount.minor,
    )  # fmt: skip
    return recorded.payment_id


def _notice(unit: Unit, desk: DeskPayment) -> PaymentNotice:
    return PaymentNotice(
        provider_account=desk.place,
        receipt=desk.receipt,
        source=desk.place,
        amount_minor=desk.amount.minor,
        currency=desk.amount.currency,
        account=desk.account,
        payer_kind="none",
        payer=None,
        paid_at=_paid_at(unit, desk.paid_on),
        quoted_at=unit.now,
    )


def _paid_at(unit: Unit, paid_on: date | None) -> datetime:
    """Return noon of the day in the market, which no time zone moves to another day."""
    if paid_on is None or paid_on == unit.today:
        return unit.now
    if paid_on > unit.today:
        raise Refused("paid_on_future")
    return datetime.combine(paid_on, time(12), ZoneInfo(unit.market.timezone))

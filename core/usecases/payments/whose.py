"""Whose money is: of the owner of the device when it was paid, or of whom a prompt was made for.

Where the device is in other hands by now, or was changing hands about then, a person decides: the
case says who had it and who has it. Money that has moved is never refused and never guessed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.customer import Customer
from core.db.audit import close_cases, open_case, open_details
from core.db.customers import find_customer, get_customer
from core.db.devices import find_device, get_device
from core.db.ownership import changes_of, replacement_of
from core.db.payments import get_payment
from core.db.prompts import asked_of_others, customers_asked
from core.device import Device
from core.errors import Refused
from core.money import Money
from core.ownership import customers_near, owners_around
from core.payment import BookedPayment, PaymentNotice
from core.serial_number import normalise_serial
from core.unit import Unit
from core.usecases.payments.find_account import (
    LOAN_SUFFIX,
    Match,
    match_account,
    match_prompt,
    prompt_named,
)
from core.usecases.payments.notify_payer import reach_payer

# Cases: its device is in other hands than it was paid for; it served another than it was asked of.
CHANGED_HANDS, SERVED_ANOTHER = "changed_hands", "served_another"
# Cash is booked while it is taken, by our own clock: the owner of that moment was just quoted.
_TAKEN_NOW = ("cash", "office")
# Of what came to the bank, or was taken at the office before today, only the day is known.
_BY_DAY = ("bank", "office")
# A prompt is answered within this, or not at all.
_ANSWERED_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Held:
    """Money that goes to suspense, and why. `device`: it was, or may have been, `then`'s (ids of
    customers) when it was paid, and is not any more; None where nothing is known of the account."""

    code: str
    device: Device | None = None
    then: frozenset[int] = frozenset()

    @property
    def problem(self) -> str | None:
        """Why, in a few words for the list of payments."""
        if self.device is not None:
            return f"{self.device.serial} changed hands"
        return "the reference of the prompt had expired" if self.code == _EXPIRED else None

    @property
    def is_expired(self) -> bool:
        return self.code == _EXPIRED


_EXPIRED = "reference_expired"


def match_payment(unit: Unit, notice: PaymentNotice) -> Match | Held:
    """Match a payment that was made to the customer whose money it is, or say why it is held."""
    try:
        match = (
            match_prompt(unit, notice.prompt)
            if notice.prompt
            else match_account(unit, notice.account, notice.paid_at)
        )
    except Refused as refused:
        return _hold_refused(unit, notice, refused)
    is_taken_now = notice.source in _TAKEN_NOW and notice.paid_at == unit.now
    if match.device is None or match.quoted_at or is_taken_now:
        return match
    changes = changes_of(unit.connection, match.device.id)
    then = owners_around(changes, _paid_between(unit, notice), unit.now)
    then |= _payer_among(unit, notice, customers_near(changes, notice.paid_at))
    then |= asked_of_others(
        unit.connection, match.device.id, notice.amount_minor, _asked_between(notice.paid_at)
    )
    if then == {match.customer_id}:
        return match
    return Held("device_moved", match.device, frozenset(then))


def _payer_among(unit: Unit, notice: PaymentNotice, near: set[int]) -> set[int]:
    """Return the payer, where it is one of those between whom the device was changing hands."""
    payer = reach_payer(unit, notice.payer_kind, notice.payer) if near else None
    customer = find_customer(unit.connection, payer.msisdn) if payer else None
    return near & {customer.id} if customer else set()


def _asked_between(paid_at: datetime) -> tuple[datetime, datetime]:
    return paid_at - _ANSWERED_WITHIN, paid_at + timedelta(minutes=1)


def _owners_then(unit: Unit, device: Device, paid: PaymentNotice | BookedPayment) -> set[int]:
    changes = changes_of(unit.connection, device.id)
    return owners_around(changes, _paid_between(unit, paid), unit.now)


def _paid_between(unit: Unit, paid: PaymentNotice | BookedPayment) -> tuple[datetime, datetime]:
    """Return the first and the last instant at which it may have been paid."""
    if paid.provider_account not in _BY_DAY:
        return paid.paid_at, paid.paid_at
    day = unit.market.local_date(paid.paid_at)
    begin, end = unit.market.instants(day, day)
    return begin, end - timedelta(seconds=1)


def _hold_refused(unit: Unit, notice: PaymentNotice, refused: Refused) -> Held:
    """Say of a payment that is refused whether its device had an owner when it was paid."""
    is_known = refused.code != "unknown_serial"
    serial = str(refused.values.get("serial", ""))
    device = find_device(unit.connection, serial) if is_known else None
    if device is None:
        return Held(refused.code)
    if notice.prompt is not None:
        return Held(refused.code, device, frozenset({notice.prompt.customer_id}))
    then = _owners_then(unit, device, notice)
    return Held(refused.code, device if then else None, frozenset(then))


def owners_then(unit: Unit, payment: BookedPayment) -> list[Customer]:
    """Return the customers whose money a payment in suspense may be: those who had the device that
    was named when it was paid, or whose prompt it was, but not who has it now."""
    typed = normalise_serial(payment.account_raw)
    device = find_device(unit.connection, typed) or find_device(
        unit.connection, typed.removesuffix(LOAN_SUFFIX)
    )
    then = customers_asked(unit.connection, payment.id)
    if (prompt := prompt_named(unit, typed)) is not None:
        then.add(prompt.customer_id)
    if device is not None:
        then |= _owners_then(unit, device, payment) - {device.owner_id}
    return [get_customer(unit.connection, customer_id) for customer_id in sorted(then)]


def others_then(unit: Unit, payment_id: int) -> list[str]:
    """Return, by name and number, who else than the customer it is matched to may have had the
    device of a payment when it was paid; no customer for a payment that is for no device."""
    payment = get_payment(unit.connection, payment_id)
    if payment is None or payment.device_id is None:
        return []
    device = get_device(unit.connection, payment.device_id)
    others = _owners_then(unit, device, payment) - {payment.customer_id}
    return [_describe_customer(unit, customer_id) for customer_id in sorted(others)]


def open_hands_case(
    unit: Unit,
    payment_id: int,
    paid: PaymentNotice | BookedPayment,
    device: Device,
    then: Collection[int],
) -> None:
    """Open the case of a payment whose device is in other hands: who had it, and who has it."""
    whose = " or ".join(_describe_customer(unit, customer_id) for customer_id in sorted(then))
    amount = Money(paid.amount_minor, paid.currency)
    detail = (
        f"{amount} ({paid.receipt}) for {device.serial}, paid"
        f" {unit.market.local_minute(paid.paid_at)}, is the money of {whose or 'nobody we know'};"
        f" {_who_has_it(unit, device)}. Match it to whom it belongs, or send it back"
    )
    key = f"{payment_id}:{unit.now.isoformat()}"
    open_case(unit.connection, unit.now, CHANGED_HANDS, key, detail, payment_id)


def report_served_another(unit: Unit, payment: BookedPayment, customer_id: int) -> None:
    """Open the case of an applied payment that turns out to be the money of another customer."""
    served = _describe_customer(unit, payment.customer_id) if payment.customer_id else "nobody"
    amount = Money(payment.amount_minor, payment.currency)
    detail = (
        f"{amount} ({payment.receipt}) was asked of {_describe_customer(unit, customer_id)} by a"
        f" prompt, but served {served}. Take it back and match it to whom it belongs"
    )
    open_case(unit.connection, unit.now, SERVED_ANOTHER, str(payment.id), detail, payment.id)


def open_hands_cases(unit: Unit, payment_id: int) -> list[str]:
    """Return what the open cases about whose money a payment is say."""
    return open_details(unit.connection, CHANGED_HANDS, payment_id)


def close_hands_cases(unit: Unit, payment_id: int) -> None:
    """Close the case about a payment that leaves suspense."""
    close_cases(unit.connection, unit.now, CHANGED_HANDS, [payment_id])


def _who_has_it(unit: Unit, device: Device) -> str:
    changes = changes_of(unit.connection, device.id)
    since = f"since {unit.market.local_minute(changes[-1].changed_at)}" if changes else ""
    if device.owner_id is not None:
        return f"{_describe_customer(unit, device.owner_id)} has it {since}"
    replaced_by = replacement_of(unit.connection, device.id)
    what = f"{replaced_by} has taken its place" if replaced_by else "it is in stock"
    return f"{what} {since}".rstrip()


def _describe_customer(unit: Unit, customer_id: int) -> str:
    """A customer by name, number and account reference."""
    customer = get_customer(unit.connection, customer_id)
    return f"{customer.full_name} ({customer.msisdn or 'no number'}, account {customer.account})"

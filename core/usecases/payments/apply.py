"""Apply received payments: allocations, journal entries, tokens and SMS of a batch in one commit.

A batch is claimed with SKIP LOCKED, read with a few queries, decided by pure code and written with
one statement. Any number of workers may do this at once, and any of them may be killed at any
moment: what was not committed is still `received`, and is claimed again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy.exc import OperationalError

from core.customer import Customer
from core.db.customers import lock_with_changes
from core.db.devices import lock_devices, lock_free_devices
from core.db.ledger import ACCOUNT_OF
from core.db.obligations import open_obligations
from core.db.payment_batch import write_batch
from core.db.payments import claim_received, limit_lock_wait, postpone, put_off
from core.db.tariffs import versions_of
from core.db.waterfalls import all_waterfalls
from core.device import Device
from core.journal import CREDIT, DEBIT
from core.logs import log_fields
from core.payment import ReceivedPayment
from core.unit import Unit
from core.usecases.catalogue.access_fees import post_access_fees
from core.usecases.payments.batch import AppliedPayment, PaymentBatch
from core.usecases.payments.hold import hold_changed, unmatch
from core.usecases.payments.issue_tokens import TokenIssuer, TokenUnavailable
from core.usecases.payments.missing_token import report_missing_token
from core.usecases.payments.possible_codes import without_tokens
from core.usecases.payments.quote import target_of
from core.usecases.payments.receipt_text import receipt_rows
from core.usecases.tokens.device_keys import OpenSecret
from core.waterfall import PLAN_PARTS, Line, Obligation, Target, apply_money, waterfall_on

log = logging.getLogger(__name__)

_A_MOMENT: Literal["'300ms'"] = "'300ms'"
_HELD_AGAIN_AFTER = timedelta(seconds=5)


def apply_payments(unit: Unit, open_secret: OpenSecret, limit: int = 200) -> int:
    """Apply up to `limit` waiting payments; returns how many were claimed.

    1. Apply the whole batch in one savepoint, by the time the payments were made.
    2. If that fails, apply each alone in that order in its own savepoint, so that one bad one never
       stops the others. A payment that fails keeps the reason and waits for the next try; one with
       a device that others hold is tried again in seconds.
    3. If its token can never be made, apply it without the token and open a case.
    """
    claimed = claim_received(unit.connection, unit.now, limit)
    if not claimed:
        return _apply_behind_lock(unit, open_secret)
    payments = sorted(claimed, key=lambda payment: (payment.quoted_at, payment.id))
    try:
        _apply(unit, payments, open_secret)
    except Exception:  # noqa: BLE001  one by one shows which payment it was
        # All of them are locked again, in order: the savepoint gave its locks back.
        if not _lock_soon(unit, payments):
            payments = _put_off_held(unit, payments)
            _lock(unit, payments)
        for payment in payments:
            _apply_alone(unit, payment, open_secret)
    return len(claimed)


def _put_off_held(unit: Unit, payments: Sequence[ReceivedPayment]) -> list[ReceivedPayment]:
    """Return the payments whose devices could be locked at once; the others are put off."""
    lock_with_changes(unit.connection, {payment.customer_id for payment in payments})
    in_order = sorted(payments, key=lambda payment: payment.device_id or 0)
    held = [
        payment.id
        for payment in in_order
        if not lock_free_devices(unit.connection, payment.device_id, payment.customer_id)
    ]
    put_off(unit.connection, held, unit.now + _HELD_AGAIN_AFTER)
    return [payment for payment in payments if payment.id not in held]


def _apply_behind_lock(unit: Unit, open_secret: OpenSecret) -> int:
    """Apply one payment whose customer is locked, if that ends in a moment: most locks are held for
    milliseconds. Otherwise it is tried when the workers are woken again."""
    claimed = claim_received(unit.connection, unit.now, 1, behind_locks=True)
    if not claimed or not _lock_soon(unit, claimed):
        return 0
    _apply_alone(unit, claimed[0], open_secret)
    return 1


def _lock_soon(unit: Unit, payments: Sequence[ReceivedPayment]) -> bool:
    """Return whether the customers and devices of these payments could be locked in a moment."""
    try:
        with unit.connection.begin_nested():
            limit_lock_wait(unit.connection, _A_MOMENT)
            _lock(unit, payments)
            limit_lock_wait(unit.connection, "DEFAULT")
    except OperationalError:
        return False
    return True


def _apply_alone(unit: Unit, payment: ReceivedPayment, open_secret: OpenSecret) -> None:
    without_token: dict[int, str] = {}
    while True:
        try:
            return _apply(unit, [payment], open_secret, without_token)
        except TokenUnavailable as never:
            without_token[never.device_id] = never.reason
        except Exception as error:  # noqa: BLE001  it must not stop the other payments
            log.error(
                "a payment cannot be applied: %r", error, extra=log_fields(payment=payment.id)
            )
            return postpone(unit.connection, unit.now, payment.id, repr(error))


def _apply(
    unit: Unit,
    payments: Sequence[ReceivedPayment],
    open_secret: OpenSecret,
    without_token: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Apply all of them or none. `without_token`: the reason by id of devices that get no token."""
    with unit.connection.begin_nested():
        # Who waits holds the customers of the whole batch.
        limit_lock_wait(unit.connection, _A_MOMENT)
        batch = _lock_and_read(unit, payments)
        payments = _as_quoted(unit, payments, batch)
        issuer = TokenIssuer(unit, batch.devices, open_secret)
        applied = [_apply_one(payment, batch, issuer, without_token) for payment in payments]
        write_applied(unit, batch, applied, issuer.sealed_links())
        for applied_payment in applied if without_token else ():
            report_missing_token(unit, batch, applied_payment, without_token)
    log.info("payments applied", extra=log_fields(payments=[payment.id for payment in payments]))


def _lock_and_read(unit: Unit, payments: Sequence[ReceivedPayment]) -> PaymentBatch:
    """Lock what they touch; bring access fees up to date; read what is owed."""
    customers, devices = _lock(unit, payments)
    versions = versions_of(unit.connection, devices.values())
    post_access_fees(unit, devices.values(), versions)
    return PaymentBatch(
        customers={customer.id: customer for customer, _ in customers},
        changed_at={customer.id: at for customer, at in customers if at is not None},
        devices=devices,
        versions=versions,
        owed=open_obligations(unit.connection, [customer.id for customer, _ in customers]),
        credits={customer.id: customer.credit_minor for customer, _ in customers},
        waterfalls=all_waterfalls(unit.connection),
        today=unit.today,
    )


def _lock(
    unit: Unit, payments: Sequence[ReceivedPayment]
) -> tuple[list[tuple[Customer, datetime | None]], dict[int, Device]]:
    """Lock the customers of these payments, then their devices, each in the order of ids."""
    customer_ids = {payment.customer_id for payment in payments}
    device_ids = {payment.device_id for payment in payments if payment.device_id}
    customers = lock_with_changes(unit.connection, customer_ids)
    devices = lock_devices(unit.connection, device_ids, customer_ids, with_secrets=True)
    return customers, devices


def _as_quoted(
    unit: Unit, payments: Sequence[ReceivedPayment], batch: PaymentBatch
) -> list[ReceivedPayment]:
    """Return the payments that can be applied as they were quoted.

    Where the device has another owner than the payment was recorded for, it goes to suspense: the
    money of one customer must not serve another. Where what the customer owes was changed after the
    payment, by a person or a reversal, it waits for a person.
    """
    moved = [payment for payment in payments if _is_of_another(payment, batch)]
    rest = [payment for payment in payments if payment not in moved]
    changed = [payment for payment in rest if _is_changed(payment, batch)]
    for payment in sorted(moved, key=_place_of_case):
        unmatch(unit, payment.id, {payment.customer_id})
    for payment in sorted(changed, key=_place_of_case):
        changed_at = batch.changed_at[payment.customer_id]
        hold_changed(unit, payment, batch.name_of(payment), changed_at)
    return [payment for payment in rest if payment not in changed]


def _is_of_another(payment: ReceivedPayment, batch: PaymentBatch) -> bool:
    device = batch.device_of(payment)
    return device is not None and device.owner_id != payment.customer_id


def _is_changed(payment: ReceivedPayment, batch: PaymentBatch) -> bool:
    changed_at = batch.changed_at.get(payment.customer_id)
    # Providers tell whole seconds.
    return changed_at is not None and changed_at.replace(microsecond=0) > payment.as_of


def _place_of_case(payment: ReceivedPayment) -> str:
    """Where the case of a payment comes in the order of cases' keys."""
    return f"{payment.id}:"


def _apply_one(
    payment: ReceivedPayment,
    batch: PaymentBatch,
    issuer: TokenIssuer,
    without_token: Mapping[int, str],
) -> AppliedPayment:
    owed, device = batch.owed[payment.customer_id], batch.device_of(payment)
    target = target_of(device, batch.tariff_for(payment))
    counts = [debt for debt in owed if _counts(debt, payment, target)]
    outcome = apply_money(
        payment.amount_minor,
        batch.credits[payment.customer_id],
        counts,
        replace(target, without_token=without_token.keys()),
        payment.paid_on,
        loan_only=payment.purpose == "loan",
        waterfall=waterfall_on(batch.waterfalls, payment.paid_on),
    )
    batch.credits[payment.customer_id] = outcome.credit_minor
    still_due = sum(debt.open_minor for debt in owed if debt.due_on <= batch.today)
    missing_tokens = without_tokens(outcome, without_token)
    vends, tokens = issuer.vends_for(payment, outcome), issuer.tokens_for(payment, outcome)
    return AppliedPayment(payment, outcome, tokens, vends, still_due, missing_tokens)


def _counts(debt: Obligation, payment: ReceivedPayment, target: Target) -> bool:
    """Whether the debt was there when the payment was made; the plan of the device paid for is."""
    is_earlier = debt.sold_at is None or debt.sold_at <= payment.as_of
    return is_earlier or debt.sale_id == target.plan_sale_id


Row = dict[str, Any]


def write_applied(
    unit: Unit, batch: PaymentBatch, applied: Sequence[AppliedPayment], chains: Sequence[Row]
) -> None:
    """Write lines, paid amounts, journal entries, tokens with counters, credit, SMS and states;
    `chains`: the new links of the devices whose tokens were made."""
    paid = {
        id(line.obligation): line.obligation
        for payment in applied
        for line in payment.outcome.lines
        if line.obligation
    }.values()
    sms = [row for payment in applied for row in receipt_rows(unit, batch, payment)]
    if sms:
        unit.wakes.add("sms")
    vends = [row for payment in applied for row in _vend_rows(payment)]
    if vends:
        unit.wakes.add("vends")
    write_batch(
        unit.connection,
        unit.now,
        done=[
            {"id": payment.payment.id, "credit_used_minor": payment.outcome.credit_used_minor}
            for payment in applied
        ],
        line=[row for payment in applied for row in _line_rows(payment)],
        leg=[row for payment in applied for row in _posting_rows(payment)],
        instalment=[
            _paid_row(debt) | {"days_given": debt.days_given}
            for debt in paid
            if debt.kind in PLAN_PARTS
        ],
        charge=[_paid_row(debt) for debt in paid if debt.kind == "access_rate"],
        clawback=[_paid_row(debt) for debt in paid if debt.kind == "clawback"],
        recovery=[_paid_row(debt) for debt in paid if debt.kind == "recovery"],
        completed=[
            {"sale_id": sale} for payment in applied for sale in payment.outcome.completed_sales
        ],
        credit=[
            {"customer_id": customer, "credit_minor": credit}
            for customer, credit in batch.credits.items()
        ],
        vend=vends,
        token=[row for payment in applied for row in _token_rows(payment)],
        chain=chains,
        sms=sms,
    )


def _paid_row(obligation: Obligation) -> Row:
    return {"id": obligation.id, "paid_minor": obligation.paid_minor}


def _line_rows(applied: AppliedPayment) -> list[Row]:
    return [
        {
            "payment_id": applied.payment.id,
            "number": number,
            "kind": line.kind,
            "amount_minor": line.amount_minor,
            "instalment_id": _id_of(line, *PLAN_PARTS),
            "access_charge_id": _id_of(line, "access_rate"),
            "clawback_id": _id_of(line, "clawback"),
            "sale_id": _id_of(line, "recovery"),
            "device_id": line.device_id,
        }
        for number, line in enumerate(applied.outcome.lines, start=1)
    ]


def _id_of(line: Line, *kinds: str) -> int | None:
    return line.obligation.id if line.obligation and line.kind in kinds else None


def _posting_rows(applied: AppliedPayment) -> list[Row]:
    """The postings of a payment: from unapplied and credit to the account of each line."""
    payment, outcome = applied.payment, applied.outcome
    credited: Counter[str] = Counter()
    for line in outcome.lines:
        credited[ACCOUNT_OF[line.kind]] += line.amount_minor
    legs = [
        ("unapplied", DEBIT, payment.amount_minor),
        ("customer_credit", DEBIT, outcome.credit_used_minor),
        *((account, CREDIT, amount) for account, amount in credited.items()),
    ]
    return [
        {
            "payment_id": payment.id,
            "account": account,
            "side": side,
            "amount_minor": amount,
            "customer_id": payment.customer_id,
        }
        for account, side, amount in legs
        if amount
    ]


def _vend_rows(applied: AppliedPayment) -> list[Row]:
    return [
        {
            "device_id": wanted.device.id,
            "customer_id": applied.payment.customer_id,
            "payment_id": applied.payment.id,
            "kind": wanted.kind,
            "units": wanted.units,
            "amount_minor": wanted.amount_minor,
        }
        for wanted in applied.vends
    ]


def _token_rows(applied: AppliedPayment) -> list[Row]:
    return [
        {
            "device_id": made.device.id,
            "payment_id": applied.payment.id,
            "part": made.part,
            "kind": made.token.kind,
            "units": made.token.amount,
            "counter": made.token.counter,
            "text": made.token.text,
        }
        for made in applied.tokens
    ]

"""Apply received payments: debts, tokens, entries and texts of a whole batch in one commit.

A batch is claimed with SKIP LOCKED, read with a handful of queries, decided by pure code and
written in a handful of statements. Any number of workers may do this at once, and any of them may
be killed at any moment: what was not committed is still `received`, and is claimed again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from core.db.customers import lock_customers
from core.db.devices import lock_devices
from core.db.ledger import ACCOUNT_OF
from core.db.obligations import open_obligations
from core.db.payment_batch import write_batch
from core.db.payments import claim_received, postpone
from core.db.tariffs import versions_of
from core.journal import CREDIT, DEBIT
from core.logs import log_fields
from core.payment import ReceivedPayment
from core.unit import Unit
from core.usecases.catalogue.access_fees import post_access_fees
from core.usecases.payments.batch import AppliedPayment, PaymentBatch
from core.usecases.payments.hold import unmatch
from core.usecases.payments.issue_tokens import TokenIssuer, TokenUnavailable
from core.usecases.payments.missing_token import report_missing_token, without_tokens
from core.usecases.payments.quote import target_of
from core.usecases.payments.receipt_text import receipt_rows
from core.usecases.tokens.device_keys import OpenSecret
from core.waterfall import Line, Obligation, apply_money

log = logging.getLogger(__name__)


def apply_payments(unit: Unit, open_secret: OpenSecret, limit: int = 200) -> int:
    """Apply up to `limit` waiting payments; returns how many were claimed.

    A payment that cannot be applied never takes its neighbours with it: the batch is then done
    again one by one, each in a savepoint. One that fails keeps its reason and waits for the next
    try, its money on the books as unapplied; unless what fails is a code that can never be made:
    then it is applied without that code, and a person is asked.
    """
    payments = claim_received(unit.connection, unit.now, limit)
    try:
        if payments:
            _apply(unit, payments, open_secret)
    except Exception:  # noqa: BLE001  whatever it is, the next ones show whose it is
        for payment in payments:
            _apply_alone(unit, payment, open_secret)
    return len(payments)


def _apply_alone(unit: Unit, payment: ReceivedPayment, open_secret: OpenSecret) -> None:
    without_token: dict[int, str] = {}
    while True:
        try:
            return _apply(unit, [payment], open_secret, without_token)
        except TokenUnavailable as never:
            without_token[never.device_id] = never.reason
        except Exception as error:  # noqa: BLE001  whatever it is, it must not stop the neighbours
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
    """All of them, or nothing. `codeless`: devices no code is made for, and why."""
    with unit.connection.begin_nested():
        batch = _read(unit, payments)
        payments = _still_theirs(unit, payments, batch)
        issuer = TokenIssuer(unit, batch.devices, open_secret)
        done = [_apply_one(payment, batch, issuer, without_token) for payment in payments]
        write_applied(unit, batch, done)
        for one in done if without_token else ():
            report_missing_token(unit, batch, one, without_token)
    log.info("payments applied", extra=log_fields(payments=[payment.id for payment in payments]))


def _read(unit: Unit, payments: Sequence[ReceivedPayment]) -> PaymentBatch:
    """Lock customers, then devices; bring their access fees up to date; read what is owed."""
    customer_ids = {payment.customer_id for payment in payments}
    customers = lock_customers(unit.connection, customer_ids)
    devices = lock_devices(unit.connection, {p.device_id for p in payments}, customer_ids)
    versions = versions_of(unit.connection, devices.values())
    post_access_fees(unit, devices.values(), versions)
    return PaymentBatch(
        customers=customers,
        devices=devices,
        versions=versions,
        owed=open_obligations(unit.connection, customer_ids),
        credits={customer.id: customer.credit_minor for customer in customers.values()},
        today=unit.today,
    )


def _still_theirs(
    unit: Unit, payments: Sequence[ReceivedPayment], batch: PaymentBatch
) -> list[ReceivedPayment]:
    """Those whose device is still the customer's they were booked for. The others are a person's to
    decide: what buys energy for one must not take the debts and the credit of another."""
    theirs = []
    for payment in payments:
        device = batch.devices[payment.device_id]
        if device.owner_id == payment.customer_id:
            theirs.append(payment)
        else:
            unmatch(unit, payment.id, device.serial)
    return theirs


def _apply_one(
    payment: ReceivedPayment,
    batch: PaymentBatch,
    issuer: TokenIssuer,
    without_token: Mapping[int, str],
) -> AppliedPayment:
    owed, today = batch.owed[payment.customer_id], batch.today
    target = target_of(batch.devices[payment.device_id], batch.versions, today)
    outcome = apply_money(
        payment.amount_minor,
        batch.credits[payment.customer_id],
        owed,
        replace(target, without_token=without_token.keys()),
        today,
        loan_only=payment.purpose == "loan",
    )
    batch.credits[payment.customer_id] = outcome.credit_minor
    still_due = sum(one.open_minor for one in owed if one.due_on <= today)
    missing_tokens = without_tokens(outcome, without_token)
    tokens = issuer.tokens_for(payment, outcome)
    return AppliedPayment(payment, outcome, tokens, still_due, missing_tokens)


Row = dict[str, Any]


def write_applied(unit: Unit, batch: PaymentBatch, done: Sequence[AppliedPayment]) -> None:
    """Lines, paid amounts, entries, tokens with their counters, credit, texts, states."""
    paid = {
        id(line.obligation): line.obligation
        for one in done
        for line in one.outcome.lines
        if line.obligation
    }.values()
    write_batch(
        unit.connection,
        unit.now,
        done=[
            {"id": one.payment.id, "credit_used_minor": one.outcome.credit_used_minor}
            for one in done
        ],
        line=[row for one in done for row in _line_rows(one)],
        leg=[row for one in done for row in _leg_rows(one)],
        instalment=[_paid_row(one) for one in paid if one.kind != "access_rate"],
        charge=[_paid_row(one) for one in paid if one.kind == "access_rate"],
        completed=[{"sale_id": sale} for one in done for sale in one.outcome.completed_sales],
        credit=[
            {"customer_id": customer, "credit_minor": credit}
            for customer, credit in batch.credits.items()
        ],
        token=[row for one in done for row in _token_rows(one)],
        sms=[row for one in done for row in receipt_rows(unit, batch, one)],
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
            "instalment_id": None if line.kind == "access_rate" else _id_of(line),
            "access_charge_id": _id_of(line) if line.kind == "access_rate" else None,
            "device_id": line.device_id,
        }
        for number, line in enumerate(applied.outcome.lines, start=1)
    ]


def _id_of(line: Line) -> int | None:
    return line.obligation.id if line.obligation else None


def _leg_rows(applied: AppliedPayment) -> list[Row]:
    """The entry of the whole payment: unapplied and credit used become what each line is."""
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


def _token_rows(applied: AppliedPayment) -> list[Row]:
    return [
        {
            "device_id": one.device.id,
            "payment_id": applied.payment.id,
            "part": one.part,
            "kind": one.token.kind,
            "units": one.token.amount,
            "counter": one.token.counter,
            "text": one.token.text,
        }
        for one in applied.tokens
    ]

"""Apply received payments: debts, tokens, entries and texts of a whole batch in one commit.

A batch is claimed with SKIP LOCKED, read with a handful of queries, decided by pure code and
written in a handful of statements. Any number of workers may do this at once, and any of them may
be killed at any moment: what was not committed is still `received`, and is claimed again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from core.db.catalogue import versions_of
from core.db.customers import lock_customers
from core.db.devices import lock_devices
from core.db.owed import open_obligations
from core.db.payments import ReceivedPayment, claim_received, postpone
from core.logs import on
from core.unit import Unit
from core.usecases.accrue_access_rates import post_access_fees
from core.usecases.issue_tokens import NoCode, TokenIssuer
from core.usecases.match_suspense import unmatch
from core.usecases.open_secret import OpenSecret
from core.usecases.quote_payment import target_of
from core.usecases.report_no_code import report_no_code, without_codes
from core.usecases.situation import Applied, Situation
from core.usecases.write_applied import write_applied
from core.waterfall import apply_money

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
    codeless: dict[int, str] = {}
    while True:
        try:
            return _apply(unit, [payment], open_secret, codeless)
        except NoCode as never:
            codeless[never.device_id] = never.reason
        except Exception as error:  # noqa: BLE001  whatever it is, it must not stop the neighbours
            log.error("a payment cannot be applied: %r", error, extra=on(payment=payment.id))
            return postpone(unit.connection, unit.now, payment.id, repr(error))


def _apply(
    unit: Unit,
    payments: Sequence[ReceivedPayment],
    open_secret: OpenSecret,
    codeless: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """All of them, or nothing. `codeless`: devices no code is made for, and why."""
    with unit.connection.begin_nested():
        situation = _read(unit, payments)
        payments = _still_theirs(unit, payments, situation)
        issuer = TokenIssuer(unit, situation.devices, open_secret)
        done = [_apply_one(payment, situation, issuer, codeless) for payment in payments]
        write_applied(unit, situation, done)
        for one in done if codeless else ():
            report_no_code(unit, situation, one, codeless)
    log.info("payments applied", extra=on(payments=[payment.id for payment in payments]))


def _read(unit: Unit, payments: Sequence[ReceivedPayment]) -> Situation:
    """Lock customers, then devices; bring their access fees up to date; read what is owed."""
    customer_ids = {payment.customer_id for payment in payments}
    customers = lock_customers(unit.connection, customer_ids)
    devices = lock_devices(unit.connection, {p.device_id for p in payments}, customer_ids)
    versions = versions_of(unit.connection, devices.values())
    post_access_fees(unit, devices.values(), versions)
    return Situation(
        customers=customers,
        devices=devices,
        versions=versions,
        owed=open_obligations(unit.connection, customer_ids),
        credits={customer.id: customer.credit_minor for customer in customers.values()},
        today=unit.today,
    )


def _still_theirs(
    unit: Unit, payments: Sequence[ReceivedPayment], situation: Situation
) -> list[ReceivedPayment]:
    """Those whose device is still the customer's they were booked for. The others are a person's to
    decide: what buys energy for one must not take the debts and the credit of another."""
    theirs = []
    for payment in payments:
        device = situation.devices[payment.device_id]
        if device.owner_id == payment.customer_id:
            theirs.append(payment)
        else:
            unmatch(unit, payment.id, device.serial)
    return theirs


def _apply_one(
    payment: ReceivedPayment,
    situation: Situation,
    issuer: TokenIssuer,
    codeless: Mapping[int, str],
) -> Applied:
    owed, today = situation.owed[payment.customer_id], situation.today
    target = target_of(situation.devices[payment.device_id], situation.versions, today)
    outcome = apply_money(
        payment.amount_minor,
        situation.credits[payment.customer_id],
        owed,
        replace(target, codeless=codeless.keys()),
        today,
        loan_only=payment.purpose == "loan",
    )
    situation.credits[payment.customer_id] = outcome.credit_minor
    still_due = sum(one.open_minor for one in owed if one.due_on <= today)
    owed_codes = without_codes(outcome, codeless)
    tokens = issuer.tokens_for(payment, outcome)
    return Applied(payment, outcome, tokens, still_due, owed_codes)

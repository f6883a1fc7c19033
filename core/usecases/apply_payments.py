"""Apply received payments: debts, tokens, entries and texts of a whole batch in one commit.

A batch is claimed with SKIP LOCKED, read with a handful of queries, decided by pure code and
written in a handful of statements. Any number of workers may do this at once, and any of them may
be killed at any moment: what was not committed is still `received`, and is claimed again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from core.db.catalogue import versions_of
from core.db.customers import lock_customers
from core.db.devices import lock_devices
from core.db.owed import open_obligations
from core.db.payments import ReceivedPayment, claim_received, postpone
from core.logs import on
from core.unit import Unit
from core.usecases.accrue_access_rates import post_access_fees
from core.usecases.issue_tokens import TokenIssuer
from core.usecases.open_secret import OpenSecret
from core.usecases.quote_payment import target_of
from core.usecases.situation import Applied, Situation
from core.usecases.write_applied import write_applied
from core.waterfall import apply_money

log = logging.getLogger(__name__)


def apply_payments(unit: Unit, open_secret: OpenSecret, limit: int = 200) -> int:
    """Apply up to `limit` waiting payments; returns how many were claimed.

    A payment that cannot be applied never takes its neighbours with it: the batch is then done
    again one by one, each in a savepoint, and the bad one keeps its reason and waits for the next
    try. Its money stays on the books as unapplied.
    """
    payments = claim_received(unit.connection, unit.now, limit)
    if not payments or _applied_together(unit, payments, open_secret):
        return len(payments)
    for payment in payments:
        _applied_together(unit, [payment], open_secret)
    return len(payments)


def _applied_together(unit: Unit, payments: list[ReceivedPayment], open_secret: OpenSecret) -> bool:
    try:
        with unit.connection.begin_nested():
            _apply(unit, payments, open_secret)
    except Exception as error:  # noqa: BLE001  whatever it is, it must not stop the neighbours
        if len(payments) == 1:
            log.error("a payment cannot be applied: %r", error, extra=on(payment=payments[0].id))
            postpone(unit.connection, unit.now, payments[0].id, repr(error))
        return False
    log.info("payments applied", extra=on(payments=[payment.id for payment in payments]))
    return True


def _apply(unit: Unit, payments: Sequence[ReceivedPayment], open_secret: OpenSecret) -> None:
    situation = _read(unit, payments)
    issuer = TokenIssuer(unit, situation.devices, open_secret)
    done = [_apply_one(payment, situation, issuer) for payment in payments]
    write_applied(unit, situation, done)


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


def _apply_one(payment: ReceivedPayment, situation: Situation, issuer: TokenIssuer) -> Applied:
    owed, today = situation.owed[payment.customer_id], situation.today
    outcome = apply_money(
        payment.amount_minor,
        situation.credits[payment.customer_id],
        owed,
        target_of(situation.devices[payment.device_id], situation.versions, today),
        today,
        loan_only=payment.purpose == "loan",
    )
    situation.credits[payment.customer_id] = outcome.credit_minor
    still_due = sum(one.open_minor for one in owed if one.due_on <= today)
    return Applied(payment, outcome, issuer.tokens_for(payment, outcome), still_due)

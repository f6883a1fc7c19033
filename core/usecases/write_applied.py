"""From payments decided to rows written: what a batch of them caused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from core.db.applied import write_batch
from core.db.ledger import CREDIT, DEBIT
from core.unit import Unit
from core.usecases.line_accounts import ACCOUNT_OF
from core.usecases.receipts import receipt_rows
from core.usecases.situation import Applied, Situation
from core.waterfall import Line, Obligation

Row = dict[str, Any]


def write_applied(unit: Unit, situation: Situation, done: Sequence[Applied]) -> None:
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
            for customer, credit in situation.credits.items()
        ],
        token=[row for one in done for row in _token_rows(one)],
        sms=[row for one in done for row in receipt_rows(unit, situation, one)],
    )


def _paid_row(obligation: Obligation) -> Row:
    return {"id": obligation.id, "paid_minor": obligation.paid_minor}


def _line_rows(applied: Applied) -> list[Row]:
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


def _leg_rows(applied: Applied) -> list[Row]:
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


def _token_rows(applied: Applied) -> list[Row]:
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

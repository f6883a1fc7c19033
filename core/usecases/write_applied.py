"""Write everything a batch of applied payments caused, in a handful of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.db.bulk import insert_rows
from core.db.customers import Customer, set_credits
from core.db.devices import Device, set_token_counters
from core.db.ledger import CREDIT, DEBIT, Entry, Posting, post_entries
from core.db.owed import complete_sales, store_paid
from core.db.payments import ReceivedPayment, mark_applied
from core.db.rows.messages import sms
from core.db.rows.money import payment_lines, tokens
from core.tariff import TariffVersion
from core.unit import Unit
from core.usecases.issue_tokens import DeviceToken, TokenIssuer
from core.usecases.receipts import receipt_rows
from core.waterfall import Obligation, Outcome

_INCOME = {
    "down_payment": "receivable:sales",
    "instalment": "receivable:sales",
    "access_rate": "receivable:access",
    "energy": "income:energy",
    "days": "income:days",
    "credit": "customer_credit",
}


@dataclass(slots=True)
class Situation:
    """All that was locked and read for a batch, by id. Changes as its payments are decided."""

    customers: dict[int, Customer]
    devices: dict[int, Device]
    versions: dict[int, list[TariffVersion]]
    owed: dict[int, list[Obligation]]
    credits: dict[int, int]
    today: date


@dataclass(frozen=True, slots=True)
class Applied:
    """One payment decided; `still_due_minor` is what the customer owes today after it."""

    payment: ReceivedPayment
    outcome: Outcome
    tokens: list[DeviceToken]
    still_due_minor: int


def write_applied(
    unit: Unit, situation: Situation, done: Sequence[Applied], issuer: TokenIssuer
) -> None:
    """Lines, paid amounts, entries, tokens with their counters, credit, texts, states."""
    connection = unit.connection
    insert_rows(connection, payment_lines, [row for one in done for row in _line_rows(one)])
    touched = {
        id(line.obligation): line.obligation
        for one in done
        for line in one.outcome.lines
        if line.obligation
    }
    store_paid(connection, list(touched.values()))
    complete_sales(connection, [sale for one in done for sale in one.outcome.completed_sales])
    post_entries(connection, unit.now, [_entry(one) for one in done])
    set_credits(connection, situation.credits)
    token_ids = _insert_tokens(unit, done)
    set_token_counters(connection, issuer.counters)
    insert_rows(
        connection,
        sms,
        [
            row
            for one in done
            for row in receipt_rows(
                unit,
                situation.customers[one.payment.customer_id],
                one,
                situation.devices[one.payment.device_id].serial,
                token_ids,
            )
        ],
    )
    mark_applied(
        connection,
        unit.now,
        [one.payment.id for one in done],
        [one.outcome.credit_used_minor for one in done],
    )


def _line_rows(applied: Applied) -> list[dict[str, object]]:
    return [
        {
            "payment_id": applied.payment.id,
            "number": number,
            "kind": line.kind,
            "amount_minor": line.amount_minor,
            "instalment_id": line.obligation.id
            if line.obligation and line.kind != "access_rate"
            else None,
            "access_charge_id": line.obligation.id
            if line.obligation and line.kind == "access_rate"
            else None,
            "device_id": line.device_id,
        }
        for number, line in enumerate(applied.outcome.lines, start=1)
    ]


def _entry(applied: Applied) -> Entry:
    """unapplied + credit used -> what each line is; one entry for the whole payment."""
    payment, outcome = applied.payment, applied.outcome
    credited: dict[str, int] = defaultdict(int)
    for line in outcome.lines:
        credited[_INCOME[line.kind]] += line.amount_minor
    owner = payment.customer_id
    return Entry(
        "applied",
        f"applied:{payment.id}",
        (
            Posting("unapplied", DEBIT, payment.amount_minor, owner),
            Posting("customer_credit", DEBIT, outcome.credit_used_minor, owner),
            *(Posting(account, CREDIT, amount, owner) for account, amount in credited.items()),
        ),
    )


def _insert_tokens(unit: Unit, done: Sequence[Applied]) -> dict[tuple[int, int], int]:
    """Store the tokens; returns their ids by (device, counter)."""
    rows = insert_rows(
        unit.connection,
        tokens,
        [
            {
                "device_id": one.device.id,
                "payment_id": applied.payment.id,
                "part": one.part,
                "kind": one.token.kind,
                "units": one.token.amount,
                "counter": one.token.counter,
                "text": one.token.text,
                "issued_at": unit.now,
            }
            for applied in done
            for one in applied.tokens
        ],
        returning="device_id, counter, id",
    )
    return {(row.device_id, row.counter): row.id for row in rows}

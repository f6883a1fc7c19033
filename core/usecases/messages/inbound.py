"""Store an incoming SMS once, before its provider is told that we have it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from core.db.messages import insert_inbound, lock_number
from core.unit import Unit


@dataclass(frozen=True, slots=True)
class InboundText:
    """`message_id` is the provider's; `msisdn` is E.164; `body` as typed."""

    provider: str
    message_id: str
    msisdn: str
    body: str


def record_inbound_text(unit: Unit, text: InboundText) -> bool:
    """Store the SMS; returns False when this provider's message id was stored before.

    Answers to one number wait for each other until the end of the transaction, so that they can be
    counted.
    """
    is_new = insert_inbound(
        unit.connection, text.provider, text.message_id, text.msisdn, text.body, unit.now
    )
    if is_new:
        lock_number(unit.connection, text.msisdn)
    return is_new


def report_problem(unit: Unit, msisdn: str, body: str) -> None:
    """Store a problem report, with the customer it came from if the number is known."""
    unit.connection.execute(
        text(
            "INSERT INTO problem_reports (msisdn, body, customer_id, reported_at) VALUES (:msisdn,"
            " :body, (SELECT customer_id FROM customer_msisdns WHERE msisdn = :msisdn), :now)"
        ),
        {"msisdn": msisdn, "body": body[:500], "now": unit.now},
    )

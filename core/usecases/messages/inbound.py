"""Store an incoming SMS once, before its provider is told that we have it."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import SAME_AGAIN_WITHIN
from core.db.messages import insert_inbound, insert_problem_report, lock_number
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
    """Store a problem report, with the customer it came from if the number is known.

    The same again within minutes is stored once: its caller may have seen no answer.
    """
    since = unit.now - SAME_AGAIN_WITHIN
    insert_problem_report(unit.connection, msisdn, body[:500], unit.now, since)

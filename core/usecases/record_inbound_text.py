"""Keep a text that somebody sent us, once, before its provider is told that we have it."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.inbound import insert_inbound
from core.unit import Unit


@dataclass(frozen=True, slots=True)
class InboundText:
    """`message_id` is the provider's; `msisdn` is E.164; `body` as typed."""

    provider: str
    message_id: str
    msisdn: str
    body: str


def record_inbound_text(unit: Unit, text: InboundText) -> bool:
    """Store the text; False when this provider's id was stored before."""
    return insert_inbound(
        unit.connection, text.provider, text.message_id, text.msisdn, text.body, unit.now
    )

"""Send a token again: the same row, the same text, a new SMS."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.customers import find_customer
from core.db.device_states import find_token
from core.errors import Refused
from core.tokens.family import group
from core.unit import Unit
from core.usecases.split_words import bought
from core.usecases.texts import queue_text
from core.wording.messages import sms


@dataclass(frozen=True, slots=True)
class Resent:
    """The serial the token is for."""

    serial: str


def resend_token(unit: Unit, msisdn: str, token_id: int) -> Resent:
    """Queue the token's text to this number of its owner's.

    Raises Refused("no_such_token") for another's token.
    """
    customer = find_customer(unit.connection, msisdn)
    if customer is None:
        raise Refused("no_such_token")
    token = find_token(unit.connection, customer.id, token_id)
    if token is None:
        raise Refused("no_such_token")
    queue_text(
        unit,
        sms.token(
            token=group(token.text, token.family),
            serial=token.serial,
            content=bought(token.kind, token.units),
        ),
        msisdn=msisdn,
        language=customer.language,
        occasion=f"resend:{token.id}:{unit.now.isoformat()}",
        token_id=token.id,
    )
    return Resent(token.serial)

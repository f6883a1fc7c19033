"""Show a customer's last tokens and send one again: the same row, the same text, a new SMS."""

from __future__ import annotations

from core.db.customers import get_customer
from core.db.device_states import StoredToken, latest_tokens
from core.errors import Refused
from core.tokens.family import group
from core.unit import Unit
from core.usecases.receipts import bought
from core.usecases.texts import queue_text
from gateway.wording.messages import sms

SHOWN = 3


def resend_token(unit: Unit, customer_id: int, token_id: int) -> StoredToken:
    """Queue the token's text to its owner. Raises Refused("no_such_token") for another's token."""
    token = next(
        (one for one in latest_tokens(unit.connection, customer_id, SHOWN) if one.id == token_id),
        None,
    )
    customer = get_customer(unit.connection, customer_id)
    if token is None or customer.msisdn is None:
        raise Refused("no_such_token")
    queue_text(
        unit,
        sms.token(token=typed(token), serial=token.serial, what=[bought(token.kind, token.units)]),
        msisdn=customer.msisdn,
        language=customer.language,
        occasion=f"resend:{token.id}:{unit.now.isoformat()}",
        token_id=token.id,
    )
    return token


def typed(token: StoredToken) -> str:
    """The token grouped for reading."""
    return group(token.text, token.family)

"""An operator looks at a code, to read it to a customer on the phone: seen, and noted."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.db.console_tokens import find_token
from core.errors import Refused
from core.tokens.family import group
from core.unit import Unit
from core.usecases.audit import write_audit


@dataclass(frozen=True, slots=True)
class RevealedToken:
    """A code as it is read out, and the payment or the order it came of."""

    text: str = field(repr=False)
    serial: str
    payment_id: int | None
    order_id: int | None


def reveal_token(unit: Unit, token_id: int, operator: str, reason: str) -> RevealedToken:
    """The code. Raises Refused("no_such_token"), Refused("reason_missing")."""
    token = find_token(unit.connection, token_id)
    if token is None:
        raise Refused("no_such_token")
    write_audit(unit, operator, "see", "token", token_id, reason, serial=token.serial)
    return RevealedToken(
        group(token.text, token.family), token.serial, token.payment_id, token.order_id
    )

"""Refunds by pawaPay: asked for and looked up under one id.

The id is derived from our reference of the refund, so that asking again starts no second refund.
Workers only. The result is looked up, so refunds need no callback.
"""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from core.errors import Permanent, Temporary
from core.money import major
from core.refund import Refund
from gateway.payments.pawapay.client import PROVIDER, PawaPayChannel, code_of, failure

_REFUNDS = "/v2/refunds"
_GIVEN_BACK, _UNDER_WAY = "DEPOSIT_ALREADY_REFUNDED", "REFUND_IN_PROGRESS"


def send_back(channel: PawaPayChannel, refund: Refund) -> bool:
    """Have a deposit sent back, or a part of it; returns whether the payer has it by now.

    Raises Temporary, Permanent, OutcomeUnknown. Asking again is safe.
    """
    if refund.prompt_reference is None:
        raise Permanent(PROVIDER, "no_deposit")
    refund_id = _refund_id(refund)
    request = {"refundId": refund_id, "depositId": refund.prompt_reference}
    if refund.is_part:
        request |= {
            "amount": major(refund.amount_minor, refund.currency).removesuffix(".00"),
            "currency": refund.currency,
        }
    reply = channel.api.execute("POST", _REFUNDS, json=request)
    if reply.status == 200 and reply.body.get("status") in ("ACCEPTED", "DUPLICATE_IGNORED"):
        return _is_back(channel, refund_id)
    if code_of(reply.body) in (_GIVEN_BACK, _UNDER_WAY) and not refund.is_part:
        return code_of(reply.body) == _GIVEN_BACK
    raise failure(reply)


def _refund_id(refund: Refund) -> str:
    """The id of a refund: in the form of a version 4 UUID, and the same every time."""
    named = f"{refund.prompt_reference}:{refund.client_reference}"
    return str(UUID(bytes=sha256(named.encode()).digest()[:16], version=4))


def _is_back(channel: PawaPayChannel, refund_id: str) -> bool:
    """Whether a refund that pawaPay took is done. Raises Temporary; Permanent when it failed."""
    reply = channel.api.query("GET", f"{_REFUNDS}/{refund_id}")
    found = reply.body.get("data")
    if reply.status != 200 or not isinstance(found, dict):
        raise Temporary(PROVIDER, code_of(reply.body) or f"http_{reply.status}")
    if found.get("status") == "FAILED":
        raise Permanent(PROVIDER, code_of(found) or "FAILED")
    return found.get("status") == "COMPLETED"

"""Refunds: money on its way back to the payer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RefundState = Literal["requested", "sending", "unknown", "done", "failed"]
# The state of the payment before its refund, to return to should the provider refuse.
RefundOrigin = Literal["received", "suspense"]


@dataclass(frozen=True, slots=True)
class Refund:
    """A payment's way back; `attempts` counts how often the provider was asked. `prompt_reference`:
    what the provider calls the prompt it was paid by, if it was by one."""

    id: int
    payment_id: int
    provider_account: str
    receipt: str
    amount_minor: int
    origin_state: RefundOrigin
    client_reference: str
    state: RefundState
    attempts: int
    prompt_reference: str | None

"""Refunds: money on its way back to the payer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from core.payment import normalise_receipt

# Where money that goes back is taken from: the account that received the payment (for an agent's
# cash: the agent), our bank, or the office's cash.
MoneyBackFrom = Literal["provider", "bank", "office"]
MONEY_BACK_FROM: tuple[MoneyBackFrom, ...] = get_args(MoneyBackFrom)

RefundState = Literal["requested", "sending", "unknown", "done", "failed"]
# The state of the payment before its refund, to return to should the provider refuse.
RefundOrigin = Literal["received", "suspense"]


@dataclass(frozen=True, slots=True)
class Refund:
    """A payment's way back; `attempts` counts how often the provider was asked. `prompt_reference`:
    what the provider calls the prompt it was paid by, if it was by one. `paid_minor` and `currency`
    are those of the payment."""

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
    paid_minor: int
    currency: str

    @property
    def is_part(self) -> bool:
        return self.amount_minor < self.paid_minor


@dataclass(frozen=True, slots=True)
class NewReturn:
    """Money that went back to a payer or a customer.

    `amount_minor` is None for all that is left. `reference` names this way back: the receipt that
    the provider gave it, the reference of a bank transfer, or the number of an office voucher; the
    same one again is the same money. `happened_at` is None where it is now.
    """

    amount_minor: int | None = None
    source: MoneyBackFrom = "provider"
    reference: str | None = None
    happened_at: datetime | None = None


def read_credit_source(written: str) -> tuple[MoneyBackFrom, str | None]:
    """Return where credit goes back from, and the provider account where it is one. `written`:
    office, bank, or the name of the account."""
    if written == "office":
        return "office", None
    if written == "bank":
        return "bank", None
    return "provider", written


def clean_reference(typed: str | None) -> str | None:
    """Return a reference as receipts are stored; None if it is empty."""
    return normalise_receipt(typed or "") or None


def reversal_receipt(own: str | None, undone: str) -> str | None:
    """Return the receipt that tells a reversal from others of the same payment. A reversal may
    stand under the receipt of the payment that it undoes: that tells nothing."""
    receipt = clean_reference(own)
    return None if receipt == normalise_receipt(undone) else receipt

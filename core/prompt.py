"""Prompts: requests on a payer's phone to approve a mobile-money payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.payment import PaymentPurpose

PromptState = Literal["waiting", "sending", "pending", "unknown", "approved", "paid", "failed"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request to approve a payment. `checkout_reference` is the provider's name for it; some
    providers leave it to us, and then it is there before the call. `network` is an aggregator's
    word for the network whose payer this is; None where the channel has only one. The money is for
    `customer_id`, also when the device has another owner by then; `device_id` is None where the
    account reference of the customer was paid to."""

    id: int
    channel: str
    network: str | None
    msisdn: str
    account_reference: str
    customer_id: int
    device_id: int | None
    amount_minor: int
    currency: str
    purpose: PaymentPurpose
    state: PromptState
    checkout_reference: str | None
    payment_id: int | None
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Joined:
    """A prompt that was found to be paid, and by what."""

    prompt_id: int
    payment_id: int
    msisdn: str

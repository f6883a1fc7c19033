"""A batch of payments while it is decided: what was locked and read, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from core.customer import Customer
from core.device import Device
from core.payment import ReceivedPayment
from core.tariff import TariffVersion
from core.usecases.payments.issue_tokens import DeviceToken
from core.waterfall import Obligation, Outcome


@dataclass(slots=True)
class PaymentBatch:
    """All that was locked and read for a batch, by id. Changes as its payments are decided."""

    customers: dict[int, Customer]
    devices: dict[int, Device]
    versions: dict[int, list[TariffVersion]]
    owed: dict[int, list[Obligation]]
    credits: dict[int, int]
    today: date


@dataclass(frozen=True, slots=True)
class AppliedPayment:
    """One payment decided; `still_due_minor` is what the customer owes today after it.

    `missing_tokens` says, by device, what no code was made for (report_missing_token).
    """

    payment: ReceivedPayment
    outcome: Outcome
    tokens: list[DeviceToken]
    still_due_minor: int
    missing_tokens: Mapping[int, str]

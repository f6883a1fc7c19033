"""A batch of payments while it is applied: what was locked and read, and the outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from core.customer import Customer
from core.device import Device
from core.payment import ReceivedPayment
from core.tariff import TariffVersion, version_for_payment
from core.usecases.payments.issue_tokens import DeviceToken, WantedVend
from core.waterfall import Obligation, Outcome, Waterfall


@dataclass(slots=True)
class PaymentBatch:
    """What was locked and read for a batch, each by id.

    `changed_at`: when what a customer owes was last changed otherwise than by a payment, a sale or
    the calendar. `owed`: the open obligations of each customer; `credits`: their credit in minor
    units. Both change as the payments of the batch are applied one after the other. `waterfalls`:
    all versions of the order in which money falls.
    """

    customers: dict[int, Customer]
    changed_at: dict[int, datetime]
    devices: dict[int, Device]
    versions: dict[int, list[TariffVersion]]
    owed: dict[int, list[Obligation]]
    credits: dict[int, int]
    waterfalls: list[Waterfall]
    today: date

    def device_of(self, payment: ReceivedPayment) -> Device | None:
        """The device that was paid for; None where the customer's account was."""
        return None if payment.device_id is None else self.devices[payment.device_id]

    def tariff_for(self, payment: ReceivedPayment) -> TariffVersion | None:
        """The prices of the meter that was paid for, as they were then; None for anything else."""
        device = self.device_of(payment)
        if device is None:
            return None
        tariff_id = device.tariff_at(payment.quoted_at)
        versions = self.versions.get(tariff_id or 0, [])
        return version_for_payment(versions, payment.paid_on, self.today)

    def name_of(self, payment: ReceivedPayment) -> str:
        """What was paid for, in texts: a serial number, or the customer's account reference."""
        device = self.device_of(payment)
        return device.serial if device else self.customers[payment.customer_id].account


@dataclass(frozen=True, slots=True)
class AppliedPayment:
    """The outcome of one payment. `vends`: what the vendors of devices are asked for.

    `still_due_minor` is what the customer still owes today. `missing_tokens` says by device id what
    is owed in place of a token that cannot be made (report_missing_token).
    """

    payment: ReceivedPayment
    outcome: Outcome
    tokens: list[DeviceToken]
    vends: list[WantedVend]
    still_due_minor: int
    missing_tokens: Mapping[int, str]

"""Customers, and what one owes together with the devices it is owed for."""

from __future__ import annotations

from dataclasses import dataclass

from core.device import Device
from core.tariff import TariffVersion
from core.waterfall import Obligation, Waterfall


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer; `msisdn` is the number texts go to, `account` what they type to pay what they
    owe without naming a device."""

    id: int
    name: str
    surname: str
    language: str
    credit_minor: int
    msisdn: str | None
    account: str

    @property
    def full_name(self) -> str:
        return f"{self.name} {self.surname}".rstrip()


@dataclass(frozen=True, slots=True)
class KnownCustomer(Customer):
    """A customer as a file or a form may describe them: with the code of the village."""

    village: str | None


@dataclass(frozen=True, slots=True)
class CustomerPosition:
    """`owner` is None where the device asked for is in stock. `versions`: all of the devices'
    tariffs, and `waterfalls`: all orders of payment, oldest first.

    `owed`: what is not fully paid, by due date, then oldest sale, and what it is for: the
    appliance's name by sale, the serial by device, the receipt by clawback.
    `caller_id`: the customer whose number asked; None where none did, or it is nobody's.
    """

    owner: Customer | None
    devices: list[Device]
    versions: dict[int, list[TariffVersion]]
    owed: list[Obligation]
    sale_names: dict[int, str]
    serials: dict[int, str]
    receipts: dict[int, str]
    waterfalls: list[Waterfall]
    caller_id: int | None = None

    def name_of(self, obligation: Obligation) -> str:
        """Return what an obligation is for: the appliance, the serial number of the meter, or the
        receipt of the payment that was taken back."""
        if obligation.kind == "clawback":
            return self.receipts[obligation.id or 0]
        if obligation.sale_id:
            return self.sale_names[obligation.sale_id]
        return self.serials[obligation.device_id or 0]

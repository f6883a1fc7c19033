"""Converting rows of MicroPowerManager's exports to entries of our use cases.

What the exports do not hold (a meter's tariff, device keys, how often instalments fall due) comes
from the options and the complement. Nothing is guessed: a name that two customers have is a problem
where the device does not say which of them is meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from core.market import Market
from core.money import Money
from core.msisdn import parse_msisdn
from core.plan import ByCount, Cadence, PlanTerms, step_on
from core.serial_number import parse_serial
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.register_devices import DeviceEntry
from core.usecases.sales.register_sales import SaleEntry
from operations.importing.fields import serial as serial_number
from operations.importing.fields import text
from operations.mpm.exports import Exports, Row
from operations.mpm.options import MoveOptions
from operations.mpm.parsing import (
    KINDS,
    amount_of,
    code_named,
    count_of,
    day_of,
    full_name,
    serial_of,
)


@dataclass(frozen=True, slots=True)
class CatalogueCodes:
    """The codes of the catalogue by name in small letters; None for a name that several have.

    `kinds` holds the kind of every appliance by its code.
    """

    villages: Mapping[str, str | None]
    manufacturers: Mapping[str, str | None]
    appliances: Mapping[str, str | None]
    kinds: Mapping[str, str]


@dataclass(slots=True)
class PlacedEntries:
    """Entries of one kind. `places[i]` says where `entries[i]` stands: "customers.csv, line 3"."""

    places: list[str] = field(default_factory=list)
    entries: list[object] = field(default_factory=list)


@dataclass(slots=True)
class Conversion:
    """The conversion of one set of exports.

    `problems` collects (place, reason) of every row that cannot be converted. Customers have to be
    converted first: their rows say who owns which device.
    """

    exports: Exports
    market: Market
    codes: CatalogueCodes
    options: MoveOptions
    problems: list[tuple[str, str]] = field(default_factory=list)
    numbers_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    owner_of: dict[str, str] = field(default_factory=dict)
    _plans_of: dict[str, set[str]] | None = None

    def entries(self, kind: str) -> PlacedEntries:
        """The entries of `customers`, `devices` or `plans`, each customer, device or plan once."""
        readers: dict[str, tuple[Callable[[Row], Any], Callable[[Any], str]]] = {
            "customers": (self._customer, lambda customer: customer.msisdn),
            "devices": (self._device, lambda device: device.serial),
            "plans": (self._plan, lambda plan: plan.reference),
        }
        read, key = readers[kind]
        placed, first = PlacedEntries(), dict[str, str]()
        for row in self.exports[kind]:
            try:
                entry = read(row)
                if first.setdefault(key(entry), row.place) != row.place:
                    raise ValueError(f"the same as {first[key(entry)]}: {key(entry)}")
            except ValueError as error:
                self.problems.append((row.place, str(error)))
                continue
            placed.places.append(row.place)
            placed.entries.append(entry)
        return placed

    def _customer(self, row: Row) -> NewCustomer:
        if not row.get("phone"):
            raise ValueError("phone: is missing; without a number there is no customer here")
        msisdn = parse_msisdn(row.get("phone"), self.market.country)
        name, surname = row.get("name"), row.get("surname")
        if not name and not surname:
            raise ValueError("name: is missing")
        self.numbers_of[full_name(name, surname)].add(msisdn)
        for serial in filter(str.strip, row.get("devices").split(",")):
            owner = self.owner_of.setdefault(parse_serial(serial), msisdn)
            if owner != msisdn:
                raise ValueError(f"devices: {serial.strip()} is also another customer's")
        village = row.get("city")
        return NewCustomer(
            msisdn,
            text(name or surname),
            text(surname) if name and surname else "",
            village=code_named(self.codes.villages, "village", village) if village else None,
        )

    def _device(self, row: Row) -> DeviceEntry:
        serial = serial_number(row.get("serial_number"))
        kind = KINDS.get(row.get("device_type"))
        if kind is None:
            raise ValueError(f"device type {row.get('device_type')!r} is not known here")
        owner = self.owner(serial, row.get("customer"))
        complement = self.options.complements.get(serial)
        device = complement.device if complement else DeviceEntry(serial, "", "")
        tariff = device.tariff or self.options.tariff if kind == "meter" and owner else None
        return replace(
            device,
            kind=kind,
            manufacturer=code_named(
                self.codes.manufacturers, "manufacturer", row.get("manufacturer")
            ),
            tariff=tariff,
            owner_msisdn=owner,
            assigned_on=self.options.as_of if owner else None,
            access_from=self.options.as_of if owner and tariff else None,
            product=device.product or self._planned_product(serial, kind),
        )

    def _planned_product(self, serial: str, kind: str) -> str | None:
        """The code of the appliance that all plans of the device are for; None without a plan, and
        where they are for several. What is wrong with a plan is a problem of its own row."""
        if self._plans_of is None:
            self._plans_of = defaultdict(set)
            for row in self.exports["plans"]:
                with suppress(ValueError):
                    device = serial_of(row, "device_serial") or ""
                    appliance = self.codes.appliances.get(row.get("appliance_name").casefold())
                    self._plans_of[device].add(appliance or "")
        appliances = self._plans_of.get(serial, set())
        only = next(iter(appliances)) if len(appliances) == 1 else ""
        return only if self.codes.kinds.get(only) == kind else None

    def _plan(self, row: Row) -> SaleEntry:
        appliance = code_named(self.codes.appliances, "appliance", row.get("appliance_name"))
        serial = serial_of(row, "device_serial")
        owner = self.owner(serial, f"{row.get('customer_name')} {row.get('customer_surname')}")
        if owner is None:
            raise ValueError("customer: is missing")
        sold_on, begins_on = day_of(row, "registered_date"), day_of(row, "first_payment_date")
        if sold_on is None:
            raise ValueError("registered_date: is missing")
        begins_on = begins_on or sold_on
        cadence = self._cadence(serial)
        currency = self.market.currency
        entry = SaleEntry(
            owner_msisdn=owner,
            terms=PlanTerms.by_day(appliance, currency),
            sold_on=min(sold_on, begins_on),
            serial=serial if self.codes.kinds[appliance] != "other" else None,
            reference=_reference(serial, owner, appliance, row),
        )
        if row.get("payment_type") == "energy_service":
            return entry
        down_payment = Money(amount_of(row, "down_payment", currency), currency)
        return replace(
            entry,
            terms=PlanTerms(appliance, ByCount(count_of(row)), cadence, down_payment),
            total_minor=amount_of(row, "total_cost", currency),
            # The plan there begins one cadence after its "first payment date".
            first_due_on=step_on(begins_on, cadence, 1),
        )

    def owner(self, serial: str | None, called: str) -> str | None:
        """Return the MSISDN of the device's owner, else of the only customer with that name.

        None where neither a device nor a name is given. Raises ValueError where no customer or
        several customers have the name.
        """
        if serial in self.owner_of:
            return self.owner_of[serial]
        name = full_name(called)
        if not name:
            return None
        numbers = self.numbers_of.get(name, set())
        if len(numbers) != 1:
            how_many = "no customer is" if not numbers else f"{len(numbers)} customers are"
            raise ValueError(f"customer: {how_many} called {called.strip()!r}")
        return next(iter(numbers))

    def _cadence(self, serial: str | None) -> Cadence:
        complement = self.options.complements.get(serial) if serial else None
        return (complement and complement.cadence) or self.options.cadence


def _reference(serial: str | None, owner: str, appliance: str, row: Row) -> str:
    """A reference for the plan, the same for every export that holds it."""
    subject = serial or f"{owner}:{appliance}"
    return f"mpm:{subject}:{row.get('registered_date')}:{row.get('total_cost') or 0}"


def count_by_reason(problems: Sequence[tuple[str, str]], shown: int = 3) -> Iterator[str]:
    """Each reason once, with the first `shown` places that have it and how many more there are."""
    places: dict[str, list[str]] = defaultdict(list)
    for place, reason in problems:
        places[reason].append(place)
    for reason, found in places.items():
        more = f" and {len(found) - shown} more" if len(found) > shown else ""
        yield f"{reason} ({'; '.join(found[:shown])}{more})"

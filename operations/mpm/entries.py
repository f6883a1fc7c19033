"""From rows of MicroPowerManager's exports to entries of our use cases.

What the exports do not tell (a meter's tariff, device keys, how often instalments fall due) comes
from options and from the complement. Nothing is guessed: who cannot be told apart by name is a
problem.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from core.market import Market
from core.msisdn import parse_msisdn
from core.plan import step_on
from core.serial_number import parse_serial
from core.usecases.customers.register_customers import CustomerEntry
from core.usecases.devices.register_devices import DeviceEntry
from core.usecases.sales.register_sales import SaleEntry
from operations.importing.fields import text
from operations.mpm.exports import Exports, Row
from operations.mpm.options import Told
from operations.mpm.parsing import (
    KINDS,
    amount_of,
    code_named,
    count_of,
    day_of,
    full_name,
    serial_of,
)

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Names:
    """Codes of the catalogue by name, in small letters; None where a name is not one thing's."""

    villages: Mapping[str, str | None]
    manufacturers: Mapping[str, str | None]
    appliances: Mapping[str, str | None]
    kinds: Mapping[str, str]


@dataclass(slots=True)
class Placed:
    """Entries of one kind with the place of each, in step."""

    places: list[str] = field(default_factory=list)
    entries: list[object] = field(default_factory=list)


@dataclass(slots=True)
class Moving:
    """One move: what was read, and (place, reason) of everything that cannot be."""

    exports: Exports
    market: Market
    names: Names
    told: Told
    problems: list[tuple[str, str]] = field(default_factory=list)
    numbers_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    owner_of: dict[str, str] = field(default_factory=dict)

    def customers(self) -> Placed:
        """One per number. Notes who has which device and which name, for the other files."""
        return self._each("customers", self._customer, lambda one: one.msisdn)

    def devices(self) -> Placed:
        """One per serial number; without a customer it goes to stock."""
        return self._each("devices", self._device, lambda one: one.serial)

    def plans(self) -> Placed:
        """One per sale there."""
        return self._each("plans", self._plan, lambda one: one.reference)

    def _each(
        self, kind: str, read: Callable[[Row], Entry], key: Callable[[Entry], object]
    ) -> Placed:
        placed, first = Placed(), dict[object, str]()
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

    def _customer(self, row: Row) -> CustomerEntry:
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
        return CustomerEntry(
            msisdn,
            text(name or surname),
            surname if name else "",
            village=code_named(self.names.villages, "village", village) if village else None,
        )

    def _device(self, row: Row) -> DeviceEntry:
        serial = parse_serial(row.get("serial_number"))
        kind = KINDS.get(row.get("device_type"))
        if kind is None:
            raise ValueError(f"device type {row.get('device_type')!r} is not known here")
        owner = self.owner(serial, row.get("customer"))
        more = self.told.complement.get(serial)
        device = more.device if more else DeviceEntry(serial, "", "")
        tariff = device.tariff or self.told.tariff if kind == "meter" and owner else None
        return replace(
            device,
            kind=kind,
            manufacturer=code_named(
                self.names.manufacturers, "manufacturer", row.get("manufacturer")
            ),
            tariff=tariff,
            owner_msisdn=owner,
            assigned_on=self.told.as_of if owner else None,
        )

    def _plan(self, row: Row) -> SaleEntry:
        appliance = code_named(self.names.appliances, "appliance", row.get("appliance_name"))
        serial = serial_of(row, "device_serial")
        owner = self.owner(serial, f"{row.get('customer_name')} {row.get('customer_surname')}")
        if owner is None:
            raise ValueError("customer: is missing")
        sold_on, begins_on = day_of(row, "registered_date"), day_of(row, "first_payment_date")
        if sold_on is None:
            raise ValueError("registered_date: is missing")
        begins_on = begins_on or sold_on
        cadence = self._cadence(serial)
        is_service = row.get("payment_type") == "energy_service"
        entry = SaleEntry(
            owner_msisdn=owner,
            appliance=appliance,
            scheme="service" if is_service else "count",
            sold_on=min(sold_on, begins_on),
            serial=serial if self.names.kinds[appliance] != "other" else None,
            cadence=cadence,
            reference=_reference(serial, owner, appliance, row),
        )
        if is_service:
            return entry
        return replace(
            entry,
            total_minor=amount_of(row, "total_cost", self.market.currency),
            down_payment_minor=amount_of(row, "down_payment", self.market.currency),
            count=count_of(row),
            # The plan there begins one cadence after its "first payment date".
            first_due_on=step_on(begins_on, cadence, 1),
        )

    def owner(self, serial: str | None, called: str) -> str | None:
        """By the device, else by a name that only one customer has."""
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

    def _cadence(self, serial: str | None) -> str:
        more = self.told.complement.get(serial) if serial else None
        return (more and more.cadence) or self.told.cadence


def _reference(serial: str | None, owner: str, appliance: str, row: Row) -> str:
    """The same plan has the same reference in every export."""
    what = serial or f"{owner}:{appliance}"
    return f"mpm:{what}:{row.get('registered_date')}:{row.get('total_cost') or 0}"


def count_by_reason(problems: Sequence[tuple[str, str]], shown: int = 3) -> Iterator[str]:
    """Each reason once, with the first places where it holds and how many more there are."""
    places: dict[str, list[str]] = defaultdict(list)
    for place, reason in problems:
        places[reason].append(place)
    for reason, where in places.items():
        more = f" and {len(where) - shown} more" if len(where) > shown else ""
        yield f"{reason} ({'; '.join(where[:shown])}{more})"

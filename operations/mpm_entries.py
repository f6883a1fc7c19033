"""From rows of MicroPowerManager's exports to entries of our use cases.

What the exports do not tell (a meter's tariff, device keys, how often instalments fall due) comes
from options and from the complement. Nothing is guessed: who cannot be told apart by name is a
problem.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

from core.market import Market
from core.money import typed_minor
from core.msisdn import parse_msisdn
from core.plan import CADENCE_DAYS, step_on
from core.serial_number import parse_serial
from core.tokens.openpaygo import MAX_COUNT
from core.usecases.register_customers import CustomerEntry
from core.usecases.register_devices import DeviceEntry
from core.usecases.register_sales import SaleEntry
from core.usecases.take_over_paid import PaidBefore
from operations.csv_file import FileKind
from operations.fields import Fields, code, one_of, whole
from operations.import_files import secret_key, sts_meter
from operations.mpm_files import Exports, Row

Entry = TypeVar("Entry")

_KINDS = {"meter": "meter", "solar_home_system": "shs", "e_bike": "e_bike"}
_CURRENCY = re.compile(r"[^\d.,\s]+$")


@dataclass(frozen=True, slots=True)
class Complement:
    """What the exports do not tell of one device; the key is in clear here."""

    device: DeviceEntry
    cadence: str | None


def complement_file() -> FileKind[Complement]:
    """serial, and what is known of it: tariff, cadence of its plan, key, starting code, counter."""

    def read(fields: Fields) -> Complement:
        device = DeviceEntry(
            serial=fields.need("serial", parse_serial),
            kind="",
            manufacturer="",
            tariff=fields.may("tariff", code, None),
            secret_key=fields.may("secret_key", secret_key, None),
            starting_code=fields.may("starting_code", whole(0, 999_999_999), None),
            count=fields.may("count", whole(0, MAX_COUNT), None),
            sts=fields.may("sts", sts_meter, None),
        )
        return Complement(device, fields.may("cadence", one_of(*CADENCE_DAYS), None))

    others = ("tariff", "cadence", "secret_key", "starting_code", "count", "sts")
    return FileKind(("serial",), read, lambda one: one.device.serial, may=others)


@dataclass(frozen=True, slots=True)
class Told:
    """What the operator says beside the exports. `as_of`: the day they were made."""

    as_of: date
    cadence: str
    tariff: str | None
    complement: Mapping[str, Complement]


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

    def paid(self, plans: Placed) -> Placed:
        """What was paid on each plan, from outstanding debts and transactions."""
        open_minor, received = self._outstanding(), self._received()
        paid = Placed()
        for place, entry in zip(plans.places, plans.entries, strict=True):
            assert isinstance(entry, SaleEntry)
            if entry.scheme == "service" or entry.reference is None:
                continue
            told = PaidBefore(entry.reference, self.told.as_of)
            if self.exports["debts"]:
                told = replace(told, outstanding_minor=open_minor.get(_plan_key(entry), 0))
            if self.exports["transactions"] and entry.serial:
                down = 0 if entry.serial in received.with_down else entry.down_payment_minor
                told = replace(told, received_minor=received.minor.get(entry.serial, 0) + down)
            paid.places.append(place)
            paid.entries.append(told)
        return paid

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
        self.numbers_of[_full(name, surname)].add(msisdn)
        for serial in filter(str.strip, row.get("devices").split(",")):
            owner = self.owner_of.setdefault(parse_serial(serial), msisdn)
            if owner != msisdn:
                raise ValueError(f"devices: {serial.strip()} is also another customer's")
        village = row.get("city")
        return CustomerEntry(
            msisdn,
            name or surname,
            surname if name else "",
            village=_code(self.names.villages, "village", village) if village else None,
        )

    def _device(self, row: Row) -> DeviceEntry:
        serial = parse_serial(row.get("serial_number"))
        kind = _KINDS.get(row.get("device_type"))
        if kind is None:
            raise ValueError(f"device type {row.get('device_type')!r} is not known here")
        owner = self._owner(serial, row.get("customer"))
        more = self.told.complement.get(serial)
        device = more.device if more else DeviceEntry(serial, "", "")
        tariff = device.tariff or self.told.tariff if kind == "meter" and owner else None
        return replace(
            device,
            kind=kind,
            manufacturer=_code(self.names.manufacturers, "manufacturer", row.get("manufacturer")),
            tariff=tariff,
            owner_msisdn=owner,
            assigned_on=self.told.as_of if owner else None,
        )

    def _plan(self, row: Row) -> SaleEntry:
        appliance = _code(self.names.appliances, "appliance", row.get("appliance_name"))
        serial = _serial(row, "device_serial")
        owner = self._owner(serial, f"{row.get('customer_name')} {row.get('customer_surname')}")
        if owner is None:
            raise ValueError("customer: is missing")
        sold_on, begins_on = _day(row, "registered_date"), _day(row, "first_payment_date")
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
            total_minor=self._amount(row, "total_cost"),
            down_payment_minor=self._amount(row, "down_payment"),
            count=_count(row),
            # The plan there begins one cadence after its "first payment date".
            first_due_on=step_on(begins_on, cadence, 1),
        )

    def _owner(self, serial: str | None, full_name: str) -> str | None:
        """By the device, else by a name that only one customer has."""
        if serial in self.owner_of:
            return self.owner_of[serial]
        name = _full(full_name)
        if not name:
            return None
        numbers = self.numbers_of.get(name, set())
        if len(numbers) != 1:
            how_many = "no customer is" if not numbers else f"{len(numbers)} customers are"
            raise ValueError(f"customer: {how_many} called {full_name.strip()!r}")
        return next(iter(numbers))

    def _cadence(self, serial: str | None) -> str:
        more = self.told.complement.get(serial) if serial else None
        return (more and more.cadence) or self.told.cadence

    def _amount(self, row: Row, name: str) -> int:
        """`1,250.00KES`, or a bare number; nothing is 0."""
        text = _CURRENCY.sub("", row.get(name)).strip()
        try:
            return typed_minor(text, self.market.currency) if text else 0
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def _outstanding(self) -> dict[tuple[str | None, str, str], int]:
        """What is open of each plan: by its device, else by its owner and appliance."""
        open_minor: dict[tuple[str | None, str, str], int] = defaultdict(int)
        for row in self.exports["debts"]:
            try:
                appliance = _code(self.names.appliances, "appliance", row.get("appliance"))
                serial = (
                    parse_serial(row.get("device_serial")) if row.get("device_serial") else None
                )
                owner = self._owner(serial, row.get("customer")) or ""
                serial = serial if self.names.kinds[appliance] != "other" else None
                key = (serial, "", "") if serial else (None, owner, appliance)
                open_minor[key] += self._amount(row, "remaining")
            except ValueError as error:
                self.problems.append((row.place, str(error)))
        return open_minor

    def _received(self) -> Received:
        received = Received()
        for row in self.exports["transactions"]:
            if row.get("status") != "Success" or row.get("device_type") not in _KINDS:
                continue
            try:
                serial, amount = parse_serial(row.get("device_id")), self._amount(row, "amount")
            except ValueError as error:
                self.problems.append((row.place, str(error)))
                continue
            received.count += 1
            received.minor[serial] += amount
            # Without a type nobody can say whether the down payment is among them: then it is.
            if row.get("type") in ("down_payment", ""):
                received.with_down.add(serial)
        return received


@dataclass(slots=True)
class Received:
    """What came in for each device, and those whose down payment is among it."""

    minor: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    with_down: set[str] = field(default_factory=set)
    count: int = 0


def _serial(row: Row, name: str) -> str | None:
    return parse_serial(row.get(name)) if row.get(name) else None


def _plan_key(entry: SaleEntry) -> tuple[str | None, str, str]:
    if entry.serial:
        return entry.serial, "", ""
    return None, entry.owner_msisdn, entry.appliance


def _code(codes: Mapping[str, str | None], what: str, name: str) -> str:
    found = codes.get(name.strip().casefold())
    if found is None:
        several = "several have" if name.strip().casefold() in codes else "the catalogue has no"
        raise ValueError(f"{what}: {several} {what} named {name!r}")
    return found


def _full(*names: str) -> str:
    return " ".join(" ".join(names).split()).casefold()


def _day(row: Row, name: str) -> date | None:
    """A day as the exports write it: 2026-01-31, with a time or not."""
    if not row.get(name):
        return None
    try:
        return datetime.fromisoformat(row.get(name)).date()
    except ValueError:
        raise ValueError(f"{name}: not a date: {row.get(name)!r}") from None


def _count(row: Row) -> int | None:
    text = row.get("rate_count")
    if not text.isdecimal():
        raise ValueError(f"rate_count: not a whole number: {text!r}")
    return int(text) or None


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

"""The three files `dialwatt import` knows: which columns, and what a line means."""

from __future__ import annotations

from functools import cache

from core.market import Market
from core.money import Money
from core.msisdn import parse_msisdn
from core.plan import (
    CADENCES,
    MAX_INSTALMENTS,
    SCHEMES,
    ByAmount,
    ByCount,
    ByDay,
    PlanTerms,
    Schedule,
    Scheme,
)
from core.serial_number import parse_serial
from core.tokens.openpaygo import MAX_COUNT
from core.tokens.typed import secret_key, sts_meter
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.register_devices import DeviceEntry
from core.usecases.sales.register_sales import SaleEntry
from operations.importing.csv_file import FileKind
from operations.importing.fields import Fields, Read, amount, code, day, money, one_of, text, whole

_REFERENCE_LENGTH = 80


def customers_file(market: Market) -> FileKind[NewCustomer]:
    """msisdn, name, surname, village, language; one line per number."""
    msisdn = _msisdn(market)

    def read(fields: Fields) -> NewCustomer:
        return NewCustomer(
            msisdn=fields.need("msisdn", msisdn),
            name=fields.need("name", text),
            surname=fields.may("surname", text, ""),
            village=fields.may("village", code, None),
            language=fields.may("language", code, None),
        )

    columns = ("msisdn", "name", "surname", "village", "language")
    return FileKind(columns, read, lambda entry: entry.msisdn)


def devices_file(market: Market) -> FileKind[DeviceEntry]:
    """One line per serial; without owner the device is in stock, and may have its plan set."""
    msisdn = _msisdn(market)

    def read(fields: Fields) -> DeviceEntry:
        return DeviceEntry(
            serial=fields.need("serial", parse_serial),
            kind=fields.need("kind", one_of("meter", "shs", "e_bike")),
            manufacturer=fields.need("manufacturer", code),
            tariff=fields.may("tariff", code, None),
            owner_msisdn=fields.may("owner_msisdn", msisdn, None),
            assigned_on=fields.may("assigned_on", day, None),
            secret_key=fields.may("secret_key", secret_key, None),
            starting_code=fields.may("starting_code", whole(0, 999_999_999), None),
            count=fields.may("count", whole(0, MAX_COUNT), None),
            sts=fields.may("sts", sts_meter, None),
            plan=fields.may("plan", code, None),
        )

    columns = (
        "serial",
        "kind",
        "manufacturer",
        "tariff",
        "owner_msisdn",
        "assigned_on",
        "secret_key",
        "starting_code",
        "count",
        "sts",
    )
    return FileKind(columns, read, lambda entry: entry.serial, may=("plan",))


def sales_file(market: Market) -> FileKind[SaleEntry]:
    """One line per reference; without one, per owner, appliance, device, day and total."""
    msisdn, currency = _msisdn(market), market.currency

    def read(fields: Fields) -> SaleEntry:
        scheme = fields.need("scheme", one_of(*SCHEMES))
        schedule, expected = _schedule(fields, scheme, currency)
        cadence = one_of(*CADENCES)
        return SaleEntry(
            owner_msisdn=fields.need("owner_msisdn", msisdn),
            terms=PlanTerms(
                fields.need("appliance", code),
                schedule,
                fields.may("cadence", cadence, "daily")
                if scheme == "service"
                else fields.need("cadence", cadence),
                fields.may("down_payment", money(currency), Money(0, currency)),
            ),
            serial=fields.may("serial", parse_serial, None),
            total_minor=fields.may("total", amount(currency), None),
            sold_on=fields.need("sold_on", day),
            first_due_on=fields.may("first_due_on", day, None),
            reference=fields.may("reference", _reference, None),
            expected=expected,
        )

    columns = (
        "owner_msisdn",
        "appliance",
        "serial",
        "total",
        "down_payment",
        "scheme",
        "count",
        "instalment",
        "cadence",
        "sold_on",
        "first_due_on",
        "reference",
    )
    return FileKind(columns, read, _sale_key)


def _sale_key(entry: SaleEntry) -> object:
    if entry.reference:
        return entry.reference
    return (
        entry.owner_msisdn,
        entry.terms.appliance,
        entry.serial,
        entry.sold_on,
        entry.total_minor,
    )


def _schedule(
    fields: Fields, scheme: Scheme, currency: str
) -> tuple[Schedule, ByCount | ByAmount | None]:
    """Read the schedule of the scheme, and the other figure where it is given too."""
    count = fields.may("count", _optional(whole(0, MAX_INSTALMENTS)), None)
    minor = fields.may("instalment", _optional(amount(currency)), None)
    by_count, by_amount = ByCount(count or 0), ByAmount(Money(minor or 0, currency))
    if scheme == "count":
        return by_count, by_amount if minor else None
    if scheme == "amount":
        return by_amount, by_count if count else None
    return ByDay(), None


def _msisdn(market: Market) -> Read[str]:
    @cache
    def read(value: str) -> str:
        return parse_msisdn(value, market.country)

    return read


def _optional(read: Read[int]) -> Read[int | None]:
    """0 stands for empty, as spreadsheets write it."""
    return lambda value: read(value) or None


def _reference(value: str) -> str:
    if len(value) > _REFERENCE_LENGTH or not value.isprintable():
        raise ValueError(f"must be one line of at most {_REFERENCE_LENGTH} characters")
    return value

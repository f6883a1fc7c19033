"""The CSV files of `dialwatt import`: their columns, and the entry that a line makes."""

from __future__ import annotations

from functools import cache

from core.device import KEYPAD_DIGITS
from core.invisible import visible
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
from core.tokens.openpaygo import MAX_COUNT
from core.tokens.typed import secret_key, sts_meter, typed_code
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.register_devices import DeviceEntry
from core.usecases.sales.register_sales import SaleEntry
from operations.importing.csv_file import FileKind
from operations.importing.fields import (
    Fields,
    Read,
    amount,
    code,
    day,
    money,
    one_of,
    serial,
    text,
    whole_number,
)

_REFERENCE_LENGTH = 80
_DEVICE_OPTIONS = ("plan", "product", "access_from", "divider", "digits", "model", "test_code")


def customers_file(market: Market) -> FileKind[NewCustomer]:
    """Customers, one line for each phone number."""
    msisdn = _msisdn(market)

    def read(fields: Fields) -> NewCustomer:
        return NewCustomer(
            msisdn=fields.required("msisdn", msisdn),
            name=fields.required("name", text),
            surname=fields.optional("surname", text, ""),
            village=fields.optional("village", code, None),
            language=fields.optional("language", code, None),
        )

    columns = ("msisdn", "name", "surname", "village", "language")
    return FileKind(columns, read, lambda entry: entry.msisdn)


def devices_file(market: Market) -> FileKind[DeviceEntry]:
    """Devices, one line for each serial number. A device without an owner is in stock, and its plan
    may be set."""
    msisdn = _msisdn(market)

    def read(fields: Fields) -> DeviceEntry:
        return DeviceEntry(
            serial=fields.required("serial", serial),
            kind=fields.required("kind", one_of("meter", "shs", "e_bike")),
            manufacturer=fields.required("manufacturer", code),
            tariff=fields.optional("tariff", code, None),
            owner_msisdn=fields.optional("owner_msisdn", msisdn, None),
            assigned_on=fields.optional("assigned_on", day, None),
            secret_key=fields.optional("secret_key", secret_key, None),
            starting_code=fields.optional("starting_code", whole_number(0, 999_999_999), None),
            count=fields.optional("count", whole_number(0, MAX_COUNT), None),
            sts=fields.optional("sts", sts_meter, None),
            plan=fields.optional("plan", code, None),
            access_from=fields.optional("access_from", day, None),
            product=fields.optional("product", code, None),
            divider=fields.optional("divider", whole_number(1, 255), None),
            digits=fields.optional("digits", one_of(*KEYPAD_DIGITS), None),
            model=fields.optional("model", text, None),
            test_code=fields.optional("test_code", typed_code, None),
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
    return FileKind(columns, read, lambda entry: entry.serial, optional=_DEVICE_OPTIONS)


def sales_file(market: Market) -> FileKind[SaleEntry]:
    """Sales, one line for each reference; without a reference one line for each owner, appliance,
    device, day and total."""
    msisdn, currency = _msisdn(market), market.currency

    def read(fields: Fields) -> SaleEntry:
        scheme = fields.required("scheme", one_of(*SCHEMES))
        schedule, expected = _schedule(fields, scheme, currency)
        cadence = one_of(*CADENCES)
        return SaleEntry(
            owner_msisdn=fields.required("owner_msisdn", msisdn),
            terms=PlanTerms(
                fields.required("appliance", code),
                schedule,
                fields.optional("cadence", cadence, "daily")
                if scheme == "service"
                else fields.required("cadence", cadence),
                fields.optional("down_payment", money(currency), Money(0, currency)),
            ),
            serial=fields.optional("serial", serial, None),
            total_minor=fields.optional("total", amount(currency), None),
            sold_on=fields.required("sold_on", day),
            first_due_on=fields.optional("first_due_on", day, None),
            reference=fields.optional("reference", _reference, None),
            paid_minor=fields.optional("paid", amount(currency), None),
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
    return FileKind(columns, read, _sale_key, optional=("paid",))


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
    count = fields.optional("count", _optional(whole_number(0, MAX_INSTALMENTS)), None)
    minor = fields.optional("instalment", _optional(amount(currency)), None)
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
    """Return a reader for which 0 means empty, as spreadsheets write it."""
    return lambda value: read(value) or None


def _reference(value: str) -> str:
    value = visible(value).strip()
    if len(value) > _REFERENCE_LENGTH or not value.isprintable():
        raise ValueError(f"must be one line of at most {_REFERENCE_LENGTH} characters")
    return value

"""Rows for tests, with sane defaults: each function inserts one thing and returns its id.

Everything is a keyword. Money in minor units. They write straight into the tables, because a test
of one use case should not depend on another.
"""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from core.db.ledger import post_entries
from core.db.ownership import record_handovers
from core.db.vending_keys import store_held_keys
from core.device import HeldKey
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.ownership import Handover, OwnershipReason
from core.plan import ByAmount, ByCount, Cadence, PlanTerms

OPENED_AT = datetime(2026, 1, 1, tzinfo=UTC)
OPENED_ON = OPENED_AT.date()
# The zone of the market: late in the evening (UTC) its day is the next one.
NAIROBI = ZoneInfo("Africa/Nairobi")
_numbers = count(1)


def terms_by_count(
    appliance: str, instalments: int, cadence: Cadence = "weekly", down_minor: int = 0
) -> PlanTerms:
    """Plan terms in KES: so many instalments."""
    return PlanTerms(appliance, ByCount(instalments), cadence, Money(down_minor, "KES"))


def terms_by_amount(
    appliance: str, each_minor: int, cadence: Cadence = "weekly", down_minor: int = 0
) -> PlanTerms:
    """Plan terms in KES: so much each."""
    each = ByAmount(Money(each_minor, "KES"))
    return PlanTerms(appliance, each, cadence, Money(down_minor, "KES"))


def terms_by_day(appliance: str) -> PlanTerms:
    """Plan terms in KES: use by the day."""
    return PlanTerms.by_day(appliance, "KES")


def _insert(connection: Connection, table: str, **values: Any) -> int:
    columns, slots = ", ".join(values), ", ".join(f":{name}" for name in values)
    sql = f"INSERT INTO {table} ({columns}) VALUES ({slots}) RETURNING id"
    return int(connection.execute(text(sql), values).scalar_one())


def _unlike_any(prefix: str) -> str:
    return f"{prefix}{next(_numbers)}"


def insert_market(connection: Connection, **changed: Any) -> None:
    """The market: Kenya in shillings, English and Swahili."""
    market = {
        "country": "KE",
        "currency": "KES",
        "cash_unit_minor": 100,
        "timezone": "Africa/Nairobi",
        "languages": ["en", "sw"],
        "service_code": "*384*96#",
        "operator": "Jua Energy",
        "payment_max_minor": 250_000_00,
        "started_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    _insert(connection, "market", id=1, **(market | changed))


def insert_village(
    connection: Connection, *, code: str | None = None, name: str = "Kibwezi"
) -> int:
    return _insert(connection, "villages", code=code or _unlike_any("V"), name=name)


def insert_manufacturer(
    connection: Connection,
    *,
    code: str | None = None,
    kinds: tuple[str, ...] = ("meter", "shs", "e_bike"),
    token_family: str = "none",
    sts: str | None = None,
) -> int:
    """A manufacturer; `sts` (JSON) makes its new meters known by their number. Workers hold the
    vending key of its supply group."""
    if sts is not None:
        keys = [HeldKey(json.loads(sts)["sgc"], 0, dkga) for dkga in (2, 4)]
        store_held_keys(connection, OPENED_AT, keys)
    code = code or _unlike_any("manufacturer")
    return _insert(
        connection,
        "manufacturers",
        code=code,
        name=code.title(),
        kinds=list(kinds),
        token_family=token_family,
        sts=sts,
    )


def insert_vendor(connection: Connection) -> None:
    """A vendor, Stron, that makes codes for the meters of `star` and knows its serial numbers."""
    insert_manufacturer(connection, code="star", kinds=("meter",), token_family="stron")
    connection.execute(
        text(
            "INSERT INTO vendor_accounts (vendor, account, actions, pushes_credit, repeat_is_safe,"
            " can_look_up, can_check, can_list, needs_date, code_digits, at_once, set_up_at)"
            " VALUES ('stron', 'main', '{energy}', false, false, false, true, false, false, '{20}',"
            " 4, :now)"
        ),
        {"now": OPENED_AT},
    )


def insert_tariff(
    connection: Connection,
    *,
    code: str | None = None,
    price_per_kwh_minor: int = 100_00,
    access_rate_minor: int = 0,
    access_every_days: int | None = None,
    minimum_purchase_minor: int = 0,
    valid_from: date = OPENED_ON,
) -> int:
    """A tariff with one version: 100.00 a kWh, no access rate, no minimum."""
    code = code or _unlike_any("tariff")
    tariff_id = _insert(connection, "tariffs", code=code, name=code.title())
    _insert(
        connection,
        "tariff_versions",
        tariff_id=tariff_id,
        valid_from=valid_from,
        price_per_kwh_thousandths=price_per_kwh_minor * 1000,
        access_rate_minor=access_rate_minor,
        access_every_days=access_every_days,
        minimum_purchase_minor=minimum_purchase_minor,
    )
    return tariff_id


def insert_customer(
    connection: Connection,
    *,
    msisdn: str,
    name: str = "Amina",
    surname: str = "Otieno",
    language: str = "en",
    village_id: int | None = None,
) -> int:
    """A customer with one number. Credit is not given here: it has to come with its postings."""
    customer_id = _insert(
        connection,
        "customers",
        name=name,
        surname=surname,
        language=language,
        village_id=village_id,
        created_at=OPENED_AT,
    )
    connection.execute(
        text("INSERT INTO customer_msisdns (msisdn, customer_id) VALUES (:msisdn, :id)"),
        {"msisdn": msisdn, "id": customer_id},
    )
    return customer_id


def insert_device(
    connection: Connection,
    *,
    serial: str,
    manufacturer_id: int,
    kind: str = "meter",
    owner_id: int | None = None,
    tariff_id: int | None = None,
    assigned_on: date | None = None,
    **changed: Any,
) -> int:
    """A device; in stock without an owner. Its access rate runs from the day it was assigned."""
    device_id = _insert(
        connection,
        "devices",
        serial=serial,
        kind=kind,
        manufacturer_id=manufacturer_id,
        tariff_id=tariff_id,
        assigned_on=assigned_on,
        access_anchor_on=assigned_on if tariff_id else None,
        **changed,
    )
    if owner_id is not None:
        record_handovers(connection, [Handover(device_id, owner_id, OPENED_AT, "registration")])
    return device_id


def give_device(
    connection: Connection, serial: str, msisdn: str | None, at: datetime = OPENED_AT
) -> None:
    """A device becomes the customer's with that number, or goes back to stock; by default long
    ago."""
    found = connection.execute(
        text(
            "SELECT d.id, (SELECT customer_id FROM customer_msisdns WHERE msisdn = :msisdn)"
            " FROM devices d WHERE serial = :serial"
        ),
        {"serial": serial, "msisdn": msisdn},
    ).one()
    reason: OwnershipReason = "transfer" if msisdn else "return"
    record_handovers(connection, [Handover(found[0], found[1], at, reason)])


def insert_sale(
    connection: Connection,
    *,
    customer_id: int,
    amounts_minor: tuple[int, ...],
    device_id: int | None = None,
    appliance_kind: str = "shs",
    appliance_code: str | None = None,
    cadence: str = "weekly",
    days: int = 7,
    sold_on: date = OPENED_ON,
    first_due_on: date | None = None,
) -> int:
    """A booked sale on a plan without down payment: one instalment a week for each amount."""
    total_minor = sum(amounts_minor)
    code = appliance_code or _unlike_any("kit")
    appliance_id = _insert(
        connection,
        "appliances",
        code=code,
        name=code.title(),
        kind=appliance_kind,
        price_minor=total_minor,
    )
    sale_id = _insert(
        connection,
        "sales",
        customer_id=customer_id,
        appliance_id=appliance_id,
        device_id=device_id,
        scheme="count",
        cadence=cadence,
        total_minor=total_minor,
        sold_on=sold_on,
    )
    first_due_on = first_due_on or sold_on + timedelta(days=days)
    for number, amount_minor in enumerate(amounts_minor, start=1):
        _insert(
            connection,
            "instalments",
            sale_id=sale_id,
            number=number,
            due_on=first_due_on + timedelta(days=days * (number - 1)),
            amount_minor=amount_minor,
            days=days if device_id else 0,
        )
    _post_sale(connection, sale_id, customer_id, total_minor)
    return sale_id


def _post_sale(connection: Connection, sale_id: int, customer_id: int, total_minor: int) -> None:
    legs = (
        Posting("receivable:sales", DEBIT, total_minor, customer_id),
        Posting("income:sales", CREDIT, total_minor, customer_id),
    )
    post_entries(connection, OPENED_AT, [JournalEntry("sale", f"sale:{sale_id}", legs)])


def insert_appliance(connection: Connection, *, code: str, **changed: Any) -> int:
    """An appliance of the catalogue."""
    row = {"name": code.title(), "kind": "other", "price_minor": 1000_00}
    return _insert(connection, "appliances", code=code, **(row | changed))


def insert_plan_offer(
    connection: Connection, *, code: str, appliance_id: int, **changed: Any
) -> int:
    """A plan the operator allows: six instalments, one a week, nothing down."""
    row = {"name": code.title(), "scheme": "count", "cadence": "weekly", "count": 6}
    return _insert(
        connection, "plan_offers", code=code, appliance_id=appliance_id, **(row | changed)
    )


def insert_agent(connection: Connection, *, msisdn: str, pin_hash: str, **changed: Any) -> int:
    """An agent who has chosen a PIN: may owe 2000, earns 2% of collections and 5% of sales."""
    row = {
        "name": "Juma",
        "surname": "Otieno",
        "language": "en",
        "pin_is_initial": False,
        "float_limit_minor": 2000_00,
        "commission_collections_bp": 200,
        "commission_sales_bp": 500,
    }
    return _insert(connection, "agents", msisdn=msisdn, pin_hash=pin_hash, **(row | changed))


def insert_prompt(
    connection: Connection,
    *,
    device_id: int,
    account_reference: str,
    msisdn: str = "+254711000001",
    amount_minor: int = 500_00,
    state: str = "pending",
    checkout_reference: str | None = None,
    created_at: datetime = OPENED_AT,
    **changed: Any,
) -> int:
    """A prompt that was sent and waits for its outcome, for the owner of the device."""
    owner = text("SELECT owner_id FROM devices WHERE id = :id")
    return _insert(
        connection,
        "prompts",
        customer_id=connection.execute(owner, {"id": device_id}).scalar_one(),
        msisdn=msisdn,
        account_reference=account_reference,
        device_id=device_id,
        amount_minor=amount_minor,
        state=state,
        checkout_reference=checkout_reference,
        created_at=created_at,
        sent_at=created_at,
        next_attempt_at=created_at,
        **changed,
    )


def insert_sms(connection: Connection, *, created_at: datetime = OPENED_AT, **changed: Any) -> int:
    """A text that waits to be sent."""
    row = {
        "dedupe_key": _unlike_any("test:"),
        "kind": "test",
        "msisdn": "+254711000001",
        "body": "Hello",
        "segments": 1,
        "next_attempt_at": created_at,
    }
    return _insert(connection, "sms", created_at=created_at, **(row | changed))

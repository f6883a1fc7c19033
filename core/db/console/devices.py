"""Devices for the console: the list, one with its sales, tokens and payments, plans to set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, text

from core.db.console.listing import Query
from core.db.typed_rows import all_rows, row_or_none
from core.device import DeviceKind, KeypadDigits
from core.ownership import OwnershipReason
from core.payment import PaymentState
from core.sale import RUNNING_SQL, SaleState
from core.vend import SerialCheckState


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device of the list. `place`: `in_stock`, `owned` or `retired`. Manufacturer, product (the
    appliance that it is), tariff and plan are names; `owner` is empty for a device without one."""

    id: int
    serial: str
    kind: DeviceKind
    manufacturer: str
    token_family: str
    product: str | None
    tariff: str | None
    plan: str | None
    owner_id: int | None
    assigned_on: date | None
    place: Literal["in_stock", "owned", "retired"]
    owner: str


@dataclass(frozen=True, slots=True)
class DeviceDetails(DeviceRow):
    """A device as on its page. `product_code` is the code of the appliance that it is, `model` what
    its manufacturer calls it. `replaced_by` is the serial number of the device that replaced it.
    `has_key`: it has a key of its own, which is stored encrypted. `at_vendor`: what its vendor said
    when it was asked whether it has the device."""

    token_counter: int
    has_key: bool
    retired_on: date | None
    replaced_by_id: int | None
    replaced_by: str | None
    product_code: str | None
    model: str | None
    divider: int | None
    digits: KeypadDigits | None
    kit_counter: int | None
    at_vendor: SerialCheckState | None


_COLUMNS = (
    "d.id, d.serial, d.kind, m.name AS manufacturer, m.token_family,"
    " a.name AS product, t.name AS tariff, p.name AS plan, d.owner_id, d.assigned_on,"
    " CASE WHEN d.retired_on IS NOT NULL THEN 'retired' WHEN d.owner_id IS NULL THEN 'in_stock'"
    " ELSE 'owned' END AS place,"
    " concat_ws(' ', c.name, c.surname) AS owner"
)
_TABLES = (
    "devices d JOIN manufacturers m ON m.id = d.manufacturer_id"
    " LEFT JOIN tariffs t ON t.id = d.tariff_id LEFT JOIN plan_offers p ON p.id = d.plan_offer_id"
    " LEFT JOIN customers c ON c.id = d.owner_id LEFT JOIN appliances a ON a.id = d.product_id"
)

DEVICES = Query(
    DeviceRow,
    _COLUMNS,
    _TABLES,
    key="d.id",
    where={
        "serial": "d.serial = :serial",
        "kind": "d.kind = :kind",
        "manufacturer": "m.code = :manufacturer",
        "tariff": "t.code = :tariff",
        "product": "coalesce(a.code, '-') = :product",
        "in_stock": "d.owner_id IS NULL AND d.retired_on IS NULL",
        "retired": "d.retired_on IS NOT NULL",
        "owned": "d.owner_id IS NOT NULL",
    },
)

# Only indexed columns are searched: payments that gave the device a token, and payments for it by
# its owner and its buyers.
_PAYMENTS = text(
    """
    WITH theirs AS (
        SELECT payment_id AS id FROM tokens WHERE device_id = :id AND payment_id IS NOT NULL
        UNION
        SELECT id FROM payments WHERE device_id = :id AND customer_id IN (
            SELECT owner_id FROM devices WHERE id = :id
            UNION SELECT customer_id FROM sales WHERE device_id = :id)
    )
    SELECT p.id, p.receipt, p.amount_minor, p.received_at, p.state
      FROM theirs JOIN payments p USING (id) ORDER BY p.id DESC LIMIT :limit
    """
)


def find_device_details(connection: Connection, device_id: int) -> DeviceDetails | None:
    """Return the device with that id."""
    return row_or_none(
        connection,
        DeviceDetails,
        f"SELECT {_COLUMNS}, d.token_counter, d.has_key,"
        " d.retired_on, d.replaced_by_id,"
        " (SELECT serial FROM devices n WHERE n.id = d.replaced_by_id) AS replaced_by,"
        " a.code AS product_code, d.model, d.divider, d.digits, d.kit_counter,"
        " (SELECT k.state FROM serial_checks k WHERE k.serial = d.serial"
        " AND k.manufacturer_id = d.manufacturer_id) AS at_vendor"
        f" FROM {_TABLES} WHERE d.id = :id",
        id=device_id,
    )


@dataclass(frozen=True, slots=True)
class DeviceSale:
    """A sale of a device, with what is paid of its price."""

    id: int
    customer_id: int
    customer: str
    appliance: str
    sold_on: date
    state: SaleState
    total_minor: int
    paid_minor: int


def sales_of_device(connection: Connection, device_id: int) -> list[DeviceSale]:
    """Return the sales of a device, the newest first."""
    return all_rows(
        connection,
        DeviceSale,
        "SELECT s.id, s.customer_id, concat_ws(' ', c.name, c.surname) AS customer,"
        " a.name AS appliance, s.sold_on, s.state, s.total_minor,"
        " coalesce((SELECT sum(paid_minor) FROM instalments i WHERE i.sale_id = s.id), 0)"
        "::bigint AS paid_minor FROM sales s JOIN appliances a ON a.id = s.appliance_id"
        " JOIN customers c ON c.id = s.customer_id WHERE s.device_id = :id ORDER BY s.id DESC",
        id=device_id,
    )


@dataclass(frozen=True, slots=True)
class DeviceHands:
    """A change of hands. `customer`: who had the device from then on; empty: it went to stock."""

    changed_at: datetime
    reason: OwnershipReason
    customer_id: int | None
    customer: str


def hands_of_device(connection: Connection, device_id: int) -> list[DeviceHands]:
    """Return every change of hands of a device, the newest first."""
    return all_rows(
        connection,
        DeviceHands,
        "SELECT h.changed_at, h.reason, h.to_customer_id AS customer_id,"
        " concat_ws(' ', c.name, c.surname) AS customer FROM ownership_changes h"
        " LEFT JOIN customers c ON c.id = h.to_customer_id WHERE h.device_id = :id"
        " ORDER BY h.id DESC",
        id=device_id,
    )


@dataclass(frozen=True, slots=True)
class DevicePayment:
    """A payment for a device."""

    id: int
    receipt: str
    amount_minor: int
    received_at: datetime
    state: PaymentState


def payments_of_device(connection: Connection, device_id: int, limit: int) -> list[DevicePayment]:
    """Return the newest payments for a device."""
    return all_rows(connection, DevicePayment, _PAYMENTS, id=device_id, limit=limit)


def plans_for_kind(
    connection: Connection, kind: str | None = None, serial: str | None = None
) -> list[tuple[str, str]]:
    """Return (code, name) of the plans for appliances of that kind, or of all plans; for a device
    that is known to be one appliance only that one's."""
    rows = connection.execute(
        text(
            "SELECT p.code, a.name || ': ' || p.name FROM plan_offers p"
            " JOIN appliances a ON a.id = p.appliance_id"
            " WHERE a.kind = coalesce(CAST(:kind AS text), a.kind) AND a.kind <> 'other'"
            " AND a.id = coalesce((SELECT product_id FROM devices WHERE serial = :serial), a.id)"
            " ORDER BY a.name, p.name"
        ),
        {"kind": kind, "serial": serial},
    )
    return [(row[0], row[1]) for row in rows]


def products_for(
    connection: Connection, kind: str, serial: str | None = None
) -> list[tuple[str, str]]:
    """Return (code, name) of the appliances of that kind; for a device that is known to be one of
    them only that one."""
    rows = connection.execute(
        text(
            "SELECT a.code, a.name FROM appliances a WHERE a.kind = :kind"
            " AND a.id = coalesce((SELECT product_id FROM devices WHERE serial = :serial), a.id)"
            " ORDER BY a.name"
        ),
        {"kind": kind, "serial": serial},
    )
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True, slots=True)
class GivenDevice:
    """A device and the name of who has it. `product`: as what it was sold, else what it is."""

    serial: str
    kind: DeviceKind
    product: str | None
    customer: str


def latest_device_of(connection: Connection, customer_id: int) -> GivenDevice | None:
    """Return the device that the customer got last."""
    return row_or_none(
        connection,
        GivenDevice,
        "SELECT d.serial, d.kind, coalesce((SELECT a.name FROM sales s JOIN appliances a"
        f" ON a.id = s.appliance_id WHERE s.device_id = d.id AND s.state IN {RUNNING_SQL}),"
        " (SELECT a.name FROM appliances a WHERE a.id = d.product_id)) AS product,"
        " concat_ws(' ', c.name, c.surname) AS customer FROM ownership_changes h"
        " JOIN devices d ON d.id = h.device_id JOIN customers c ON c.id = h.to_customer_id"
        " WHERE h.to_customer_id = :id AND d.owner_id = h.to_customer_id"
        " ORDER BY h.id DESC LIMIT 1",
        id=customer_id,
    )

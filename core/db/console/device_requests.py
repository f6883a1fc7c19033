"""Pending registration requests for the console: the list, and one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.db.console.listing import Query
from core.db.typed_rows import row_or_none
from core.device import DeviceKind

_COLUMNS = (
    "r.id, r.asked_at, r.msisdn, r.device_id, d.serial, d.kind, m.name AS manufacturer,"
    " c.id AS customer_id, concat_ws(' ', coalesce(c.name, r.name),"
    " coalesce(c.surname, r.surname)) AS full_name, r.name, r.surname, r.village,"
    " t.code AS tariff, p.code AS plan, a.name AS product"
)
_TABLES = (
    "device_requests r JOIN devices d ON d.id = r.device_id"
    " JOIN manufacturers m ON m.id = d.manufacturer_id"
    " LEFT JOIN customer_msisdns n ON n.msisdn = r.msisdn LEFT JOIN customers c"
    " ON c.id = n.customer_id LEFT JOIN tariffs t ON t.id = d.tariff_id"
    " LEFT JOIN plan_offers p ON p.id = d.plan_offer_id"
    " LEFT JOIN appliances a ON a.id = d.product_id"
)


@dataclass(frozen=True, slots=True)
class DeviceRequestRow:
    """A request of a caller for a device in stock.

    `full_name` is that of the customer with the number (`customer_id`), otherwise as the caller
    typed it, like `name`, `surname` and `village` (a code). `tariff` and `plan` are the codes that
    are set on the device, `product` the name of the appliance that it is.
    """

    id: int
    asked_at: datetime
    msisdn: str
    device_id: int
    serial: str
    kind: DeviceKind
    manufacturer: str
    customer_id: int | None
    full_name: str
    name: str
    surname: str
    village: str
    tariff: str | None
    plan: str | None
    product: str | None


# The oldest first.
REQUESTS = Query(
    DeviceRequestRow,
    _COLUMNS,
    _TABLES,
    key="r.id",
    newest_first=False,
    where={
        "always": "d.owner_id IS NULL",
        "serial": "d.serial = :serial",
        "msisdn": "r.msisdn = :msisdn",
        "kind": "d.kind = :kind",
    },
)


def find_request(connection: Connection, request_id: int) -> DeviceRequestRow | None:
    """Return the request with that id, unless its device has an owner by now."""
    return row_or_none(
        connection,
        DeviceRequestRow,
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE r.id = :id AND d.owner_id IS NULL",
        id=request_id,
    )

"""The position of a customer, read in one round trip: devices, prices and debts.

This is what a quote needs. No lock is taken, so applying the payment decides again; no device key
is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from core.customer import Customer, CustomerPosition
from core.db import customers, devices
from core.db.waterfalls import as_waterfall
from core.device import Device
from core.sale import RUNNING_SQL
from core.tariff import TariffVersion
from core.waterfall import NOT_DUE, Obligation

# Only a PAYG device gets something for its instalments: a meter sold on a plan is just a debt. The
# instalments of a paused sale fall due on no day. What was written off is not owed, yet money may
# come for it; a device that changed hands is not freed by it.
OPEN = f"""
    SELECT s.customer_id, CASE i.number WHEN 0 THEN 'down_payment' ELSE 'instalment' END AS kind,
           i.id, CASE s.state WHEN 'paused' THEN DATE '{NOT_DUE}' ELSE i.due_on END AS due_on,
           i.amount_minor, i.paid_minor, i.sale_id, i.number, d.id AS device_id, i.days,
           i.days_given, s.sold_at, s.sold_on
      FROM sales s JOIN instalments i ON i.sale_id = s.id
      LEFT JOIN devices d ON d.id = s.device_id AND d.kind IN ('shs', 'e_bike')
     WHERE s.customer_id = ANY({{customers}}) AND s.state IN {RUNNING_SQL}
       AND i.paid_minor < i.amount_minor
    UNION ALL
    SELECT customer_id, 'access_rate', id, due_on, amount_minor - waived_minor, paid_minor, NULL, 0,
           device_id, 0, 0, NULL, due_on
      FROM access_charges
     WHERE customer_id = ANY({{customers}}) AND paid_minor + waived_minor < amount_minor
    UNION ALL
    SELECT customer_id, 'clawback', id, due_on, amount_minor - written_off_minor, paid_minor, NULL,
           0, NULL, 0, 0, NULL, due_on
      FROM clawbacks
     WHERE customer_id = ANY({{customers}}) AND paid_minor + written_off_minor < amount_minor
    UNION ALL
    SELECT s.customer_id, 'recovery', s.id, DATE '{NOT_DUE}', s.written_off_minor,
           s.recovered_minor, NULL, 0, d.id, 0, 0, NULL, s.sold_on
      FROM sales s
      LEFT JOIN devices d ON d.id = s.device_id AND d.kind IN ('shs', 'e_bike')
                         AND d.owner_id = s.customer_id
     WHERE s.customer_id = ANY({{customers}}) AND s.recovered_minor < s.written_off_minor
"""
ORDER = "due_on, sold_on, sale_id, number, id"

_BY_SERIAL = "SELECT id AS device, owner_id AS owner FROM devices WHERE serial = :key"
_BY_CUSTOMER = "SELECT CAST(NULL AS bigint) AS device, CAST(:key AS bigint) AS owner"

# The devices that the owner's money can touch: theirs, those on their plans, and the one asked for.
_POSITION = f"""
    WITH asked AS ({{asked}}),
    served AS (
        SELECT {devices.COLUMNS} {devices.FROM} WHERE d.id IN (
            SELECT device FROM asked
            UNION SELECT id FROM devices WHERE owner_id = (SELECT owner FROM asked)
            UNION SELECT device_id FROM sales
             WHERE customer_id = (SELECT owner FROM asked) AND state IN {RUNNING_SQL})
    ),
    open AS ({OPEN.format(customers="ARRAY(SELECT owner FROM asked)")}),
    named AS (
        SELECT open.*, coalesce(a.name, d.serial, p.receipt) AS name FROM open
          LEFT JOIN sales s ON s.id = open.sale_id LEFT JOIN appliances a ON a.id = s.appliance_id
          LEFT JOIN devices d ON d.id = open.device_id
          LEFT JOIN clawbacks k ON k.id = open.id AND open.kind = 'clawback'
          LEFT JOIN payments p ON p.id = k.payment_id
    )
    SELECT
        (SELECT to_jsonb(found) FROM (
            SELECT {customers.COLUMNS} FROM customers c WHERE c.id = (SELECT owner FROM asked)
         ) AS found),
        (SELECT jsonb_agg(to_jsonb(served)) FROM served),
        (SELECT jsonb_agg(version ORDER BY valid_from) FROM tariff_versions version
          WHERE tariff_id IN (SELECT tariff_id FROM served)),
        (SELECT jsonb_agg(named ORDER BY {ORDER}) FROM named),
        (SELECT jsonb_agg(w ORDER BY valid_from) FROM waterfalls w)
"""
_ASKED_BY_SERIAL = text(_POSITION.format(asked=_BY_SERIAL))
_ASKED_BY_CUSTOMER = text(_POSITION.format(asked=_BY_CUSTOMER))


def position_by_serial(connection: Connection, serial: str) -> CustomerPosition | None:
    """Return the position of the owner of the device with that serial number, or None."""
    position = _position(connection.execute(_ASKED_BY_SERIAL, {"key": serial}).one())
    return position if position.devices else None


def position_of_customer(connection: Connection, customer_id: int) -> CustomerPosition:
    """Return the position of the customer with that id."""
    return _position(connection.execute(_ASKED_BY_CUSTOMER, {"key": customer_id}).one())


def _position(row: Any) -> CustomerPosition:
    owner, served, versions, owed, waterfalls = row
    served, owed = [_device(device) for device in served or ()], owed or []
    serials = {device.id: device.serial for device in served}
    return CustomerPosition(
        owner=Customer(**owner) if owner else None,
        devices=served,
        versions=_versions(versions or ()),
        owed=[_obligation(obligation) for obligation in owed],
        sale_names={
            obligation["sale_id"]: obligation["name"]
            for obligation in owed
            if obligation["sale_id"]
        },
        serials=serials
        | {
            obligation["device_id"]: obligation["name"]
            for obligation in owed
            if obligation["kind"] == "access_rate"
        },
        receipts={
            obligation["id"]: obligation["name"]
            for obligation in owed
            if obligation["kind"] == "clawback"
        },
        waterfalls=[
            as_waterfall(
                date.fromisoformat(version["valid_from"]),
                version["steps"],
                version["lifeline_percent"],
            )
            for version in waterfalls or ()
        ],
    )


def _device(fields: dict[str, Any]) -> Device:
    anchor = fields.pop("access_anchor_on")
    return Device(
        **fields,
        access_anchor_on=date.fromisoformat(anchor) if anchor else None,
    )


def _versions(rows: Iterable[dict[str, Any]]) -> dict[int, list[TariffVersion]]:
    versions: dict[int, list[TariffVersion]] = {}
    for row in rows:
        version = TariffVersion(
            date.fromisoformat(row["valid_from"]),
            row["price_per_kwh_thousandths"],
            row["access_rate_minor"],
            row["access_every_days"],
            row["minimum_purchase_minor"],
        )
        versions.setdefault(row["tariff_id"], []).append(version)
    return versions


def _obligation(fields: dict[str, Any]) -> Obligation:
    return Obligation(
        fields["kind"],
        fields["id"],
        date.fromisoformat(fields["due_on"]),
        fields["amount_minor"],
        fields["paid_minor"],
        fields["sale_id"],
        fields["number"],
        fields["device_id"],
        fields["days"],
        fields["days_given"],
    )


_OPEN = text(f"{OPEN.format(customers=':ids')} ORDER BY {ORDER}")


def open_obligations(
    connection: Connection, customer_ids: Collection[int]
) -> dict[int, list[Obligation]]:
    """Return everything not fully paid, by customer: by due date, then oldest sale."""
    owed: dict[int, list[Obligation]] = {customer_id: [] for customer_id in customer_ids}
    for row in connection.execute(_OPEN, {"ids": list(customer_ids)}).all():
        owed[row[0]].append(Obligation(*row[1:12]))
    return owed

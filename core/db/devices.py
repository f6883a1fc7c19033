"""Queries for devices, with owner, tariff, plan, token family and, for workers, their secrets."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import Connection, text

from core.db.ownership import record_handovers
from core.device import Device, DeviceState, DeviceTokens, StoredToken
from core.ownership import Handover
from core.sale import RUNNING_SQL

_HOLDS_KEY = (
    "(d.sts IS NULL OR EXISTS (SELECT FROM vending_keys k WHERE k.sgc = d.sts ->> 'sgc'"
    " AND k.krn IN (0, CAST(d.sts ->> 'krn' AS integer))"
    " AND k.dkga = CAST(d.sts ->> 'dkga' AS integer)))"
)
COLUMNS = f"""
    d.id, d.serial, d.kind, d.owner_id, d.tariff_id, d.access_anchor_on, d.token_counter,
    d.initial_counter, d.sts, {_HOLDS_KEY} AS has_vending_key, m.token_family,
    s.id AS sale_id, s.scheme, s.price_per_day_minor, s.minimum_payment_minor, d.has_key,
    d.divider, d.digits,
    (SELECT jsonb_agg(jsonb_build_array(t.tariff_id, t.until_at) ORDER BY t.until_at)
       FROM past_tariffs t WHERE t.device_id = d.id) AS past_tariffs,
    va.actions AS vendor_actions
"""
# What tokens are made from. The web process may not read it (core.db.roles).
_SECRETS = ", d.starting_code, d.sealed_key, d.test_code, d.sealed_chain"
FROM = f"""
    FROM devices d JOIN manufacturers m ON m.id = d.manufacturer_id
    LEFT JOIN vendor_accounts va ON va.vendor = m.token_family AND va.account = m.account
    LEFT JOIN sales s ON s.device_id = d.id AND s.state IN {RUNNING_SQL}
"""


def access_anchor(day: str) -> str:
    """Return SQL for the day from which the access rate of device `d` runs for its next owner or
    tariff: `day`, but never before a fee that was charged for it already. Null without a tariff."""
    last_fee = "SELECT max(due_on) FROM access_charges WHERE device_id = d.id"
    return f"CASE WHEN d.tariff_id IS NOT NULL THEN greatest({day}, ({last_fee})) END"


def find_device(
    connection: Connection, serial: str, *, with_secrets: bool = False
) -> Device | None:
    """Return the device with that normalised serial number, or None."""
    columns = COLUMNS + _SECRETS if with_secrets else COLUMNS
    return _find_one_device(connection, f"SELECT {columns} {FROM} WHERE d.serial = :key", serial)


def get_device(connection: Connection, device_id: int) -> Device:
    """Return the device with that id. Raises NoResultFound."""
    found = _find_one_device(connection, f"SELECT {COLUMNS} {FROM} WHERE d.id = :key", device_id)
    if found is None:
        raise LookupError(f"no device {device_id}")
    return found


def _find_one_device(connection: Connection, sql: str, key: object) -> Device | None:
    row = connection.execute(text(sql), {"key": key}).one_or_none()
    return None if row is None else Device(*row)


def owned_devices_after(connection: Connection, device_id: int, limit: int) -> list[Device]:
    """Return the next `limit` devices with an owner whose id is above `device_id`, in order."""
    rows = connection.execute(
        text(
            f"SELECT {COLUMNS} {FROM} WHERE d.id > :after AND d.owner_id IS NOT NULL"
            " ORDER BY d.id LIMIT :limit"
        ),
        {"after": device_id, "limit": limit},
    )
    return [Device(*row) for row in rows]


def raise_counter(connection: Connection, device_id: int, kit_counter: int) -> None:
    """Store the count that a device, locked, has reached, as a person read it. Our own last counter
    follows it where it is behind, and never goes back."""
    connection.execute(
        text(
            "UPDATE devices SET kit_counter = :kit,"
            " token_counter = greatest(token_counter, :kit) WHERE id = :id"
        ),
        {"id": device_id, "kit": kit_counter},
    )


# The devices that a payment of these customers can touch.
_TOUCHED = (
    "SELECT unnest(CAST(:ids AS bigint[])) UNION SELECT id FROM devices"
    " WHERE owner_id = ANY(:customers) AND tariff_id IS NOT NULL"
    " UNION SELECT device_id FROM sales"
    f" WHERE customer_id = ANY(:customers) AND device_id IS NOT NULL AND (state IN {RUNNING_SQL}"
    " OR recovered_minor < written_off_minor)"
)


def lock_devices(
    connection: Connection,
    device_ids: Collection[int],
    customer_ids: Collection[int],
    *,
    with_secrets: bool = False,
) -> dict[int, Device]:
    """Lock, in order of id, every device that a payment of these customers can touch.

    Those are the devices named, the customers' meters (fees may fall due on them) and the devices
    on their running or written-off plans (money may come for them). Returns their current state
    by id.
    """
    columns = COLUMNS + _SECRETS if with_secrets else COLUMNS
    rows = connection.execute(
        text(
            f"SELECT {columns} {FROM} WHERE d.id IN ({_TOUCHED})"
            " ORDER BY d.id FOR NO KEY UPDATE OF d"
        ),
        {"ids": list(device_ids), "customers": list(customer_ids)},
    )
    return {row.id: Device(*row) for row in rows}


def lock_free_devices(connection: Connection, device_id: int | None, customer_id: int) -> bool:
    """Lock those devices that a payment of the customer for that device can touch, without waiting
    for any; return whether these are all."""
    return not connection.execute(
        text(
            f"WITH touched (id) AS ({_TOUCHED}), free AS (SELECT d.id FROM devices d"
            " WHERE d.id IN (SELECT id FROM touched) FOR NO KEY UPDATE OF d SKIP LOCKED)"
            " SELECT EXISTS (SELECT FROM (SELECT id FROM touched EXCEPT SELECT id FROM free) held)"
        ),
        {"ids": [device_id] if device_id else [], "customers": [customer_id]},
    ).scalar_one()


def lock_meters_after(connection: Connection, device_id: int, limit: int) -> list[Device]:
    """Lock the next `limit` owned meters with a tariff whose id is above `device_id`, in order."""
    rows = connection.execute(
        text(
            f"SELECT {COLUMNS} {FROM} WHERE d.id > :after"
            " AND d.owner_id IS NOT NULL AND d.tariff_id IS NOT NULL"
            " ORDER BY d.id LIMIT :limit FOR NO KEY UPDATE OF d"
        ),
        {"after": device_id, "limit": limit},
    )
    return [Device(*row) for row in rows]


def move_access_anchors(connection: Connection, anchors: dict[int, date]) -> None:
    """Store the day from which each meter's next access-rate period runs."""
    connection.execute(
        text(
            "UPDATE devices d SET access_anchor_on = moved.anchor FROM"
            " unnest(CAST(:ids AS bigint[]), CAST(:anchors AS date[])) AS moved (id, anchor)"
            " WHERE d.id = moved.id"
        ),
        {"ids": list(anchors), "anchors": list(anchors.values())},
    )


_STATES = f"""
    SELECT d.serial, d.kind,
           (SELECT CAST(sum(i.amount_minor - i.paid_minor) AS bigint) FROM sales s
              JOIN instalments i ON i.sale_id = s.id
             WHERE s.device_id = d.id AND s.state IN {RUNNING_SQL}
           ) AS plan_left_minor,
           EXISTS (SELECT FROM sales s WHERE s.device_id = d.id AND s.customer_id = d.owner_id
                   AND (s.state IN ('complete', 'settled')
                        OR (s.state = 'written_off' AND s.recovered_minor = s.written_off_minor)))
           AND NOT EXISTS (SELECT FROM sales s
                            WHERE s.device_id = d.id AND s.state IN {RUNNING_SQL}),
           EXISTS (SELECT FROM sales s WHERE s.device_id = d.id AND s.state IN {RUNNING_SQL}
                   AND s.scheme = 'service'),
           (SELECT max(run.until) FROM (
              SELECT t.issued_at + make_interval(days => CAST(
                       sum(t.units) OVER (ORDER BY t.issued_at DESC, t.id DESC) AS integer))
                     AS until FROM tokens t
               WHERE t.device_id = d.id AND t.kind IN ('days', 'set_days')
                 AND t.id >= coalesce((SELECT max(id) FROM tokens l
                                        WHERE l.device_id = d.id AND l.kind IN (
                                              'lock', 'set_days', 'wipe_state', 'wipe_all')), 0)
             ) run)
      FROM devices d WHERE d.owner_id = {{owner}} ORDER BY d.id
"""
_CUSTOMER_WITH = "(SELECT customer_id FROM customer_msisdns WHERE msisdn = %s)"
_STATES_OF = _STATES.format(owner="%s")
_OWN_STATES = _STATES.format(owner=_CUSTOMER_WITH)

# A device's owner gets to see what they paid for: what an earlier owner paid for is not theirs.
_TOKENS = """
    SELECT t.id, d.serial, m.token_family, t.kind, t.units, t.text, t.issued_at
      FROM tokens t JOIN devices d ON d.id = t.device_id
      JOIN manufacturers m ON m.id = d.manufacturer_id
      LEFT JOIN payments p ON p.id = t.payment_id
     WHERE d.owner_id = {owner} AND coalesce(p.customer_id, d.owner_id) = d.owner_id
"""
_OWN_TOKEN = f"{_TOKENS.format(owner=_CUSTOMER_WITH)} AND t.id = %s"


def device_states(connection: Connection, customer_id: int) -> list[DeviceState]:
    """Return the devices of a customer, in the order of their registration."""
    return [DeviceState(*row) for row in connection.exec_driver_sql(_STATES_OF, (customer_id,))]


def own_device_states(connection: Connection, msisdn: str) -> list[DeviceState]:
    """Return the devices of the customer who has that number."""
    return [DeviceState(*row) for row in connection.exec_driver_sql(_OWN_STATES, (msisdn,)).all()]


_OWN_TOKENS = f"""
    SELECT d.serial, d.kind, t.id, m.token_family, t.kind, t.units, t.text, t.issued_at
      FROM devices d JOIN manufacturers m ON m.id = d.manufacturer_id
      LEFT JOIN LATERAL (
          SELECT t.* FROM tokens t LEFT JOIN payments p ON p.id = t.payment_id
           WHERE t.device_id = d.id AND coalesce(p.customer_id, d.owner_id) = d.owner_id
           ORDER BY t.issued_at DESC, t.id DESC LIMIT %s) t ON true
     WHERE d.owner_id = {_CUSTOMER_WITH}
     ORDER BY d.id, t.issued_at DESC, t.id DESC
"""


def own_tokens(connection: Connection, msisdn: str, limit: int) -> list[DeviceTokens]:
    """Return the newest tokens of each device of the customer who has that number."""
    rows = connection.exec_driver_sql(_OWN_TOKENS, (limit, msisdn)).all()
    return [
        DeviceTokens(
            serial, kind, [StoredToken(row[2], serial, *row[3:]) for row in found if row[2]]
        )
        for (serial, kind), found in groupby(rows, key=lambda row: (row[0], row[1]))
    ]


def own_token(connection: Connection, msisdn: str, token_id: int) -> StoredToken | None:
    """Return a token of a device of the customer who has that number, or None."""
    rows = connection.exec_driver_sql(_OWN_TOKEN, (msisdn, token_id)).all()
    return StoredToken(*rows[0]) if rows else None


def latest_tokens(
    connection: Connection, serial: str, owner_id: int, limit: int
) -> list[StoredToken]:
    """Return the newest tokens of one of a customer's devices."""
    rows = connection.execute(
        text(
            f"{_TOKENS.format(owner=':owner')} AND d.serial = :serial "
            "ORDER BY t.issued_at DESC, t.id DESC LIMIT :limit"
        ),
        {"owner": owner_id, "serial": serial, "limit": limit},
    )
    return [StoredToken(*row) for row in rows]


def find_token_of(connection: Connection, owner_id: int, token_id: int) -> StoredToken | None:
    """Return a token of one of the customer's devices, or None."""
    rows = connection.exec_driver_sql(
        f"{_TOKENS.format(owner='%s')} AND t.id = %s", (owner_id, token_id)
    ).all()
    return StoredToken(*rows[0]) if rows else None


def is_code_known(connection: Connection, device_id: int, code: str) -> bool:
    """Return whether that is a code of the device already, or was typed for a vend of it and will
    be."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM tokens WHERE device_id = :id AND text = :code)"
                " OR EXISTS (SELECT FROM vends WHERE device_id = :id AND :code = ANY(typed_codes))"
            ),
            {"id": device_id, "code": code},
        ).scalar_one()
    )


# The period of the access rate runs on: the customer pays for the connection, not for the box.
_IN_PLACE = (
    "UPDATE devices n SET assigned_on = :on, tariff_id = o.tariff_id,"
    " access_anchor_on = o.access_anchor_on FROM devices o WHERE n.id = :new AND o.id = :old",
    "UPDATE sales SET device_id = :new WHERE device_id = :old"
    " AND state NOT IN ('cancelled', 'repossessed') AND customer_id = :owner",
    "UPDATE devices SET assigned_on = NULL, access_anchor_on = NULL, retired_on = :on"
    " WHERE id = :old",
    # Whatever was swapped before leads to the device that has the place now.
    "UPDATE devices SET replaced_by_id = :new WHERE id = :old OR replaced_by_id = :old",
)


def record_replacement(
    connection: Connection, old: Device, new_id: int, at: datetime, on: date
) -> None:
    """Give the new device the owner, tariff and plan of the old one; both are locked.

    Instalments keep what is paid on them, and so which days were given for them.
    """
    handovers = [
        Handover(old.id, None, at, "retirement"),
        Handover(new_id, old.owner_id, at, "replacement"),
    ]
    record_handovers(connection, handovers)
    values = {"old": old.id, "new": new_id, "owner": old.owner_id, "on": on}
    for statement in _IN_PLACE:
        connection.execute(text(statement), values)

"""A customer's devices as people see them, and the tokens they were sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_STATES = text(
    """
    SELECT d.serial, d.kind,
           (SELECT CAST(sum(i.amount_minor - i.paid_minor) AS bigint) FROM sales s
              JOIN instalments i ON i.sale_id = s.id WHERE s.device_id = d.id AND s.state = 'open'
           ) AS plan_left_minor,
           EXISTS (SELECT FROM sales s WHERE s.device_id = d.id AND s.state = 'complete'
                   AND s.customer_id = d.owner_id)
           AND NOT EXISTS (SELECT FROM sales s WHERE s.device_id = d.id AND s.state = 'open'),
           EXISTS (SELECT FROM sales s WHERE s.device_id = d.id AND s.state = 'open'
                   AND s.scheme = 'service'),
           (SELECT max(run.until) FROM (
              SELECT t.issued_at + make_interval(days => CAST(
                       sum(t.units) OVER (ORDER BY t.issued_at DESC, t.id DESC) AS integer))
                     AS until FROM tokens t WHERE t.device_id = d.id AND t.kind = 'days'
                 AND t.id > coalesce((SELECT max(id) FROM tokens l
                                       WHERE l.device_id = d.id AND l.kind = 'lock'), 0)) run)
      FROM devices d WHERE d.owner_id = :owner ORDER BY d.id
    """
)

# A device's owner gets to see what they paid for: what an earlier owner paid for is not theirs.
_TOKENS = """
    SELECT t.id, d.serial, m.token_family, t.kind, t.units, t.text, t.issued_at
      FROM tokens t JOIN devices d ON d.id = t.device_id
      JOIN manufacturers m ON m.id = d.manufacturer_id
      LEFT JOIN payments p ON p.id = t.payment_id
     WHERE d.owner_id = :owner AND coalesce(p.customer_id, d.owner_id) = d.owner_id
"""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """`plan_left_minor` is None without an open plan; `is_paid_off` when a plan was completed;
    `by_day`: used by the day. `until`: when the days of the codes it was sent are over, if each was
    typed when it came; None for a device that was sent none."""

    serial: str
    kind: str
    plan_left_minor: int | None
    is_paid_off: bool
    by_day: bool
    until: datetime | None


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as stored; `units` are tenths of a kWh or days."""

    id: int
    serial: str
    family: str
    kind: str
    units: int
    text: str
    issued_at: datetime

    def __repr__(self) -> str:
        return f"StoredToken({self.id})"


def device_states(connection: Connection, customer_id: int) -> list[DeviceState]:
    """The devices a customer owns, in the order they were registered."""
    return [DeviceState(*row) for row in connection.execute(_STATES, {"owner": customer_id})]


def latest_tokens(
    connection: Connection, serial: str, owner_id: int, limit: int
) -> list[StoredToken]:
    """The newest tokens of one of a customer's devices."""
    rows = connection.execute(
        text(f"{_TOKENS} AND d.serial = :serial ORDER BY t.issued_at DESC, t.id DESC LIMIT :limit"),
        {"owner": owner_id, "serial": serial, "limit": limit},
    )
    return [StoredToken(*row) for row in rows]


def find_token(connection: Connection, owner_id: int, token_id: int) -> StoredToken | None:
    """A token of one of the customer's devices."""
    row = connection.execute(
        text(f"{_TOKENS} AND t.id = :id"), {"owner": owner_id, "id": token_id}
    ).one_or_none()
    return None if row is None else StoredToken(*row)

"""What a token for a device is worth: the prices that it would otherwise be paid at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from core.db.typed_rows import row_or_none
from core.sale import RUNNING_SQL


@dataclass(frozen=True, slots=True)
class DevicePrices:
    """What a device is paid with, in minor units.

    `price_per_kwh_thousandths` (of a minor unit): of its tariff; where it has none, the highest.
    `open_minor` is left of its running plan, which has `plan_minor` for `plan_days`;
    `price_per_day_minor`: where it is sold by the day. `is_paid_off`: its owner has completed a
    plan. `price_minor`: of the product that it is, or the highest of its kind.
    """

    price_per_kwh_thousandths: int
    open_minor: int | None
    plan_minor: int
    plan_days: int
    price_per_day_minor: int | None
    is_paid_off: bool
    price_minor: int


_IN_FORCE = (
    "SELECT DISTINCT ON (tariff_id) tariff_id, price_per_kwh_thousandths FROM tariff_versions"
    " WHERE valid_from <= :today ORDER BY tariff_id, valid_from DESC"
)
_PRICES = f"""
    SELECT coalesce(
             (SELECT price_per_kwh_thousandths FROM ({_IN_FORCE}) v
               WHERE v.tariff_id = d.tariff_id),
             (SELECT max(price_per_kwh_thousandths) FROM ({_IN_FORCE}) v), 0
           ) AS price_per_kwh_thousandths,
           plan.open_minor, coalesce(plan.minor, 0) AS plan_minor,
           coalesce(plan.days, 0) AS plan_days, s.price_per_day_minor,
           EXISTS (SELECT FROM sales o WHERE o.device_id = d.id AND o.customer_id = d.owner_id
                   AND o.state IN ('complete', 'settled')) AS is_paid_off,
           coalesce(
             (SELECT price_minor FROM appliances WHERE id = coalesce(d.product_id, s.appliance_id)),
             (SELECT max(price_minor) FROM appliances WHERE kind = d.kind), 0) AS price_minor
      FROM devices d LEFT JOIN sales s ON s.device_id = d.id AND s.state IN {RUNNING_SQL}
      LEFT JOIN LATERAL (
        SELECT CAST(sum(amount_minor - paid_minor) AS bigint) AS open_minor,
               CAST(sum(amount_minor) AS bigint) AS minor, CAST(sum(days) AS bigint) AS days
          FROM instalments WHERE sale_id = s.id AND s.scheme <> 'service') plan ON true
     WHERE d.serial = :serial
"""


def prices_of_device(connection: Connection, serial: str, today: date) -> DevicePrices | None:
    """Return the prices of a device on that day; None for a serial number that is not known."""
    return row_or_none(connection, DevicePrices, _PRICES, serial=serial, today=today)
